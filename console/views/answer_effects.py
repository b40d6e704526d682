"""What an answer about a release changes in its gates and in its plan, in a few words beside the answer. Pure; whether it may go is not said here."""

from console.core.checks.announcement import is_major
from console.core.checks.team import needed_operators
from console.model.database_facts import Review
from console.model.declared_impact import Impact
from console.model.request import Request
from console.model.state import RunState
from console.views.styled_text import Line, Span, Tone, clipped, line

Words = tuple[str, str]
"""In full, and where there is little room."""
_OPERATOR: Words = ("+ another operator joins", "+operator")
_TOLD: Words = ("+ people are told before GO", "+told")


def effects(name: str, request: Request, state: RunState) -> tuple[Words, ...]:
    """Return what that answer brings with it; nothing where it changes nothing. `state`: what the last look found."""
    impact = request.impact
    if name == "migration":
        return _of_migration(impact, state)
    if name == "old_code":
        return _of_old_code(impact, state.review)
    alone = {"downtime": Impact(downtime=impact.downtime), "breaking": Impact(breaking=impact.breaking), "risk": Impact(risk=impact.risk)}.get(name)
    if alone is None:
        return ()
    return (*((_OPERATOR,) if needed_operators(0, alone) else ()), *((_TOLD,) if is_major(alone) else ()))


def _of_migration(impact: Impact, state: RunState) -> tuple[Words, ...]:
    review = state.review
    if impact.migration == "no":
        return (("the new files are not run", "not run"),) if state.migrations else ()
    if impact.migration != "yes":
        return ()
    if review is None:
        return (("no database in the file: nothing is run", "no database"),)
    if not review.runs:
        return (("no command migrates: nothing is run", "no command"),)
    if review.backs_up:
        return (("+ backup before it", "+backup"), (f"+ migrated on {review.where}", f"on {review.where}"))
    return (("+ the last backup is fresh enough", "+backup fresh") if review.fresh else ("! no backup: GO needs one, or a reason", "! no backup"),)


def _of_old_code(impact: Impact, review: Review | None) -> tuple[Words, ...]:
    if review is None or not review.runs:
        return (("changes nothing without a migration", "no migration"),) if impact.old_code else ()
    said = f"the files say {review.old_code}" if review.old_code != (impact.old_code or "unknown") else ""
    if review.old_code == "ok":
        return ((f"{said}: hosts can go back" if said else "hosts can go back", "back: yes"),)
    if review.old_code == "breaks" and review.reversible:
        return ((f"{said}: hosts go back after the revert" if said else "hosts go back after the revert", "back: revert"),)
    return ((f"! {said}: no way back, GO needs a reason" if said else "! no way back: GO needs a reason", "! no way back"),)


def asked_for(name: str, state: RunState) -> str:
    """Return what is asked where nothing was answered; empty: nothing."""
    review = state.review
    if name != "old_code" or review is None or not review.runs or review.old_code != "unknown":
        return ""
    return "ok or breaks, on the new schema?"


def effect_words(name: str, request: Request, state: RunState, cells: int) -> Line:
    """Return the same as a line in that room."""
    found = effects(name, request, state)
    if not found or cells < 8:
        return ()
    full, short = ", ".join(one for one, _ in found), " ".join(one for _, one in found)
    tone: Tone = "warn" if full.startswith(("!", "+ another")) else "dim"
    return clipped(line(Span(full if len(full) <= cells else short, tone)), cells)
