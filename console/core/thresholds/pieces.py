"""What was measured of one metric on some hosts, as pieces of time that may be added up. Pure.

A measurement without a value is no piece: a time of which nothing is known is neither good nor bad. It knows no limit.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from statistics import median
from typing import NamedTuple

from console.model.measurements import Measurement
from console.model.thresholds import Mean
from console.safe_text import SafeText

EPSILON = 1e-6
"""Seconds by which two moments may differ and still be one."""
LEAST_SLOT, MOST_SLOT = 0.2, 10.0
"""Seconds of a slot."""

Window = Mapping[str, Sequence[Measurement]]


def is_of_the_environment(window: Window) -> bool:
    """Whether the metric is one number for the whole environment. What each host has may have a sum of its own, which is not judged."""
    return "" in window and not any(window)


class Piece(NamedTuple):
    """What one host had from `start` to `end`."""

    host: str
    start: float
    end: float
    value: float
    requests: int | None
    bad: int

    @property
    def middle(self) -> float:
        """The moment that says which slot it belongs to."""
        return (self.start + self.end) / 2


@dataclass(frozen=True)
class MeasuredSide:
    """The hosts that have the same release. What is asked for each host of the other side is worked out once: work grows with the hosts, not their square."""

    pieces: tuple[Piece, ...] = ()
    """Host by host, each from its oldest on."""
    unmeasured: tuple[str, ...] = ()
    """Hosts that gave no measurement lately, though they have had the time to."""
    problem: SafeText = SafeText("")
    """Why the first of them did not."""

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """Those that something was measured of."""
        return tuple(dict.fromkeys(piece.host for piece in self.pieces))

    @cached_property
    def is_counted(self) -> bool:
        """Whether requests are counted, so that hosts are one rate together."""
        return any(piece.requests is not None for piece in self.pieces)

    def highest(self, since: float, until: float) -> float | None:
        """Return the highest mean that one host had of the pieces that end in that time; None: there is none. For numbers that are not counted."""
        means = (mean for ends, sums in self._running if (mean := _mean_between(ends, sums, since, until)) is not None)
        return max(means, default=None)

    @cached_property
    def _running(self) -> tuple[tuple[list[float], list[float]], ...]:
        """For each host the ends of its pieces, and the sums of their values up to each."""
        by_host: dict[str, tuple[list[float], list[float]]] = {}
        for piece in self.pieces:
            ends, values = by_host.setdefault(piece.host, ([], []))
            ends.append(piece.end)
            values.append(piece.value)
        return tuple((ends, list(accumulate(values, initial=0.0))) for ends, values in by_host.values())


def _mean_between(ends: list[float], sums: list[float], since: float, until: float) -> float | None:
    first, last = bisect_right(ends, since + EPSILON), bisect_right(ends, until + EPSILON)
    return (sums[last] - sums[first]) / (last - first) if last > first else None


def side_of(window: Window, hosts: Mapping[str, float], now: float, patience: float) -> MeasuredSide:
    """Return what is known of those hosts. By host: since when it is on this side; what was measured before is left out.

    `patience`: seconds after which a host that was not measured is said to be unmeasured.
    """
    pieces: list[Piece] = []
    silent: dict[str, SafeText] = {}
    for host, since in hosts.items():
        seen = window.get(host, ())
        pieces += _pieces(host, seen, since, patience)
        if now - since > patience and not any(one.at > now - patience for one in seen if is_measured(one)):
            silent[host] = next((one.problem for one in reversed(seen) if one.problem), SafeText(f"no measurement for {patience:g} s"))
    return MeasuredSide(tuple(pieces), tuple(silent), next(iter(silent.values()), SafeText("")))


def is_measured(one: Measurement) -> bool:
    """Whether it says something: a number, or that there was no request."""
    if one.problem:
        return False
    return one.requests == 0 or (one.value is not None and math.isfinite(one.value))


def _pieces(host: str, seen: Iterable[Measurement], since: float, patience: float) -> Iterable[Piece]:
    """A measurement of a moment stands for the time since the one before it, where that is not long ago."""
    before = -math.inf
    for one in seen:
        length = one.seconds or (one.at - before if one.at - before <= patience else 0.0)
        before = one.at
        if is_measured(one) and one.value is not None and one.requests != 0 and one.at - length >= since - EPSILON:
            yield Piece(host, one.at - length, one.at, one.value, one.requests, one.bad or 0)


def mean_of(pieces: Iterable[Piece]) -> Mean | None:
    """Return what those pieces come to: where requests are counted, each weighs as much as it has of them. None: there is no piece."""
    some = tuple(pieces)
    if not some:
        return None
    seconds = _length(some)
    counted = [piece for piece in some if piece.requests]
    if not counted:
        return Mean(sum(piece.value for piece in some) / len(some), seconds)
    requests = sum(piece.requests or 0 for piece in counted)
    value = sum(piece.value * (piece.requests or 0) for piece in counted) / requests
    return Mean(value, seconds, requests, sum(piece.bad for piece in counted))


def _length(pieces: tuple[Piece, ...]) -> float:
    """Seconds that any of them covers, each once."""
    covered, end = 0.0, -math.inf
    for piece in sorted(pieces, key=lambda one: one.start):
        covered += max(0.0, piece.end - max(piece.start, end))
        end = max(end, piece.end)
    return covered


def together(means: Iterable[Mean]) -> Mean | None:
    """Return what several hosts had together; None: there are none."""
    some = tuple(means)
    if not some:
        return None
    seconds = max(mean.seconds for mean in some)
    requests = sum(mean.requests or 0 for mean in some)
    if not requests:
        return Mean(sum(mean.value for mean in some) / len(some), seconds)
    return Mean(sum(mean.value * (mean.requests or 0) for mean in some) / requests, seconds, requests, sum(mean.bad for mean in some))


def is_share(mean: Mean) -> bool:
    """Whether the number is the share of bad requests itself, and not, say, how long they took."""
    return bool(mean.requests) and abs(mean.value * (mean.requests or 0) - mean.bad) < 1e-6 * (mean.requests or 0)


Slots = Mapping[int, tuple[Piece, ...]]
"""Times of the same length, counted backwards from the newest measurement: 0 is the last one. One in which nothing was measured is not there."""


def slot_seconds(pieces: Iterable[Piece], lasts: float) -> float:
    """Return how long a slot is: a third of what a breach has to last, 10 s at most, and never shorter than what one measurement covers."""
    lengths = [piece.end - piece.start for piece in pieces]
    return max(LEAST_SLOT, median(lengths) if lengths else 0.0, min(MOST_SLOT, lasts / 3))


def slots_of(pieces: Iterable[Piece], until: float, seconds: float) -> Slots:
    """Return the pieces by slot, each in the one that holds its middle."""
    found: dict[int, list[Piece]] = {}
    for piece in pieces:
        if piece.end <= until + EPSILON:
            found.setdefault(math.floor((until - piece.middle) / seconds), []).append(piece)
    return {number: tuple(some) for number, some in found.items()}
