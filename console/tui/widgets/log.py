"""The log: any number of lines, of which only the visible ones are ever drawn. It follows only while it stands at its end.

Lines are kept up to a bound; when the oldest go, what is being read stays where it is.
"""

from collections import deque
from collections.abc import Iterable
from datetime import tzinfo
from itertools import islice

from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.tui.widgets.lines import Toned
from console.views.logs import LogLine, drawn

MOST = 20_000
_STRIPS = 600


class Log(Toned, ScrollView, can_focus=True):
    """A virtual log of merged lines."""

    def __init__(self, zone: tzinfo | None, id: str | None = None, most: int = MOST) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._zone = zone
        self._most = most
        self._lines: deque[LogLine] = deque()
        self._first = 0
        self._strips: dict[tuple[int, int], Strip] = {}
        self._unseen = 0
        self.following = True

    def add(self, lines: Iterable[LogLine]) -> None:
        """Append lines; one layout and one paint for all of them."""
        fresh = tuple(lines)
        if not fresh:
            return
        self._lines.extend(fresh)
        gone = max(0, len(self._lines) - self._most)
        for _ in range(gone):
            self._lines.popleft()
        self._first += gone
        self.virtual_size = Size(self.content_size.width, len(self._lines))
        if self.following:
            self._to_end()
        else:
            self._unseen += len(fresh)
            if gone:
                self.set_reactive(Log.scroll_y, max(0, self.scroll_y - gone))
                self.scroll_target_y = self.scroll_y
        self._entitle()
        self.refresh()

    def clear(self) -> None:
        """Forget everything."""
        self._first += len(self._lines)
        self._lines.clear()
        self._unseen = 0
        self.virtual_size = Size(self.content_size.width, 0)
        self.follow()

    def follow(self) -> None:
        """Go to the end, and stay there."""
        self.following, self._unseen = True, 0
        self._to_end()
        self._entitle()
        self.refresh()

    def _to_end(self) -> None:
        self.scroll_to(y=max(0, len(self._lines) - self.content_size.height), animate=False, immediate=True, force=True)

    def _entitle(self) -> None:
        place = "following" if self.following else f"{self._unseen} new below, end follows"
        self.border_title = Content(f"4 Log  all hosts, {place}")
        self.border_subtitle = Content(f"{self._first + len(self._lines):,} lines")

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow at the end, and only there."""
        super().watch_scroll_y(old_value, new_value)
        at_end = new_value >= len(self._lines) - self.content_size.height
        if at_end != self.following:
            self.following = at_end
            if at_end:
                self._unseen = 0
            self._entitle()

    def notify_style_update(self) -> None:
        """Draw again in the new colours."""
        super().notify_style_update()
        self._strips.clear()

    def on_resize(self, _: Resize) -> None:
        """Stay at the end where it stood there."""
        self._strips.clear()
        self.virtual_size = Size(self.content_size.width, len(self._lines))
        if self.following:
            self._to_end()

    @property
    def shown(self) -> str:
        """All its words."""
        return "\n".join(f"{line.where} {line.text}" for line in self._lines)

    def render_line(self, y: int) -> Strip:
        """Return one row for the compositor."""
        row, width = y + round(self.scroll_offset.y), self.content_size.width
        if row >= len(self._lines):
            return self.strip_of((), width)
        key = (self._first + row, width)
        strip = self._strips.get(key)
        if strip is None:
            entry = next(islice(self._lines, row, None))
            strip = self._strips[key] = self.strip_of(drawn(entry, width, self._zone), width)
            if len(self._strips) > _STRIPS:
                del self._strips[next(iter(self._strips))]
        return strip
