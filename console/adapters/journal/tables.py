"""The journal's tables, and how a line of the history is made of a row. Knows what stands where; nothing of files, threads or chains."""

from functools import reduce
from typing import Any

import sqlalchemy as sa

from console.adapters.journal.run_search import OPEN, SEARCHED, summary_from
from console.model.run_summary import RunSummary

META = sa.MetaData()
SINCE_4 = ("from_version", "asked", "reason")
"""Columns of a run that came with format 4 of the journal; of older runs they are empty."""
RUNS = sa.Table(
    "runs",
    META,
    sa.Column("run", sa.String, primary_key=True),
    sa.Column("app", sa.String, nullable=False),
    sa.Column("environment", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("commit", sa.String, nullable=False),
    sa.Column("strategy", sa.String, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("started", sa.String, nullable=False),
    sa.Column("ended", sa.String),
    sa.Column("outcome", sa.String),
    sa.Column("exit", sa.Integer),
    sa.Column("number", sa.Integer),
    *(sa.Column(name, sa.String, nullable=False, server_default="") for name in SINCE_4),
)
EVENTS = sa.Table(
    "events",
    META,
    sa.Column("run", sa.String, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("hash", sa.String, nullable=False),
)
ENVIRONMENTS = sa.Table(
    "environments",
    META,
    sa.Column("app", sa.String, primary_key=True),
    sa.Column("environment", sa.String, primary_key=True),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("run", sa.String, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
)
"""The position of each environment's record: the newest run and its last event that it covers. `revision` grows with every change."""
ENVIRONMENT_ROWS = sa.Table(
    "environment_rows",
    META,
    sa.Column("app", sa.String, primary_key=True),
    sa.Column("environment", sa.String, primary_key=True),
    sa.Column("part", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""Each environment's record, part by part: a host, a release, the rest."""
PAST_RUNS = sa.Table(
    "past_runs",
    META,
    sa.Column("run", sa.String, primary_key=True),
    sa.Column("app", sa.String, nullable=False),
    sa.Column("environment", sa.String, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
)
"""Ended runs' states, trimmed to what a rollback needs."""
sa.Index("past_runs_by_number", PAST_RUNS.c.app, PAST_RUNS.c.environment, PAST_RUNS.c.number)
RUNS_BY_NUMBER = sa.Index("runs_by_number", RUNS.c.number)
NEWEST = RUNS.c.number.desc().nulls_first()
"""A run without a number was written by an older console since the journal was last opened."""
_SAID: sa.ColumnElement[Any] = sa.func.coalesce(RUNS.c.outcome, OPEN)
LINE = sa.func.lower(reduce(lambda line, name: line + " " + RUNS.c[name], SEARCHED, _SAID))
"""What the words of a search are looked for in."""


def summary_of(row: Any) -> RunSummary:  # noqa: ANN401 (a row of the table)
    """Return a line of the history."""
    return summary_from(row._mapping)
