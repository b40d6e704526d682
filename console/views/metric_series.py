"""Numbers over time as columns: what falls into each, gaps as gaps. Pure.

Times are seconds on the clock that stamped the points. A number that is measured every ten seconds stands for the ten seconds before it: what is missing
between two of them is no gap.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from console.model.number_history import MetricInfo
from console.safe_text import SafeText

Point = tuple[float, float]

BARS = "▁▂▃▄▅▆▇█"
STEPS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0)
STALE_AFTER = 2.0
"""A source is stale when it is so many of its intervals late."""


@dataclass(frozen=True)
class MetricSeries:
    """One metric: the points to draw, in the order of time, and the newest point of each host (and of the environment, by the name "").

    `new` and `old` are the numbers of the hosts that were on the new release at that time, and of the others; `highest`: of the highest host.
    """

    kind: str
    points: tuple[Point, ...] = ()
    latest: Mapping[str, Point] = field(default_factory=dict)
    new: tuple[Point, ...] = ()
    old: tuple[Point, ...] = ()
    highest: tuple[Point, ...] = ()
    info: MetricInfo | None = None
    problem: SafeText = SafeText("")
    """Why there is no number now."""

    @property
    def every(self) -> float:
        """Seconds between two looks; 0: it is measured when something else asks."""
        return self.info.every if self.info else 1.0

    @cached_property
    def newest(self) -> float | None:
        """The time of the newest number of all hosts."""
        return max((at for at, _ in self.latest.values()), default=None)

    def is_late(self, now: float) -> float:
        """Return how many seconds it is late, once that is too many; 0: it is not."""
        newest = self.newest
        late = now - newest if newest is not None and self.every else 0.0
        return late if late > max(3.0, STALE_AFTER * self.every) else 0.0


def step_for(age: float, columns: int) -> float:
    """Seconds a column stands for, so that so much time fits; the finest of a few round ones."""
    return next((step for step in STEPS if step * columns >= age), STEPS[-1])


def buckets(points: Iterable[Point], now: float, step: float, columns: int, every: float = 0.0) -> tuple[float | None, ...]:
    """Return the mean of each column's points, oldest first; None where there was none. Columns stand on multiples of `step`.

    `every`: seconds that a point stands for, before its own time.
    """
    last = int(now // step)
    sums: list[list[float]] = [[] for _ in range(columns)]
    for at, value in points:
        column = columns - 1 - (last - int(at // step))
        if 0 <= column < columns:
            sums[column].append(value)
    found: list[float | None] = [sum(values) / len(values) if values else None for values in sums]
    held = int(every * 1.5 / step)
    return tuple(found) if held < 1 else _held(found, held)


def _held(found: list[float | None], held: int) -> tuple[float | None, ...]:
    """The same, where each number stands for so many columns before it, too."""
    out, after, left = list(found), None, 0
    for column in range(len(found) - 1, -1, -1):
        value = found[column]
        if value is not None:
            after, left = value, held
        elif left > 0:
            out[column], left = after, left - 1
    return tuple(out)


def spark(values: Sequence[float | None], top: float, change: int | None = None) -> str:
    """Return a bar for each value on a scale from zero to `top`; a gap is a blank; `change` is the column that gets the mark."""
    out = [" " if value is None else BARS[min(7, max(0, int(value / top * 7.999)))] for value in values]
    if change is not None and 0 <= change < len(out):
        out[change] = "┊"
    return "".join(out)


def newest(all_series: Iterable[MetricSeries]) -> float | None:
    """Return the time of the newest point of all."""
    return max((at for series in all_series if (at := series.newest) is not None), default=None)


def column_of(moment: float | None, now: float, step: float, columns: int) -> int | None:
    """Return the column that a moment is drawn in; None where it is outside."""
    column = None if moment is None else columns - 1 - (int(now // step) - int(moment // step))
    return column if column is not None and 0 <= column < columns else None


class PlotFrame(NamedTuple):
    """How wide a column is, and which are marked."""

    now: float
    step: float
    columns: int
    change: int | None
    looked: int | None

    def over(self, columns: int) -> "PlotFrame":
        """Return the same right edge with fewer columns."""
        less = self.columns - columns
        change, looked = (None if at is None or at < less else at - less for at in (self.change, self.looked))
        return PlotFrame(self.now, self.step, columns, change, looked)

    def of(self, points: Iterable[Point], every: float) -> tuple[float | None, ...]:
        """Return the points as its columns."""
        return buckets(points, self.now, self.step, self.columns, every)
