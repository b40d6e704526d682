"""A shell on a host, on a real terminal: the screen lends it, and is there again afterwards."""

import signal
from collections.abc import Iterator

import pytest

from tests.tui.terminal import Steered

GATE = "web02 health gate"
SHELL = """sh -c 'trap "echo interrupted" INT; stty -echo; echo ready; while read -r x; do echo "got $x"; test "$x" = end && exit 3; done'"""


@pytest.fixture
def terminal(request: pytest.FixtureRequest) -> Iterator[Steered]:
    opened = Steered(env={"WAY": getattr(request, "param", SHELL)})
    opened.running()
    opened.until_shown(GATE)
    opened.quiet(0.3)
    yield opened
    opened.close()


def test_a_shell_has_the_terminal_alone_and_the_screen_comes_back(terminal: Steered):
    terminal.type("s")
    terminal.until_shown("ready")
    assert b"same as: sh -c" in terminal.sent
    assert not any(terminal.modes.values()), "nothing of the screen's modes is left for the shell"
    terminal.quiet(0.3)
    sent = len(terminal.sent)
    terminal.do("print", text="a line of the run", times=20)
    terminal.do("pass", seconds=3)
    terminal.quiet(0.5)
    assert len(terminal.sent) == sent, "the screen draws nothing meanwhile"
    terminal.type("r\n")
    terminal.until_shown("got r")
    terminal.type("end\n")
    terminal.until(lambda: terminal.modes["alternate"] and "got r" not in terminal.shown)
    terminal.until_shown(GATE)
    terminal.until(lambda: any(row.startswith(" same as: sh -c") for row in terminal.lines))
    assert terminal.do("look")["said"] == [], "what was typed there is no key here"
    terminal.until_shown("a line of the run")
    terminal.type("p")
    terminal.until(lambda: terminal.do("look")["paused"])
    terminal.type("q")
    assert terminal.ended() == 7
    assert terminal.left_on() == []


@pytest.mark.parametrize("terminal", ["sh -c 'echo its key has changed; exit 255'"], indirect=True)
def test_what_ssh_says_of_its_failure_stays_until_it_was_read(terminal: Steered):
    terminal.type("s")
    terminal.until_shown("its key has changed")
    terminal.until_shown("enter goes back to the console")
    terminal.type("\n")
    terminal.until_shown("was not reached")
    assert GATE in terminal.shown


@pytest.mark.parametrize("terminal", ["/no/such/ssh"], indirect=True)
def test_a_machine_without_ssh_is_told_so_and_the_screen_stays(terminal: Steered):
    terminal.type("s")
    terminal.until_shown("cannot be run")
    terminal.until_shown(GATE)
    assert terminal.modes["alternate"]


def test_a_hang_up_in_the_shell_ends_the_viewer_and_leaves_the_terminal(terminal: Steered):
    terminal.type("s")
    terminal.until_shown("ready")
    terminal.process.send_signal(signal.SIGTERM)
    terminal.ended()
    assert not terminal.modes["alternate"]
    assert terminal.left_on() == []
