"""The record of runs: events in SQLite, each chained to the one before by its hash, on the disk before `append` returns.

Owns the tables, their chain, and how SQLite is opened so that a kill or a power cut loses nothing that was written. Knows of events only
what a line of the history needs; what they mean is the core's.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from console.adapters.history import OPEN, SEARCHED, found_run, holds, sought, summary_after
from console.adapters.last_written import LastWritten
from console.adapters.lines import PATIENCE, SCHEMA
from console.adapters.state_reserve import give_room, keep_room
from console.adapters.statefolder import Modes, journal_path, modes_of, refuse_network
from console.errors import ConsoleError, UsageFault
from console.model.events import AbortAsked, AnyEvent, HostReturning, RollbackBegan, RunOpened, TakenUp
from console.ports.journal import RunSummary
from console.text import SafeText
from console.wire.codec import DecodeError, decode_event, encode_event

PAGE = 2000
"""Events read at once."""

SAFE_WAL = (3, 51, 3)
"""SQLite before that can damage a write-ahead log that several connections use."""

_META = sa.MetaData()
_RUNS = sa.Table(
    "runs",
    _META,
    sa.Column("run", sa.String, primary_key=True),
    sa.Column("app", sa.String, nullable=False),
    sa.Column("environment", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("commit", sa.String, nullable=False),
    sa.Column("strategy", sa.String, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("started", sa.String, nullable=False),
    sa.Column("ended", sa.String),
    sa.Column("outcome", sa.String),
    sa.Column("exit", sa.Integer),
    sa.Column("number", sa.Integer),
)
_EVENTS = sa.Table(
    "events",
    _META,
    sa.Column("run", sa.String, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("hash", sa.String, nullable=False),
)
_BY_NUMBER = sa.Index("runs_by_number", _RUNS.c.number)
_NEWEST = _RUNS.c.number.desc().nulls_first()
"""A run without a number was written by an older console since the journal was last opened."""
_SAID: sa.ColumnElement[Any] = sa.func.coalesce(_RUNS.c.outcome, OPEN)
_LINE = sa.func.lower(reduce(lambda line, name: line + " " + _RUNS.c[name], SEARCHED, _SAID))
"""What the words of a search are looked for in."""


class JournalFault(ConsoleError):
    """The journal cannot be written, or cannot be believed."""


def first_link(run: str) -> str:
    """Return what the chain of a run starts from (hex): it binds the events to their run."""
    return hashlib.sha256(run.encode()).hexdigest()


def next_link(before: str, payload: bytes) -> str:
    """Return the hash (hex) of an event: SHA-256 over the one before it and its own bytes."""
    return hashlib.sha256(bytes.fromhex(before) + payload).hexdigest()


class SqlJournal:
    """The journal of a state folder. One connection writes; each look reads by a short one of its own."""

    def __init__(self, path: str, modes: Modes | None = None) -> None:
        """Open the journal, or make it. Raises JournalFault or UsageFault where it cannot be used."""
        self.path = path
        modes = self._modes = modes or modes_of(os.path.dirname(path) or ".")
        self._going_back: set[str] = set()
        self._last = LastWritten(path, modes)
        with _told(path):
            if self._last.read() is not None and not os.path.exists(path):
                raise self._lost("it is gone")
            _made(path, modes)
            self._file = os.stat(path).st_ino
            self._writer = _opened(path, writes=True)
            self._reader = _opened(path, writes=False)
            self._connection = self._writer.connect()
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise

    @classmethod
    def of(cls, state: str) -> "SqlJournal":
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
        if self._connection.execute(sa.select(_RUNS.c.run).where(_RUNS.c.number.is_(None)).limit(1)).first():
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
        query = sa.select(_EVENTS.c.hash).where(_EVENTS.c.run == last.run, _EVENTS.c.seq == last.seq)
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
        _META.create_all(self._connection)
        if names and "number" not in names:
            self._connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN number INTEGER")
            _BY_NUMBER.create(self._connection)
        self._connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")

    def _number_runs(self) -> None:
        """Number runs that an older console wrote, in the order in which they were written."""
        bare = sa.select(_RUNS.c.run).where(_RUNS.c.number.is_(None)).order_by(sa.literal_column("rowid"))
        for run in list(self._connection.execute(bare).scalars()):
            self._connection.execute(sa.update(_RUNS).where(_RUNS.c.run == run).values(number=self._next_number()))

    def _next_number(self) -> int:
        return int(self._connection.execute(sa.select(sa.func.coalesce(sa.func.max(_RUNS.c.number), 0))).scalar_one()) + 1

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        self._writer.dispose()
        self._reader.dispose()

    def append(self, run: str, events: tuple[AnyEvent, ...]) -> None:
        """Write, all or nothing, and return only when it is on the disk. Raises JournalFault, and then has written nothing.

        Before a release room is kept for going back; what goes back takes it where there is no other.
        """
        if not events:
            return
        if any(isinstance(event, RunOpened) and event.kind == "deploy" for event in events):
            keep_room(os.path.dirname(self.path), self._modes)
        if any(_goes_back(event) for event in events):
            self._going_back.add(run)
        try:
            self._append(run, events)
        except JournalFault:
            if run not in self._going_back or not give_room(os.path.dirname(self.path)):
                raise
            self._append(run, events)

    def _append(self, run: str, events: tuple[AnyEvent, ...]) -> None:
        with _told(self.path):
            self._verify_in_place()
            with self._connection.begin():
                head = self._head(self._connection, run)
                rows = list(_rows(run, events, *head))
                self._connection.execute(sa.insert(_EVENTS), rows)
                self._keep_summary(run, events)
        self._last.write(run, events[-1].seq, str(rows[-1]["hash"]))

    def _verify_in_place(self) -> None:
        """Raise JournalFault where the file is not the one that was opened: what is written to that would be gone with this process."""
        try:
            in_place = os.stat(self.path).st_ino == self._file
        except FileNotFoundError:
            in_place = False
        if not in_place:
            raise JournalFault(f"the journal {self.path} was removed or replaced while it was written", "restore it from a backup")

    def _head(self, connection: sa.Connection, run: str) -> tuple[int, str]:
        query = sa.select(_EVENTS.c.seq, _EVENTS.c.hash).where(_EVENTS.c.run == run).order_by(_EVENTS.c.seq.desc()).limit(1)
        row = connection.execute(query).first()
        return (row.seq, row.hash) if row else (0, first_link(run))

    def _keep_summary(self, run: str, events: tuple[AnyEvent, ...]) -> None:
        row = self._connection.execute(sa.select(_RUNS).where(_RUNS.c.run == run)).first()
        before = _summary(row) if row else None
        after = summary_after(run, before, events)
        if after is None or after == before:
            return
        values = {column.name: getattr(after, column.name) for column in _RUNS.c} | {"version": str(after.version)}
        if row is None or row.number is None:
            values["number"] = self._next_number()
        change = sa.update(_RUNS).where(_RUNS.c.run == run) if row else sa.insert(_RUNS)
        self._connection.execute(change.values(values))

    def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that number; none for a run that is not known. Raises JournalFault where the chain does not hold."""
        events: list[AnyEvent] = []
        with _told(self.path), self._reader.connect() as connection:
            link = self._link_at(connection, run, after)
            seq = after
            while page := self._page(connection, run, seq):
                for row in page:
                    link = self._verified(run, seq, link, row)
                    events.append(_event(self.path, run, row))
                    seq = row.seq
        return tuple(events)

    def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Events of a run of that type alone, in their order; the chain is not verified."""
        tag = str(kind.__struct_config__.tag)
        query = sa.select(_EVENTS).where(_EVENTS.c.run == run, _EVENTS.c.type == tag).order_by(_EVENTS.c.seq)
        with _told(self.path), self._reader.connect() as connection:
            return tuple(_event(self.path, run, row) for row in connection.execute(query))

    def _link_at(self, connection: sa.Connection, run: str, seq: int) -> str:
        if seq <= 0:
            return first_link(run)
        found = connection.execute(sa.select(_EVENTS.c.hash).where(_EVENTS.c.run == run, _EVENTS.c.seq == seq)).scalar()
        return str(found) if found else ""

    def _page(self, connection: sa.Connection, run: str, after: int) -> list[Any]:
        query = sa.select(_EVENTS).where(_EVENTS.c.run == run, _EVENTS.c.seq > after).order_by(_EVENTS.c.seq).limit(PAGE)
        return list(connection.execute(query))

    def _verified(self, run: str, seq: int, link: str, row: Any) -> str:  # noqa: ANN401 (a row of the table)
        if row.seq != seq + 1 or not link or next_link(link, row.payload.encode()) != row.hash:
            raise _broken(self.path, run, seq + 1)
        return str(row.hash)

    def runs(self, app: str = "", environment: str = "", limit: int = 100, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """Newest first, by their places in the record: those before `after`, and whose line holds each of the words (`!word`: does not), in any case."""
        query = sa.select(_RUNS).order_by(_NEWEST).limit(limit)
        if after is not None:
            query = query.where(_RUNS.c.number < after.number)
        for wanted, word in sought(words):
            held = _LINE.contains(word, autoescape=True)
            query = query.where(held if wanted else ~held)
        if app:
            query = query.where(_RUNS.c.app == app)
        if environment:
            query = query.where(_RUNS.c.environment == environment)
        with _told(self.path), self._reader.connect() as connection:
            return tuple(_summary(row) for row in connection.execute(query))

    def find_run(self, text: str) -> list[RunSummary]:
        """Runs that a person may mean by an id, a part of its beginning, or `last`; newest first. One: that is it."""
        if text == "last":
            return list(self.runs(limit=1))
        match = sa.func.substr(_RUNS.c.run, 1, len(text)) == text
        query = sa.select(_RUNS).where(match).order_by(_NEWEST).limit(100)
        with _told(self.path), self._reader.connect() as connection:
            return found_run(text, [_summary(row) for row in connection.execute(query)])

    def head(self, run: str) -> tuple[int, str]:
        """Return the last event's number and hash (hex): kept elsewhere, it shows that nobody rewrote the record."""
        with _told(self.path), self._reader.connect() as connection:
            return self._head(connection, run)


def _goes_back(event: AnyEvent) -> bool:
    """Whether a run goes back from that event on, or is taken up, so that it can."""
    return isinstance(event, RollbackBegan | HostReturning | AbortAsked | TakenUp) or (isinstance(event, RunOpened) and event.kind == "rollback")


class MemoryJournal:
    """A journal that is gone with its process: for rehearsals and tests."""

    def __init__(self) -> None:
        self._events: dict[str, list[AnyEvent]] = {}
        self._runs: dict[str, RunSummary] = {}

    def append(self, run: str, events: tuple[AnyEvent, ...]) -> None:
        """Keep, all or nothing."""
        kept = self._events.get(run, [])
        _in_order(run, events, kept[-1].seq if kept else 0)
        if events:
            self._events[run] = kept + [decode_event(encode_event(event)) for event in events]
        after = summary_after(run, self._runs.get(run), events)
        if after is not None:
            self._runs[run] = after if after.number else replace(after, number=len(self._runs) + 1)

    def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that number."""
        return tuple(event for event in self._events.get(run, []) if event.seq > after)

    def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Events of a run of that type alone, in their order."""
        return tuple(event for event in self._events.get(run, []) if isinstance(event, kind))

    def runs(self, app: str = "", environment: str = "", limit: int = 100, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """Newest first, by their places in the record: those before `after`, and whose line holds each of the words (`!word`: does not), in any case."""
        chosen = [each for each in self._runs.values() if app in ("", each.app) and environment in ("", each.environment) and holds(each, words)]
        newest = sorted(chosen, key=lambda each: each.number, reverse=True)
        return tuple(each for each in newest if after is None or each.number < after.number)[:limit]

    def find_run(self, text: str) -> list[RunSummary]:
        """Runs that a person may mean by an id, a part of its beginning, or `last`; newest first."""
        runs = self.runs(limit=len(self._runs))
        return list(runs[:1]) if text == "last" else found_run(text, [each for each in runs if each.run.startswith(text)])


def _in_order(run: str, events: Iterable[AnyEvent], last: int) -> None:
    for event in events:
        if event.seq != last + 1:
            raise JournalFault(f"event {event.seq} of {run} cannot follow event {last} in the journal", "another engine may have the run: deploy attach " + run)
        last = event.seq


def _rows(run: str, events: tuple[AnyEvent, ...], last: int, link: str) -> Iterator[dict[str, object]]:
    _in_order(run, events, last)
    for event in events:
        payload = encode_event(event)
        link = next_link(link, payload)
        kind = str(type(event).__struct_config__.tag)
        yield {"run": run, "seq": event.seq, "at": event.at, "type": kind, "payload": payload.decode(), "hash": link}


def _summary(row: Any) -> RunSummary:  # noqa: ANN401 (a row of the table)
    return RunSummary(**{**row._mapping, "version": SafeText(row.version), "number": row.number or 0})


def _event(path: str, run: str, row: Any) -> AnyEvent:  # noqa: ANN401
    try:
        return decode_event(row.payload.encode())
    except DecodeError as problem:
        raise JournalFault(f"event {row.seq} of {run} in {path} is {problem.message}", problem.hint) from None


def _broken(path: str, run: str, seq: int) -> JournalFault:
    return JournalFault(
        f"the record of {run} was changed after it was written: event {seq} does not follow from the one before ({path})",
        "restore the journal from a backup; what was changed cannot be told from it",
    )


def _made(path: str, modes: Modes) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, modes.file))
    except FileExistsError:
        return
    os.chmod(path, modes.file)


def _opened(path: str, *, writes: bool) -> sa.Engine:
    def connect() -> sqlite3.Connection:
        mode = "rw" if os.access(path, os.W_OK) or writes else "ro"
        connection = sqlite3.connect(
            f"file:{quote(os.path.abspath(path))}?mode={mode}", uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            _set_up(connection, writes=writes)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=NullPool)
    sa.event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN"))
    return engine


def _set_up(connection: sqlite3.Connection, *, writes: bool) -> None:
    if not writes:
        connection.execute("PRAGMA query_only=1")
        return
    safe = sqlite3.sqlite_version_info >= SAFE_WAL
    connection.execute("PRAGMA synchronous=" + ("FULL" if safe else "EXTRA"))
    connection.execute("PRAGMA journal_mode=" + ("WAL" if safe else "TRUNCATE"))


_HINTS = (
    ("disk is full", "there is no room left on its disk", "make room there, then type the command again"),
    ("malformed", "it is damaged", "move it away with the files beside it, and restore it from a backup"),
    ("not a database", "it is no journal", "move it away with the files beside it; the console makes a new one"),
    ("readonly", "it may not be written", "see who owns it: ls -l"),
    ("unable to open", "it cannot be opened", "see who owns it and its folder: ls -l"),
    ("locked", f"another process held it for more than {PATIENCE:.0f} s", "see who has it open: fuser -v"),
)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Turn the database's errors into ones that say what to do."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as problem:
        said = str(problem.orig) if isinstance(problem, DatabaseError) and problem.orig else str(problem)
        for sign, meaning, hint in _HINTS:
            if sign in said:
                raise JournalFault(f"the journal {path} cannot be used: {meaning} ({said})", hint) from problem
        raise JournalFault(f"the journal {path} cannot be used: {said}") from problem
    except OSError as problem:
        raise JournalFault(f"the journal {path} cannot be used: {problem.strerror}", "see who owns it and its folder: ls -l") from problem
