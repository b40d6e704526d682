"""The metrics panel as lines: a number in words for each metric, a sparkline or a plot on a scale from zero that can be read, and what is allowed. Pure.

The most important metrics come first. Each has a line; what room is left goes to sparklines of their own, then to plots with axes, from the first one on.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from console.model.state import RunState
from console.views.metric_names import metric_name
from console.views.metric_series import MetricSeries, PlotFrame, Point, column_of, newest, spark, step_for
from console.views.metrics_panel_numbers import (
    TEN_MINUTES,
    allowed,
    baseline,
    changed_at,
    close,
    highest_words,
    limit_words,
    numbers_at,
    numbers_now,
    said_of,
    spread_words,
    top_of,
)
from console.views.plot import SCALE, PlotTrack, plot, time_axis
from console.views.styled_text import Line, Span, Tone, by_room, clipped, line
from console.views.styled_text import width as text_width
from console.views.times import clock_span

PLOT_ROWS = 4
PLOT_COLUMNS = 40
"""The room from which on a metric is plotted, with axes, and not only a sparkline: cells of a row, and rows of a plot."""
FULL = 16
"""Rows from which on some metrics are plotted, where there is no room to plot all."""
NAME = 8
"""Cells of a metric's name."""
EDGE = 7
"""Cells at the left of a sparkline that its scale takes."""
EDGED = 24
"""Cells from which on a sparkline has a scale."""


class Looking(NamedTuple):
    """From where, and at what, the numbers are looked at."""

    now: float
    span: float = TEN_MINUTES
    """Seconds that are shown at most."""
    cursor: float | None = None
    """A moment that is looked at: it is marked, and the numbers are those of that time."""
    below: Line = ()
    """What stands under a plot then."""
    until: str = "now"
    """What the right edge is called."""


# -- room -----------------------------------------------------------------------------------------------------------------------------


class _Rows(NamedTuple):
    """How many metrics are shown, and how many of the first ones have a row of bars, or so many rows of a plot."""

    shown: int
    sparks: int
    plots: int = 0
    rows: int = 0


def _rows(count: int, room: tuple[int, int]) -> _Rows:
    width, height = room
    left = height - count - 1
    if width >= PLOT_COLUMNS and (left >= PLOT_ROWS * count or (height >= FULL and left >= PLOT_ROWS)):
        plots = min(count, left // PLOT_ROWS)
        return _Rows(count, 0, plots, left // plots)
    shown = count if count <= height else max(0, height - 1)
    return _Rows(shown, max(0, min(shown, height - count)))


def _edge(rows: _Rows, width: int) -> int:
    """Cells at the left of bars and plots."""
    return SCALE if rows.plots else EDGE if width >= EDGED and rows.sparks else 0


def window(all_series: Sequence[MetricSeries], now: float, room: tuple[int, int], span: float = TEN_MINUTES) -> float:
    """Return the seconds that are drawn in that room: as long as there are points, and `span` at most."""
    columns = max(1, room[0] - _edge(_rows(len(all_series), room), room[0]))
    oldest = min((series.points[0][0] for series in all_series if series.points), default=now)
    return step_for(min(span, max(1.0, now - oldest)), columns) * columns


def step_of(all_series: Sequence[MetricSeries], now: float, room: tuple[int, int], span: float = TEN_MINUTES) -> float:
    """Return the seconds that one column stands for in that room."""
    return window(all_series, now, room, span) / max(1, room[0] - _edge(_rows(len(all_series), room), room[0]))


# -- lines ----------------------------------------------------------------------------------------------------------------------------


def metric_lines(all_series: Sequence[MetricSeries], state: RunState, looking: Looking, room: tuple[int, int]) -> tuple[Line, ...]:
    """Return the panel in that room (width, height)."""
    width, height = room
    if newest(all_series) is None or width < 1:
        why = next((series.problem for series in all_series if series.problem), "")
        return (clipped(line(Span(f"no data yet{f': {why}' if why else ''}", "dim")), width),)
    rows = _rows(len(all_series), room)
    edge, now = _edge(rows, width), looking.now
    step = step_of(all_series, now, room, looking.span)
    columns = width - edge
    change, looked = column_of(changed_at(state), now, step, columns), column_of(looking.cursor, now, step, columns)
    frame = PlotFrame(now, step, columns, change, looked)
    out: list[Line] = []
    for place, series in enumerate(all_series[: rows.shown]):
        out += _metric(series, state, looking, frame, place, rows, width)
    if rows.shown < len(all_series):
        left = ", ".join(metric_name(series.kind) for series in all_series[rows.shown :])
        out.append(clipped(line(Span(f"+{len(all_series) - rows.shown} more: {left}", "dim")), width))
    if rows.plots:
        out.append(clipped(looking.below, width) if looking.below else time_axis(columns * step, columns, looking.until))
    return tuple(out[:height])


def _metric(series: MetricSeries, state: RunState, looking: Looking, frame: PlotFrame, place: int, rows: _Rows, width: int) -> list[Line]:
    """The line of one metric, and what is drawn below it."""
    numbers = numbers_at(series, frame) if looking.cursor is not None else numbers_now(series, state, looking.now)
    name = metric_name(series.kind)
    is_live = looking.cursor is None
    drawn_below = place < rows.plots or place < rows.sparks
    label = line(f"{name:<{NAME if width >= PLOT_COLUMNS else 6}}")
    more = ((2, limit_words(series, state)), (4, spread_words(series) if place < rows.plots else ()), (3, highest_words(series) if place >= rows.plots else ()))
    if text_width(numbers) + text_width(label) + 2 > width:
        head = clipped(line(name, " ", *close(numbers)), width)
    elif drawn_below:
        head = by_room(((0, label), (0, numbers), *(more if is_live else more[:1])), width)
    else:
        head = by_room(((0, label), (0, numbers)), width)
    if place < rows.plots:
        drawn = _plot(series, frame, rows.rows, state, looking)
        return [head, *(each if frame.looked is None else looked_at(each, SCALE + frame.looked) for each in drawn)]
    if place < rows.sparks:
        return [head, _bars(series, frame, width - frame.columns, looking, allowed(series, state))]
    return [_with_bars(head, series, frame, width, looking, allowed(series, state))]


def _tone(series: MetricSeries, looking: Looking) -> Literal["dim", "busy"]:
    return "dim" if series.is_late(looking.now) else "busy"


def _bars(series: MetricSeries, frame: PlotFrame, edge: int, looking: Looking, limits: tuple[float, ...]) -> Line:
    """A row of bars, with what its height stands for at the left."""
    values = frame.of(series.points, series.every)
    top = top_of(series, values, limits)
    bars = (*_toned(spark(values, top, frame.change), _tone(series, looking)),)
    drawn = clipped(bars if frame.looked is None else looked_at(bars, frame.looked), frame.columns)
    return (*line(Span(f"{said_of(series, top):>{EDGE - 1}}┤", "dim")), *drawn) if edge else drawn


def _with_bars(head: Line, series: MetricSeries, frame: PlotFrame, width: int, looking: Looking, limits: tuple[float, ...]) -> Line:
    """A line of words with the newest columns as bars in what room is left, above those of the other metrics."""
    columns = min(frame.columns, width - max(text_width(head), 18) - 2)
    if columns < 6:
        return clipped(head, width)
    short = frame.over(columns)
    return (*head, Span(" " * (width - columns - text_width(head))), *_bars(series, short, 0, looking, limits))


def _plot(series: MetricSeries, frame: PlotFrame, rows: int, state: RunState, looking: Looking) -> tuple[Line, ...]:
    """New and old hosts apart, once there are new ones; else the fleet, and its highest host. What is allowed, and what was before, are lines across."""
    stale = bool(series.is_late(looking.now))
    apart: tuple[tuple[tuple[Point, ...], Tone, bool], ...]
    if series.new:
        apart = ((series.old, "strong", True), (series.new, "busy", False))
    elif len(series.latest) > 1 and series.highest:
        apart = ((series.highest, "dim", True), (series.points, "busy", False))
    else:
        apart = ((series.points, "busy", False),)
    tracks = tuple(PlotTrack(frame.of(points, series.every), "dim" if stale else tone, dashed=dashed) for points, tone, dashed in apart)
    limits = allowed(series, state)
    top = top_of(series, [value for track in tracks for value in track.values], limits)
    levels: list[tuple[float, Tone]] = [(limit, "bad") for limit in limits if limit <= top]
    before = baseline(series, state)
    if before is not None and before <= top:
        levels.append((before, "dim"))
    return plot(tracks, top, rows, frame.change, lambda value: said_of(series, value), levels)


def looked_at(drawn: Line, column: int) -> Line:
    """Return the line with that cell standing out. Every cell of it is one character."""
    cells = [Span(letter, span.tone) for span in drawn for letter in span.text]
    cells += [Span(" ")] * (column + 1 - len(cells))
    cells[column] = Span(cells[column].text, "selected")
    return tuple(Span("".join(cell.text for cell in run), tone) for tone, run in groupby(cells, key=lambda cell: cell.tone))


def _toned(bars: str, tone: Literal["dim", "busy"]) -> Line:
    before, sign, after = bars.partition("┊")
    return line(Span(before, tone), Span(sign, "accent"), Span(after, tone))


def window_words(seconds: float) -> str:
    """`last 10 min`, for the panel's title."""
    if seconds >= 2 * 3600:
        return f"last {seconds / 3600:.0f} h"
    return f"last {seconds / 60:.0f} min" if seconds >= 120 else f"last {clock_span(seconds)}"
