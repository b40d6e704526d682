"""What memcached answers to `version`, `stats` or `get`, over its text protocol."""

from urllib.parse import urlsplit

import httpcore

from console.adapters.checks.line_protocol import ConnectionCut, Wire, wire_to
from console.adapters.checks.one_question import Asked, no_answer
from console.core.checks.answers import assess_lines
from console.core.checks.health_gate import Observation
from console.safe_text import SafeText

PORT = 11211
QUESTIONS = ("version", "stats", "get", "gets")
"""What only reads."""


class MemcachedReply(Exception):
    """It answered with an error."""


async def ask(asked: Asked) -> Observation:
    """Ask. Without a query: its version. `stats` answers lines such as `curr_connections 10`, `get KEY` the value's lines."""
    query = asked.probe.query.strip() or "version"
    if query.split()[0] not in QUESTIONS or "\n" in query or "\r" in query:
        return Observation("error", SafeText(f"{query.split()[0]} is not asked: one of {', '.join(QUESTIONS)}"))
    url = urlsplit(asked.url)
    try:
        wire = await wire_to(asked, url.hostname or "localhost", url.port or PORT)
        if isinstance(wire, Observation):
            return wire
        try:
            await wire.send(query.encode() + b"\r\n")
            lines = await _answer(wire)
        finally:
            await wire.close()
    except MemcachedReply as said:
        return Observation("error", SafeText(str(said)))
    except (ConnectionCut, httpcore.NetworkError) as fault:
        return no_answer(asked.transport, asked.place, str(fault))
    return assess_lines(asked.probe, tuple(lines))


async def _answer(wire: Wire) -> list[str]:
    found: list[str] = []
    while True:
        line = (await wire.line()).decode("utf-8", "replace")
        word, _, rest = line.partition(" ")
        if word == "END":
            return found
        if word == "VERSION":
            return [rest]
        if word == "STAT":
            found.append(rest)
        elif word == "VALUE" and len(rest.split()) >= 3 and rest.split()[2].isdigit():
            found += (await wire.exactly(int(rest.split()[2]) + 2))[:-2].decode("utf-8", "replace").splitlines()
        else:
            is_error = word in ("ERROR", "CLIENT_ERROR", "SERVER_ERROR")
            raise MemcachedReply(line if is_error else f"this is no memcached: it answers {line[:60]!r}")
