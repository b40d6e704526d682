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

from console.adapters.checks import libpq_tunnel
from console.model.host import Host
from console.ports.hosts import Transport, Unreached
from console.safe_text import SafeText

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
    given = {"connect_timeout": max(2, math.ceil(seconds)), "application_name": "deploy-console", **_parsed(url)}
    try:
        async with contextlib.AsyncExitStack() as stack:
            connection = await _connected(transport, host, given, stack, seconds)
            await connection.execute(f"set statement_timeout = {max(1, int(seconds * 1000))}")
            yield connection
    except psycopg.Error as fault:
        raise NotRead(fault) from None


async def _connected(transport: Transport, host: Host, given: dict[str, Any], stack: contextlib.AsyncExitStack, seconds: float) -> Connection:
    led_there = given if host.is_local else await _through(transport, host, given, stack, seconds)
    try:
        connection = await psycopg.AsyncConnection.connect(**{name: value for name, value in led_there.items() if value is not None}, autocommit=True)
    except psycopg.OperationalError as fault:
        if host.is_local or not libpq_tunnel.wants_tls(str(fault), given):
            raise
        return await _connected(transport, host, {**given, "sslmode": "require"}, stack, seconds)
    return await stack.enter_async_context(connection)


async def _through(transport: Transport, host: Host, given: dict[str, Any], stack: contextlib.AsyncExitStack, seconds: float) -> dict[str, Any]:
    place = libpq_tunnel.place_of(given)
    if place is None:
        raise NotRead(libpq_tunnel.NO_PLACE)
    stream = await transport.open_stream(host, *place, deadline=seconds)
    if isinstance(stream, Unreached):
        raise NotRead(stream.message)
    return await stack.enter_async_context(libpq_tunnel.led(stream, given))
