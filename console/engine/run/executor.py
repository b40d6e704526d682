"""Carries out on its hosts what a run decides: steps through `perform`, cancelling, a last word. Implements `runner.StepExecutor` over the ports.

Locks are `run_locks`'s.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from console.engine.metrics.metrics_sampler import NoMeasurements
from console.engine.pacing import Turns, on_each
from console.engine.run import database_steps
from console.engine.run.drain_and_admit import AtBalancer, take_all_out
from console.engine.run.reachability import why_silent
from console.engine.run.run_locks import RunLocks
from console.engine.run.shared_balancer import SharedBalancer
from console.engine.run.step_actions import perform
from console.engine.run.step_attempt import Maintain, Task, Tools, never_over, remote
from console.errors import ConsoleError
from console.model.configured_environment import Environment
from console.model.events import Decided, Event, HostFailed, HostsAnswered, LocksRefused, LocksReleased, LocksTaken, StepFinished
from console.model.measurements import Measurements
from console.model.plan import Step
from console.model.secret import Secret
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.feed import Output
from console.ports.outside import Outside
from console.ports.steps import StepResult
from console.safe_text import SafeText

log = logging.getLogger(__name__)

HERE = frozenset({"gate", "ship", "monitor", "analysis", "critical", "manual", "build", "pack", "drain", "admit", "weigh"})
"""Kinds of steps that nothing goes on of on their hosts: to give them up here ends them."""

ENDED = frozenset({"done", "failed", "cancelled"})
"""What is said of a step that is known to run no more."""
CANCEL_AGAIN = 5.0
"""Seconds until a host that did not say what became of a step is told again to end it."""


async def _unwritten(*events: Event) -> object:
    return ()


class FleetExecutor:
    """What a run does to its fleet."""

    def __init__(
        self, environment: Environment, outside: Outside, clock: Clock, secrets: Mapping[str, Secret], tell: Callable[[Output], None],
        is_over: Callable[[str], Awaitable[bool]] = never_over, measurements: Measurements | None = None,
    ) -> None:  # fmt: skip
        self._environment = environment
        self.locks = RunLocks(environment, outside.locks, outside.steps, clock, is_over, self._judged)
        self._steps = outside.steps
        self._clock = clock
        self._work: dict[tuple[str, int], asyncio.Future[StepFinished]] = {}
        self._performing: set[tuple[str, int]] = set()
        self._given_up: set[tuple[str, int]] = set()
        self._turns = Turns()
        self.record: Callable[..., object] = lambda *events: None
        self.write: Callable[..., Awaitable[object]] = _unwritten
        self.live: Callable[[], RunState] = RunState
        self._tools = Tools(
            outside.steps, outside.shipper, outside.workshop, outside.gates, tell, self._judged, self._now, self._live, clock, outside.database, self._write,
            tuple(SharedBalancer(port, clock) for port in outside.balancers), secrets, counters=outside.counters, scraper=outside.scraper,
            measurements=measurements or NoMeasurements(),
            critical=outside.critical, is_over=is_over,
        )  # fmt: skip

    def shows_page(self, maintain: Maintain) -> None:
        """Learn how maintenance mode is switched for the run."""
        self._tools.maintain = maintain

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _live(self) -> RunState:
        return self.live()

    async def _write(self, event: Event) -> object:
        return await self.write(event)

    def _judged(self, event: Event) -> None:
        self.record(event)

    async def perform(self, state: RunState, step: Step, attempt: int) -> StepFinished:
        """Carry a step out to its end on its host."""
        key = (step.name, attempt)
        self._performing.add(key)
        try:
            return await self._performed(state, step, attempt)
        finally:
            self._performing.discard(key)

    async def _performed(self, state: RunState, step: Step, attempt: int) -> StepFinished:
        await self._turns.mine()
        why = await self.locks.made_sure(state, step.place) or self.locks.other_holder(step.about)
        if why is not None:
            return StepFinished(step=step.name, host=step.about, attempt=attempt, status="unreachable", detail=SafeText(f"it could not be locked: {why}"))
        key = (step.name, attempt)
        if key in self._given_up:
            return StepFinished(step=step.name, host=step.about, attempt=attempt, status="cancelled", detail=SafeText("given up"))
        work = asyncio.ensure_future(perform(Task(self._environment, state, step, attempt, self._tools)))
        self._work[key] = work
        try:
            return await work
        except asyncio.CancelledError:
            if key not in self._given_up:
                work.cancel()
                raise
            return StepFinished(step=step.name, host=step.about, attempt=attempt, status="cancelled", detail=SafeText("given up"))
        finally:
            self._work.pop(key, None)

    async def cancel(self, state: RunState, step: Step, attempt: int) -> None:
        """End a step: here where only this end works at it, else where it runs; where that does not answer, again and again, until the step has ended."""
        key = (step.name, attempt)
        if step.kind in HERE:
            self._given_up.add(key)
            if work := self._work.get(key):
                work.cancel()
            return
        task = Task(self._environment, state, step, attempt, self._tools)
        while (await self._cancelled(task)).status not in ENDED:
            await self._clock.sleep(CANCEL_AGAIN)
            if key not in self._performing:
                return

    async def _cancelled(self, task: Task) -> StepResult:
        try:
            return await self._ended_there(task)
        except Exception as bug:  # it goes on to its own end, which is waited for
            log.exception("ending %s", task.step.name)
            return StepResult("failed", detail=SafeText(f"{type(bug).__name__}: {bug}"))

    async def _ended_there(self, task: Task) -> StepResult:
        if task.step.kind in ("backup", "restore"):
            return await database_steps.cancel(task)
        if self._environment.host(task.step.place) is None:
            return StepResult("cancelled", detail=SafeText("nothing of it runs on a host"))
        return await self._steps.cancel(task.host, remote(task, ""))

    async def ask(self, state: RunState, hosts: tuple[str, ...]) -> tuple[Event, ...]:
        """Ask hosts for a last word, all at once."""
        silent = dict(zip(hosts, await on_each(hosts, self._silent), strict=True))
        lost = (HostFailed(host=name, condition="unreachable", reason=why) for name, why in silent.items() if why)
        return (*lost, HostsAnswered(hosts=tuple(name for name, why in silent.items() if not why)))

    async def take_out(self, hosts: tuple[str, ...]) -> None:
        """Take hosts out of the traffic of every balancer, and record what was read back of each; one that another run holds by now is left to that."""
        tools = self._tools
        places = [(shared, name) for name in hosts for shared in tools.balancers if name in shared.hosts]
        at = [AtBalancer(shared, name, tools.live, tools.record, tools.write, tools.clock) for shared, name in places]
        for one in at:
            if other := self.locks.other_holder(one.host):
                one.note("unread", detail=str(other))
        try:
            await take_all_out([one for one in at if self.locks.other_holder(one.host) is None])
        except ConsoleError:  # what is to be on the disk before a balancer is told could not be written
            raise
        except Exception as bug:
            log.exception("taking %s out of the traffic", ", ".join(hosts))
            for one in at:
                one.note("unread", detail=f"the console failed: {type(bug).__name__}: {bug}")

    async def _silent(self, name: str) -> SafeText | None:
        host = self._environment.host(name)
        if host is None:
            return SafeText(f"it is not in {self._environment.file or 'hosts.toml'} any more, so it cannot be asked")
        return await why_silent(self._tools.gates, self._clock, host)

    async def take_locks(self, state: RunState) -> LocksTaken | LocksRefused | Decided:
        """Lock the run's hosts, or say who holds one."""
        return await self.locks.take(state)

    async def hold_again(self, state: RunState) -> None:
        """Hold the hosts of a run that another engine carried."""
        await self.locks.hold_again(state)

    async def rest(self) -> None:
        """Give no more signs of life: a lock that nobody works under looks like one."""
        await self.locks.rest()

    async def let_go(self, state: RunState) -> LocksReleased | None:
        """Release every host that answers and on which nothing may still go on; what a newer run has taken over is released already."""
        return await self.locks.let_go(state)
