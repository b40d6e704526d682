"""The machine metrics of the last ten minutes: the fleet's mean for each second, and each host's samples. Knows no widgets and no feed.

A screen stands open all night over a thousand hosts, so points lie in flat arrays: 32 bytes for a host's look at itself, where pairs of floats took 300.
"""

from array import array
from bisect import bisect_left
from collections import deque
from math import isnan, nan
from typing import Literal

from console.ports.feed import Sample
from console.views.machine_metrics import Kind, Point, Series

KINDS: tuple[Kind, ...] = ("cpu", "memory", "load")
Group = Literal["all", "new", "old"]
GROUPS: tuple[Group, ...] = ("all", "new", "old")
SPAN = 660.0
"""Seconds that are kept: ten minutes, and a little."""
MOST = 1320
"""Points kept of a host that is looked at more than twice a second."""
FRESH = 5.0
"""Seconds after which a host's own numbers are not shown beside its name any more."""
SLACK = 60
"""Points that may be too old before the oldest are dropped together."""


class HostMetrics:
    """What one host said of itself, oldest first; a number that it could not tell is a gap."""

    def __init__(self) -> None:
        self._at = array("d")
        self._values = {kind: array("d") for kind in KINDS}

    def add(self, at: float, sample: Sample) -> None:
        """Take a sample that came at that time (boot-time clock), and drop what is older than `SPAN`."""
        self._at.append(at)
        for kind, value in zip(KINDS, (sample.cpu, sample.memory, sample.load), strict=True):
            self._values[kind].append(nan if value is None else value)
        old = max(bisect_left(self._at, at - SPAN), len(self._at) - MOST)
        if old > SLACK:
            del self._at[:old]
            for values in self._values.values():
                del values[:old]

    def points(self, kind: Kind) -> tuple[Point, ...]:
        """Return every point of that kind."""
        return tuple((at, value) for at, value in zip(self._at, self._values[kind], strict=True) if not isnan(value))

    def newest(self, kind: Kind) -> Point | None:
        """Return the last point of that kind; None where there was none."""
        values = self._values[kind]
        return next(((self._at[place], values[place]) for place in range(len(values) - 1, -1, -1) if not isnan(values[place])), None)


class MetricsHistory:
    """The samples that came, by kind: the fleet's mean a second, and each host's own."""

    def __init__(self) -> None:
        self._means: dict[tuple[Kind, Group], deque[tuple[float, float, int]]] = {(kind, group): deque(maxlen=int(SPAN)) for kind in KINDS for group in GROUPS}
        self._hosts: dict[str, HostMetrics] = {}

    def add(self, sample: Sample, at: float, *, new: bool = False) -> None:
        """Take a sample that came at that time (boot-time clock), of a host that is on the new release by then or is not."""
        self._hosts.setdefault(sample.host, HostMetrics()).add(at, sample)
        for kind, value in zip(KINDS, (sample.cpu, sample.memory, sample.load), strict=True):
            if value is not None:
                for group in ("all", "new" if new else "old"):
                    self._add_to_mean(self._means[kind, group], float(int(at)), value)

    @staticmethod
    def _add_to_mean(points: deque[tuple[float, float, int]], second: float, value: float) -> None:
        if points and points[-1][0] == second:
            _, total, count = points[-1]
            points[-1] = (second, total + value, count + 1)
        else:
            points.append((second, value, 1))

    def series(self, host: str = "") -> tuple[Series, ...]:
        """Return what there is to draw: the fleet's means, or one host's points."""
        return tuple(self._of_host(kind, host) if host else self._of_fleet(kind) for kind in KINDS)

    def load_of(self, host: str, now: float) -> tuple[float | None, float | None]:
        """Return the newest cpu and memory of a host, as shares; None for what is not fresh at that time (boot-time clock)."""
        return self._since("cpu", host, now - FRESH), self._since("memory", host, now - FRESH)

    def _since(self, kind: Kind, host: str, since: float) -> float | None:
        newest = self._newest(kind, host)
        return newest[1] if newest and newest[0] >= since else None

    def _newest(self, kind: Kind, host: str) -> Point | None:
        known = self._hosts.get(host)
        return known.newest(kind) if known else None

    def _of_host(self, kind: Kind, host: str) -> Series:
        newest = self._newest(kind, host)
        return Series(kind, self._hosts[host].points(kind), {host: newest}) if newest else Series(kind)

    def _of_fleet(self, kind: Kind) -> Series:
        latest = {host: newest for host in self._hosts if (newest := self._newest(kind, host))}
        everyone, new, old = (tuple((at, total / count) for at, total, count in self._means[kind, group]) for group in GROUPS)
        return Series(kind, everyone, latest, new, old)
