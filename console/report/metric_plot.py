"""The metrics of a run over time as SVG: new hosts against old ones, with the moments that matter. Pure."""

from itertools import pairwise

from console.report.svg import Scale, drawing, line, text, tick_words, ticks
from console.views.kept_metrics import KeptCurve, KeptMetrics, name_of, top_of, value_words
from console.views.metric_series import Point

WIDTH, LEFT, RIGHT, TOP, HEIGHT, GAP = 1000.0, 70.0, 20.0, 26.0, 86.0, 30.0
ROOM = 90.0
BROKEN = 3.5
"""Points that are so many times their usual distance apart are not joined: nothing was measured between them."""


def metric_plot(kept: KeptMetrics) -> str:
    """Return the drawing: a panel for each kind of number, from zero."""
    curves = [curve for curve in kept.curves if curve.new or curve.old]
    if not curves:
        return ""
    points = [point for curve in curves for point in (*curve.new, *curve.old)]
    start, end = min(at for at, _ in points), max(at for at, _ in points)
    scale = Scale(start, max(end, start + 1.0), LEFT, WIDTH - RIGHT)
    parts = [part for row, curve in enumerate(curves) for part in _panel(curve, scale, TOP + row * (HEIGHT + GAP), kept)]
    bottom = TOP + len(curves) * (HEIGHT + GAP)
    parts += [text(scale(at), bottom - 6, tick_words(at), "tick", "middle") for at in ticks(start, end)]
    parts += [line(LEFT, bottom + 8, LEFT + 20, bottom + 8, "new"), text(LEFT + 26, bottom + 12, "new hosts, mean", "tick")]
    parts += [line(LEFT + 160, bottom + 8, LEFT + 180, bottom + 8, "old"), text(LEFT + 186, bottom + 12, "old hosts, mean", "tick")]
    return drawing(WIDTH, bottom + 22, "Metrics during the run", parts, name="metrics")


def _panel(curve: KeptCurve, across: Scale, top: float, kept: KeptMetrics) -> list[str]:
    high = top_of(curve.kind, [value for _, value in (*curve.new, *curve.old)])
    up = Scale(0.0, high, top + HEIGHT, top)
    out = [text(LEFT, top - 8, name_of(curve.kind), "host")]
    for value in (0.0, high / 2, high):
        out += [line(LEFT, up(value), WIDTH - RIGHT, up(value), "grid"), text(LEFT - 8, up(value) + 4, value_words(curve.kind, value), "tick", "end")]
    for words, at in kept.marks:
        out += [line(across(at), top, across(at), top + HEIGHT, "mark"), _named(across(at), top + 10, words)]
    return [*out, *_drawn(curve.old, across, up, "old"), *_drawn(curve.new, across, up, "new")]


def _named(x: float, y: float, words: str) -> str:
    """The name of a moment beside its line, on the side where there is room."""
    return text(x + 4, y, words, "marked") if x < WIDTH - RIGHT - ROOM else text(x - 4, y, words, "marked", "end")


def _drawn(points: tuple[Point, ...], across: Scale, up: Scale, name: str) -> list[str]:
    out: list[str] = []
    for piece in _pieces(points):
        places = " ".join(f"{across(at):.1f},{up(value):.1f}" for at, value in piece)
        single = f'<circle cx="{across(piece[0][0]):.1f}" cy="{up(piece[0][1]):.1f}" r="2" class="{name}"/>'
        out.append(f'<polyline points="{places}" class="{name}"/>' if len(piece) > 1 else single)
    return out


def _pieces(points: tuple[Point, ...]) -> list[list[Point]]:
    """Points that are near each other, each run of them by itself."""
    gaps = sorted(later[0] - one[0] for one, later in pairwise(points))
    usual = gaps[len(gaps) // 2] if gaps else 0.0
    out: list[list[Point]] = []
    for point in points:
        if out and point[0] - out[-1][-1][0] <= BROKEN * usual:
            out[-1].append(point)
        else:
            out.append([point])
    return out
