"""Commands in hints become what is typed at this terminal."""

import pytest

from console.typed import Typed, as_typed, commands_in, program_of

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
