"""What is kept of runs, for the screen: the journal, and the files beside it in the state folder. Implements `ports.Records`. It meets no engine."""

import asyncio

from console.adapters.logs.run_log import RunLog
from console.adapters.logs.sample_log import SampleLog
from console.cli.configuration import state
from console.cli.find_run import journal
from console.model.events import AnyEvent
from console.ports.feed import LogPage, SamplePage


class LocalRunArchive:
    """Every run of the state folder."""

    async def record(self, run: str) -> tuple[AnyEvent, ...]:
        """Every event of a run, from the journal."""
        return await asyncio.to_thread(_events, run)

    async def log(self, run: str, host: str, before: str, limit: int) -> LogPage:
        """At most so many lines of what a run's steps printed, before that place; from the log files."""
        return await asyncio.to_thread(RunLog(state(), run).page, host, before, limit)

    async def log_on(self, run: str, host: str, after: str, limit: int) -> LogPage:
        """At most so many lines of it from that place on."""
        return await asyncio.to_thread(RunLog(state(), run).page_on, host, after, limit)

    async def samples(self, run: str, after: str, limit: int) -> SamplePage:
        """The machines' numbers during a run from that place on."""
        return await asyncio.to_thread(SampleLog(state(), run).page, after, limit)


def _events(run: str) -> tuple[AnyEvent, ...]:
    record = journal()
    try:
        return record.read(run)
    finally:
        record.close()
