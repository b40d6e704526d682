"""The record of runs in a file: events, each chained to the one before by its hash, on the disk before `write` returns.

Owns the tables' contents and their order. For one thread that writes and one that reads. Knows of events only what a line of the history and an
environment's record need; what they mean is the core's.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from console.adapters.journal.chain import JournalFault, broken, chained, first_link, next_link
from console.adapters.journal.environment_rows import EnvironmentRows, Place, decode_state, past_rows, places_of
from console.adapters.journal.last_written import LastWritten
from console.adapters.journal.reserve import give_room, keep_room
from console.adapters.journal.run_search import SCHEMA
from console.adapters.journal.run_summaries import found_run, sought, summary_after
from console.adapters.journal.sqlite import made, opened, told
from console.adapters.journal.tables import EVENTS, LINE, META, NEWEST, RUNS, RUNS_BY_NUMBER, summary_of
from console.adapters.statefolder import Modes, journal_path, modes_of, refuse_network
from console.errors import UsageFault
from console.model.environment_record import EnvironmentRecord
from console.model.events import AbortAsked, AnyEvent, HostReturning, RollbackBegan, RunOpened, TakenUp
from console.model.host_facts import LockHolder
from console.model.maintenance import Maintenance
from console.model.state import RunState
from console.ports.journal import PastRun, RunSummary
from console.wire.codec import DecodeError, decode_event

PAGE = 2000
"""Events read at once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Events of one run to be written, and the run's state after them."""

    run: str
    events: tuple[AnyEvent, ...]
    state: RunState


class JournalStore:
    """The journal of a state folder. One connection writes; each look reads by a short one of its own."""

    def __init__(self, path: str, modes: Modes | None = None) -> None:
        """Open the journal, or make it. Raises JournalFault or UsageFault where it cannot be used."""
        self.path = path
        modes = self._modes = modes or modes_of(os.path.dirname(path) or ".")
        self._going_back: set[str] = set()
        self._last = LastWritten(path, modes)
        with told(path):
            if self._last.read() is not None and not os.path.exists(path):
                raise self._lost("it is gone")
            made(path, modes)
            self._file = os.stat(path).st_ino
            self._writer = opened(path, writes=True)
            self._reader = opened(path, writes=False)
            self._environments, self._looks = EnvironmentRows(self._read), EnvironmentRows(self._read)
            self._connection = self._writer.connect()
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise

    @classmethod
    def of(cls, state: str) -> "JournalStore":
        """Open the journal of a state folder. Raises UsageFault on a network file system."""
        refuse_network(state)
        return cls(journal_path(state))

    def _prepare(self) -> None:
        version = self._connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        self._connection.rollback()
        if version > SCHEMA:
            raise UsageFault(
                f"the journal {self.path} was written by a newer console (format {version}; this one knows {SCHEMA})",
                "use the newer console, or set DEPLOY_STATE to another folder",
            )
        self._verify_last(version)
        if version < SCHEMA:
            with self._connection.begin():
                self._upgrade()
        if self._connection.execute(sa.select(RUNS.c.run).where(RUNS.c.number.is_(None)).limit(1)).first():
            self._connection.rollback()
            with self._connection.begin():
                self._number_runs()
        self._connection.rollback()

    def _verify_last(self, version: int) -> None:
        """Raise JournalFault where the last event that was written is not there: the file was emptied, cut, or replaced by an older one."""
        last = self._last.read()
        if last is None:
            return
        if version == 0:
            raise self._lost("it is empty")
        query = sa.select(EVENTS.c.hash).where(EVENTS.c.run == last.run, EVENTS.c.seq == last.seq)
        found = self._connection.execute(query).scalar()
        self._connection.rollback()
        if found != last.hash:
            raise self._lost(f"event {last.seq} of {last.run} was written, and is not in it")

    def _lost(self, what: str) -> JournalFault:
        """Return the fault of a journal that has lost events."""
        return JournalFault(
            f"the journal {self.path} has lost events: {what}",
            f"restore it from a backup; or go on with what it holds, which may not be what the hosts have: rm {self._last.path}",
        )

    def _upgrade(self) -> None:
        names = [row[1] for row in self._connection.exec_driver_sql("PRAGMA table_info(runs)")]
        META.create_all(self._connection)
        if names and "number" not in names:
            self._connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN number INTEGER")
            RUNS_BY_NUMBER.create(self._connection)
        self._connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")

    def _number_runs(self) -> None:
        """Number runs that an older console wrote, in the order in which they were written."""
        bare = sa.select(RUNS.c.run).where(RUNS.c.number.is_(None)).order_by(sa.literal_column("rowid"))
        for run in list(self._connection.execute(bare).scalars()):
            self._connection.execute(sa.update(RUNS).where(RUNS.c.run == run).values(number=self._next_number()))

    def _next_number(self) -> int:
        return int(self._connection.execute(sa.select(sa.func.coalesce(sa.func.max(RUNS.c.number), 0))).scalar_one()) + 1

    def close(self) -> None:
        """Close the database file."""
        self._connection.close()
        self._writer.dispose()
        self._reader.dispose()

    def append(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Write, all or nothing, and return only when it is on the disk. Raises JournalFault, and then has written nothing."""
        for fault in self.write([Entry(run, events, state)] if events else []):
            if fault is not None:
                raise fault

    def write(self, entries: Sequence[Entry]) -> list[JournalFault | None]:
        """Write all entries in one transaction, and return once they are on disk: for each entry, why it was not written, or None.

        Before a release room is kept for going back; what goes back takes it where there is no other.
        """
        for entry in entries:
            if any(isinstance(event, RunOpened) and event.kind == "deploy" for event in entry.events):
                keep_room(os.path.dirname(self.path), self._modes)
            if any(_goes_back(event) for event in entry.events):
                self._going_back.add(entry.run)
        if len(entries) > 1:
            try:
                return self._written(entries)
            except JournalFault:
                pass  # one by one, so that none keeps another from being written
        return [self._written_alone(entry) for entry in entries]

    def _written_alone(self, entry: Entry) -> JournalFault | None:
        try:
            return self._written([entry])[0]
        except JournalFault as fault:
            if entry.run not in self._going_back or not give_room(os.path.dirname(self.path)):
                return fault
        try:
            return self._written([entry])[0]
        except JournalFault as fault:
            return fault

    def _written(self, entries: Sequence[Entry]) -> list[JournalFault | None]:
        faults: list[JournalFault | None] = []
        last: tuple[str, int, str] | None = None
        with told(self.path):
            self._verify_in_place()
            self._environments.begin()
            with self._connection.begin():
                for entry in entries:
                    try:
                        last = self._insert(entry)
                        faults.append(None)
                    except _OutOfOrder as fault:
                        faults.append(fault)
        self._environments.committed()
        if last is not None:
            self._last.write(*last)
        return faults

    def _insert(self, entry: Entry) -> tuple[str, int, str]:
        head = self._head(self._connection, entry.run)
        try:
            rows = list(chained(entry.run, entry.events, *head))
        except JournalFault as fault:
            raise _OutOfOrder(fault.message, fault.hint) from None
        self._connection.execute(sa.insert(EVENTS), rows)
        number = self._keep_summary(entry.run, entry.events)
        if number and entry.state.run == entry.run:
            self._environments.add(self._connection, number, entry.events, entry.state)
        return entry.run, entry.events[-1].seq, str(rows[-1]["hash"])

    def _verify_in_place(self) -> None:
        """Raise JournalFault where the file is not the one that was opened: what is written to that would be gone with this process."""
        try:
            in_place = os.stat(self.path).st_ino == self._file
        except FileNotFoundError:
            in_place = False
        if not in_place:
            raise JournalFault(f"the journal {self.path} was removed or replaced while it was written", "restore it from a backup")

    def _head(self, connection: sa.Connection, run: str) -> tuple[int, str]:
        query = sa.select(EVENTS.c.seq, EVENTS.c.hash).where(EVENTS.c.run == run).order_by(EVENTS.c.seq.desc()).limit(1)
        row = connection.execute(query).first()
        return (row.seq, row.hash) if row else (0, first_link(run))

    def _keep_summary(self, run: str, events: tuple[AnyEvent, ...]) -> int:
        """Keep the run's line of the history, and return its number; 0: it was not opened."""
        row = self._connection.execute(sa.select(RUNS).where(RUNS.c.run == run)).first()
        before = summary_of(row) if row else None
        after = summary_after(run, before, events)
        if after is None or (after == before and after.number):
            return after.number if after else 0
        values = {column.name: getattr(after, column.name) for column in RUNS.c} | {"version": str(after.version)}
        if row is None or row.number is None:
            values["number"] = self._next_number()
        change = sa.update(RUNS).where(RUNS.c.run == run) if row else sa.insert(RUNS)
        self._connection.execute(change.values(values))
        return int(values["number"])

    def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that number; none for a run that is not known. Raises JournalFault where the chain does not hold."""
        with told(self.path), self._reader.connect() as connection:
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
        with told(self.path), self._reader.connect() as connection:
            return tuple(_event(self.path, run, row) for row in connection.execute(query))

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
        with told(self.path), self._reader.connect() as connection:
            return tuple(summary_of(row) for row in connection.execute(query))

    def find_run(self, text: str) -> list[RunSummary]:
        """Runs that a person may mean by an id, a part of its beginning, or `last`; newest first. One: that is it."""
        if text == "last":
            return list(self.runs(limit=1))
        match = sa.func.substr(RUNS.c.run, 1, len(text)) == text
        query = sa.select(RUNS).where(match).order_by(NEWEST).limit(100)
        with told(self.path), self._reader.connect() as connection:
            return found_run(text, [summary_of(row) for row in connection.execute(query)])

    def head(self, run: str) -> tuple[int, str]:
        """Return the last event's number and hash (hex): kept elsewhere, it shows that nobody rewrote the record."""
        with told(self.path), self._reader.connect() as connection:
            return self._head(connection, run)

    def environment(self, app: str, environment: str) -> EnvironmentRecord:
        """Return what the record knows of an environment. Raises JournalFault."""
        return self.kept_environment(app, environment) or self.rebuild(app, environment)

    def kept_environment(self, app: str, environment: str) -> EnvironmentRecord | None:
        """Return the stored record; None: it must be rebuilt."""
        with told(self.path), self._reader.connect() as connection:
            kept = self._looks.load(connection, (app, environment))
            return kept.record if kept else None

    def rebuild(self, app: str, environment: str) -> EnvironmentRecord:
        """Rebuild an environment's record from its runs, and return it."""
        with told(self.path):
            self._environments.begin()
            with self._connection.begin():
                kept = self._environments.rebuild(self._connection, (app, environment))
        self._environments.committed()
        return kept.record

    def places(self, app: str = "") -> list[Place]:
        """Return the environments (application, environment) of runs, that of the newest run first."""
        with told(self.path), self._reader.connect() as connection:
            return places_of(connection, app)

    def past(self, app: str, environment: str, limit: int = 10, before: int = 0) -> tuple[PastRun, ...]:
        """Return ended runs as a rollback needs them, newest first, with numbers below `before` (0: all). The record must be up to date."""
        with told(self.path), self._reader.connect() as connection:
            return tuple(PastRun(row.number, decode_state(row.state.encode())) for row in past_rows(connection, (app, environment), limit, before))

    def keep_note(self, app: str, environment: str, note: LockHolder | None) -> None:
        """Store the person's note that closes an environment; None: there is none."""
        self._state((app, environment), "note", note)

    def keep_maintenance(self, app: str, environment: str, maintenance: Maintenance | None) -> None:
        """Store who shows users a maintenance page, and until when; None: nobody does."""
        self._state((app, environment), "maintenance", maintenance)

    def _state(self, place: Place, part: str, value: object | None) -> None:
        with told(self.path):
            self._verify_in_place()
            self._environments.begin()
            with self._connection.begin():
                self._environments.state(self._connection, place, part, value)
        self._environments.committed()


class _OutOfOrder(JournalFault):
    """Events that do not follow the last one of their run in the journal."""


def _goes_back(event: AnyEvent) -> bool:
    """Whether a run goes back from that event on, or is taken up, so that it can."""
    return isinstance(event, RollbackBegan | HostReturning | AbortAsked | TakenUp) or (isinstance(event, RunOpened) and event.kind == "rollback")


def _event(path: str, run: str, row: Any) -> AnyEvent:  # noqa: ANN401 (a row of the table)
    try:
        return decode_event(row.payload.encode())
    except DecodeError as problem:
        raise JournalFault(f"event {row.seq} of {run} in {path} is {problem.message}", problem.hint) from None
