"""Brings the tables of a journal on PostgreSQL up to date, by Alembic, one console at a time. Imported when that is asked for."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from console.adapters.journal.postgres_address import address_of
from console.adapters.journal.postgres_history_query import SCHEMA
from console.adapters.journal.postgres_record import opened, told
from console.adapters.journal.postgres_schema import refuse_newer, verify_encoding
from console.adapters.journal.postgres_store import lock_key
from console.errors import Locked

PATIENCE = 30.0
"""Seconds that one waits for another console's migration."""
_KEY = lock_key("migration")


def migrate(address: str, patience: float = PATIENCE) -> tuple[str, int, int]:
    """Bring the tables up to date: return the database, and their version before and now. Raises Locked, JournalFault or UsageFault."""
    place = address_of(address)
    path, engine = place.label, opened(place, writes=True, alters=True)
    try:
        with told(path), _alone(engine, path, patience):
            with engine.connect() as connection:
                verify_encoding(connection, path)
                before = refuse_newer(connection, path)
            if before < SCHEMA:
                _upgrade(engine)
    finally:
        engine.dispose()
    return path, before, SCHEMA


def _upgrade(engine: sa.Engine) -> None:
    """Carry out what is missing: each migration in a transaction of its own."""
    config = Config()
    config.set_main_option("script_location", os.path.join(os.path.dirname(__file__), "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _alone(engine: sa.Engine, path: str, patience: float) -> Iterator[None]:
    """Hold the session's lock of migrations, on a connection that is in no transaction."""
    until = time.monotonic() + patience
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard:
        while not guard.execute(sa.select(sa.func.pg_try_advisory_lock(sa.cast(_KEY, sa.BigInteger)))).scalar():
            if time.monotonic() >= until:
                raise Locked(f"another console has been changing the tables of {path} for more than {patience:.0f} s", "deploy engine migrate")
            time.sleep(0.2)
        try:
            yield
        finally:
            guard.execute(sa.select(sa.func.pg_advisory_unlock(sa.cast(_KEY, sa.BigInteger))))
