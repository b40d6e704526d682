"""What each kind of step took, beside the usual, as SVG. Pure."""

from console.report.svg import Scale, box, drawing, line, text, tick_words, ticks
from console.views.step_times import StepKindTimes
from console.views.times import fine_seconds

WIDTH, LEFT, RIGHT, TOP, ROW = 1000.0, 210.0, 84.0, 26.0, 24.0


def time_plot(kinds: tuple[StepKindTimes, ...]) -> str:
    """Return the drawing; nothing where nothing took a time that can be seen. A bar is the median, a thin line goes on to the longest, a mark is the usual."""
    drawn = [one for one in kinds if one.longest is not None and one.longest >= 0.05 and one.words != "health of the fleet"]
    if not drawn:
        return ""
    high = max(max(one.longest or 0.0, one.usual or 0.0) for one in drawn)
    scale = Scale(0.0, high, LEFT, WIDTH - RIGHT)
    bottom = TOP + ROW * len(drawn)
    parts: list[str] = []
    for at in ticks(0.0, high):
        parts += [line(scale(at), TOP - 4, scale(at), bottom, "grid"), text(scale(at), TOP - 10, tick_words(at), "tick", "middle")]
    for row, one in enumerate(drawn):
        parts += _row(one, scale, TOP + ROW * row)
    usual = "; the upright mark is the usual time" if any(one.usual is not None for one in drawn) else ""
    return drawing(WIDTH, bottom + 10, f"Time by step: the bar is the median, the line goes to the longest{usual}", parts, name="times")


def _row(one: StepKindTimes, scale: Scale, top: float) -> list[str]:
    middle, longest = one.median or 0.0, one.longest or 0.0
    colour = "c-late" if one.is_late else "c-time"
    told = f"{one.words}: median {fine_seconds(middle)}, longest {fine_seconds(longest)}"
    out = [
        text(LEFT - 8, top + 16, one.words, "host", "end"),
        line(scale(middle), top + 12, scale(longest), top + 12, "reach"),
        box(LEFT, top + 5, max(2.0, scale(middle) - LEFT), ROW - 10, f"{colour}{' bad' if one.failed else ''}", told),
        text(scale(max(longest, one.usual or 0.0)) + 8, top + 16, fine_seconds(middle), "tick"),
    ]
    return out + ([line(scale(one.usual), top + 2, scale(one.usual), top + ROW - 2, "usual")] if one.usual is not None else [])
