"""Words with a tone: what every view is made of. A front end turns a tone into its colour, and may leave the colour out.

A state is a mark, then a word, then a tone: nothing here is told by colour alone.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

Tone = Literal[
    "plain", "dim", "strong", "good", "busy", "warn", "bad", "unknown", "back", "owed", "accent", "frame", "selected"
]  # fmt: skip

MarkName = Literal["done", "busy", "waiting", "failed", "unknown", "paused", "back", "owed", "skipped", "now"]

_MARKS: dict[MarkName, tuple[str, str, Tone]] = {
    "done": ("✓", "v", "good"),
    "busy": ("◐", "~", "busy"),
    "waiting": ("·", ".", "dim"),
    "failed": ("!", "!", "bad"),
    "unknown": ("?", "?", "unknown"),
    "paused": ("‖", "=", "warn"),
    "back": ("↶", "<", "back"),
    "owed": ("⌛", "@", "owed"),
    "skipped": ("–", "-", "dim"),
    "now": ("▶", ">", "busy"),
}

_ASCII = str.maketrans({
    "▸": ">", "→": ">", "│": "|", "─": "-", "╌": "-", "┊": ":", "…": "~", "·": ".", "–": "-", "‖": "=", "↶": "<", "✓": "v", "◐": "~", "▶": ">",
    "●": "*", "█": "#", "▇": "#", "▆": "+", "▅": "+", "▄": "=", "▃": "=", "▂": "-", "▁": "_", "▏": "|", "└": "+", "┤": "|",
    **dict.fromkeys("╭╮╰╯┌┐┘├┬┴┼", "+"),
    **dict.fromkeys(map(chr, range(0x2801, 0x2900)), "*"),
})  # fmt: skip


class Span(NamedTuple):
    """A piece of a line in one tone."""

    text: str
    tone: Tone = "plain"


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """Return a line of those parts; a bare string is plain."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts if part)


def mark(name: MarkName) -> Span:
    """Return the mark of a state, in its tone."""
    shape, _, tone = _MARKS[name]
    return Span(shape, tone)


def mark_tone(name: MarkName) -> Tone:
    """Return the tone of a state's mark."""
    return _MARKS[name][2]


def ascii_line(spans: Line) -> Line:
    """Return the same line for a terminal that has nothing but ASCII in its chrome; one cell stays one cell."""
    return tuple(Span(ascii_text(span.text), span.tone) for span in spans)


def ascii_text(words: str) -> str:
    """Return the same words with frames, bars and marks in ASCII; one cell stays one cell."""
    return words.replace("⌛", "@ ").translate(_ASCII)


def width(spans: Iterable[Span]) -> int:
    """Cells that the line takes."""
    return sum(cell_len(span.text) for span in spans)


def text(spans: Iterable[Span]) -> str:
    """Return the words alone."""
    return "".join(span.text for span in spans)


def clipped(spans: Line, cells: int) -> Line:
    """Return the line in at most so many cells; where it was cut stands an ellipsis."""
    if width(spans) <= cells:
        return spans
    kept: list[Span] = []
    room = max(0, cells - 1)
    for span in spans:
        size = cell_len(span.text)
        if size > room:
            kept.append(Span(set_cell_size(span.text, room), span.tone))
            break
        kept.append(span)
        room -= size
    return (*kept, Span("…", "dim")) if cells > 0 else ()


def without(spans: Line, cells: int) -> Line:
    """Return the line without its first cells; where something was left out stands an ellipsis."""
    if cells <= 0:
        return spans
    out: list[Span] = []
    left = cells + 1
    for span in spans:
        size = cell_len(span.text)
        if size <= left:
            left -= size
            continue
        out.append(Span(span.text[left:] if span.text.isascii() else _after(span.text, left), span.tone))
        left = 0
    return (Span("…", "dim"), *out) if out or width(spans) else ()


def first_cells(spans: Line, cells: int) -> Line:
    """Return as much of the line as so many cells hold; half of a wide character is a blank."""
    out: list[Span] = []
    for span in spans:
        size = cell_len(span.text)
        if size >= cells:
            return (*out, Span(set_cell_size(span.text, cells), span.tone)) if cells > 0 else tuple(out)
        out.append(span)
        cells -= size
    return tuple(out)


def after_cells(spans: Line, cells: int) -> Line:
    """Return the line from that cell on, without a mark; nothing where it ends before."""
    out: list[Span] = []
    for span in spans:
        size = cell_len(span.text)
        if size <= cells:
            cells -= size
            continue
        out.append(Span(span.text[cells:] if span.text.isascii() else _after(span.text, cells), span.tone))
        cells = 0
    return tuple(span for span in out if span.text)


def _after(words: str, cells: int) -> str:
    """Words without their first cells; half of a wide character becomes a blank."""
    for index, character in enumerate(words):
        if cells <= 0:
            return " " * -cells + words[index:]
        cells -= cell_len(character)
    return ""


def changed_cells(before: Line, after: Line) -> tuple[int, int] | None:
    """Return (first cell, how many) of what differs between two lines of one row; None when nothing does."""
    if before == after:
        return None
    first = 0
    while first < min(len(before), len(after)) and before[first] == after[first]:
        first += 1
    old, new = _letters(before[first:]), _letters(after[first:])
    same = next((at for at, (left, right) in enumerate(zip(old, new, strict=False)) if left != right), min(len(old), len(new)))
    start = width(after[:first]) + sum(cell_len(letter) for letter, _ in new[:same])
    end = max(width(before), width(after))
    if width(before) == width(after):
        while len(old) > same and len(new) > same and old[-1] == new[-1]:
            end -= cell_len(new.pop()[0])
            old.pop()
    return (start, end - start) if end > start else None


def _letters(spans: Line) -> list[tuple[str, Tone]]:
    return [(letter, span.tone) for span in spans for letter in span.text]


def filled(spans: Line, cells: int) -> Line:
    """Return the line in exactly so many cells."""
    spans = clipped(spans, cells)
    missing = cells - width(spans)
    return (*spans, Span(" " * missing)) if missing else spans


def spread(left: Line, right: Line, cells: int) -> Line:
    """Both ends of a line; where they don't fit together the right one goes."""
    gap = cells - width(left) - width(right)
    return clipped(left, cells) if gap < 1 else (*left, Span(" " * gap), *right)


def cell(words: str, cells: int, *, right: bool = False) -> str:
    """Words in exactly so many cells."""
    size = cell_len(words)
    if size > cells:
        return set_cell_size(words, max(0, cells - 1)) + "…" if cells else ""
    return " " * (cells - size) + words if right else words + " " * (cells - size)


def joined(parts: Iterable[Line], between: str = "   ") -> Line:
    """Several lines as one, with room between them."""
    out: list[Span] = []
    for part in parts:
        if part:
            out.extend((Span(between), *part) if out else part)
    return tuple(out)


def sectioned(sections: Iterable[tuple[str, tuple[Line, ...]]], cells: int) -> tuple[Line, ...]:
    """Return sections one below the other, each under its title; one without lines is left out."""
    out: list[Line] = []
    for title, lines in sections:
        if lines:
            out += [*([line(" ")] if out else []), line(Span(title, "strong")), *lines]
    return tuple(clipped(one, cells) for one in out)


def by_room(parts: Iterable[tuple[int, Line]], cells: int, between: str = "  ") -> Line:
    """Return the parts that fit, in their order; those with the highest number go first when room is short."""
    kept = [part for part in parts if part[1]]
    while len(kept) > 1 and width(joined((part for _, part in kept), between)) > cells:
        kept.remove(max(kept, key=lambda part: part[0]))
    return clipped(joined((part for _, part in kept), between), cells)
