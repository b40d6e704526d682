"""What is kept of runs, for the screen: the journal, and the files beside it in the state folder. Implements `ports.RunArchive`. It meets no engine."""

import asyncio
from collections.abc import Callable

from console.adapters.logs.run_log import RunLog
from console.adapters.logs.sample_log import SampleLog
from console.model.events import AnyEvent
from console.model.run_summary import RunSummary
from console.ports.feed import LogPage, SamplePage

ReadsEvents = Callable[[str], tuple[AnyEvent, ...]]
"""Every event of a run."""
ReadsRuns = Callable[[str, str, int, RunSummary | None, str], tuple[RunSummary, ...]]
"""(application, environment, limit, after, words): a page of the history."""


class LocalRunArchive:
    """Every run of a record, and what its machine's state folder keeps of each. The record is read in a thread, by `events` and `runs`."""

    def __init__(self, state: str, events: ReadsEvents, runs: ReadsRuns) -> None:
        self._state = state
        self._events = events
        self._runs = runs

    async def record(self, run: str) -> tuple[AnyEvent, ...]:
        """Every event of a run, from the journal."""
        return await asyncio.to_thread(self._events, run)

    async def log(self, run: str, host: str, before: str, limit: int) -> LogPage:
        """At most so many lines of what a run's steps printed, before that place; from the log files."""
        return await asyncio.to_thread(RunLog(self._state, run).page, host, before, limit)

    async def log_on(self, run: str, host: str, after: str, limit: int) -> LogPage:
        """At most so many lines of it from that place on."""
        return await asyncio.to_thread(RunLog(self._state, run).page_on, host, after, limit)

    async def samples(self, run: str, after: str, limit: int) -> SamplePage:
        """The machines' numbers during a run from that place on."""
        return await asyncio.to_thread(SampleLog(self._state, run).page, after, limit)

    async def runs(self, app: str, environment: str, limit: int, after: RunSummary | None, words: str) -> tuple[RunSummary, ...]:
        """Runs of an environment, newest first: a page of them after that one, of those that hold these words."""
        return await asyncio.to_thread(self._runs, app, environment, limit, after, words)
