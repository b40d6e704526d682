"""The locks of one run on its hosts: taken at GO, held by a heartbeat, exchanged where another engine or a newer run takes over, and released at the end.

Knows the port `HostLock`; no step but that its host is to be held before one begins.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from console.core.environment.record_queries import Leftover
from console.core.host.stale_lock import HEARTBEAT
from console.core.kinds.kind_table import kind_of
from console.engine.catch_up.leftover_locks import release
from console.engine.context import ENGINE
from console.engine.pacing import Turns, on_each
from console.engine.run.lock_hand_over import HandOver
from console.engine.run.step_attempt import epoch_of
from console.engine.tasks import Background
from console.model.configured_environment import Environment
from console.model.events import Decided, Event, LockLeft, LocksRefused, LocksReleased, LocksTaken
from console.model.host import Host
from console.model.host_facts import LockHolder
from console.model.state import HostState, RunState
from console.model.values import changed
from console.ports.clock import Clock
from console.ports.hosts import Unreached
from console.ports.lock import HostLock
from console.ports.steps import DurableStepPort
from console.safe_text import SafeText

log = logging.getLogger(__name__)

HOLDING = 2.0
"""Seconds in which a run that is taken up waits for all its hosts together, before it goes on with those that have answered."""
TURNS = 3
"""How often a lock is tried again that was an ended run's."""


def _kept(host: HostState) -> LockLeft | None:
    """Why its lock is not even asked for: something may still go on there, or the host is lost or owed."""
    if host.condition == "unknown" or any(known.status == "unknown" for known in host.steps.values()):
        why = f"not known what goes on there: {host.detail}" if host.detail else "not known what goes on there"
        return LockLeft(host.name, SafeText(why), unsettled=True)
    if host.condition in ("owed", "unreachable") or not host.linked:
        return LockLeft(host.name, host.detail or SafeText("it does not answer"))
    return None


class RunLocks:
    """Locks of one run. `is_over`: whether a run that holds a host has ended; `record`: takes an event that nobody waits for."""

    def __init__(
        self, environment: Environment, locks: HostLock, steps: DurableStepPort, clock: Clock, is_over: Callable[[str], Awaitable[bool]],
        record: Callable[[Event], None],
    ) -> None:  # fmt: skip
        self._environment = environment
        self._locks = locks
        self._steps = steps
        self._clock = clock
        self._is_over = is_over
        self._record = record
        self._beat = Background()
        self._holder: LockHolder | None = None
        self._unheld: set[str] = set()
        """Hosts whose epoch is still that of an engine before this one."""
        self._missed: dict[str, SafeText] = {}
        """Hosts of a rollback that could not be locked, and why."""
        self._others: dict[str, SafeText] = {}
        """Hosts that another run had taken by the time that this engine came, and which one: they are left to it."""
        self._holding: dict[str, asyncio.Task[None]] = {}
        """What goes on to make hosts of an engine before this one's."""
        self.takes_from: HandOver | None = None
        """The run in its monitoring window that makes way for this one at its GO."""
        self.gives_to: HandOver | None = None
        """The same for a newer run, once this one makes way."""

    async def made_sure(self, state: RunState, name: str) -> SafeText | None:
        """See to it that the run holds a host before a step begins there; why it does not, where it cannot be locked."""
        if name in self._unheld:
            await self._held_again(state, name)
        return self._others.get(name) or (await self._lock_late(state, name) if name in self._missed else None)

    def other_holder(self, name: str) -> SafeText | None:
        """Who holds a host that the run held until its engine ended; None: no other run, as far as is known."""
        return self._others.get(name)

    async def take(self, state: RunState) -> LocksTaken | LocksRefused | Decided:
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
        hosts, epoch = sorted(self._hosts(state), key=lambda host: host.name), max(1, state.epoch)
        holder = self._holder = self._holder_of(state, f"{state.run}.{epoch}")
        refused: LocksRefused | Decided | None
        try:
            refused = await self._take(hosts[:1], holder) or await self._take(hosts[1:], holder) or self._none_held(state, hosts)
        except Exception as bug:
            log.exception("locking the hosts of %s", state.run)
            refused = Decided(go=False, by=ENGINE, reasons=(SafeText(f"the console failed to lock the hosts: {type(bug).__name__}: {bug}"),))
        if refused:
            await self._release(hosts, holder.epoch)
            return refused
        await self._live(tuple(hosts), holder.epoch)
        self._steps.stand_by(hosts)
        return LocksTaken(epoch=epoch, hosts=tuple(host.name for host in hosts if host.name not in self._missed))

    def _holder_of(self, state: RunState, epoch: str) -> LockHolder:
        return LockHolder(
            by=SafeText(state.by.name),
            since=SafeText(self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")),
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
        self._record(LocksTaken(epoch=state.epoch, hosts=(name,)))
        return None

    async def hold_again(self, state: RunState) -> None:
        """Exchange the epoch of an engine that is gone for this one's, on every host. One that does not answer holds nobody up: it goes on beside the run, is
        waited for by the host's next step, and tried again with that. So is one that the run could not lock when it began.
        """
        hosts = self._hosts(state)
        self._holder = self._holder_of(state, epoch_of(state))
        never = [host.name for host in hosts if state.locked_hosts and host.name not in state.locked_hosts]
        self._missed = dict.fromkeys(never, SafeText("it was not locked when the run began"))
        self._unheld = {host.name for host in hosts if host.name not in self._missed}
        await self._live(tuple(hosts), epoch_of(state))
        self._steps.stand_by(hosts)
        turns = Turns()
        self._holding = {name: asyncio.create_task(self._hold_host(state, name, turns)) for name in sorted(self._unheld)}
        if self._holding:
            await asyncio.wait(self._holding.values(), timeout=HOLDING)

    async def _held_again(self, state: RunState, name: str) -> None:
        """Wait for the exchange that goes on, or begin it again."""
        task = self._holding.get(name)
        if task is None or task.done():
            task = self._holding[name] = asyncio.create_task(self._hold_host(state, name))
        await asyncio.shield(task)

    async def _hold_host(self, state: RunState, name: str, turns: Turns | None = None) -> None:
        """Exchange a host's epoch; while the shared record is away only the one that is known here: any other may be the one of whoever took the run up."""
        if turns is not None:
            await turns.mine()
        host = self._environment.host(name)
        if host is None:
            return
        path, old = self._environment.path_on(host), f"{state.run}.{state.epoch_before}"
        held = await self._locks.take_over(host, path, old, epoch_of(state))
        if isinstance(held, LockHolder) and held.run == state.run and held.epoch != old and not state.unshared:
            held = await self._locks.take_over(host, path, held.epoch, epoch_of(state))
        self._others.pop(name, None)
        if held is None:
            self._unheld.discard(name)
        elif isinstance(held, LockHolder) and held.run not in ("", state.run):
            self._others[name] = SafeText(f"it is held by {held.run}")

    async def rest(self) -> None:
        """Give no more signs of life: a lock that nobody works under looks like one."""
        await self._beat.stop()
        for task in self._holding.values():
            task.cancel()
        await asyncio.gather(*self._holding.values(), return_exceptions=True)

    async def let_go(self, state: RunState) -> LocksReleased | None:
        """Release every host that answers and on which nothing may still go on; what a newer run has taken over is released already."""
        if not state.locked_hosts:
            return None
        await self._steps.noted(self._hosts(state))
        taken = await self.gives_to.finished() if self.gives_to else frozenset()
        rest = tuple(name for name in state.locked_hosts if name not in taken)
        kept = (left for name in rest if (left := _kept(state.hosts[name])))
        released = await release(self._locks, self._environment, Leftover(state.run, rest), kept)
        handed = tuple(name for name in state.locked_hosts if name in taken)
        gone = tuple(name for name in state.locked_hosts if name in taken or name in released.hosts)
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
        if isinstance(answer, LockHolder) and answer.run == holder.run:  # an engine before this one was about to begin
            answer = await self._locks.take_over(host, path, answer.epoch, holder.epoch, holder)
        for _ in range(TURNS):
            if not isinstance(answer, LockHolder) or not await self._is_over(answer.run):
                return answer
            problem = await self._locks.clear(host, path, answer.run)
            answer = problem or await self._locks.take(host, path, holder)
        return answer

    async def _release(self, hosts: list[Host], epoch: str) -> None:
        await on_each(hosts, lambda host: self._locks.release(host, self._environment.path_on(host), epoch))

    async def _live(self, hosts: tuple[Host, ...], epoch: str) -> None:
        """Give signs of life by that epoch from now on, and by no other."""
        await self._beat.stop()
        self._beat.start(partial(self._beats, hosts, epoch))

    async def _beats(self, hosts: tuple[Host, ...], epoch: str) -> None:
        while True:
            await self._clock.sleep(HEARTBEAT)
            try:
                await on_each(hosts, lambda host: self._locks.touch((host,), self._environment.path, epoch))
            except Exception:  # without it the run would look dead in a minute, and lose its locks to whoever breaks them
                log.exception("a sign of life of %s", epoch)
