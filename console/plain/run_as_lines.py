"""A run as lines, a peer of the screen: one for each event, one while nothing happens, and how it ended.

Writes by the function that it is given; standard output carries data alone. Knows nothing of engines, sockets or time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from console.as_typed import as_typed
from console.model.events import AnyEvent
from console.model.state import RunState
from console.views.plain_lines import ending_lines, event_line, waiting_line

Write = Callable[[str], None]


@dataclass(frozen=True)
class Ending:
    """How the command ends: its exit code, the outcome's word, seconds that it took, and why when that is not the run's own reason."""

    exit: int
    outcome: str
    seconds: float = 0.0
    reason: str = ""
    hint: str = ""


class Printer(Protocol):
    """How a run is shown that has no screen."""

    def event(self, event: AnyEvent) -> None:
        """Show an event. None is left out."""

    def waits(self, state: RunState, now: float, at: str) -> None:
        """Say what is waited for. `now` is on the boot-time clock, `at` the time (RFC 3339 UTC)."""

    def ended(self, state: RunState, ending: Ending) -> None:
        """Say how the command ends."""


class LinePrinter:
    """Writes one line of text for each event."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def event(self, event: AnyEvent) -> None:
        """Write the event's line, if it has one."""
        self._write(event_line(event))

    def waits(self, state: RunState, now: float, at: str) -> None:
        """Write what is waited for."""
        self._write(waiting_line(state, now, at))

    def ended(self, state: RunState, ending: Ending) -> None:
        """Write the outcome, or why this end leaves before it."""
        if state.phase == "ended":
            for line in ending_lines(state, state.mono):
                self._write(line)
            return
        self._write(f"{state.environment or state.run}: {ending.outcome}" + (f": {ending.reason}" if ending.reason else ""))
        if ending.hint:
            self._write(f"next: {as_typed(ending.hint)}")
