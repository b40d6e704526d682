"""One run, carried out: asks `decide` what the state needs, does it, and writes down what happened.

Owns the order of things: an event is on the disk before anyone hears it and before what it announces is sent. All that happens in one turn is written
at once. Knows nothing of SSH, sockets or screens.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Protocol

from console.core.run.accept import accept
from console.core.run.breaches import still_holds
from console.core.run.decide import decide
from console.engine.run.run_record import Publish, RunRecord
from console.errors import ConsoleError
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.configured_environment import Environment
from console.model.effects import AskHosts, AskPerson, CancelStep, Effect, RecordEvent, StartStep, TakeLocks, TakeOut, WakeAt
from console.model.events import (
    AnyEvent,
    CommandRefused,
    Decided,
    Event,
    HostFailed,
    HostsAnswered,
    LocksRefused,
    LocksReleased,
    LocksTaken,
    RunEnded,
    StepFinished,
    StepStarted,
    TakenUp,
)
from console.model.plan import Step
from console.model.request import Person
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.journal import Journal
from console.safe_text import SafeText

ALONE = 1000
"""Added to the epoch of an engine that takes a run up while its shared record is away: another machine, which has it, may count up from the same one."""
AT_A_TIME = 32
"""Beginnings of steps that are written down in a turn of the loop."""


class StepExecutor(Protocol):
    """What a run does to the outside."""

    async def perform(self, state: RunState, step: Step, attempt: int) -> StepFinished:
        """Carry a step out to its end, or take up the attempt that is there. Never raises for what happens on a host."""

    async def cancel(self, state: RunState, step: Step, attempt: int) -> None:
        """End a step that runs; its own `perform` then says how it ended."""

    async def ask(self, state: RunState, hosts: tuple[str, ...]) -> tuple[Event, ...]:
        """Ask hosts for a last word, each for as long as it may be silent: who did not answer, and who did."""

    async def take_out(self, hosts: tuple[str, ...]) -> None:
        """Take hosts out of the traffic, and record what was read back; returns once nothing more is to be tried."""

    async def take_locks(self, state: RunState) -> LocksTaken | LocksRefused | Decided:
        """Hold every host of the run, or none; a host that is not reached any more makes it a no-go."""

    async def hold_again(self, state: RunState) -> None:
        """Make the hosts that an engine before this one held this one's."""

    async def rest(self) -> None:
        """Give no more signs of life."""

    async def let_go(self, state: RunState) -> LocksReleased | None:
        """Release what the run still holds, and say what came of it; None where it holds nothing."""


class Runner:
    """A run from its opening, or from where another engine left it, to its end."""

    def __init__(self, environment: Environment, journal: Journal, clock: Clock, executor: StepExecutor, publish: Publish) -> None:
        self.environment = environment
        self._journal = journal
        self._record = RunRecord(journal, clock, publish, self._end_with)
        self._clock = clock
        self._executor = executor
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._cancelling: set[tuple[str, int]] = set()
        self._asked_at = -1
        self._asking = False
        self._leaving: set[str] = set()
        """Hosts that are being taken out of the traffic."""
        self._commands = 0
        """How many were taken."""
        self._holds_again = False
        self._fault: BaseException | None = None

    @property
    def state(self) -> RunState:
        """The run as it is now: what is on its way to the disk counts."""
        return self._record.state

    async def take_up(self, state: RunState, by: Person) -> None:
        """Go on with a run that another engine began, and that is in that state; what it left running is settled first."""
        self._record.resume_from(state)
        if state.phase in ("locking", "running", "rolling-back"):
            self._holds_again = state.phase != "locking"
            alone = ALONE if self._journal.outage is not None else 0
            await self.write(TakenUp(epoch=max(1, state.epoch) + 1 + alone, by=by))

    def record(self, *events: Event) -> None:
        """Fold events, and go on; they are written soon, and then everyone is told. Where that fails, the run's loop ends."""
        self._record.record(*events)
        self._news.set()

    async def write(self, *events: Event) -> tuple[AnyEvent, ...]:
        """Fold events; return them as written, once they are on the disk. Raises ConsoleError where the journal cannot take them: then nothing happened."""
        if not events:
            return ()
        try:
            return await self._record.write(*events)
        finally:
            self._news.set()

    async def settled(self) -> None:
        """Wait until all that was recorded is on the disk. Raises what kept anything from there."""
        await self._record.settled()
        if self._fault is not None:
            raise self._fault

    async def fail(self, error: ConsoleError) -> None:
        """End a run before its GO, by what the error says."""
        if self.state.phase != "ended":
            outcome = {3: "no-go", 6: "locked"}.get(int(error.exit), "error")
            await self.write(RunEnded(exit=int(error.exit), outcome=outcome, reason=SafeText(error.message), hint=SafeText(error.hint)))

    async def submit(self, command: AnyCommand, by: Person) -> Accepted | Refusal:
        """Take a command, or say why not; a refusal is in the record too. What is answered is on the disk."""
        answer = accept(self.environment, command, self.state, by)
        if isinstance(answer, Refusal):
            if self.state.phase != "ended":
                await self.write(CommandRefused(by=by, command=type(command).__name__.lower(), message=answer.message))
            return answer
        self._commands += 1
        written = await self.write(*answer)
        return Accepted(written[-1].seq if written else self.state.seq, still_holds(command, self.state))

    def accompany(self, work: Coroutine[Any, Any, None]) -> None:
        """Let that go on beside the run, to its end; if it fails, the run's loop ends with it."""
        self._begin(work)

    async def run(self) -> RunState:
        """Carry the run to its end and return its last state."""
        try:
            if self._holds_again:
                await self._executor.hold_again(self.state)
            while self.state.phase != "ended":
                if self._fault is not None:
                    raise self._fault
                self._news.clear()
                wake = await self._turn()
                if not self._news.is_set():
                    await self._wait(wake)
        finally:
            await self._stop()
            await self._executor.rest()
        await self._record.settled()
        if self._fault is not None and self.state.phase != "ended":  # the end itself could not be written
            raise self._fault
        released = await self._executor.let_go(self.state)
        if released is not None:
            await self.write(released)
        return self.state

    async def _turn(self) -> float | None:
        wake: float | None = None
        effects = decide(self.environment, self.state, self._clock.mono(), self._asked_at)
        self._asked_at = self.state.seq
        happened = [effect.event for effect in effects if isinstance(effect, RecordEvent)]
        starts = [effect for effect in effects if isinstance(effect, StartStep)]
        if happened:
            self.record(*happened)
            if len(happened) == len(effects):  # nothing was asked for that has to wait for the disk: decide at once on what is so now
                self._news.set()
                await asyncio.sleep(0)
                return None
        announced = await self._announced(starts)
        await self.settled()
        for start in announced:
            self._begin(self._perform(start.step, start.attempt))
        for effect in effects:
            wake = await self._carry_out(effect, wake)
        return wake

    async def _announced(self, starts: list[StartStep]) -> list[StartStep]:
        """Write down which steps begin, a few in each turn of the loop; return those that were, where a command came meanwhile: it is decided on first."""
        commands = self._commands
        for place in range(0, len(starts), AT_A_TIME):
            if place:
                await asyncio.sleep(0)
            if commands != self._commands:
                return starts[:place]
            some = starts[place : place + AT_A_TIME]
            self.record(*(StepStarted(step=start.step.name, host=start.step.about, attempt=start.attempt) for start in some))
        return starts

    async def _carry_out(self, effect: Effect, wake: float | None) -> float | None:
        match effect:
            case CancelStep(step, attempt) if (step.name, attempt) not in self._cancelling:
                self._cancelling.add((step.name, attempt))
                self._begin(self._executor.cancel(self.state, step, attempt))
            case AskHosts(hosts) if not self._asking:
                self._asking = True
                self._begin(self._ask(hosts))
            case TakeOut(hosts) if fresh := tuple(name for name in hosts if name not in self._leaving):
                self._leaving.update(fresh)
                for name in fresh:
                    self._begin(self._take_out(name))
            case TakeLocks():
                self.record(await self._executor.take_locks(self.state))
            case WakeAt(mono):
                return mono if wake is None else min(wake, mono)
            case AskPerson():
                pass
        return wake

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        """What goes on beside the loop and fails ends it."""
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            self._end_with(fault)

    def _end_with(self, fault: BaseException) -> None:
        """End the loop: what could not be written has not happened, and nothing new may start on it."""
        self._fault = fault
        self._news.set()

    async def _perform(self, step: Step, attempt: int) -> None:
        try:
            finished = await self._executor.perform(self.state, step, attempt)
        except Exception as bug:
            detail = SafeText(f"the console failed in {step.name}: {type(bug).__name__}: {bug}")
            finished = StepFinished(step=step.name, host=step.about, attempt=attempt, status="unknown", detail=detail)
        self.record(finished)

    async def _ask(self, hosts: tuple[str, ...]) -> None:
        found: tuple[Event, ...]
        try:
            found = await self._executor.ask(self.state, hosts)
        except Exception as bug:
            words = SafeText(f"the console failed to ask it: {type(bug).__name__}: {bug}")
            found = (*(HostFailed(host=name, condition="unknown", reason=words) for name in hosts), HostsAnswered(hosts=()))
        finally:
            self._asking = False
        if self.state.phase != "ended":
            self.record(*found)

    async def _take_out(self, name: str) -> None:
        try:
            await self._executor.take_out((name,))
        finally:
            self._leaving.discard(name)
            self._news.set()

    async def _wait(self, wake: float | None) -> None:
        """Wait for news, or until then. Not by `asyncio.wait_for`: Python 3.11's forgets that it was cancelled where the news come in the same moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None if wake is None else max(0.0, wake - self._clock.mono())):
                await self._news.wait()

    async def _stop(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
