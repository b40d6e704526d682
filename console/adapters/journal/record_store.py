"""The record of runs in tables: events, each chained to the one before by its hash, on a disk before `write` returns.

Owns the tables' contents and their order, whichever database they are in. For one thread that writes and one that reads. Knows of events only what a
line of the history and an environment's record need; what they mean is the core's.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import sqlalchemy as sa

from console.adapters.journal.chain import JournalAway, JournalFault, broken, chained, first_link, next_link
from console.adapters.journal.environment_rows import EnvironmentRows, Place, decode_state, past_rows, places_of
from console.adapters.journal.run_search import found_run, sought
from console.adapters.journal.summary_from_events import summary_after
from console.adapters.journal.tables import EVENTS, LINE, NEWEST, RUNS, summary_of
from console.model.carrier import Carrier
from console.model.environment_record import EnvironmentRecord
from console.model.events import AnyEvent
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.run_summary import RunSummary
from console.model.state import RunState
from console.ports.journal import PastRun
from console.ports.sharing_machines import SharingMachines
from console.wire.codec import decode_event
from console.wire.frames import DecodeError

T = TypeVar("T")

PAGE = 2000
"""Events read at once."""


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


class RecordStore(ABC):
    """The record of runs in one database. `path`: what people call the record."""

    is_shared = False
    """Whether engines of other machines write to it."""
    patience: float | None = None
    """Seconds after which an answer is not waited for any more; None: each answer comes by itself."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._environments, self._looks = EnvironmentRows(self._read), EnvironmentRows(self._read)

    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""

    @abstractmethod
    def _told(self) -> AbstractContextManager[None]:
        """Turn the database's errors into JournalFaults that say what to do."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[sa.Connection]:
        """Give a connection whose reads see the database at one moment, until they are rolled back."""

    @abstractmethod
    def _transaction(self, places: Iterable[Place]) -> AbstractContextManager[sa.Connection]:
        """Give the writing connection in a transaction that nobody else writes to these environments beside, and that is on the disk at its end."""

    @abstractmethod
    def _take_number(self, connection: sa.Connection) -> int:
        """Return the next run's number: above that of each run whose transaction ends before this one."""

    @abstractmethod
    def machines(self, asks: Asks) -> SharingMachines:
        """Return what is done with other machines, beside a loop: `asks` has a thread that reads and one that writes."""

    def carried(self) -> dict[str, Carrier]:
        """Return who carries which run, by their leases."""
        return {}

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
        head = self._head(connection, entry.run)
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

    def _head(self, connection: sa.Connection, run: str) -> tuple[int, str]:
        query = sa.select(EVENTS.c.seq, EVENTS.c.hash).where(EVENTS.c.run == run).order_by(EVENTS.c.seq.desc()).limit(1)
        row = connection.execute(query).first()
        return (row.seq, row.hash) if row else (0, first_link(run))

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

    def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that number; none for a run that is not known. Raises JournalFault where the chain does not hold."""
        with self._told(), self._reading() as connection:
            return self._read(connection, run, after, holds=False)

    def _read(self, connection: sa.Connection, run: str, after: int = 0, *, holds: bool = True) -> tuple[AnyEvent, ...]:
        """Read by pages. `holds`: in one transaction; otherwise one for each page, so that a writer waits for a page at most."""
        events: list[AnyEvent] = []
        link, seq = self._link_at(connection, run, after), after
        while page := self._page(connection, run, seq):
            if not holds:
                connection.rollback()
            for row in page:
                link = self._verified(run, seq, link, row)
                events.append(_event(self.path, run, row))
                seq = row.seq
        return tuple(events)

    def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Events of a run of that type alone, in their order; the chain is not verified."""
        tag = str(kind.__struct_config__.tag)
        query = sa.select(EVENTS).where(EVENTS.c.run == run, EVENTS.c.type == tag).order_by(EVENTS.c.seq)
        with self._told(), self._reading() as connection:
            return tuple(_event(self.path, run, row) for row in connection.execute(query))

    def links(self, run: str) -> list[str]:
        """Return the hashes of a run's events, in their order."""
        with self._told(), self._reading() as connection:
            return list(connection.execute(sa.select(EVENTS.c.hash).where(EVENTS.c.run == run).order_by(EVENTS.c.seq)).scalars())

    def ends(self, runs: Iterable[str]) -> dict[str, int]:
        """Return the number of the last event of those of these runs that are known."""
        query = sa.select(EVENTS.c.run, sa.func.max(EVENTS.c.seq).label("seq")).where(EVENTS.c.run.in_(runs)).group_by(EVENTS.c.run)
        with self._told(), self._reading() as connection:
            return {row.run: row.seq for row in connection.execute(query)}

    def _link_at(self, connection: sa.Connection, run: str, seq: int) -> str:
        if seq <= 0:
            return first_link(run)
        found = connection.execute(sa.select(EVENTS.c.hash).where(EVENTS.c.run == run, EVENTS.c.seq == seq)).scalar()
        return str(found) if found else ""

    def _page(self, connection: sa.Connection, run: str, after: int) -> list[Any]:
        query = sa.select(EVENTS).where(EVENTS.c.run == run, EVENTS.c.seq > after).order_by(EVENTS.c.seq).limit(PAGE)
        return list(connection.execute(query))

    def _verified(self, run: str, seq: int, link: str, row: Any) -> str:  # noqa: ANN401 (a row of the table)
        if row.seq != seq + 1 or not link or next_link(link, row.payload.encode()) != row.hash:
            raise broken(self.path, run, seq + 1)
        return str(row.hash)

    def runs(self, app: str = "", environment: str = "", limit: int = 100, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """Newest first, by their places in the record: those before `after`, and whose line holds each of the words (`!word`: does not), in any case."""
        query = sa.select(RUNS).order_by(NEWEST).limit(limit)
        if after is not None:
            query = query.where(RUNS.c.number < after.number)
        for wanted, word in sought(words):
            held = LINE.contains(word, autoescape=True)
            query = query.where(held if wanted else ~held)
        if app:
            query = query.where(RUNS.c.app == app)
        if environment:
            query = query.where(RUNS.c.environment == environment)
        with self._told(), self._reading() as connection:
            return tuple(summary_of(row) for row in connection.execute(query))

    def find_run(self, text: str) -> list[RunSummary]:
        """Runs that a person may mean by an id, a part of its beginning, or `last`; newest first. One: that is it."""
        if text == "last":
            return list(self.runs(limit=1))
        match = sa.func.substr(RUNS.c.run, 1, len(text)) == text
        query = sa.select(RUNS).where(match).order_by(NEWEST).limit(100)
        with self._told(), self._reading() as connection:
            return found_run(text, [summary_of(row) for row in connection.execute(query)])

    def head(self, run: str) -> tuple[int, str]:
        """Return the last event's number and hash (hex): kept elsewhere, it shows that nobody rewrote the record."""
        with self._told(), self._reading() as connection:
            return self._head(connection, run)

    def environment(self, app: str, environment: str) -> EnvironmentRecord:
        """Return what the record knows of an environment. Raises JournalFault."""
        return self.kept_environment(app, environment) or self.rebuild(app, environment)

    def kept_environment(self, app: str, environment: str) -> EnvironmentRecord | None:
        """Return the stored record; None: it must be rebuilt."""
        with self._told(), self._reading() as connection:
            kept = self._looks.load(connection, (app, environment))
            return kept.record if kept else None

    def rebuild(self, app: str, environment: str) -> EnvironmentRecord:
        """Rebuild an environment's record from its runs, and return it."""
        with self._change([(app, environment)]) as connection:
            kept = self._environments.rebuild(connection, (app, environment))
        return kept.record

    def places(self, app: str = "") -> list[Place]:
        """Return the environments (application, environment) of runs, that of the newest run first."""
        with self._told(), self._reading() as connection:
            return places_of(connection, app)

    def past(self, app: str, environment: str, limit: int = 10, before: int = 0) -> tuple[PastRun, ...]:
        """Return ended runs as a rollback needs them, newest first, with numbers below `before` (0: all). The record must be up to date."""
        with self._told(), self._reading() as connection:
            return tuple(PastRun(row.number, decode_state(row.state.encode())) for row in past_rows(connection, (app, environment), limit, before))

    def keep_note(self, app: str, environment: str, note: LockHolder | None) -> None:
        """Store the person's note that closes an environment; None: there is none."""
        self._state((app, environment), "note", note)

    def keep_maintenance(self, app: str, environment: str, maintenance: Maintenance | None) -> None:
        """Store who shows users a maintenance page, and until when; None: nobody does."""
        self._state((app, environment), "maintenance", maintenance)

    def _state(self, place: Place, part: str, value: object | None) -> None:
        with self._change([place]) as connection:
            self._environments.state(connection, place, part, value)


def _event(path: str, run: str, row: Any) -> AnyEvent:  # noqa: ANN401 (a row of the table)
    try:
        return decode_event(row.payload.encode())
    except DecodeError as problem:
        raise JournalFault(f"event {row.seq} of {run} in {path} is {problem.message}", problem.hint) from None


def next_number(connection: sa.Connection) -> int:
    """Return the number after the last one that a run has."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(RUNS.c.number), 0))).scalar_one()) + 1
