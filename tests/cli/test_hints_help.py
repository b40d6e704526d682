"""What is printed as the remedy is typed as it stands, from another folder, without the variables of the one who was told; and it helps."""

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.as_typed import commands_in
from tests.cli.product import DEPLOY, PATH, Product, until

SLOW = "v1.5.1"


@pytest.fixture(scope="module")
def shop() -> Iterator[Product]:
    product = Product()
    yield product
    product.close()


def printed(text: str, first: str) -> str:
    """The command with that first word that a text prints."""
    return next(command for command in commands_in(text) if f" {first}" in command)


def typed(command: str, folder: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Type a command in a terminal that knows nothing of the first one."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("DEPLOY_")} | {"PATH": PATH}
    ran = subprocess.run(command, shell=True, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == code, f"{command}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran


def hint(result: dict[str, Any]) -> str:
    return "\n".join(problem["hint"] for problem in result["problems"])


def test_what_asks_is_said_with_the_answer(shop: Product, tmp_path: Path):
    _, err = shop.deploy("-c", shop.config, "restart", "production", code=2)
    typed(printed(err, "restart"), tmp_path)


def test_a_note_is_opened_by_what_is_said_of_it(shop: Product, tmp_path: Path):
    shop.deploy("-c", shop.config, "lock", "production", "--reason", "audit")
    refused = shop.result("-c", shop.config, "production", "--yes", "--version", "v1.4.2", code=6)
    typed(printed(hint(refused), "unlock"), tmp_path)
    assert "locked by" not in shop.deploy("status")[0]


def test_a_no_go_says_where_it_is_looked_into(shop: Product, tmp_path: Path):
    shop.deploy("-c", shop.config, "lock", "production", "--reason", "audit")
    _, err = shop.deploy("-c", shop.config, "check", "production", code=6)
    out = shop.deploy("-c", shop.config, "check", "production", code=6)[0]
    refused = shop.result("-c", shop.config, "check", "production", code=6)
    assert printed(out + err, "unlock") == printed(hint(refused), "unlock")
    typed(printed(hint(refused), "unlock"), tmp_path)
    assert shop.deploy("-c", shop.config, "check", "production", "--version", "v1.4.2")[0].endswith("go\n")


def test_a_run_under_way_is_joined_by_what_the_second_one_is_told(shop: Product, tmp_path: Path):
    first = shop.start("-c", shop.config, "production", "--yes", "--version", SLOW, "--json")
    until(first.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    second = shop.result("-c", shop.config, "production", "--yes", "--version", "v1.4.2", code=6)
    typed(printed(hint(second), "attach"), tmp_path)
    first.communicate(timeout=300)
    assert first.returncode == 0
    typed(printed(shop.deploy("-c", shop.config, "rollback", "production", code=2)[1], "rollback"), tmp_path)


def test_one_who_left_comes_back_by_what_stands_on_the_terminal(shop: Product, tmp_path: Path):
    viewer = shop.start("-c", shop.config, "production", "--yes", "--version", "v1.4.2", "--json")
    until(viewer.stdout, '"type":"step-finished","step":"wave-1/web01/switch"')
    viewer.send_signal(signal.SIGTERM)
    out, err = viewer.communicate(timeout=300)
    assert viewer.returncode == 7
    assert printed(err, "attach") == printed(hint(json.loads(out.splitlines()[-1])), "attach")
    assert "succeeded" in typed(printed(err, "attach"), tmp_path).stdout


def test_an_interrupted_run_goes_on_by_what_is_said_of_it(shop: Product, tmp_path: Path):
    viewer = shop.start("-c", shop.config, "production", "--yes", "--version", SLOW, "--json")
    until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    engine = shop.engine()
    viewer.kill()
    os.kill(engine, signal.SIGKILL)
    viewer.communicate()
    refused = shop.deploy("pause", code=3)[1]
    assert printed(refused, "resume") == printed(shop.deploy("status", "--motd")[0], "resume")
    typed(printed(refused, "resume"), tmp_path)


def test_a_key_that_is_not_known_is_enrolled_by_what_the_check_says(shop: Product, tmp_path: Path):
    known = Path(shop.ready["folder"]) / "known_hosts"
    whole = known.read_text(encoding="utf-8")
    known.write_text("".join(line for line in whole.splitlines(keepends=True) if "web02" not in line), encoding="utf-8")
    shop.deploy("engine", "stop")
    said = shop.deploy("-c", shop.config, "check", "production", "--version", SLOW, code=3)[0]
    typed(f"{printed(said, 'trust')} --yes", tmp_path)
    shop.deploy("engine", "stop")
    assert "go\n" in shop.deploy("-c", shop.config, "check", "production", "--version", SLOW)[0]


def test_a_host_that_is_away_is_left_out_as_the_check_says(shop: Product, tmp_path: Path):
    text = Path(shop.config).read_text(encoding="utf-8")
    gone = Path(shop.ready["folder"]) / "gone.toml"
    gone.write_text(text.replace("hosts = [", 'hosts = [\n  { name = "web09", address = "127.0.0.1", port = 1 },', 1), encoding="utf-8")
    shop.deploy("engine", "stop")
    said = shop.deploy("-c", str(gone), "check", "production", "--version", SLOW, code=3)[0]
    option = next(word for word in said.replace(")", " ").split() if word.startswith("web09=REASON"))
    assert shop.deploy("-c", str(gone), "check", "production", "--version", SLOW, "--without", option)[0].endswith("go\n")
    shop.deploy("engine", "stop")


def test_each_twin_is_a_command_that_is_taken(shop: Product, tmp_path: Path):
    _, err = shop.deploy("-c", shop.config, "exec", "production", "--hosts", "web01", "--yes", "--read-only", "--", "true")
    equivalent = next(line.removeprefix("same as: ") for line in err.splitlines() if line.startswith("same as: "))
    typed(equivalent, tmp_path)


@pytest.mark.parametrize(
    "program", [[os.path.relpath(DEPLOY, os.path.dirname(os.path.dirname(DEPLOY)))], ["bin/python", "-m", "console"]], ids=["script", "module"]
)
def test_a_command_begins_with_what_was_typed(program: list[str], tmp_path: Path):
    folder = Path(DEPLOY).parent.parent
    environ = {**os.environ, "DEPLOY_STATE": str(tmp_path / "state")}
    ran = subprocess.run(
        [*program, "rollback", "--to", "v1"], cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1].strip() == f"{shlex.join(program)} rollback --to v1 --yes --state {tmp_path / 'state'}"
