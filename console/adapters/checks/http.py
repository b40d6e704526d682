"""Whether a URL answers as it should. Redirects are not followed."""

import httpcore
import httpx

from console.adapters.checks.asked import SPARE, Asked, no_answer, not_opened
from console.adapters.http import NotOpened, client_through
from console.core.gates import Observation, assess_answer
from console.core.shell import filled_url

BODY = 1024 * 1024
"""Bytes of a body that are looked at."""


async def ask(asked: Asked) -> Observation:
    """Get it, and judge the code and the beginning of the body."""
    transport, place = asked.transport, asked.place
    url = filled_url(asked.secret("url"), asked.values)
    try:
        async with client_through(transport, place, timeout=asked.seconds + SPARE) as client, client.stream("GET", url) as response:
            return assess_answer(asked.probe, response.status_code, await beginning(response, BODY))
    except NotOpened as fault:
        return not_opened(transport, place, fault.problem)
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as fault:
        return no_answer(transport, place, str(fault) or type(fault).__name__)


async def beginning(response: httpx.Response, limit: int) -> bytes:
    """Return so many bytes of a body at most."""
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) >= limit:
            break
    return bytes(body[:limit])
