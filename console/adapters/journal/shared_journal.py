"""The record that several machines share, as an engine works with it: an event is on this machine's disk first, and the database follows.

While the database answers, nothing goes on before it has an event. While it is away, events are written here alone, and are handed in, in their order,
when it is back. Implements `ports.Journal`. What is read: `shared_reader`. When the database is away, how copies of a run become the same, and what is
stated besides events: `database_outage`, `run_copies`, `stated_while_away`.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from functools import partial

from console.adapters.journal import database_outage
from console.adapters.journal.chain import JournalAway, JournalFault
from console.adapters.journal.database_outage import DatabaseOutage, Return
from console.adapters.journal.environment_rows import Place
from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.journal.local_copy import LocalCopy, copy_path
from console.adapters.journal.postgres_store import PostgresStore
from console.adapters.journal.record_store import EventsMissing, OutOfOrder
from console.adapters.journal.run_copies import RunCopies
from console.adapters.journal.shared_machines import HURRIED, SharedMachines
from console.adapters.journal.shared_reader import SharedReader
from console.adapters.journal.stated_while_away import StatedHere
from console.errors import ConsoleError
from console.model.carrier import Carrier
from console.model.events import AnyEvent
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.state import RunState
from console.ports.journal import HandedIn, HearsOutage

OPENING = 2.0
"""Seconds that the database may be silent when an engine begins, with which a person may be waiting for a rollback."""


class SharedJournal(SharedReader):
    """The record of one engine, which carries runs of one environment (`place`)."""

    is_shared = True

    def __init__(self, store: PostgresStore, copy: LocalCopy, place: Place, carrier: Carrier, hears: HearsOutage) -> None:
        shared, local = SqlJournal(store), SqlJournal(copy)
        runs, stated = RunCopies(shared, store, local, copy, place, carrier), StatedHere(shared, local, copy, place)
        away = DatabaseOutage(store.path, copy.path, hears, Return(self._catch_up, self._go_on))
        super().__init__(shared, local, copy, runs, stated, away)
        self._store, self._hears = store, hears
        self.machines = SharedMachines(store.machines(shared), self._runs, self._away, carrier, copy.path, self._tell)
        self._limits: dict[str, asyncio.Timeout] = {}
        self._writing: set[asyncio.Task[None]] = set()

    @classmethod
    async def of(cls, state: str, address: str, place: Place, carrier: Carrier, hears: HearsOutage) -> "SharedJournal":
        """Open it. Raises JournalAway where the database does not answer and this machine has not carried a run yet; JournalFault, UsageFault."""
        store = PostgresStore(address, connects=False)
        try:
            copy = await asyncio.to_thread(_copy_of, state, store)
        except BaseException:
            store.close()
            raise
        made = cls(store, copy, place, carrier, hears)
        try:
            await made.start()
        except BaseException:
            await made.close()
            raise
        return made

    async def start(self) -> None:
        """Hand in what an engine before this one could not. A database that is away is waited for. Raises UsageFault where its tables are others."""
        try:
            await self._away.within(OPENING, self._catch_up)
        except JournalFault as fault:
            self._away.begin(fault)
        self._tell()

    async def _catch_up(self) -> bool:
        """Hand in what stands here alone; what came of it is told once the database is used again."""
        await self._shared.asked(self._store.verify)
        await self._runs.catch_up()
        await self._stated.tell_all()
        return self._runs.are_same

    async def _go_on(self) -> None:
        self._tell(are_carried=self._runs.leased)
        await self._stated.tell_all()  # what was stated just before

    def _tell(self, are_carried: Iterable[str] = ()) -> None:
        """Say what was handed in, now that what is written goes to the database again. `are_carried`: runs that hear it of nothing, too.

        A write that nobody answered may have been done all the same: then the database lacks nothing of the run.
        """
        told = self._runs.take_handed_in() if self.outage is None else []
        for one in (*told, *(HandedIn(run, 0) for run in sorted({*are_carried} - {one.run for one in told}))):
            self._hears(one)

    def watch(self, hears: HearsOutage) -> Callable[[], None]:
        """Tell nobody else: whoever opened it hears."""
        return lambda: None

    def hurry(self, run: str) -> None:
        """Wait for the database no longer than HURRIED for this run."""
        self.machines.hurried.add(run)
        limit, soon = self._limits.get(run), asyncio.get_running_loop().time() + HURRIED
        if limit is not None and (limit.when() or 0.0) > soon:
            limit.reschedule(soon)

    async def append(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Write here, then in the database; where that is away, here alone. Raises JournalFault, OutOfOrder where another engine has the run."""
        if not events:
            return
        writing = asyncio.create_task(self._append(run, events, state))  # to its end, also where the caller goes away meanwhile
        self._writing.add(writing)
        writing.add_done_callback(self._wrote)
        await asyncio.shield(writing)

    def _wrote(self, writing: "asyncio.Task[None]") -> None:
        """Mark a fault as seen: the caller may have been cancelled while it waited."""
        self._writing.discard(writing)
        if not writing.cancelled():
            writing.exception()

    async def _append(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        async with self._runs.order(run):
            if not await self._runs.stands_here(run, events[0].seq - 1):
                await self._shared.append(run, events, state)  # of a run that another machine carried
                return
            await self._runs.write_here(run, events, state)
            if run not in self._runs.behind:
                await self._follow(run, events, state)
            if events[0].seq == 1 and run not in self._runs.behind:
                await self._runs.is_there(run, events[-1].seq)
        self._tell()

    async def _follow(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Have the database have what is written here; where it does not answer for too long, go on without."""
        last: ConsoleError = self._away.fault()
        tries = 0
        is_hurried = self.outage is not None or run in self.machines.hurried
        try:
            async with asyncio.timeout(HURRIED if is_hurried else database_outage.OUTAGE) as self._limits[run]:
                while True:
                    try:
                        tries += 1
                        if tries == 1:
                            await self._shared.append(run, events, state)
                        else:
                            await self._runs.hand_in(run)  # the first try may have been written, though nobody said so
                        return
                    except EventsMissing as fault:
                        last = fault
                    except OutOfOrder:
                        raise
                    except ConsoleError as fault:
                        last = fault
                    await asyncio.sleep(database_outage.AGAIN)
        except TimeoutError:
            self._runs.behind.add(run)
            self._away.begin(last)
        finally:
            self._limits.pop(run, None)

    async def keep_note(self, app: str, environment: str, note: LockHolder | None) -> None:
        """Store the person's note that closes an environment."""
        await self._state((app, environment), "note", note)

    async def keep_maintenance(self, app: str, environment: str, maintenance: Maintenance | None) -> None:
        """Store who shows users a maintenance page; None: nobody does."""
        await self._state((app, environment), "maintenance", maintenance)

    async def _state(self, place: Place, part: str, value: LockHolder | Maintenance | None) -> None:
        """Store what no event sets: here first, as events are, and there at once, or when the database is back."""
        await self._stated.state(place, part, value)
        if self.outage is None:
            try:
                await self._away.within(database_outage.OUTAGE, partial(self._stated.tell, place, part, value))
            except JournalAway as fault:
                self._away.begin(fault)

    async def close(self) -> None:
        """Write what waits, and let go of both records."""
        await asyncio.gather(*self._writing, return_exceptions=True)
        await self._away.close()
        await self.machines.close()
        await self._local.close()
        await self._shared.close()


def _copy_of(state: str, store: PostgresStore) -> LocalCopy:
    """Open what this machine has; where it has nothing yet, the database must answer."""
    if not os.path.exists(copy_path(state)):
        store.verify()
    return LocalCopy.of(state)
