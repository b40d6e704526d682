"""Events written a second, each with a commit of its own and in groups; and how long the engine's loop is held while a run on a thousand hosts is recorded.

The run is scripted: no host is asked, so all that is measured is the record and the logs.
"""

import asyncio
import gc
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.logs.log_writer import LogWriter
from console.adapters.statefolder import prepared
from console.adapters.system_clock import SystemClock
from console.engine.run.run_record import RunRecord
from console.engine.server.garbage_collection import GarbageSearch
from console.model import events as ev
from console.model.plan import Step
from console.model.request import Person
from console.model.state import RunState
from console.ports.feed import Output
from console.safe_text import SafeText
from tests.bench.table import Row, print_table
from tests.core.simulation import an_environment, opening

HOSTS = 1000
BATCH = 50
LINES = 5
"""Lines that a step prints."""
ROUNDS = 3
TICK = 0.002
"""Seconds between two looks at the loop."""


class Watchdog:
    """How long the loop was held at most, and how long this process itself worked at most while it was: on a busy machine others have the processor."""

    def __init__(self) -> None:
        self.longest = self.worked = 0.0
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            before, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK)
            self.longest = max(self.longest, time.perf_counter() - before - TICK)
            self.worked = max(self.worked, time.process_time() - worked)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def turns() -> Iterator[tuple[ev.Event, ...]]:
    """What happens at the same time in a release where nothing goes wrong: the starts of a wave's steps, then their ends."""
    events = opening(an_environment(HOSTS, BATCH))
    plan = next(event.plan for event in events if isinstance(event, ev.PlanMade))
    yield tuple(events)
    known: dict[tuple[int, str], list[Step]] = {}
    for step in plan.steps:
        known.setdefault((step.wave, step.kind), []).append(step)
    for steps in known.values():
        for place in range(0, len(steps), BATCH):
            part = steps[place : place + BATCH]
            yield tuple(ev.StepStarted(step=step.name, host=step.about) for step in part)
            yield tuple(ev.StepFinished(step=step.name, host=step.about, seconds=1.0) for step in part)


async def recorded(state: str, rows: dict[str, Row]) -> None:
    """Record the run as a runner does: starts are on the disk before they are sent; ends are written as they come."""
    journal, logs, commits = SqlJournal.of(state), LogWriter(state), list[object]()
    sa.event.listen(journal.store._writer, "commit", commits.append)
    record, watchdog, began, count = RunRecord(journal, SystemClock()), Watchdog(), time.perf_counter(), 0
    for turn in turns():
        for event in turn if isinstance(turn[0], ev.StepFinished) else ():
            record.record(event)
            for line in range(LINES):
                logs.keep(record.state.run, Output("2026-01-01T00:00:00.000Z", event.host, event.step, SafeText(f"line {line} of what the step prints")))
            await asyncio.sleep(0)
        if not isinstance(turn[0], ev.StepFinished):
            await record.write(*turn)
        count += len(turn)
    await record.settled()
    took = time.perf_counter() - began
    await watchdog.stop()
    await journal.close()
    logs.close()
    rows["rate"].values.append(count / took)
    rows["held"].values.append(1000 * watchdog.longest)
    rows["worked"].values.append(1000 * watchdog.worked)
    rows["commits"].values.append(len(commits))


async def as_an_engine(state: str, rows: dict[str, Row]) -> None:
    """Record the run with garbage searched as in the engine's process."""
    gc.collect()
    gc.freeze()
    with GarbageSearch(lambda: True).in_pieces():
        await recorded(state, rows)
    gc.unfreeze()


def one_commit_each(store: JournalStore, count: int) -> float:
    """Notes a second, each on the disk before the next."""
    began = time.perf_counter()
    for seq in range(1, count + 1):
        store.append("alone", (a_note(seq),), RunState())
    return count / (time.perf_counter() - began)


async def in_groups(journal: SqlJournal, count: int) -> float:
    """Notes a second of as many runs, which all wait at the same time."""
    began = time.perf_counter()
    await asyncio.gather(*(journal.append(f"many{number}", (a_note(1),), RunState()) for number in range(count)))
    return count / (time.perf_counter() - began)


def a_note(seq: int) -> ev.NoteAdded:
    return ev.NoteAdded(seq=seq, at="2026-01-01T00:00:00Z", by=Person("ada"), text=SafeText("x" * 200))


def main() -> None:
    """Measure and print."""
    alone, grouped = Row("each with a commit of its own", "events/s"), Row("200 that wait at once, written together", "events/s")
    rows = {
        "rate": Row("the whole run, with its logs", "events/s"), "held": Row("the loop's longest hold", "ms"),
        "worked": Row("the longest that this process worked within a hold", "ms"), "commits": Row("transactions", ""),
    }  # fmt: skip
    for _ in range(ROUNDS):
        with TemporaryDirectory() as folder:
            state = str(Path(folder) / "state")
            prepared(state)
            store = JournalStore.of(state)
            alone.values.append(one_commit_each(store, 200))
            grouped.values.append(asyncio.run(in_groups(SqlJournal(store), 200)))
            asyncio.run(as_an_engine(state, rows))
    print_table("events written to the journal", [alone, grouped])
    print_table(f"a release to {HOSTS:,} hosts, {BATCH} at a time, recorded", list(rows.values()))
