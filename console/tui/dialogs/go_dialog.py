"""The last question before GO: its effect in one sentence, what was overridden, and the typed name of a protected environment."""

from textwrap import wrap

from console.core.run.sentences import impact_words
from console.model.checks import Check
from console.model.state import RunState
from console.tui.dialogs.dialog import Choice, Dialog, TypingDialog
from console.views.plan_words import blast_radius
from console.views.styled_text import Line, Span, line

ROWS, MANY = 12, 8
"""Rows for all that is told beside the release, shared by its things; beyond so many things they are counted."""


def _body(state: RunState, width: int) -> tuple[Line, ...]:
    doubts = sorted((check for check in state.checks if check.status == "warning"), key=lambda check: check.id != "direction")
    warnings = [("! ", f"{check.title}: {check.detail}") for check in doubts]
    reasons = dict(state.request.overrides)
    overridden = [("overridden ", _overridden_words(check, reasons.get(check.id, ""))) for check in state.checks if check.status == "overridden"]
    left_out = [("left out ", f"{host}: {reason}") for host, reason in state.request.without]
    said = impact_words(state.request.impact)
    told = (*warnings, *overridden, *left_out, *([("declared ", said)] if said else []))
    rows = max(1, ROWS // max(1, len(told)))
    out: list[Line] = [line(row) for row in wrap(blast_radius(state) + ".", width)]
    for head, words in told[:MANY]:
        first, *more = wrap(head + words, width, subsequent_indent="  ", max_lines=rows, placeholder=" …")
        out += [line(Span(head, "warn"), first.removeprefix(head)), *(line(row) for row in more)]
    if len(told) > MANY:
        out.append(line(Span(f"and {len(told) - MANY} more: see the checks", "warn")))
    helm = f"; {state.driver.name} has the helm" if state.helm else ""
    out.append(line(Span(f"asked for by {state.by.name}{helm}", "dim")))
    return tuple(out)


def _overridden_words(check: Check, reason: str) -> str:
    """A check and why it goes unheeded, before what it found: of that, less may be read."""
    found = str(check.detail).removesuffix(f" (overridden: {reason})")
    return f"{check.title}: {reason}; found: {found}" if reason else f"{check.title}: {found}"


class GoByName(TypingDialog):
    """GO for a protected environment: its name is typed."""

    def __init__(self, state: RunState, width: int) -> None:
        super().__init__(f"GO for {state.environment.upper()}?", (*_body(state, width), line(" "), line(f"Type {state.environment} to release:")))
        self._expected = state.environment
        self.prompt = state.environment
        self.enter_words = "GO, once the name is typed"

    def accepts(self, text: str) -> bool:
        """Return whether it is the environment's name."""
        return text.strip() == self._expected


class GoByKey(Dialog):
    """GO for an environment that is not protected: the same key again."""

    def __init__(self, state: RunState, width: int) -> None:
        super().__init__(f"GO for {state.environment}?", _body(state, width), (Choice("g", "GO", "go"),))


def go_dialog(state: RunState, width: int) -> Dialog:
    """Return the dialog for that run's GO, its words in so many cells; its answer is the typed name, or `go`."""
    return (GoByName if state.protected else GoByKey)(state, width)
