"""A run as lines and as JSON: one for each event, and at the end the result. Peers of the screen; standard output carries data alone.

Pure but for the two functions it is handed to write with. Knows nothing of engines or sockets.
"""

import json
from collections.abc import Callable
from typing import Any

from console.core.outcome import host_rows
from console.core.wording import sentence
from console.model.events import Event
from console.model.state import RunState

Write = Callable[[str], None]


def event_line(event: Event) -> str:
    """One plain line for an event."""
    return f"{event.at[11:19]} {sentence(event)}"


def result_of(state: RunState, seconds: float, exit_code: int | None = None, outcome: str = "") -> dict[str, Any]:
    """The result object of a run, as the contract names its fields."""
    code = exit_code if exit_code is not None else state.exit
    reason = str(state.reason)
    problems = [{"file": "", "line": 0, "key": "", "message": reason, "hint": str(state.hint)}] if reason and code else []
    return {
        "type": "result",
        "exit": code,
        "run": state.run or None,
        "outcome": outcome or state.outcome,
        "hosts": host_rows(state),
        "seconds": round(seconds, 2),
        "problems": problems,
    }


def result_lines(state: RunState) -> list[str]:
    """The outcome in words, for the last lines of a terminal."""
    lines = [f"{state.environment}: {state.outcome}" + (f": {state.reason}" if state.reason else "")]
    if state.hint:
        lines.append(f"next: {state.hint}")
    return lines


def json_text(value: object) -> str:
    """One object as one line."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)
