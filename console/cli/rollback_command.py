"""`deploy rollback`: a part of the run that is open, else a run of its own. There is no moment at which it is lost.

A run that ends while it is spoken to, an engine that ends or starts, one that died and left its run: each time it is seen anew what is open, and said to that.
Knows how engines and runs are met; not how a run is shown.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from console.adapters.journal.disk_reserve import give_room_if_full
from console.cli.command_access import environment_client, feed_of
from console.cli.configuration import state
from console.cli.find_run import carrier_of, open_runs_of, recorded
from console.cli.follow import follow
from console.cli.host_rollback import take_back
from console.cli.invocation import Invocation
from console.cli.meet_engine import configure, engine_of
from console.cli.output import tell, tell_equivalent
from console.cli.prompt import confirm
from console.cli.responsibility import Departure, Responsibility, RunOver
from console.core.host.by_hand import typed
from console.core.host.release_scripts import RELEASE
from console.core.host_selection import select
from console.core.run.command_refusals import ended_instead, lacks_reason
from console.core.secrets.needed import left_to_do
from console.core.traffic.bluegreen_sides import BLUEGREEN
from console.core.traffic.move_by_hand import side_lines
from console.core.words.equivalent_command import request_words
from console.errors import ConsoleError, EngineLost, Locked, NoGo, Problem, StateUnusable
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model.values import changed
from console.safe_text import SafeText

if TYPE_CHECKING:
    from console.client.engine_connection import Client
    from console.model.configured_environment import Environment
    from console.model.request import Request
    from console.model.state import RunState

TURNS = 8
"""How often it is looked anew at what is open. Each turn, a run has ended or begun, or an engine was lost, in the moment between two words."""
MENDABLE = frozenset({"restart", "catch-up"})
"""Kinds of runs without a release to go back to; one whose engine is dead is ended, and what it had begun is overtaken."""
MOMENT = 0.05
"""Seconds before the second look; a little more before each one after."""


class Met(NamedTuple):
    """The run that a rollback has become, and what this console has to do with it."""

    client: "Client"
    run: str
    part: Responsibility


async def roll_back(how: Invocation, found: "Environment", request: "Request", own: Callable[["Client", Departure], Awaitable[str]]) -> int:
    """Take the last release back and follow that to its end: 0 when it is done on every host. `own`: opens a run of its own and returns its id."""
    with Departure() as leaving:
        try:
            give_room_if_full(state())
            met = await _met(how, found, request, lambda client: own(client, leaving))
        except ConsoleError as fault:
            if fault.exit is Exit.CONSOLE_FAILED or isinstance(fault, StateUnusable):
                tell_by_hand(found, request)
            raise
        shown = replace(how, plain=not how.json) if met.part.hosts else how
        station = None if met.part.hosts else environment_client(how, found)
        return await follow(shown, feed_of(how, met.client, met.run, found), met.part, leaving, station)


def tell_by_hand(found: "Environment", request: "Request") -> None:
    """Say how each host goes back without the console: the last way out. In a blue/green environment the traffic does, and hosts stay as they are."""
    if found.strategy == BLUEGREEN:
        tell("deploy: the console cannot roll back. Blue/green goes back by its traffic and changes no host; say it to each balancer, for the side to serve:")
        for line in side_lines(found):
            tell(f"  {line}")
        return
    chosen = select(request.hosts, found.hosts)
    tell("deploy: the console cannot roll back. Run this on each host; it prints what to restart:")
    for host in found.hosts if isinstance(chosen, Problem) else chosen:
        tell(f"  {typed(found, host, request.ref if RELEASE.fullmatch(request.ref) else '')}")


async def _met(how: Invocation, found: "Environment", request: "Request", own: Callable[["Client"], Awaitable[str]]) -> Met:
    for turn in range(1, TURNS + 1):
        client = await engine_of(how, found)
        try:
            return await _asked(how, client, found, request, own)
        except (RunOver, EngineLost, Locked) as missed:
            await client.close()
            has_moved = not isinstance(missed, Locked) or (not request.ref and (turn == 1 or bool(_open_run(found))))  # what held it may be over by now
            if not isinstance(missed, RunOver) and (turn == TURNS or not has_moved):
                raise
            await asyncio.sleep(MOMENT * turn)
        except BaseException:
            await client.close()
            raise
    raise NoGo(f"runs of {found.name} have begun and ended {TURNS} times meanwhile", f"deploy rollback {found.name}")


async def _asked(how: Invocation, client: "Client", found: "Environment", request: "Request", own: Callable[["Client"], Awaitable[str]]) -> Met:
    run = client.welcome.run or _open_run(found)
    state = recorded(run) if run else None
    if state is None or state.phase == "ended" or state.go is False or (client.welcome.run and state.kind == "catch-up"):
        return Met(client, await own(client), Responsibility(drives=True))
    is_elsewhere = not client.welcome.run and carrier_of(run) is not None
    if not client.welcome.run and not is_elsewhere:
        if await _has_begun(how, found, run):
            raise RunOver
        state = await _taken_up(client, found, request, run)
    else:
        await _met_as_it_goes_on(how, client, found, request, state, is_elsewhere=is_elsewhere)
    if request.hosts:
        return Met(client, run, await take_back(how, client, found, request, state))
    await _say_to(how, client, found, request, state)
    return Met(client, run, Responsibility(asked_back=True, goes_on=True))


async def _met_as_it_goes_on(how: Invocation, client: "Client", found: "Environment", request: "Request", state: "RunState", *, is_elsewhere: bool) -> None:
    """Have a run that an engine carries be one that may be taken back. Raises RunOver where it was ended for that, Locked where it may not be."""
    if is_elsewhere:
        await configure(client, found, None)  # the engine here has the record then, and hands on what it is told for that run
    if state.go is None and not (state.kind == "rollback" and state.request.yes and not request.ref):
        await _make_way(how, client, found, state)
    elif request.ref:
        raise Locked(f"run {state.run} goes on", f"deploy attach {state.run}")


def _open_run(found: "Environment") -> str:
    """The run of the environment that has no end in the record; empty: none."""
    return next(iter(open_runs_of(found.app, found.name)), "")


async def _has_begun(how: Invocation, found: "Environment", run: str) -> bool:
    """Whether an engine carries that run by now: it began, a catch-up say, after the engine was greeted."""
    client = await engine_of(how, found)
    try:
        return client.welcome.run == run
    finally:
        await client.close()


async def _taken_up(client: "Client", found: "Environment", request: "Request", run: str) -> "RunState":
    """Have a run taken up whose engine is gone, so that it can go back; one that has nothing to take back is ended. Raises RunOver where it is over then."""
    from console.cli.kept_models import model_of_run

    tell(f"deploy: the engine of run {run} is gone; a new one takes it up")
    goes_back = not request.hosts  # where some hosts go back alone, the run goes on with the others
    await configure(client, model_of_run(run) or found, left_to_do(recorded(run), goes_back=goes_back), resumes=True)
    await client.resume(run, goes_back=goes_back)
    state = recorded(run)
    if state.phase != "ended" and (request.ref or state.kind in MENDABLE or (state.kind == "deploy" and not state.changed)):
        await client.submit(run, cmd.Abort(leave=True))
        await client.wait_ended(run, state.seq)
        raise RunOver
    if state.phase == "ended" or state.go is not True:
        raise RunOver
    return state


async def _make_way(how: Invocation, client: "Client", found: "Environment", state: "RunState") -> None:
    """End a run that nobody has decided on, and that has changed nothing. Raises RunOver where it is over or was decided, NoGo where it may not be ended."""
    await confirm(how, f"end run {state.run} of {state.by.name}, which waits for its decision, and roll back {found.name}?")
    answer = await client.submit(state.run, cmd.Abort(expects=max(1, state.seq)))
    if isinstance(answer, cmd.Refusal):
        if not answer.ended and recorded(state.run).go is None:
            raise NoGo(str(answer.message), str(answer.hint))
        raise RunOver
    tell(f"deploy: run {state.run} by {state.by.name} was waiting for GO and had changed nothing; it was ended for this rollback")
    await client.wait_ended(state.run, state.seq)
    raise RunOver


async def _say_to(how: Invocation, client: "Client", found: "Environment", request: "Request", state: "RunState") -> None:
    """Say it to the run that goes on. Raises RunOver where that has just ended, NoGo where it has nothing to take back."""
    await confirm(how, f"roll back run {state.run} on every host that it has touched?")
    why = SafeText(request.reason)
    if state.phase == "rolling-back" or state.kind == "rollback":
        if why and state.request.reason != why:
            said = cmd.Note(text=why, about="rollback") if lacks_reason(state) else cmd.Note(text=SafeText(f"asked for the rollback too: {why}"))
            await client.submit(state.run, said)
        return
    answer = await client.submit(state.run, cmd.RollBack(how="halves" if request.halves else "at-once" if request.at_once else "", reason=why))
    if isinstance(answer, cmd.Refusal):
        now = recorded(state.run)
        if answer.ended or now.phase == "ended" or now.changed != state.changed:
            raise RunOver
        if not await _ended_instead(client, now, request):
            raise NoGo(str(answer.message), str(answer.hint))
    tell_equivalent(*request_words(found.name, request), "--yes")


async def _ended_instead(client: "Client", state: "RunState", request: "Request") -> bool:
    """End a run that has nothing to take back; whether it was. A release that has changed nothing yet leaves every host on what it has.

    Raises RunOver where it was a restart: the last release goes back by a run of its own, which the engine begins where this console is gone by then.
    """
    is_restart, said, why = state.kind == "restart", ended_instead(state), SafeText(request.reason)
    if said is None:
        return False
    if is_restart and not request.ref:
        said = changed(said, then_back="halves" if request.halves else "at-once" if request.at_once else "planned", why=why)
    elif why:
        await client.submit(state.run, cmd.Note(text=why))
    if isinstance(await client.submit(state.run, said), cmd.Refusal):
        return False
    tell(f"deploy: run {state.run} {'restarts and changes no release' if is_restart else 'has changed nothing yet'}; it was ended for this rollback")
    if is_restart:
        await client.wait_ended(state.run, state.seq)
        raise RunOver
    return True
