"""How long health checks take to answer, as they are asked by gates and in the monitoring window. Implements `ports.MetricSource`; asks nothing by itself."""

import asyncio

from console.core.checks.health_gate import Observation
from console.model.configured_environment import Environment
from console.model.measurements import Measurement
from console.ports.clock import Clock
from console.ports.metric_source import Take


class CheckTimes:
    """The answers of every health check of an environment."""

    name = "checks"
    interval = 0.0

    def __init__(self, environment: Environment, clock: Clock) -> None:
        self.metrics = tuple(f"check:{check.name}" for check in environment.health)
        self._clock = clock
        self._take: Take | None = None

    async def follow(self, take: Take) -> None:
        """Hand over what is heard until cancelled."""
        self._take = take
        try:
            await asyncio.Event().wait()
        finally:
            self._take = None

    def hear(self, host: str, check: str, seen: Observation) -> None:
        """A check of a host was asked. Only a right answer has a time."""
        if self._take is not None:
            good = seen.kind == "ok"
            look = Measurement(f"check:{check}", host, self._clock.mono(), 0.0, seen.milliseconds / 1000 if good else None, problem=seen.seen)
            self._take((look if not good else Measurement(look.metric, host, look.at, 0.0, look.value),))
