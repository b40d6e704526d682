"""The lines of runs, read by the database's own library alone: whoever lists, joins or steers a run is not to wait until the journal's library is loaded.

Reads the journal's one table that is small. What it cannot read (no journal, a newer one, one that has to be mended, a database that is away) it
leaves to the journal, which says why.
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import fields
from typing import Any, NamedTuple
from urllib.parse import quote

from console.adapters.journal.last_written import last_written
from console.adapters.journal.run_search import found_run, summary_from
from console.model.run_summary import ASIDE, RunSummary

SCHEMA = 4
"""The version of the journal's tables, as SQLite's `user_version`. A journal of a newer one is refused."""

PATIENCE = 10.0
"""Seconds that a writer or reader waits for another."""

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]] | None]
"""Asks a record, with `?` for each value: its rows, or None where it cannot be read in this way."""


class Quick(NamedTuple):
    """A record that is read without the journal's library."""

    ask: Ask
    as_list: Callable[[Sequence[str]], str]
    """The SQL that makes one JSON list of these columns of every `line`."""


_NAMES = tuple(field.name for field in fields(RunSummary))
_COLUMNS = ", ".join(f'"{name}"' for name in _NAMES)
_LINES = f"SELECT {_COLUMNS} FROM runs WHERE"  # noqa: S608 (names of our own)
_NEWEST = "ORDER BY number DESC NULLS FIRST"
_ASIDE = ", ".join(f"'{kind}'" for kind in sorted(ASIDE))
_OPEN = f"{_LINES} outcome IS NULL AND kind NOT IN ({_ASIDE}) AND ? IN ('', app) {_NEWEST} LIMIT 1000"
_LAST = f"{_LINES} ? IN ('', app) {_NEWEST} LIMIT 1"
_BEGINS = f"{_LINES} substr(run, 1, length(?)) = ? AND ? IN ('', app) {_NEWEST} LIMIT 100"
_HISTORY = f"? IN ('', app) AND ? IN ('', environment) {_NEWEST}"


def of_file(path: str) -> Quick:
    """Return what asks the journal of a state folder."""

    def ask(query: str, values: Sequence[object]) -> list[tuple[Any, ...]] | None:
        try:
            with closing(sqlite3.connect(f"file:{quote(os.path.abspath(path))}?mode=ro", uri=True, timeout=PATIENCE)) as connection:
                if connection.execute("PRAGMA user_version").fetchone() != (SCHEMA,) or not _is_whole(connection, path):
                    return None
                return connection.execute(query, values).fetchall()
        except sqlite3.Error:
            return None

    return Quick(ask, lambda columns: "json_group_array(json_object(" + ", ".join(f"'{name}', \"{name}\"" for name in columns) + "))")


def _is_whole(connection: sqlite3.Connection, path: str) -> bool:
    """Whether it holds the event that was written last; one that does not has lost events."""
    last = last_written(path)
    return last is None or connection.execute("SELECT hash FROM events WHERE run = ? AND seq = ?", last[:2]).fetchone() == (last.hash,)


def find_summaries(record: Quick, text: str, app: str = "") -> list[RunSummary] | None:
    """Runs that a person may mean by an id, a part of its beginning, `last`, or by nothing: those that are open. Newest first. None: ask the journal."""
    query, values = (_BEGINS, (text, text, app)) if text not in ("", "last") else (_LAST if text else _OPEN, (app,))
    found = _summaries(record.ask(query, values))
    return found if found is None or text in ("", "last") else found_run(text, found)


def history_json(record: Quick, columns: Sequence[str], app: str = "", environment: str = "") -> str | None:
    """A JSON list of these columns of each run, newest first; the database makes it, which is faster than to read rows. None: ask the journal."""
    known = [name for name in columns if name in _NAMES]
    names = ", ".join(f'"{name}"' for name in known)
    lines = f"SELECT {names} FROM runs WHERE {_HISTORY}"  # noqa: S608 (names of our own)
    rows = record.ask(f"SELECT {record.as_list(known)} FROM ({lines}) AS line", (app, environment))  # noqa: S608
    return str(rows[0][0]) if rows else None


def history_lines(record: Quick, limit: int, app: str = "", environment: str = "") -> list[RunSummary] | None:
    """The newest runs, so many at most. None: ask the journal."""
    return _summaries(record.ask(f"{_LINES} {_HISTORY} LIMIT {limit:d}", (app, environment)))


def _summaries(rows: list[tuple[Any, ...]] | None) -> list[RunSummary] | None:
    return None if rows is None else [summary_from(dict(zip(_NAMES, row, strict=True))) for row in rows]
