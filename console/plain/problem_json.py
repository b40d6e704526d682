"""A problem, and the end of a command that had no run, as JSON objects.

Knows no run: each command that says what failed loads this, and most of them load nothing of what decides and draws runs.
"""

from typing import Any

from console.as_typed import as_typed
from console.errors import ConsoleError, Problem
from console.exit_codes import Exit

OUTCOMES = {
    Exit.DONE: "succeeded", Exit.LIVE_BUT_BEHIND: "succeeded", Exit.ROLLED_BACK: "rolled-back", Exit.FAILED: "failed", Exit.NO_GO: "no-go",
    Exit.LOCKED: "locked", Exit.DETACHED: "detached", Exit.PAUSED: "paused", Exit.INTERRUPTED: "interrupted",
}  # fmt: skip
"""What an exit code is called where no run says it."""


def problem_object(problem: Problem) -> dict[str, Any]:
    """Return a problem as the contract names its fields."""
    return {"file": problem.file, "line": problem.line, "key": problem.key, "message": problem.message, "hint": as_typed(problem.hint)}


def fault_object(error: ConsoleError) -> dict[str, Any]:
    """Return the result of a command that ended before there was a run."""
    return {
        "type": "result", "exit": int(error.exit), "run": None, "outcome": OUTCOMES.get(error.exit, "error"), "downtime": None, "hosts": [], "seconds": 0,
        "problems": [problem_object(problem) for problem in error.problems],
    }  # fmt: skip
