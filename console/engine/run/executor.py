"""Carries out on its hosts what a run decides: locks, steps through `perform`, cancelling, the heartbeat. Implements `runner.StepExecutor` over the ports."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from console.core.environment.record_queries import Leftover
from console.core.kinds.kinds import kind_of
from console.engine.catch_up.leftover_locks import release
from console.engine.context import ENGINE
from console.engine.metrics.keeper import NoMeasurements
from console.engine.pacing import Turns, on_each
from console.engine.run.lock_hand_over import HandOver
from console.engine.run.perform import perform
from console.engine.run.reachability import why_silent
from console.engine.run.shared_balancer import SharedBalancer
from console.engine.run.step_attempt import Maintain, Task, Tools, epoch_of, remote
from console.engine.run.traffic_steps import AtBalancer, take_all_out
from console.model.events import Decided, Event, HostFailed, HostsAnswered, LockLeft, LocksRefused, LocksReleased, LocksTaken, StepFinished
from console.model.fleet import Environment, Host
from console.model.host_facts import LockHolder
from console.model.measurements import Measurements
from console.model.plan import Step
from console.model.secret import Secret
from console.model.state import HostState, RunState
from console.model.values import changed
from console.ports.clock import Clock
from console.ports.feed import Output
from console.ports.hosts import Unreached
from console.ports.outside import Outside
from console.text import SafeText

HEARTBEAT = 10.0
TURNS = 3
"""How often a lock is tried again that was an ended run's."""
HERE = frozenset({"gate", "ship", "monitor", "analysis", "critical", "manual", "build", "pack", "drain", "admit", "weigh"})
"""Kinds of steps that nothing goes on of on their hosts: to give them up here ends them."""


def _kept(host: HostState) -> LockLeft | None:
    """Why its lock is not even asked for: something may still go on there, or the host is lost or owed."""
    if host.condition == "unknown" or any(known.status == "unknown" for known in host.steps.values()):
        why = f"not known what goes on there: {host.detail}" if host.detail else "not known what goes on there"
        return LockLeft(host.name, SafeText(why), unsettled=True)
    if host.condition in ("owed", "unreachable") or not host.linked:
        return LockLeft(host.name, host.detail or SafeText("it does not answer"))
    return None


async def _unwritten(*events: Event) -> object:
    return ()


async def _never(run: str) -> bool:
    return False


class FleetExecutor:
    """What a run does to its fleet."""

    def __init__(
        self, environment: Environment, outside: Outside, clock: Clock, secrets: Mapping[str, Secret], tell: Callable[[Output], None],
        is_over: Callable[[str], Awaitable[bool]] = _never, measurements: Measurements | None = None,
    ) -> None:  # fmt: skip
        self._is_over = is_over
        self._environment = environment
        self._locks = outside.locks
        self._steps = outside.steps
        self._clock = clock
        self._beat: asyncio.Task[None] | None = None
        self._work: dict[tuple[str, int], asyncio.Future[StepFinished]] = {}
        self._given_up: set[tuple[str, int]] = set()
        self._unheld: set[str] = set()
        self._turns = Turns()
        self._holder: LockHolder | None = None
        self._missed: dict[str, SafeText] = {}
        """Hosts of a rollback that could not be locked, and why."""
        self.takes_from: HandOver | None = None
        """The run in its monitoring window that makes way for this one at its GO."""
        self.gives_to: HandOver | None = None
        """The same for a newer run, once this one makes way."""
        self.record: Callable[..., object] = lambda *events: None
        self.write: Callable[..., Awaitable[object]] = _unwritten
        self.live: Callable[[], RunState] = RunState
        self._tools = Tools(
            outside.steps, outside.shipper, outside.workshop, outside.gates, tell, self._judged, self._now, self._live, clock, outside.database, self._write,
            tuple(SharedBalancer(port, clock) for port in outside.balancers), secrets, counters=outside.counters, scraper=outside.scraper,
            measurements=measurements or NoMeasurements(),
            critical=outside.critical,
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
        await self._turns.mine()
        place = step.place
        if place in self._unheld:
            await self._hold_host(state, place)
        why = await self._lock_late(state, place) if place in self._missed else None
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
        """End a step: where it runs on a host, or here where only this end works at it."""
        if step.kind in HERE:
            self._given_up.add((step.name, attempt))
            if work := self._work.get((step.name, attempt)):
                work.cancel()
            return
        host = self._environment.host(step.place)
        if host is None:
            return
        await self._steps.cancel(host, remote(Task(self._environment, state, step, attempt, self._tools), ""))

    async def ask(self, state: RunState, hosts: tuple[str, ...]) -> tuple[Event, ...]:
        """Ask hosts for a last word, all at once."""
        silent = dict(zip(hosts, await on_each(hosts, self._silent), strict=True))
        lost = (HostFailed(host=name, condition="unreachable", reason=why) for name, why in silent.items() if why)
        return (*lost, HostsAnswered(hosts=tuple(name for name, why in silent.items() if not why)))

    async def take_out(self, hosts: tuple[str, ...]) -> None:
        """Take hosts out of the traffic of every balancer, and record what was read back of each."""
        tools = self._tools
        places = [(shared, name) for name in hosts for shared in tools.balancers if name in shared.hosts]
        at = [AtBalancer(shared, name, tools.live, tools.record, tools.write, tools.clock) for shared, name in places]
        await take_all_out(at)

    async def _silent(self, name: str) -> SafeText | None:
        host = self._environment.host(name)
        if host is None:
            return SafeText(f"it is not in {self._environment.file or 'hosts.toml'} any more, so it cannot be asked")
        return await why_silent(self._tools.gates, self._clock, host)

    async def take_locks(self, state: RunState) -> LocksTaken | LocksRefused | Decided:
        """The first host by name decides, then the rest together; one refusal gives all back.

        A host that cannot be locked is a no-go; but a rollback goes on with the others, and tries that one again with its first step. A run in its
        monitoring window ends first, and its locks are exchanged for this one's.
        """
        if self.takes_from is None:
            return await self._all_locked(state)
        held: frozenset[str] = frozenset()
        try:
            answer = await self.takes_from.ask(state) or await self._all_locked(state)
            held = frozenset(answer.hosts) if isinstance(answer, LocksTaken) else held
            return answer
        finally:
            self.takes_from.finish(held)

    async def _all_locked(self, state: RunState) -> LocksTaken | LocksRefused | Decided:
        hosts = sorted(self._hosts(state), key=lambda host: host.name)
        holder = self._holder = self._holder_of(state, f"{state.run}.1")
        refused = await self._take(hosts[:1], holder) or await self._take(hosts[1:], holder) or self._none_held(state, hosts)
        if refused:
            await self._release(hosts, holder.epoch)
            return refused
        self._start_beat(tuple(hosts), holder.epoch)
        self._steps.stand_by(hosts)
        return LocksTaken(epoch=1, hosts=tuple(host.name for host in hosts if host.name not in self._missed))

    def _holder_of(self, state: RunState, epoch: str) -> LockHolder:
        return LockHolder(
            by=SafeText(state.by.name),
            since=SafeText(self._now()),
            run=state.run,
            epoch=epoch,
            came_from=SafeText(state.by.claims),
            goes_back=kind_of(state).is_return,
        )

    def _none_held(self, state: RunState, hosts: list[Host]) -> Decided | None:
        if not self._missed or (kind_of(state).is_return and len(self._missed) < len(hosts)):
            return None
        name, why = next(iter(self._missed.items()))
        return Decided(go=False, by=ENGINE, reasons=(SafeText(f"{name} could not be locked: {why}"),))

    async def _lock_late(self, state: RunState, name: str) -> SafeText | None:
        """Lock a host that could not be locked with the others; why not, where it still cannot be."""
        host = self._environment.host(name)
        if host is None or self._holder is None:
            return self._missed[name]
        answer = await self._taken(host, self._holder)
        if answer is not None:
            return SafeText(f"it is held by {answer.run or answer.by}") if isinstance(answer, LockHolder) else answer.message
        self._missed.pop(name, None)
        self.record(LocksTaken(epoch=state.epoch, hosts=(name,)))
        return None

    async def hold_again(self, state: RunState) -> None:
        """Exchange the epoch of an engine that is gone for this one's, on every host; one that is not reached now is tried again with its next step.

        So is one that the run could not lock when it began.
        """
        hosts = self._hosts(state)
        self._holder = self._holder_of(state, epoch_of(state))
        never = [host.name for host in hosts if state.held and host.name not in state.held]
        self._missed = dict.fromkeys(never, SafeText("it was not locked when the run began"))
        self._unheld = {host.name for host in hosts if host.name not in self._missed}
        self._start_beat(tuple(hosts), epoch_of(state))
        self._steps.stand_by(hosts)
        await on_each(tuple(self._unheld), lambda name: self._hold_host(state, name))

    async def _hold_host(self, state: RunState, name: str) -> None:
        """Exchange a host's epoch; while the shared record is away only the one that is known here: any other may be the one of whoever took the run up."""
        host = self._environment.host(name)
        if host is None:
            return
        path, old = self._environment.path_on(host), f"{state.run}.{state.epoch_before}"
        held = await self._locks.take_over(host, path, old, epoch_of(state))
        if isinstance(held, LockHolder) and held.run == state.run and held.epoch != old and not state.unshared:
            held = await self._locks.take_over(host, path, held.epoch, epoch_of(state))
        if held is None:
            self._unheld.discard(name)

    async def rest(self) -> None:
        """Give no more signs of life: a lock that nobody works under looks like one."""
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.gather(self._beat, return_exceptions=True)

    async def let_go(self, state: RunState) -> LocksReleased | None:
        """Release every host that answers and on which nothing may still go on; what a newer run has taken over is released already."""
        if not state.held:
            return None
        await self._steps.noted(self._hosts(state))
        taken = await self.gives_to.finished() if self.gives_to else frozenset()
        rest = tuple(name for name in state.held if name not in taken)
        kept = (left for name in rest if (left := _kept(state.hosts[name])))
        released = await release(self._locks, self._environment, Leftover(state.run, rest), kept)
        handed = tuple(name for name in state.held if name in taken)
        gone = tuple(name for name in state.held if name in taken or name in released.hosts)
        return changed(released, hosts=gone, handed=handed, to_run=state.superseded_by if handed else "")

    def _hosts(self, state: RunState) -> list[Host]:
        planned = {name for wave in state.plan.waves for name in wave} if state.plan else set()
        return [host for host in self._environment.hosts if host.name in planned]

    async def _take(self, hosts: list[Host], holder: LockHolder) -> LocksRefused | None:
        answers = await on_each(hosts, lambda host: self._taken(host, holder))
        for host, answer in zip(hosts, answers, strict=True):
            if isinstance(answer, LockHolder):
                return LocksRefused(host=host.name, holder=answer)
            if isinstance(answer, Unreached):
                self._missed[host.name] = answer.message
        return None

    async def _taken(self, host: Host, holder: LockHolder) -> LockHolder | Unreached | None:
        """Take the lock of one host; that of a run which has ended is in nobody's way."""
        path = self._environment.path_on(host)
        ceded = self.takes_from.epoch if self.takes_from else ""
        if ceded and await self._locks.take_over(host, path, ceded, holder.epoch, holder) is None:
            return None
        answer = await self._locks.take(host, path, holder)
        for _ in range(TURNS):
            if not isinstance(answer, LockHolder) or not await self._is_over(answer.run):
                return answer
            problem = await self._locks.clear(host, path, answer.run)
            answer = problem or await self._locks.take(host, path, holder)
        return answer

    async def _release(self, hosts: list[Host], epoch: str) -> None:
        await on_each(hosts, lambda host: self._locks.release(host, self._environment.path_on(host), epoch))

    def _start_beat(self, hosts: tuple[Host, ...], epoch: str) -> None:
        self._beat = asyncio.create_task(self._beats(hosts, epoch))

    async def _beats(self, hosts: tuple[Host, ...], epoch: str) -> None:
        while True:
            await self._clock.sleep(HEARTBEAT)
            await on_each(hosts, lambda host: self._locks.touch((host,), self._environment.path, epoch))
