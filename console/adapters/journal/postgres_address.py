"""The journal's address as it stands in hosts.toml, and what libpq is told of it. Imports nothing that is slow: whoever only lists runs reads it too.

Knows text; makes no connection. Several servers are written as SQLAlchemy has it, `?host=db01&host=db02:6432`, or as libpq has it, with commas.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from console.errors import UsageFault
from console.safe_text import SafeText

DRIVER = "postgresql+psycopg"
CONNECT = 5
"""Seconds that one address of the server has to take a connection."""
STATEMENT = 10
"""Seconds that a statement may take, and that it may wait for a lock."""
FROZEN = 5
"""Seconds after which the server ends a transaction whose console says nothing more: until then it holds its environment's lock."""


_ESCAPES = "in its login and password write / as %2F, ? as %3F, # as %23, @ as %40, % as %25"


@dataclass(frozen=True)
class Address:
    """Where the journal's database is. `given`: what the address says, by libpq's names; it may hold a password."""

    label: str
    """What people call it: without the login."""
    given: dict[str, str] = field(repr=False)


def address_of(text: str) -> Address:
    """Return the address of the journal. Raises UsageFault for text that is none; it is not repeated, since it may hold a password."""
    try:
        parts = urlsplit(text)
        port = parts.port
        asked = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        parts, port, asked = urlsplit(""), None, []
    if not parts.scheme or "://" not in text:
        raise UsageFault("the journal's address is no URL", f'journal = "{DRIVER}://deploy@db01.example.net/deploy"; {_ESCAPES}')
    if parts.scheme not in (DRIVER, "postgresql"):
        raise UsageFault(f"the journal's address begins with {SafeText(parts.scheme, 40)}, not with {DRIVER}", f'journal = "{DRIVER}://…"')
    if "@" in parts.path or parts.fragment or text.endswith("#") or "\0" in unquote(text):  # what stands before may be a part of the password
        raise UsageFault("the journal's address is cut off at a sign that has a meaning of its own in a URL", _ESCAPES)
    hosts = [host for name, value in asked if name == "host" for host in value.split(",")]
    named = {
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "host": unquote(parts.hostname or ""),
        "port": str(port or ""),
        "dbname": unquote(parts.path.lstrip("/")),
    }
    given = {name: value for name, value in named.items() if value} | {name: value for name, value in asked if name != "host"} | _servers(hosts)
    place = f"{parts.hostname}:{port}" if parts.hostname and port else parts.hostname or ",".join(hosts) or "localhost"
    return Address(f"postgresql://{place}/{named['dbname'] or named['user']}", given)


def _servers(hosts: list[str]) -> dict[str, str]:
    """Several servers, each `NAME` or `NAME:PORT`, by libpq's names; a folder is a Unix socket's."""
    pairs = [(host, "") if host.startswith("/") else (host.partition(":")[0], host.partition(":")[2]) for host in hosts]
    if not pairs:
        return {}
    ports = {"port": ",".join(port for _, port in pairs)} if any(port for _, port in pairs) else {}
    return {"host": ",".join(name for name, _ in pairs)} | ports


def connect_arguments(address: Address, *, writes: bool = False, alters: bool = False) -> dict[str, Any]:
    """Return what libpq is told: the address, limits, and how a dead network is found (keepalives, and what stays unacknowledged).

    `writes`: of several servers the one that takes writes. `alters`: for changes of the schema, which may take their time.
    """
    settings = {
        "statement_timeout": 0 if alters else STATEMENT * 1000,
        "lock_timeout": STATEMENT * 1000,
        "idle_in_transaction_session_timeout": FROZEN * 1000 * (12 if alters else 1),
        "datestyle": "ISO",
    }
    options = " ".join([address.given.get("options", ""), *(f"-c {name}={value}" for name, value in settings.items())]).strip()
    asked: dict[str, Any] = {
        "connect_timeout": CONNECT,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 8000,
        "application_name": "deploy-console",
        "client_encoding": "utf8",
    }
    return asked | ({"target_session_attrs": "read-write"} if writes else {}) | address.given | {"options": options}
