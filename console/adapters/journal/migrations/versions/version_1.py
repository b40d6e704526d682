"""The tables of the first journal on PostgreSQL: runs, events, each environment's record, ended runs as a rollback needs them, who carries what, and
what is said to a run from elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make the tables of the first shared record, and the row that says which version they are."""
    op.create_table(
        "runs",
        sa.Column("run", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("app", "environment", "kind", "version", "commit", "strategy", "by", "started")),
        sa.Column("ended", sa.String),
        sa.Column("outcome", sa.String),
        sa.Column("exit", sa.Integer),
        sa.Column("number", sa.Integer),
        *(sa.Column(name, sa.String, nullable=False, server_default="") for name in ("from_version", "asked", "reason")),
    )
    op.create_index("runs_by_number", "runs", ["number"])
    op.create_table(
        "events",
        sa.Column("run", sa.String, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )
    _make_environments()
    op.create_table(
        "leases",
        sa.Column("run", sa.String, primary_key=True),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("mark", sa.String, nullable=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "commands",
        sa.Column("number", sa.BigInteger, primary_key=True),
        *(sa.Column(name, kind, nullable=False) for name, kind in (("run", sa.String), ("person", sa.Text), ("command", sa.Text))),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken", sa.DateTime(timezone=True)),
        sa.Column("answer", sa.Text),
    )
    op.create_index("commands_by_run", "commands", ["run"])
    versions = op.create_table(
        "journal_schema", sa.Column("version", sa.Integer, primary_key=True, autoincrement=False), sa.Column("oldest", sa.Integer, nullable=False)
    )
    op.bulk_insert(versions, [{"version": 1, "oldest": 1}])


def _make_environments() -> None:
    op.create_table(
        "environments",
        sa.Column("app", sa.String, primary_key=True),
        sa.Column("environment", sa.String, primary_key=True),
        *(sa.Column(name, kind, nullable=False) for name, kind in (("format", sa.Integer), ("run", sa.String))),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("number", "seq", "revision")),
    )
    op.create_table(
        "environment_rows",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("app", "environment", "part", "name")),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "past_runs",
        sa.Column("run", sa.String, primary_key=True),
        sa.Column("app", sa.String, nullable=False),
        sa.Column("environment", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("past_runs_by_number", "past_runs", ["app", "environment", "number"])
