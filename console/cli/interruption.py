"""What ctrl+c, SIGTERM, SIGHUP and SIGQUIT do to a command that has no run to leave: each interrupts it, and it ends with 130.

Loaded before anything else, so it imports nothing slow. A viewer of a run, and the screen, take these signals for themselves.
"""

import signal
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

_came: list[int] = []


def note_signals() -> None:
    """Keep those that come while the command is still being loaded. One that the caller ignores (`nohup`) stays ignored."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _note)


def obey_signals() -> None:
    """Let each interrupt from now on. Raises KeyboardInterrupt where one has come already."""
    for number in SIGNALS:
        if signal.getsignal(number) is _note:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else _interrupt)
    if _came:
        raise KeyboardInterrupt


def _note(number: int, frame: FrameType | None) -> None:
    _came.append(number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Do as ctrl+c does, which `asyncio.run` takes as the end of what it runs; where ctrl+c is ignored, it has not been told so."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)
