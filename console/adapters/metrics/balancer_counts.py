"""Errors as balancers count them, for each host and over all. Implements `ports.MetricSource`.

A host is measured where every balancer that serves it has counted: what one of them does not say may be where the errors are.
"""

import asyncio
from collections.abc import Iterator

from console.adapters.metrics.repeated_looks import again_and_again
from console.adapters.metrics.shared_looks import Counted, NotedCounts
from console.core.analysis.looks import look_of
from console.core.metrics.measured_counters import RESTARTED, CounterLook, Increase, increase, measured, together, unmeasured
from console.core.metrics.metric_list import BALANCERS_EVERY
from console.model.application_metrics import CountedMetric
from console.model.measurements import Measurement
from console.model.traffic import BalancerProblem
from console.ports.clock import Clock
from console.ports.metric_source import Take
from console.safe_text import SafeText

DEADLINE = 10.0
ERRORS = CountedMetric("error_rate", counter="balancer", errors={"bad": "true"})
"""Bad requests as a share of all."""


class BalancerCounts:
    """The counters of every balancer that counts."""

    name = "balancer"
    metrics = ("error_rate",)

    def __init__(self, balancers: tuple[NotedCounts, ...], clock: Clock, interval: float = BALANCERS_EVERY) -> None:
        self._balancers, self._clock = balancers, clock
        self._before: dict[str, dict[str, CounterLook]] = {one.name: {} for one in balancers}
        self.interval = interval

    async def follow(self, take: Take) -> None:
        """Count again and again until cancelled."""
        await again_and_again(self._clock, self.interval, lambda: self._look(take))

    async def _look(self, take: Take) -> None:
        answers = await asyncio.gather(*(one.recent(age=self.interval * 0.75, deadline=DEADLINE) for one in self._balancers))
        found: dict[str, list[Increase]] = {}
        gaps: dict[str, Measurement] = {}
        for balancer, (at, answer) in zip(self._balancers, answers, strict=True):
            for host, one in self._of_balancer(balancer, at, answer):
                if isinstance(one, Increase):
                    found.setdefault(host, []).append(one)
                else:
                    gaps[host] = one
        for gap in gaps.values():
            take((gap,))
        whole: list[Increase] = []
        for host, parts in found.items():
            if host not in gaps and (both := together(parts)):
                whole.append(both)
                take((measured(ERRORS, host, both),))
        if (all_of_them := together(whole)) and not any(isinstance(answer, BalancerProblem) for _, answer in answers):
            take((measured(ERRORS, "", all_of_them),))

    def _of_balancer(self, balancer: NotedCounts, at: float, answer: Counted) -> Iterator[tuple[str, Increase | Measurement]]:
        if isinstance(answer, BalancerProblem):
            why = SafeText(f"{balancer.name} gave no counts: {answer.message}")
            yield from ((host, unmeasured("error_rate", host, at, why)) for host in ("", *sorted(balancer.hosts)))
            return
        known = self._before[balancer.name]
        for host, counts in look_of(answer).items():
            now = CounterLook(at, counts.incarnation, counts.requests, counts.bad)
            before, known[host] = known.get(host), now
            if before is not None and before.at < at:
                yield host, increase(before, now) or unmeasured("error_rate", host, at, RESTARTED)
