"""The palette: finds an action by its words instead of its key. It returns the action's id; the page runs it."""

from textual.app import ComposeResult
from textual.widgets import Input

from console.tui import keys
from console.tui.dialogs.dialog import TypingDialog
from console.tui.key_refusals import Situation
from console.tui.widgets.picker import Picker
from console.views.styled_text import Line, Span, cell, line


class Palette(TypingDialog):
    """Actions of a place. What makes no sense now is listed behind the others, with the reason."""

    prompt = "what to do"
    enter_words = "run it"

    def __init__(self, now: Situation) -> None:
        super().__init__("Actions", ())
        self._now = now
        self._found = keys.found_actions("", now)

    def compose_field(self) -> ComposeResult:
        """Add the field, and the actions below it."""
        yield from super().compose_field()
        yield Picker("no action has these words", id="palette")

    def fill(self) -> None:
        """Show the actions that may be done now, those that the typed words find first."""
        super().fill()
        self.query_one("#dialog-body").display = False
        self._show()

    def _show(self) -> None:
        picker = self.query_one(Picker)
        picker.can_focus = False
        picker.marked = True
        picker.draw(lambda width: tuple(_row(action, self._now, width) for action in self._found))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list to what was typed."""
        self._found = keys.found_actions(event.value, self._now)
        self.query_one(Picker).index = 0
        self._show()

    def accepts(self, text: str) -> bool:
        """Return whether there is something to do."""
        return bool(self._chosen())

    def answer(self, text: str) -> str:
        """Answer with the chosen action."""
        return self._chosen()

    def _chosen(self) -> str:
        index = self.query_one(Picker).index
        ready = index < len(self._found) and keys.is_ready(self._found[index], self._now)
        return self._found[index].id if ready else ""

    def press(self, key: str) -> bool:
        """Move the choice; the other keys are the field's."""
        if key in ("up", "down", "pageup", "pagedown"):
            picker = self.query_one(Picker)
            step = {"up": -1, "down": 1, "pageup": -8, "pagedown": 8}[key]
            picker.choose(picker.index + step)
            return True
        return super().press(key)


def _row(action: keys.Action, now: Situation, width: int) -> Line:
    named = cell(", ".join(keys.key_name(key) for key in action.keys[:2]), 8)
    if keys.is_ready(action, now):
        return line(Span(named, "accent"), Span(action.title))
    why = keys.refusal(action, now) if not action.soon else "not yet"
    return line(Span(named, "dim"), Span(f"{action.title}" + (f" ({why})" if why else ""), "dim"))
