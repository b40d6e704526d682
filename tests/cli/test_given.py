"""A value that was given and is empty is a fault, for every option and argument that there is or will be. The whole command line is walked."""

import json
import os
from pathlib import Path

import click
import pytest

from console.cli.command_list import PLACES, CommandList
from console.cli.main import cli
from console.cli.strict_command import VARIABLES, StrictCommand
from console.errors import UsageFault
from tests.cli.test_words import deploy

FILE = '[app]\nname = "shop"\npath = "/srv/shop"\n[environments.production]\nhosts = ["web01", "web02"]\n'
EMPTY = ("", " ", "\t\n")


def each_command() -> list[tuple[str, click.Command]]:
    root = click.Context(cli)
    found = [(name, cli.get_command(root, name)) for name in PLACES]
    return [("", cli), *((name, command) for name, command in found if command is not None)]


def taking_a_value() -> list[tuple[str, click.Command, click.Parameter]]:
    return [(name, command, param) for name, command in each_command() for param in command.params if not getattr(param, "is_flag", False)]


def typed(name: str, command: click.Command, param: click.Parameter, value: str) -> list[str]:
    """Words that give every required parameter a value, and that one this value."""
    words = [] if name in ("", "ENV") else [name]
    for other in command.params:
        given = value if other is param else "x" if other.required or (isinstance(other, click.Argument) and isinstance(param, click.Argument)) else None
        if given is not None:
            words += [max(other.opts, key=len), given] if isinstance(other, click.Option) else [given]
    return words


def test_every_command_judges_what_was_given():
    assert len(each_command()) == len(PLACES) + 1
    assert all(isinstance(command, StrictCommand | CommandList) for _, command in each_command())


@pytest.mark.parametrize("value", EMPTY)
@pytest.mark.parametrize(("name", "command", "param"), taking_a_value(), ids=lambda each: getattr(each, "name", None) or str(each) or "deploy")
def test_an_empty_value_is_refused_before_anything_is_done(
    name: str, command: click.Command, param: click.Parameter, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEPLOY_STATE", str(tmp_path / "state"))
    with pytest.raises((UsageFault, click.UsageError)) as fault:
        cli.main(typed(name, command, param, value), standalone_mode=False)
    if isinstance(fault.value, UsageFault):
        assert "was given and is empty" in fault.value.message
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("words", [("status",), ("status", "--motd"), ("production", "--yes"), ("attach",), ("history",), ()])
def test_a_variable_that_is_set_and_empty_is_refused(name: str, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DEPLOY_STATE", str(tmp_path / "state"))
    monkeypatch.setenv(name, " ")
    with pytest.raises(UsageFault, match=name):
        cli.main(list(words), standalone_mode=False)
    assert not (tmp_path / "state").exists()


def test_words_of_a_command_may_be_empty_where_one_says_something(monkeypatch: pytest.MonkeyPatch):
    command = cli.get_command(click.Context(cli), "exec")
    assert command is not None
    command.make_context("exec", ["production", "--hosts", "web01", "--", "printf", ""], parent=click.Context(cli))


@pytest.mark.parametrize("pattern", [",", "!", "web01,", ",web01", "web01,,web02", "tag:", "!web01,!web02", "web01,!web01", "web[]"])
@pytest.mark.parametrize("words", [
    ("production", "--yes"), ("check",), ("rollback", "--yes"), ("restart", "--yes"), ("logs",), ("trust", "--yes"), ("exec", "production", "--yes", "--", "id"),
])  # fmt: skip
def test_a_pattern_that_names_nobody_is_refused_before_an_engine_is_asked(tmp_path: Path, pattern: str, words: tuple[str, ...]):
    (tmp_path / "hosts.toml").write_text(FILE)
    at = words.index("--") if "--" in words else len(words)
    ran = deploy(tmp_path, *words[:at], "--hosts", pattern, *words[at:])
    assert ran.returncode == 2, ran.stderr
    assert not (tmp_path / "state" / "run").exists()


@pytest.mark.parametrize(
    "option", [("--without", "web01="), ("--without", "=x"), ("--without", "web09=x"), ("--without", "web01"), ("--override", "tree="), ("--override", "=x")]
)
def test_a_pair_with_an_empty_side_is_refused_before_an_engine_is_asked(tmp_path: Path, option: tuple[str, str]):
    (tmp_path / "hosts.toml").write_text(FILE)
    ran = deploy(tmp_path, "production", "--yes", "--json", *option)
    assert ran.returncode == 2
    assert json.loads(ran.stdout.splitlines()[-1])["exit"] == 2
    assert not os.path.exists(tmp_path / "state" / "run")


@pytest.mark.parametrize(("name", "command", "param"), taking_a_value(), ids=lambda each: getattr(each, "name", None) or str(each) or "deploy")
def test_a_second_value_of_an_option_that_takes_one_is_refused(
    name: str, command: click.Command, param: click.Parameter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Of `--hosts web01 --hosts web02` neither half is what was meant."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEPLOY_STATE", str(tmp_path / "state"))
    if isinstance(param, click.Argument) or param.multiple:
        return
    again = [max(param.opts, key=len), "x"]
    with pytest.raises(UsageFault, match="was given twice"):
        cli.main([*filter(None, ["production" if name == "ENV" else name]), *again, *again], standalone_mode=False)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("words", [("--version", "v1.4.2", "production", "--yes"), ("--version", "check"), ("--yes", "--version", "production")])
def test_version_before_a_command_releases_nothing_and_is_no_success(tmp_path: Path, words: tuple[str, ...]):
    ran = deploy(tmp_path, *words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "deploy ENV --version REF" in ran.stderr


def test_the_console_says_its_own_version(tmp_path: Path):
    ran = deploy(tmp_path, "--version")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.strip()


@pytest.mark.parametrize("words", [("check", "--version"), ("lock", "production", "--reason"), ("note",), (), ("-c",)])
def test_what_is_no_text_is_refused_before_anything_is_done(tmp_path: Path, words: tuple[str, ...]):
    ran = deploy(tmp_path, *words, "\udcff\udcfe", "--json")
    result = json.loads(ran.stdout)
    assert (ran.returncode, result["exit"]) == (2, 2)
    assert r"\xff\xfe" in result["problems"][0]["message"]
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(("word", "hint"), [("prodution", "deploy production"), ("chek", "deploy check"), ("zzz", "known here: production")])
def test_an_environment_with_a_slip_in_it_is_told_before_anybody_types_yes(tmp_path: Path, word: str, hint: str):
    (tmp_path / "hosts.toml").write_text(FILE)
    ran = deploy(tmp_path, word)
    assert ran.returncode == 2
    assert f"no environment {word}" in ran.stderr
    assert hint in ran.stderr


@pytest.mark.parametrize("notes", [b"\xff\xfe", None])
def test_notes_that_cannot_be_read_are_told_in_plain_words(tmp_path: Path, notes: bytes | None):
    (tmp_path / "hosts.toml").write_text(FILE)
    if notes is not None:
        (tmp_path / "notes").write_bytes(notes)
    ran = deploy(tmp_path, "check", "--notes", "notes")
    assert ran.returncode == 2
    assert ("not UTF-8 (byte 0)" if notes else "cannot be read: No such file or directory\n") in ran.stderr


def test_what_was_typed_acts_on_no_terminal(tmp_path: Path):
    (tmp_path / "hosts.toml").write_text(FILE)
    ran = deploy(tmp_path, "restart", "\x1b[31mprod\u202euction", "--yes")
    assert ran.returncode == 2
    assert "prod<U+202E>uction" in ran.stderr
    assert "\x1b" not in ran.stderr
