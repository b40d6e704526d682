"""What a release is prepared with: the versions to choose from, whether GO is open and why not, and the same as a command line. Pure."""

import shlex
from collections import Counter
from typing import NamedTuple

from console.as_typed import as_typed
from console.core.words.equivalent_command import request_words
from console.errors import Problem, in_one_line
from console.model.declared_impact import Impact
from console.model.fleet_snapshot import Candidate, FleetSnapshot
from console.model.request import Request
from console.model.state import RunState
from console.model.values import changed
from console.views.answer_effects import asked_for, effect_words
from console.views.environment_title import environment_name
from console.views.release_fields import Field, SeenOfForm, needed
from console.views.styled_text import Line, Span, Tone, by_room, clipped, line, width
from console.views.version_list import standing


class PreviewAnswer(NamedTuple):
    """What is known of a request: asked and not answered yet, what a pre-flight found, or why there was none."""

    state: RunState = RunState()
    problem: Problem | None = None
    asking: bool = True


def field_row(field: Field, request: Request, seen: SeenOfForm, cells: int, state: RunState | None = None) -> Line:
    """A field of the form with its value, and what that changes; where it is empty, what it takes, or why it is needed. `state`: of the last look."""
    value, need = field.read(request), needed(field, request, seen)
    title = Span(f"  {field.title:<10}", "dim")
    if field.id == "strategy":
        strategy = value or (state.plan.strategy if state and state.plan else "the file's")
        return clipped(line(title, strategy), cells)
    if value:
        shown = line(title, Span(value, "strong"))
        changes = effect_words(field.id, request, state, cells - width(shown) - 2) if state else ()
        changes = clipped(line(Span("! " + need, "warn")), cells - width(shown) - 2) if need else changes
        return (*shown, Span("  "), *changes) if changes else clipped(shown, cells)
    need = need or (asked_for(field.id, state) if state else "")
    return clipped(line(title, Span("! " + need, "warn") if need else Span("all" if field.id == "hosts" else "–", "dim")), cells)


def why_closed(answer: PreviewAnswer, chosen: Candidate | None) -> str:
    """Return why the run may not be opened; empty: it may. What waits is waited for in the run."""
    if chosen is None:
        return "no version is chosen"
    if answer.asking:
        return f"the checks of {chosen.ref} are being made"
    if answer.problem:
        return in_one_line(answer.problem)
    blocking = [check for check in answer.state.checks if check.blocks and check.status != "waiting"]
    if blocking:
        if len(blocking) > 1:
            return f"{len(blocking)} blocking checks: {', '.join(str(check.title) for check in blocking)}"
        return f"{blocking[0].title} blocks: {blocking[0].detail or 'see the checks'}"
    return "" if answer.state.plan is not None else "no host was reached, so nothing can be planned"


def go_row(answer: PreviewAnswer, chosen: Candidate | None, cells: int) -> Line:
    """Return the line that opens the run, or says why it does not."""
    why = why_closed(answer, chosen)
    if not why and chosen:
        waiting = ", ".join(str(check.title) for check in answer.state.checks if check.blocks)
        then = f"waits for {waiting}" if waiting else "asks a last time"
        return clipped(line("  ", Span("GO", "accent"), f" {chosen.ref}: opens the run, and {then}"), cells)
    tone: Tone = "dim" if answer.asking and chosen else "bad"
    return clipped(line("  ", Span("GO is closed", tone), Span(f": {why}", "dim")), cells)


def live_words(board: FleetSnapshot | None) -> str:
    """Return what users have, most hosts first: a side that stands by is not counted."""
    if board is None:
        return ""
    found = Counter(str(host.version or host.release or "nothing") for host in board.in_use if host.reachable).most_common(3)
    return ", ".join(f"{version} on {hosts}" if len(found) > 1 else version for version, hosts in found)


def prepare_lines(
    app: str, environment: str, protected: bool, board: FleetSnapshot | None, chosen: Candidate | None, answer: PreviewAnswer, cells: int
) -> tuple[Line, ...]:  # fmt: skip
    """The two lines on top: what would go where; and whether GO is open, with its key."""
    live = live_words(board)
    change = line(Span(str(chosen.ref), "strong")) if chosen else line(Span("no version", "dim"))
    stands = standing(chosen) if chosen else Span("")
    parts = (
        (4, line(f" {app} ", Span("▸", "dim"))),
        (1, line(environment_name(environment, protected=protected))),
        (3, line(Span(f"{live} →", "dim")) if live else ()),
        (0, change),
        (2, line(stands) if stands.text else ()),
    )
    first = by_room(parts, cells)
    room = cells - width(first) - 2
    told = clipped(line(Span(f"{chosen.commit[:7]} {chosen.by}: {chosen.subject}", "dim")), room) if chosen and room >= 20 else ()
    return (*first, *line("  ", *told)) if told else first, clipped(_go_line(answer, chosen), cells)


def _go_line(answer: PreviewAnswer, chosen: Candidate | None) -> Line:
    why = why_closed(answer, chosen)
    if not why:
        doubts = [str(check.detail) for check in answer.state.checks if check.id == "direction" and check.status in ("warning", "overridden")]
        doubt = line("   ", Span("! ", "warn"), doubts[0]) if doubts else ()
        return (*line(" ", Span("GO is open", "warn" if doubts else "good"), "   ", Span("g", "accent"), " opens it"), *doubt)
    if answer.asking:
        return line(Span(f" asks the hosts: {why}", "busy"))
    return line(Span(" no-go: ", "bad"), why)


def problem_lines(problem: Problem, cells: int) -> tuple[Line, ...]:
    """A pre-flight that could not be made: why, and what to type."""
    said = clipped(line(Span("! ", "bad"), problem.message), cells)
    return (said, clipped(line("  ", Span(as_typed(problem.hint), "accent")), cells)) if problem.hint else (said,)


def equivalent_command(environment: str, request: Request) -> str:
    """Return the command line that asks for the same release."""
    return shlex.join(("deploy", *request_words(environment, request)))


def answers_between(before: Impact, after: Impact) -> frozenset[str]:
    """Return the names of the answers that differ."""
    return frozenset(name for name in Impact.__struct_fields__ if getattr(before, name) != getattr(after, name))


def prefilled(request: Request, state: RunState, said: frozenset[str]) -> Request:
    """Answer what nobody has said and can be seen: new migration files are a migration."""
    if "migration" in said:
        return request
    return changed(request, impact=changed(request.impact, migration="yes" if state.migrations else ""))
