"""The questions before one host alone is rolled back or restarted. Each is a dialog, confirmed by its own key.

Used by every screen on which a host is chosen. Decides nothing: whether it may be done is the run's, or the engine's, to say.
"""

from console.model.commands import Skip
from console.model.request import Request
from console.model.state import RunState
from console.tui.dialogs.dialog import Choice, Dialog
from console.tui.dialogs.question import DialogQuestion, NewRun, ToRun
from console.tui.key_refusals import Situation, goes_back_alone
from console.views.styled_text import Line, Span, line


def take_back_question(now: Situation, environment: str) -> DialogQuestion:
    """Take the host that is meant back; while its run goes on as a part of it, else by a rollback of its own."""
    host, known = now.host, now.chosen
    alone, seen = goes_back_alone(now), now.state.seq
    undoes = known is not None and now.state.kind == "deploy" and known.release != known.before
    before = str(known.before_version or known.before) if known and undoes else ""

    def act(_: str, __: RunState) -> ToRun | NewRun:
        if alone:
            return ToRun(Skip(expects=seen, host=host), f"deploy skip {host}")
        return _run_of_one(Request(kind="rollback", hosts=host, at_once=True, yes=True), f"deploy rollback {environment} --hosts {host}")

    body: tuple[Line, ...] = (line(f"{host} goes back to {before or 'its previous release'}; no other host does."),)
    if alone:
        body += (line("It stays in service and does not count as failed; the run goes on."),)
    body += (line(Span("switch, restart, health check", "dim")),)
    return DialogQuestion(Dialog(f"Roll back {host} alone?", body, (Choice("B", "roll it back", "back"),)), act)


def restart_question(host: str, environment: str) -> DialogQuestion:
    """Restart the application on that host."""
    run = _run_of_one(Request(kind="restart", hosts=host, yes=True), f"deploy restart {environment} --hosts {host}")
    body = (line(f"The application on {host} is restarted, and its health is checked."), line(Span("its release stays as it is", "dim")))
    return DialogQuestion(Dialog(f"Restart {host}?", body, (Choice("R", "restart", "restart"),)), lambda _, __: run)


def _run_of_one(request: Request, typed: str) -> NewRun:
    return NewRun(request, f"{request.kind} of {request.hosts}", typed)
