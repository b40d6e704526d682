"""How PostgreSQL is reached as the record of runs, so that no call waits for ever, and what its errors mean. Knows connections; nothing of tables.

Importing it imports SQLAlchemy; psycopg is imported with the first engine that is made here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool

from console.adapters.journal.chain import JournalAway, JournalFault
from console.adapters.journal.postgres_address import DRIVER, STATEMENT, Address, connect_arguments
from console.errors import ConsoleError, UsageFault
from console.safe_text import SafeText

PATIENCE = 60.0
"""Seconds after which an answer is not waited for: more than a write, its second try and their connections take together."""


def opened(address: Address, *, writes: bool, alters: bool = False) -> sa.Engine:
    """Return what connects to the database, and again after a connection was lost. `alters`: for changes of the schema, which may take their time.

    What reads sees the database at one moment until it is rolled back.
    """
    pool: dict[str, Any] = {"poolclass": NullPool} if alters else {"pool_size": 1, "max_overflow": 1, "pool_timeout": STATEMENT, "pool_pre_ping": True}
    asked = connect_arguments(address, writes=writes, alters=alters)
    if alters:
        return sa.create_engine(f"{DRIVER}://", connect_args=asked, **pool)
    engine = sa.create_engine(f"{DRIVER}://", creator=lambda: _connected(asked), **pool)
    level: dict[str, Any] = {"isolation_level": "READ COMMITTED"} if writes else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return engine.execution_options(**level)


def _connected(asked: dict[str, Any]) -> Any:  # noqa: ANN401 (a connection of the driver)
    from console.adapters.journal.postgres_connection import PatientConnection

    return PatientConnection.connect(**asked)


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
_REFUSED = "see whether its address has the right login, password and database"
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


def _asked_for_a_password(orig: BaseException | None) -> bool:
    """Whether a server answered and wanted a password, or was given one: what it said then is what it has against the connection.

    libpq has no SQLSTATE for a connection that fails; this is all that it says of it, but for the words.
    """
    refused = getattr(orig, "pgconn", None)
    return bool(getattr(refused, "needs_password", False) or getattr(refused, "used_password", False))


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
        said = SafeText(said.removeprefix("connection failed: ").partition(" Is the server running")[0])
        if _asked_for_a_password(orig):
            return JournalAway(f"the journal {path} refuses the connection: {said}", f"{_REFUSED}: psql -d {path}")
        return JournalAway(f"the journal {path} does not answer: {said}", f"see whether its server is up: pg_isready -d {path}")
    return JournalFault(f"the journal {path} cannot be used: {said}")
