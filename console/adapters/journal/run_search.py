"""The lines of runs, read by SQLite alone: whoever joins or steers a run is not to wait until the journal's library is loaded.

Reads the journal's one table that is small. What it cannot read (no journal, a newer one, one that has to be mended) it leaves to `journal`.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import fields
from urllib.parse import quote

from console.adapters.journal.run_summaries import found_run, summary_from
from console.ports.journal import RunSummary

SCHEMA = 4
"""The version of the journal's tables, as SQLite's `user_version`. A journal of a newer one is refused."""

PATIENCE = 10.0
"""Seconds that a writer or reader waits for another."""

_COLUMNS = ", ".join(f'"{field.name}"' for field in fields(RunSummary))
_NEWEST = "ORDER BY number DESC NULLS FIRST LIMIT ?"
_OPEN = f"SELECT {_COLUMNS} FROM runs WHERE outcome IS NULL AND kind != 'exec' AND ? IN ('', app) {_NEWEST}"  # noqa: S608 (names of our own)
_LAST = f"SELECT {_COLUMNS} FROM runs WHERE ? IN ('', app) {_NEWEST}"  # noqa: S608
_BEGINS = f"SELECT {_COLUMNS} FROM runs WHERE substr(run, 1, length(?)) = ? AND ? IN ('', app) {_NEWEST}"  # noqa: S608


def find_summaries(path: str, text: str, app: str = "") -> list[RunSummary] | None:
    """Runs that a person may mean by an id, a part of its beginning, `last`, or by nothing: those that are open. Newest first. None: ask the journal."""
    query, values = _BEGINS, (text, text, app, 100)
    if text in ("", "last"):
        query, values = (_LAST, (app, 1)) if text else (_OPEN, (app, 1000))  # type: ignore[assignment]
    try:
        with closing(sqlite3.connect(f"file:{quote(os.path.abspath(path))}?mode=ro", uri=True, timeout=PATIENCE)) as connection:
            if connection.execute("PRAGMA user_version").fetchone() != (SCHEMA,):
                return None
            found = [_summary(row) for row in connection.execute(query, values)]
    except sqlite3.Error:
        return None
    return found if text in ("", "last") else found_run(text, found)


def _summary(row: tuple[str, ...]) -> RunSummary:
    said = dict(zip((field.name for field in fields(RunSummary)), row, strict=True))
    return summary_from(said)
