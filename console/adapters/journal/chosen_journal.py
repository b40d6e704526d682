"""The record of runs that an engine's model names: the state folder's file, or a shared database. Implements `ports.Journal` by the one that is chosen.

Knows where each kind is opened; nothing of what stands in it.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.adapters.journal.journal_threads import SqlJournal
from console.model.carrier import Carrier
from console.model.environment_record import EnvironmentRecord
from console.model.events import AnyEvent
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.run_summary import RunSummary
from console.model.state import RunState
from console.ports.journal import HandedIn, HearsOutage, Known, Outage, PastRun

if TYPE_CHECKING:
    from console.adapters.journal.environment_rows import Place
    from console.adapters.journal.record_store import RecordStore
    from console.adapters.journal.shared_journal import SharedJournal
    from console.ports.sharing_machines import SharingMachines


def open_store(state: str, address: str) -> "RecordStore":
    """Open the record: of the state folder where the address is empty. Raises JournalFault or UsageFault where it cannot be used."""
    if not address:
        from console.adapters.journal.sqlite_store import JournalStore

        return JournalStore.of(state)
    from console.adapters.journal.postgres_store import PostgresStore

    return PostgresStore(address)


class ChosenJournal:
    """The record of one engine. Until a model names another one it is the state folder's."""

    def __init__(self, state: str, carrier: Carrier = Carrier()) -> None:  # noqa: B008 (frozen)
        self._state = state
        self._carrier = carrier
        self._address = ""
        self._now: SqlJournal | SharedJournal | None = None
        self._hearing: list[HearsOutage] = []

    async def use(self, address: str, place: "Place") -> None:
        """Work with the record at that address (empty: the state folder's) from now on, for runs of that environment.

        Raises JournalFault or UsageFault, and then keeps the one before.
        """
        if self._now is not None and address == self._address:
            return
        fresh = await self._opened(address, place)
        before, self._now, self._address = self._now, fresh, address
        if before is not None:
            await before.close()

    async def _opened(self, address: str, place: "Place") -> "SqlJournal | SharedJournal":
        if not address:
            return SqlJournal(await asyncio.to_thread(open_store, self._state, address))
        from console.adapters.journal.shared_journal import SharedJournal

        return await SharedJournal.of(self._state, address, place, self._carrier, self._tell)

    def _tell(self, said: Outage | HandedIn) -> None:
        for hears in tuple(self._hearing):
            hears(said)

    def watch(self, hears: HearsOutage) -> Callable[[], None]:
        """Have it told when the database is away, and what was handed in once it is back; the end of that is returned."""
        self._hearing.append(hears)
        return lambda: self._hearing.remove(hears)

    @property
    def outage(self) -> Outage | None:
        """Why what is appended is written down on this machine alone; None: it is not."""
        return self._chosen.outage

    def hurry(self, run: str) -> None:
        """Wait no longer for a database that may be away."""
        self._chosen.hurry(run)

    @property
    def _chosen(self) -> "SqlJournal | SharedJournal":
        if self._now is None:
            self._now = SqlJournal.of(self._state)
        return self._now

    @property
    def is_shared(self) -> bool:
        """Whether engines of other machines write to it."""
        return self._chosen.is_shared

    @property
    def machines(self) -> "SharingMachines":
        """What is done with the other machines that share the record."""
        return self._chosen.machines

    async def append(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Write, all or nothing, and return only when it is on the disk."""
        await self._chosen.append(run, events, state)

    async def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that number."""
        return await self._chosen.read(run, after)

    async def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Events of a run of that type alone, in their order."""
        return await self._chosen.of_type(run, kind)

    async def runs(self, app: str = "", environment: str = "", limit: int = 100, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """A page of the history, newest first."""
        return await self._chosen.runs(app, environment, limit, after, words)

    async def find_run(self, text: str) -> list[RunSummary]:
        """Runs that a person may mean by that, newest first."""
        return await self._chosen.find_run(text)

    async def environment(self, app: str, environment: str) -> EnvironmentRecord:
        """What the record knows of an environment."""
        return await self._chosen.environment(app, environment)

    async def known(self, app: str, environment: str) -> Known:
        """The same for one who only looks."""
        return await self._chosen.known(app, environment)

    async def environments(self, app: str) -> tuple[EnvironmentRecord, ...]:
        """What the record knows of each environment of an application, the newest first."""
        return await self._chosen.environments(app)

    async def past(self, app: str, environment: str, limit: int = 10, before: int = 0) -> tuple[PastRun, ...]:
        """Ended runs as far as a rollback asks, newest first."""
        return await self._chosen.past(app, environment, limit, before)

    async def keep_note(self, app: str, environment: str, note: LockHolder | None) -> None:
        """Store the person's note that closes an environment."""
        await self._chosen.keep_note(app, environment, note)

    async def keep_maintenance(self, app: str, environment: str, maintenance: Maintenance | None) -> None:
        """Store who shows users a maintenance page; None: nobody does."""
        await self._chosen.keep_maintenance(app, environment, maintenance)

    async def close(self) -> None:
        """Write what waits, and let go of the record."""
        if self._now is not None:
            await self._now.close()
