"""Stores the record of an environment as rows: reads it, updates it in the transaction of its events, and rebuilds it where events are missing from it.

Knows the tables. What the record says is `core.environment.record`'s.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from console.adapters.journal.tables import ENVIRONMENT_ROWS, ENVIRONMENTS, EVENTS, NEWEST, PAST_RUNS, RUNS, summary_of
from console.core.environment.debts import OWING
from console.core.environment.record import ACTED, is_late, is_undoable, recorded, trimmed
from console.core.run.evolve import fold
from console.errors import ConsoleError
from console.model.environment_record import FORMAT, EnvironmentRecord, HostRecord, Released, Unclear
from console.model.events import AnyEvent, HostForgiven, HostOwed, RunEnded
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.run_summary import ASIDE, RunSummary
from console.model.state import RunState
from console.model.values import changed
from console.wire.codec import decoder, encode
from console.wire.frames import DecodeError

BACK = 1000
"""A record is rebuilt from at most this many runs, the newest."""
FOLDED = 100
"""Of these, the newest are all read; of older ones, those that worked on hosts since the oldest run with a debt."""

_HEAD, _HOST, _RELEASE, _USUAL = "record", "host", "release", "usual"
_STATED = ("note", "maintenance")
"""Parts that no event sets; a rebuild keeps them."""
_decoders: dict[str, Callable[[bytes], Any]] = {
    _HEAD: decoder(EnvironmentRecord),
    _HOST: decoder(HostRecord),
    _RELEASE: decoder(Released),
    _USUAL: decoder(tuple[dict[str, tuple[float, ...]], ...]),
    "note": decoder(LockHolder),
    "maintenance": decoder(Maintenance),
}
decode_state: Callable[[bytes], RunState] = decoder(RunState)

Place = tuple[str, str]
"""(application, environment)."""
ReadsEvents = Callable[[sa.Connection, str], tuple[AnyEvent, ...]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record with its position: the newest run (`run`, `number`) and its last event (`seq`) that it covers. `revision` grows with every change."""

    record: EnvironmentRecord
    run: str = ""
    number: int = 0
    seq: int = 0
    revision: int = 0


class EnvironmentRows:
    """The records of one journal, cached in memory by revision. For one thread."""

    def __init__(self, events_of: ReadsEvents) -> None:
        self._events_of = events_of
        self._known: dict[Place, Kept] = {}
        self._fresh: dict[Place, Kept] = {}
        """Changed in the current transaction."""

    def forget(self) -> None:
        """Know nothing by heart any more: another server may answer from now on, whose revisions are others."""
        self._known.clear()

    def begin(self) -> None:
        """Start a transaction: forget what an earlier one that failed has changed."""
        self._fresh.clear()

    def committed(self) -> None:
        """Keep what the transaction has changed: it is on disk."""
        self._known |= self._fresh
        self._fresh.clear()

    def load(self, connection: sa.Connection, place: Place) -> Kept | None:
        """Return a record; None if it is missing, cannot be read, has another format, or does not cover the newest events."""
        row = _goes_to(connection, place)
        if row is None or row.format != FORMAT or (row.run, row.seq) != _newest(connection, place):
            return None
        known = self._known.get(place)
        if known is not None and known.revision == row.revision:
            return known
        found = _as_kept(connection, place, row)
        if found is not None:
            self._known[place] = found
        return found

    def add(self, connection: sa.Connection, number: int, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Add a run's events, which are inserted already, to the record. `number`: the run's; `state`: the run's state after them."""
        place = state.app, state.environment
        kept = self._fresh.get(place) or self._as_before(connection, place, state.run, events[0].seq)
        if kept is None or is_late(kept.record, number, events, state):
            self.rebuild(connection, place)
            return
        after = recorded(kept.record, number, events, state)
        _keep_past_run(connection, number, events, state)
        newest = (state.run, number, events[-1].seq) if number >= kept.number else (kept.run, kept.number, kept.seq)
        self._save(connection, place, kept, Kept(after, *newest, kept.revision + 1))

    def _as_before(self, connection: sa.Connection, place: Place, run: str, seq: int) -> Kept | None:
        """The record before these events; None if it must be rebuilt."""
        known = self._known.get(place)
        row = _goes_to(connection, place)
        if row is None:
            others = sa.select(RUNS.c.run).where(_in(RUNS, place), RUNS.c.run != run).limit(1)
            is_first = seq == 1 and connection.execute(others).first() is None
            return Kept(EnvironmentRecord(app=place[0], environment=place[1])) if is_first else None
        if row.format != FORMAT:
            return None
        if known is not None and known.revision == row.revision:
            return known
        if (row.run, row.seq) not in _newest_before(connection, place, run, seq):
            return None
        return _as_kept(connection, place, row)

    def rebuild(self, connection: sa.Connection, place: Place) -> Kept:
        """Rebuild a record from the events, and write it. What no event sets is kept."""
        row = _goes_to(connection, place)
        connection.execute(sa.delete(ENVIRONMENT_ROWS).where(_in(ENVIRONMENT_ROWS, place), ENVIRONMENT_ROWS.c.part.not_in(_STATED)))
        for table in (PAST_RUNS, ENVIRONMENTS):
            connection.execute(sa.delete(table).where(_in(table, place)))
        stated = _stated(_rows(connection, place))  # all that is left
        bare = record = changed(EnvironmentRecord(app=place[0], environment=place[1]), **stated)
        for one in _telling(connection, place):
            try:
                events = self._events_of(connection, one.run)
            except ConsoleError as fault:  # what it did is not known, and keeps nobody from writing on
                record = changed(record, live=Unclear(fault.message))
                continue
            state = fold(events)
            record = recorded(record, one.number, events, state)
            _keep_past_run(connection, one.number, events, state)
        run, seq = _newest(connection, place)
        number = int(connection.execute(sa.select(RUNS.c.number).where(RUNS.c.run == run)).scalar() or 0)
        return self._save(connection, place, Kept(bare), Kept(record, run, number, seq, (row.revision if row else 0) + 1))

    def state(self, connection: sa.Connection, place: Place, part: str, value: object | None) -> None:
        """Store what no event sets: a person's `note`, or `maintenance`; None: there is none."""
        kept = self.load(connection, place) or self.rebuild(connection, place)
        before = getattr(kept.record, part)
        if before != value:
            _put(connection, place, part, {"": before} if before else {}, {"": value} if value else {})
            self._save(connection, place, kept, replace(kept, record=changed(kept.record, **{part: value}), revision=kept.revision + 1))

    def _save(self, connection: sa.Connection, place: Place, before: Kept, after: Kept) -> Kept:
        old, new = before.record, after.record
        is_new = not before.revision
        heads = ({} if is_new else {"": _head(old)}), {"": _head(new)}
        if is_new or heads[0] != heads[1]:
            _put(connection, place, _HEAD, *heads)
        if is_new or old.usual != new.usual:
            _put(connection, place, _USUAL, {} if is_new else {"": old.usual}, {"": new.usual})
        _put(connection, place, _HOST, old.hosts, new.hosts)
        _put(connection, place, _RELEASE, old.released, new.released)
        values = {"format": FORMAT, "run": after.run, "number": after.number, "seq": after.seq, "revision": after.revision}
        if is_new:
            connection.execute(sa.insert(ENVIRONMENTS).values(app=place[0], environment=place[1], **values))
        else:
            connection.execute(sa.update(ENVIRONMENTS).where(_in(ENVIRONMENTS, place)).values(**values))
        self._fresh[place] = after
        return after


def past_rows(connection: sa.Connection, place: Place, limit: int, before: int) -> list[Any]:
    """Return rows of ended runs, newest first, whose number is below `before` (0: all)."""
    query = sa.select(PAST_RUNS).where(_in(PAST_RUNS, place))
    query = query.where(PAST_RUNS.c.number < before) if before else query
    return list(connection.execute(query.order_by(PAST_RUNS.c.number.desc()).limit(limit)))


def places_of(connection: sa.Connection, app: str) -> list[Place]:
    """Return the environments of an application's runs (empty: of all applications)."""
    query = sa.select(RUNS.c.app, RUNS.c.environment, sa.func.max(RUNS.c.number)).group_by(RUNS.c.app, RUNS.c.environment)
    query = query.where(RUNS.c.app == app) if app else query
    return [(row[0], row[1]) for row in sorted(connection.execute(query), key=lambda row: -(row[2] or 0))]


def _head(record: EnvironmentRecord) -> EnvironmentRecord:
    return changed(record, hosts={}, released={}, usual=(), note=None, maintenance=None)


def _in(table: sa.Table, place: Place) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.app == place[0], table.c.environment == place[1])


def _goes_to(connection: sa.Connection, place: Place) -> Any:  # noqa: ANN401 (a row of the table)
    """The stored position of the record; None: there is no record."""
    return connection.execute(sa.select(ENVIRONMENTS).where(_in(ENVIRONMENTS, place))).first()


def _as_kept(connection: sa.Connection, place: Place, row: Any) -> Kept | None:  # noqa: ANN401
    """The record with its position; None: its rows are damaged or incomplete."""
    try:
        return Kept(_read(connection, place), row.run, row.number, row.seq, row.revision)
    except (DecodeError, KeyError):
        return None


def _rows(connection: sa.Connection, place: Place) -> dict[str, dict[str, Any]]:
    parts: dict[str, dict[str, Any]] = {}
    for row in connection.execute(sa.select(ENVIRONMENT_ROWS).where(_in(ENVIRONMENT_ROWS, place))):
        parts.setdefault(row.part, {})[row.name] = _decoders[row.part](row.value.encode())
    return parts


def _stated(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: parts.get(name, {}).get("") for name in _STATED}


def _read(connection: sa.Connection, place: Place) -> EnvironmentRecord:
    parts = _rows(connection, place)
    released = dict(sorted(parts.get(_RELEASE, {}).items(), key=lambda item: item[1].number))
    head: EnvironmentRecord = parts[_HEAD][""]
    return changed(head, hosts=parts.get(_HOST, {}), released=released, usual=parts.get(_USUAL, {}).get("", ()), **_stated(parts))


def _put(connection: sa.Connection, place: Place, part: str, before: Mapping[str, object], after: Mapping[str, object]) -> None:
    """Insert, update and delete rows of one part so that they match `after`. Values are compared by identity."""
    if before is after:
        return
    key = {"app": place[0], "environment": place[1], "part": part}
    fresh = [{**key, "name": name, "value": encode(value).decode()} for name, value in after.items() if name not in before]
    other = [{"named": name, "said": encode(value).decode()} for name, value in after.items() if name in before and before[name] is not value]
    gone = [name for name in before if name not in after]
    here = sa.and_(_in(ENVIRONMENT_ROWS, place), ENVIRONMENT_ROWS.c.part == part)
    if fresh:
        connection.execute(sa.insert(ENVIRONMENT_ROWS), fresh)
    if other:
        connection.execute(sa.update(ENVIRONMENT_ROWS).where(here, ENVIRONMENT_ROWS.c.name == sa.bindparam("named")).values(value=sa.bindparam("said")), other)
    if gone:
        connection.execute(sa.delete(ENVIRONMENT_ROWS).where(here, ENVIRONMENT_ROWS.c.name.in_(gone)))


def _newest(connection: sa.Connection, place: Place) -> tuple[str, int]:
    """The newest run of an environment, and its last event."""
    run = connection.execute(sa.select(RUNS.c.run).where(_in(RUNS, place)).order_by(NEWEST).limit(1)).scalar()
    return (run, int(connection.execute(sa.select(sa.func.max(EVENTS.c.seq)).where(EVENTS.c.run == run)).scalar() or 0)) if run else ("", 0)


def _newest_before(connection: sa.Connection, place: Place, run: str, seq: int) -> set[tuple[str, int]]:
    """What the newest run and its last event were before that event of `run` was inserted."""
    newest = _newest(connection, place)
    if newest[0] != run:
        return {newest}
    if seq > 1:
        return {(run, seq - 1)}
    other = connection.execute(sa.select(RUNS.c.run).where(_in(RUNS, place), RUNS.c.run != run).order_by(NEWEST).limit(1)).scalar()
    last = connection.execute(sa.select(sa.func.max(EVENTS.c.seq)).where(EVENTS.c.run == other)).scalar() if other else 0
    return {(other or "", int(last or 0))}


def _telling(connection: sa.Connection, place: Place) -> Iterable[RunSummary]:
    """The runs that a rebuild reads, oldest first."""
    query = sa.select(RUNS).where(_in(RUNS, place), RUNS.c.kind.not_in(ASIDE)).order_by(NEWEST).limit(BACK)
    runs = [summary_of(row) for row in connection.execute(query)]
    owed = sa.select(EVENTS.c.run).where(EVENTS.c.type == str(HostOwed.__struct_config__.tag), EVENTS.c.run == sa.bindparam("owing")).limit(1)
    owing = [back for back, one in enumerate(runs) if one.exit in OWING and connection.execute(owed, {"owing": one.run}).first()]
    oldest = owing[-1] if owing else 0
    return [one for back, one in enumerate(runs) if back < FOLDED or (back <= oldest and one.exit in ACTED)][::-1]


def _keep_past_run(connection: sa.Connection, number: int, events: tuple[AnyEvent, ...], state: RunState) -> None:
    if not is_undoable(state) or not any(isinstance(event, RunEnded | HostForgiven) for event in events):
        return
    connection.execute(sa.delete(PAST_RUNS).where(PAST_RUNS.c.run == state.run))
    values = {"run": state.run, "app": state.app, "environment": state.environment, "number": number, "state": encode(trimmed(state)).decode()}
    connection.execute(sa.insert(PAST_RUNS), [values])
