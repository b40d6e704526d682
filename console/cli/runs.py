"""Commands that open, join or steer a run: all follow it to its end and end with its exit code."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from console.cli.wiring import How, client_for, environment, journal, run_named, say, say_json, state
from console.errors import EngineLost, Exit, NoGo, UsageFault
from console.model import commands as cmd
from console.model.request import Request

if TYPE_CHECKING:
    from console.client.attach import Client

QUIET = 30.0
"""Seconds after which plain mode says again what it waits for."""


async def open_run(how: How, name: str, request: Request) -> int:
    """Begin a run and follow it."""
    found = environment(how, name, gated=request.kind == "deploy")
    client = await client_for(how, found)
    if request.kind == "rollback" and client.welcome.run and not request.ref:
        return await _roll_back_open(how, client, request)
    run = await client.open_run(request)
    return await follow(how, client, run)


async def _roll_back_open(how: How, client: "Client", request: Request) -> int:
    """A rollback while a run goes on is that run's own; 0 when it is done on every host."""
    run = client.welcome.run
    answer = await client.submit(run, cmd.RollBack(how="halves" if request.halves else "at-once" if request.at_once else ""))
    if isinstance(answer, cmd.Refusal):
        await client.close()
        raise NoGo(str(answer.message), str(answer.hint))
    return await follow(how, client, run, asked_back=True)


async def attach(how: How, text: str) -> int:
    """Join a run; one that is over says how it ended."""
    summary = run_named(text) if text or _has_open() else run_named("last")
    if summary.outcome is not None:
        return show_ended(how, summary.run)
    from console.client.attach import NoEngine, claims_of, connect
    from console.wire.address import socket_path

    try:
        client = await connect(socket_path(state(), summary.app, summary.environment), claims=claims_of(os.environ), read_only=how.read_only)
    except NoEngine as fault:
        raise UsageFault(f"run {summary.run} has no engine: it was interrupted", f"deploy resume {summary.run}") from fault
    return await follow(how, client, summary.run)


async def resume(how: How, text: str) -> int:
    """Go on with an interrupted run: its engine is started anew and what was running is settled first."""
    summary = run_named(text)
    client = await client_for(how, environment(how, summary.environment))
    await client.resume(summary.run)
    if how.yes:
        await client.submit(summary.run, cmd.Continue())
    return await follow(how, client, summary.run)


async def steer(how: How, text: str, command: cmd.AnyCommand, twin: str) -> int:
    """Say something to a run: 0 accepted, 3 refused."""
    from console.client.attach import NoEngine, claims_of, connect
    from console.wire.address import socket_path

    summary = run_named(text)
    try:
        client = await connect(socket_path(state(), summary.app, summary.environment), claims=claims_of(os.environ))
    except NoEngine:
        if isinstance(command, cmd.Continue):
            return await resume(how, summary.run)
        raise UsageFault(f"run {summary.run} has no engine", f"deploy resume {summary.run}") from None
    answer = await client.submit(summary.run, command)
    await client.close()
    refused = isinstance(answer, cmd.Refusal)
    code = int(Exit.NO_GO) if refused else 0
    if isinstance(answer, cmd.Refusal):
        print(f"deploy: refused: {answer.message}" + (f"\n  {answer.hint}" if answer.hint else ""), file=sys.stderr)
    else:
        print(f"same as: deploy {twin} {summary.run}", file=sys.stderr)
    if how.json:
        problems = [{"file": "", "line": 0, "key": "", "message": answer.message, "hint": answer.hint}] if isinstance(answer, cmd.Refusal) else []
        say_json({"type": "result", "exit": code, "run": summary.run, "problems": problems})
    return code


def show_ended(how: How, run: str) -> int:
    """The result of a run that is over."""
    from console.core.evolve import fold
    from console.plain.printer import result_lines, result_of

    ended = fold(journal().read(run))
    if how.json:
        say_json(result_of(ended, 0.0))
    else:
        for line in result_lines(ended):
            say(line)
    return int(ended.exit or 0)


async def follow(how: How, client: "Client", run: str, *, asked_back: bool = False) -> int:
    """Follow a run with lines or with JSON. `asked_back`: its rollback is what was asked for, and done is 0."""
    return await Follower(how, client, run, asked_back=asked_back).follow()


class Follower:
    """A run as lines or JSON, until it ends or this end leaves."""

    def __init__(self, how: How, client: "Client", run: str, *, asked_back: bool = False) -> None:
        from console.model.state import RunState

        self._how = how
        self._client = client
        self._run = run
        self._asked_back = asked_back
        self._state: RunState = RunState()
        self._began = time.monotonic()
        self._said = time.monotonic()
        self._leaving = asyncio.Event()

    async def follow(self) -> int:
        """Return the exit code that this command ends with."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._leaving.set)
        leaving = asyncio.create_task(self._leaving.wait())
        ticking = asyncio.create_task(self._tick())
        following = asyncio.create_task(self._follow())
        try:
            await asyncio.wait({leaving, following}, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
                return self._ended()
            following.cancel()
            return await self._left()
        finally:
            for task in (leaving, ticking):
                task.cancel()
            await self._client.close()

    async def _follow(self) -> None:
        while True:
            try:
                await self._hear()
                return
            except EngineLost:
                await self._take_up()

    async def _hear(self) -> None:
        from console.core.evolve import evolve
        from console.model.events import Event, PlanMade
        from console.plain.printer import event_line
        from console.wire.codec import event_json

        async for item in self._client.follow(self._run, self._state.seq, samples=False):
            if not isinstance(item, Event):
                continue
            self._state = evolve(self._state, item)
            self._said = time.monotonic()
            say(event_json(item).decode()) if self._how.json else say(event_line(item))
            if isinstance(item, PlanMade) and not self._state.request.yes:
                await self._decide()

    async def _decide(self) -> None:
        state = self._state
        if not self._how.is_terminal or any(check.blocks for check in state.checks):
            return
        asked = f"type {state.environment} to go, anything else for no-go: " if state.protected else "go? [y/N] "
        typed = (await asyncio.to_thread(input, asked)).strip()
        go = typed == state.environment if state.protected else typed.lower() in ("y", "yes")
        await self._client.submit(self._run, cmd.Decide(go=go, digest=state.plan.digest if state.plan else "", typed=typed))

    async def _take_up(self) -> None:
        from console.client.attach import claims_of
        from console.client.engines import ensure_engine

        say_text = f"the engine of run {self._run} is gone; a new one takes it up"
        print(f"deploy: {say_text}", file=sys.stderr)
        found = environment(How(file=self._how.file, app=self._state.app), self._state.environment)
        self._client = await ensure_engine(state(), found.app, found.name, claims=claims_of(os.environ))
        self._client = await client_for(self._how, found)
        await self._client.resume(self._run)
        if self._how.yes:
            await self._client.submit(self._run, cmd.Continue())

    async def _tick(self) -> None:
        from console.core.decide import running_steps

        while True:
            await asyncio.sleep(1.0)
            if self._how.json or time.monotonic() - self._said < QUIET:
                continue
            self._said = time.monotonic()
            steps = running_steps(self._state)
            what = self._state.pausing.reason if self._state.pausing else ", ".join(step.title for step in steps[:3]) or self._state.phase
            say(f"{time.strftime('%H:%M:%S', time.gmtime())} waits: {what}")

    def _ended(self) -> int:
        from console.plain.printer import result_lines, result_of

        ended = self._state
        code = int(ended.exit or 0)
        if self._asked_back and code == Exit.ROLLED_BACK:
            code = int(Exit.DONE)
        if self._how.json:
            say_json(result_of(ended, time.monotonic() - self._began, code))
        else:
            for line in result_lines(ended):
                say(line)
        return code

    async def _left(self) -> int:
        from console.plain.printer import result_of

        if self._state.go is None and self._state.phase in ("preflight", "deciding"):
            with contextlib.suppress(EngineLost):
                await self._client.submit(self._run, cmd.Abort())
            code, outcome = Exit.INTERRUPTED, "interrupted"
        else:
            code, outcome = Exit.DETACHED, "detached"
            print(f"deploy: detached; the run goes on: deploy attach {self._run}", file=sys.stderr)
        if self._how.json:
            say_json(result_of(self._state, time.monotonic() - self._began, int(code), outcome))
        return int(code)


def _has_open() -> bool:
    return any(run.outcome is None for run in journal().runs(limit=50))
