"""What PostgreSQL answers to one query, in a transaction that cannot write and is taken back.

From a host the connection goes through its SSH connection, see `libpq`.
"""

import math
from typing import Any

import psycopg
from psycopg import conninfo

from console.adapters.checks import libpq_tunnel
from console.adapters.checks.one_question import Asked, no_answer
from console.core.checks.answers import assess_lines
from console.core.checks.health_gate import Observation
from console.safe_text import SafeText

ROWS = 100
NOT_SERVING = ("57P01", "57P02", "57P03", "53300", "57014")
"""It lives and does not serve: shutting down, starting, full, or a query that took too long."""


async def ask(asked: Asked) -> Observation:
    """Ask. Without a query: `select 1`. A row is a line, its columns joined by `|`."""
    url = asked.url
    if asked.place.is_local:
        return await _asked(asked, {"conninfo": url})
    given: dict[str, Any] = dict(conninfo.conninfo_to_dict(url))
    found = await _through(asked, given)
    return await _through(asked, {**given, "sslmode": "require"}) if libpq_tunnel.wants_tls(str(found.seen), given) else found


async def _through(asked: Asked, given: dict[str, Any]) -> Observation:
    place = libpq_tunnel.place_of(given)
    if place is None:
        return Observation("error", SafeText(libpq_tunnel.NO_PLACE))
    stream = await asked.opened(*place)
    if isinstance(stream, Observation):
        return stream
    async with libpq_tunnel.led(stream, given) as parameters:
        return await _asked(asked, parameters)


async def _asked(asked: Asked, given: dict[str, Any]) -> Observation:
    patience = max(1, math.ceil(asked.seconds))
    given = {"connect_timeout": patience, "application_name": "deploy-console", **{name: value for name, value in given.items() if value is not None}}
    try:
        async with await psycopg.AsyncConnection.connect(**given) as connection:
            await connection.set_read_only(True)
            await connection.execute(f"set local statement_timeout = {max(1, int(asked.seconds * 900))}")
            lines = await _lines(connection, asked.probe.query or "select 1")
            await connection.rollback()
    except psycopg.Error as fault:
        return _seen(asked, fault)
    return assess_lines(asked.probe, lines)


async def _lines(connection: psycopg.AsyncConnection[tuple[Any, ...]], query: str) -> tuple[str, ...]:
    cursor = psycopg.AsyncRawCursor(connection)
    await cursor.execute(query.encode())
    if cursor.description is None:
        return ()
    return tuple("|".join(_text(value) for value in row) for row in await cursor.fetchmany(ROWS))


def _text(value: object) -> str:
    """Return a value as psql shows it."""
    return "" if value is None else {True: "t", False: "f"}[value] if isinstance(value, bool) else str(value)


def _seen(asked: Asked, fault: psycopg.Error) -> Observation:
    words = " ".join(str(fault).split())
    if fault.sqlstate in NOT_SERVING or any(sign in words for sign in ("starting up", "shutting down", "too many clients")):
        return Observation("bad", SafeText(words, 300))
    if fault.sqlstate is not None or "FATAL" in words or not isinstance(fault, psycopg.OperationalError):
        return Observation("error", SafeText(words, 300))
    return no_answer(asked.transport, asked.place, str(SafeText(words, 300)))
