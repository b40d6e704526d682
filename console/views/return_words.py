"""Where each host would go back to, and what would become of the database. Pure."""

from collections.abc import Collection

from console.core.plan.shift_plan import ways_back
from console.core.words.database_words import schema_words
from console.model.state import RunState
from console.views.compact_layout import wrapped
from console.views.plan_words import names_in_words
from console.views.styled_text import Line, Span, clipped, line, mark
from console.views.styled_text import width as cells_of

FIRST_RELEASE = "stopped and removed (first release)"


def way_back_lines(state: RunState, width: int, height: int = 100, hosts: Collection[str] | None = None) -> tuple[Line, ...]:
    """Where each host would return to, and what would become of the database. `hosts`: only these."""
    out = host_returns(state, width, hosts)
    if state.review and state.review.runs:
        is_known = state.review.old_code == "ok" or (state.review.old_code == "breaks" and state.review.reversible)
        out += beside(line(mark("back") if is_known else Span("!", "warn"), " "), line(schema_words(state.review)), width)
    return tuple(clipped(one, width) for one in out[:height])


def host_returns(state: RunState, width: int, hosts: Collection[str] | None) -> list[Line]:
    """A title, and where each host would return to, hosts with the same way back together."""
    ways: dict[tuple[str, bool, str], list[str]] = {}
    found = ways_back(state)
    for way in found.returning:
        if hosts is not None and way.host not in hosts:
            continue
        target = str(way.version) or way.release or FIRST_RELEASE
        ways.setdefault((target, way.possible, str(way.reason) if way.release or not way.possible else ""), []).append(way.host)
    resting = [name for name in found.resting if hosts is None or name in hosts]
    if resting:
        ways[("no requests", True, "keep what they have" if len(resting) > 1 else "keeps what it has")] = resting
    out = [line(Span("way back", "strong"))] if ways else [line(Span("way back: not known yet", "dim"))]
    for (target, possible, reason), names in ways.items():
        told = f"{target}  " if possible else "none  "
        why = f"  {reason}" if reason else ""
        out += beside(line(mark("back") if possible else Span("!", "warn"), " "), line(told, Span(names_in_words(tuple(names)) + why, "dim")), width)
    return out


def beside(head: Line, words: Line, cells: int) -> tuple[Line, ...]:
    """Words beside a mark, or a title, that has its column to itself."""
    room = cells_of(head)
    if cells_of(words) + room <= cells:
        return (line(*head, *words),)
    first, *more = wrapped(words, cells - room) or ((),)
    return (line(*head, *first), *(line(" " * room, *row) for row in more))
