"""Health checks of hosts, asked through each host's own connection, or from the console's machine. Implements `ports.Gates`.

Owns the asking: http, tcp, command. When a gate is passed is `core/gates.py`'s to say; it must not know of plans or runs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

import httpcore
import httpx

from console.adapters.clock import SystemClock
from console.adapters.http import NotOpened, client_through
from console.core.gates import GateState, Observation, Verdict, assess_answer, judge, next_patience, next_wait
from console.core.scripts import user_command
from console.core.shell import PLACEHOLDER, deploy_variables, exports, filled, filled_url, quote
from console.errors import ConsoleError
from console.model.fleet import Command, Environment, HealthCheck, Host
from console.model.values import changed
from console.ports import Clock, GateResult, Ran, Transport, Unreached
from console.text import SafeText

BODY = 1024 * 1024
"""Bytes of a body that are looked at."""
SPARE = 5.0
"""Seconds that a transport gets beyond a try's own time-out, so that ours is the one that speaks."""
LIFE = 2.0
"""Seconds that a host has to show that it lives, when the application on it does not answer."""
CONSOLE = Host("localhost", "localhost")
ONCE: dict[str, Literal["passed", "failed", "error"]] = {"ok": "passed", "bad": "failed", "error": "error"}

RunCommand = Callable[[Host, Command, Mapping[str, str], float], Awaitable[Ran]]
"""(where, command, placeholders' values, seconds): run a check's command there."""


def place_of(environment: Environment, host: Host, check: HealthCheck) -> Host:
    """Where the check is asked from: the host itself, the console's machine, or the host that it names."""
    if check.on == "host":
        return host
    if check.on == "console":
        return CONSOLE
    return environment.host(check.on) or Host(check.on)


def bare_command(transport: Transport) -> RunCommand:
    """Return a way to run a check's command as it stands, with DEPLOY_… in its environment and no other variables."""

    async def run(place: Host, command: Command, values: Mapping[str, str], seconds: float) -> Ran:
        script = f"set -eu\n{exports(deploy_variables(values))}{filled(command.run, values)}\n"
        if command.run_as:
            script = f"exec sudo -n -u {quote(command.run_as)} sh -c {quote(script)}"
        return await transport.run(place, script, deadline=seconds)

    return run


READ_AND_RUN = 'p=$(cat; echo x) && exec </dev/null && eval "${p%x}"'


def release_command(transport: Transport, environment: Environment, variables: Callable[[], Mapping[str, str]]) -> RunCommand:
    """Return a way to run a check's command as the application's own: in its live release, with its variables, which travel by standard input."""

    async def run(place: Host, command: Command, values: Mapping[str, str], seconds: float) -> Ran:
        folder = f"{environment.path_on(place)}/current" if environment.host(place.name) else "/"
        body = user_command(folder, {**deploy_variables(values), **variables()}, changed(command, run=filled(command.run, values)))
        return await transport.run(place, READ_AND_RUN, body.encode(), deadline=seconds)

    return run


def _filled_address(template: str, values: Mapping[str, str]) -> str:
    """Fill an address, which no shell reads. An unknown placeholder is left as it stands: the file's reader has refused it."""
    return PLACEHOLDER.sub(lambda found: values.get(found.group(1), found.group()), template)


async def _tcp(transport: Transport, place: Host, address: str, port: int, seconds: float) -> Observation:
    stream = await transport.open_stream(place, address, port, deadline=seconds + SPARE)
    if isinstance(stream, Unreached):
        return _not_opened(transport, place, stream)
    await stream.close()
    return Observation("ok", SafeText(f"{address}:{port} takes connections"))


async def _http(transport: Transport, place: Host, check: HealthCheck, url: str, seconds: float) -> Observation:
    try:
        async with client_through(transport, place, timeout=seconds + SPARE) as client, client.stream("GET", url) as response:
            return assess_answer(check, response.status_code, await _beginning(response))
    except NotOpened as fault:
        return _not_opened(transport, place, fault.problem)
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as fault:
        return _no_answer(transport, place, str(fault) or type(fault).__name__)


async def _beginning(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) >= BODY:
            break
    return bytes(body[:BODY])


def _command_seen(transport: Transport, place: Host, ran: Ran) -> Observation:
    if ran.status is None:
        words = str(ran.problem.message) if ran.problem else "the link was lost"
        return Observation("error", SafeText(words)) if not ran.problem or ran.problem.kind != "late" else _no_answer(transport, place, words)
    lines = (ran.err or ran.out).strip().splitlines()
    words = f": {SafeText(lines[-1], 200)}" if lines else ""
    return Observation("ok" if ran.ok else "bad", SafeText(f"exit {ran.status}{words}"))


def _not_opened(transport: Transport, place: Host, problem: Unreached) -> Observation:
    words = str(problem.message)
    if problem.kind not in ("channel", "late"):
        return Observation("error", SafeText(words))
    if problem.kind == "channel" and problem.hint:  # the server forwards nothing: no word on the application
        return Observation("error", SafeText(f"{words}: {problem.hint}"))
    return _no_answer(transport, place, words)


def _no_answer(transport: Transport, place: Host, words: str) -> Observation:
    """Tell an application that does not answer from a host that could not be asked."""
    if transport.is_linked(place):
        return Observation("bad", SafeText(words))
    return Observation("error", SafeText(f"no link to {place.name}: {words}"))


class HostGates:
    """The gates of an environment. `run_command` knows the release's folder and variables; without it commands run as they stand."""

    def __init__(self, transport: Transport, clock: Clock | None = None, run_command: RunCommand | None = None) -> None:
        self._transport = transport
        self._clock = clock or SystemClock()
        self._run_command = run_command or bare_command(transport)

    async def watch(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        """Ask at the check's interval until it has passed often enough in a row, or its deadline is over."""
        began = self._clock.mono()
        place = place_of(environment, host, check)
        state = GateState()
        while True:
            asked = self._clock.mono()
            observation = await self.ask(place, check, values, next_patience(check, asked - began))
            now = self._clock.mono()
            judged = judge(check, state, observation, now - began)
            if isinstance(judged, Verdict):
                return GateResult(judged.verdict, judged.passes, judged.needed, judged.seconds, judged.seen)
            state = judged
            await self._clock.sleep(next_wait(check, now - began, now - asked))

    async def once(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        """Ask once."""
        seen = await self.ask(place_of(environment, host, check), check, values, check.timeout)
        return GateResult(ONCE[seen.kind], int(seen.kind == "ok"), 1, seen.milliseconds / 1000, seen.seen)

    async def ask(self, place: Host, check: HealthCheck, values: Mapping[str, str], patience: float) -> Observation:
        """Ask once from that place, within `patience` seconds."""
        began = self._clock.mono()
        try:
            async with asyncio.timeout(patience):
                seen = await self._asked(place, check, values, patience)
        except TimeoutError:
            seen = await self._silent(place, f"no answer within {patience:.3g} s")
        except (ConsoleError, httpx.InvalidURL, httpcore.UnsupportedProtocol, ValueError) as fault:
            seen = Observation("error", SafeText(f"{check.name} cannot be asked: {fault}"))
        return Observation(seen.kind, seen.seen, 1000 * (self._clock.mono() - began))

    async def _silent(self, place: Host, words: str) -> Observation:
        """Tell an application that does not answer from a host that does not: a link that is cut is not known to be so for a while."""
        if self._transport.is_linked(place) and (await self._transport.run(place, ":", deadline=LIFE)).status is None:
            return Observation("error", SafeText(f"{place.name} itself does not answer: {words}"))
        return _no_answer(self._transport, place, words)

    async def _asked(self, place: Host, check: HealthCheck, values: Mapping[str, str], patience: float) -> Observation:
        if check.kind == "http":
            return await _http(self._transport, place, check, filled_url(check.url, values), patience)
        if check.kind == "tcp":
            return await _tcp(self._transport, place, _filled_address(check.address, values) or "localhost", check.port, patience)
        if check.command is None:
            return Observation("error", SafeText(f"{check.name} names no command"))
        return _command_seen(self._transport, place, await self._run_command(place, check.command, values, patience + SPARE))
