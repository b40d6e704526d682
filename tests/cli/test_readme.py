"""README is typed as it stands: its file is sound, each of its commands is taken by the command line, and those of its first five minutes are run on a fleet."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.config.load import load_file
from tests.cli.product import Product, until
from tests.cli.test_hints import parse

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
FIVE_MINUTES = README.partition("## The first real fleet in five minutes")[2].partition("\n## ")[0]
STANDS_FOR = {"COMMAND": "id", "HOST": "web01", "RUN": "last", "CHECK": "CI", "TEXT": "audit", "v1.0.0": "v1.4.2"}
"""What a reader puts in the place of README's capitals, and of a version of theirs."""


def commands(text: str) -> list[str]:
    return [" ".join(found.split()) for found in re.findall(r"`((?:\.venv/bin/)?deploy(?: [^`]*)?)`", text)]


def filled(command: str) -> str:
    return " ".join(STANDS_FOR.get(word, word) for word in command.split())


@pytest.fixture(scope="module")
def shop() -> Iterator[Product]:
    product = Product()
    yield product
    product.close()


def test_the_file_is_sound(tmp_path: Path):
    text = re.search(r"```toml\n(.*?)```", FIVE_MINUTES, re.S)
    assert text
    (tmp_path / "hosts.toml").write_text(re.sub(r"^   ", "", text[1], flags=re.M), encoding="utf-8")
    found = load_file(str(tmp_path / "hosts.toml")).environment("production")
    assert [host.name for host in found.hosts] == [f"web{number:02d}.example.net" for number in range(1, 13)]
    assert found.health


@pytest.mark.parametrize("command", sorted({*commands(README), "deploy continue", "deploy abort", "deploy skip HOST", "deploy retry HOST"}))
def test_a_command_is_one_that_the_command_line_takes(command: str):
    words = shlex.split(filled(command).removeprefix(".venv/bin/"))
    if words[1:]:
        parse(shlex.join(words).partition(" -- ")[0])


def test_the_two_commands_are_there():
    made, tested = re.findall(r"^    (\S.*)$", README.partition("## Two commands")[2].partition("\n## ")[0], re.M)
    assert made.endswith(".venv/bin/deploy demo")
    assert (Path(__file__).parents[2] / tested.removeprefix("sh ")).is_file()


def test_the_first_five_minutes(shop: Product):
    """In README's order: what looks, what releases, what joins and steers, what goes back, what reads the record."""

    def typed(command: str, *more: str, code: int = 0) -> str:
        assert command in commands(README), command
        words = shlex.split(filled(command))[1:]
        at = words.index("--") if "--" in words else len(words)
        return shop.deploy("-c", shop.config, *words[:at], *more, *words[at:], code=code)[0]

    assert "every key is known" in typed("deploy trust production", "--yes")
    assert "no-go" not in typed("deploy check production")
    assert "v1.4.1" in typed("deploy")
    run = shop.start("-c", shop.config, *shlex.split(filled("deploy production --version v1.0.0"))[1:], "--yes", "--json")
    until(run.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    typed("deploy pause")
    assert "waits" in typed("deploy status --motd") or "goes on" in typed("deploy status --motd")
    assert "v1.4.2" in typed("deploy pending", "--version", "v1.4.2")
    shop.deploy("continue")
    assert re.search("succeeded|released after", typed("deploy attach")), "whether it has ended by then"
    run.communicate(timeout=300)
    assert run.returncode == 0
    assert "uid=" in typed("deploy exec production --hosts web01 -- COMMAND", "--yes")
    typed("deploy lock production --reason TEXT")
    shop.deploy("unlock", "production", "--reason", "done", "--yes")
    assert json.loads(typed("deploy events RUN").splitlines()[0])["type"] == "run-opened"
    assert typed("deploy report RUN").startswith("#")
    typed("deploy replay RUN", "--speed", "0")
    assert "v1.4.2" in typed("deploy history")
    assert "rolled back" in typed("deploy rollback production", "--yes")
    assert shop.live() == {"v1.4.1"}
