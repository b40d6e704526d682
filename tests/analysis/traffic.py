"""Simulated traffic: how many requests of a block fail on each host. Seeded by whoever calls it; no library."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from console.core.analysis.dispersion import block_of
from console.model.analysis import Block


def binomial(random: Random, n: int, p: float) -> int:
    """Draw how many of `n` fail, each with probability `p`, exactly: large numbers are halved by an order statistic (Relles 1972), small ones skip from
    failure to failure."""
    found = 0
    while n * min(p, 1.0 - p) > 12.0:
        middle = n // 2 + 1
        at = random.betavariate(middle, n + 1 - middle)
        if at <= p:
            found += middle
            n -= middle
            p = (p - at) / (1.0 - at)
        else:
            n = middle - 1
            p /= at
    if p > 0.5:
        return found + n - binomial(random, n, 1.0 - p)
    return found + _by_gaps(random, n, p)


def _by_gaps(random: Random, n: int, p: float) -> int:
    if p <= 0.0 or not n:
        return 0
    found, place, scale = 0, 0, math.log1p(-p)
    while True:
        place += int(math.log(1.0 - random.random()) / scale) + 1
        if place > n:
            return found
        found += 1


@dataclass(frozen=True)
class Traffic:
    """Requests per second to all hosts of a side, rates of bad ones, hosts of a side, and how much requests to one host in one block fail together
    (intraclass correlation; 0: not at all)."""

    new_rps: float
    old_rps: float
    new_rate: float
    old_rate: float
    new_hosts: int = 1
    old_hosts: int = 9
    together: float = 0.0
    seconds: float = 10.0

    def blocks(self, random: Random, count: int) -> Iterator[Block]:
        """Draw so many blocks."""
        for _ in range(count):
            new = self._side(random, self.new_rps, self.new_rate, self.new_hosts)
            yield block_of(new, self._side(random, self.old_rps, self.old_rate, self.old_hosts), self.seconds)

    def _side(self, random: Random, rps: float, rate: float, hosts: int) -> dict[str, tuple[int, int]]:
        each = round(rps * self.seconds / hosts)
        return {f"h{number}": (each, binomial(random, each, self._rate(random, rate))) for number in range(hosts)}

    def _rate(self, random: Random, rate: float) -> float:
        if not self.together:
            return rate
        spread = 1.0 / self.together - 1.0
        return random.betavariate(rate * spread, (1.0 - rate) * spread)
