"""What the application on each host counts: errors, latency, and what else the file names. Implements `ports.MetricSource`.

What two looks come to is `core/metrics/measured_counters.py`'s; how a host is read is the scraper's.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Iterator

from console.adapters.metrics.repeated_looks import again_and_again
from console.adapters.metrics.shared_looks import NotedScraper, Scraped
from console.core.analysis.looks import UNSTABLE, Lives
from console.core.host.shell import filled_url
from console.core.metrics.counters import added, bound_for, buckets_of, incarnation_of
from console.core.metrics.exposition import START
from console.core.metrics.measured_counters import RESTARTED, CounterLook, Increase, increase, looked_at, measured, together, unmeasured
from console.model.application_metrics import Metrics, Unreadable
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.measurements import Measurement
from console.ports.clock import Clock
from console.ports.metric_source import Take

AT_ONCE = 64
"""Hosts that are read at the same time."""
LONGEST = 10.0
"""Seconds that a host has to answer, at most."""
Values = Callable[[Host], dict[str, str]]


def wanted_names(metrics: Metrics) -> frozenset[str]:
    """Return the names of every series that the file asks for."""
    return frozenset({START}).union(*(metric.wanted for metric in metrics.counted)) if metrics.counted else frozenset()


class _OneHost:
    """What is known of one host between two looks."""

    def __init__(self) -> None:
        self.before: dict[str, CounterLook] = {}
        self.lives = Lives()


class Application:
    """Scrapes every host at `metrics.scrape_interval`. `values`: what placeholders in the URL stand for on a host."""

    name = "application"

    def __init__(self, environment: Environment, scraper: NotedScraper, clock: Clock, values: Values) -> None:
        self._hosts, self._metrics = environment.hosts, environment.metrics
        self._scraper, self._clock, self._values = scraper, clock, values
        self._known = {host.name: _OneHost() for host in self._hosts}
        self._bounds: dict[str, float] = {}
        self.interval = environment.metrics.scrape_interval

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of what it measures."""
        return tuple(metric.name for metric in self._metrics.counted)

    async def follow(self, take: Take) -> None:
        """Read every host again and again until cancelled."""
        await again_and_again(self._clock, self.interval, lambda: self._look(take))

    async def _look(self, take: Take) -> None:
        gate, names = asyncio.Semaphore(AT_ONCE), wanted_names(self._metrics)

        async def one(host: Host) -> tuple[float, Scraped]:
            async with gate:
                url = filled_url(self._metrics.scrape, self._values(host))
                return await self._scraper.recent(host, url, names, age=self.interval, deadline=min(LONGEST, self.interval))

        answers = await asyncio.gather(*map(one, self._hosts))
        self._find_bounds(series for _, series in answers)
        every: dict[str, list[Increase]] = {}
        for host, (at, series) in zip(self._hosts, answers, strict=True):
            if looks := tuple(self._of_host(host.name, at, series, every)):
                take(looks)
        for metric in self._metrics.counted:
            if whole := together(every.get(metric.name, ())):
                take((measured(metric, "", whole),))

    def _of_host(self, host: str, at: float, series: Scraped, every: dict[str, list[Increase]]) -> Iterator[Measurement]:
        """Yield what one host's look gives, and add it to what all hosts counted."""
        known = self._known[host]
        problem = series.reason if isinstance(series, Unreadable) else UNSTABLE if known.lives.meet(incarnation_of(series)) else None
        for metric in self._metrics.counted:
            if problem is not None or isinstance(series, Unreadable):
                yield unmeasured(metric.name, host, at, problem or UNSTABLE)
                continue
            now = looked_at(host, metric, series, at, self._bounds.get(metric.name))
            if isinstance(now, Unreadable):
                known.before.pop(metric.name, None)
                yield unmeasured(metric.name, host, at, now.reason)
                continue
            before, known.before[metric.name] = known.before.get(metric.name), now
            if before is None or before.at == at:
                continue
            found = increase(before, now)
            if found is None:
                yield unmeasured(metric.name, host, at, RESTARTED)
                continue
            every.setdefault(metric.name, []).append(found)
            yield measured(metric, host, found)

    def _find_bounds(self, every: Iterable[Scraped]) -> None:
        """Once a histogram says something: what its slow requests are slower than, by all hosts together, so that it is the same for each."""
        answers = [series for series in every if not isinstance(series, Unreadable)]
        for metric in self._metrics.counted:
            if metric.histogram and metric.name not in self._bounds:
                found = [buckets for series in answers if not isinstance(buckets := buckets_of(metric, series), Unreadable)]
                bound = bound_for(added(found), metric.quantile)
                if bound is not None and math.isfinite(bound):
                    self._bounds[metric.name] = bound
