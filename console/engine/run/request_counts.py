"""One look after another at what was counted on hosts: by balancers, and by the application itself.

Knows the ports and which metrics are wanted; what follows from two looks is `core/analysis/`. A place that gives no counts is a problem to be told, never zero.
"""

import asyncio
import math
from collections.abc import Iterable
from typing import NamedTuple

from console.core.analysis.judged_metrics import by_balancers, judged_metrics, scraped
from console.core.analysis.looks import UNSTABLE, Lives, Look, block_between, look_of
from console.core.host.shell import filled_url
from console.core.metrics.counters import Buckets, added, bound_for, buckets_of, counts_of, incarnation_of
from console.core.metrics.exposition import START
from console.engine.run.step_attempt import Task, values_for
from console.model.analysis import Block
from console.model.application_metrics import CountedMetric, Series, Unreadable
from console.model.host import Host
from console.model.traffic import BalancerProblem, ServerCounts
from console.safe_text import SafeText

DEADLINE = 10.0
"""Seconds that a place has to give its counts."""
AT_ONCE = 64
"""Hosts that are scraped at the same time."""
TOLD = 3
"""Problems that are told at once."""


class CountedRequests(NamedTuple):
    """What was counted since the look before, by metric and place, and what gave no counts."""

    blocks: dict[str, tuple[Block, ...]]
    problems: tuple[SafeText, ...]


class RequestCounts:
    """The looks of one analysis: each gives what was counted since the one before, of new and of old hosts."""

    def __init__(self, task: Task, bounds: dict[str, float]) -> None:
        self._task = task
        self._clock = task.tools.clock
        self._metrics = judged_metrics(task.environment)
        self._scraped = tuple(one for name in self._metrics if (one := scraped(task.environment, name)))
        self._before: dict[tuple[str, str], tuple[float, Look]] = {}
        self._lives: dict[str, Lives] = {}
        self.bounds = bounds
        """By metric: what a slow request is slower than."""

    @property
    def is_scraped(self) -> bool:
        """Whether hosts are asked for their own counters; else balancers count alone."""
        return bool(self._scraped)

    async def look(self, new: frozenset[str], old: frozenset[str]) -> CountedRequests:
        """Count, and return what was counted since the look before."""
        balancers, hosts = await asyncio.gather(self._of_balancers(), self._of_hosts(new, old))
        looks, problems = {**balancers[0], **hosts[0]}, (*balancers[1], *hosts[1])
        blocks: dict[str, list[Block]] = {}
        for (metric, place), (at, look) in looks.items():
            before = self._before.get((metric, place))
            if before is not None:
                blocks.setdefault(metric, []).append(block_between(before[1], look, new, old, round(at - before[0], 3)))
        self._before.update(looks)
        more = (SafeText(f"and {len(problems) - TOLD} more"),) if len(problems) > TOLD else ()
        return CountedRequests({metric: tuple(found) for metric, found in blocks.items()}, (*problems[:TOLD], *more))

    async def _of_balancers(self) -> tuple[dict[tuple[str, str], tuple[float, Look]], list[SafeText]]:
        if "error_rate" not in self._metrics or not by_balancers(self._task.environment):
            return {}, []
        balancers = self._task.tools.counters
        answers = await asyncio.gather(*(one.count(deadline=DEADLINE) for one in balancers))
        at, looks, problems = self._clock.mono(), dict[tuple[str, str], tuple[float, Look]](), list[SafeText]()
        for balancer, answer in zip(balancers, answers, strict=True):
            if isinstance(answer, BalancerProblem):
                problems.append(SafeText(f"{balancer.name} gave no counts: {answer.message}"))
            elif answer:
                looks["error_rate", balancer.name] = (at, look_of(answer))
        return looks, problems

    async def _of_hosts(self, new: frozenset[str], old: frozenset[str]) -> tuple[dict[tuple[str, str], tuple[float, Look]], list[SafeText]]:
        if not self._scraped:
            return {}, []
        hosts = [host for host in self._task.environment.hosts if host.name in new | old]
        names = frozenset({START}).union(*(metric.wanted for metric in self._scraped))
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(host: Host) -> tuple[Series, ...] | Unreadable:
            async with gate:
                url = filled_url(self._task.environment.metrics.scrape, values_for(host))
                return await self._task.tools.scraper.scrape(host, url, names, deadline=DEADLINE)

        answers = dict(zip((host.name for host in hosts), await asyncio.gather(*map(one, hosts)), strict=True))
        at, problems = self._clock.mono(), [SafeText(f"{name}: {said.reason}") for name, said in answers.items() if isinstance(said, Unreadable)]
        readable = {name: said for name, said in answers.items() if not isinstance(said, Unreadable)}
        for name in [name for name, series in readable.items() if self._lives.setdefault(name, Lives()).meet(incarnation_of(series))]:
            readable.pop(name)
            problems.append(SafeText(f"{name}: {UNSTABLE}"))
        looks: dict[tuple[str, str], tuple[float, Look]] = {}
        for metric in self._scraped:
            counts, wrong = self._counted(metric, readable, old)
            problems += wrong
            looks[metric.name, "hosts"] = (at, look_of(counts))
        return looks, problems

    def _counted(self, metric: CountedMetric, readable: dict[str, tuple[Series, ...]], old: frozenset[str]) -> tuple[list[ServerCounts], list[SafeText]]:
        if metric.histogram and metric.name not in self.bounds:
            bound = _bound_of(metric, (series for name, series in readable.items() if name in old))
            if bound is None:
                return [], [SafeText(f"{metric.histogram} of the old hosts says nothing of {metric.quantile:.0%} of their requests yet")]
            self.bounds[metric.name] = bound
        found, problems = list[ServerCounts](), list[SafeText]()
        for name, series in readable.items():
            counts = counts_of(name, metric, series, self.bounds.get(metric.name))
            if isinstance(counts, Unreadable):
                problems.append(SafeText(f"{name}: {counts.reason}"))
            else:
                found.append(counts)
        return found, problems


def _bound_of(metric: CountedMetric, every: Iterable[tuple[Series, ...]]) -> float | None:
    found: list[Buckets] = []
    for series in every:
        buckets = buckets_of(metric, series)
        if not isinstance(buckets, Unreadable):
            found.append(buckets)
    bound = bound_for(added(found), metric.quantile)
    return bound if bound is not None and math.isfinite(bound) else None
