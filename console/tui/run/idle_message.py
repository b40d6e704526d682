"""The run screen's message line while there is no message: that the panels are frozen, or how to attach to the run again. Pure."""

from console.as_typed import as_typed, typed_here, without_file
from console.model.state import RunState
from console.views.styled_text import Line, Span, line


def frozen_line(since: str, lines: int, events: int) -> Line:
    """Return that the panels stand still since that time of day, and what came meanwhile. It changes only when something comes."""
    since = f" since {since}; {lines:,} new line{'' if lines == 1 else 's'}, {events:,} event{'' if events == 1 else 's'} since then"
    return line(Span(" FROZEN ", "selected"), since, Span("   space goes on", "accent"))


def attach_line(state: RunState, cells: int) -> Line:
    """Return how a run that goes on is joined or come back to, in so many cells."""
    run = state.run
    if not run or state.phase == "ended":
        return line(" ")
    whole, bare = as_typed(f"deploy attach {run}"), without_file(typed_here())
    shorter = (as_typed(f"deploy attach {run}", bare), as_typed("deploy attach", bare))
    ways = (f" run {run}   join or come back: {whole}", *(form for way in (whole, *shorter) for form in (f" join or come back: {way}", f" {way}")))
    return line(Span(next((way for way in ways if len(way) <= cells), ""), "dim"))
