"""The lines of the log as one list by time, what of it a filter shows, and what had to be let go. No I/O, no clock.

A line's place (its moment, and a number) never changes: what is being read is found again whatever came, went or was filtered.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from datetime import datetime

from console.views.filter import Filter, count_words
from console.views.logs import LogLine, subject_of

Place = tuple[float, int]

MOST = 20_000
"""Lines kept."""
CHARACTERS = 8_000_000
"""Characters kept."""
LATE = 5.0
"""Seconds: a line that comes later than this after its moment stands where it came, not where it was written."""


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
        self._number = self._number_before = 0
        self._places: list[Place] = []
        self._lines: list[LogLine] = []
        self._kept_places: list[Place] = []
        self._kept: list[LogLine] = []
        self.filter = Filter()
        self.dropped = 0
        """Lines that were let go to stay within bounds."""
        self._room = 0

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

    def add(self, lines: Iterable[LogLine]) -> int:
        """Take lines that came; how many of them are shown."""
        came = 0
        for entry in lines:
            came += self._add(entry)
        self._let_go()
        return came

    def _add(self, entry: LogLine) -> bool:
        newest = self._places[-1][0] if self._places else float("-inf")
        moment = moment_of(entry.at)
        if moment is None or moment < newest - LATE:
            moment = newest
        self._number += 1
        return self._put((moment, self._number), entry)

    def _put(self, place: Place, entry: LogLine) -> bool:
        _insert(self._places, self._lines, place, entry)
        self._size += len(entry.text)
        shown = not self.filter or self.filter.keeps(subject_of(entry))
        if self.filter and shown:
            _insert(self._kept_places, self._kept, place, entry)
        return shown

    def put_before(self, lines: Iterable[LogLine]) -> int:
        """Put lines before the oldest one: they were read back. How many were taken: as many again as are kept otherwise, at most."""
        found = list(lines)[-max(0, self._most - self._room) :] if self._room < self._most else []
        self._room += len(found)
        for entry in reversed(found):
            oldest = self._places[0][0] if self._places else 0.0
            moment = moment_of(entry.at)
            self._number_before -= 1
            self._put((oldest if moment is None else min(moment, oldest), self._number_before), entry)
        self.dropped = max(0, self.dropped - len(found))
        return len(found)

    def let_earlier_go(self) -> None:
        """Keep no more room for what was read back: nobody reads there any longer."""
        self._room = 0
        self._let_go()

    def _let_go(self) -> None:
        gone = max(0, len(self._lines) - self._most - self._room)
        size = self._size - sum(len(entry.text) for entry in self._lines[:gone])
        while size > self._characters * (2 if self._room else 1) and gone < len(self._lines) - 1:
            size -= len(self._lines[gone].text)
            gone += 1
        if not gone:
            return
        self._size = size
        self.dropped += gone
        del self._places[:gone], self._lines[:gone]
        kept_from = bisect_left(self._kept_places, self._places[0]) if self._places else len(self._kept)
        del self._kept_places[:kept_from], self._kept[:kept_from]

    def use(self, wanted: Filter) -> None:
        """Show only what that filter keeps."""
        if wanted == self.filter:
            return
        self.filter = wanted
        pairs = zip(self._places, self._lines, strict=True) if wanted else ()
        kept = [(place, entry) for place, entry in pairs if wanted.keeps(subject_of(entry))]
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
        self._size = self.dropped = self._room = 0
        for held in (self._places, self._lines, self._kept_places, self._kept):
            held.clear()


def _insert(places: list[Place], lines: list[LogLine], place: Place, entry: LogLine) -> None:
    if not places or place > places[-1]:
        places.append(place)
        lines.append(entry)
        return
    lines.insert(bisect_right(places, place), entry)
    insort(places, place)


def log_title(book: LogBook, search: Filter, *, following: bool, frozen: bool, unseen: int, skip: int, whose: str = "all hosts") -> tuple[str, str]:
    """Return what stands on the panel's upper edge and on its lower one."""
    what = whose
    if book.filter:
        what = count_words(len(book.lines), len(book), book.filter.source)
    elif search:
        what = f"n N search {search.source}"
    news = f"{unseen:,} new below, " if unseen else ""
    place = "following" if following else f"{news}{'space goes on' if frozen else 'end follows'}"
    below = [f"{len(book):,} lines"]
    if book.dropped:
        below.append(f"{book.dropped:,} older ones let go")
    if skip:
        below.append(f"from column {skip + 1}, left goes back")
    return f"4 Log  {what}, {'FROZEN, ' if frozen else ''}{place}", ", ".join(below)
