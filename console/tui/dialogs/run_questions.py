"""The questions about a run (GO, roll back, abort, skip, tick off, note), and the command that each answer sends.

It decides nothing: whether something may be done is the run's to say.
"""

import shlex
from collections.abc import Callable
from typing import Final

from console.core.run.command_refusals import lacks_reason
from console.core.run.critical_path_verdict import open_ticks
from console.core.run.monitoring_window import window_step, window_that_runs
from console.core.run.pauses import is_paused_for
from console.core.words.durations import duration_words
from console.core.words.equivalent_command import request_words
from console.model.commands import Abort, Acknowledge, Decide, Extend, Note, Promote, RollBack, Skip
from console.model.state import RunState
from console.safe_text import SafeText
from console.tui.dialogs.dialog import Choice, Dialog, TypingDialog
from console.tui.dialogs.go_dialog import go_dialog
from console.tui.dialogs.question import Act, AskNext, DialogQuestion, EndedRunBack, ToRun
from console.tui.dialogs.rollback_dialogs import abort_dialog, rollback_dialog, skip_dialog
from console.tui.key_refusals import UNDECIDED
from console.views.rollback_words import prefers_halves
from console.views.styled_text import Span, line

LONGER = 300.0
"""Seconds that the key makes the monitoring window longer."""
NAMED = "Your name and the time go into the record."


def go_question(state: RunState, width: int) -> DialogQuestion:
    """GO, asked for the last time; the words in so many cells."""

    def act(typed: str, _: RunState) -> ToRun | None:
        if state.plan is None:
            return None
        said = Decide(go=True, digest=state.plan.digest, typed=typed if state.protected else "")
        return ToRun(said, shlex.join(("deploy", *request_words(state.environment, state.request), "--yes")))

    return DialogQuestion(go_dialog(state, width), act, lambda now: now.phase == "deciding")


def rollback_question(state: RunState, width: int, *, ended: str = "", reason: str = "") -> DialogQuestion:
    """Roll back: what a run that goes on has touched; the release of a run that has `ended` (its name), or ends meanwhile, by a run of its own.

    `reason`: why, where somebody has said it already.
    """

    def act(how: str, now: RunState) -> Act:
        if how == "reason":
            return AskNext(_reason_question(now, width, ended))
        equivalent = f"deploy rollback {state.environment}" + (
            " --halves" if how == "halves" else " --at-once" if how != "end" and prefers_halves(state) else ""
        )
        equivalent += f" --reason {shlex.quote(reason)}" if reason else ""
        if ended or now.phase == "ended":
            return EndedRunBack(ended or state.run, how, equivalent, reason)
        return ToRun(RollBack(how="halves" if how == "halves" else "" if how == "end" else "at-once", reason=SafeText(reason)), equivalent)

    return DialogQuestion(rollback_dialog(state, width, reason), act)


def _reason_question(state: RunState, width: int, ended: str) -> DialogQuestion:
    """Why it is to go back; the question before comes again with that."""
    body = (line("It stands in the history and in the report. The next key rolls back."),)
    return DialogQuestion(
        TypingDialog("Why roll back?", body), lambda words, now: AskNext(rollback_question(now if now.run else state, width, ended=ended, reason=words.strip()))
    )


def abort_question(state: RunState, width: int) -> DialogQuestion:
    """How the run is to end. What was answered before GO is not said to a run that was given one meanwhile."""
    undecided = state.seq if state.go is None else 0

    def act(how: str, _: RunState) -> ToRun:
        return ToRun(Abort(expects=undecided, leave=how == "leave"), "deploy abort" + (" --leave" if how == "leave" else ""))

    return DialogQuestion(abort_dialog(state, width), act)


def skip_question(state: RunState, host: str) -> DialogQuestion:
    """Leave that host on its old release."""
    return DialogQuestion(skip_dialog(state, host), lambda _, __: ToRun(Skip(expects=state.seq, host=host), f"deploy skip {host}"))


def tick_question(state: RunState) -> DialogQuestion:
    """The first manual check, or critical path, that waits; it is ticked off on the second `k`."""
    if path := next(iter(open_ticks(state)), ""):
        return _tick_path(state, path)
    check = next(check for check in state.checks if check.is_open)
    body = (line(Span(str(check.detail))), line(Span(NAMED, "dim")))
    return DialogQuestion(
        Dialog(str(check.title), body, (Choice("k", "tick it off", check.id),)),
        lambda name, _: ToRun(Acknowledge(check=name), f"deploy ack {shlex.quote(name)}"),
        lambda now: now.phase in UNDECIDED and any(one.id == check.id and one.is_open for one in now.checks),
    )


def _tick_path(state: RunState, path: str) -> DialogQuestion:
    """A critical path that a person has tried."""
    asked = str(state.pausing.reason) if state.pausing and is_paused_for(state, "manual") else f"critical path {path}"
    body = (line(Span(asked)), line(Span("Tick it off if it works; if it does not: r rolls back.", "dim")), line(Span(NAMED, "dim")))
    return DialogQuestion(
        Dialog(f"Does {path} work?", body, (Choice("k", "it works: tick it off", path),)),
        lambda name, _: ToRun(Acknowledge(check=name), f"deploy ack {shlex.quote(name)}"),
        lambda now: path in open_ticks(now),
    )


def note_question(state: RunState) -> DialogQuestion:
    """A remark; of a run that goes back on somebody's word, and nobody has said why, the reason."""
    if lacks_reason(state):
        return DialogQuestion(
            TypingDialog("Why is it rolled back?", (line("It stands in the history and in the report."),)),
            lambda words, _: ToRun(Note(text=SafeText(words), about="rollback"), f"deploy note --rollback {shlex.quote(words)}"),
        )
    return DialogQuestion(
        TypingDialog("A note for the record", (line("Everyone who reads this run's history will see it."),)),
        lambda words, _: ToRun(Note(text=SafeText(words)), f"deploy note {shlex.quote(words)}"),
    )


def promote_question(state: RunState) -> DialogQuestion:
    """End the monitoring window now, and why."""
    body = (line("Hosts that are new are asked once more, then the run closes. Your reason goes into the record."),)

    def act(words: str, _: RunState) -> ToRun:
        return ToRun(Promote(expects=state.seq, reason=SafeText(words)), f"deploy promote --reason {shlex.quote(words)}")

    return DialogQuestion(TypingDialog("End the monitoring window: why?", body), act, lambda now: bool(window_that_runs(now)))


def extend_question(state: RunState) -> DialogQuestion:
    """Make the monitoring window longer, and why."""
    body = (line("The window becomes 5 minutes longer. Your reason goes into the record."),)

    def act(words: str, _: RunState) -> ToRun:
        return ToRun(Extend(seconds=LONGER, reason=SafeText(words)), f"deploy extend --for {duration_words(LONGER)} --reason {shlex.quote(words)}")

    return DialogQuestion(TypingDialog("Extend the monitoring window: why?", body), act, lambda now: window_step(now) is not None)


QUESTIONS: Final[dict[str, Callable[[RunState, str, int], DialogQuestion]]] = {
    "go": lambda state, _, width: go_question(state, width),
    "roll-back": lambda state, _, width: rollback_question(state, width),
    "abort": lambda state, _, width: abort_question(state, width),
    "skip": lambda state, host, _: skip_question(state, host),
    "acknowledge": lambda state, _, __: tick_question(state),
    "note": lambda state, _, __: note_question(state),
    "extend": lambda state, _, __: extend_question(state),
}
"""What is asked of a run, by the id of the action: of its state, the host that is meant, and the cells that there are for words."""
