"""How SQLite is opened so that a kill or a power cut loses nothing that was written, and what its errors mean. Knows files; nothing of tables."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from console.adapters.journal.chain import JournalFault
from console.adapters.journal.quick_history import PATIENCE
from console.adapters.statefolder import Modes

SAFE_WAL = (3, 51, 3)
"""SQLite before that can damage a write-ahead log that several connections use."""


def made(path: str, modes: Modes) -> None:
    """Make the file, empty, if it is not there."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, modes.file))
    except FileExistsError:
        return
    os.chmod(path, modes.file)


def opened(path: str, *, writes: bool) -> sa.Engine:
    """Return what connects to the file; each connection may be used by any one thread at a time."""

    def connect() -> sqlite3.Connection:
        mode = "rw" if os.access(path, os.W_OK) or writes else "ro"
        connection = sqlite3.connect(
            f"file:{quote(os.path.abspath(path))}?mode={mode}", uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            _set_up(connection, writes=writes)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=NullPool)
    sa.event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN"))
    return engine


def _set_up(connection: sqlite3.Connection, *, writes: bool) -> None:
    if not writes:
        connection.execute("PRAGMA query_only=1")
        return
    safe = sqlite3.sqlite_version_info >= SAFE_WAL
    connection.execute("PRAGMA synchronous=" + ("FULL" if safe else "EXTRA"))
    connection.execute("PRAGMA journal_mode=" + ("WAL" if safe else "TRUNCATE"))


_HINTS = (
    ("disk is full", "there is no room left on its disk", "make room there, then type the command again"),
    ("malformed", "it is damaged", "move it away with the files beside it, and restore it from a backup"),
    ("not a database", "it is no journal", "move it away with the files beside it; the console makes a new one"),
    ("readonly", "it may not be written", "see who owns it: ls -l"),
    ("unable to open", "it cannot be opened", "see who owns it and its folder: ls -l"),
    ("locked", f"another process held it for more than {PATIENCE:.0f} s", "see who has it open: fuser -v"),
)


@contextmanager
def told(path: str) -> Iterator[None]:
    """Turn the database's errors into ones that say what to do."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as problem:
        said = str(problem.orig) if isinstance(problem, DatabaseError) and problem.orig else str(problem)
        for sign, meaning, hint in _HINTS:
            if sign in said:
                raise JournalFault(f"the journal {path} cannot be used: {meaning} ({said})", hint) from problem
        raise JournalFault(f"the journal {path} cannot be used: {said}") from problem
    except OSError as problem:
        raise JournalFault(f"the journal {path} cannot be used: {problem.strerror}", "see who owns it and its folder: ls -l") from problem
