"""Whether a URL answers as it should. Redirects are not followed; a host whose sshd forwards nothing asks with its own curl or wget."""

import httpcore
import httpx

from console.adapters.checks.http_fetch import NO_TOOL, Fetched, fetched
from console.adapters.checks.one_question import SPARE, Asked, no_answer, not_opened
from console.adapters.host_http import NotOpened, client_through
from console.core.checks.answers import assess_http
from console.core.checks.health_gate import Observation
from console.core.host.shell import filled_url
from console.ports.hosts import Unreached
from console.safe_text import SafeText

BODY = 1024 * 1024
"""Bytes of a body that are looked at."""


async def ask(asked: Asked) -> Observation:
    """Get it, and judge the code, and the beginning of the body where something is expected of that."""
    transport, place = asked.transport, asked.place
    url = filled_url(asked.secret("url"), asked.values)
    try:
        async with client_through(transport, place, timeout=asked.seconds + SPARE) as client, client.stream("GET", url) as response:
            return assess_http(asked.probe, response.status_code, await beginning(response, BODY) if asked.probe.expect_body else b"")
    except NotOpened as fault:
        if fault.problem.kind == "forwarding":
            return await _on_the_host(asked, url, fault.problem)
        return not_opened(transport, place, fault.problem)
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as fault:
        return no_answer(transport, place, str(fault) or type(fault).__name__)


async def _on_the_host(asked: Asked, url: str, problem: Unreached) -> Observation:
    found = await fetched(asked.transport, asked.place, url, asked.seconds, secret=not isinstance(asked.probe.url, str))
    if isinstance(found, Fetched):
        if found.status is None or (found.status_alone and asked.probe.expect_body):
            return no_answer(asked.transport, asked.place, found.problem)
        return assess_http(asked.probe, found.status, found.body)
    if found.status == NO_TOOL:
        return Observation("error", SafeText(f"{problem.message}, and it has neither curl nor wget: {problem.hint}"))
    return no_answer(asked.transport, asked.place, str(found.problem.message) if found.problem else "the link was lost")


async def beginning(response: httpx.Response, limit: int) -> bytes:
    """Return so many bytes of a body at most. Raises httpcore.RemoteProtocolError for one that is not packed as its header says."""
    body = bytearray()
    try:
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) >= limit:
                break
    except httpx.DecodingError as fault:
        raise httpcore.RemoteProtocolError(f"its body cannot be unpacked: {fault}") from fault
    return bytes(body[:limit])
