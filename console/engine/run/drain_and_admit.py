"""Steps that take a host out of the traffic and put it back, and hosts that are taken out because they failed.

Every balancer that serves the host has to agree. State is read back, never assumed; before a balancer is told anything, it is on the disk that it will be.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from console.core.host_conditions import IN_BETWEEN, MISPLACED
from console.core.kinds.kind_table import kind_of
from console.core.traffic.serving import problem_words
from console.core.words.sizes import counted
from console.engine.run.shared_balancer import Answer, SharedBalancer
from console.engine.run.step_attempt import Task
from console.model.balancer import Balancer
from console.model.events import TrafficChanged
from console.model.state import HostState, RunState
from console.model.traffic import BalancerProblem, BalancerSeen, ServerTraffic, TrafficMark
from console.ports.clock import Clock
from console.ports.steps import StepResult
from console.safe_text import SafeText

POLL = 0.2
SHOWN = 1.0
"""Seconds between two events that say how many requests are still under way."""
PATIENCE = 10.0
"""Seconds in which a balancer that does not answer is asked again."""
AGAIN = 1.0
HURRY = 2.0
"""The same on a way back."""
UNREAD_AGAIN = 5.0
BACK_DRAIN = 10.0
"""Seconds that requests have to end on a host that goes back, at most."""
OURS: frozenset[TrafficMark] = frozenset({"draining", "drained", "overdue", "unread"})
"""Marks of a host that this run, or one before it, has taken out or was about to."""


@dataclass
class AtBalancer:
    """One host at one balancer, and how the two are spoken of in the record."""

    shared: SharedBalancer
    host: str
    live: Callable[[], RunState]
    record: Callable[[TrafficChanged], None]
    write: Callable[[TrafficChanged], Awaitable[object]]
    clock: Clock
    noted: tuple[TrafficMark, int | None, float] = field(default=("in", None, 0.0))
    """What was recorded last, and when."""

    @property
    def known(self) -> HostState:
        """The host as the run has it now."""
        return self.live().hosts[self.host]

    @property
    def mark(self) -> TrafficMark | None:
        """What the run knows of the host here."""
        seen = self.known.traffic.get(self.shared.name)
        return seen.mark if seen else None

    def note(self, mark: TrafficMark, sessions: int | None = None, cut: int = 0, detail: str = "") -> None:
        """Record how the host is here."""
        self.noted = (mark, sessions, self.clock.mono())
        self.record(TrafficChanged(host=self.host, balancer=self.shared.name, mark=mark, sessions=sessions, cut=cut, detail=SafeText(detail)))

    async def announce(self) -> None:
        """Have it on the disk that the balancer will be told to drain the host."""
        if self.mark not in OURS:
            await self.write(TrafficChanged(host=self.host, balancer=self.shared.name, mark="draining"))

    async def asked(self, ask: Callable[[], Awaitable[Answer]], patience: float) -> Answer:
        """Ask, and ask again while there is no answer and time is left."""
        end = self.clock.mono() + patience
        while True:
            answer = await ask()
            if isinstance(answer, BalancerSeen) or answer.reached or self.clock.mono() + AGAIN >= end:
                return answer
            await self.clock.sleep(AGAIN)

    async def server(self, ask: Callable[[], Awaitable[Answer]], patience: float = PATIENCE) -> tuple[ServerTraffic, BalancerSeen] | BalancerProblem:
        """What the balancer says of the host, after that."""
        answer = await self.asked(ask, patience)
        if isinstance(answer, BalancerProblem):
            return answer
        server = answer.server(self.host)
        if server is None:
            return BalancerProblem(self.shared.name, SafeText(f"it has no server for {self.host}"), reached=True)
        return server, answer


class Drain:
    """One attempt to take a host out of one balancer's traffic."""

    def __init__(self, task: Task, at: AtBalancer, spec: Balancer | None) -> None:
        self._task = task
        self._at = at
        self._spec = spec or Balancer("command")
        self._clock = task.tools.clock
        self._goes_back = task.step.phase == "rollback"
        self._patience = _patience(at, goes_back=self._goes_back)
        self._look = at.shared.hurried_look if self._goes_back else at.shared.look

    async def run(self) -> StepResult:
        """Drain the host, unless somebody else has, and wait for what is under way there."""
        at = self._at
        found = await at.server(self._look, self._patience)
        if isinstance(found, BalancerProblem):
            return self._stuck(found)
        server, seen = found
        if server.admission != "in" and at.mark not in OURS:
            at.note("left", server.sessions, detail=str(server.words))
            return StepResult("done", detail=SafeText(f"out of {at.shared.name} since before this run"))
        if server.admission == "in" and not at.shared.may_leave(at.host, seen, anyway=self._may_empty()):
            return self._last()
        drained = await self._drained()
        return self._stuck(drained) if isinstance(drained, BalancerProblem) else await self._emptied(drained)

    def _may_empty(self) -> bool:
        return any(check == "balancer" for check, _ in self._task.state.request.overrides)

    def _last(self) -> StepResult:
        words = f"{self._at.host} is the last server of {self._at.shared.name} that gets requests"
        if self._goes_back:
            return StepResult("failed" if self._task.step.fatal else "done", detail=SafeText(f"not drained: {words}"))
        if self._task.state.kind == "restart" and len(self._at.shared.hosts) == 1:
            return StepResult("done", detail=SafeText(f"not drained: {words}"))
        told = f"{words}; put another server of {self._at.shared.name} back into its traffic, then continue"
        return held(self._task, told)

    async def _drained(self) -> ServerTraffic | BalancerProblem:
        at = self._at
        try:
            await at.announce()
        except BaseException:  # given up before the balancer was told: it goes on serving, and others may leave
            at.shared.stays(at.host)
            raise
        found = await at.server(lambda: at.shared.drain(at.host), self._patience)
        if isinstance(found, BalancerProblem) and found.reached:
            seen = await at.server(self._look, self._patience)
            found = seen if isinstance(seen, tuple) and seen[0].admission != "in" else found
        if isinstance(found, BalancerProblem):
            at.shared.stays(at.host)
            return found
        server, _ = found
        if server.admission == "in":
            at.shared.stays(at.host)
            return BalancerProblem(at.shared.name, SafeText(f"it was told to drain {at.host}, and still sends it requests"), reached=True)
        at.note("drained", server.sessions)
        return server

    async def _emptied(self, server: ServerTraffic) -> StepResult:
        """Wait until nothing is under way there; what still is when time is over is cut, where that is allowed."""
        at, began, again = self._at, self._clock.mono(), False
        limit = min(self._spec.drain_timeout, BACK_DRAIN) if self._goes_back else self._spec.drain_timeout
        while server.sessions:
            if at.known.cuts or self._clock.mono() - began >= limit:
                return await self._overdue(server.sessions)
            await self._clock.sleep(POLL)
            found = await at.server(self._look, self._patience)
            if isinstance(found, BalancerProblem):
                return self._stuck(found)
            server, _ = found
            if server.admission == "in":
                drained = BalancerProblem(at.shared.name, SafeText(f"something puts {at.host} back into its traffic")) if again else await self._drained()
                if isinstance(drained, BalancerProblem):
                    return self._stuck(drained)
                server, again = drained, True
            self._show(server.sessions)
        if at.noted[:2] != ("drained", server.sessions):
            at.note("drained", server.sessions)
        return StepResult("done")

    def _show(self, sessions: int | None) -> None:
        _, said, when = self._at.noted
        if sessions and sessions != said and self._clock.mono() - when >= SHOWN:
            self._at.note("drained", sessions)

    async def _overdue(self, sessions: int) -> StepResult:
        at = self._at
        if self._task.step.phase == "verify":
            return StepResult("done", detail=SafeText(f"{counted(sessions, 'request')} still under way at {at.shared.name}: {at.host} goes on until they end"))
        if not (at.known.cuts or self._goes_back or self._spec.on_drain_timeout == "proceed"):
            at.note("overdue", sessions)
            what = f"{counted(sessions, 'request')} still under way on {at.host} after {self._spec.drain_timeout:g} s ({at.shared.name})"
            return held(self._task, f"{what}; continue ends them, retry {at.host} waits again")
        answer = await at.asked(lambda: at.shared.cut(at.host), self._patience)
        at.note("drained", 0, cut=sessions)
        done = "are cut" if sessions > 1 else "is cut"
        if isinstance(answer, BalancerProblem):
            return StepResult("done", detail=SafeText(f"{counted(sessions, 'request')} {done}: {problem_words(answer)}"))
        return StepResult("done", detail=SafeText(f"{counted(sessions, 'request')} {done} at {at.shared.name}"))

    def _stuck(self, problem: BalancerProblem) -> StepResult:
        if self._goes_back and self._at.mark not in OURS:
            self._at.note("unread", detail=str(problem.message))
        return held(self._task, problem_words(problem), problem.hint)


def _patience(at: AtBalancer, *, goes_back: bool) -> float:
    """Seconds in which a balancer that gives no answer is asked again. On a way back none, once it has given none."""
    return (0.0 if at.shared.is_silent else HURRY) if goes_back else PATIENCE


def waits_for_person(task: Task) -> bool:
    """Whether the run pauses where a balancer does not do what it is told. A way back never waits, and nobody is asked in a catch-up."""
    return task.step.phase != "rollback" and kind_of(task.state).waits_for_people


def held(task: Task, words: str, hint: SafeText = SafeText("")) -> StepResult:  # noqa: B008 (a frozen value)
    """What a balancer did not do: it waits for a person, who continues, where the run does that; else it has failed."""
    if not waits_for_person(task):
        return StepResult("failed", detail=SafeText(words), hint=hint)
    return StepResult("held", detail=SafeText(words), hint=hint or SafeText(f"deploy continue {task.state.run}"))


def _places(task: Task) -> list[tuple[AtBalancer, Balancer | None]]:
    tools, specs = task.tools, {one.name: one for one in task.environment.balancers}
    return [
        (AtBalancer(shared, task.step.about, tools.live, tools.record, tools.write, tools.clock), specs.get(shared.name))
        for shared in tools.balancers if task.step.about in shared.hosts
    ]  # fmt: skip


def all_of(results: list[StepResult]) -> StepResult:
    """What all balancers together come to: the worst of them."""
    for status in ("failed", "held"):
        bad = [result for result in results if result.status == status]
        if bad:
            return StepResult(bad[0].status, detail=SafeText("; ".join(str(one.detail) for one in bad)), hint=bad[0].hint)
    return StepResult("done", detail=SafeText("; ".join(str(result.detail) for result in results if result.detail)))


async def drain(task: Task) -> StepResult:
    """Take the host out of the traffic of every balancer."""
    return all_of(list(await asyncio.gather(*(Drain(task, at, spec).run() for at, spec in _places(task)))))


async def admit(task: Task) -> StepResult:
    """Put the host back at every balancer that it was in before."""
    return all_of(list(await asyncio.gather(*(_admit(task, at) for at, _ in _places(task)))))


async def _admit(task: Task, at: AtBalancer) -> StepResult:
    if at.mark == "left":
        return StepResult("done", detail=SafeText(f"stays out of {at.shared.name}, as it was before this run"))
    if (at.mark in (None, "unread") and not waits_for_person(task)) or (at.mark is None and not _is_drained(task)):
        return await _left_as_it_is(at)
    found = await at.server(lambda: at.shared.admit(at.host))
    problem = found if isinstance(found, BalancerProblem) else BalancerProblem(at.shared.name, SafeText(f"it does not put {at.host} back"), reached=True)
    if isinstance(found, BalancerProblem) and found.reached:
        found = await at.server(at.shared.look)
    if isinstance(found, tuple) and found[0].admission == "in" and found[0].up is not False:
        at.shared.stays(at.host)
        at.note("in", found[0].sessions)
        return StepResult("done")
    is_unwell = isinstance(found, tuple) and found[0].up is False
    if is_unwell:
        return StepResult("failed", detail=SafeText(f"{at.shared.name} finds {at.host} unwell: {problem.message}"), hint=problem.hint)
    return held(task, problem_words(problem), problem.hint)


def _is_drained(task: Task) -> bool:
    """Whether the host is taken out before that: in recreate it is not, and gets requests as before."""
    return any(step.kind == "drain" and step.phase == task.step.phase for step in task.state.lanes.get(task.step.about, ()))


async def _left_as_it_is(at: AtBalancer) -> StepResult:
    """Say how a host is at a balancer that would not be told to drain it: this run has not taken it out, and does not put it in."""
    found = await at.server(at.shared.hurried_look, 0.0)
    if isinstance(found, BalancerProblem):
        return StepResult("done", detail=SafeText(f"it was not taken out; {problem_words(found)}"))
    is_in = found[0].admission == "in"
    at.note("in" if is_in else "left", found[0].sessions)
    return StepResult("done", detail=SafeText("" if is_in else f"out of {at.shared.name} since before this run"))


async def take_all_out(places: list[AtBalancer]) -> None:
    """Take hosts out that are not to get requests, and say what was read back. Where that cannot be read, it is tried until the host is well again."""
    looks = await asyncio.gather(*(at.server(at.shared.look, PATIENCE / 2) for at in places))
    for at, found in zip(places, looks, strict=True):
        if isinstance(found, tuple) and found[0].admission != "in" and at.mark not in OURS:
            at.note("left", found[0].sessions)
    meant = [at for at in places if at.mark != "left"]
    await asyncio.gather(*(at.announce() for at in meant))
    await asyncio.gather(*(_take_out(at) for at in meant))


async def _take_out(at: AtBalancer) -> None:
    first = True
    while first or (at.known.condition in MISPLACED and at.live().phase != "ended"):
        problem = await _taken_out(at, PATIENCE / 2 if first else 0.0)
        if problem is None:
            return
        if first:
            at.note("unread", detail=str(problem.message))
        first = False
        await at.clock.sleep(UNREAD_AGAIN)


async def _taken_out(at: AtBalancer, patience: float) -> BalancerProblem | None:
    found = await at.server(at.shared.look, patience)
    if isinstance(found, BalancerProblem):
        return found
    server, seen = found
    if at.known.condition in IN_BETWEEN:
        return None  # it is tried again meanwhile, and gets requests behind its gate
    if server.admission == "in" and not at.shared.may_leave(at.host, seen, anyway=False):
        return BalancerProblem(at.shared.name, SafeText("it is the last server that gets requests there, and is left so"), reached=True)
    if server.admission == "in":
        found = await at.server(lambda: at.shared.drain(at.host), patience)
    if isinstance(found, BalancerProblem):
        return found
    if found[0].admission == "in":
        return BalancerProblem(at.shared.name, SafeText("it was told to drain it, and still sends it requests"), reached=True)
    at.note("drained", found[0].sessions)
    return None
