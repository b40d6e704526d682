"""Writes one run's record: events are stamped and folded at once, and written in groups by the journal's thread.

Callers that need durability await it; viewers get events only once they are on disk. If a write fails, the state is reset to what is on disk.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable

from console.core.plan.long_plans import in_pieces
from console.core.run.accept import accept
from console.core.run.evolve import evolve, fold
from console.core.run.outcome import conclude
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.configured_environment import Environment
from console.model.events import AbortAsked, AnyEvent, Decided, Event, LocksReleased, NoteAdded, RollbackBegan, RunEnded, stamped
from console.model.request import Person
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.journal import Journal
from console.safe_text import SafeText
from console.wire.codec import gated

log = logging.getLogger(__name__)

Publish = Callable[[tuple[AnyEvent, ...]], object]
FOLLOWING = 4
"""Turns of the loop in which what follows from an event is recorded too: the end of a step and the beginning of the next one are one write, not two that
wait for each other."""


class _Group:
    """Events that are written together, and a future for their durability."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.waited_for = True
        """Every caller awaits `done`, so a fault is raised to it; otherwise `lost` is called."""


class RunRecord:
    """The record of one run. There is one writer a run: who carries it, or, once it has ended, the engine of its environment.

    `publish`: hears events once they are on the disk. `lost`: hears why events could not be written that nobody waits for.
    """

    def __init__(
        self, journal: Journal, clock: Clock, publish: Publish = lambda found: None, lost: Callable[[BaseException], object] = lambda fault: None,
        state: RunState | None = None,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._clock = clock
        self._publish = publish
        self._lost = lost
        self.state = state or RunState()
        """The state after every recorded event, whether it is on disk or still on its way."""
        self._on_disk = self.state
        self._next: _Group | None = None
        self._newest: _Group | None = None
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def of(cls, journal: Journal, clock: Clock, run: str) -> "RunRecord":
        """Open the record of a run that no engine carries."""
        _, state = await read_run(journal, run)
        return cls(journal, clock, state=state)

    def resume_from(self, state: RunState) -> None:
        """Continue after what another engine has written."""
        self.state = self._on_disk = state

    def record(self, *events: Event) -> None:
        """Fold events and queue them to be written, without waiting. If that fails, `lost` is called."""
        self._add(in_pieces(events)).waited_for = False

    async def write(self, *events: Event) -> tuple[AnyEvent, ...]:
        """Fold events, and return them, stamped, once they are on disk. Raises ConsoleError if they cannot be written: then nothing happened."""
        pieces = tuple(in_pieces(events))
        group = self._add(pieces)
        found = tuple(group.events[len(group.events) - len(pieces) :])
        await asyncio.shield(group.done)
        return found

    async def settled(self) -> None:
        """Wait until every recorded event is on disk. Raises the fault if one cannot be written."""
        if self._newest is not None:
            await asyncio.shield(self._newest.done)

    def _add(self, events: Iterable[Event]) -> _Group:
        state, found = self.state, list[AnyEvent]()
        for event in events:
            now = self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
            found.append(gated(stamped(event, state.seq + 1, now, self._clock.mono(), self._clock.boot)))  # type: ignore[arg-type] # every event is one of the union
            state = evolve(state, found[-1])
            if isinstance(found[-1], RollbackBegan):
                self._journal.hurry(state.run)
        self.state = state
        if self._next is None:
            self._next = self._newest = _Group()
        group = self._next
        group.events.extend(found)
        if self._task is None:
            self._task = asyncio.create_task(self._write_all())
        return group

    async def _write_all(self) -> None:
        try:
            for _ in range(FOLLOWING):
                await asyncio.sleep(0)
            while (group := self._next) is not None:
                self._next = None
                if not await self._write_group(group):
                    return
        finally:
            self._task = None

    async def _write_group(self, group: _Group) -> bool:
        state, events = self.state, tuple(group.events)
        try:
            await self._journal.append(state.run, events, state)
        except Exception as fault:
            self._failed(fault, group)
            return False
        self._on_disk = state
        try:
            self._publish(events)
        except Exception:  # it is on the disk: who waits for that goes on
            log.exception("telling of run %s", state.run)
        group.done.set_result(None)
        return True

    def _failed(self, fault: Exception, group: _Group) -> None:
        """Reset the state to what is on disk: later events have not happened."""
        groups = [group] if self._next is None else [group, self._next]
        self.state, self._next, self._newest = self._on_disk, None, None
        for one in groups:
            one.done.set_exception(fault)
        if not all(one.waited_for for one in groups):
            self._lost(fault)

    async def submit(self, environment: Environment, command: AnyCommand, by: Person) -> Accepted | Refusal:
        """Take a note, or a debt that is forgiven, of a run that has ended; all else needs an engine."""
        answer = accept(environment, command, self.state, by)
        if isinstance(answer, Refusal):
            return answer
        await self.write(*answer)
        return Accepted(self.state.seq)

    async def end(self, reason: SafeText, by: Person, released: tuple[str, ...] = ()) -> None:
        """End a run that can no longer be carried on, as it stands, and that holds those hosts no more."""
        self.record(NoteAdded(by=by, text=reason))
        if self.state.go is None:
            self.record(Decided(go=False, by=by, interrupted=True, reasons=(reason,)))
        elif not self.state.aborting:
            self.record(AbortAsked(by=by, leave=True))
        code, outcome, _, hint = conclude(self.state)
        ended = RunEnded(exit=int(code), outcome=outcome, reason=reason, hint=SafeText(hint), held=self.state.locked_hosts)
        await self.write(ended, *([LocksReleased(hosts=released)] if released else []))


async def read_run(journal: Journal, run: str) -> tuple[tuple[AnyEvent, ...], RunState]:
    """Return a run's events and its state, folded in a thread; an empty state for an unknown run. Raises ConsoleError."""
    events = await journal.read(run)
    return events, await asyncio.to_thread(fold, events)
