"""A list of lines of which one is chosen: runs, versions. It knows rows, and nothing of what they stand for."""

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.tui.widgets.line_view import Toned, Wording, beside_bar
from console.views.styled_text import Line, Span, filled, line, text


class Picker(Toned, ScrollView, can_focus=True):
    """Rows that are scrolled, and one that is chosen."""

    class RowChosen(Message):
        """Another row was chosen."""

        def __init__(self, picker: "Picker", index: int) -> None:
            super().__init__()
            self.picker = picker
            self.index = index

    def __init__(self, empty: str = "nothing", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self._empty = empty
        self._making: Wording = lambda _: ()
        self._rows: tuple[Line, ...] = ()
        self.index = 0
        self.marked = False
        """The chosen row is marked though another widget has the focus."""

    def draw(self, rows: Wording) -> None:
        """Show what that makes of the width there is, now and after each change of size."""
        self._making = rows
        made = beside_bar(rows, self.content_size)
        if made != self._rows:
            self._rows = made
            self.index = min(self.index, max(0, len(made) - 1))
            self.virtual_size = Size(self.content_size.width, len(made))
            self.refresh()

    def choose(self, index: int) -> None:
        """Choose that row, and bring it into sight."""
        wanted = max(0, min(index, len(self._rows) - 1))
        if wanted == self.index:
            return
        self.index = wanted
        self._bring_into_sight()
        self.refresh()
        self.post_message(self.RowChosen(self, wanted))

    def _bring_into_sight(self) -> None:
        top, height = round(self.scroll_offset.y), max(1, self.content_size.height)
        if self.index < top:
            self.scroll_to(y=self.index, animate=False)
        elif self.index >= top + height:
            self.scroll_to(y=self.index - height + 1, animate=False)

    def say_empty(self, words: str) -> None:
        """Set what stands there when there are no rows."""
        if words != self._empty:
            self._empty = words
            self.refresh()

    @property
    def shown(self) -> str:
        """The words that stand in it, one row a line, without their colours."""
        return "\n".join(text(one) for one in self._rows)

    def on_resize(self, _: events.Resize) -> None:
        """Make the rows for the new width."""
        self._rows = ()
        self.draw(self._making)
        self.call_after_refresh(self._bring_into_sight)

    def on_key(self, event: events.Key) -> None:
        """Move the choice by the arrows, a page or to an end; other keys are the page's."""
        page = max(1, self.content_size.height - 1)
        moves = {"up": -1, "down": 1, "pageup": -page, "pagedown": page, "home": -len(self._rows), "end": len(self._rows)}
        if event.key in moves:
            event.stop()
            self.choose(self.index + moves[event.key])

    def on_click(self, event: events.Click) -> None:
        """Choose the row under the pointer."""
        spot = event.get_content_offset(self)
        if spot is not None:
            self.choose(spot.y + round(self.scroll_offset.y))

    def render_line(self, y: int) -> Strip:
        """Return one row for the compositor."""
        width, row = self.content_size.width, y + round(self.scroll_offset.y)
        if not self._rows:
            return self.strip_of(line(Span(self._empty, "dim")) if y == 0 else (), width)
        shown = self._rows[row] if row < len(self._rows) else ()
        if row == self.index and (self.has_focus or self.marked):
            shown = (Span(text(filled(shown, width)), "selected"),)
        return self.strip_of(shown, width)
