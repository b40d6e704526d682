"""A question as a value: its dialog, and what each answer does. The page that asks it carries that out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from console.model.commands import AnyCommand
from console.model.request import Request
from console.model.state import RunState
from console.tui.dialogs.dialog import Dialog


@dataclass(frozen=True, slots=True)
class ToRun:
    """Said to the run that is shown. `equivalent`: the command line that says the same; empty: nothing is shown of it."""

    command: AnyCommand
    equivalent: str = ""


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that is begun. `words`: what is said while it is opened."""

    request: Request
    words: str
    equivalent: str

    @property
    def is_meant(self) -> bool:
        """Whether a forgotten screen begins it without another question: a way back is never held up, and a restore had the name typed already."""
        return self.request.kind in ("rollback", "restore")


@dataclass(frozen=True, slots=True)
class EndedRunBack:
    """The release of a run that has ended is rolled back, `at-once` or in `halves`."""

    run: str
    how: str
    equivalent: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AskNext:
    """Another question follows."""

    question: "DialogQuestion"


Act: TypeAlias = ToRun | NewRun | EndedRunBack | AskNext


@dataclass(frozen=True, slots=True)
class DialogQuestion:
    """A question that a dialog asks, and what becomes of its answer."""

    dialog: Dialog
    act: Callable[[str, RunState], Act | None]
    """What that answer does, with the run as it is by then. An empty answer is a cancel, and not asked about."""
    is_open: Callable[[RunState], bool] | None = None
    """Whether the run still waits for the answer; None: it never waited, and the dialog stays until a person closes it."""
