"""The log: any number of lines, of which only the visible ones are ever drawn. It follows only while it stands at its end.

What is being read stays where it is: whatever comes, goes, or is filtered, the line on top is found again by its place.
"""

from collections.abc import Callable, Iterable
from datetime import tzinfo

from textual import events
from textual.content import Content
from textual.message import Message

from console.tui.widgets.log_rows import LogRows
from console.views.filter import Filter
from console.views.log_lines import LogLine, subject_of
from console.views.logbook import LogBook, Place, log_title

MOST_LINES = 1 << 60
"""More lines than ever come: behind every line of a moment."""
SIDEWAYS = 20
"""Cells that one press goes sideways."""
_MOVES = {"up": -1, "down": 1}


class LogPanel(LogRows, can_focus=True):
    """A virtual log of merged lines, with a current line while it is read."""

    class WantsEarlier(Message):
        """The reader stands at the first line that is held and wants to read on before it. `matching`: until what is searched for is found."""

        def __init__(self, *, matching: bool = False) -> None:
            super().__init__()
            self.matching = matching

    class WantsLater(Message):
        """The reader goes down to where lines are missing."""

    class LineRead(Message):
        """Another line is read now; None: none is, it follows or is scrolled."""

        def __init__(self, entry: LogLine | None) -> None:
            super().__init__()
            self.entry = entry

    def __init__(
        self, zone: tzinfo | None, *, id: str | None = None, classes: str | None = None, book: LogBook | None = None  # noqa: A002 (Textual's name)
    ) -> None:  # fmt: skip
        super().__init__(zone, book or LogBook(), id=id, classes=classes)
        self.whose = "all hosts"
        """Whose lines it holds, for the title."""
        self.following = True
        self.frozen = False
        self._resumes = True
        self._top: Place | None = None
        self.unseen = 0
        """Lines that came since it no longer follows."""
        self.turn = 0
        """How often it went to the end or was cleared: what was read back before is gone then."""
        self.is_cut = False
        """It was not given the lines before the first one."""
        self._kinds = 0
        self.may_read_back: Callable[[], bool] = lambda: False
        """Whether there may be lines before the first one."""

    def add(self, lines: Iterable[LogLine]) -> None:
        """Take lines that came; one layout and at most one paint for all of them."""
        fresh = tuple(lines)
        if fresh:
            came = self.book.add(fresh)
            if not self.following:
                self.unseen += came
            self.settle()

    def clear(self) -> None:
        """Forget everything but the filter."""
        self.book.clear()
        self.is_cut = False
        self.turn += 1
        self.forget_drawn()
        self.frozen = False
        self.follow()

    def follow(self) -> None:
        """Go to the end, and stay there unless the view is frozen."""
        self.following, self.unseen, self._top = not self.frozen, 0, None
        self._read(None)
        self.book.let_earlier_go()
        self.turn += 1
        self._go_to_end()
        self.settle()

    def freeze(self, on: bool) -> None:
        """Stay at what is shown until it is let go again."""
        if on == self.frozen:
            return
        self.frozen = on
        if on:
            self._resumes, self.following = self.following, False
            self.settle()
        elif self._resumes:
            self.follow()
        else:
            self.settle()

    def wrap(self, on: bool) -> None:
        """Let long lines go on in the next row, or cut them at the edge."""
        self.wraps = on
        self._draw_again()

    def show_kinds(self, total: int) -> None:
        """Say in the title how many kinds of lines only hosts with the new release have printed."""
        if total != self._kinds:
            self._kinds = total
            self._entitle()

    def go_to_level(self, wanted: Filter, way: int) -> str:
        """Go to the next line (1), or the one before (-1), that is as bad as that; why there is none, else nothing."""
        row = self.book.match(wanted, self.current_row, way)
        if row is None or (row == self.current_row and not wanted.keeps(subject_of(self.book.lines[row]))):
            return "no error among the lines that are held and shown"
        here = self.current_row
        self._go_to(row)
        if (row - here) * way <= 0:
            return "went on at the other end of the log" if row != here else "this is the only error"
        return ""

    def show_only(self, wanted: Filter) -> None:
        """Show only the lines that it keeps; the line that was read, or the next one after it, stays on top."""
        if self.search:
            self.forget_drawn()  # with the marks of what was found
        self.search = Filter()
        self.book.use(wanted)
        self.settle()

    def search_for(self, wanted: Filter) -> None:
        """Show every line, and mark those that match."""
        self.book.use(Filter())
        self.search = wanted
        self.forget_drawn()
        self.settle()

    def go_to_match(self, way: int) -> str:
        """Go to the next match (1) or the one before (-1); why there is none, else nothing."""
        wanted = self.search or self.book.filter
        if not wanted:
            return "no search yet: press / to search"
        here = self.current_row
        row = self.book.match(wanted, here, way)
        if row is not None and not (way < 0 and row >= here and self.may_read_back()):
            self._go_to(row)
        elif self.may_read_back():
            self.post_message(self.WantsEarlier(matching=True))
        elif row is None:
            return f"no line matches {wanted.source}"
        return ""

    def go_to_match_before(self, place: Place | None) -> bool:
        """Go to the last match before that place; False where there is none."""
        wanted, rows = self.search or self.book.filter, len(self.book.lines) if place is None else self.book.row_of(place)
        row = self.book.match(wanted, rows, -1) if wanted and rows else None
        if row is None or row >= rows:
            return False
        self._go_to(row)
        return True

    @property
    def current_row(self) -> int:
        """The row of the current line; the last one while nothing is read."""
        last = max(0, len(self.book.lines) - 1)
        return last if self._current is None else min(last, self.book.row_of(self._current))

    @property
    def current(self) -> LogLine | None:
        """The line that the marker stands on; None: there is none."""
        return self.book.lines[self.current_row] if self.book.lines else None

    def settle(self) -> None:
        """Put the view where it belongs after anything changed; paint only if what is visible did."""
        self.measure()
        if self.following:
            self._go_to_end()
        elif self._top is not None:
            row = min(self._last_top(), self.book.row_of(self._top))
            self.set_reactive(LogPanel.scroll_y, float(row))
            self.set_reactive(LogPanel.scroll_target_y, float(row))
            self.vertical_scrollbar.position = row
        self._entitle()
        self.paint(self.following)

    def _entitle(self) -> None:
        title, below = log_title(
            self.book, self.search, following=self.following, frozen=self.frozen, unseen=self.unseen, skip=self._skip, whose=self.whose,
            reads_back=not self.following and self.may_read_back(), wraps=self.wraps, kinds=self._kinds,
        )  # fmt: skip
        self.border_title, self.border_subtitle = Content(title), Content(below)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow at the end, and only there."""
        super().watch_scroll_y(old_value, new_value)
        if self.content_size != self._measured and self.content_size:
            return  # the room has changed, and what follows from that comes next
        row, last = round(new_value), self._last_top()
        self._top = self.book.places[row] if row < len(self.book.places) else None
        if self._current is not None and not row <= self.current_row < row + self._page():
            self._read(None)
        at_end = row >= last and not self.frozen and self._current is None
        if at_end != self.following:
            self.following = at_end
            if at_end:
                self.unseen = 0
            self._entitle()

    def _go_to(self, row: int) -> None:
        """Make a row the current one, and visible; the last one follows again."""
        lines = self.book.lines
        if not lines:
            return
        row = min(max(0, row), len(lines) - 1)
        if row == len(lines) - 1 and self.book.is_of_tail(row) and not self.frozen and not self.search:
            self.follow()
            return
        self._read(self.book.places[row])
        self._show(row)

    def go_to_moment(self, moment: float) -> LogLine | None:
        """Read the last line that stood there at that time (seconds since 1970), else the first one. It is not told: whoever says so knows."""
        if not self.book.lines:
            return None
        row = max(0, self.book.row_of((moment, MOST_LINES)) - 1)
        self._current = self.book.places[row]
        self._show(row)
        return self.book.lines[row]

    def _read(self, place: Place | None) -> None:
        if place != self._current:
            self._current = place
            self.post_message(self.LineRead(None if place is None else self.current))

    def _show(self, row: int) -> None:
        lines = self.book.lines
        self.following = False
        top, page = round(self.scroll_y), self._page()
        if not top <= row < top + page:
            self._top = self.book.places[row if row < top else self._top_for(row)]
        elif self._top is None:
            self._top = self.book.places[min(top, len(lines) - 1)]
        self.settle()

    def on_key(self, event: events.Key) -> None:
        """Read: line by line, page by page, sideways."""
        row = self.current_row
        match event.key:
            case "up" | "down":
                self._step(row, _MOVES[event.key])
            case "pageup" | "pagedown":
                self._step(row, self._page() * (1 if event.key == "pagedown" else -1))
            case "home":
                self._step(0, 0) if row else self._step(0, -1)
            case "left" | "right":
                self._skip = max(0, self._skip + (SIDEWAYS if event.key == "right" else -SIDEWAYS))
                self.settle()
            case _:
                return
        event.stop()
        event.prevent_default()

    def _step(self, row: int, by: int) -> None:
        gap = self.book.gap_row
        if row + by < 0:
            self.post_message(self.WantsEarlier())
        if gap is not None and row < gap <= row + by:
            self.post_message(self.WantsLater())
            self._go_to(gap - 1)
        else:
            self._go_to(row + by)

    def on_mouse_scroll_up(self, _: events.MouseScrollUp) -> None:
        """Read on before the first line where the wheel can go no further."""
        if round(self.scroll_y) == 0:
            self.post_message(self.WantsEarlier())

    def on_mouse_scroll_down(self, _: events.MouseScrollDown) -> None:
        """Read on where lines are missing, once that is seen."""
        gap, top = self.book.gap_row, round(self.scroll_y)
        if gap is not None and top <= gap < top + self._page():
            self.post_message(self.WantsLater())

    def on_click(self, event: events.Click) -> None:
        """Make the line under the pointer the current one."""
        spot = event.get_content_offset(self)
        if spot is not None:
            self._go_to(self.at(spot.y)[0])
