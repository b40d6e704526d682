"""One metric of many hosts as one row for each stretch of time: of all, of new and of old hosts, and how the hosts are spread. Pure.

Requests are added before they are divided, so that a host with few of them counts for few. A quantile of a side is that of its median host: quantiles cannot be
added; of the environment as a whole it is what the source itself made of all buckets.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from console.model.number_history import Curve, Unit


class CurveRow(NamedTuple):
    """One stretch of time. None: nobody said anything."""

    at: float
    value: float | None = None
    new: float | None = None
    old: float | None = None
    median: float | None = None
    p95: float | None = None
    highest: float | None = None
    weight: float = 0.0
    """Requests, where they are counted; else looks."""


class OpenRow:
    """A stretch of time that is not over."""

    __slots__ = ("_bad", "_requests", "_unit", "_values", "_whole")

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._whole: float | None = None
        self._values: tuple[list[float], list[float]] = ([], [])
        self._requests = [0, 0]
        self._bad = [0, 0]

    def add(self, value: float | None, counts: tuple[int, int] | None = None, *, new: bool = False, whole: bool = False) -> None:
        """Take one look at one host; `whole`: at the environment."""
        if whole:
            self._whole = value
            return
        if value is not None:
            self._values[new].append(value)
        if counts is not None:
            self._requests[new] += counts[0]
            self._bad[new] += counts[1]

    def row(self, at: float) -> CurveRow:
        """Return what it comes to."""
        old, new = self._values
        every = sorted((*old, *new))
        value = self._whole if self._whole is not None else self._of((0, 1), every)
        weight = float(sum(self._requests)) or float(len(every)) or float(value is not None)
        if self._unit == "rate" and self._whole is not None:
            return CurveRow(at, value, None, None, *_spread(every), weight)
        return CurveRow(at, value, self._of((1,), new), self._of((0,), old), *_spread(every), weight)

    def _of(self, sides: Sequence[int], values: Sequence[float]) -> float | None:
        if self._unit == "share" and any(self._requests):
            requests = sum(self._requests[side] for side in sides)
            return sum(self._bad[side] for side in sides) / requests if requests else None
        if not values:
            return None
        return quantile(sorted(values), 0.5) if self._unit == "seconds" else sum(values) / len(values)


def _spread(every: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    return (quantile(every, 0.5), quantile(every, 0.95), every[-1]) if every else (None, None, None)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value that so large a share of them do not exceed; `ordered` holds at least one."""
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def merged(at: float, rows: Iterable[CurveRow]) -> CurveRow:
    """Return several rows as one longer stretch: means by their weight, and the highest of the highest."""
    every = [row for row in rows if row.weight]
    total = sum(row.weight for row in every)

    def mean(place: int) -> float | None:
        parts = [(value, row.weight) for row in every if (value := row[place]) is not None]
        weight = sum(part for _, part in parts)
        return sum(value * part for value, part in parts) / weight if weight else None

    highest = max((row.highest for row in every if row.highest is not None), default=None)
    return CurveRow(at, mean(1), mean(2), mean(3), mean(4), mean(5), highest, total)


class CurveMaker:
    """Makes one curve of looks in any order. `step`: seconds of a stretch; they begin at `since`."""

    def __init__(self, metric: str, unit: Unit, since: float, step: float) -> None:
        self._metric, self._unit, self._since, self._step = metric, unit, since, step
        self._rows: dict[int, OpenRow] = {}

    def add(self, at: float, value: float | None, counts: tuple[int, int] | None, *, new: bool, whole: bool) -> None:
        """Take one look at a host, or at the environment (`whole`); looks may come in any order."""
        place = int((at - self._since) // self._step)
        row = self._rows.get(place)
        if row is None:
            row = self._rows[place] = OpenRow(self._unit)
        row.add(value, counts, new=new, whole=whole)

    def curve(self) -> Curve:
        """Return what it comes to."""
        rows = [self._rows[place].row(round(self._since + (place + 1) * self._step, 3)) for place in sorted(self._rows)]
        at, value, new, old, median, p95, highest, _ = zip(*rows, strict=True) if rows else ((),) * 8
        return Curve(self._metric, at, *(tuple(map(_short, column)) for column in (value, new, old, median, p95, highest)))


def _short(value: float | None) -> float | None:
    """So many digits as a plot can show: a curve travels."""
    return None if value is None else float(f"{value:.5g}")
