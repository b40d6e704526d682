"""What was read of an application or a balancer last, so that nobody asks twice: who judges a canary asks anew, and who keeps numbers takes that answer.

Knows the ports that it stands before, and nothing of what the answers mean.
"""

from collections.abc import Callable

from console.model.application_metrics import Series, Unreadable
from console.model.host import Host
from console.model.traffic import BalancerProblem, ServerCounts
from console.ports.balancer_port import BalancerPort
from console.ports.metric_source import Scraper

Scraped = tuple[Series, ...] | Unreadable
Counted = tuple[ServerCounts, ...] | BalancerProblem


class NotedScraper:
    """Implements `ports.Scraper`, and notes what came. `always`: names that are read with whatever else is wanted."""

    def __init__(self, scraper: Scraper, always: frozenset[str], now: Callable[[], float]) -> None:
        self._scraper = scraper
        self._always = always
        self._now = now
        self._last: dict[tuple[str, str], tuple[float, Scraped]] = {}

    async def scrape(self, host: Host, url: str, names: frozenset[str], *, deadline: float) -> Scraped:
        """Read the host now, whatever was read before."""
        return (await self.recent(host, url, names, age=0.0, deadline=deadline))[1]

    async def recent(self, host: Host, url: str, names: frozenset[str], *, age: float, deadline: float) -> tuple[float, Scraped]:
        """Return what was read at most `age` seconds ago, or is read now, and when that was. `names` beyond `always` may be missing in what was read before."""
        known = self._last.get((host.name, url))
        if known is not None and self._now() - known[0] < age:
            return known
        found = await self._scraper.scrape(host, url, names | self._always, deadline=deadline)
        self._last[host.name, url] = noted = (self._now(), found)
        return noted


class NotedCounts:
    """The counters of one balancer, and what they were last."""

    def __init__(self, balancer: BalancerPort, now: Callable[[], float]) -> None:
        self._balancer = balancer
        self._now = now
        self._last: tuple[float, Counted] | None = None

    @property
    def name(self) -> str:
        """What people call the balancer."""
        return self._balancer.name

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that it serves."""
        return self._balancer.hosts

    async def count(self, *, deadline: float) -> Counted:
        """Ask the balancer for its counters now, whatever it said before."""
        return (await self.recent(age=0.0, deadline=deadline))[1]

    async def recent(self, *, age: float, deadline: float) -> tuple[float, Counted]:
        """Return what was counted at most `age` seconds ago, or is counted now, and when that was."""
        if self._last is not None and self._now() - self._last[0] < age:
            return self._last
        found = await self._balancer.count(deadline=deadline)
        self._last = (self._now(), found)
        return self._last
