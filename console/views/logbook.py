"""The lines of the log as one list by time, what of it a filter shows, and what had to be let go. No I/O, no clock.

A line's place (its moment, and a number) never changes: what is being read is found again whatever came, went or was filtered. What came is the tail;
before it stands what was read back, in stretches, and between the two a line that says so where they don't meet.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from console.core.run.sentences import kinds_in_words
from console.views.filter import NEW_KINDS, Filter, count_words
from console.views.log_lines import LogLine, subject_of

Place = tuple[float, int]

MOST = 20_000
"""Lines kept."""
CHARACTERS = 8_000_000
"""Characters kept."""
LATE = 5.0
"""Seconds: a line that comes later than this after its moment stands where it came, not where it was written."""


GAP = "not loaded: down reads on, end goes to the newest"
LOST = "no longer loaded: end, then up reads them"


class Stretch(NamedTuple):
    """Where lines stand that were read back: below which moment, from which number on, how many, of how many characters."""

    ceiling: float
    number: int
    length: int
    size: int


def moment_of(at: str) -> float | None:
    """Return an RFC 3339 moment as seconds; None when it is none."""
    try:
        return datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


class LogBook:
    """Lines merged by time over all hosts, bounded, and filtered as they come."""

    def __init__(self, most: int = MOST, characters: int = CHARACTERS) -> None:
        self._most, self._characters = most, characters
        self._size = 0
        """Characters of the tail."""
        self._number = self._number_before = 0
        self._places: list[Place] = []
        self._lines: list[LogLine] = []
        self._kept_places: list[Place] = []
        self._kept: list[LogLine] = []
        self.filter = Filter()
        self.dropped = 0
        """Lines that were let go to stay within bounds, and not read back."""
        self._back = 0
        """Lines that were read back, the gap among them."""
        self._ceiling = float("inf")
        self._gap: Place | None = None

    def __len__(self) -> int:
        """How many lines are held, shown or not."""
        return len(self._lines)

    @property
    def places(self) -> list[Place]:
        """The places of the lines that are shown."""
        return self._kept_places if self.filter else self._places

    @property
    def lines(self) -> list[LogLine]:
        """The lines that are shown."""
        return self._kept if self.filter else self._lines

    @property
    def held(self) -> list[LogLine]:
        """Every line, whatever is shown."""
        return self._lines

    @property
    def first(self) -> LogLine | None:
        """The oldest line that is held."""
        return self._lines[0] if self._lines else None

    @property
    def tail(self) -> Sequence[LogLine]:
        """The lines that came, without what was read back."""
        return self._lines[self._back :]

    @property
    def gap_row(self) -> int | None:
        """The row that says that lines are missing there; None while all meet."""
        return None if self._gap is None else bisect_left(self.places, self._gap)

    def is_of_tail(self, row: int) -> bool:
        """Whether the line in that row came by itself, and was not read back."""
        return self.places[row][1] > 0

    def add(self, lines: Iterable[LogLine]) -> int:
        """Take lines that came; how many of them are shown."""
        came = 0
        for entry in lines:
            came += self._add(entry)
        self._let_go()
        return came

    def _add(self, entry: LogLine) -> bool:
        newest = self._places[-1][0] if len(self._places) > self._back else self._ceiling if self._back else float("-inf")
        moment = moment_of(entry.at)
        if moment is None or moment < newest - LATE:
            moment = newest
        if self._back and self._ceiling != float("inf"):
            moment = max(moment, self._ceiling)
        self._number += 1
        place = (moment, self._number)
        _insert(self._places, self._lines, place, entry)
        self._size += len(entry.text)
        shown = not self.filter or self.filter.keeps(subject_of(entry))
        if self.filter and shown:
            _insert(self._kept_places, self._kept, place, entry)
        return shown

    def _let_go(self) -> None:
        held = len(self._lines) - self._back
        gone = max(0, held - self._most)
        size = self._size - sum(len(entry.text) for entry in self._lines[self._back : self._back + gone])
        while size > self._characters and gone < held - 1:
            size -= len(self._lines[self._back + gone].text)
            gone += 1
        if not gone:
            return
        self._size = size
        self.dropped += gone
        self._cut(self._back, self._back + gone)
        if self._back:
            self.show_gap(LOST)

    def _cut(self, begin: int, end: int) -> int:
        """Let lines go; how many characters they had."""
        if begin >= end:
            return 0
        first, last = self._places[begin], self._places[end - 1]
        low, high = bisect_left(self._kept_places, first), bisect_right(self._kept_places, last)
        del self._kept_places[low:high], self._kept[low:high]
        size = sum(len(entry.text) for entry in self._lines[begin:end])
        del self._places[begin:end], self._lines[begin:end]
        return size

    # -- what is read back --------------------------------------------------------------------------------------------------------

    def put_before(self, lines: Sequence[LogLine]) -> Stretch:
        """Put lines before the oldest one: they were read back. Returns where they stand now, to be put there again."""
        ceiling = self._places[0][0] if self._places else self._ceiling
        self._number_before -= len(lines)
        stretch = Stretch(ceiling, self._number_before, len(lines), sum(len(entry.text) for entry in lines))
        self.put_again(lines, stretch)
        return stretch

    def put_again(self, lines: Sequence[LogLine], stretch: Stretch) -> None:
        """Put lines where they stood when they were read first."""
        if not lines:
            return
        if not self._back:
            self._ceiling = stretch.ceiling
        moments: list[float] = []
        for entry in reversed(lines):
            moment, limit = moment_of(entry.at), moments[-1] if moments else stretch.ceiling
            moments.append(limit if moment is None else min(moment, limit))
        places = [(moment, stretch.number + index) for index, moment in enumerate(reversed(moments))]
        at = bisect_left(self._places, places[0])
        self._places[at:at], self._lines[at:at] = places, lines
        self._back += len(lines)
        self.dropped = max(0, self.dropped - len(lines))
        if self.filter:
            kept = [(place, entry) for place, entry in zip(places, lines, strict=True) if self.filter.keeps(subject_of(entry))]
            at = bisect_left(self._kept_places, places[0])
            self._kept_places[at:at], self._kept[at:at] = [place for place, _ in kept], [entry for _, entry in kept]

    def take_out(self, stretch: Stretch) -> None:
        """Let a stretch go that was read back."""
        begin = next((index for index, place in enumerate(self._places[: self._back]) if place[1] == stretch.number), None)
        if begin is not None and stretch.length:
            self._cut(begin, begin + stretch.length)
            self._back -= stretch.length
            self.dropped += stretch.length

    def show_gap(self, words: str) -> None:
        """Say, where the tail begins, that lines are missing there; no words: all meet."""
        if self._gap is not None:
            row = bisect_left(self._places, self._gap)
            self._cut(row, row + 1)
            self._back -= 1
            self._gap = None
        if words and self._back:
            self._gap = (self._ceiling, 0)
            at = self._lines[self._back - 1].at
            for places, lines in ((self._places, self._lines), *(((self._kept_places, self._kept),) if self.filter else ())):
                row = bisect_left(places, self._gap)
                places.insert(row, self._gap)
                lines.insert(row, LogLine(at, "", words, "dim", rule=True))
            self._back += 1

    def let_earlier_go(self) -> None:
        """Let go what was read back: nobody reads there any longer."""
        if self._back:
            self.dropped += self._back - (self._gap is not None)
            self._cut(0, self._back)
            self._back, self._gap = 0, None
        self._ceiling = float("inf")

    def use(self, wanted: Filter) -> None:
        """Show only what that filter keeps."""
        if wanted == self.filter:
            return
        self.filter = wanted
        pairs = zip(self._places, self._lines, strict=True) if wanted else ()
        kept = [(place, entry) for place, entry in pairs if place == self._gap or wanted.keeps(subject_of(entry))]
        self._kept_places, self._kept = [place for place, _ in kept], [entry for _, entry in kept]

    def row_of(self, place: Place) -> int:
        """Return the row of that place among what is shown; where it is not shown, of the first one after it."""
        return bisect_left(self.places, place)

    def match(self, wanted: Filter, row: int, way: int) -> int | None:
        """Return the next row (`way` 1) or the one before (-1) that matches, going round at the end; None when there is none."""
        lines = self.lines
        for step in range(1, len(lines) + 1):
            found = (row + way * step) % len(lines)
            if wanted.keeps(subject_of(lines[found])):
                return found
        return None

    def clear(self) -> None:
        """Forget every line; the filter stays."""
        self._size = self.dropped = self._back = 0
        self._gap, self._ceiling = None, float("inf")
        for held in (self._places, self._lines, self._kept_places, self._kept):
            held.clear()


def _insert(places: list[Place], lines: list[LogLine], place: Place, entry: LogLine) -> None:
    if not places or place > places[-1]:
        places.append(place)
        lines.append(entry)
        return
    lines.insert(bisect_right(places, place), entry)
    insort(places, place)


def log_title(
    book: LogBook, search: Filter, *, following: bool, frozen: bool, unseen: int, skip: int, whose: str = "all hosts", reads_back: bool = False,
    wraps: bool = False, kinds: int = 0,
) -> tuple[str, str]:  # fmt: skip
    """Return what stands on the panel's upper edge and on its lower one. `kinds`: kinds of lines that only hosts with the new release print."""
    what = whose
    if book.filter:
        what = count_words(len(book.lines), len(book), book.filter.source)
    elif search:
        what = f"n N search {search.source}"
    if kinds and book.filter.source != NEW_KINDS:
        what += f", {kinds_in_words(kinds)}: K"
    news = f"{unseen:,} new below, " if unseen else ""
    place = "following" if following else f"{news}{'space goes on' if frozen else 'end follows'}"
    below = [f"{len(book):,} line{'' if len(book) == 1 else 's'}"]
    if book.dropped:
        below.append(f"{book.dropped:,} older ones not loaded")
    if reads_back:
        below.append("up from the first reads older ones")
    if wraps:
        below.append("long lines are wrapped")
    if skip:
        below.append(f"from column {skip + 1}, left goes back")
    return f"4 Log  {what}, {'FROZEN, ' if frozen else ''}{place}", ", ".join(below)
