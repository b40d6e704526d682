"""Draws one line of a log: in one row, cut at the edge, or in as many rows as it takes. Pure; what a line says is `log_lines`'."""

from datetime import tzinfo

from rich.cells import cell_len

from console.views.log_lines import LogLine
from console.views.styled_text import Line, Span, after_cells, cell, clipped, first_cells, line, text, without
from console.views.styled_text import width as spans_width
from console.views.times import wall_clock

_PLACE, _WIDE_PLACE, _WIDE = 10, 20, 120
"""Cells of the column that says where a line comes from, narrow and from that width on."""
_TAIL = 5
"""Cells of a name's end that are kept where it is cut: what tells hosts apart stands there, or before the first dot."""
NARROW = 8
"""Cells of words below which they are broken anywhere."""


def head_cells(width: int) -> int:
    """Return the cells before a line's words."""
    return 8 + 1 + _place_cells(width) + 1


def _place_cells(width: int) -> int:
    return _PLACE if width < _WIDE else _WIDE_PLACE


def drawn(entry: LogLine, width: int, zone: tzinfo | None, skip: int = 0, *, current: bool = False, found: bool = False) -> Line:
    """Return a log line as it is shown: time, where, words (without the first `skip` cells); a chapter's rule runs to the edge.

    `current`: the line that is read; `found`: one that the search matches.
    """
    return clipped((*_head(entry, width, zone, current=current, found=found), *without(_words(entry, width + skip), skip)), width)


def rows_needed(entry: LogLine, width: int, skip: int = 0) -> int:
    """Return how many rows the line takes where long lines are wrapped."""
    cells = cell_len(entry.text) + (len(_RULE) if entry.rule else 0) - skip
    return 1 if cells <= width - head_cells(width) else len(_row_cells(entry, width, skip))


def _row_cells(entry: LogLine, width: int, skip: int) -> list[int]:
    """How many cells of the words each row takes: they are broken at a blank where one is near the edge, and anywhere else where none is."""
    said, room = text(without(_words(entry, 0), skip)), max(1, width - head_cells(width))
    if room < NARROW:
        return [room] * max(1, -(-cell_len(said) // room))
    found, row, blank = list[int](), 0, 0
    for letter in said:
        cells = cell_len(letter)
        if row + cells > room:
            found.append(blank if blank > room // 2 else row)
            row, blank = row - found[-1], 0
        row += cells
        if letter == " ":
            blank = row
    return [*found, row]


def wrapped(
    entry: LogLine, width: int, zone: tzinfo | None, skip: int = 0, *, current: bool = False, found: bool = False, most: int = 1 << 20
) -> tuple[Line, ...]:  # fmt: skip
    """Return a log line in as many rows as it takes, `most` at most: the words go on below where they began."""
    needed = rows_needed(entry, width, skip)
    left = without(_words(entry, 0 if needed > 1 else width + skip), skip)
    lengths = _row_cells(entry, width, skip) if needed > 1 else [max(1, width - head_cells(width))]
    rows = []
    for number, length in enumerate(lengths[:most]):
        head = _head(entry, width, zone, current=current, found=found) if number == 0 else (Span(" " * head_cells(width)),)
        rows.append(line(*head, *first_cells(left, length)))
        left = after_cells(left, length)
    if needed <= most:
        return tuple(rows)
    last = line(*rows[-1], Span("…", "dim"))
    return (*rows[:-1], last if spans_width(last) <= width else clipped(line(*last, Span(" ")), width))


_RULE = "── "


def _head(entry: LogLine, width: int, zone: tzinfo | None, *, current: bool, found: bool) -> Line:
    time = Span(f"{wall_clock(entry.at, zone):8}", "selected" if current else "dim")
    place = Span(f"{_short_name(entry.where, _place_cells(width))} ", "accent" if entry.where else "dim")
    return line(time, Span("▸" if found else " ", "accent"), place)


def _short_name(name: str, cells: int) -> str:
    if cell_len(name) <= cells or "." in name[:cells]:
        return cell(name, cells)
    return cell(f"{name[: cells - 1 - _TAIL]}…{name[-_TAIL:]}", cells)


def _words(entry: LogLine, width: int) -> Line:
    """The words, and the rule of a chapter as far as the width."""
    if not entry.rule:
        return line(Span(entry.text, entry.tone))
    left = width - head_cells(width) - len(entry.text) - 4
    return line(Span(_RULE, "dim"), Span(entry.text, entry.tone), Span(" " + "─" * max(1, left), "dim") if width else "")
