"""How PostgreSQL is reached as the record of runs, so that no call waits for ever, and what its errors mean. Knows connections; nothing of tables.

Importing it imports SQLAlchemy; psycopg is imported with the first engine that is made here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool

from console.adapters.journal.chain import JournalAway, JournalFault
from console.errors import ConsoleError, UsageFault
from console.text import SafeText

DRIVER = "postgresql+psycopg"
CONNECT = 5
"""Seconds that one address of the server has to take a connection."""
STATEMENT = 10
"""Seconds that a statement may take, and that it may wait for a lock."""
FROZEN = 5
"""Seconds after which the server ends a transaction whose console says nothing more: until then it holds its environment's lock."""
PATIENCE = 60.0
"""Seconds after which an answer is not waited for: more than a write, its second try and their connections take together."""


def address_of(text: str) -> sa.URL:
    """Return the address of the journal. Raises UsageFault for text that is none; it is not repeated, since it may hold a password."""
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):
        raise UsageFault("the journal's address is no URL", f'journal = "{DRIVER}://deploy@db01.example.net/deploy"') from None
    if url.drivername not in (DRIVER, "postgresql"):
        raise UsageFault(f"the journal's address begins with {SafeText(url.drivername, 40)}, not with {DRIVER}", f'journal = "{DRIVER}://…"')
    return url.set(drivername=DRIVER)


def label(url: sa.URL) -> str:
    """Return what people call that database: without the login."""
    listed = url.query.get("host", ())
    hosts = [listed] if isinstance(listed, str) else list(listed)
    place = f"{url.host}:{url.port}" if url.host and url.port else url.host or ",".join(hosts) or "localhost"
    return f"postgresql://{place}/{url.database or url.username or ''}"


def opened(url: sa.URL, *, writes: bool, alters: bool = False) -> sa.Engine:
    """Return what connects to the database, and again after a connection was lost. `alters`: for changes of the schema, which may take their time.

    What reads sees the database at one moment until it is rolled back.
    """
    asked = connect_arguments(url, alters=alters) | ({"target_session_attrs": "read-write"} if writes and "target_session_attrs" not in url.query else {})
    pool: dict[str, Any] = {"poolclass": NullPool} if alters else {"pool_size": 1, "max_overflow": 1, "pool_timeout": STATEMENT, "pool_pre_ping": True}
    engine = sa.create_engine(url, connect_args=asked, **pool)
    if alters:
        return engine
    level: dict[str, Any] = {"isolation_level": "READ COMMITTED"} if writes else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return engine.execution_options(**level)


def connect_arguments(url: sa.URL, *, alters: bool = False) -> dict[str, Any]:
    """Return what libpq is to be told beside the address: limits, and how a dead network is found (keepalives, and what stays unacknowledged)."""
    settings = {
        "statement_timeout": 0 if alters else STATEMENT * 1000,
        "lock_timeout": STATEMENT * 1000,
        "idle_in_transaction_session_timeout": FROZEN * 1000 * (12 if alters else 1),
    }
    given = str(url.query.get("options", ""))
    options = " ".join([given, *(f"-c {name}={value}" for name, value in settings.items())]).strip()
    asked: dict[str, Any] = {
        "options": options,
        "connect_timeout": CONNECT,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 8000,
        "application_name": "deploy-console",
        "client_encoding": "utf8",
    }
    return {name: value for name, value in asked.items() if name == "options" or name not in url.query}


_MEANINGS = {
    "28": ("its server refuses the login", "see the journal's address in hosts.toml, and pg_hba.conf on the server"),
    "3D": ("there is no such database", "createdb on its server, then: deploy engine migrate"),
    "42501": ("its login may not do that", "deploy engine migrate, by the login that owns the tables; then GRANT on them"),
    "25006": ("its server takes no writes now: it is a standby", "name all servers in the address: ?host=db01&host=db02"),
    "53100": ("there is no room left on its disk", "make room there, then type the command again"),
    "53300": ("its server has no connection left", "see who is connected: select * from pg_stat_activity"),
    "55P03": (f"another console held it for more than {STATEMENT} s", "see who holds it: select * from pg_stat_activity"),
    "57014": (f"it took more than {STATEMENT} s to answer", "see what it does: select * from pg_stat_activity"),
}
_AWAY = ("57P", "08", "25P03")
"""Shutting down or starting, connection lost, frozen for too long."""


@contextmanager
def told(path: str) -> Iterator[None]:
    """Turn the database's errors into ones that say what to do. Raises JournalAway where it does not answer: what was asked last may have happened."""
    try:
        yield
    except PoolTimeout as problem:
        raise JournalAway(f"the journal {path} is busy", "deploy engine list") from problem
    except SQLAlchemyError as problem:
        raise _fault(path, problem) from problem


def _fault(path: str, problem: SQLAlchemyError) -> ConsoleError:
    orig = problem.orig if isinstance(problem, DBAPIError) else None
    state: str = getattr(orig, "sqlstate", None) or ""
    said = SafeText(" ".join(str(orig or problem).split()), 300)
    if state in ("42P01", "3F000", "42703"):
        return UsageFault(f"the journal {path} has not the tables that this console needs ({said})", "deploy engine migrate")
    for sign, (meaning, hint) in _MEANINGS.items():
        if state.startswith(sign):
            return JournalFault(f"the journal {path} cannot be used: {meaning} ({said})", hint)
    lost = isinstance(problem, DBAPIError) and (problem.connection_invalidated or (not state and isinstance(problem, sa.exc.OperationalError)))
    if lost or state.startswith(_AWAY):
        return JournalAway(f"the journal {path} does not answer: {said}", f"see whether its server is up: pg_isready -d {path}")
    return JournalFault(f"the journal {path} cannot be used: {said}")
