"""A journal that is gone with its process, for tests. Implements `ports.Journal` without a disk or a thread."""

from collections.abc import Callable
from dataclasses import replace

from console.adapters.journal.chain import in_order
from console.adapters.journal.one_machine import OneMachine
from console.adapters.journal.run_search import found_run, holds
from console.adapters.journal.summary_from_events import summary_after
from console.core.environment.record import is_late, is_undoable, recorded, trimmed
from console.core.run.evolve import fold
from console.model.environment_record import EnvironmentRecord
from console.model.events import AnyEvent
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.run_summary import RunSummary
from console.model.state import RunState
from console.model.values import changed
from console.ports.journal import HearsOutage, Known, PastRun
from console.wire.codec import decode_event, encode_event


class MemoryJournal:
    """The record of runs, in memory."""

    def __init__(self) -> None:
        self._events: dict[str, list[AnyEvent]] = {}
        self._runs: dict[str, RunSummary] = {}
        self._records: dict[tuple[str, str], EnvironmentRecord] = {}
        self.machines = OneMachine()

    is_shared = False
    outage = None

    def watch(self, hears: HearsOutage) -> Callable[[], None]:
        """Tell nobody anything: memory is never away."""
        return lambda: None

    def hurry(self, run: str) -> None:
        """Do nothing: memory is never waited for."""

    async def append(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Keep the events, all of them or none."""
        kept = self._events.get(run, [])
        fresh = [decode_event(encode_event(event)) for event in in_order(run, events, kept[-1].seq if kept else 0)]
        if not events:
            return
        self._events[run] = [*kept, *fresh]
        after = summary_after(run, self._runs.get(run), events)
        if after is None:
            return
        self._runs[run] = after = after if after.number else replace(after, number=len(self._runs) + 1)
        place = after.app, after.environment
        record = self._records.get(place, EnvironmentRecord(*place))
        late = is_late(record, after.number, events, state)
        self._records[place] = self._rebuilt(place) if late else recorded(record, after.number, tuple(events), state)

    def _rebuilt(self, place: tuple[str, str]) -> EnvironmentRecord:
        record = EnvironmentRecord(*place, note=self._records[place].note, maintenance=self._records[place].maintenance)
        for one in sorted(self._runs.values(), key=lambda each: each.number):
            if (one.app, one.environment) == place:
                events = tuple(self._events[one.run])
                record = recorded(record, one.number, events, fold(events))
        return record

    async def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that number."""
        return tuple(event for event in self._events.get(run, []) if event.seq > after)

    async def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Events of a run of that type alone, in their order."""
        return tuple(event for event in self._events.get(run, []) if isinstance(event, kind))

    async def runs(self, app: str = "", environment: str = "", limit: int = 100, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """A page of the history, newest first."""
        chosen = [each for each in self._runs.values() if app in ("", each.app) and environment in ("", each.environment) and holds(each, words)]
        newest = sorted(chosen, key=lambda each: each.number, reverse=True)
        return tuple(each for each in newest if after is None or each.number < after.number)[:limit]

    async def find_run(self, text: str) -> list[RunSummary]:
        """Runs that a person may mean by that, newest first."""
        runs = await self.runs(limit=len(self._runs))
        return list(runs[:1]) if text == "last" else found_run(text, [each for each in runs if each.run.startswith(text)])

    async def environment(self, app: str, environment: str) -> EnvironmentRecord:
        """What the record knows of an environment."""
        return self._records.get((app, environment), EnvironmentRecord(app, environment))

    async def known(self, app: str, environment: str) -> Known:
        """The same, confirmed: there is no other record to ask."""
        return Known(await self.environment(app, environment))

    async def environments(self, app: str) -> tuple[EnvironmentRecord, ...]:
        """What the record knows of each environment of an application, the newest first."""
        newest = sorted(self._runs.values(), key=lambda each: -each.number)
        return tuple(self._records[place] for place in dict.fromkeys((one.app, one.environment) for one in newest) if place[0] == app)

    async def past(self, app: str, environment: str, limit: int = 10, before: int = 0) -> tuple[PastRun, ...]:
        """Ended runs as far as a rollback asks, newest first."""
        newest = sorted(self._runs.values(), key=lambda each: -each.number)
        older = (one for one in newest if (one.app, one.environment) == (app, environment) and (not before or one.number < before))
        states = ((one.number, fold(self._events[one.run])) for one in older)
        return tuple(PastRun(number, trimmed(state)) for number, state in states if is_undoable(state))[:limit]

    async def keep_note(self, app: str, environment: str, note: LockHolder | None) -> None:
        """Store the person's note that closes an environment."""
        self._records[app, environment] = changed(await self.environment(app, environment), note=note)

    async def keep_maintenance(self, app: str, environment: str, maintenance: Maintenance | None) -> None:
        """Store who shows users a maintenance page."""
        self._records[app, environment] = changed(await self.environment(app, environment), maintenance=maintenance)

    async def close(self) -> None:
        """Do nothing: there is no file and no thread."""
