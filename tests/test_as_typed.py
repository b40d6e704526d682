"""Commands in hints become what is typed at this terminal."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.as_typed import Typed, as_typed, commands_in, everywhere, program_of, set_typed, typed_here, without_file

HERE = Typed(".venv/bin/deploy", (("-c", "/my shop/hosts.toml"), ("--state", "/s")))
MORE = " -c '/my shop/hosts.toml' --state /s"


@pytest.mark.parametrize(("text", "commands"), [
    ("deploy attach r1, deploy resume r1", ("deploy attach r1", "deploy resume r1")), ("see deploy status qa; mend it", ("deploy status qa",)),
    ("deploy rollback p --hosts web01,web02 --yes", ("deploy rollback p --hosts web01,web02 --yes",)), ("(deploy check: all)", ("deploy check",)),
    ("deploy unlock p --reason 'a, b; c' --yes; then", ("deploy unlock p --reason 'a, b; c' --yes",)), ("`deploy demo`.", ("deploy demo",)),
    ("deploy exec p --hosts web01 -- ls -l", ("deploy exec p --hosts web01",)), ("deploy: said", ()), ("/opt/deploy status", ()), ("redeploy it", ()), ("", ()),
])  # fmt: skip
def test_a_command_ends_where_its_words_end(text: str, commands: tuple[str, ...]):
    assert commands_in(text) == commands


@pytest.mark.parametrize(("text", "typed"), [
    ("deploy attach r1, deploy resume r1", f".venv/bin/deploy attach r1{MORE}, .venv/bin/deploy resume r1{MORE}"),
    ("deploy exec p --hosts web01 -- ls -l", f".venv/bin/deploy exec p --hosts web01{MORE} -- ls -l"), ("deploy --help", ".venv/bin/deploy --help"),
    ("deploy -c 'a b' --app x status", ".venv/bin/deploy -c 'a b' --app x status --state /s"), ("deploy -c FILE …", ".venv/bin/deploy -c FILE …"),
    ("deploy status -c other.toml", ".venv/bin/deploy status -c other.toml --state /s"), ("free some room there", "free some room there"),
])  # fmt: skip
def test_it_begins_with_what_was_typed_and_has_what_was_needed(text: str, typed: str):
    assert as_typed(text, HERE) == typed
    assert as_typed(typed, HERE) == typed


def test_where_nobody_can_answer_it_does_not_ask():
    nobody = Typed(quiet=frozenset({"status"}))
    assert as_typed("deploy rollback p; deploy status p", nobody) == "deploy rollback p --yes; deploy status p"
    assert as_typed("deploy exec p --hosts a -- ls", nobody) == "deploy exec p --hosts a --yes -- ls"
    assert as_typed("deploy p --yes", nobody) == "deploy p --yes"


@pytest.mark.parametrize(("original", "arguments", "program"), [
    (("/v/bin/python3", ".venv/bin/deploy", "status"), 1, ".venv/bin/deploy"), (("/v/bin/python3", "/usr/bin/deploy"), 0, "deploy"),
    (("python", "-m", "console", "check", "-m"), 2, "python -m console"), (("../v/bin/python", "-X", "dev", "-m", "console"), 0, "../v/bin/python -X dev -m console"),
    (("/v/bin/python3", "my dir/deploy", "a"), 1, "'my dir/deploy'"),
])  # fmt: skip
def test_the_program_is_what_was_typed(original: tuple[str, ...], arguments: int, program: str):
    assert program_of(original, arguments, "/usr/bin/deploy") == program


@pytest.mark.parametrize(("text", "commands"), [
    ("deploy status", ("deploy status",)), ("x deploy status", ("deploy status",)), ("deploy  status", ()), ("deploy", ()), ("deploy ", ()), ("deploy-it now", ()),
    ("a.deploy status", ()), ("a=deploy status", ()), ("-deploy status", ()), ("\"deploy status\"", ("deploy status",)), ("deploy status.", ("deploy status",)),
    ("deploy status qa.", ("deploy status qa",)), ("deploy logs web01.example.net.", ("deploy logs web01.example.net",)), ("deploy status: fine", ("deploy status",)),
    ("deploy status, then", ("deploy status",)), ("deploy status; then", ("deploy status",)), ("deploy a | grep b", ("deploy a",)), ("deploy a · more", ("deploy a",)),
    ("deploy a (or b)", ("deploy a",)), ("deploy a --b=c d", ("deploy a --b=c d",)), ("deploy a --reason 'x", ("deploy a --reason",)), ('deploy a --reason "b c" d', ('deploy a --reason "b c" d',)),
    ("deploy a --", ("deploy a",)), ("deploy a -- b deploy c", ("deploy a", "deploy c")), ("deploy a\ndeploy b", ("deploy a", "deploy b")), ("deploy --help", ("deploy --help",)),
    ("deploy a; deploy b, deploy c.", ("deploy a", "deploy b", "deploy c")), ("deploy a ...", ("deploy a",)),
])  # fmt: skip
def test_where_a_command_begins_and_ends(text: str, commands: tuple[str, ...]):
    assert commands_in(text) == commands


@pytest.mark.parametrize(("typed", "text", "shown"), [
    (Typed(), "deploy status", "deploy status"), (Typed("d"), "deploy status", "d status"), (Typed("d"), "x: deploy status, deploy a; y", "x: d status, d a; y"),
    (Typed(options=(("-c", "a b"),)), "deploy status qa", "deploy status qa -c 'a b'"), (Typed(options=(("-c", "a"),)), "deploy status -c b qa", "deploy status -c b qa"),
    (Typed(options=(("-c", "a"),)), "deploy --theme x status", "deploy --theme x status -c a"), (Typed(options=(("-c", "a"),)), "deploy --version", "deploy --version"),
    (Typed(options=(("--state", "/s"), ("--app", "x"))), "deploy status --app y", "deploy status --app y --state /s"),
    (Typed(quiet=frozenset()), "deploy status", "deploy status --yes"), (Typed(quiet=frozenset({"status"})), "deploy status", "deploy status"),
    (Typed(quiet=frozenset({"qa"})), "deploy status qa", "deploy status qa --yes"), (Typed(quiet=frozenset()), "deploy --help", "deploy --help"),
    (Typed("d", (("-c", "a"),), frozenset()), "deploy p.", "d p --yes -c a."), (Typed("d"), "nothing to type", "nothing to type"), (Typed("d"), "", ""),
])  # fmt: skip
def test_how_a_command_is_typed(typed: Typed, text: str, shown: str):
    assert as_typed(text, typed) == shown


def test_this_process_is_asked_where_nobody_says_how():
    before = typed_here()
    try:
        set_typed(Typed("d"))
        assert typed_here() == Typed("d")
        assert as_typed("deploy status") == "d status"
        assert as_typed("deploy status", Typed("e")) == "e status"
    finally:
        set_typed(before)


def test_what_finds_everything_in_the_state_folder_needs_no_file():
    typed = Typed("d", (("-c", "a"), ("--state", "/s"), ("--app", "x")), frozenset({"status"}))
    assert without_file(typed) == Typed("d", (("--state", "/s"),), frozenset({"status"}))


@pytest.mark.parametrize(("program", "found"), [
    ("deploy", "deploy"), ("/usr/bin/deploy", "/usr/bin/deploy"), ("python -m console", "python -m console"), ("'/my dir/deploy'", "'/my dir/deploy'"),
])  # fmt: skip
def test_a_program_that_is_found_from_every_folder_stays(program: str, found: str):
    assert everywhere(program) == found


def test_a_program_of_this_folder_is_called_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "my dir").mkdir()
    monkeypatch.chdir(tmp_path / "my dir")
    assert everywhere(".venv/bin/deploy") == f"'{tmp_path}/my dir/.venv/bin/deploy'"
    assert everywhere("../bin/python -m console") == f"{tmp_path}/bin/python -m console"


@given(st.text(alphabet="deploy stau-c.;,'\"|()", max_size=40))
def test_any_text_keeps_all_that_is_no_command(text: str):
    typed = Typed("d", (("-c", "a"),))
    shown = as_typed(text, typed)
    assert as_typed(text, Typed()) == text
    assert bool(commands_in(text)) or shown == text
    assert all(command in text for command in commands_in(text))


def test_no_program_at_all_is_deploy():
    assert program_of((), 0) == "deploy"
