"""The record of runs in a file of the state folder. One process or several may have it open; SQLite keeps their writes apart.

Owns the file: its making, its upgrade, what shows that it lost events, and the room that is kept for going back. What stands in it is
`record_store`'s and `record_reader`'s.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import sqlalchemy as sa

from console.adapters.journal.chain import JournalFault
from console.adapters.journal.disk_reserve import give_room, keep_room
from console.adapters.journal.environment_rows import Place
from console.adapters.journal.last_written import LastWritten
from console.adapters.journal.one_machine import OneMachine
from console.adapters.journal.quick_history import SCHEMA
from console.adapters.journal.record_store import Asks, Entry, RecordStore, Tip, next_number
from console.adapters.journal.sqlite_connection import made, opened, told
from console.adapters.journal.tables import EVENTS, META, RUNS, RUNS_BY_NUMBER, SINCE_4
from console.adapters.statefolder import Modes, journal_path, modes_of, refuse_network
from console.errors import StateUnusable
from console.model.events import AbortAsked, AnyEvent, HostReturning, RollbackBegan, RunOpened, TakenUp
from console.ports.sharing_machines import SharingMachines


class JournalStore(RecordStore):
    """The journal of a state folder. One connection writes; each look reads by a short one of its own."""

    def __init__(self, path: str, modes: Modes | None = None) -> None:
        """Open the journal, or make it. Raises JournalFault or StateUnusable where it cannot be used."""
        super().__init__(path)
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
            self._connection = self._writer.connect()
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise

    @classmethod
    def of(cls, state: str) -> "JournalStore":
        """Open the journal of a state folder. Raises StateUnusable on a network file system."""
        refuse_network(state)
        return cls(journal_path(state))

    def machines(self, asks: Asks) -> SharingMachines:
        """Return that there are no others: the file is of this machine."""
        return OneMachine()

    def _prepare(self) -> None:
        version = self._connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        self._connection.rollback()
        if version > SCHEMA:
            raise StateUnusable(
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
        for name in SINCE_4 if names and SINCE_4[0] not in names else ():
            self._connection.exec_driver_sql(f"ALTER TABLE runs ADD COLUMN {name} VARCHAR NOT NULL DEFAULT ''")
        self._connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")

    def _number_runs(self) -> None:
        """Number runs that an older console wrote, in the order in which they were written."""
        bare = sa.select(RUNS.c.run).where(RUNS.c.number.is_(None)).order_by(sa.literal_column("rowid"))
        for run in list(self._connection.execute(bare).scalars()):
            self._connection.execute(sa.update(RUNS).where(RUNS.c.run == run).values(number=next_number(self._connection)))

    def close(self) -> None:
        """Close the database file."""
        self._connection.close()
        self._writer.dispose()
        self._reader.dispose()

    def write(self, entries: Sequence[Entry]) -> list[JournalFault | None]:
        """Write as every record does. Before a release room is kept for going back; what goes back takes it where there is no other."""
        for entry in entries:
            if any(isinstance(event, RunOpened) and event.kind == "deploy" for event in entry.events):
                keep_room(os.path.dirname(self.path), self._modes)
            if any(_goes_back(event) for event in entry.events):
                self._going_back.add(entry.run)
        return super().write(entries)

    def _written_alone(self, entry: Entry) -> JournalFault | None:
        fault = super()._written_alone(entry)
        if fault is not None and entry.run in self._going_back and give_room(os.path.dirname(self.path)):
            return super()._written_alone(entry)
        return fault

    def _before_commit(self, connection: sa.Connection, tips: Sequence[Tip]) -> None:
        """Do nothing: the events are all that there is."""

    def _after_commit(self, tips: Sequence[Tip]) -> None:
        if tips:
            self._last.write(*tips[-1])

    def _told(self) -> AbstractContextManager[None]:
        return told(self.path)

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        return self._reader.connect()

    @contextmanager
    def _transaction(self, places: Iterable[Place]) -> Iterator[sa.Connection]:
        self._verify_in_place()
        with self._connection.begin():
            yield self._connection

    def _take_number(self, connection: sa.Connection) -> int:
        return next_number(connection)

    def _verify_in_place(self) -> None:
        """Raise JournalFault where the file is not the one that was opened: what is written to that would be gone with this process."""
        try:
            in_place = os.stat(self.path).st_ino == self._file
        except FileNotFoundError:
            in_place = False
        if not in_place:
            raise JournalFault(f"the journal {self.path} was removed or replaced while it was written", "restore it from a backup")


def _goes_back(event: AnyEvent) -> bool:
    """Whether a run goes back from that event on, or is taken up, so that it can."""
    return isinstance(event, RollbackBegan | HostReturning | AbortAsked | TakenUp) or (isinstance(event, RunOpened) and event.kind == "rollback")
