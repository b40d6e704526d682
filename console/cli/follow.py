"""Follows a run for a command: on the screen, and where there is none, or it failed, as lines."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from console.adapters.system_clock import SystemClock
from console.as_typed import as_typed
from console.cli.invocation import Invocation
from console.cli.output import OutputLost, say_last, tell, tell_no_screen, tell_problem
from console.cli.responsibility import NOT_HEARD, SETTLED, Departure, Responsibility, abort_undecided, code_for, is_settled, is_taken_up
from console.client.lasting_feed import LastingFeed
from console.errors import ConsoleError, EngineLost, Problem
from console.exit_codes import Exit
from console.model import commands as cmd

if TYPE_CHECKING:
    from console.client.environment import LocalEnvironmentClient
    from console.model.state import RunState


async def follow(how: Invocation, feed: LastingFeed, part: Responsibility, leaving: Departure, station: "LocalEnvironmentClient | None" = None) -> int:
    """Follow the run, and on the screen those that are opened after it; the exit code that the command ends with."""
    try:
        if how.wants_screen and not leaving.event.is_set():
            code = await _on_screen(how, feed, part, station)
            if code is not None:
                return _told(code, feed)
        tell_no_screen(how)
        from console.cli.follow_as_lines import LineFollower

        return _told(await LineFollower(how, feed, part, leaving).follow(), feed)
    except Exception as fault:
        if not feed.state.go:
            raise
        return _left(how, feed, fault)
    finally:
        await feed.close()
        if station:
            await station.close()


def _told(code: int, feed: LastingFeed) -> int:
    """Say how each host that did not come back goes back without the console. A record that cannot be read here changes no exit code."""
    state = feed.state
    if code == Exit.FAILED and (state.back is not None or state.kind == "rollback"):
        with suppress(ConsoleError, OSError):
            _tell_left_behind(state)
    return code


def _tell_left_behind(state: "RunState") -> None:
    """Print what to type for each of those hosts: to the release that it was to go to."""
    from console.cli.kept_models import model_of_run
    from console.core.host.by_hand import typed
    from console.core.plan.return_plan import left_behind
    from console.core.traffic.move_by_hand import moved_by, moving_lines, switched_by

    left, found, plan = left_behind(state), model_of_run(state.run), state.back or state.plan
    moved = moved_by(plan) if plan else None
    if found and plan and moved:
        left = {name: release for name, release in left.items() if name in switched_by(plan)}
        tell("deploy: the traffic is not known to be back. That changes no host; say it to each balancer:")
        for line in moving_lines(found, *moved):
            tell(f"  {line}")
    hosts = [host for host in found.hosts if host.name in left] if found else []
    if found and hosts:
        tell("deploy: these hosts were not rolled back. Run this on each; it prints what to restart:")
        for host in hosts:
            tell(f"  {typed(found, host, left[host.name])}")


def _left(how: Invocation, feed: LastingFeed, fault: Exception) -> int:
    """End as a viewer that failed: from GO on the run is the engine's, and nobody is told that nothing was changed."""
    from console.cli.follow_as_lines import printer_for
    from console.plain.run_as_lines import Ending

    words = fault.message if isinstance(fault, ConsoleError) else f"{type(fault).__name__}: {fault}"
    ending = Ending(int(Exit.DETACHED), "detached", reason=f"this console can't follow run {feed.run} any more: {words}", hint=f"deploy attach {feed.run}")
    tell_problem(Problem(ending.reason, ending.hint))
    with suppress(OutputLost):
        printer_for(how).ended(feed.state, ending)
    return ending.exit


async def _on_screen(how: Invocation, feed: LastingFeed, part: Responsibility, station: "LocalEnvironmentClient | None") -> int | None:
    """Show the screen; None when it failed, and lines are to go on from here."""
    from datetime import datetime

    from console.adapters.run_archive import LocalRunArchive
    from console.cli.configuration import state
    from console.cli.find_run import events_of_run, page_of_runs
    from console.tui.open_screen import ScreenFailed, open_screen

    zone = datetime.now().astimezone().tzinfo
    drives = part.drives and not how.read_only
    watching = asyncio.create_task(_continue_when_settled(feed)) if part.goes_on else None
    try:
        ending = await open_screen(
            feed, SystemClock(), client=station, records=LocalRunArchive(state(), events_of_run, page_of_runs), zone=zone, theme=how.theme,
            read_only=how.read_only, drives=drives,
        )  # fmt: skip
    except ScreenFailed as fault:
        tell(f"deploy: {fault.message}; it goes on as lines")
        return None
    finally:
        if watching:
            watching.cancel()
    say_last(ending.lines)
    if drives and feed.state.phase in ("preflight", "deciding") and feed.state.go is None:
        is_ended = await abort_undecided(feed)
        if not is_ended:
            tell(as_typed(f"deploy: {'detached; the run goes on' if is_ended is False else NOT_HEARD}: deploy attach {feed.run}"))
            return int(Exit.DETACHED)
    return code_for(ending.exit, part)


async def _continue_when_settled(feed: LastingFeed) -> None:
    """Continue it once everything unknown is settled, as `LineFollower` does: a host may answer late."""
    seen = -1
    while True:
        await asyncio.sleep(SETTLED)
        if is_taken_up(feed.state) and is_settled(feed.state) and feed.state.seq == seen:
            with suppress(EngineLost):  # the next one takes it up once more
                await feed.submit(cmd.Continue())
                return
        seen = feed.state.seq
