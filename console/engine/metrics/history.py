"""How numbers went for some time, as curves for a screen that joins or looks back. The engine's loop is held for one host's looks at most.

Knows what is kept, and nothing of who asks.
"""

import asyncio
import math
from collections.abc import Mapping

from console.core.metrics.fleet_curve import CurveMaker
from console.core.metrics.kept_numbers import HOUR, MINUTE, KeptNumbers
from console.model.number_history import Curve, MetricInfo
from console.safe_text import SafeText

PLACES = 360
"""Stretches of time of a curve."""
MOST = 100_000
"""Looks that are gone through one by one; of more, means of minutes are."""
STEPS = (1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 240.0)


class History:
    """The last `span` seconds up to `now`. `new`: by host, since when it has been on the new release; `host`: of that one alone, where it is not empty."""

    def __init__(self, numbers: KeptNumbers, now: float, span: float, new: Mapping[str, float], host: str = "") -> None:
        self._numbers, self._now, self._new, self._host = numbers, now, new, host
        self._step = next((step for step in STEPS if step * PLACES >= span), STEPS[-1])
        self._since = math.floor((now - span) / self._step) * self._step
        self._span = span

    async def curve(self, info: MetricInfo) -> Curve:
        """Return how that metric went in the time that was asked for; by the minute where there would be too many numbers otherwise."""
        tracks = self._numbers.hosts(info.name)
        chosen = {host: track for host, track in tracks.items() if not self._host or host == self._host}
        coarse = len(chosen) * min(self._span, HOUR) / max(1.0, info.every) > MOST
        maker = CurveMaker(info.name, info.unit, self._since, max(self._step, MINUTE) if coarse else self._step)
        for host, track in chosen.items():
            since = self._new.get(host, math.inf)
            for one in track.between(info.name, host, self._since, self._now, coarse=coarse):
                counts = None if one.requests is None else (one.requests, one.bad or 0)
                maker.add(one.at, one.value, counts, new=one.at >= since, whole=not host)
            await asyncio.sleep(0)
        return maker.curve()

    def problem(self, metric: str) -> SafeText:
        """Return why there is no number now; empty: there is one. Of the fleet: what the environment as a whole lacks, or every host."""
        tracks = {host: track.problem(metric) for host, track in self._numbers.hosts(metric).items() if self._host in ("", host)}
        first = next(iter(tracks.values()), SafeText(""))
        return tracks.get("", SafeText("")) or (first if all(tracks.values()) else SafeText(""))
