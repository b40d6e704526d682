"""A dialog that edits text of several lines: enter is a line break, esc leaves, and changes are not lost without a question.

Knows nothing of what the text is for.
"""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import TextArea

from console.safe_text import SafeLines
from console.tui.dialogs.dialog import Choice, Dialog
from console.tui.widgets.line_view import LineView
from console.views.compact_layout import rows_of
from console.views.styled_text import Line, Span, clipped, line

TAKE = "ctrl+o"


class TextEditor(Dialog):
    """Hands what was written to `taken`, which says what is wrong with it; nothing: it was taken, and the dialog ends."""

    AUTO_FOCUS = "TextArea"
    takes_text = True

    def __init__(self, title: str, words: str, taken: Callable[[SafeLines], str]) -> None:
        super().__init__(title, ())
        self._before = words
        self._taken = taken
        self._wrong = ""

    def compose(self) -> ComposeResult:
        """Lay out title, text, keys."""
        with Vertical(id="dialog", classes="reading"):
            yield LineView(id="dialog-title")
            area = TextArea(self._before, id="area", compact=True, highlight_cursor_line=False)
            area.cursor_blink = False
            yield area
            yield LineView(id="dialog-keys")

    def fill(self) -> None:
        """Give title and keys their lines; the cursor stands at the end."""
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)
        self._show_title()
        self.query_one("#dialog-keys", LineView).draw(lambda width, _h: rows_of(self.key_words(), width, " " if self.has_class("tiny") else "   "))
        self.fit()

    def _show_title(self) -> None:
        wrong = Span(f"  {self._wrong}", "warn")
        self.query_one("#dialog-title", LineView).draw(lambda width, _h: (clipped(line(Span(self.title_words, "strong"), wrong), width),))

    def key_words(self) -> tuple[Line, ...]:
        """Return the dialog's keys and what each says."""
        return line(Span(TAKE, "accent"), " save"), line(Span("esc", "accent"), " leave"), line(Span("ctrl+z ctrl+y", "accent"), " undo, redo")

    @property
    def written(self) -> SafeLines:
        """What stands there, without blanks at its ends."""
        return SafeLines(self.query_one(TextArea).text.strip())

    def press(self, key: str) -> bool:
        """Take the text, or leave; the other keys are the text's."""
        if key == TAKE:
            self.take()
        elif key in ("escape", "ctrl+c", "ctrl+q"):
            self._leave()
        else:
            return False
        return True

    def take(self) -> None:
        """Hand the text over; what is wrong with it stays on the title's line."""
        self._wrong = self._taken(self.written)
        if self._wrong:
            self._show_title()
        else:
            self.dismiss("taken")

    def _leave(self) -> None:
        if self.written == SafeLines(self._before.strip()):
            self.dismiss("")
            return

        def answered(how: str | None) -> None:
            if how == "take":
                self.take()
            elif how == "drop":
                self.dismiss("")

        body = (line("The text was changed. esc goes on writing."),)
        self.app.push_screen(Dialog("Leave the text?", body, (Choice("t", "save it", "take"), Choice("d", "discard the changes", "drop"))), answered)
