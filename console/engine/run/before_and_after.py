"""The numbers that are kept with a run of the time before it and after it, so that its report can compare. Knows nothing of what the run does."""

import asyncio
from typing import Final

from console.engine.context import Keep
from console.engine.metrics.metrics_sampler import BESIDE_RUN, MetricKeeper
from console.ports.clock import Clock

AT_ONCE: Final = 500
"""Samples after which the engine's loop has its turn."""


class KeptBeside:
    """Keeps the minutes before and after one run with that run."""

    def __init__(self, keeper: MetricKeeper | None, clock: Clock, run: str, keep: Keep) -> None:
        self._keeper, self._clock, self._run, self._keep = keeper, clock, run, keep

    async def keep_before(self) -> None:
        """Keep what was measured in the minutes before. What is still kept with an earlier run is not any more."""
        if self._keeper is not None:
            self._keeper.go_on_telling(None)
            for place, sample in enumerate(await self._keeper.recent(BESIDE_RUN), 1):
                self._keep(self._run, sample, self._clock.mono() - sample.at)
                if place % AT_ONCE == 0:
                    await asyncio.sleep(0)

    def go_on(self) -> None:
        """Keep what is measured in the minutes after, unless another run begins."""
        if self._keeper is not None:
            self._keeper.go_on_telling(lambda sample: self._keep(self._run, sample), BESIDE_RUN)
