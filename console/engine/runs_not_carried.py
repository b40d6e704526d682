"""Runs that this engine does not carry: what is still written into their records, and what people say to them. Knows who carries which; nothing of steps."""

import asyncio
from collections.abc import Callable

from console.engine.active_runs import ActiveRuns
from console.engine.catch_up.leftover_locks import is_over
from console.engine.context import OpenRecord, QueryContext
from console.engine.loaded_model import LoadedModel
from console.engine.run.run_record import RunRecord, read_run
from console.engine.run.runs_elsewhere import RunsElsewhere
from console.engine.run.ticket_closer import close_ticket
from console.engine.tasks import Unbroken
from console.errors import Locked
from console.model.commands import Accepted, AnyCommand, Forgive, Note, Refusal
from console.model.events import Event
from console.model.request import Person
from console.ports.clock import Clock
from console.ports.journal import Journal
from console.safe_text import SafeText


class IdleRuns:
    """Runs that have ended, that were left, or that another machine carries. `changed` hears that a record has been written to.

    While the record is away nobody knows whether another machine carries one: RecordAway is raised, and nothing is written.
    """

    def __init__(
        self, journal: Journal, clock: Clock, model: LoadedModel, runs: ActiveRuns, elsewhere: RunsElsewhere, fleet: Callable[[], QueryContext],
        work: Unbroken, changed: Callable[[], None],
    ) -> None:  # fmt: skip
        self._journal = journal
        self._clock = clock
        self._model = model
        self._runs = runs
        self._elsewhere = elsewhere
        self._fleet = fleet
        self._work = work
        self._changed = changed
        self.writing = asyncio.Lock()
        """Held while the record of a run that nobody carries is read and written: two writers at once would take the same place in it."""

        self.open_records: dict[str, OpenRecord] = {}
        """Those that answers write now: they have the next place in them, whoever else has something to write there."""

    async def _record_of(self, run: str) -> OpenRecord:
        return self.open_records.get(run) or await RunRecord.of(self._journal, self._clock, run)

    async def write(self, run: str, *events: Event) -> None:
        """Write events into the record of a run that has ended, by its own writer where it still lets go of its hosts. Raises Locked where another machine
        carries it."""
        await self._work.done(self._write(run, events))

    async def _write(self, run: str, events: tuple[Event, ...]) -> None:
        one = self._runs.get(run)
        if one is not None:
            await one.runner.write(*events)
        else:
            async with self.writing:
                if carrier := await self._elsewhere.carrier(run):
                    raise Locked(f"run {run} is carried by {carrier}", f"deploy attach {run}")
                await (await self._record_of(run)).write(*events)
        self._changed()

    async def submit(self, run: str, command: AnyCommand, person: Person) -> Accepted | Refusal:
        """Hand a command to the engine elsewhere that carries the run; take a note, or a debt that is forgiven, for one that nobody carries."""
        return await self._work.done(self._submitted(run, command, person))

    async def _submitted(self, run: str, command: AnyCommand, person: Person) -> Accepted | Refusal:
        while (carrier := await self._elsewhere.carrier(run)) is not None:
            answer = await self._elsewhere.submit(run, command, person, carrier)
            if answer is not None:
                return answer
        async with self.writing:
            if run in self.open_records and not isinstance(command, Note):
                return Refusal(SafeText(f"run {run} goes on, and takes nothing but a note"), SafeText(f"deploy report {run}"))
            record = await self._record_of(run) if isinstance(command, Forgive | Note) else None
            if record is None and await is_over(self._journal, run):
                return Refusal(SafeText(f"run {run} has ended"), SafeText(f"deploy report {run}"), ended=True)
            if record is None or not record.state.run:
                return Refusal(SafeText(f"run {run} is not carried by this engine"), SafeText(f"deploy resume {run}"))
            answer = await record.submit(self._model.required()[0], command, person)
        self._changed()
        return answer

    async def close_ticket(self, run: str) -> None:
        """Close the ticket of a run that another engine left, or that this one could not write down; not while the run itself is about to."""
        one = self._runs.get(run)
        if one is not None and (one.is_parting or one.is_closing):
            return
        _, state = await read_run(self._journal, run)
        closed = await close_ticket(self._fleet(), state)
        if closed is not None:
            await self.write(run, closed)
