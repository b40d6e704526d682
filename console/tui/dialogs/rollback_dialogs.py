"""The dialogs for roll back, abort and skip. Their text comes from the views."""

from console.core.kinds.kind_table import kind_of
from console.core.plan.return_plan import touched_hosts
from console.core.plan.shift_plan import shifts_back
from console.core.run.command_refusals import ended_instead
from console.core.words.sizes import counted_hosts
from console.model.state import RunState
from console.safe_text import SafeText
from console.tui.dialogs.dialog import Choice, Dialog
from console.views.plan_words import names_in_words
from console.views.rollback_words import has_halves, prefers_halves, rollback_lines
from console.views.styled_text import Line, Span, line

_END_UNCHANGED = ("Nothing was changed yet: the run ends, and every host stays on its release.", "end the release")
_END_RESTART = (
    "A restart changes no release. It ends once its running steps have; then the last release goes back, by a run of its own.",
    "end it, and roll back",
)


def rollback_dialog(state: RunState, width: int, reason: str = "") -> Dialog:
    """Return the rollback's question; its answer is `at-once` or `halves`, `end` where the run has nothing to take back, or `reason`: say why first."""
    place = state.environment.upper() if state.protected else state.environment
    why = (line(Span("reason ", "dim"), SafeText(reason)),) if reason else ()
    title, say_why = f"Roll back {state.app} in {place}?", Choice("w", "another reason" if reason else "with a reason", "reason")
    if ended_instead(state) is not None:
        words, choice = _END_RESTART if state.kind == "restart" else _END_UNCHANGED
        return Dialog(title, (*why, line(words)), (Choice("r", choice, "end"), say_why))
    ways = (("all at once", "at-once"), ("in halves", "halves"))
    first, other = ways[::-1] if prefers_halves(state) else ways
    choices = [Choice("r", "move the traffic back" if shifts_back(state) else f"roll back {first[0]}", first[1])]
    if len(touched_hosts(state)) > 1 and has_halves(state):
        choices.append(Choice("x", other[0], other[1]))
    return Dialog(title, (*why, *rollback_lines(state, width)), (*choices, say_why))


def abort_dialog(state: RunState, width: int) -> Dialog:
    """Return the abort's question; its answer is `back` or `leave`."""
    touched = touched_hosts(state)
    if not state.changed:
        body: tuple[Line, ...] = (line("Nothing was changed yet: the run ends, and every host stays on its release."),)
        return Dialog("Abort?", body, (Choice("a", "abort", "back"),))
    if not kind_of(state).returns:
        body = (line("No further step starts; running steps finish. Then everything stays as it is (the run counts as failed)."),)
        return Dialog("Abort?", body, (Choice("a", "abort", "leave"),))
    body = (
        line("No further step starts; running steps finish. Then:"),
        line(
            Span("a  ", "accent"),
            f"{counted_hosts(len(touched), 'no touched host', 'touched host')} {'goes' if len(touched) == 1 else 'go'} back: {names_in_words(touched)}",
        ),
        line(Span("l  ", "accent"), "or everything stays as it is, part new and part old (the run counts as failed)"),
    )
    return Dialog("Abort?", body, (Choice("a", "abort, roll all back", "back"), Choice("l", "abort, leave as is", "leave")))


def skip_dialog(state: RunState, host: str) -> Dialog:
    """Return the skip's question; its answer is `skip`."""
    known = state.hosts[host]
    before = str(known.before_version or known.before or "what it had")
    told = f"{host} goes back to {before}" if known.touched else f"{host} keeps {before}"
    return Dialog(f"Skip {host}?", (line(told + ", stays in service, and does not count as failed. The next run updates it."),), (Choice("x", "skip", "skip"),))
