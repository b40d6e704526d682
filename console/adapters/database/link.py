"""A connection to PostgreSQL as a host sees it: through that host's SSH connection, or from here where the host is this machine.

It knows psycopg and the bridge; not what is asked. Importing it imports psycopg.
"""

import contextlib
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import conninfo, pq

from console.adapters.checks.bridge import loopback_bridge, unix_bridge
from console.model.fleet import Host
from console.ports.hosts import Transport, Unreached
from console.text import SafeText

PORT = 5432
GUARDED = ("require", "verify-ca", "verify-full")

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class NotRead(Exception):
    """The database could not be read; the text says why, without the URL."""

    def __init__(self, words: object) -> None:
        super().__init__(SafeText(" ".join(str(words).split()), 300))


def libpq_variables(url: str) -> dict[str, str]:
    """Return the URL as the variables that libpq reads; what has no variable is left out. Raises NotRead."""
    given = _parsed(url)
    names = {option.keyword.decode(): option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
    return {names[name]: str(value) for name, value in given.items() if name in names and value is not None}


def _parsed(url: str) -> dict[str, Any]:
    try:
        return dict(conninfo.conninfo_to_dict(url))
    except psycopg.Error:
        raise NotRead("the database's url is none that PostgreSQL's clients read") from None


@asynccontextmanager
async def linked(transport: Transport, host: Host, url: str, seconds: float) -> AsyncIterator[Connection]:
    """Yield a connection in autocommit whose statements take so many seconds at most. Raises NotRead."""
    given = _parsed(url)
    try:
        async with contextlib.AsyncExitStack() as stack:
            if not host.is_local:
                given |= await _through(transport, host, given, stack, seconds)
            given = {"connect_timeout": max(2, math.ceil(seconds)), "application_name": "deploy-console", **given}
            connection = await psycopg.AsyncConnection.connect(**{name: value for name, value in given.items() if value is not None}, autocommit=True)
            async with connection:
                await connection.execute(f"set statement_timeout = {max(1, int(seconds * 1000))}")
                yield connection
    except psycopg.Error as fault:
        raise NotRead(fault) from None


async def _through(transport: Transport, host: Host, given: dict[str, Any], stack: contextlib.AsyncExitStack, seconds: float) -> dict[str, Any]:
    """Lead the connection through the host; what of its parameters changes with that."""
    address, port = str(given.get("host") or "localhost"), int(given.get("port") or PORT)
    if "/" in address or "," in address:
        raise NotRead("through a host it is read at one name and port, not at a Unix socket's folder or at several")
    stream = await transport.open_stream(host, address, port, deadline=seconds)
    if isinstance(stream, Unreached):
        raise NotRead(stream.message)
    if given.get("sslmode") in GUARDED:
        here = await stack.enter_async_context(loopback_bridge(stream))
        return {"host": address, "hostaddr": "127.0.0.1", "port": here, "gssencmode": "disable"}
    folder = await stack.enter_async_context(unix_bridge(stream, f".s.PGSQL.{port}"))
    return {"host": folder, "hostaddr": None, "port": port}
