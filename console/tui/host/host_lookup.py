"""Reads for one host's screen: the releases on its disk, and the output of the last run there. A new reading cancels the one before.

It asks the environment; what is shown of it is the screen's.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from console.errors import ConsoleError
from console.model.fleet_snapshot import SnapshotRelease
from console.model.state import RunState
from console.ports.environment_client import EnvironmentClient
from console.tui.begun import begun
from console.tui.screen_shell import Say
from console.tui.widgets.log_panel import LogPanel
from console.views.log_lines import chapter_lines
from console.views.scrollback import end_of_log

READ_WITHIN = 20.0
"""Seconds that the host has to say which releases it has."""
OUTPUT = 500
"""Lines of a run that has ended which are read for a host."""


class HostLookup:
    """Fills a log, and knows the releases. `found`: called when there is something to show."""

    def __init__(self, client: EnvironmentClient | None, log: LogPanel, say: Say, found: Callable[[], None]) -> None:
        self._client, self._log, self._say, self._found = client, log, say, found
        self.releases: tuple[SnapshotRelease, ...] | None = None
        """What the host has on its disk; None: not read."""
        self.no_releases = ""
        """Why they are not known."""
        self._host = ""
        self._stood = ("", "")
        self._work: list[asyncio.Task[None]] = []

    def begin(self, host: str, state: RunState, run: str) -> None:
        """Read what is known of a host whose run is in that state; its log too, of that `run`; empty: the screen has the log."""
        self._host = host
        self.releases, self.no_releases = None, ""
        self._stood = self._standing(state)
        self._start(self._read_releases(), *((self._read_record(run),) if run else ()))

    def again(self) -> None:
        """Read the host's releases again."""
        self.releases = None
        self._start(self._read_releases())
        self._found()

    def follow(self, state: RunState) -> None:
        """Read the releases again once the run has changed what stands on the host."""
        stands = self._standing(state)
        if stands != self._stood:
            self._stood = stands
            self._start(self._read_releases())

    def stop(self) -> None:
        """End the reads about the host that was seen."""
        for task in self._work:
            task.cancel()

    def _start(self, *work: Coroutine[Any, Any, None]) -> None:
        self.stop()
        self._work = [begun(one, self._say) for one in work]

    def _standing(self, state: RunState) -> tuple[str, str]:
        known = state.hosts.get(self._host)
        return (known.condition, known.release) if known else ("", "")

    async def _read_releases(self) -> None:
        client, host = self._client, self._host
        if client is None:
            self.no_releases = "no hosts.toml is known here, so the host is not asked"
        else:
            try:
                async with asyncio.timeout(READ_WITHIN):
                    self.releases = await client.releases(host)
                self.no_releases = ""
            except ConsoleError as fault:
                self.no_releases = fault.message
            except TimeoutError:
                self.no_releases = f"{host} did not answer within {READ_WITHIN:.0f} s"
        self._found()

    async def _read_record(self, run: str) -> None:
        """Read what the last run said of the host."""
        client = self._client
        if client is None:
            return
        try:
            events = await client.record(run)
            page = await client.log(run, self._host, "", OUTPUT)
            found = end_of_log(page, await asyncio.to_thread(chapter_lines, events, self._host))
        except ConsoleError as fault:
            self._say(f"the run's log was not read: {fault.message}", "warn")
            return
        self._log.add(found)
        self._log.is_cut = bool(page.before)
