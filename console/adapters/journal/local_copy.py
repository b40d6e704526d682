"""What this machine has of the record that machines share: every run that it carried, on its own disk, before the database has it. Implements `RecordStore`.

A file of the state folder, written and read as the journal there is. It knows which of its runs the database is known to have; what is to be done about
the others is `run_copies`'s.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from console.adapters.journal.chain import chained, first_link
from console.adapters.journal.environment_rows import Place
from console.adapters.journal.event_rows import last_event
from console.adapters.journal.record_store import Tip
from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.journal.tables import EVENTS, PAST_RUNS, RUNS
from console.adapters.statefolder import Modes, made_folder, refuse_network
from console.model.events import AnyEvent
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.run_summary import ASIDE
from console.model.state import RunState
from console.wire.codec import decoder, encode

NAME = "shared.sqlite3"
APART = "apart"
"""The folder, in the state folder, of events that stood here alone and are in no record."""
HANDED = sa.Table("handed", sa.MetaData(), sa.Column("run", sa.String, primary_key=True), sa.Column("seq", sa.Integer, nullable=False))
"""Up to which event the database is known to have a run; it may have more."""

STATED = sa.Table(
    "untold",
    sa.MetaData(),
    *(sa.Column(name, sa.String, primary_key=True) for name in ("app", "environment", "part")),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
)
"""What no event sets (`note`, `maintenance`; null: there is none), and the database is not known to have been told. `before`: what that said, as far as was
known."""
KEPT = 20
"""Runs of an environment that are kept though the database has them all: what a rollback goes by while that is away."""


class Stated(NamedTuple):
    """What the database is still to be told, and what it said when that was stated."""

    part: str
    value: Any
    before: Any


_values: dict[str, Callable[[bytes], Any]] = {"note": decoder(LockHolder | None), "maintenance": decoder(Maintenance | None)}


class LocalCopy(JournalStore):
    """The runs that this machine carried, of the record that it shares."""

    def __init__(self, path: str, modes: Modes | None = None) -> None:
        super().__init__(path, modes)
        with self._told(), self._connection.begin():
            HANDED.create(self._connection, checkfirst=True)
            STATED.create(self._connection, checkfirst=True)

    @classmethod
    def of(cls, state: str) -> "LocalCopy":
        """Open that of a state folder. Raises JournalFault, or UsageFault on a network file system."""
        refuse_network(state)
        return cls(copy_path(state))

    def knows(self, place: Place) -> bool:
        """Whether it has a run of that environment."""
        query = sa.select(RUNS.c.run).where(RUNS.c.app == place[0], RUNS.c.environment == place[1]).limit(1)
        with self._told(), self._reading() as connection:
            return connection.execute(query).first() is not None

    def not_handed(self, place: Place) -> list[str]:
        """Return the runs of an environment that the database may lack events of, the oldest first."""
        last = sa.select(sa.func.max(EVENTS.c.seq)).where(EVENTS.c.run == RUNS.c.run).scalar_subquery()
        query = sa.select(RUNS.c.run).outerjoin(HANDED, HANDED.c.run == RUNS.c.run).order_by(RUNS.c.number)
        query = query.where(RUNS.c.app == place[0], RUNS.c.environment == place[1], sa.func.coalesce(HANDED.c.seq, 0) < last)
        with self._told(), self._reading() as connection:
            return list(connection.execute(query).scalars())

    def handed_runs(self, place: Place) -> dict[str, int]:
        """Return up to which event the database is known to have the runs of an environment, the oldest first."""
        query = sa.select(HANDED.c.run, HANDED.c.seq).join(RUNS, RUNS.c.run == HANDED.c.run).where(HANDED.c.seq > 0).order_by(RUNS.c.number)
        with self._told(), self._reading() as connection:
            return {row.run: row.seq for row in connection.execute(query.where(RUNS.c.app == place[0], RUNS.c.environment == place[1]))}

    def open_runs(self, place: Place) -> list[str]:
        """Return the runs of an environment that have not ended, as far as this machine has them, the oldest first."""
        query = sa.select(RUNS.c.run).where(RUNS.c.app == place[0], RUNS.c.environment == place[1], RUNS.c.outcome.is_(None)).order_by(RUNS.c.number)
        with self._told(), self._reading() as connection:
            return list(connection.execute(query).scalars())

    def handed(self, run: str, seq: int) -> None:
        """Keep that the database has a run up to that event."""
        with self._told(), self._connection.begin():
            self._connection.execute(sa.delete(HANDED).where(HANDED.c.run == run))
            self._connection.execute(sa.insert(HANDED).values(run=run, seq=seq))

    def forget(self, place: Place) -> list[str]:
        """Let go of runs that the database has, and return them: those that had ended before the last KEPT that worked on hosts. Their room is used again.

        The run that was written to last stays: by that the next engine sees that nothing was lost.
        """
        newest = self._last.read()
        mine = sa.and_(RUNS.c.app == place[0], RUNS.c.environment == place[1])
        ended = sa.select(RUNS.c.number).where(mine, RUNS.c.outcome.is_not(None), RUNS.c.kind.not_in(ASIDE)).order_by(RUNS.c.number.desc())
        last = sa.select(sa.func.max(EVENTS.c.seq)).where(EVENTS.c.run == RUNS.c.run).scalar_subquery()
        has_all = sa.select(RUNS.c.run).join(HANDED, HANDED.c.run == RUNS.c.run).where(mine, RUNS.c.outcome.is_not(None), HANDED.c.seq >= last)
        with self._told(), self._connection.begin():
            oldest = self._connection.execute(ended.offset(KEPT - 1).limit(1)).scalar()
            older = has_all.where(RUNS.c.number < (oldest or 0), RUNS.c.run != (newest.run if newest else ""))
            gone = list(self._connection.execute(older).scalars())
            for table in (EVENTS, PAST_RUNS, RUNS, HANDED) if gone else ():
                self._connection.execute(sa.delete(table).where(table.c.run == sa.bindparam("gone")), [{"gone": run} for run in gone])
        return gone

    def state_later(self, place: Place, part: str, value: object | None, before: object | None) -> None:
        """Keep what the database is to be told, in the place of what was kept earlier; what that said before is the same then."""
        with self._told(), self._connection.begin():
            known = self._connection.execute(sa.select(STATED.c.before).where(_of(place, part))).scalar()
            self._connection.execute(sa.delete(STATED).where(_of(place, part)))
            row = {"app": place[0], "environment": place[1], "part": part, "value": _text(value), "before": known or _text(before)}
            self._connection.execute(sa.insert(STATED).values(row))

    def stated(self, place: Place) -> list[Stated]:
        """Return what the database is to be told of an environment, by its parts."""
        query = sa.select(STATED).where(STATED.c.app == place[0], STATED.c.environment == place[1]).order_by(STATED.c.part)
        with self._told(), self._reading() as connection:
            return [Stated(row.part, *(_values[row.part](text.encode()) for text in (row.value, row.before))) for row in connection.execute(query)]

    def told(self, place: Place, part: str, value: object | None) -> None:
        """Keep that the database is not to be told so any more; what was said since still is."""
        with self._told(), self._connection.begin():
            self._connection.execute(sa.delete(STATED).where(_of(place, part), STATED.c.value == _text(value)))

    def keep_apart(self, run: str, after: int) -> str:
        """Write the events after that one into a file of their own, each with its hash, and return its path once it is on the disk."""
        folder = os.path.join(os.path.dirname(self.path), APART)
        path = os.path.join(folder, f"{run}-after-{after}.jsonl")
        query = sa.select(EVENTS).where(EVENTS.c.run == run, EVENTS.c.seq > after).order_by(EVENTS.c.seq)
        with self._told(), self._reading() as connection:
            made_folder(folder, self._modes)
            _write_whole(path, b"".join(encode(dict(row._mapping)) + b"\n" for row in connection.execute(query)), self._modes)
        return path

    def replace_run(self, run: str, events: Sequence[AnyEvent], state: RunState) -> None:
        """Have a run be as the database has it."""
        with self._change([(state.app, state.environment)]) as connection:
            for table in (EVENTS, PAST_RUNS):
                connection.execute(sa.delete(table).where(table.c.run == run))
            connection.execute(sa.insert(EVENTS), list(chained(run, events, 0, first_link(run))))
            number = connection.execute(sa.select(RUNS.c.number).where(RUNS.c.run == run)).scalar()
            connection.execute(sa.delete(RUNS).where(RUNS.c.run == run))
            self._keep_summary(connection, run, tuple(events))
            connection.execute(sa.update(RUNS).where(RUNS.c.run == run).values(number=number))
            seq, link = last_event(connection, run)
        self._after_commit([Tip(run, seq, link)])
        self.rebuild(state.app, state.environment)


def _text(value: object | None) -> str:
    return encode(value).decode()


def _of(place: Place, part: str) -> sa.ColumnElement[bool]:
    return sa.and_(STATED.c.app == place[0], STATED.c.environment == place[1], STATED.c.part == part)


def copy_path(state: str) -> str:
    """Return the path of that file in a state folder."""
    return os.path.join(state, NAME)


def _write_whole(path: str, data: bytes, modes: Modes) -> None:
    """Write a file that is whole on the disk, or not there."""
    fresh = f"{path}.{os.getpid()}"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, modes.file), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
