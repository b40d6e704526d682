"""What Redis answers to one command, over its protocol's second version (RESP2)."""

import os
import shlex
import ssl
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

import httpcore

from console.adapters.checks.line_protocol import ConnectionCut, Wire, wire_to
from console.adapters.checks.one_question import Asked, no_answer
from console.core.checks.answers import assess_lines
from console.core.checks.health_gate import Observation
from console.safe_text import SafeText

PORT = 6379
DEEP = 8
"""Lists in lists that an answer may have."""
BUSY = ("LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN")
"""It lives and does not serve."""


class RedisReply(Exception):
    """It answered with an error."""


async def ask(asked: Asked) -> Observation:
    """Log in, choose the database, and ask. Without a query: PING."""
    url = urlsplit(asked.url)
    address, options = url.hostname or "localhost", {name: values[-1] for name, values in parse_qs(url.query).items()}
    try:
        tls = tls_of(options) if url.scheme == "rediss" else None
    except (OSError, ValueError) as fault:
        return Observation("error", SafeText(f"TLS: {fault}"))
    try:
        wire = await wire_to(asked, address, url.port or PORT, tls)
        if isinstance(wire, Observation):
            return wire
        try:
            number, command = url.path.strip("/") or options.get("db", ""), shlex.split(asked.probe.query) or ["PING"]
            lines = await _conversation(wire, url.username, url.password, number, command)
        finally:
            await wire.close()
    except RedisReply as said:
        words = SafeText(str(said))
        return Observation("bad" if words.startswith(BUSY) else "error", words)
    except (ConnectionCut, httpcore.NetworkError) as fault:
        return no_answer(asked.transport, asked.place, str(fault))
    return assess_lines(asked.probe, tuple(lines))


def tls_of(options: Mapping[str, str]) -> ssl.SSLContext:
    """Return how TLS is spoken, by the names that Redis' own client has in a URL. Raises OSError for a file that is none, ValueError for an unknown word."""
    authority = options.get("ssl_ca_certs")
    try:
        context = ssl.create_default_context(cafile=os.path.expanduser(authority) if authority else None)
    except OSError as fault:
        raise OSError(f"ssl_ca_certs={authority}: {_why(fault)}") from fault
    needs = options.get("ssl_cert_reqs", "required")
    if needs not in ("required", "none"):
        raise ValueError(f"ssl_cert_reqs={needs}, expected required or none")
    if needs == "none" or options.get("ssl_check_hostname", "true").lower() in ("false", "0", "no"):
        context.check_hostname = False
    if needs == "none":
        context.verify_mode = ssl.CERT_NONE
    if certificate := options.get("ssl_certfile"):
        key = options.get("ssl_keyfile")
        try:
            context.load_cert_chain(os.path.expanduser(certificate), os.path.expanduser(key) if key else None, password=lambda: "")
        except OSError as fault:
            raise OSError(f"ssl_certfile={certificate}{f', ssl_keyfile={key}' if key else ''}: {_why(fault)}") from fault
    return context


def _why(fault: OSError) -> str:
    return "it holds no certificate or key that can be read" if isinstance(fault, ssl.SSLError) else fault.strerror or str(fault)


async def _conversation(wire: Wire, user: str | None, password: str | None, database: str, command: list[str]) -> list[str]:
    if password:
        await _said(wire, ["AUTH", *([unquote(user)] if user else []), unquote(password)])
    if database:
        await _said(wire, ["SELECT", database])
    return await _said(wire, command)


async def _said(wire: Wire, words: list[str]) -> list[str]:
    parts = [word.encode() for word in words]
    await wire.send(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
    return await _reply(wire, 0)


async def _reply(wire: Wire, depth: int) -> list[str]:
    line = await wire.line()
    kind, rest = line[:1], line[1:].decode("utf-8", "replace")
    if kind == b"-":
        raise RedisReply(rest)
    if kind in b"+:" and kind:
        return [rest]
    if kind not in (b"$", b"*") or not rest.lstrip("-").isdigit() or depth > DEEP:
        raise RedisReply(f"this is no Redis: it answers {line[:60]!r}")
    count = int(rest)
    if count < 0:
        return []
    if kind == b"$":
        text = await wire.exactly(count + 2)
        return text[:-2].decode("utf-8", "replace").splitlines()
    return [element for _ in range(count) for element in await _reply(wire, depth + 1)]
