"""What is done with one host: leave it, take it back, restart it, go there. Each question is a dialog, confirmed by its own key.

Used by every screen on which a host is chosen. Decides nothing: whether it may be done is the run's, or the engine's, to say.
"""

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from console.errors import ConsoleError, in_one_line
from console.model.commands import AnyCommand, Skip
from console.model.request import Request
from console.tui.dialogs.dialog import Choice, Dialog
from console.tui.situation import Situation, goes_back_alone
from console.tui.terminal.other_program import NOT_REACHED, run_other_program
from console.views.styled_text import Line, Span, line

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp


class HostPage(Protocol):
    """A screen with a chosen host."""

    app: "ConsoleApp"

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""

    def send(self, command: AnyCommand, twin: str) -> None:
        """Say something to the run."""

    def say(self, words: str) -> None:
        """Put a sentence on the message line."""

    def say_twin(self, words: str) -> None:
        """Say what a key did as its command line."""


def handlers(page: HostPage) -> dict[str, Callable[[], object]]:
    """Return what the keys of a host do."""
    return {"back-one": lambda: ask_back(page), "restart": lambda: ask_restart(page), "shell": lambda: open_shell(page)}


def ask_back(page: HostPage) -> None:
    """Ask, and take the host that was meant back; while its run goes on as a part of it, else by a rollback of its own."""
    now = page.situation
    host, known = now.host, now.chosen
    alone, seen = goes_back_alone(now), now.state.seq
    undoes = known is not None and now.state.kind == "deploy" and known.release != known.before
    before = str(known.before_version or known.before) if known and undoes else ""

    def answered(how: str | None) -> None:
        if not how:
            return
        if alone:
            page.send(Skip(expects=seen, host=host), f"deploy skip {host}")
        else:
            _begin(page, Request(kind="rollback", hosts=host, at_once=True, yes=True), f"deploy rollback {_environment(page)} --hosts {host}")

    body: tuple[Line, ...] = (line(f"{host} goes back to {before or 'the release before the last one'}, and no other host does."),)
    if alone:
        body += (line("It stays in service and does not count as failed; the run goes on."),)
    body += (line(Span("switch, restart, health check", "dim")),)
    page.app.push_screen(Dialog(f"Take {host} back?", body, (Choice("B", "take it back", "back"),)), answered)


def ask_restart(page: HostPage) -> None:
    """Ask, and restart the application on the host that was meant."""
    host = page.situation.host

    def answered(how: str | None) -> None:
        if how:
            _begin(page, Request(kind="restart", hosts=host, yes=True), f"deploy restart {_environment(page)} --hosts {host}")

    body = (line(f"The application on {host} is restarted, and its health is checked."), line(Span("its release stays as it is", "dim")))
    page.app.push_screen(Dialog(f"Restart {host}?", body, (Choice("R", "restart", "restart"),)), answered)


def _environment(page: HostPage) -> str:
    station = page.app.station
    return station.environment if station else ""


def _begin(page: HostPage, request: Request, twin: str) -> None:
    station = page.app.station
    if station is not None:
        page.app.open_run(station.open(request), f"{request.kind} of {request.hosts}", twin=twin)


def open_shell(page: HostPage) -> None:
    """Lay the screen aside for a shell on the host."""
    station, host = page.app.station, page.situation.host
    if station is None:
        return
    try:
        argv = station.visit(host)
    except ConsoleError as fault:
        page.say(in_one_line(fault))
        return
    page.app.keep(_visit(page, host, argv))


async def _visit(page: HostPage, host: str, argv: tuple[str, ...]) -> None:
    code = await run_other_program(page.app, argv, f"same as: {shlex.join(argv)}")
    if code == NOT_REACHED:
        page.say(f"{host} was not reached by ssh, or the link was lost")
    elif isinstance(code, str):
        page.say(code)
    else:
        page.say_twin(shlex.join(argv))
