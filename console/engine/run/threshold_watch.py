"""Looks at the thresholds while a run goes on, from its first switch on, and records where a verdict has become another one.

What a look comes to is decided in `core/thresholds/`, what follows for the run in `core/run/`. Who measures is `engine/metrics/`.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from console.core.run.breaches import is_judged
from console.core.run.new_against_old import NEW, OLD
from console.core.thresholds.baselines import Before, baseline_of, is_complete
from console.core.thresholds.changes import told
from console.core.thresholds.judging import View, judged
from console.model.events import BaselineTaken, Event
from console.model.fleet import Environment
from console.model.measurements import Measurements
from console.model.state import HostCondition, RunState
from console.model.thresholds import Threshold, Verdict
from console.ports.clock import Clock

LOOK = 0.5
"""Seconds between two looks; more for fleets of hundreds."""
PER_SECOND = 400
"""Hosts whose measurements are looked through within a second, for each threshold."""
LEAST_PATIENCE = 10.0
MACHINE: Final = frozenset({"cpu", "memory", "load", "disk"})


class ThresholdWatch:
    """The thresholds of one run."""

    def __init__(
        self, environment: Environment, measurements: Measurements, clock: Clock, state: Callable[[], RunState], record: Callable[..., None]
    ) -> None:
        self._environment = environment
        self._measurements = measurements
        self._clock = clock
        self._state = state
        self._record = record

    async def watch(self) -> None:
        """Look again and again, to the run's end."""
        pause = max(LOOK, len(self._environment.hosts) / PER_SECOND)
        while self._state().phase != "ended":
            if is_judged(self._state()):
                await self.look()
            await self._clock.sleep(pause)

    async def look(self) -> None:
        """Judge every threshold once."""
        if self._state().baselines is None:
            self._take_baselines()
        found: list[tuple[Threshold, Verdict]] = []
        for threshold in self._environment.thresholds:
            found.append((threshold, judged(threshold, self._view(threshold.metric))))
            await asyncio.sleep(0)  # the engine's loop answers between two of them
        if is_judged(self._state()):
            events: tuple[Event, ...] = told(self._state().thresholds, found, self._state().switched, self._clock.mono())
            if events:
                self._record(*events)

    def _take_baselines(self) -> None:
        """Record what was before the release, once it is known."""
        state, now = self._state(), self._clock.mono()
        before = Before(state.changed_at, state.switched, tuple(state.hosts), tuple(_hosts(state, OLD)))
        metrics = dict.fromkeys(threshold.metric for threshold in self._environment.thresholds)
        found = {metric: baseline_of(self._measurements, metric, before, now, patience_of(self._environment, metric)) for metric in metrics}
        if is_complete(found, before, now):
            self._record(BaselineTaken(metrics=found))

    def _view(self, metric: str) -> View:
        state = self._state()
        return View(
            self._measurements, _hosts(state, NEW), _hosts(state, OLD), state.switched, self._clock.mono(), (state.baselines or {}).get(metric, {}),
            patience_of(self._environment, metric),
        )  # fmt: skip


def _hosts(state: RunState, conditions: frozenset[HostCondition]) -> dict[str, float]:
    """Hosts that are one of that, each since when."""
    return {host.name: host.since for host in state.hosts.values() if host.condition in conditions}


def patience_of(environment: Environment, metric: str) -> float:
    """Return after how many seconds a host that was not measured is said to be unmeasured: three looks of its source."""
    interval = environment.metrics_interval if metric in MACHINE else environment.metrics.scrape_interval
    return max(LEAST_PATIENCE, 3.0 * interval)
