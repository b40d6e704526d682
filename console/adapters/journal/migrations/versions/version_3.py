"""How each machine reaches the hosts of an environment, for `check` to compare: fingerprints of keys."""

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Add the table. A console of version 2 goes on without it."""
    op.create_table(
        "bastions",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("app", "environment", "mark")),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hosts", sa.Text, nullable=False),
    )
    op.execute("UPDATE journal_schema SET version = 3")
