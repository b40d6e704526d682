"""Commands that open, join or steer a run. Whoever follows it ends with its exit code. Knows how a run is found and met; not how it is shown."""

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from console.as_typed import as_typed
from console.cli.command_access import environment_client, feed_of
from console.cli.configuration import environment, state
from console.cli.find_run import carrier_of, events_of_run, open_runs, recorded, run_named
from console.cli.follow import follow
from console.cli.invocation import Invocation
from console.cli.kept_models import environment_or_open
from console.cli.meet_engine import asking, configure, engine_of, is_owing
from console.cli.output import say_json_done, tell, tell_equivalent, tell_problem
from console.cli.responsibility import Departure, Responsibility
from console.core.secrets.needed import left_to_do
from console.core.words.equivalent_command import request_words
from console.errors import ConsoleError, NoGo, Problem, UsageFault
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model.request import Request
from console.safe_text import SafeText

if TYPE_CHECKING:
    from console.client.engine_connection import Client
    from console.model.configured_environment import Environment
    from console.model.run_summary import RunSummary


async def open_run(how: Invocation, name: str, request: Request, refs: tuple[str, ...] = ()) -> int:
    """Begin a run and follow it. `refs`: releases that the screen may open after it."""
    judge_overrides(request)
    rollback = request.kind == "rollback"
    found = environment_or_open(how, name) if rollback else environment(how, name, gated=request.kind == "deploy")
    judge_request(request, found)

    async def own(client: "Client", leaving: Departure) -> str:
        await configure(client, found, request.kind)
        leaving.heed()
        run = await client.open_run(request)
        if how.yes and not how.wants_screen:
            tell_equivalent(*equivalent_of(found.name, request))
        return run

    if rollback:
        from console.cli.rollback_command import roll_back

        return await roll_back(how, found, request, own)
    with Departure() as leaving:
        client = await engine_of(how, found)
        run = await own(client, leaving)
        return await follow(how, feed_of(how, client, run, found), Responsibility(drives=True), leaving, environment_client(how, found, refs))


def judge_overrides(request: Request) -> None:
    """Refuse overrides of checks that are never overridden, whatever the file says. Raises UsageFault."""
    from console.model.checks import NEVER_OVERRIDABLE

    for check, _ in request.overrides:
        if check in NEVER_OVERRIDABLE:
            raise UsageFault(f"--override {check}: this check is never overridden; check shows what it found", "deploy check")


def judge_request(request: Request, found: "Environment") -> None:
    """Refuse what names no host or no check of that environment, before an engine or a host is asked. Raises UsageFault."""
    from console.core.host_selection import chosen_hosts

    judge_checks(request, found)
    chosen_hosts(found, request)


def judge_checks(request: Request, found: "Environment") -> None:
    """Refuse overrides of checks that there are not, and ticks of what nobody ticks off. Raises UsageFault."""
    from console.model.checks import OVERRIDABLE

    judge_overrides(request)
    known = (*OVERRIDABLE, *(check.name for check in found.checks))
    from console.core.run.critical_path_verdict import manual_names

    manual = manual_names(found)
    for check, _ in request.overrides:
        if check not in known:
            raise UsageFault(f"--override {check}: there is no such check", f"one of {', '.join(known)}")
    for check in request.acks:
        if check not in manual:
            raise UsageFault(f"--ack {check}: no manual check of {found.name} is called that", f"manual: {', '.join(manual) or 'none'}")


def equivalent_of(name: str, request: Request) -> tuple[str, ...]:
    """Return the words of the command line that asks for that run."""
    return (*request_words(name, request), "--yes")


async def attach(how: Invocation, text: str) -> int:
    """Join a run; one that is over says how it ended."""
    named = bool(text)
    summary = run_named(how, text or ("" if open_runs(how) else "last"))
    if summary.outcome is not None:
        code = _show_recorded(how, summary, whole=named)
        await _wake(how, summary)
        return code
    from console.client.engine_connection import NoEngine, SilentEngine, connect
    from console.client.login_claims import claims_of
    from console.wire.address import socket_path

    try:
        client = await connect(socket_path(state(), summary.app, summary.environment), claims=claims_of(os.environ), read_only=how.read_only)
    except SilentEngine:
        raise
    except NoEngine:
        return await _attach_elsewhere(how, summary)
    if not client.welcome.carries(summary.run):
        await client.close()
        return await _attach_elsewhere(how, run_named(how, summary.run))
    from console.cli.kept_models import model_kept

    with Departure() as leaving:
        model = _model_for(how, summary, model_kept(client.welcome.digest))
        return await follow(how, feed_of(how, client, summary.run, model), Responsibility(), leaving, environment_client(how, model) if model else None)


async def _attach_elsewhere(how: Invocation, summary: "RunSummary") -> int:
    """Follow a run that no engine of this state folder carries: by the record, while one elsewhere does; else say how it ended or that it was interrupted."""
    carrier = carrier_of(summary.run) if summary.outcome is None else None
    if carrier is None:
        return _show_recorded(how, run_named(how, summary.run), whole=True)
    if how.read_only:
        words = f"run {summary.run} goes on: {carrier} carries it; a console that only looks on follows runs of its own machine"
        return _show_recorded(how, summary, whole=True, goes_on=words)
    with Departure() as leaving:
        client, model = await _relaying(how, summary)
        tell(f"deploy: run {summary.run} is carried by {carrier}; it is followed and steered from here by way of the record")
        return await follow(how, feed_of(how, client, summary.run, None), Responsibility(), leaving, environment_client(how, model))


async def _relaying(how: Invocation, summary: "RunSummary") -> "tuple[Client, Environment]":
    """Meet the engine of this state folder, which has what another one carries from the record."""
    from console.cli.kept_models import model_of_run

    model = _model_for(how, summary, model_of_run(summary.run))
    if model is None:
        raise UsageFault(f"run {summary.run} is carried on another machine, and its hosts.toml is not known here", f"deploy -c FILE attach {summary.run}")
    return await asking(how, model), model


async def _wake(how: Invocation, summary: "RunSummary") -> None:
    """Have an engine do what runs have left to be done, where there is such and no engine is there. What was asked for is answered by then."""
    from console.cli.kept_models import model_of_run

    with suppress(ConsoleError, OSError):
        found = None if how.read_only else _model_for(how, summary, model_of_run(summary.run))
        if found is not None and is_owing(found):
            await (await asking(how, found)).close()


def _model_for(how: Invocation, summary: "RunSummary", kept: "Environment | None") -> "Environment | None":
    """Return the model that a run keeps to its end: its own, where that was kept, else the one of the file that is here."""
    if kept is not None:
        return kept
    try:
        return environment(Invocation(file=how.file, app=summary.app), summary.environment)
    except UsageFault:
        return None


def _show_recorded(how: Invocation, summary: "RunSummary", *, whole: bool, goes_on: str = "") -> int:
    """Show a run from the journal: how it ended, or that it was interrupted and waits for a person. `goes_on`: what is said of one that is carried."""
    from console.cli.follow_as_lines import printer_for
    from console.core.run.evolve import evolve
    from console.model.state import RunState
    from console.plain.run_as_lines import Ending

    printer, ended = printer_for(how), RunState()
    for event in events_of_run(summary.run):
        ended = evolve(ended, event)
        if whole or how.json:
            printer.event(event)
    seconds = max(0.0, ended.mono - ended.opened)
    if ended.phase == "ended":
        code = int(ended.exit if ended.exit is not None else Exit.CONSOLE_FAILED)
        printer.ended(ended, Ending(code, ended.outcome, seconds))
        return code
    if goes_on:
        printer.ended(ended, Ending(int(Exit.DETACHED), "detached", seconds, goes_on, f"deploy attach {summary.run}"))
        return int(Exit.DETACHED)
    words = f"run {summary.run} was interrupted: no engine carries it"
    printer.ended(ended, Ending(int(Exit.PAUSED), "paused", seconds, words, f"deploy resume {summary.run}"))
    return int(Exit.PAUSED)


async def resume(how: Invocation, text: str) -> int:
    """Go on with an interrupted run: an engine takes it up, and settles what was running before anything new starts."""
    summary = run_named(how, text)
    if summary.outcome is not None:
        raise NoGo(f"run {summary.run} has ended: {summary.outcome}", f"deploy events {summary.run}")
    from console.cli.kept_models import model_of_run

    found = _model_for(how, summary, model_of_run(summary.run))
    if found is None:
        words = f"the hosts.toml of run {summary.run} is not known here: name the file that the run was made with"
        raise UsageFault(words, f"deploy -c FILE resume {summary.run}")
    with Departure() as leaving:
        client = await engine_of(how, found)
        if not client.welcome.carries(summary.run):
            await configure(client, found, left_to_do(recorded(summary.run)), resumes=True)
            leaving.heed()
            await client.resume(summary.run)
        if how.yes and not how.wants_screen:
            tell_equivalent("resume", summary.run, "--yes")
        return await follow(how, feed_of(how, client, summary.run, found), Responsibility(goes_on=how.yes), leaving, environment_client(how, found))


async def steer(how: Invocation, text: str, command: cmd.AnyCommand, equivalent: tuple[str, ...]) -> int:
    """Say something to a run: 0 accepted, 3 refused. `equivalent`: the words up to the run, and those after it behind `RUN`."""
    from console.client.engine_connection import NoEngine, SilentEngine, connect
    from console.client.login_claims import claims_of
    from console.wire.address import socket_path

    summary = run_named(how, text)
    if summary.outcome is not None and isinstance(command, cmd.Note):
        return await _note_later(how, summary, command, equivalent)
    if summary.outcome is not None:
        return _refused(how, summary.run, _is_over(summary))
    client: Client | None = None
    try:
        client = await connect(socket_path(state(), summary.app, summary.environment), claims=claims_of(os.environ), read_only=how.read_only)
    except SilentEngine:
        raise
    except NoEngine:
        summary = run_named(how, summary.run)
        if summary.outcome is not None:
            return _refused(how, summary.run, _is_over(summary))
    answer = await _said_to(how, client, summary, command)
    if answer is None or (isinstance(answer, cmd.Refusal) and answer.ended):
        summary = run_named(how, summary.run)
    if summary.outcome is not None:
        return _refused(how, summary.run, _is_over(summary))
    if answer is None:
        return await _without_engine(how, summary.run, command)
    return _answered(how, summary.run, answer, equivalent)


def _answered(how: Invocation, run: str, answer: "cmd.Accepted | cmd.Refusal", equivalent: tuple[str, ...]) -> int:
    if isinstance(answer, cmd.Refusal):
        return _refused(how, run, answer)
    if how.json:
        say_json_done({"type": "result", "exit": 0, "run": run, "problems": []})
    if answer.note:
        tell(f"deploy: {as_typed(answer.note)}")
    tell_equivalent(*(run if word == "RUN" else word for word in equivalent))
    return 0


async def _note_later(how: Invocation, summary: "RunSummary", note: cmd.Note, equivalent: tuple[str, ...]) -> int:
    """Write a note into the record of a run that has ended, by the engine of its environment."""
    from console.cli.kept_models import model_of_run

    client = await asking(how, model_of_run(summary.run) or environment(how, summary.environment))
    try:
        answer = await client.submit(summary.run, note)
    finally:
        await client.close()
    return _answered(how, summary.run, answer, equivalent)


async def _said_to(how: Invocation, client: "Client | None", summary: "RunSummary", command: cmd.AnyCommand) -> cmd.Accepted | cmd.Refusal | None:
    """Say it to the engine here that carries the run, or by way of the record to the one elsewhere that does; None: none does."""
    if client is None or not client.welcome.carries(summary.run):
        if client is not None:
            await client.close()
        if carrier_of(summary.run) is None:
            return None
        client, _ = await _relaying(how, summary)
    try:
        return await client.submit(summary.run, command)
    finally:
        await client.close()


def _is_over(summary: "RunSummary") -> cmd.Refusal:
    return cmd.Refusal(SafeText(f"run {summary.run} has ended: {summary.outcome}"), SafeText(f"deploy report {summary.run}"), ended=True)


async def _without_engine(how: Invocation, run: str, command: cmd.AnyCommand) -> int:
    """`continue` does what `resume` does; all else has nobody to say it to."""
    if isinstance(command, cmd.Continue):
        from dataclasses import replace

        return await resume(replace(how, yes=True), run)
    return _refused(how, run, cmd.Refusal(SafeText(f"run {run} was interrupted: no engine carries it"), SafeText(f"deploy resume {run}")))


def _refused(how: Invocation, run: str, answer: cmd.Refusal) -> int:
    from console.plain.problem_json import problem_object

    problem = Problem(str(answer.message), str(answer.hint))
    if how.json:
        say_json_done({"type": "result", "exit": int(Exit.NO_GO), "run": run, "problems": [problem_object(problem)]})
    tell_problem(problem, "refused: ")
    return int(Exit.NO_GO)
