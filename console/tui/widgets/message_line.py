"""The message line of a page: the message in as many rows as it needs, else the rest line."""

from console.tui.widgets.line_view import LineView
from console.views.compact_layout import wrapped
from console.views.styled_text import Line, clipped, line, width

MOST_ROWS = 4
"""Rows that what was said may take."""


class MessageLine(LineView):
    """What was said, or the rest line."""

    def __init__(self) -> None:
        super().__init__(id="message")
        self.said: Line = ()
        """Empty: nothing was said."""

    def show_over(self, rest: Line, cells: int) -> None:
        """Show what was said, else that; in so many cells."""
        rows = self._rows(rest, max(1, cells - 2))
        self.styles.height = len(rows)
        self.draw(lambda _w, _h: rows)

    def _rows(self, rest: Line, cells: int) -> tuple[Line, ...]:
        if self.said and width(self.said) <= cells:
            return (self.said,)
        rows = tuple(line(" ", *row) for row in wrapped(self.said, cells))
        return rows[:MOST_ROWS] or (clipped(rest, cells + 2),)
