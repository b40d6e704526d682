"""Health checks on hosts, through each host's own connection. Asks, counts passes in a row, and gives a verdict by its deadline.

HTTP is spoken by h11-free means on purpose: one GET, no redirects, over a stream that the transport opens. Knows nothing of plans.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from console.core.shell import filled, filled_url
from console.model.fleet import Environment, HealthCheck, Host
from console.ports import GateResult, Stream, Transport, Unreached
from console.text import SafeText

BODY = 64 * 1024


@dataclass(frozen=True)
class Seen:
    """One answer: right, wrong, or none because it could not be asked at all."""

    kind: Literal["ok", "bad", "error"]
    words: SafeText


class HostGates:
    """Implements `ports.Gates`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def watch(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        """Ask at the check's interval until it has passed often enough in a row, or its deadline is over."""
        began = time.monotonic()
        passes, seen = 0, Seen("error", SafeText("never asked"))
        while True:
            seen = await self._ask(environment, host, check, values)
            passes = passes + 1 if seen.kind == "ok" else 0
            seconds = time.monotonic() - began
            if passes >= check.passes:
                return GateResult("passed", passes, check.passes, seconds, seen.words)
            if seconds + check.interval >= check.deadline:
                return GateResult("error" if seen.kind == "error" else "failed", passes, check.passes, seconds, seen.words)
            await asyncio.sleep(check.interval)

    async def once(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        """Ask once."""
        began = time.monotonic()
        seen = await self._ask(environment, host, check, values)
        verdict: Literal["passed", "failed", "error"] = "passed" if seen.kind == "ok" else "failed" if seen.kind == "bad" else "error"
        return GateResult(verdict, int(seen.kind == "ok"), 1, time.monotonic() - began, seen.words)

    async def _ask(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> Seen:
        place = self._place(environment, host, check)
        try:
            async with asyncio.timeout(check.timeout):
                if check.kind == "command":
                    return await self._command(place, check, values)
                if check.kind == "tcp":
                    return await self._tcp(place, filled(check.address, values) or "localhost", check.port, check)
                return await self._http(place, filled_url(check.url, values), check)
        except TimeoutError:
            return Seen("bad", SafeText(f"no answer within {check.timeout:g} s"))

    def _place(self, environment: Environment, host: Host, check: HealthCheck) -> Host:
        if check.on == "host":
            return host
        return environment.host(check.on) or Host("localhost", "localhost")

    async def _command(self, host: Host, check: HealthCheck, values: Mapping[str, str]) -> Seen:
        command = filled(check.command.run, values) if check.command else "false"
        ran = await self._transport.run(host, f"set -eu\n{command}", deadline=check.timeout)
        if ran.status is None:
            return Seen("error", ran.problem.message if ran.problem else SafeText("the link was lost"))
        words = SafeText((ran.err or ran.out).strip()[-200:])
        return Seen("ok" if ran.ok else "bad", SafeText(f"exit {ran.status}" + (f": {words}" if words else "")))

    async def _tcp(self, host: Host, address: str, port: int, check: HealthCheck) -> Seen:
        stream = await self._transport.open_stream(host, address, port, deadline=check.timeout)
        if isinstance(stream, Unreached):
            return _refused(stream)
        await stream.close()
        return Seen("ok", SafeText(f"{address}:{port} takes connections"))

    async def _http(self, host: Host, url: str, check: HealthCheck) -> Seen:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        stream = await self._transport.open_stream(host, parts.hostname or "localhost", port, deadline=check.timeout)
        if isinstance(stream, Unreached):
            return _refused(stream)
        try:
            return _judged(await _get(stream, parts.netloc, parts.path or "/", parts.query), check)
        finally:
            await stream.close()


async def _get(stream: Stream, netloc: str, path: str, query: str) -> bytes:
    target = f"{path}?{query}" if query else path
    await stream.write(f"GET {target} HTTP/1.0\r\nHost: {netloc}\r\nUser-Agent: deploy-console\r\nConnection: close\r\n\r\n".encode())
    answer = b""
    while len(answer) < BODY and (piece := await stream.read(BODY)):
        answer += piece
    return answer


def _judged(answer: bytes, check: HealthCheck) -> Seen:
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b"\r\n")[0].split()
    if len(words) < 2 or not words[1].isdigit():
        return Seen("bad", SafeText(b"no HTTP answer: " + answer[:60]))
    status = int(words[1])
    if not any(low <= status <= high for low, high in check.expect_status):
        expected = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in check.expect_status)
        return Seen("bad", SafeText(f"HTTP {status}, expected {expected}"))
    if check.expect_body and check.expect_body.encode() not in body:
        return Seen("bad", SafeText(f"HTTP {status} without {check.expect_body!r} in its body"))
    return Seen("ok", SafeText(f"HTTP {status}"))


def _refused(problem: Unreached) -> Seen:
    return Seen("bad" if problem.kind == "channel" else "error", problem.message)
