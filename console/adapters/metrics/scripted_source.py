"""A source of numbers that says what it is told to. For tests, and where a thousand hosts are wanted at once. Implements `ports.MetricSource`."""

import asyncio

from console.model.application_metrics import MACHINE
from console.model.measurements import IN_EACH_LOOK, Measurement
from console.ports.metric_source import Take


class ScriptedSource:
    """`give` says what one look at one host finds, while somebody follows."""

    def __init__(self, name: str = MACHINE, interval: float = 1.0, metrics: tuple[str, ...] = IN_EACH_LOOK) -> None:
        self.name, self.interval, self.metrics = name, interval, metrics
        self.followers = 0
        self._takes: list[Take] = []

    async def follow(self, take: Take) -> None:
        """Hand over what is given until cancelled."""
        self._takes.append(take)
        self.followers += 1
        try:
            await asyncio.Event().wait()
        finally:
            self._takes.remove(take)

    def give(self, *looks: Measurement) -> None:
        """Hand these measurements to every follower, as one look."""
        for take in tuple(self._takes):
            take(looks)
