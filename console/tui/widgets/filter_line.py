"""A line of text input with a label. It posts the text while it is typed; it knows no fleet and no log."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from console.tui.widgets.line_view import LineView
from console.views.filter import GRAMMAR
from console.views.styled_text import Span, line


class FilterLine(Horizontal):
    """A label and a field of one line. `kept`: told of the words that are kept when the typing has ended; none when it was given up."""

    class WordsTyped(Message):
        """The words that stand in the field now."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self, kept: Callable[[str], None] = lambda _: None) -> None:
        super().__init__(id="filter")
        self._kept = kept
        self._typing = False

    @property
    def typing(self) -> bool:
        """Whether the field has the keys."""
        return self._typing

    def compose(self) -> ComposeResult:
        """Lay out label and field."""
        yield LineView(id="filter-label")
        field = Input(placeholder=GRAMMAR, id="filter-field", select_on_focus=False)
        field.cursor_blink = False
        yield field

    def open(self, label: str, words: str, expects: str = GRAMMAR) -> None:
        """Take the focus, with those words to go on from. `expects`: what stands in the empty field."""
        self.name_it(label)
        self._typing = self.display = True
        field = self.query_one(Input)
        field.placeholder = expects
        with field.prevent(Input.Changed):
            field.value = words
        field.cursor_position = len(words)
        field.focus()

    def hold(self) -> None:
        """Take the keys back where the mouse gave them to something else: while somebody types, they are text."""
        field = self.query_one(Input)
        if self.screen.focused is not field:
            self.screen.set_focus(field)

    def press(self, key: str) -> bool:
        """Take the keys that end the typing; the others are the field's."""
        if key not in ("escape", "ctrl+c", "ctrl+q", "enter"):
            return False
        words = self.words if key == "enter" else ""
        self.close()
        self._kept(words)
        return True

    def close(self) -> None:
        """Type no more; the words that hold stay."""
        self._typing = self.display = False

    def name_it(self, label: str) -> None:
        """Say what the words are for."""
        shown = self.query_one(LineView)
        shown.styles.width = len(label) + 2
        shown.draw(lambda _w, _h: (line(Span(f" {label} ", "accent")),))

    @property
    def words(self) -> str:
        """What stands in the field."""
        return self.query_one(Input).value

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what was typed."""
        event.stop()
        self.post_message(self.WordsTyped(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The screen takes enter itself."""
        event.stop()
