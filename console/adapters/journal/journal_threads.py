"""The journal beside the engine's loop. Implements `ports.Journal` over a `RecordStore`: one thread writes, another reads.

Whatever waits to be written when the writer is free is written together, of all runs, and is on the disk before anyone who wrote it goes on.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from console.adapters.journal.chain import JournalAway, JournalFault
from console.adapters.journal.record_store import Entry, RecordStore
from console.model.environment_record import EnvironmentRecord
from console.model.events import AnyEvent
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.run_summary import RunSummary
from console.model.state import RunState
from console.ports.journal import HearsOutage, Known, PastRun
from console.wire.frames import DecodeError

T = TypeVar("T")


class SqlJournal:
    """The record of runs in a database, for one event loop."""

    def __init__(self, store: RecordStore) -> None:
        self.store = store
        self._writer = ThreadPoolExecutor(1, "journal-writer")
        self._reader = ThreadPoolExecutor(1, "journal-reader")
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self.machines = store.machines(self)

    @classmethod
    def of(cls, state: str) -> "SqlJournal":
        """Open the journal of a state folder. Raises JournalFault or UsageFault where it cannot be used."""
        from console.adapters.journal.sqlite_store import JournalStore

        return cls(JournalStore.of(state))

    @property
    def is_shared(self) -> bool:
        """Whether engines of other machines write to it."""
        return self.store.is_shared

    outage = None

    def watch(self, hears: HearsOutage) -> Callable[[], None]:
        """Tell nobody anything: this record is there, or a fault is raised."""
        return lambda: None

    def hurry(self, run: str) -> None:
        """Do nothing: nothing is waited for."""

    async def append(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Write, all or nothing, and return only when it is on the disk. Raises JournalFault, and then has written nothing."""
        if not events:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(_heard)
        self._waiting.append((Entry(run, events, state), done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_waiting())
        await asyncio.shield(done)

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._write(group)
        finally:
            self._writing = None

    async def _write(self, group: list[tuple[Entry, asyncio.Future[None]]]) -> None:
        faults: list[BaseException | None]
        try:
            faults = [*await self._on(self._writer, lambda: self.store.write([entry for entry, _ in group]))]
        except Exception as bug:
            faults = [bug] * len(group)
        for (_, done), fault in zip(group, faults, strict=True):
            if fault is None:
                done.set_result(None)
            else:
                done.set_exception(fault)

    async def asked(self, work: Callable[[], T]) -> T:
        """Do that in the thread that reads."""
        return await self._on(self._reader, work)

    async def asked_to_write(self, work: Callable[[], T]) -> T:
        """Do that in the thread that writes, behind what waits there."""
        return await self._on(self._writer, work)

    async def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that number. Raises JournalFault where the chain does not hold."""
        return await self._on(self._reader, lambda: self.store.read(run, after))

    async def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Events of a run of that type alone, in their order; the chain is not verified."""
        return await self._on(self._reader, lambda: self.store.of_type(run, kind))

    async def runs(self, app: str = "", environment: str = "", limit: int = 100, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """A page of the history, newest first."""
        return await self._on(self._reader, lambda: self.store.runs(app, environment, limit, after, words))

    async def find_run(self, text: str) -> list[RunSummary]:
        """Runs that a person may mean by that, newest first."""
        return await self._on(self._reader, lambda: self.store.find_run(text))

    async def environment(self, app: str, environment: str) -> EnvironmentRecord:
        """What the record knows of an environment."""
        kept = await self._on(self._reader, lambda: self.store.kept_environment(app, environment))
        return kept if kept is not None else await self._on(self._writer, lambda: self.store.environment(app, environment))

    async def known(self, app: str, environment: str) -> Known:
        """The same, confirmed: there is no other record to ask."""
        return Known(await self.environment(app, environment))

    async def environments(self, app: str) -> tuple[EnvironmentRecord, ...]:
        """What the record knows of each environment of an application, the newest first."""
        places = await self._on(self._reader, lambda: self.store.places(app))
        return tuple([await self.environment(*place) for place in places])

    async def past(self, app: str, environment: str, limit: int = 10, before: int = 0) -> tuple[PastRun, ...]:
        """Ended runs as far as a rollback asks, newest first."""
        await self.environment(app, environment)
        try:
            return await self._on(self._reader, lambda: self.store.past(app, environment, limit, before))
        except DecodeError:  # their rows are damaged, and the events have it all
            await self._on(self._writer, lambda: self.store.rebuild(app, environment))
        return await self._on(self._reader, lambda: self.store.past(app, environment, limit, before))

    async def keep_note(self, app: str, environment: str, note: LockHolder | None) -> None:
        """Store the person's note that closes an environment."""
        await self._on(self._writer, lambda: self.store.keep_note(app, environment, note))

    async def keep_maintenance(self, app: str, environment: str, maintenance: Maintenance | None) -> None:
        """Store who shows users a maintenance page; None: nobody does."""
        await self._on(self._writer, lambda: self.store.keep_maintenance(app, environment, maintenance))

    async def close(self) -> None:
        """Write what waits, and let go of the file."""
        while self._writing is not None:
            await asyncio.wait((self._writing,))
        await self.machines.close()
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        self._writer.shutdown()
        self._reader.shutdown()
        self.store.close()

    async def _on(self, thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(self.store.patience):
                return await asyncio.get_running_loop().run_in_executor(thread, work)
        except TimeoutError:
            raise JournalAway(f"the journal {self.store.path} has not answered for {self.store.patience or 0:.0f} s", "deploy engine list") from None


def _heard(done: asyncio.Future[None]) -> None:
    """Mark a fault as seen: the caller may have been cancelled while it waited."""
    if not done.cancelled():
        done.exception()


__all__ = ["JournalFault", "SqlJournal"]
