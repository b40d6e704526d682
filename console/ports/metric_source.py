"""Where numbers come from: of machines, of the application, of what stands before it and beside it. Knows no metric by name."""

from collections.abc import Callable
from typing import Protocol

from console.model.application_metrics import Series, Unreadable
from console.model.host import Host
from console.model.measurements import Measurement

Take = Callable[[tuple[Measurement, ...]], None]
"""Takes what one look at one host gave (or at the environment as a whole): one or several metrics, all of one time, and never none."""


class MetricSource(Protocol):
    """One place that numbers come from, looked at again and again.

    A number that cannot be had is a `Measurement` without a value, with the reason: never zero, and never nothing for longer than two intervals.
    """

    @property
    def name(self) -> str:
        """The name that messages and the record give it."""

    @property
    def interval(self) -> float:
        """Seconds between two looks; 0: it hears what others ask, when they ask."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of what it measures."""

    async def follow(self, take: Take) -> None:
        """Look until cancelled. Nothing is left running anywhere then."""


class Scraper(Protocol):
    """Reads Prometheus' text. Failure is a value, and never a number."""

    async def scrape(self, host: Host, url: str, names: frozenset[str], *, deadline: float) -> tuple[Series, ...] | Unreadable:
        """Return the samples of those names, as the host itself sees them at that URL, within so many seconds."""
