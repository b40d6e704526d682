"""A run as JSON, an object a line: each event, and the result last. Pure but for the function that it writes with.

Owns the result's fields. How an event becomes JSON is `wire`'s; the function is handed in.
"""

from collections.abc import Callable
from typing import Any

from console.core.run.downtime import downtime
from console.core.run.outcome import end_problems, host_rows, loose_ends
from console.errors import Problem
from console.model.events import AnyEvent
from console.model.state import RunState
from console.plain.json_text import json_text
from console.plain.problem_json import problem_object
from console.plain.run_as_lines import Ending, Write


def result_object(state: RunState, ending: Ending) -> dict[str, Any]:
    """Return the result of a run."""
    return {
        "type": "result", "exit": ending.exit, "run": state.run or None, "outcome": ending.outcome, "hosts": host_rows(state),
        "downtime": downtime(state, state.mono),
        "seconds": round(ending.seconds, 2), "problems": [problem_object(problem) for problem in _problems(state, ending)],
    }  # fmt: skip


def _problems(state: RunState, ending: Ending) -> list[Problem]:
    """Why it ended so (each check that blocks where it was a no-go, else the run's own reason), and what it has left undone."""
    return [*_reasons(state, ending), *loose_ends(state)]


def _reasons(state: RunState, ending: Ending) -> list[Problem]:
    if ending.reason:
        return [Problem(ending.reason, ending.hint)]
    return list(end_problems(state)) if ending.exit else []


class JsonPrinter:
    """An object for each event; the last one is the result. `encode` makes the JSON of an event."""

    def __init__(self, write: Write, encode: Callable[[AnyEvent], bytes]) -> None:
        self._write = write
        self._encode = encode

    def event(self, event: AnyEvent) -> None:
        """Write the event as one JSON object."""
        self._write(self._encode(event).decode())

    def waits(self, state: RunState, now: float, at: str) -> None:
        """Say nothing: waiting is no event."""

    def ended(self, state: RunState, ending: Ending) -> None:
        """Write the result object, the last line."""
        self._write(json_text(result_object(state, ending)))
