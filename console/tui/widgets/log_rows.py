"""Draws the visible lines of a log book. `log_panel` decides which lines are visible and which one is current."""

from datetime import tzinfo

from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.tui.widgets.line_view import Toned
from console.views.filter import Filter
from console.views.log_lines import drawn, subject_of
from console.views.logbook import LogBook, Place
from console.views.styled_text import Line, Span, line

_STRIPS = 600
"""Lines that are kept as they were drawn."""


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
        self._painted: object = None
        self._strips: dict[object, Strip] = {}

    def settle(self) -> None:
        """Put the view where it belongs after anything changed."""

    def measure(self) -> None:
        """Say how much there is to scroll."""
        self.virtual_size = Size(self.content_size.width, len(self.book.lines))

    @property
    def shown(self) -> str:
        """All the words that the filter keeps."""
        return "\n".join(f"{entry.where} {entry.text}" for entry in self.book.lines)

    def paint(self, *more: object) -> None:
        """Paint, if what is visible is not what was painted. `more`: what else the picture depends on."""
        top = round(self.scroll_y)
        visible = (self.book.places[top : top + self._page()], self._current, self._skip, self.search, *more)
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
        return max(1, self.content_size.height)

    def _last_top(self) -> int:
        return max(0, len(self.book.lines) - self._page())

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
        row, cells = y + round(self.scroll_y), self.content_size.width
        if row >= len(self.book.lines):
            return self.strip_of(self._empty_words() if row == 0 else (), cells)
        place = self.book.places[row]
        current = place == self._current
        key = (place, cells, self._skip, current)
        strip = self._strips.get(key)
        if strip is None:
            entry = self.book.lines[row]
            found = bool(self.search) and self.search.keeps(subject_of(entry))
            strip = self._strips[key] = self.strip_of(drawn(entry, cells, self._zone, self._skip, current=current, found=found), cells)
            if len(self._strips) > _STRIPS:
                del self._strips[next(iter(self._strips))]
        return strip
