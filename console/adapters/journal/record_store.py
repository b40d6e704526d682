"""How the record of runs is written, whichever database it is in: events, each chained to the one before by its hash, on a disk before `write` returns.

Owns the tables' contents and their order. For one thread that writes; what another one reads is `record_reader`'s. Knows of events only what a
line of the history and an environment's record need; what they mean is the core's.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import sqlalchemy as sa

from console.adapters.journal.chain import JournalAway, JournalFault, chained
from console.adapters.journal.environment_rows import EnvironmentRows, Place
from console.adapters.journal.event_rows import last_event
from console.adapters.journal.record_reader import RecordReader
from console.adapters.journal.summary_from_events import summary_after
from console.adapters.journal.tables import EVENTS, RUNS, summary_of
from console.model.environment_record import EnvironmentRecord
from console.model.events import AnyEvent
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.state import RunState
from console.ports.sharing_machines import SharingMachines

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """Events of one run to be written, and the run's state after them."""

    run: str
    events: tuple[AnyEvent, ...]
    state: RunState


class Tip(NamedTuple):
    """The last event of a run that was written: its number, and its hash (hex)."""

    run: str
    seq: int
    hash: str


class OutOfOrder(JournalFault):
    """Events that do not follow the last one of their run in the journal."""


class EventsMissing(OutOfOrder):
    """The record has fewer of a run's events than were in it: a server that took over had not heard of the last ones."""


class Asks(Protocol):
    """A record's two threads, for the loop that asks them."""

    async def asked(self, work: Callable[[], T]) -> T:
        """Do that in the thread that reads."""

    async def asked_to_write(self, work: Callable[[], T]) -> T:
        """Do that in the thread that writes, behind what waits there."""


class RecordStore(RecordReader):
    """The record of runs in one database, which one thread writes. `path`: what people call the record."""

    is_shared = False
    """Whether engines of other machines write to it."""
    patience: float | None = None
    """Seconds after which an answer is not waited for any more; None: each answer comes by itself."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._environments = EnvironmentRows(self._events)

    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""

    @abstractmethod
    def _transaction(self, places: Iterable[Place]) -> AbstractContextManager[sa.Connection]:
        """Give the writing connection in a transaction that nobody else writes to these environments beside, and that is on the disk at its end."""

    @abstractmethod
    def _take_number(self, connection: sa.Connection) -> int:
        """Return the next run's number: above that of each run whose transaction ends before this one."""

    @abstractmethod
    def machines(self, asks: Asks) -> SharingMachines:
        """Return what is done with other machines, beside a loop: `asks` has a thread that reads and one that writes."""

    def append(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Write, all or nothing, and return only when it is on the disk. Raises JournalFault, and then has written nothing."""
        for fault in self.write([Entry(run, events, state)] if events else []):
            if fault is not None:
                raise fault

    def write(self, entries: Sequence[Entry]) -> list[JournalFault | None]:
        """Write all entries in one transaction, and return once they are on disk: for each entry, why it was not written, or None."""
        if len(entries) > 1:
            try:
                return self._written(entries)
            except JournalAway as fault:
                return [fault] * len(entries)
            except JournalFault:
                pass  # one by one, so that none keeps another from being written
        return [self._written_alone(entry) for entry in entries]

    def _written_alone(self, entry: Entry) -> JournalFault | None:
        try:
            return self._written([entry])[0]
        except JournalFault as fault:
            return fault

    def _written(self, entries: Sequence[Entry]) -> list[JournalFault | None]:
        faults: list[JournalFault | None] = []
        tips: list[Tip] = []
        with self._change((entry.state.app, entry.state.environment) for entry in entries) as connection:
            for entry in entries:
                try:
                    tips.append(self._insert(connection, entry))
                    faults.append(None)
                except OutOfOrder as fault:
                    faults.append(fault)
            self._before_commit(connection, tips)
        self._after_commit(tips)
        return faults

    @abstractmethod
    def _before_commit(self, connection: sa.Connection, tips: Sequence[Tip]) -> None:
        """Do what belongs to the same transaction as these runs' events."""

    @abstractmethod
    def _after_commit(self, tips: Sequence[Tip]) -> None:
        """Do what follows once these runs' events are on the disk."""

    @contextmanager
    def _change(self, places: Iterable[Place]) -> Iterator[sa.Connection]:
        """Give a transaction of which the records that are kept in memory hear once it is on the disk."""
        with self._told():
            self._environments.begin()
            with self._transaction(places) as connection:
                yield connection
        self._environments.committed()

    def _insert(self, connection: sa.Connection, entry: Entry) -> Tip:
        head = last_event(connection, entry.run)
        try:
            rows = list(chained(entry.run, entry.events, *head))
        except JournalFault as fault:
            kind = EventsMissing if entry.events[0].seq > head[0] + 1 else OutOfOrder
            raise kind(fault.message, fault.hint) from None
        connection.execute(sa.insert(EVENTS), rows)
        number = self._keep_summary(connection, entry.run, entry.events)
        if number and entry.state.run == entry.run:
            self._environments.add(connection, number, entry.events, entry.state)
        return Tip(entry.run, entry.events[-1].seq, str(rows[-1]["hash"]))

    def _keep_summary(self, connection: sa.Connection, run: str, events: tuple[AnyEvent, ...]) -> int:
        """Keep the run's line of the history, and return its number; 0: it was not opened."""
        row = connection.execute(sa.select(RUNS).where(RUNS.c.run == run)).first()
        before = summary_of(row) if row else None
        after = summary_after(run, before, events)
        if after is None or (after == before and after.number):
            return after.number if after else 0
        texts = {name: str(getattr(after, name)) for name in ("version", "from_version", "reason")}
        values = {column.name: getattr(after, column.name) for column in RUNS.c} | texts
        if row is None or row.number is None:
            values["number"] = self._take_number(connection)
        change = sa.update(RUNS).where(RUNS.c.run == run) if row else sa.insert(RUNS)
        connection.execute(change.values(values))
        return int(values["number"])

    def environment(self, app: str, environment: str) -> EnvironmentRecord:
        """Return what the record knows of an environment. Raises JournalFault."""
        return self.kept_environment(app, environment) or self.rebuild(app, environment)

    def rebuild(self, app: str, environment: str) -> EnvironmentRecord:
        """Rebuild an environment's record from its runs, and return it."""
        with self._change([(app, environment)]) as connection:
            kept = self._environments.rebuild(connection, (app, environment))
        return kept.record

    def keep_note(self, app: str, environment: str, note: LockHolder | None) -> None:
        """Store the person's note that closes an environment; None: there is none."""
        self._state((app, environment), "note", note)

    def keep_maintenance(self, app: str, environment: str, maintenance: Maintenance | None) -> None:
        """Store who shows users a maintenance page, and until when; None: nobody does."""
        self._state((app, environment), "maintenance", maintenance)

    def _state(self, place: Place, part: str, value: object | None) -> None:
        with self._change([place]) as connection:
            self._environments.state(connection, place, part, value)


def next_number(connection: sa.Connection) -> int:
    """Return the number after the last one that a run has."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(RUNS.c.number), 0))).scalar_one()) + 1
