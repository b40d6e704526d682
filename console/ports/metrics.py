"""Numbers that the application itself shows. Knows no metric by name."""

from typing import Protocol

from console.model.fleet import Host
from console.model.metrics import Series, Unreadable


class Scraper(Protocol):
    """Reads Prometheus' text. Failure is a value, and never a number."""

    async def scrape(self, host: Host, url: str, names: frozenset[str], *, deadline: float) -> tuple[Series, ...] | Unreadable:
        """Return the samples of those names, as the host itself sees them at that URL, within so many seconds."""
