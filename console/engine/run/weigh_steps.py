"""Steps that give hosts with the new release their share of the traffic by the balancers' weights, and that put every weight back.

What servers are to weigh is `core/traffic/shares.py`. Before a balancer is told, it is on the disk what each server weighed before and will weigh, so
that whoever comes next knows which weights are the console's. One that somebody else has changed meanwhile is left, and shown.
"""

import asyncio

from console.core.traffic.serving import problem_words
from console.core.traffic.shares import ALL, Wanted, Weighing, share_of, share_words, wanted_weights, weighing
from console.engine.run.drain_and_admit import AGAIN, PATIENCE, all_of, held, waits_for_person
from console.engine.run.shared_balancer import Answer, SharedBalancer
from console.engine.run.step_attempt import Task
from console.model.events import WeightsChanged
from console.model.traffic import BalancerProblem, BalancerSeen, BalancerWeights, OwnWeight
from console.ports.steps import StepResult
from console.safe_text import SafeText


async def weigh(task: Task) -> StepResult:
    """Bring every balancer's weights to what the run wants now."""
    return all_of(list(await asyncio.gather(*(Weigh(task, shared).run() for shared in _meant(task)))))


def _meant(task: Task) -> list[SharedBalancer]:
    step, known = task.step, task.tools.live().weights
    if step.share == ALL and not step.about:
        return [shared for shared in task.tools.balancers if shared.name in known and known[shared.name].own]
    return [shared for shared in task.tools.balancers if not step.about or step.about in shared.hosts]


class Weigh:
    """One attempt at one balancer's weights: what it is to have goes to the record, then to the balancer, and is read back."""

    def __init__(self, task: Task, shared: SharedBalancer) -> None:
        self._task = task
        self._shared = shared
        self._clock = task.tools.clock
        self._end = self._clock.mono() + PATIENCE

    @property
    def _known(self) -> BalancerWeights:
        return self._task.tools.live().weights.get(self._shared.name, BalancerWeights("restored"))

    async def run(self) -> StepResult:
        """Set what differs, and read it back."""
        async with self._shared.weighing:
            seen = await self._asked(None)
            if isinstance(seen, BalancerProblem):
                return self._stuck(seen)
            want = wanted_weights(self._task.tools.live(), self._task.step)
            if not self._known.own and not (want.new | want.coming) & self._shared.hosts:
                return StepResult("done")
            found = weighing(seen, self._known, want, self._shared.highest_weight)
            differs = {name: weight for name, weight in found.weights.items() if _weights(seen).get(name) != weight}
            if differs:
                await self._announce(seen, found)
            after = await self._asked(differs) if differs else seen
            if isinstance(after, BalancerProblem):
                return self._stuck(after)
            return self._done(after, want, found)

    async def _asked(self, weights: dict[str, int] | None) -> Answer:
        """Look, or set those weights; again while there is no answer and time is left."""
        while True:
            answer = await (self._shared.look() if weights is None else self._shared.weigh(weights))
            if isinstance(answer, BalancerSeen) or answer.reached or self._clock.mono() + AGAIN >= self._end:
                return answer
            await self._clock.sleep(AGAIN)

    async def _announce(self, seen: BalancerSeen, found: Weighing) -> None:
        """Have it on the disk what each server was and will be."""
        own, read = self._known.own, _weights(seen)
        fresh = {name: OwnWeight(_before(own.get(name), read[name]), weight, read[name]) for name, weight in found.weights.items() if name in read}
        meant = {name: one for name, one in fresh.items() if name in own or one.now != one.before}
        if meant:
            await self._task.tools.write(WeightsChanged(balancer=self._shared.name, mark="setting", own=meant, theirs=found.theirs))

    def _done(self, seen: BalancerSeen, want: Wanted, found: Weighing) -> StepResult:
        left = tuple(f"{name} weighs {weight} at {self._shared.name}: somebody else has set that, and it is left" for name, weight in found.theirs.items())
        if want.share >= ALL:
            self._say(WeightsChanged(balancer=self._shared.name, mark="restored", theirs=found.theirs))
            return StepResult("done", detail=SafeText("; ".join(left)))
        about = self._task.step.about
        share = share_of(seen, want.new) if want.new else None
        own = {name: one for name, one in self._known.own.items() if name not in found.theirs}
        self._say(WeightsChanged(balancer=self._shared.name, mark="set", own=own, share=share, theirs=found.theirs))
        words = () if share is None or about else (f"{share_words(share)} of the traffic of {self._shared.name} goes to new hosts",)
        return StepResult("done", detail=SafeText("; ".join((*words, *left))))

    def _say(self, event: WeightsChanged) -> None:
        known = self._known
        if known != BalancerWeights(event.mark, event.own, event.share, event.theirs, event.detail):
            self._task.tools.record(event)

    def _stuck(self, problem: BalancerProblem) -> StepResult:
        known = self._known
        if known.own and not waits_for_person(self._task):
            event = WeightsChanged(balancer=self._shared.name, mark="unread", own=known.own, share=known.share, theirs=known.theirs, detail=problem.message)
            self._task.tools.record(event)
        return held(self._task, problem_words(problem), problem.hint)


def _before(known: OwnWeight | None, read: int) -> int:
    return known.before if known and known.is_ours(read) else read


def _weights(seen: BalancerSeen) -> dict[str, int]:
    return {one.server: one.weight for one in (*seen.servers, *seen.others) if one.weight is not None}
