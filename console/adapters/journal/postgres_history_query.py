"""Asks a journal on PostgreSQL for lines of runs without the journal's library and the database's driver. Makes a `quick_history.Quick`."""

import itertools
import re
from collections.abc import Sequence
from typing import Any

from console.adapters.journal import libpq_query
from console.adapters.journal.postgres_address import STATEMENT, address_of, connect_arguments
from console.adapters.journal.quick_history import Quick
from console.errors import RecordAway
from console.safe_text import SafeText

SCHEMA = 3
"""The version of the tables that this console's migrations lead to."""
LEAST = 2
"""The oldest that it works with."""

_KNOWN = "SELECT 1 FROM journal_schema WHERE version >= $1::int AND oldest <= $2::int"


def of_database(address: str) -> Quick:
    """Return what asks the journal at that address; it raises JournalAway where that was waited for in vain. Raises UsageFault for text that is no address."""
    named = address_of(address)
    place, label = connect_arguments(named), named.label

    def ask(query: str, values: Sequence[object]) -> list[tuple[Any, ...]] | None:
        try:
            with libpq_query.asking(place, STATEMENT) as asked:
                if not asked(_KNOWN, (str(LEAST), str(SCHEMA))):
                    return None
                return asked(_numbered(query), [str(value) for value in values])
        except libpq_query.Silent as silence:
            raise _away(label, str(silence)) from None
        except libpq_query.NotAnswered:
            return None

    return Quick(ask, lambda columns: "'[' || coalesce(string_agg(CAST(row_to_json(line) AS text), ','), '') || ']'")


def _away(label: str, said: str) -> RecordAway:
    """Return the fault of a database that was waited for."""
    from console.adapters.journal.chain import JournalAway

    return JournalAway(f"the journal {label} does not answer: {SafeText(' '.join(said.split()), 300)}", f"see whether its server is up: pg_isready -d {label}")


def _numbered(query: str) -> str:
    """A query with `$1`, `$2` … for each `?`."""
    numbers = itertools.count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", query)
