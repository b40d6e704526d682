"""Numbers of the machines over time: sparklines with a fixed scale from zero, gaps as gaps, the moment of change marked. Pure.

Times are seconds on the clock that stamped the points; values are shares (0..1) for cpu and memory, and a plain number for load.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from console.model.state import RunState
from console.views.plot import SCALE, Track, plot, time_axis
from console.views.progress import Newest
from console.views.styled_text import Line, Span, Tone, by_room, clipped, joined, line
from console.views.styled_text import width as text_width
from console.views.times import clock_span, seconds_in_words

Kind = Literal["cpu", "memory", "load"]
Point = tuple[float, float]

_BARS = "▁▂▃▄▅▆▇█"
_STEPS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0)
PLOT_ROWS = 4
PLOT_COLUMNS = 40
"""The room from which on a kind of number is plotted, with axes, and not only a sparkline."""
STALE_AFTER = 2.0
"""A source is stale when it is so many of its intervals late."""


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of number: the points to draw, in the order of time, and the newest point of each host.

    `new` and `old` are the means of the hosts that were on the new release at that time, and of the others.
    """

    kind: Kind
    points: tuple[Point, ...] = ()
    latest: dict[str, Point] = field(default_factory=dict)
    new: tuple[Point, ...] = ()
    old: tuple[Point, ...] = ()


def step_for(age: float, columns: int) -> float:
    """Seconds a column stands for, so that so much time fits; the finest of a few round ones."""
    return next((step for step in _STEPS if step * columns >= age), _STEPS[-1])


def buckets(points: Iterable[Point], now: float, step: float, columns: int) -> tuple[float | None, ...]:
    """Return the mean of each column's points, oldest first; None where there was none. Columns stand on multiples of `step`."""
    last = int(now // step)
    sums: list[list[float]] = [[] for _ in range(columns)]
    for at, value in points:
        column = columns - 1 - (last - int(at // step))
        if 0 <= column < columns:
            sums[column].append(value)
    return tuple(sum(values) / len(values) if values else None for values in sums)


def spark(values: Sequence[float | None], top: float, change: int | None = None) -> str:
    """Return a bar for each value on a scale from zero to `top`; a gap is a blank; `change` is the column that gets the mark."""
    out = [" " if value is None else _BARS[min(7, max(0, int(value / top * 7.999)))] for value in values]
    if change is not None and 0 <= change < len(out):
        out[change] = "┊"
    return "".join(out)


def scale_top(kind: Kind, values: Iterable[float | None]) -> float:
    """Where the scale ends: 1 for shares; for a load the first round number above what was seen."""
    if kind != "load":
        return 1.0
    highest = max((value for value in values if value is not None), default=0.0)
    return next((float(top) for top in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512) if highest <= top), 1024.0)


def said(kind: Kind, value: float) -> str:
    """Return the number as people say it."""
    return f"{value:.2f}" if kind == "load" else f"{value * 100:.0f} %"


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


def _mean(series: Series, names: Iterable[str]) -> float | None:
    values = [series.latest[name][1] for name in names if name in series.latest]
    return sum(values) / len(values) if values else None


def _numbers(series: Series, state: RunState) -> Line:
    """Return the value now: of the fleet, or of new and old hosts apart in a run that switched some; at rest none is new."""
    new = [host.name for host in state.hosts.values() if host.condition == "new"]
    old = [host.name for host in state.hosts.values() if host.condition != "new"]
    means = (("new", _mean(series, new)), ("old", _mean(series, old)))
    told = [line(Span(f"{word} {said(series.kind, value)}", "strong")) for word, value in means if value is not None]
    if len(told) == 2 and state.run:
        return joined(told, "  ")
    value = _mean(series, series.latest)
    return line(Span(said(series.kind, value), "strong")) if value is not None else line(Span("no data yet", "dim"))


def _close(numbers: Line) -> Line:
    """The same with one blank between two numbers, for a panel that is hardly wide enough."""
    return tuple(Span(" ", span.tone) if span.text == "  " else span for span in numbers)


def _highest(series: Series) -> Line:
    if len(series.latest) < 2:
        return ()
    top = max(series.latest, key=lambda name: series.latest[name][1])
    return line(Span(f"highest {top} {said(series.kind, series.latest[top][1])}", "dim"))


def newest(all_series: Iterable[Series]) -> float | None:
    """Return the time of the newest point of all."""
    return max((at for series in all_series for at, _ in series.latest.values()), default=None)


def _plot_rows(all_series: Sequence[Series], room: tuple[int, int]) -> int:
    """Rows of a plot in that room (width, height), each below its numbers and all above one axis; 0 where sparklines do."""
    rows = (room[1] - 1) // max(1, len(all_series)) - 1
    return rows if rows >= PLOT_ROWS and room[0] >= PLOT_COLUMNS else 0


def window(all_series: Sequence[Series], now: float, room: tuple[int, int]) -> float:
    """Return the seconds that are drawn in that room: as long as there are points, and ten minutes at most."""
    columns = room[0] - SCALE if _plot_rows(all_series, room) else room[0]
    oldest = min((series.points[0][0] for series in all_series if series.points), default=now)
    return step_for(min(600.0, now - oldest), columns) * columns


def step_of(all_series: Sequence[Series], now: float, room: tuple[int, int]) -> float:
    """Return the seconds that one column stands for in that room."""
    columns = room[0] - SCALE if _plot_rows(all_series, room) else room[0]
    return window(all_series, now, room) / max(1, columns)


def metric_lines(
    all_series: Sequence[Series], state: RunState, now: float, room: tuple[int, int], *, interval: float = 1.0, cursor: float | None = None,
    below: Line = (), until: str = "now",
) -> tuple[Line, ...]:
    """Return the number and the sparkline of each kind in that room (width, height). `interval`: seconds between samples.

    `cursor`: a moment that is looked at: it is marked, and the numbers are those of that time. `below`: what stands under a plot then.
    `until`: what the right edge is called.
    """
    width, height = room
    last = newest(all_series)
    if last is None or width < 1:
        return (clipped(line(Span("no data yet", "dim")), width),)
    late = now - last
    stale = late > max(3.0, STALE_AFTER * interval)
    rows = _plot_rows(all_series, room)
    columns = width - SCALE if rows else width
    step = window(all_series, now, room) / columns
    moment = changed_at(state)
    change, looked = column_of(moment, now, step, columns), column_of(cursor, now, step, columns)
    out: list[Line] = []
    for series in all_series:
        if cursor is not None:
            numbers = _numbers_at(series, (now, step, columns), looked)
        else:
            numbers = line(Span(f"STALE {seconds_in_words(late)}", "warn")) if stale else _numbers(series, state)
        if text_width(numbers) + 8 > width:
            out.append(clipped(line(series.kind, " ", *_close(numbers)), width))
        else:
            out.append(by_room(((0, line(f"{series.kind:<6}")), (0, numbers), (2, () if cursor is not None else _highest(series))), width))
        if rows:
            out += (looked_at(each, SCALE + looked) if looked is not None else each for each in _plot(series, (now, step, columns), rows, change, stale=stale))
        elif height >= 2 * len(all_series):
            values = buckets(series.points, now, step, width)
            bars = clipped(_toned(spark(values, scale_top(series.kind, values), change), "dim" if stale else "busy"), width)
            out.append(bars if looked is None else looked_at(bars, looked))
    axis = clipped(below, width) if below else time_axis(columns * step, columns, until)
    return tuple((*out, axis) if rows else out[:height])


def column_of(moment: float | None, now: float, step: float, columns: int) -> int | None:
    """Return the column that a moment is drawn in; None where it is outside."""
    column = None if moment is None else columns - 1 - (int(now // step) - int(moment // step))
    return column if column is not None and 0 <= column < columns else None


def looked_at(drawn: Line, column: int) -> Line:
    """Return the line with that cell standing out. Every cell of it is one character."""
    cells = [Span(letter, span.tone) for span in drawn for letter in span.text]
    cells += [Span(" ")] * (column + 1 - len(cells))
    cells[column] = Span(cells[column].text, "selected")
    return tuple(Span("".join(cell.text for cell in run), tone) for tone, run in groupby(cells, key=lambda cell: cell.tone))


def _numbers_at(series: Series, over: tuple[float, float, int], column: int | None) -> Line:
    """The values of that column: of new and old hosts apart, where there were both."""
    if column is None:
        return line(Span("too long ago", "dim"))
    means = [(word, buckets(points, *over)[column]) for word, points in (("new", series.new), ("old", series.old))]
    told = [line(Span(f"{word} {said(series.kind, value)}", "strong")) for word, value in means if value is not None]
    if len(told) == 2:
        return joined(told, "  ")
    value = buckets(series.points, *over)[column]
    return line(Span(said(series.kind, value), "strong")) if value is not None else line(Span("no data at that time", "dim"))


def _plot(series: Series, over: tuple[float, float, int], rows: int, change: int | None, *, stale: bool) -> tuple[Line, ...]:
    """The plot of one kind over (now, seconds a column, columns): new and old hosts apart, once there are new ones."""
    parts: tuple[tuple[tuple[Point, ...], Tone, bool], ...]
    parts = ((series.old, "strong", True), (series.new, "busy", False)) if series.new else ((series.points, "busy", False),)
    tracks = tuple(Track(buckets(points, *over), "dim" if stale else tone, dashed=dashed) for points, tone, dashed in parts)
    top = scale_top(series.kind, (value for track in tracks for value in track.values))
    return plot(tracks, top, rows, change, lambda value: said(series.kind, value))


def _toned(bars: str, tone: Literal["dim", "busy"]) -> Line:
    before, sign, after = bars.partition("┊")
    return line(Span(before, tone), Span(sign, "accent"), Span(after, tone))


def window_words(seconds: float) -> str:
    """`last 10 min`, for the panel's title."""
    return f"last {seconds / 60:.0f} min" if seconds >= 120 else f"last {clock_span(seconds)}"
