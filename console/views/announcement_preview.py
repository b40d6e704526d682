"""What people will be told of a release, before it is told: the words as they will be sent, where their notes come from, and who hears them. Pure."""

from typing import NamedTuple

from console.as_typed import as_typed
from console.core.words.announcement_words import NO_RUN, before, made_notes
from console.core.words.sizes import counted
from console.errors import Problem, in_one_line
from console.model.request import Request
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText
from console.views.compact_layout import broken
from console.views.styled_text import Line, Span, Tone, clipped, line


class AnnouncementChannels(NamedTuple):
    """What is known of the channels: asked and not answered yet, their names without secrets, or why they are not known."""

    names: tuple[SafeText, ...] = ()
    problem: Problem | None = None
    asking: bool = True


def notes_words(state: RunState, request: Request) -> str:
    """Return where the notes come from."""
    if request.impact.notes:
        lines = request.impact.notes.count("\n") + 1
        return f"written here, {counted(lines, 'line')}"
    if state.changes:
        commits = len(state.changes)
        return f"made from {counted(commits, 'commit')}"
    return "none: the changes are not known"


def notes_row(state: RunState, request: Request, cells: int, *, asking: bool) -> Line:
    """The form's line for the announcement: where its notes come from, and how they begin."""
    title = Span(f"  {'announce':<10}", "dim")
    if asking and not request.impact.notes:
        return clipped(line(title, Span("from the commits", "dim")), cells)
    first = next((words for words in (request.impact.notes or made_notes(state)).split("\n") if words.strip() and not words.endswith(":")), "")
    tone: Tone = "strong" if request.impact.notes else "plain" if state.changes else "dim"
    words = notes_words(state, request).removeprefix("made ") if request.impact.notes or state.changes else "no notes"
    return clipped(line(title, Span(words, tone), Span(f"  {first.removeprefix('- ')}" if first else "", "dim")), cells)


def _heard_by(channels: AnnouncementChannels) -> str:
    if channels.problem:
        return f"not known: {in_one_line(channels.problem)}"
    if channels.asking:
        return "asking …"
    return ", ".join(channels.names) or "nobody: no channel is configured"


def announcement_lines(state: RunState, request: Request, channels: AnnouncementChannels, cells: int, *, known: bool = True) -> tuple[Line, ...]:
    """Return who hears it, what becomes of it, and title and body as they will be sent; every line in as many rows as it needs."""
    out = _told("to", _heard_by(channels), cells)
    if not channels.names and not channels.asking and not channels.problem:
        out += _told("", f'[environments.{state.environment}.announce] to = ["…"] names one', cells, "accent")
    if not known:
        return (*out, line(" "), line(Span(f"The hosts are being asked about {request.ref}.", "busy")))
    check = next((check for check in state.checks if check.id == "announcement"), None)
    if check is not None:
        out += _told("gate", f"{check.status}: {check.detail}", cells, "bad" if check.blocks else "plain")
        out += _told("", as_typed(check.remedy), cells, "accent") if check.remedy and check.blocks else []
    out += _told("notes", notes_words(state, request), cells, "plain" if request.impact.notes or state.changes else "warn")
    if state.revision is None:
        return (*out, line(" "), line(Span("The text is known once the checks can be made.", "dim")))
    message = before(changed(state, request=request))
    said = [line(Span(row, "strong")) for row in broken(message.title, cells)]
    said += [line(row or " ") for words in message.body.split("\n") for row in broken(words, cells)]
    named = line(Span(f"{NO_RUN} becomes the run's name, once it is open.", "dim"))
    return (*out, line(Span("─" * cells, "dim")), *said, line(Span("─" * cells, "dim")), *(() if state.run else (clipped(named, cells),)))


def _told(name: str, words: str, cells: int, tone: Tone = "plain") -> list[Line]:
    """Words with a name before them, which stands alone in its column."""
    rows = broken(words, max(10, cells - 7))
    return [line(Span(f"{'' if place else name:<7}", "dim"), Span(row, tone)) for place, row in enumerate(rows)]
