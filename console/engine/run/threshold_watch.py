"""Looks at the thresholds while a run goes on, from its first switch on, and records where a verdict has become another one.

What a look comes to is decided in `core/thresholds/`, what follows for the run in `core/run/`. Who measures is `engine/metrics/`.
Of many hosts, a look is worked out beside the engine's loop, over a copy of what was measured: the loop is held for no more than the copy.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from console.core.run.breaches import counting_down, is_judged, untouched_before
from console.core.run.canary_verdict import NEW, OLD
from console.core.thresholds.baselines import BASELINE, Before, baseline_of, is_complete
from console.core.thresholds.changes import told
from console.core.thresholds.threshold_verdict import View, judged, reach_of
from console.model.configured_environment import Environment
from console.model.events import BaselineTaken, Event
from console.model.measurements import LIMITED, Measurements
from console.model.state import HostCondition, RunState
from console.model.thresholds import Mean, Threshold, Unmeasured, Verdict
from console.ports.clock import Clock
from console.safe_text import SafeText

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK = 0.5
"""Seconds between two looks; more for fleets of hundreds."""
COUNTING_DOWN = 0.1
"""The same while hosts are about to go back: what is measured then is to be acted on at once."""
PER_SECOND = 400
"""Hosts whose measurements are looked through within a second, for each threshold."""
FEW = 32
"""Hosts whose measurements are looked through in the loop itself; those of more, in a thread."""
LEAST_PATIENCE = 10.0


class ThresholdWatch:
    """The thresholds of one run, judged again and again from its first switch on; what changes becomes an event. A mistake of ours ends no run: what could
    not be worked out was not measured."""

    def __init__(self, environment: Environment, measurements: Measurements, clock: Clock, state: Callable[[], RunState], record: Callable[..., None]) -> None:
        self._environment = environment
        self._measurements = measurements
        self._clock = clock
        self._state = state
        self._record = record
        self._failed: set[str] = set()
        """Metrics whose numbers could not be worked out, as the log has it."""

    async def watch(self) -> None:
        """Look again and again, to the run's end."""
        while self._state().phase != "ended":
            if is_judged(self._state()):
                await self.look()
            least = COUNTING_DOWN if counting_down(self._state()) else LOOK
            await self._clock.sleep(max(least, len(self._environment.hosts) / PER_SECOND))

    async def look(self) -> None:
        """Judge every threshold once, by what was measured until now, and record what has changed."""
        if self._state().baselines is None:
            await self._take_baselines()
        found: list[tuple[Threshold, Verdict]] = []
        for threshold in self._environment.thresholds:
            found.append((threshold, await self._judged(threshold)))
            await asyncio.sleep(0)  # the engine's loop answers between two of them
        if is_judged(self._state()):
            events: tuple[Event, ...] = told(self._state().thresholds, found, self._state().switched, self._clock.mono())
            if events:
                self._record(*events)

    async def _take_baselines(self) -> None:
        """Record what was before the release, once it is known."""
        state, now = self._state(), self._clock.mono()
        before = Before(state.changed_at, state.switched, untouched_before(state), tuple(_hosts(state, OLD)))
        found: dict[str, dict[str, Mean]] = {}
        for metric in dict.fromkeys(threshold.metric for threshold in self._environment.thresholds):
            patience = patience_of(self._environment, metric)
            try:
                found[metric] = await self._worked_out(baseline_of, metric, min(now, state.changed_at) - BASELINE, metric, before, now, patience)
            except Exception as bug:
                self._failed_at(metric, bug)
                found[metric] = {}
        if is_judged(self._state()) and is_complete(found, before, now):
            self._record(BaselineTaken(metrics=found))

    async def _judged(self, threshold: Threshold) -> Verdict:
        state, metric, now = self._state(), threshold.metric, self._clock.mono()
        baseline, patience = (state.baselines or {}).get(metric, {}), patience_of(self._environment, metric)
        new, old = _hosts(state, NEW), _hosts(state, OLD)

        def work(measurements: Measurements) -> Verdict:
            return judged(threshold, View(measurements, new, old, state.switched, now, baseline, patience))

        try:
            return await self._worked_out(work, metric, reach_of(threshold, state.switched, now))
        except Exception as bug:
            self._failed_at(metric, bug)
            return Unmeasured(unmeasured=tuple(new), problem=SafeText(f"the console failed to judge it: {type(bug).__name__}: {bug}"))

    def _failed_at(self, metric: str, bug: Exception) -> None:
        if metric not in self._failed:
            self._failed.add(metric)
            log.error("judging %s", metric, exc_info=bug)

    async def _worked_out(self, work: Callable[..., T], metric: str, since: float, *more: object) -> T:
        """Do that with what was measured of the metric since then."""
        if len(self._environment.hosts) <= FEW:
            return work(self._measurements, *more)
        return await asyncio.to_thread(work, self._measurements.copied(metric, since), *more)


def _hosts(state: RunState, conditions: frozenset[HostCondition]) -> dict[str, float]:
    """Hosts that are one of that, each since when."""
    return {host.name: host.since for host in state.hosts.values() if host.condition in conditions}


def patience_of(environment: Environment, metric: str) -> float:
    """Return after how many seconds a host that was not measured is said to be unmeasured: three looks of its source."""
    interval = environment.metrics_interval if metric in LIMITED else environment.metrics.scrape_interval
    return max(LEAST_PATIENCE, 3.0 * interval)
