"""The run screen on a real terminal: stalls, hang-ups, sizes, colours, bytes, pastes. What was sent is judged, not what was meant."""

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tests.tui.terminal import Steered, Terminal

GATE = "web02 health gate"
COLOURS = re.compile(rb"\x1b\[([0-9;:]*)m")


@pytest.fixture
def terminal(request: pytest.FixtureRequest) -> Iterator[Steered]:
    opened = Steered(**getattr(request, "param", {}))
    yield opened
    opened.close()


@pytest.fixture
def midway(terminal: Steered) -> Steered:
    terminal.running()
    terminal.until_shown(GATE)
    terminal.quiet(0.3)
    return terminal


def colours(sent: bytes) -> set[str]:
    """Every parameter of SGR that is about a colour."""
    found = set()
    for group in COLOURS.findall(sent):
        words = group.decode().replace(":", ";").split(";")
        if "38" in words or "48" in words:
            found.add(group.decode())
        found |= {word for word in words if re.fullmatch("3[0-7]|4[0-7]|9[0-7]|10[0-7]", word)}
    return found


# A stalled terminal


def test_an_unread_terminal_holds_nothing_up_and_is_right_afterwards(midway: Steered):
    midway.stall()
    end = time.monotonic() + float(os.environ.get("STALL_SECONDS", "1.5"))
    printed = 0
    while time.monotonic() < end:
        asked = time.monotonic()
        midway.do("print", text="x" * 60 + " NUMBER", times=50)
        midway.do("pass", seconds=1)
        printed += 50
        assert time.monotonic() - asked < 20
        time.sleep(0.05)
    midway.do("until", step="wave-6/web06/gate")
    midway.type("p")
    midway.until(lambda: midway.do("look")["paused"])
    held = len(midway.sent)
    midway.recover()
    midway.until_shown("PAUSED")
    midway.quiet()
    assert len(midway.sent) - held < 60_000 + printed, "what was missed must not be replayed frame by frame"
    assert any("web05 ✓" in row for row in midway.lines)
    left = midway.shown
    midway.resize(79, 24)
    midway.until(lambda: midway.shown != left)
    midway.resize(80, 24)
    midway.until(lambda: midway.shown == left)  # a full repaint shows what the recovered screen showed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_stalled_screen_ends_and_its_terminal_is_right_once_it_is_read(midway: Steered, number: signal.Signals):
    midway.stall()
    for _ in range(20):
        midway.do("print", text="x" * 70, times=30)
        time.sleep(0.05)
    midway.process.send_signal(number)
    assert midway.process.wait(60) == 7
    midway.recover()
    assert midway.ended() == 7
    assert midway.left_on() == []


# Leaving


def _key(key: str):
    return lambda terminal: terminal.type(key)


def _signal(number: signal.Signals):
    return lambda terminal: terminal.process.send_signal(number)


@pytest.mark.parametrize(
    ("leave", "code"),
    [
        (_key("q"), 7),
        (_key("\x03"), 7),
        (_signal(signal.SIGTERM), 7),
        (_signal(signal.SIGHUP), 7),
        (_signal(signal.SIGQUIT), 7),
        (lambda terminal: terminal.do("break"), 1),
    ],
    ids=["q", "ctrl+c", "SIGTERM", "SIGHUP", "SIGQUIT", "a mistake of the screen"],
)
def test_the_terminal_is_as_it_was(midway: Steered, leave, code: int):
    assert all(midway.modes.values())
    leave(midway)
    assert midway.ended() == code
    assert midway.left_on() == []
    said = bytes(midway.sent).rpartition(b"\x1b[?1049l")[2]
    assert (b"deploy attach r1" if code == 7 else b"the screen failed: ZeroDivisionError at ") in said
    assert b"hunter2" not in midway.sent


def test_after_the_end_the_outcome_stays_and_is_the_exit_code(midway: Steered):
    midway.do("until", step="")
    midway.until_shown("RELEASED")
    midway.type("q")
    assert midway.ended() == 0
    assert midway.left_on() == []
    assert b"released after" in bytes(midway.sent).rpartition(b"\x1b[?1049l")[2]


def test_a_hang_up_ends_the_viewer_alone(midway: Steered):
    midway.hang_up()
    assert midway.process.wait(60) == 7


@pytest.mark.parametrize("stopped", [signal.SIGTSTP, signal.SIGSTOP])
def test_a_stop_and_its_continuation(midway: Steered, stopped: signal.Signals):
    midway.process.send_signal(stopped)
    midway.until(lambda: _state_of(midway.process.pid) == "T")
    if stopped == signal.SIGTSTP:
        midway.quiet(0.1)
        assert midway.left_on() == []
    midway.screen.reset()
    midway.process.send_signal(signal.SIGCONT)
    midway.until_shown(GATE)
    midway.type("q")
    assert midway.ended() == 7
    assert midway.left_on() == []


def _state_of(process: int) -> str:
    with open(f"/proc/{process}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


# Sizes


def test_a_storm_of_sizes_ends_in_the_right_picture(midway: Steered):
    midway.resize(81, 24)
    midway.until(lambda: len(midway.lines[3]) == 81)
    midway.resize(80, 24)
    midway.until(lambda: len(midway.lines[3]) == 80)
    midway.quiet()
    left = midway.shown
    for number in range(60):
        midway.resize(20 + (number * 37) % 180, 4 + (number * 13) % 46)
        time.sleep(0.01)
    midway.resize(80, 24)
    midway.quiet(1.0)
    assert midway.shown.split("\n") == left.split("\n")


# Colours


@pytest.mark.parametrize("terminal", [{"env": {"NO_COLOR": "1"}}, {"env": {"NO_COLOR": "", "COLORTERM": "truecolor"}}], indirect=True, ids=["1", "empty"])
def test_no_colour_is_no_colour(midway: Steered):
    midway.type("r")
    midway.until_shown("Roll back shop")
    assert colours(bytes(midway.sent)) == set()
    words = {word for group in COLOURS.findall(bytes(midway.sent)) for word in group.split(b";")}
    assert {b"1", b"7"} <= words, "bold and reverse stay"


@pytest.mark.parametrize("terminal", [{"env": {"LC_ALL": "C"}}, {"env": {"TERM": "linux"}}], indirect=True, ids=["locale", "linux"])
def test_a_terminal_that_has_ascii_alone_gets_ascii_alone(midway: Steered):
    midway.type("r")
    midway.until_shown("Roll back shop")
    assert bytes(midway.sent).isascii()
    assert "+-" in midway.shown
    assert "?" not in midway.shown.replace("? keys", "").replace("production?", "").replace("PRODUCTION?", "")


@pytest.mark.parametrize("terminal", [{"env": {"TERM": "xterm"}}], indirect=True)
def test_sixteen_colours_are_the_sixteen(midway: Steered):
    midway.type("r")
    midway.until_shown("Roll back shop")
    found = colours(bytes(midway.sent))
    assert found
    assert not {group for group in found if ";" in group}


def test_a_terminal_that_does_not_understand_the_screen_gets_lines():
    program = "from console.cli.invocation import Invocation; print('screen' if Invocation().wants_screen else 'lines')"
    for kind, expected in (
        ("dumb", "lines"),
        ("vt52", "lines"),
        ("nosuch", "lines"),
        ("", "lines"),
        ("xterm", "screen"),
        ("tmux-256color", "screen"),
        ("vt100", "screen"),
    ):
        opened = Terminal([sys.executable, "-c", program], env={"TERM": kind})
        try:
            assert opened.ended() == 0
            assert opened.shown.strip() == expected
            assert b"\x1b" not in opened.sent
        finally:
            opened.close()


# Bytes


def test_nothing_is_sent_while_nothing_changes(midway: Steered):
    before = len(midway.sent)
    time.sleep(1.5)
    assert len(midway.sent) == before
    midway.do("until", step="")
    midway.until_shown("RELEASED")
    midway.quiet()
    before = len(midway.sent)
    midway.do("pass", seconds=30)
    time.sleep(1.2)
    assert len(midway.sent) == before


def test_a_second_costs_few_bytes(midway: Steered):
    before = len(midway.sent)
    midway.do("pass", seconds=1)
    midway.until(lambda: len(midway.sent) > before)
    midway.quiet(0.3)
    assert len(midway.sent) - before < 1500


def test_a_burst_of_events_is_at_most_ten_frames_a_second(midway: Steered):
    midway.do("samples", times=500)
    printing = threading.Thread(target=midway.do, args=("print",), kwargs={"text": "line NUMBER", "times": 200, "every": 0.01})
    began, came, frames, last = time.monotonic(), len(midway.sent), 0, 0.0
    printing.start()
    while printing.is_alive() or "line 199" not in midway.shown:
        time.sleep(0.004)
        if len(midway.sent) != came:  # what a frame sends may come in pieces
            frames, last, came = frames + (time.monotonic() - last > 0.02), time.monotonic(), len(midway.sent)
    printing.join()
    assert 0 < frames <= 10 + 12 * (time.monotonic() - began)


# Keys


def test_a_paste_acts_on_nothing(midway: Steered):
    midway.type("\x1b[200~rrpaa\rq\x1b[201~")
    midway.type("\x1b[200~\x1brr\x1b[201~")
    midway.type("rpaarrpaxxq")
    time.sleep(0.6)
    seen = midway.do("look")
    assert (seen["said"], seen["phase"]) == ([], "running")
    assert "Roll back shop" not in midway.shown


def test_a_paste_lands_in_a_text_field_and_its_enter_does_not_act(midway: Steered):
    midway.type("w")
    midway.until_shown("A note for the record")
    midway.type("\x1b[200~seen\r\n\x1b]52;c;eA==\x07\x1b[201~")
    time.sleep(0.1)
    midway.type(" typed\r")
    midway.until_shown("seen typed")
    time.sleep(0.3)
    assert midway.do("look")["said"] == []
    midway.type("\r")
    midway.until(lambda: midway.do("look")["said"] == ["Note"])


# What hosts print

HOSTILE = [
    "\x1b]52;c;aHVudGVyMg==\x07", "\x1b[2J\x1b[H", "\x1b[?1049l", "\x1b]0;title\x07", "\x1bP+q544e\x1b\\", "\x1b[6n", "\x1bc", "\x9b2J", "\x9d52;c;eA==\x9c",
    "\u202egnitirw", "\u2066x\u2069", "\x0e\x0f", "\r\rover", "\x08\x08", "[@click=app.leave()]go[/]", "\x1b]8;;http://x\x1b\\y\x1b]8;;\x1b\\",
]  # fmt: skip
HARMFUL = (
    b"\x1b]",
    b"\x1bP",
    b"\x1b[2J",
    b"\x1bc",
    b"\x1b[6n",
    b"\x0e",
    b"\x0f",
    "\u202e".encode(),
    "\u2066".encode(),
    "\x9b".encode(),
    "\x9d".encode(),
    b"\x07",
    b"\x08",
)


def test_nothing_that_a_host_prints_acts_on_the_terminal(midway: Steered):
    began = len(midway.sent)
    for number, text in enumerate(HOSTILE):
        midway.do("print", text=f"{text} printed {number:02}")
        midway.do("unclean", text=f"{text} unclean {number:02}")
        time.sleep(0.15)
    midway.until_shown(f"unclean {len(HOSTILE) - 1:02}")
    sent = bytes(midway.sent[began:])
    assert [word for word in HARMFUL if word in sent] == []
    assert all(midway.modes.values())
    assert midway.process.poll() is None
