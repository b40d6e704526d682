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
