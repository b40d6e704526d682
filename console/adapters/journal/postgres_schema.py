"""Which tables of PostgreSQL this console works with. Knows versions; Alembic makes the tables (`migrations`), and is imported when it does.

A column or table is added in one version and needed in a later one, so that consoles of neighbouring versions work on one database: each migration says which
console, by its own version of the schema, may still write to what it leaves.
"""

import sqlalchemy as sa

from console.adapters.journal.postgres_history_query import LEAST, SCHEMA
from console.errors import UsageFault

VERSIONS = sa.Table(
    "journal_schema",
    sa.MetaData(),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("oldest", sa.Integer, nullable=False),
)
"""One row: the version of the tables, and the oldest console (by its SCHEMA) that may use them."""


def verify_encoding(connection: sa.Connection, path: str) -> None:
    """Raise UsageFault where the database cannot hold every text that a person writes, or a host prints: a run would stop at the first one."""
    encoding = connection.execute(sa.select(sa.func.current_setting("server_encoding"))).scalar_one()
    if encoding not in ("UTF8", "SQL_ASCII"):
        makes = "createdb --encoding=UTF8 --template=template0 makes one: name it in the journal's address"
        raise UsageFault(f"the journal {path} is a database in {encoding}, which lacks letters; it has to be in UTF8. {makes}", "deploy engine migrate")


def verify_schema(connection: sa.Connection, path: str) -> None:
    """Raise UsageFault where the tables are too old or too new for this console, or the database cannot hold every text."""
    verify_encoding(connection, path)
    row = connection.execute(sa.select(VERSIONS)).first()
    if row is None or row.version < LEAST:
        found = row.version if row else 0
        raise UsageFault(f"the journal {path} has tables of version {found}; this console needs {LEAST}", "deploy engine migrate")
    if row.oldest > SCHEMA:
        raise _newer(path, row.version)


def refuse_newer(connection: sa.Connection, path: str) -> int:
    """Return the version of the tables, 0: there are none. Raises UsageFault where a newer console made them."""
    if not sa.inspect(connection).has_table(VERSIONS.name):
        return 0
    version = int(connection.execute(sa.select(VERSIONS.c.version)).scalar() or 0)
    if version > SCHEMA:
        raise _newer(path, version)
    return version


def _newer(path: str, version: int) -> UsageFault:
    return UsageFault(f"the journal {path} has tables of a newer console (version {version}; this one knows {SCHEMA})", "use the newer console here too")
