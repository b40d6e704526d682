"""The numbers of the metrics panel in words: now, or at the moment that is looked at, what is allowed, what was before, and which hosts are highest. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest

from console.core.metrics.fleet_curve import quantile
from console.core.thresholds.pieces import together
from console.model.number_history import Unit
from console.model.state import RunState
from console.views.metric_names import said, scale_top
from console.views.metric_series import MetricSeries, PlotFrame, Point
from console.views.progress import Newest
from console.views.styled_text import Line, Span, joined, line
from console.views.times import seconds_in_words

WORST = 3
"""Hosts that are named."""
OLD_NEWS = 15.0
"""Seconds after which the age of a number is said that is measured only when something else asks."""
TEN_MINUTES = 600.0


def _changed_at(state: RunState) -> float | None:
    first = [
        ran.started
        for host in state.hosts.values()
        for name, ran in host.steps.items()
        if ran.started and name in state.index and state.index[name].kind == "switch"
    ]
    return min(first, default=None)


changed_at: Newest[RunState, float | None] = Newest(_changed_at)
"""(state) to when the first switch of the run was started, on the boot-time clock."""


def unit(series: MetricSeries) -> Unit | None:
    """Return the unit of its numbers, where the file says it."""
    return series.info.unit if series.info else None


def top_of(series: MetricSeries, values: Iterable[float | None], limits: tuple[float, ...]) -> float:
    """Return where its scale ends. `limits`: what is allowed."""
    return scale_top(series.kind, values, unit(series), limits)


def allowed(series: MetricSeries, state: RunState) -> tuple[float, ...]:
    """Return what thresholds allow, as numbers: also the limits that are so much more than before the release, or than old hosts have."""
    return (*(series.info.limits if series.info else ()), *(limit for _, limit in _relative(series, state)))


def _relative(series: MetricSeries, state: RunState) -> list[tuple[str, float]]:
    """The limits that follow from other numbers, once those are there; each with what it is held against."""
    if not state.switched or state.plan is None:
        return []
    before, old = baseline(series, state), series.old[-1][1] if series.new and series.old else None
    found: list[tuple[str, float]] = []
    for threshold in (one for one in state.plan.thresholds if one.metric == series.kind):
        if threshold.above_baseline is not None and before is not None:
            found.append((" by before", before * (1.0 + threshold.above_baseline)))
        if threshold.above_old is not None and old is not None:
            found.append((" by old", old * (1.0 + threshold.above_old)))
    return found


def said_of(series: MetricSeries, value: float) -> str:
    """Return one of its numbers as people say it."""
    return said(series.kind, value, unit(series))


def _side(series: MetricSeries, points: Sequence[Point], now: float) -> float | None:
    """The newest number of a curve, unless it is an old one."""
    return points[-1][1] if points and (not series.every or now - points[-1][0] <= max(5.0, 2.5 * series.every)) else None


def _mean(series: MetricSeries, names: Iterable[str]) -> float | None:
    values = [series.latest[name][1] for name in names if name in series.latest]
    return sum(values) / len(values) if values else None


def _sides(series: MetricSeries, state: RunState, now: float) -> tuple[float | None, float | None]:
    """The numbers of new and of old hosts now: where requests are counted those of the curves, which add them; else the means of the hosts' newest."""
    if _is_counted(series):
        return _side(series, series.new, now), _side(series, series.old, now)
    new = [host.name for host in state.hosts.values() if host.condition == "new"]
    return _mean(series, new), _mean(series, (host.name for host in state.hosts.values() if host.condition != "new"))


def numbers_now(series: MetricSeries, state: RunState, now: float) -> Line:
    """Return the value now: of the fleet, or of new and old hosts apart in a run that switched some; else why there is none."""
    if late := series.is_late(now):
        return line(Span(f"STALE {seconds_in_words(late)}", "warn"))
    if series.problem:
        return line(Span(f"not measured: {series.problem}", "warn"))
    if state.run:
        sides = zip(("new", "old"), _sides(series, state, now), strict=True)
        told = [line(Span(f"{word} {said_of(series, value)}", "strong")) for word, value in sides if value is not None]
        if len(told) == 2:
            return joined(told, "  ")
    value = _side(series, series.points, now) if _is_counted(series) or "" in series.latest else _mean(series, series.latest)
    if value is None:
        return line(Span("no requests" if series.latest and _is_counted(series) else "no data yet", "dim"))
    age = now - (series.newest or now)
    old_news = line(Span(f"  {seconds_in_words(age)} ago", "dim")) if not series.every and age > OLD_NEWS else ()
    return (*line(Span(said_of(series, value), "strong")), *old_news)


def _is_counted(series: MetricSeries) -> bool:
    return series.info is not None and series.info.source in ("balancer", "application")


def numbers_at(series: MetricSeries, frame: PlotFrame) -> Line:
    """The values of the column that is looked at: of new and old hosts apart, where there were both."""
    if frame.looked is None:
        return line(Span("too long ago", "dim"))
    means = [(word, frame.of(points, series.every)[frame.looked]) for word, points in (("new", series.new), ("old", series.old))]
    told = [line(Span(f"{word} {said_of(series, value)}", "strong")) for word, value in means if value is not None]
    if len(told) == 2:
        return joined(told, "  ")
    value = frame.of(series.points, series.every)[frame.looked]
    return line(Span(said_of(series, value), "strong")) if value is not None else line(Span("no data at that time", "dim"))


def close(numbers: Line) -> Line:
    """The same with one blank between two numbers, for a panel that is hardly wide enough."""
    return tuple(Span(" ", span.tone) if span.text == "  " else span for span in numbers)


def baseline(series: MetricSeries, state: RunState) -> float | None:
    """Return what was before the release: what the record has of it for thresholds, else the mean of ten minutes before the first switch.

    None where there was no switch, or nothing was measured before it.
    """
    known = (state.baselines or {}).get(series.kind, {})
    recorded = together(mean for name, mean in known.items() if not name or name in series.latest)
    if recorded is not None:
        return recorded.value
    since = changed_at(state)
    values = [value for at, value in series.points if since is not None and since - TEN_MINUTES <= at < since]
    return sum(values) / len(values) if values else None


def limit_words(series: MetricSeries, state: RunState) -> Line:
    """Return which quantile it is, what is allowed, and what was before the first switch."""
    before = baseline(series, state)
    words = [f"p{100 * series.info.quantile:g}"] if series.info and series.info.quantile else []
    words += [f"limit {said_of(series, limit)}" for limit in (series.info.limits if series.info else ())]
    words += [f"limit {said_of(series, limit)}{against}" for against, limit in _relative(series, state)]
    words += [f"before {said_of(series, before)}"] if before is not None else []
    return line(Span("  ".join(words), "dim")) if words else ()


def _hosts(latest: Mapping[str, Point]) -> list[tuple[float, str]]:
    return [(value, host) for host, (_, value) in latest.items() if host]


def highest_words(series: MetricSeries) -> Line:
    """Return the host with the highest number, as `highest web03 91 %`; empty where there are no two to choose from."""
    every = _hosts(series.latest)
    if len(every) < 2:
        return ()
    value, host = max(every)
    return line(Span(f"highest {host} {said_of(series, value)}", "dim"))


def spread_words(series: MetricSeries) -> Line:
    """How the hosts are spread: the median, what all but one in twenty stay below, and the highest by name."""
    every = _hosts(series.latest)
    if len(every) < 3:
        return highest_words(series)
    values = sorted(value for value, _ in every)
    worst = ", ".join(f"{host} {said_of(series, value)}" for value, host in nlargest(WORST, every))
    words = f"median {said_of(series, quantile(values, 0.5))}  p95 {said_of(series, quantile(values, 0.95))}  highest {worst}"
    return line(Span(words, "dim"))
