"""Loads earlier pages of a run's log into a log widget, in the background.

It reads through the port `RunArchive`; `views.scrollback` keeps the order of the lines.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from console.errors import ConsoleError, in_one_line
from console.model.events import AnyEvent
from console.ports.environment_client import RunArchive
from console.ports.feed import LogPage
from console.tui.widgets.log_panel import LogPanel
from console.views.log_lines import chapter_lines
from console.views.logbook import Place
from console.views.scrollback import MOST, Earlier
from console.views.styled_text import Tone

PAGE = 1000
"""Lines that are read at once."""
AT_ONCE = 20
"""Pages that are looked through for a line that the filter keeps, before it is asked whether to go on."""
WITHIN = 10.0
"""Seconds that one page may take."""


class LogReadback:
    """The way back through one run's log. `host`: of that host alone; `say`: where a person is told."""

    def __init__(self, log: LogPanel, say: Callable[[str, Tone], None], keep: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._log = log
        self._say = say
        self._keep = keep
        self._records: RunArchive | None = None
        self._run = self._host = ""
        self._events: tuple[AnyEvent, ...] | None = None
        self._earlier: Earlier | None = None
        self._turn = -1
        self._reads = False
        log.may_read_back = self._may

    def _may(self) -> bool:
        """Whether there may be lines before what is held."""
        if self._records is None or not self._run:
            return False
        if self._earlier is not None and self._turn == self._log.turn:
            return self._earlier.older is not None
        return self._log.is_cut or self._log.book.dropped > 0

    def read_from(self, records: RunArchive | None, run: str, host: str = "", events: tuple[AnyEvent, ...] | None = None) -> None:
        """Read that run's log from now on. `events`: all of them, where they are known and no more come."""
        if (records, run, host) != (self._records, self._run, self._host):
            self._records, self._run, self._host, self._events, self._earlier = records, run, host, events, None

    def older(self) -> None:
        """Read on before the first line that is held."""
        self._begin(self._read_older)

    def newer(self) -> None:
        """Read on where lines are missing before the newest ones."""
        self._begin(self._read_newer)

    def search_older(self) -> None:
        """Read on until a line matches what is searched for, and go there."""
        self._begin(self._search_older)

    def _begin(self, work: Callable[[RunArchive], Coroutine[Any, Any, None]]) -> None:
        if self._records is None or not self._run:
            gone = self._log.book.dropped
            self._say(f"{gone:,} older lines are no longer loaded here" if gone else "this is the first line", "warn" if gone else "plain")
        elif not self._reads:
            self._reads = True
            self._keep(self._told(work(self._records)))

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ConsoleError as fault:
            self._say(f"earlier lines were not read: {in_one_line(fault)}", "bad")
        except (OSError, TimeoutError) as fault:
            self._say(f"earlier lines were not read: {fault or 'no answer in time'}", "bad")
        finally:
            self._reads = False

    async def _window(self, records: RunArchive) -> Earlier:
        """What was read back so far; begun anew where the reader was at the end meanwhile."""
        if self._earlier is None or self._turn != self._log.turn:
            async with asyncio.timeout(WITHIN):
                events = self._events if self._events is not None else await records.record(self._run)
                chapters = await asyncio.to_thread(chapter_lines, events, self._host)
            self._turn = self._log.turn
            self._earlier = Earlier(self._log.book, chapters, MOST)
        return self._earlier

    async def _older_page(self, records: RunArchive, window: Earlier) -> int:
        """Read one page back; how many lines it gave, 0 where there is none any more."""
        taken = 0
        while not taken and (place := window.older) is not None:
            page = await self._page(records, place)
            if self._turn != self._log.turn:
                return 0
            taken = window.put_older(page)
            self._log.settle()
        return taken

    async def _page(self, records: RunArchive, place: str) -> LogPage:
        async with asyncio.timeout(WITHIN):
            return await records.log(self._run, self._host, place, PAGE)

    async def _read_older(self, records: RunArchive) -> None:
        window, first, taken = await self._window(records), self._first, 0
        for _ in range(AT_ONCE):
            came = await self._older_page(records, window)
            taken += came
            if not came or not self._log.book.filter or self._rows_before(first):
                break
            await asyncio.sleep(0)
        self._say_read(window, taken, self._rows_before(first))

    @property
    def _first(self) -> Place | None:
        places = self._log.book.places
        return places[0] if places else None

    def _rows_before(self, place: Place | None) -> bool:
        """Whether lines are shown before what was the first one."""
        book = self._log.book
        rows = len(book.lines) if place is None else book.row_of(place)
        return rows > (book.gap_row is not None and book.gap_row < rows)

    def _say_read(self, window: Earlier, taken: int, found: bool) -> None:
        if not taken:
            self._say("this is the first line", "plain")
        elif found or not self._log.book.filter:
            self._say(f"{taken:,} earlier lines were read back", "plain")
        elif window.older is None:
            self._say(f"{taken:,} earlier lines were read back to the first one: none matches", "plain")
        else:
            self._say(f"{taken:,} earlier lines were read back, none matches; press again to read on", "warn")

    async def _read_newer(self, records: RunArchive) -> None:
        window = self._earlier
        place = window.newer if window is not None and self._turn == self._log.turn else None
        if window is None or place is None:
            self._say("these lines are not loaded: press end, then up, to read them", "warn")
            return
        page = await self._page(records, place)
        if self._turn == self._log.turn:
            self._say(f"{window.put_newer(page):,} later lines were read again", "plain")
            self._log.settle()

    async def _search_older(self, records: RunArchive) -> None:
        window, first, taken = await self._window(records), self._first, 0
        for _ in range(AT_ONCE):
            came = await self._older_page(records, window)
            taken += came
            if came and self._rows_before(first) and self._log.go_to_match_before(first):
                self._say(f"found after {taken:,} earlier lines were read back", "plain")
                return
            if not came:
                break
            await asyncio.sleep(0)
        more = "; N again reads on" if window.older is not None else ": searching from the end again"
        self._say(f"no match in {taken:,} earlier lines{more}", "warn")
        if window.older is None:
            self._log.go_to_match(-1)
