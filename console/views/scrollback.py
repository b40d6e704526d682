"""What of a run's log is read back: in stretches from where the tail begins, as a window that lets the far end go. Pure; whoever asks the files has the I/O.

What hosts printed comes in pages from the files; what happened (the chapters) is put between them by its time.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from console.ports.feed import LogPage
from console.views.log_lines import LogLine, printed_line
from console.views.logbook import GAP, LogBook, Stretch

MOST = 20_000
"""Lines that are held of what was read back."""
CHARACTERS = 8_000_000
"""Characters of them."""


@dataclass(slots=True)
class _Read:
    """A stretch that was read once: where its page ends in the files, where its chapters begin and end, where its lines stand."""

    place: str
    chapters: tuple[int, int]
    stretch: Stretch


class Earlier:
    """The log before what a book's tail holds. `chapters`: every line of what happened, by time."""

    def __init__(self, book: LogBook, chapters: Sequence[LogLine], most: int = MOST) -> None:
        self._book = book
        self._most = most
        tail = book.tail
        self._at = tail[0].at if tail else ""
        self._same = Counter(_words(entry) for entry in tail if entry.at <= self._at)
        self._chapters = [entry for entry in chapters if not tail or entry.at <= self._at]
        self._read: list[_Read] = []
        """From the tail on back."""
        self._low = 0
        """The newest stretch that is held; those after `_high` are still to be read."""
        self._high = 0
        self._next = f"@{self._at}" if self._at else ""
        self._ended = False

    @property
    def older(self) -> str | None:
        """The place before which the next older page is to be read; None: there is nothing before what is held."""
        return self._read[self._high].place if self._high < len(self._read) else None if self._ended else self._next

    @property
    def newer(self) -> str | None:
        """The place before which the next newer page is to be read again; None: what is held reaches the tail."""
        return self._read[self._low - 1].place if self._low else None

    def put_older(self, page: LogPage) -> int:
        """Put a page before what is held; how many lines it gave."""
        if self._high < len(self._read):
            known = self._read[self._high]
            lines = self._lines(page, known.chapters, first=not self._high)
            self._book.put_again(lines, known.stretch)
        else:
            known, lines = self._take(page)
        self._high += 1
        while self._high - self._low > 1 and self._is_too_much():
            self._book.take_out(self._read[self._low].stretch)
            self._low += 1
        self._say_gap()
        return len(lines)

    def put_newer(self, page: LogPage) -> int:
        """Put a page that was let go behind what is held; how many lines it gave."""
        self._low -= 1
        known = self._read[self._low]
        lines = self._lines(page, known.chapters, first=not self._low)
        self._book.put_again(lines, known.stretch)
        while self._high - self._low > 1 and self._is_too_much():
            self._high -= 1
            self._book.take_out(self._read[self._high].stretch)
        self._say_gap()
        return len(lines)

    def _take(self, page: LogPage) -> tuple[_Read, list[LogLine]]:
        """Put a page that was never read before."""
        end = self._read[-1].chapters[0] if self._read else len(self._chapters)
        self._ended = not page.before
        begin = bisect_right(self._chapters, page.lines[0].at, hi=end, key=lambda entry: entry.at) if page.before and page.lines else 0
        chapters = begin, end
        lines = self._lines(page, chapters, first=not self._read)
        known = _Read(page.after or "@", chapters, self._book.put_before(lines))
        self._next = page.before
        self._read.append(known)
        return known, lines

    def _lines(self, page: LogPage, chapters: tuple[int, int], *, first: bool) -> list[LogLine]:
        printed = [printed_line(one) for one in page.lines]
        lines = sorted((*self._chapters[chapters[0] : chapters[1]], *printed), key=lambda entry: entry.at)
        return _without(lines, self._same) if first else lines

    def _is_too_much(self) -> bool:
        held = [one.stretch for one in self._read[self._low : self._high]]
        return sum(one.length for one in held) > self._most or sum(one.size for one in held) > CHARACTERS

    def _say_gap(self) -> None:
        self._book.show_gap(GAP if self._low else "")


def end_of_log(page: LogPage, chapters: Sequence[LogLine]) -> list[LogLine]:
    """Return the newest lines of a log: the last page of what was printed, and what happened in its time."""
    since = page.lines[0].at if page.before and page.lines else ""
    printed = [printed_line(one) for one in page.lines]
    return sorted((*(entry for entry in chapters if entry.at > since), *printed), key=lambda entry: entry.at)


def _words(entry: LogLine) -> tuple[str, str, str]:
    return entry.at, entry.where, entry.text


def _without(lines: Sequence[LogLine], held: Counter[tuple[str, str, str]]) -> list[LogLine]:
    """Return the lines before those that are held already: they are the last ones of their kind."""
    left, out = Counter(held), []
    for entry in reversed(lines):
        if left[_words(entry)] > 0:
            left[_words(entry)] -= 1
        else:
            out.append(entry)
    return out[::-1]
