"""The numbers that a screen keeps: each host's own looks of the last ten minutes, and the fleet's curves up to a day back. Knows no widgets and no feed.

A screen stands open all night over a thousand hosts, so what is kept lies in flat arrays: of a host 8 bytes a look and 4 for each of its numbers (21 KiB for
six numbers each second), of a metric of the fleet 160 KiB however many hosts there are.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import floor, isnan, nan

from console.core.metrics.fleet_curve import CurveRow, OpenRow, merged
from console.model.application_metrics import MACHINE
from console.model.measurements import IN_EACH_LOOK
from console.model.number_history import Curve, MetricInfo, NumbersSeen
from console.ports.feed import Sample
from console.safe_text import SafeText
from console.views.metric_names import unit_of
from console.views.metric_series import MetricSeries, Point

SPAN = 660.0
"""Seconds of a host's looks: ten minutes, and a little."""
MOST = 1320
"""Looks kept of a host that is looked at more than twice a second."""
FRESH = 5.0
"""Seconds after which a host's own numbers are not shown beside its name any more."""
SLACK = 60
"""Points that may be too old before the oldest are dropped together."""
TIERS = ((1.0, 660), (10.0, 400), (60.0, 1500))
"""(seconds of a row, how many are kept) of the fleet's curves: eleven minutes, an hour, a day."""


class HostMetrics:
    """What one source said of one host, oldest first; a number that it could not tell is a gap."""

    def __init__(self) -> None:
        self._at = array("d")
        self._values: dict[str, array[float]] = {}

    def add(self, at: float, values: Iterable[tuple[str, float | None]]) -> None:
        """Take a look that came at that time (boot-time clock), and drop what is older than `SPAN`."""
        self._at.append(at)
        length = len(self._at)
        for name, value in values:
            column = self._values.get(name)
            if column is None:
                column = self._values[name] = array("f", [nan]) * (length - 1)
            column.append(nan if value is None else value)
        for column in self._values.values():
            if len(column) < length:
                column.append(nan)
        old = max(bisect_left(self._at, at - SPAN), length - MOST)
        if old > SLACK:
            del self._at[:old]
            for column in self._values.values():
                del column[:old]

    def points(self, metric: str) -> tuple[Point, ...]:
        """Return every point of that metric."""
        column = self._values.get(metric, array("f"))
        return tuple((at, value) for at, value in zip(self._at, column, strict=False) if not isnan(value))


class _Tier:
    """Rows of so many seconds each, as flat arrays, oldest first."""

    def __init__(self, step: float, most: int) -> None:
        self.step, self.most = step, most
        self._columns = tuple(array("d") for _ in CurveRow._fields)

    def append(self, row: CurveRow) -> None:
        for column, value in zip(self._columns, row, strict=True):
            column.append(nan if value is None else value)
        if len(self._columns[0]) > self.most + SLACK:
            for column in self._columns:
                del column[:SLACK]

    def rows(self, since: float) -> Iterator[CurveRow]:
        first = bisect_left(self._columns[0], since)
        for values in zip(*(column[first:] for column in self._columns), strict=True):
            yield CurveRow._make((values[0], *(None if isnan(value) else value for value in values[1:7]), values[7]))

    def begin_with(self, rows: list[CurveRow]) -> None:
        """Lay what was before in front of what is held."""
        first = self._columns[0][0] if self._columns[0] else float("inf")
        held = list(self.rows(0.0))
        self._columns = tuple(array("d") for _ in CurveRow._fields)
        for row in (*(row for row in rows if row.at < first), *held):
            self.append(row)


class FleetCurve:
    """One metric of the fleet, in rows of a second, of ten, and of a minute."""

    def __init__(self, info: MetricInfo) -> None:
        self.info = info
        self._tiers = tuple(_Tier(*tier) for tier in TIERS)
        self._open = OpenRow(info.unit)
        self._ends = 0.0
        self._gathered: tuple[list[CurveRow], ...] = tuple([] for _ in TIERS)

    def add(self, at: float, value: float | None, counts: tuple[int, int] | None, *, new: bool, whole: bool) -> None:
        """Take one look at a host (`at`: seconds) into the open second. `counts`: requests, and bad ones of them."""
        if at >= self._ends:
            self._close()
            self._ends = floor(at) + 1.0
        self._open.add(value, counts, new=new, whole=whole)

    def _close(self) -> None:
        if not self._ends:
            return
        row = self._open.row(self._ends - 1.0)
        self._open = OpenRow(self.info.unit)
        for place, tier in enumerate(self._tiers):
            gathered = self._gathered[place]
            if place and gathered and self._begin(place) != floor(row.at / tier.step) * tier.step:
                tier.append(merged(self._begin(place), gathered))
                gathered.clear()
            if place:
                gathered.append(row)
            else:
                tier.append(row)

    def rows(self, now: float, span: float) -> tuple[CurveRow, ...]:
        """Return the rows of so many seconds, each time by the finest tier that has it; the last one may not be over."""
        found = [self._open.row(self._ends - 1.0)] if self._ends else []
        for place, tier in enumerate(self._tiers):
            first = found[0].at if found else now + 1.0
            more = [*tier.rows(now - span), *([merged(self._begin(place), self._gathered[place])] if self._gathered[place] else [])]
            found = [*(row for row in more if row.at + tier.step <= first + 0.001), *found]
        return tuple(found)

    def _begin(self, place: int) -> float:
        step = self._tiers[place].step
        return floor(self._gathered[place][0].at / step) * step

    def begin_with(self, curve: Curve, shift: float) -> None:
        """Lay what an engine knows of the time before in front of what came. `shift`: from the engine's clock to this one."""
        columns = zip(curve.at, curve.value, curve.new, curve.old, curve.median, curve.p95, curve.highest, strict=True)
        step = min((later - one for one, later in pairwise(curve.at)), default=10.0)
        rows = [CurveRow._make((at - step + shift, *values, 1.0)) for at, *values in columns]
        for tier in self._tiers:
            wide: dict[float, list[CurveRow]] = {}
            for row in rows:
                for part in range(max(1, round(step / tier.step))):
                    wide.setdefault(floor((row.at + part * tier.step) / tier.step) * tier.step, []).append(row)
            tier.begin_with([merged(at, some) for at, some in sorted(wide.items())][-tier.most :])


class MetricsHistory:
    """The numbers that came, by metric: the fleet's curves, and each host's own looks."""

    def __init__(self) -> None:
        self._curves: dict[str, FleetCurve] = {name: FleetCurve(MetricInfo(name, unit_of(name))) for name in IN_EACH_LOOK}
        self._hosts: dict[tuple[str, str], HostMetrics] = {}
        self._latest: dict[str, dict[str, Point]] = {name: {} for name in IN_EACH_LOOK}
        self._problems: dict[str, SafeText] = {}
        self._of_hosts: dict[str, tuple[Curve, ...]] = {}
        self._shift = 0.0
        self.span = 600.0
        """Seconds that are shown."""

    def add(self, sample: Sample, at: float, *, new: bool = False) -> None:
        """Take a sample that came at that time (boot-time clock), of a host that is on the new release by then or is not."""
        machine = (("cpu", sample.cpu), ("memory", sample.memory), ("load", sample.load)) if sample.source == MACHINE else ()
        values = (*machine, *sample.extra.items())
        key = (sample.host, sample.source)
        if sample.host:
            known = self._hosts.get(key)
            if known is None:
                known = self._hosts[key] = HostMetrics()
            known.add(at, values)
        for name, value in values:
            self._take(name, value, sample, at, new=new)

    def _take(self, name: str, value: float | None, sample: Sample, at: float, *, new: bool) -> None:
        curve = self._curves.get(name)
        if curve is None:
            curve = self._curves[name] = FleetCurve(MetricInfo(name, unit_of(name)))
            self._latest[name] = {}
        curve.add(at, value, sample.counts.get(name), new=new, whole=not sample.host)
        if value is not None:
            self._latest[name][sample.host] = (at, value)
            self._problems.pop(name, None)
        elif sample.problem and sample.source != MACHINE and (not sample.host or not self._latest[name]):
            self._problems[name] = sample.problem

    def take_before(self, seen: NumbersSeen, now: float, host: str = "") -> None:
        """Take what the engine knows of the time before, and which metrics there are. `now`: this clock's time of `seen.now`."""
        shift = now - seen.now
        if host:
            self._of_hosts = {host: seen.curves}
            self._shift = shift
            return
        known = self._curves
        self._curves = {info.name: self._informed(known.get(info.name), info) for info in seen.infos}
        self._curves |= {name: curve for name, curve in known.items() if name not in self._curves}
        self._latest = {name: self._latest.get(name, {}) for name in self._curves}
        for curve in seen.curves:
            self._curves[curve.metric].begin_with(curve, shift)
        self._problems = {**seen.problems, **self._problems}

    @staticmethod
    def _informed(known: FleetCurve | None, info: MetricInfo) -> FleetCurve:
        if known is None:
            return FleetCurve(info)
        known.info = info
        return known

    def series(self, host: str = "", now: float = 0.0) -> tuple[MetricSeries, ...]:
        """Return what there is to draw up to now: the fleet's curves, or one host's points. `now` 0: up to what came last.

        What is measured only when something else asks is shown once it was.
        """
        span = self.span
        now = now or max((at for points in self._latest.values() for at, _ in points.values()), default=0.0)
        shown = (name for name, curve in self._curves.items() if curve.info.every or self._latest[name])
        return tuple(self._of_host(name, host, now, span) if host else self._of_fleet(name, now, span) for name in shown)

    def load_of(self, host: str, now: float) -> tuple[float | None, float | None]:
        """Return the newest cpu and memory of a host, as shares; None for what is not fresh at that time (boot-time clock)."""
        return self._since("cpu", host, now - FRESH), self._since("memory", host, now - FRESH)

    def _since(self, metric: str, host: str, since: float) -> float | None:
        newest = self._latest[metric].get(host)
        return newest[1] if newest and newest[0] >= since else None

    def _of_host(self, metric: str, host: str, now: float, span: float) -> MetricSeries:
        info, newest = self._curves[metric].info, self._latest[metric].get(host)
        mine = next((found for key, known in self._hosts.items() if key[0] == host and (found := known.points(metric))), ())
        before = next((curve for curve in self._of_hosts.get(host, ()) if curve.metric == metric), None)
        first = mine[0][0] if mine else now + 1
        earlier = _points_of(before, self._shift, now - span, span) if before else ()
        points = (*(point for point in earlier if now - span <= point[0] < first), *mine)
        return MetricSeries(metric, points, {host: newest} if newest else {}, info=info)

    def _of_fleet(self, metric: str, now: float, span: float) -> MetricSeries:
        curve = self._curves[metric]
        rows = curve.rows(now, max(span, SPAN))
        whole, new, old, highest = (
            tuple((row.at, value) for row in rows if (value := row[place]) is not None) for place in (1, 2, 3, 6)
        )  # fmt: skip
        return MetricSeries(metric, whole, self._latest[metric], new, old, highest, curve.info, self._problems.get(metric, SafeText("")))


def _points_of(curve: Curve, shift: float, since: float, span: float) -> Iterator[Point]:
    """The points of a curve, each at the end of its stretch; where ten minutes are shown, at each second of it: a column is narrower than a stretch then.

    What ended before `since` is left out: of a day's curve, drawn each second, it would be most of the work.
    """
    steps = sorted(later - one for one, later in pairwise(curve.at))
    each = range(int(steps[len(steps) // 2]) - 1, -1, -1) if steps and span <= SPAN else range(1)
    begin = bisect_left(curve.at, since - shift)
    for at, value in zip(curve.at[begin:], curve.value[begin:], strict=True):
        if value is not None:
            yield from ((at + shift - second, value) for second in each)
