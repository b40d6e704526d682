"""What is read for one host's screen: the releases on its disk, and what the last run printed there. A newer reading ends the one before.

It asks the station; what is shown of it is the screen's.
"""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from console.errors import ConsoleError
from console.model.fleet_snapshot import SnapshotRelease
from console.tui.widgets.log_panel import LogPanel
from console.views.log_lines import chapter_lines
from console.views.scrollback import end_of_log

if TYPE_CHECKING:
    from console.tui.host.host_screen import HostScreen

READ_WITHIN = 20.0
"""Seconds that the host has to say which releases it has."""
OUTPUT = 500
"""Lines of a run that has ended which are read for a host."""


class HostLookup:
    """That of one screen."""

    def __init__(self, screen: "HostScreen") -> None:
        self._screen = screen
        self.releases: tuple[SnapshotRelease, ...] | None = None
        """What the host has on its disk; None: not read."""
        self.no_releases = ""
        """Why they are not known."""
        self._stood = ("", "")
        self._work: list[asyncio.Task[None]] = []

    def begin(self, *, has_log: bool) -> None:
        """Read what is known of the host that the screen has turned to; its log too, unless the screen below has it."""
        self.releases, self.no_releases = None, ""
        self._stood = self._standing()
        self._start(self._read_releases(), *(() if has_log else (self._read_record(),)))

    def again(self) -> None:
        """Read the host's releases again."""
        self.releases = None
        self._start(self._read_releases())

    def follow(self) -> None:
        """Read the releases again once the run has changed what stands on the host."""
        stands = self._standing()
        if stands != self._stood:
            self._stood = stands
            self._start(self._read_releases())

    def stop(self) -> None:
        """Read no more."""
        for task in self._work:
            task.cancel()

    def _start(self, *work: Coroutine[Any, Any, None]) -> None:
        self.stop()
        self._work = [asyncio.create_task(one) for one in work]

    def _standing(self) -> tuple[str, str]:
        known = self._screen.run.hosts.get(self._screen.host)
        return (known.condition, known.release) if known else ("", "")

    async def _read_releases(self) -> None:
        station, host = self._screen.app.station, self._screen.host
        if station is None:
            self.no_releases = "no hosts.toml is known here, so the host is not asked"
        else:
            try:
                async with asyncio.timeout(READ_WITHIN):
                    self.releases = await station.releases(host)
                self.no_releases = ""
            except ConsoleError as fault:
                self.no_releases = fault.message
            except TimeoutError:
                self.no_releases = f"{host} did not answer within {READ_WITHIN:.0f} s"
        self._screen.show()

    async def _read_record(self) -> None:
        """Read what the last run said of the host."""
        screen = self._screen
        station, run = screen.app.station, screen.below.state.run
        if station is None or not run:
            return
        try:
            events = await station.record(run)
            page = await station.log(run, screen.host, "", OUTPUT)
            found = end_of_log(page, await asyncio.to_thread(chapter_lines, events, screen.host))
        except ConsoleError as fault:
            screen.say(f"the run's log was not read: {fault.message}", "warn")
            return
        screen.query_one(LogPanel).add(found)
        screen.query_one(LogPanel).is_cut = bool(page.before)
