"""Asks a journal on PostgreSQL for lines of runs by psycopg alone, without the journal's library. Makes a `run_search.Quick`."""

from collections.abc import Sequence
from typing import Any

import psycopg

from console.adapters.journal.postgres_address import address_of, connect_arguments
from console.adapters.journal.run_search import Quick

SCHEMA = 3
"""The version of the tables that this console's migrations lead to."""
LEAST = 2
"""The oldest that it works with."""

_KNOWN = "SELECT 1 FROM journal_schema WHERE version >= %s AND oldest <= %s"


def of_database(address: str) -> Quick:
    """Return what asks the journal at that address. Raises UsageFault where the text is no address."""
    asked = connect_arguments(address_of(address))

    def ask(query: str, values: Sequence[object]) -> list[tuple[Any, ...]] | None:
        try:
            with psycopg.connect(**asked) as connection:
                connection.read_only = True
                if connection.execute(_KNOWN, (LEAST, SCHEMA)).fetchone() is None:
                    return None
                return connection.execute(query.replace("?", "%s"), values).fetchall()
        except psycopg.Error:
            return None

    return Quick(ask, "json_build_object")
