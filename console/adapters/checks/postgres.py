"""What PostgreSQL answers to one query, in a transaction that cannot write and is taken back.

From a host the connection goes through its SSH connection: as a Unix socket's, or where the URL asks for TLS as one of 127.0.0.1,
with the certificate's name still judged.
"""

import math
from typing import Any

import psycopg
from psycopg import conninfo

from console.adapters.checks.asked import Asked, no_answer
from console.adapters.checks.bridge import loopback_bridge, unix_bridge
from console.core.answers import assess_lines
from console.core.gates import Observation
from console.text import SafeText

PORT = 5432
ROWS = 100
NOT_SERVING = ("57P01", "57P02", "57P03", "53300", "57014")
"""It lives and does not serve: shutting down, starting, full, or a query that took too long."""
GUARDED = ("require", "verify-ca", "verify-full")


async def ask(asked: Asked) -> Observation:
    """Ask. Without a query: `select 1`. A row is a line, its columns joined by `|`."""
    url = asked.url
    if asked.place.is_local:
        return await _asked(asked, {"conninfo": url})
    given: dict[str, Any] = dict(conninfo.conninfo_to_dict(url))
    address, port = str(given.get("host") or "localhost"), int(given.get("port") or PORT)
    if "/" in address or "," in address:
        return Observation("error", SafeText("through a host it is asked at one name and port, not at a Unix socket's folder or at several"))
    stream = await asked.opened(address, port)
    if isinstance(stream, Observation):
        return stream
    if given.get("sslmode") in GUARDED:
        async with loopback_bridge(stream) as here:
            return await _asked(asked, {**given, "host": address, "hostaddr": "127.0.0.1", "port": here, "gssencmode": "disable"})
    async with unix_bridge(stream, f".s.PGSQL.{port}") as folder:
        return await _asked(asked, {**given, "host": folder, "port": port, "hostaddr": None})


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
