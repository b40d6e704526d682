"""Samples every source of an environment once, whoever looks: while a run goes on, while somebody watches, and for an hour after a run.

Keeps what was measured (`core/metrics/kept_numbers.py`) and tells who listens. Implements `Measurements`. Knows nothing of what a number means.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from console.core.metrics.kept_numbers import KeptNumbers
from console.engine.tasks import Background
from console.model.application_metrics import MACHINE
from console.model.configured_environment import Environment
from console.model.measurements import IN_EACH_LOOK, Measurement
from console.ports.clock import Clock
from console.ports.feed import Sample
from console.ports.metric_source import MetricSource

log = logging.getLogger(__name__)

Hear = Callable[[Sample], None]
AFTER_RUN = 3600.0
"""Seconds for which it goes on after a run, though nobody watches."""
BESIDE_RUN = 600.0
"""Seconds before a run, and after it, whose numbers are kept with it."""
BEFORE_RUN_MOST = 20_000
"""Looks that are kept of the time before a run, about."""
AFTER_FAULT = 30.0
"""Seconds until a source is followed again that ended by a mistake of ours."""


class NoMeasurements:
    """Stands where nothing is measured."""

    def window(self, metric: str, since: float, until: float) -> Mapping[str, tuple[Measurement, ...]]:
        """Return that nothing is known."""
        return {}

    def copied(self, metric: str, since: float) -> "NoMeasurements":
        """Return itself: there is nothing that more measurements could change."""
        return self


class MetricKeeper:
    """The numbers of one environment: sources are followed while somebody listens, and for a while after a run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.numbers = KeptNumbers()
        self._sources: tuple[MetricSource, ...] = ()
        self._following = Background()
        self._ending: asyncio.Task[None] | None = None
        self._listeners: list[Hear] = []
        self._until = 0.0
        self._parting: tuple[Hear, float] | None = None

    @property
    def sources(self) -> tuple[MetricSource, ...]:
        """The sources of the model that is worked with; none while there is no model."""
        return self._sources

    def window(self, metric: str, since: float, until: float) -> Mapping[str, tuple[Measurement, ...]]:
        """Return by host, oldest first, what ended after `since` and not after `until`."""
        return self.numbers.window(metric, since, until)

    def copied(self, metric: str, since: float) -> KeptNumbers:
        """Return what there is of one metric since then, as it is now, for another thread."""
        return self.numbers.copied(metric, since)

    async def recent(self, seconds: float) -> list[Sample]:
        """Return what was measured in so many seconds up to now, in the order of time; of many hosts the means of minutes.

        The loop is held for one host's looks at most.
        """
        found: list[Sample] = []
        for source, looks in self.numbers.looks(self._clock.mono() - seconds, BEFORE_RUN_MOST):
            found += (sample_of(source, look) for look in looks)
            await asyncio.sleep(0)
        return sorted(found, key=lambda sample: sample.at)

    async def use(self, environment: Environment, sources: tuple[MetricSource, ...]) -> None:
        """Sample those from now on, where somebody looks or looked lately."""
        await self._rest()
        self._sources = sources
        self.numbers.keep_only(host.name for host in environment.hosts)
        if self._listeners or self._clock.mono() < self._until:
            self._start()
            self._end_later()

    @contextmanager
    def heard(self, hear: Hear, *, linger: float = 0.0) -> Iterator[None]:
        """Sample, and tell of each look, while in the block. `linger`: for how many seconds it goes on behind it."""
        self._listeners.append(hear)
        self._start()
        try:
            yield
        finally:
            self._listeners.remove(hear)
            self._until = max(self._until, self._clock.mono() + linger)
            self._end_later()

    def go_on_telling(self, hear: Hear | None, seconds: float = 0.0) -> None:
        """Tell one who listens no more of each look of so many seconds to come, as far as there are any; one at most. None: nobody any more."""
        self._parting = None if hear is None else (hear, self._clock.mono() + seconds)

    async def stop(self) -> None:
        """End sampling, whoever listens."""
        self._until = 0.0
        await self._rest()
        self._sources = ()

    def _start(self) -> None:
        self._following.start(*(partial(self._follow, source) for source in self._sources), names=tuple(f"numbers of {one.name}" for one in self._sources))

    async def _follow(self, source: MetricSource) -> None:
        while True:
            try:
                await source.follow(lambda looks: self._take(source.name, looks))
            except Exception:
                log.exception("numbers of %s", source.name)
            await self._clock.sleep(AFTER_FAULT)

    def _take(self, source: str, looks: tuple[Measurement, ...]) -> None:
        self.numbers.take(source, looks)
        if self._parting is not None and self._clock.mono() > self._parting[1]:
            self._parting = None
        listeners = [*self._listeners, *([self._parting[0]] if self._parting else [])]
        if listeners:
            sample = sample_of(source, looks)
            for hear in listeners:
                hear(sample)

    def _end_later(self) -> None:
        if self._ending is None and not self._listeners:
            self._ending = asyncio.create_task(self._end())

    async def _end(self) -> None:
        try:
            while not self._listeners and self._following.is_on:  # who came and went while it was being stopped has begun it anew
                if (left := self._until - self._clock.mono()) > 0:
                    await self._clock.sleep(left)
                else:
                    await self._following.stop()
        finally:
            self._ending = None

    async def _rest(self) -> None:
        ending, self._ending = self._ending, None
        if ending is not None:
            ending.cancel()
            await asyncio.gather(ending, return_exceptions=True)
        await self._following.stop()


def sample_of(source: str, looks: tuple[Measurement, ...]) -> Sample:
    """Return one look as viewers hear of it."""
    values = {one.metric: one.value for one in looks}
    counts = {one.metric: (one.requests, one.bad or 0) for one in looks if one.requests is not None}
    problem = next((one.problem for one in looks if one.problem), looks[0].problem)
    host, at = looks[0].host, looks[0].at
    if source != MACHINE:
        return Sample(host, at, extra=values, source=source, counts=counts, problem=problem)
    cpu, memory, load = (values.pop(name, None) for name in IN_EACH_LOOK)
    return Sample(host, at, cpu, memory, load, values, problem=problem)
