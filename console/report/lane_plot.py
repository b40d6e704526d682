"""The lanes of a run as SVG: a row for each host, a bar for each step. Pure."""

from console.core.words.sizes import counted_hosts
from console.report.svg import Scale, box, drawing, line, text, tick_words, ticks
from console.views.host_lanes import Bar, LaneChart, LaneMark
from console.views.times import seconds_in_words

WIDTH, LEFT, RIGHT, TOP, ROW = 1000.0, 130.0, 84.0, 26.0, 24.0
NAME_ROOM = 17
_LEGEND = (
    ("prepare", "prepare"), ("traffic", "drain, return"), ("switch", "switch"), ("restart", "restart"), ("gate", "health gate"), ("watch", "watch"),
    ("data", "database"), ("close", "clean up"),
)  # fmt: skip


def lane_plot(chart: LaneChart) -> str:
    """Return the drawing. Steps that did not end well have a red edge, those of a rollback are hatched."""
    scale = Scale(chart.start, chart.end, LEFT, WIDTH - RIGHT)
    bottom = TOP + ROW * len(chart.lanes)
    parts = [_hatch(), *_axis(chart, scale, bottom), *(_mark(mark, scale, bottom) for mark in chart.marks if mark.end is not None)]
    for row, lane in enumerate(chart.lanes):
        top = TOP + ROW * row
        name = lane.host or "the run itself"
        parts.append(text(LEFT - 8, top + 16, name if len(name) <= NAME_ROOM else f"{name[: NAME_ROOM - 1]}…", "host", "end"))
        parts += [_bar(bar, scale, top, name) for bar in lane.bars]
        parts.append(text(WIDTH - RIGHT + 8, top + 16, lane.state, f"state s-{lane.state}" if lane.state.isalpha() else "state"))
    parts += [_mark(mark, scale, bottom) for mark in chart.marks if mark.end is None]
    parts += _legend(chart, bottom + 34)
    hidden = f"; {counted_hosts(chart.hidden, 'none', 'more host')} {'is' if chart.hidden == 1 else 'are'} not drawn" if chart.hidden else ""
    return drawing(WIDTH, bottom + 46, f"Hosts by step over time{hidden}", parts, name="lanes")


def _hatch() -> str:
    return (
        '<defs><pattern id="back" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="3" height="6" class="hatch"/></pattern></defs>'
    )


def _axis(chart: LaneChart, scale: Scale, bottom: float) -> list[str]:
    out: list[str] = []
    for at in ticks(chart.start, chart.end):
        out += [line(scale(at), TOP - 4, scale(at), bottom, "grid"), text(scale(at), TOP - 10, tick_words(at), "tick", "middle")]
    return out


def _bar(bar: Bar, scale: Scale, top: float, host: str) -> str:
    left = scale(bar.start)
    width = max(2.0, scale(bar.end) - left)
    ended = bar.status or "has not ended"
    title = f"{host}: {bar.words}{' (rollback)' if bar.back else ''}, {seconds_in_words(bar.end - bar.start)}, {ended}"
    bad = "" if bar.status in ("done", "") else " bad"
    drawn = box(left, top + 4, width, ROW - 8, f"c-{bar.colour}{bad}", title)
    return drawn + (f'<rect x="{left:.1f}" y="{top + 4:.1f}" width="{width:.1f}" height="{ROW - 8:.1f}" class="over"/>' if bar.back else "")


def _mark(mark: LaneMark, scale: Scale, bottom: float) -> str:
    left = scale(mark.at)
    if mark.end is not None:
        return box(left, TOP, max(2.0, scale(mark.end) - left), bottom - TOP, "pause", f"{mark.words}, {seconds_in_words(mark.end - mark.at)}")
    return line(left, TOP - 4, left, bottom + 4, "mark") + text(left, bottom + 15, mark.words, "marked", "middle")


def _legend(chart: LaneChart, top: float) -> list[str]:
    used = {bar.colour for lane in chart.lanes for bar in lane.bars}
    place, out = LEFT, list[str]()
    for colour, words in _LEGEND:
        if colour in used:
            out += [box(place, top - 9, 12, 10, f"c-{colour}"), text(place + 17, top, words, "tick")]
            place += 32 + 6.6 * len(words)
    return out
