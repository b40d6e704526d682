"""How libpq, which wants a socket of its own, is led through a host's connection. It must not know what is asked, nor import psycopg.

As a Unix socket's where TLS may be done without, since any user of this machine may be quicker at a port; as a port of 127.0.0.1 where the URL
asks for TLS, with the certificate's name still judged.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from console.adapters.checks.bridge import loopback_bridge, unix_bridge
from console.ports.hosts import Stream

PORT = 5432
GUARDED = ("require", "verify-ca", "verify-full")
MAY_BE_PLAIN = (None, "", "prefer", "allow")
NO_PLACE = "through a host it is asked at one name and port, not at a Unix socket's folder or at several"

Parameters = Mapping[str, Any]


def place_of(given: Parameters) -> tuple[str, int] | None:
    """Return the address and port that libpq would go to; None where that is no single one (see NO_PLACE)."""
    address, port = str(given.get("hostaddr") or given.get("host") or "localhost"), str(given.get("port") or PORT)
    return (address, int(port)) if port.isdecimal() and "/" not in address and "," not in address else None


@asynccontextmanager
async def led(stream: Stream, given: Parameters) -> AsyncIterator[dict[str, Any]]:
    """Yield the parameters that lead libpq into the stream."""
    address, port = place_of(given) or ("", PORT)
    if given.get("sslmode") in GUARDED:
        async with loopback_bridge(stream) as here:
            yield {**given, "host": given.get("host") or address, "hostaddr": "127.0.0.1", "port": here, "gssencmode": "disable"}
    else:
        async with unix_bridge(stream, f".s.PGSQL.{port}") as folder:
            yield {**given, "host": folder, "port": port, "hostaddr": None}


def wants_tls(words: str, given: Parameters) -> bool:
    """Whether the server let nobody in without TLS, and the URL leaves that open: it is asked again with `sslmode=require`."""
    return given.get("sslmode") in MAY_BE_PLAIN and "pg_hba.conf" in words and ("no encryption" in words or "SSL off" in words)
