"""Remembers the open question of a run, and closes its dialog when another console answered it or the run has ended."""

from typing import TYPE_CHECKING

from console.model.state import RunState

if TYPE_CHECKING:
    from console.tui.dialogs.question import DialogQuestion


class OpenQuestion:
    """Remembers it. Empty: none is open."""

    def __init__(self) -> None:
        self._asked: DialogQuestion | None = None

    def asked(self, question: "DialogQuestion") -> None:
        """Remember a question that a run waits for."""
        if question.is_open is not None:
            self._asked = question

    def close_if_answered(self, state: RunState) -> str:
        """Close its dialog once nobody waits for the answer; return what is said of that, empty: nothing."""
        question = self._asked
        if question is None or question.is_open is None or question.is_open(state):
            return ""
        app = question.dialog.app
        if app.screen is not question.dialog:
            self._asked = question if question.dialog in app.screen_stack else None  # under another dialog it stays until that one has gone
            return ""
        self._asked = None
        question.dialog.dismiss("")
        why = state.reason if state.phase == "ended" else f"GO by {state.decided_by}" if state.go else "another console answered it"
        return f"the question was closed: {why}"
