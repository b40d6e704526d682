"""What the run screen asks before it acts: each question is a dialog, each answer a command to the run and its twin on the command line.

Decides nothing: whether something may be done is the run's to say.
"""

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from console.core.words.equivalent_command import request_words
from console.model.commands import Abort, Acknowledge, Decide, Note, RollBack, Skip
from console.text import SafeText
from console.tui.dialogs.dialog import Choice, Dialog, TypingDialog
from console.tui.dialogs.go_dialog import go_dialog
from console.tui.dialogs.rollback_dialogs import abort_dialog, rollback_dialog, skip_dialog
from console.tui.run.leave_rules import UNDECIDED
from console.views.styled_text import Span, line

if TYPE_CHECKING:
    from console.tui.host.host_screen import HostScreen
    from console.tui.run.run_screen import RunScreen

    Asking: TypeAlias = RunScreen | HostScreen


def handlers(screen: "RunScreen") -> dict[str, Callable[[], object]]:
    """The actions of a run that are asked before they are done, by id."""
    return {
        "go": lambda: ask_go(screen), "roll-back": lambda: ask_rollback(screen), "abort": lambda: ask_abort(screen), "skip": lambda: ask_skip(screen),
        "note": lambda: ask_note(screen), "acknowledge": lambda: ask_tick(screen),
    }  # fmt: skip


def ask_go(screen: "RunScreen") -> None:
    """Ask for the last time; then GO."""
    state = screen.state

    def answered(typed: str | None) -> None:
        if typed and state.plan:
            twin = shlex.join(("deploy", *request_words(state.environment, state.request), "--yes"))
            screen.send(Decide(go=True, digest=state.plan.digest, typed=typed if state.protected else ""), twin)

    dialog = go_dialog(state, screen.dialog_width())
    screen.app.push_screen(dialog, answered)
    screen.watching.asked(dialog, lambda now: now.phase == "deciding")


def ask_rollback(screen: "Asking") -> None:
    """Ask, and roll back on the second `r`."""

    def answered(how: str | None) -> None:
        if how not in ("at-once", "halves"):
            return
        twin = f"deploy rollback {screen.state.environment}" + (" --halves" if how == "halves" else "")
        if screen.state.phase == "ended":
            screen.say_twin(twin)
            screen.app.open_back(screen.state.run, how)
        else:
            screen.send(RollBack(how="halves" if how == "halves" else "at-once"), twin)

    screen.app.push_screen(rollback_dialog(screen.state, screen.dialog_width()), answered)


def ask_abort(screen: "Asking") -> None:
    """Ask how the run is to end. What was answered before GO is not said to a run that was given one meanwhile."""
    undecided = screen.state.seq if screen.state.go is None else 0

    def answered(how: str | None) -> None:
        if how:
            screen.send(Abort(expects=undecided, leave=how == "leave"), "deploy abort" + (" --leave" if how == "leave" else ""))

    screen.app.push_screen(abort_dialog(screen.state, screen.dialog_width()), answered)


def ask_skip(screen: "Asking") -> None:
    """Ask about the host that was meant when the key was pressed."""
    host, seen = screen.host, screen.state.seq

    def answered(how: str | None) -> None:
        if how:
            screen.send(Skip(expects=seen, host=host), f"deploy skip {host}")

    screen.app.push_screen(skip_dialog(screen.state, host), answered)


def ask_tick(screen: "RunScreen") -> None:
    """Ask about the first manual check that waits; it is ticked off on the second `k`."""
    check = next(check for check in screen.state.checks if check.is_open)

    def answered(name: str | None) -> None:
        if name:
            screen.send(Acknowledge(check=name), f"deploy ack {shlex.quote(name)}")

    body = (line(Span(str(check.detail))), line(Span("Your name and the time go into the record.", "dim")))
    dialog = Dialog(str(check.title), body, (Choice("k", "tick it off", check.id),))
    screen.app.push_screen(dialog, answered)
    screen.watching.asked(dialog, lambda now: now.phase in UNDECIDED and any(one.id == check.id and one.is_open for one in now.checks))


def ask_note(screen: "RunScreen") -> None:
    """Ask for a remark."""

    def answered(words: str | None) -> None:
        if words:
            screen.send(Note(text=SafeText(words)), f"deploy note {shlex.quote(words)}")

    screen.app.push_screen(TypingDialog("A note for the record", (line("Everyone who reads this run's history will see it."),)), answered)
