"""What is on record of an environment's runs, as its screens read it: their list, and each run's events, lines and numbers.

Implements `ports.RunArchive` over the archive that it is given. Meets no engine.
"""

from typing import Protocol

from console.model.events import AnyEvent
from console.model.run_summary import RunSummary
from console.ports.environment_client import RunArchive
from console.ports.feed import LogPage, SamplePage

PAGE = 100
"""Runs that are read at once."""


class Archive(RunArchive, Protocol):
    """What is kept of runs on this machine, and their list."""

    async def runs(self, app: str, environment: str, limit: int, after: RunSummary | None, words: str) -> tuple[RunSummary, ...]:
        """Runs of an environment, newest first: a page of them after that one, of those that hold these words."""


class EnvironmentHistory:
    """The runs of one environment that have been begun until now."""

    def __init__(self, archive: Archive, app: str, environment: str) -> None:
        self.app, self.environment = app, environment
        self._archive = archive

    async def history(self, limit: int, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """Runs of this environment, newest first: a page of them after that one, of those that hold these words."""
        return await self._archive.runs(self.app, self.environment, limit, after, words)

    async def record(self, run: str) -> tuple[AnyEvent, ...]:
        """Every event of a run, in order."""
        return await self._archive.record(run)

    async def log(self, run: str, host: str, before: str, limit: int) -> LogPage:
        """At most so many lines of what a run's steps printed, before that place."""
        return await self._archive.log(run, host, before, limit)

    async def log_on(self, run: str, host: str, after: str, limit: int) -> LogPage:
        """The same from that place on."""
        return await self._archive.log_on(run, host, after, limit)

    async def samples(self, run: str, after: str, limit: int) -> SamplePage:
        """The machines' numbers during a run from that place on."""
        return await self._archive.samples(run, after, limit)

    async def last_change(self) -> str:
        """The last run that may have put other releases live, however many others came after it; empty: none is on record."""
        after: RunSummary | None = None
        while page := await self.history(PAGE, after):
            found = next((one.run for one in page if one.changed_the_fleet), "")
            if found:
                return found
            after = page[-1]
        return ""
