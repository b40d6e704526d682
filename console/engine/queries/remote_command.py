"""A command on many hosts at once, heard as it runs; what nobody hears any more is ended there. Knows the port `Attended`; nothing of runs or journals."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from console.core.host.release_scripts import user_command
from console.core.host.shell import deploy_variables, filled
from console.engine.run.step_attempt import values_outside_run
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command
from console.model.host_facts import HostFacts
from console.ports.feed import Output
from console.ports.hosts import Attended, Ran, Unreached
from console.safe_text import Lines, SafeText, safe_end

KEPT = 20_000
"""Lines of a host that wait for a reader; what comes beyond is left out, with a mark in its place."""


@dataclass(frozen=True)
class Settled:
    """How it ended on a host. `code` None: not reached, or the link was lost; then `problem` says so."""

    host: str
    code: int | None
    seconds: float
    problem: SafeText = SafeText("")
    hint: SafeText = SafeText("")


@dataclass(frozen=True)
class RemoteCommand:
    """What one host is to do: a script, as whom, and for how long at most (seconds)."""

    host: Host
    body: str
    run_as: str
    timeout: float


def remote_command_for(
    environment: Environment, fact: HostFacts, command: Command, variables: Mapping[str, str], *, timeout: float, fill: bool
) -> RemoteCommand:
    """Return a command for a host as it was seen: in its live release's folder, with its variables. `fill`: placeholders stand for their values."""
    host = environment.host(fact.host)
    if host is None:
        raise LookupError(fact.host)
    values = values_outside_run(environment, host, fact)
    run = filled(command.run, values) if fill else command.run
    body = user_command(f"{environment.path_on(host)}/current", {**deploy_variables(values), **variables}, Command(run))
    return RemoteCommand(host, body, command.run_as, timeout)


class MergedOutput:
    """The output of commands on several hosts, merged as lines come."""

    def __init__(self, attended: Attended, now: Callable[[], str]) -> None:
        self._attended = attended
        self._now = now
        self._came: asyncio.Queue[Output | Settled] = asyncio.Queue()
        self._waiting: Counter[str] = Counter()
        self._missed: Counter[str] = Counter()

    async def lines_of(self, commands: tuple[RemoteCommand, ...]) -> AsyncIterator[Output | Settled]:
        """Begin all, and yield lines and ends as they come, until all have ended. Left early, what still runs is ended."""
        tasks = [asyncio.create_task(self._carry(command)) for command in commands]
        try:
            left = len(tasks)
            while left:
                item = await self._came.get()
                if isinstance(item, Settled):
                    left -= 1
                else:
                    self._waiting[item.host] -= 1
                yield item
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, command: RemoteCommand) -> None:
        loop = asyncio.get_running_loop()
        began, lines, name = loop.time(), Lines(), command.host.name
        try:
            ran = await self._attended.run(command.host, command.body, command.run_as, lambda data: self._say(name, lines.feed(data)), deadline=command.timeout)
        except Exception as bug:
            ran = Ran(None, problem=Unreached(name, "channel", SafeText(f"the console failed: {type(bug).__name__}: {bug}")))
        self._say(name, lines.end())
        self._say_missed(name)
        self._came.put_nowait(_settled(name, ran, loop.time() - began))

    def _say(self, host: str, lines: list[SafeText]) -> None:
        for line in lines:
            if self._waiting[host] >= KEPT:
                self._missed[host] += 1
                continue
            self._say_missed(host)
            self._put(host, line)

    def _say_missed(self, host: str) -> None:
        if missed := self._missed.pop(host, 0):
            self._put(host, SafeText(f"… {missed} lines came faster than they were read, and are left out"))

    def _put(self, host: str, line: SafeText) -> None:
        self._waiting[host] += 1
        self._came.put_nowait(Output(self._now(), host, "", line))


def _settled(host: str, ran: Ran, seconds: float) -> Settled:
    if ran.status is not None:
        said = safe_end(ran.err, 300) if ran.status else SafeText("")
        return Settled(host, ran.status, round(seconds, 3), said)
    if ran.problem is None:
        return Settled(host, None, round(seconds, 3), SafeText("the link was lost: what ran there is ended by the host"))
    return Settled(host, None, round(seconds, 3), ran.problem.message, ran.problem.hint)
