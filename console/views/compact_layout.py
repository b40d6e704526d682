"""What is said where there is hardly room: the run in a few words, wrapped lines, keys in as many rows as they need. Pure."""

import re
from collections.abc import Container, Iterable
from textwrap import wrap

from rich.cells import cell_len, chop_cells

from console.model.state import RunState
from console.views.blocking_reason import waiting_line
from console.views.fleet_rows import fleet_counts
from console.views.run_standing import from_to, standing, wave_now
from console.views.styled_text import Line, Span, by_room, clipped, joined, line, text, width

_LEAD = re.compile(r" *(?:\S(?:\S| (?! ))* {2,})?")
"""What stands before a line's words: blanks, and a name that two blanks or more set apart."""


def rows_of(items: Iterable[Line], cells: int, between: str = "   ") -> tuple[Line, ...]:
    """Return items (keys and their words) in as many rows as they need; one that is wider than a row is cut."""
    rows: list[Line] = []
    for item in items:
        longer = joined((rows[-1], item), between) if rows else item
        if rows and width(longer) <= cells:
            rows[-1] = longer
        elif item:
            rows.append(clipped(item, cells))
    return tuple(rows)


def wrapped(spans: Line, cells: int) -> tuple[Line, ...]:
    """Return a line in as many rows as it needs, broken between words; a word that is wider than a row is cut."""
    rows: list[Line] = []
    for word in _words(spans):
        longer = (*rows[-1], Span(" "), *word) if rows else word
        if rows and width(longer) <= cells:
            rows[-1] = longer
        else:
            rows.append(clipped(word, cells))
    return tuple(rows)


def folded(spans: Line, cells: int) -> tuple[Line, ...]:
    """Return a line as it stands where it fits, else in several rows that begin under its words: a leading mark or name has its column to itself."""
    if width(spans) <= cells:
        return (spans,)
    lead = _LEAD.match(text(spans))
    column = lead.group() if lead and cell_len(lead.group()) * 2 <= cells else ""
    head, rest = _parted(spans, len(column))
    first, *others = wrapped(rest, cells - width(head)) or ((),)
    return ((*head, *first), *((Span(" " * width(head)), *row) for row in others))


def _parted(spans: Line, letters: int) -> tuple[Line, Line]:
    """A line's first letters, and what comes after them."""
    head, rest = list[Span](), list[Span]()
    for span in spans:
        head.append(Span(span.text[:letters], span.tone))
        rest.append(Span(span.text[letters:], span.tone))
        letters = max(0, letters - len(span.text))
    return tuple(span for span in head if span.text), tuple(span for span in rest if span.text)


def broken(words: str, cells: int) -> tuple[str, ...]:
    """Return a text's line in as many rows as it needs, with every letter of it: broken between words, else where a row ends."""
    rows: list[str] = []
    room = 0
    for word in re.findall(r" *[^ ]+| +$", words):
        if rows and cell_len(word) <= room:
            rows[-1] += word
        elif not rows and cell_len(word) <= cells:
            rows.append(word)
        else:
            rows += chop_cells((word.lstrip(" ") if rows else word) or " ", max(2, cells))
        room = cells - cell_len(rows[-1])
    return tuple(rows) or ("",)


def in_rows(words: str, cells: int) -> tuple[str, ...]:
    """Return a sentence in as many rows as it needs, with blanks in a row taken for one; nothing: there are no words."""
    sentence = " ".join(words.split())
    return tuple(wrap(sentence, cells)) if sentence.isascii() else broken(sentence, cells)


def _words(spans: Line) -> tuple[Line, ...]:
    """The words of a line; a word may have several tones."""
    words: list[list[Span]] = [[]]
    for span in spans:
        for index, piece in enumerate(span.text.split(" ")):
            if index:
                words.append([])
            if piece:
                words[-1].append(Span(piece, span.tone))
    return tuple(tuple(word) for word in words if word)


def _counts(state: RunState) -> str:
    short = {"new": "new", "updating": "updating", "old": "old", "failed": "failed", "back": "back", "skipped": "skipped"}
    return " ".join(f"{number} {short.get(condition, condition)}" for condition, number in fleet_counts(state))


def run_in_words(
    state: RunState, now: float, cells: int, rows: int, message: Line = (), host: str = "", helm: str = "", home: bool = False,
    offered: Container[str] | None = None, problem: str = "",
) -> tuple[Line, ...]:  # fmt: skip
    """Return the run in so many rows: where it is and how it stands, then what is waited for and what was just said. `now`: boot-time clock.

    `problem`: why nothing more is heard of it; empty: it is.
    """
    if rows <= 0:
        return ()
    name = state.environment.upper() if state.protected else state.environment
    number, waves = wave_now(state)
    going = state.phase == "running"
    parts = (
        (0, line(Span(name or "deploy", "frame" if state.protected else "strong"))),
        (1, (standing(state),) if state.run else ()),
        (4, line(text(from_to(state)).replace(" ", "")) if state.run else ()),
        (3, line(f"wave {number}/{waves}" if number and going else "")),
        (2, line(_counts(state))),
    )
    first = clipped(by_room(parts, cells), cells) if cells >= 40 else ()
    if not first:
        first = clipped(joined((parts[0][1], parts[1][1]), " "), cells)
    waits = waiting_line(state, now, 10_000, host, helm, home, offered)
    rest = [*wrapped(line(Span(f"! {problem}", "bad")) if problem else (), cells), *wrapped(waits, cells)]
    if cells < 40 and rows >= 3:
        rest.insert(0, clipped(line(Span(_counts(state))), cells))
    urgent = any(span.tone in ("warn", "bad") for span in message)
    said = wrapped(message, cells)[: max(1, rows - 2) if urgent else max(0, rows - 1 - len(rest))]
    return (first, *rest[: rows - 1 - len(said)], *said)[:rows]
