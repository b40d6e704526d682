"""Draws the visible lines of a log book. `log_panel` decides which lines are visible and which one is current.

It scrolls by lines; a page holds as many of them as have room: long ones may be wrapped, and those that tell of trouble always are.
"""

from datetime import tzinfo

from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.tui.widgets.line_view import Toned
from console.views.drawn_log import drawn, rows_needed, wrapped
from console.views.filter import Filter
from console.views.log_lines import LogLine, level_of, subject_of
from console.views.logbook import LogBook, Place
from console.views.styled_text import Line, Span, line

_STRIPS = 600
"""Lines that are kept as they were drawn."""
TROUBLE_ROWS = 3
"""Rows that a warning or an error may take where long lines are cut."""


class LogRows(Toned, ScrollView):
    """The painted side of a log."""

    def __init__(self, zone: tzinfo | None, book: LogBook, *, id: str | None, classes: str | None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self._zone = zone
        self.book = book
        self.search = Filter()
        """What `n` and `N` go to while every line stays."""
        self._current: Place | None = None
        self._skip = 0
        self.wraps = False
        """Whether long lines go on in the next row."""
        self._measured = Size(0, 0)
        """The room that it was last measured for."""
        self._painted: object = None
        self._strips: dict[object, Strip] = {}

    def settle(self) -> None:
        """Put the view where it belongs after anything changed."""

    def measure(self) -> None:
        """Say how much there is to scroll."""
        self._measured = self.content_size
        self.virtual_size = Size(self.content_size.width, self._last_top() + max(1, self.content_size.height))

    @property
    def shown(self) -> str:
        """All the words that the filter keeps."""
        return "\n".join(f"{entry.where} {entry.text}" for entry in self.book.lines)

    def paint(self, *more: object) -> None:
        """Paint, if what is visible is not what was painted. `more`: what else the picture depends on."""
        top = round(self.scroll_y)
        visible = (self.book.places[top : top + self.content_size.height], self._current, self._skip, self.wraps, self.search, *more)
        if visible != self._painted:
            self._painted = visible
            self.refresh()

    def forget_drawn(self) -> None:
        """Draw every line anew when it is seen again."""
        self._strips.clear()

    @property
    def zone(self) -> tzinfo | None:
        """The zone that times are shown in."""
        return self._zone

    @zone.setter
    def zone(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._draw_again()

    def _page(self) -> int:
        """How many lines a page holds, from the first visible one on."""
        return max(1, len({row for row, _ in self._rows()}))

    def _last_top(self) -> int:
        return self._top_for(len(self.book.lines) - 1)

    def _top_for(self, row: int) -> int:
        """The first line of a page whose last line is that one."""
        top, left = max(0, row), max(1, self.content_size.height) - self._needed(row)
        while top > 0 and (left := left - self._needed(top - 1)) >= 0:
            top -= 1
        return top

    def _needed(self, row: int) -> int:
        """Rows that a line takes; none is higher than the page. One that tells of trouble is not cut where its cause begins, whatever is wrapped."""
        lines = self.book.lines
        if not 0 <= row < len(lines) or (most := self._most(lines[row])) == 1:
            return 1
        return min(most, rows_needed(lines[row], self.content_size.width, self._skip))

    def _most(self, entry: LogLine) -> int:
        """Rows that a line may take."""
        height = max(1, self.content_size.height)
        if self.wraps:
            return height
        return min(height, TROUBLE_ROWS) if not self._skip and level_of(entry) in ("error", "warn") else 1

    def _rows(self) -> list[tuple[int, int]]:
        """For each row of the page which line it shows, and which row of that line."""
        row, height, found = round(self.scroll_y), max(1, self.content_size.height), list[tuple[int, int]]()
        while len(found) < height and row < len(self.book.lines):
            found += [(row, part) for part in range(self._needed(row))]
            row += 1
        return found[:height]

    def _go_to_end(self) -> None:
        self.scroll_to(y=self._last_top(), animate=False, immediate=True, force=True)

    def watch_show_vertical_scrollbar(self) -> None:
        """A bar that appears shows where the view already stands."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = round(self.scroll_y)

    def _draw_again(self) -> None:
        self._strips.clear()
        self._painted = None
        self.settle()

    def notify_style_update(self) -> None:
        """Draw again in the new colours."""
        super().notify_style_update()
        self._strips.clear()

    def on_resize(self, _: events.Resize) -> None:
        """Stay at what was read, or at the end."""
        self._draw_again()

    def _empty_words(self) -> Line:
        words = "no line matches; esc clears the filter" if self.book.filter else "nothing was printed yet"
        return line(Span(words, "warn" if self.book.filter else "dim"))

    def render_line(self, y: int) -> Strip:
        """Return one row for the compositor."""
        cells, (row, part) = self.content_size.width, self.at(y)
        if row >= len(self.book.lines):
            return self.strip_of(self._empty_words() if not self.book.lines and y == 0 else (), cells)
        place = self.book.places[row]
        key = (place, cells, self._skip, place == self._current, part, self.wraps)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self.strip_of(self._drawn(row, part), cells)
            if len(self._strips) > _STRIPS:
                del self._strips[next(iter(self._strips))]
        return strip

    def at(self, y: int) -> tuple[int, int]:
        """Return which line that row of the panel shows, and which row of the line."""
        rows = self._rows()
        return rows[y] if y < len(rows) else (len(self.book.lines), 0)

    def _drawn(self, row: int, part: int) -> Line:
        entry, cells, current = self.book.lines[row], self.content_size.width, self.book.places[row] == self._current
        found = bool(self.search) and self.search.keeps(subject_of(entry))
        if self._needed(row) == 1:
            return drawn(entry, cells, self._zone, self._skip, current=current, found=found)
        return wrapped(entry, cells, self._zone, self._skip, current=current, found=found, most=self._most(entry))[part]
