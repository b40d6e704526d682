"""What a console reads of secrets before it submits a run: variables, and what commands print."""

import re
import time

import pytest

from console.cli.secret_sources import SecretReader
from console.errors import Problem
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.secret import SecretRef
from console.safe_text import SafeText

SHOP = Environment("shop", "production", "/srv/shop", (Host("web01"),))


def read(kind: str, name: str, patience: float = 60.0) -> str | Problem:
    reading = SecretReader()
    reading.add(SHOP, {"TOKEN": SecretRef(kind, name)}, patience)  # type: ignore[arg-type]
    return reading.found.get("TOKEN") or reading.problems["TOKEN"]


def test_what_is_read_is_hidden_at_once(monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "hush-hush-42")
    assert read("env", "SHOP_TOKEN") == "hush-hush-42"
    assert read("command", "printf 'hush-hush-%s\\n' 43") == "hush-hush-43"
    assert SafeText("hush-hush-42 hush-hush-43") == "[redacted] [redacted]"


@pytest.mark.parametrize(
    ("kind", "name", "why"),
    [
        ("env", "NOT_SET_AT_ALL", r"\$NOT_SET_AT_ALL, which is not set"),
        ("env", "SET_AND_EMPTY", "is set and empty"),
        ("command", "true", "printed nothing"),
        ("command", "echo; echo", "printed nothing"),
        ("command", "echo hush-hush-44; exit 3", "ended with 3"),
        ("command", "echo hush-hush-45; echo no key hush-hush-45 >&2; exit 1", r"ended with 1: no key \[redacted\]"),
        ("command", "no-such-program-here", "ended with 127"),
    ],
)
def test_a_secret_that_is_none_says_why_and_does_not_show_it(monkeypatch, capfd, kind, name, why):
    monkeypatch.setenv("SET_AND_EMPTY", "")
    found = read(kind, name)
    assert isinstance(found, Problem)
    assert SafeText(found.message) == found.message
    assert re.search(why, found.message)
    assert "hush" not in found.message
    assert "hush" not in capfd.readouterr().err


def test_what_a_command_says_beside_the_secret_is_shown_without_it(capfd):
    assert read("command", "echo unlocking with hush-hush-46 >&2; echo hush-hush-46") == "hush-hush-46"
    assert capfd.readouterr().err == "unlocking with [redacted]\n"


def test_what_a_command_says_of_other_secrets_is_hidden_too(capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("SHOP_TOKEN", "hush-hush-50")
    (tmp_path / "key").write_text("hush-hush-51\n")
    reading = SecretReader()
    command = SecretRef("command", f"echo $SHOP_TOKEN $(cat {tmp_path}/key) >&2; echo hush-hush-52")
    reading.add(SHOP, {"FIRST": command, "KEY": SecretRef("file", str(tmp_path / "key")), "TOKEN": SecretRef("env", "SHOP_TOKEN")})
    assert capfd.readouterr().err == "[redacted] [redacted]\n"
    assert reading.found == {"FIRST": "hush-hush-52", "TOKEN": "hush-hush-50"}


def test_a_question_of_a_command_is_shown_while_it_waits(capfd, monkeypatch):
    monkeypatch.setattr("console.cli.secret_sources.SILENT", 0.3)
    assert read("command", "printf 'PIN: ' >&2; sleep 1; echo hush-hush-47") == "hush-hush-47"
    assert capfd.readouterr().err == "PIN: "


@pytest.mark.parametrize("command", ["sleep 60", "sleep 60 & echo hush-hush-48; wait", "(trap '' TERM; sleep 60)", "echo begun >&2; exec sleep 60"])
def test_a_command_that_hangs_is_ended_with_what_it_started(command):
    began = time.monotonic()
    found = read("command", command, patience=0.5)
    assert isinstance(found, Problem)
    assert "more than" in found.message
    assert time.monotonic() - began < 30


def test_a_command_that_leaves_something_behind_is_not_waited_for():
    began = time.monotonic()
    assert read("command", "sleep 60 & echo hush-hush-49") == "hush-hush-49"
    assert time.monotonic() - began < 30
