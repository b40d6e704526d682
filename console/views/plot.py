"""A plot of numbers over time: lines of braille dots (four to a row) over a scale from zero, gaps as gaps, the moment of change marked. Pure.

Two lines are told apart by their shape too: one of them may be dashed.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from console.views.styled_text import Line, Span, Tone, line, spread
from console.views.times import clock_span

SCALE = 8
"""Cells at the left that the scale takes."""
_LEFT = (0x01, 0x02, 0x04, 0x40)
_RIGHT = (0x08, 0x10, 0x20, 0x80)
_DOTS = 4


class PlotTrack(NamedTuple):
    """One line of a plot: a value for each column, None where there was none."""

    values: tuple[float | None, ...]
    tone: Tone
    dashed: bool = False


def plot(
    tracks: Sequence[PlotTrack], top: float, rows: int, change: int | None, said: Callable[[float], str], levels: Sequence[tuple[float, Tone]] = ()
) -> tuple[Line, ...]:
    """Return so many rows with the scale at their left. `top`: the value of the upper edge; `change`: the column that gets the mark.

    `levels`: values that a line is drawn across at, where nothing else is, each in its tone: what is allowed, and what was before.
    """
    drawn = [_drawn(track, top, rows) for track in tracks]
    across = {rows - 1 - min(rows - 1, int(value / top * rows)): tone for value, tone in reversed(levels)}
    marked = {0: top, rows - 1: 0.0} | ({rows - 1 - rows // 2: top / 2} if rows >= 5 else {})
    return tuple(
        (*_scale(said(marked[row]) if row in marked else ""), *_cells([dots[row] for dots in drawn], [track.tone for track in tracks], change, across.get(row)))
        for row in range(rows)
    )  # fmt: skip


def time_axis(seconds: float, columns: int, until: str = "now") -> Line:
    """Return the row below the plots: how long before the right edge the left one is, and the middle."""
    half = columns // 2
    ago = line(Span(f"-{clock_span(seconds)}".ljust(half) + f"-{clock_span(seconds / 2)}", "dim"))
    return spread((Span(" " * SCALE), *ago), line(Span(until, "dim")), SCALE + columns)


def _scale(words: str) -> Line:
    words = words if len(words) <= SCALE - 2 else words.replace(" ", "").removesuffix("/s")
    return line(Span(f"{words:>{SCALE - 2}} ", "dim"), Span("┤" if words else "│", "dim"))


def _drawn(track: PlotTrack, top: float, rows: int) -> list[list[int]]:
    """The dots of a track: a level stretch for each value, joined to the one before where there is one."""
    grid = [[0] * len(track.values) for _ in range(rows)]
    before: int | None = None
    for column, value in enumerate(track.values):
        if value is None:
            before = None
            continue
        height = min(rows * _DOTS - 1, max(0, int(value / top * rows * _DOTS)))
        if not (track.dashed and column % 3 == 2):
            for dot in range(min(height, height if before is None else before), max(height, height if before is None else before) + 1):
                row, place = divmod(rows * _DOTS - 1 - dot, _DOTS)
                grid[row][column] |= _LEFT[place] | (_RIGHT[place] if dot == height else 0)
        before = height
    return grid


def _cells(dots: Sequence[Sequence[int]], tones: Sequence[Tone], change: int | None, level: Tone | None) -> Line:
    """One row of all tracks: where two meet, the last one's tone. Runs of one tone are put together as they come: a panel has thousands of cells."""
    empty: tuple[str, Tone] = ("╌", level) if level else (" ", "plain")
    out: list[Span] = []
    said, tone = "", empty[1]
    for column, bits in enumerate(zip(*dots, strict=True)):
        letter, its = _cell(bits, tones) if any(bits) else ("┊", "accent") if column == change else empty
        if its != tone and said:
            out.append(Span(said, tone))
            said = ""
        said, tone = said + letter, its
    return (*out, Span(said, tone)) if said else tuple(out)


def _cell(bits: Sequence[int], tones: Sequence[Tone]) -> tuple[str, Tone]:
    both, tone = 0, tones[0]
    for found, its in zip(bits, tones, strict=True):
        if found:
            both, tone = both | found, its
    return chr(0x2800 | both), tone
