"""What the record of runs answers, from its tables, whichever database they are in: events, lines of the history, environments. For one thread that reads.

Knows of events only how their chain is verified; what they mean is the core's.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager

import sqlalchemy as sa

from console.adapters.journal.environment_rows import EnvironmentRows, Place, decode_state, past_rows, places_of
from console.adapters.journal.event_rows import event_of, events_after, last_event
from console.adapters.journal.run_search import found_run, sought
from console.adapters.journal.tables import EVENTS, LINE, NEWEST, RUNS, summary_of
from console.model.carrier import Carrier
from console.model.environment_record import EnvironmentRecord
from console.model.events import AnyEvent
from console.model.run_summary import RunSummary
from console.ports.journal import PastRun


class RecordReader(ABC):
    """What is read of the record in one database. `path`: what people call the record."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._looks = EnvironmentRows(self._events)

    def _events(self, connection: sa.Connection, run: str) -> tuple[AnyEvent, ...]:
        return events_after(connection, self.path, run)

    @abstractmethod
    def _told(self) -> AbstractContextManager[None]:
        """Turn the database's errors into JournalFaults that say what to do."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[sa.Connection]:
        """Give a connection whose reads see the database at one moment, until they are rolled back."""

    def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that number; none for a run that is not known. Raises JournalFault where the chain does not hold."""
        with self._told(), self._reading() as connection:
            return events_after(connection, self.path, run, after, holds=False)

    def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Events of a run of that type alone, in their order; the chain is not verified."""
        tag = str(kind.__struct_config__.tag)
        query = sa.select(EVENTS).where(EVENTS.c.run == run, EVENTS.c.type == tag).order_by(EVENTS.c.seq)
        with self._told(), self._reading() as connection:
            return tuple(event_of(self.path, run, row) for row in connection.execute(query))

    def links(self, run: str) -> list[str]:
        """Return the hashes of a run's events, in their order."""
        with self._told(), self._reading() as connection:
            return list(connection.execute(sa.select(EVENTS.c.hash).where(EVENTS.c.run == run).order_by(EVENTS.c.seq)).scalars())

    def ends(self, runs: Iterable[str]) -> dict[str, int]:
        """Return the number of the last event of those of these runs that are known."""
        query = sa.select(EVENTS.c.run, sa.func.max(EVENTS.c.seq).label("seq")).where(EVENTS.c.run.in_(runs)).group_by(EVENTS.c.run)
        with self._told(), self._reading() as connection:
            return {row.run: row.seq for row in connection.execute(query)}

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
            return last_event(connection, run)

    def kept_environment(self, app: str, environment: str) -> EnvironmentRecord | None:
        """Return the stored record; None: it must be rebuilt."""
        with self._told(), self._reading() as connection:
            kept = self._looks.load(connection, (app, environment))
            return kept.record if kept else None

    def places(self, app: str = "") -> list[Place]:
        """Return the environments (application, environment) of runs, that of the newest run first."""
        with self._told(), self._reading() as connection:
            return places_of(connection, app)

    def past(self, app: str, environment: str, limit: int = 10, before: int = 0) -> tuple[PastRun, ...]:
        """Return ended runs as a rollback needs them, newest first, with numbers below `before` (0: all). The record must be up to date."""
        with self._told(), self._reading() as connection:
            return tuple(PastRun(row.number, decode_state(row.state.encode())) for row in past_rows(connection, (app, environment), limit, before))

    def carried(self) -> dict[str, Carrier]:
        """Return who carries which run, by their leases."""
        return {}
