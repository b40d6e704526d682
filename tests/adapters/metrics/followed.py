"""A source of numbers that is followed, and what it gave."""

import asyncio
from collections.abc import Callable

from console.engine.metrics.metrics_sampler import sample_of
from console.model.measurements import Measurement
from console.ports.feed import Sample
from console.ports.metric_source import MetricSource


class Followed:
    """Follows between `start` and `stop`."""

    def __init__(self, source: MetricSource, heard: Callable[[Sample], None] = lambda sample: None) -> None:
        self._source, self._heard = source, heard
        self.looks: list[tuple[Measurement, ...]] = []
        self._task: asyncio.Task[None] | None = None

    def _take(self, looks: tuple[Measurement, ...]) -> None:
        assert looks, "a look gives something"
        assert len({(one.host, one.at) for one in looks}) == 1, "a look is of one host and one time"
        self.looks.append(looks)
        self._heard(sample_of(self._source.name, looks))

    def of(self, metric: str, host: str = "") -> list[Measurement]:
        """What was measured of that."""
        return [one for looks in self.looks for one in looks if (one.metric, one.host) == (metric, host)]

    def start(self) -> "Followed":
        self._task = asyncio.create_task(self._source.follow(self._take))
        return self

    async def stop(self) -> None:
        assert self._task
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
