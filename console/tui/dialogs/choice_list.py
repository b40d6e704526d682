"""A dialog with a list: enter chooses a row, esc cancels. Knows rows, not what they mean."""

from textual.app import ComposeResult

from console.tui.dialogs.dialog import Dialog
from console.tui.widgets.picker import Picker
from console.views.styled_text import Line, Span, line


class ChoiceList(Dialog):
    """Answers with the chosen word; empty: cancelled."""

    AUTO_FOCUS = "#choices"

    def __init__(self, title: str, words: tuple[str, ...], chosen: str = "") -> None:
        super().__init__(title, ())
        self._words = words
        self._first = words.index(chosen) if chosen in words else 0

    def compose_field(self) -> ComposeResult:
        """Add the list of choices where other dialogs have their field."""
        yield Picker(id="choices")

    def fill(self) -> None:
        """Show at most twelve rows at once, with the one that is meant already chosen."""
        super().fill()
        self.query_one("#dialog-body").display = False
        picker = self.query_one(Picker)
        picker.draw(lambda _: tuple(line(word) for word in self._words))
        picker.index = self._first
        picker.styles.height = max(1, min(len(self._words), 12))

    def key_words(self) -> tuple[Line, ...]:
        """Return the dialog's keys and what each says."""
        return line(Span("enter", "accent"), " choose"), line(Span("esc", "accent"), " cancel")

    def press(self, key: str) -> bool:
        """Take the chosen row on Enter, leave by the keys of every dialog, and let the list have the arrows."""
        if key == "enter" and self._words:
            self.dismiss(self._words[self.query_one(Picker).index])
            return True
        if key in ("up", "down", "pageup", "pagedown", "home", "end"):
            return False
        return super().press(key)
