"""Who looks on at a run where, what is shown of it to other machines, and by which login of the database a command was sent.

The server itself writes that login, and keeps what was sent as it is: whoever may only write rows cannot send in another's name.
"""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

_KEEP = """
CREATE FUNCTION deploy_command_login() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.login := OLD.login; NEW.run := OLD.run; NEW.person := OLD.person; NEW.command := OLD.command;
    ELSE
        NEW.login := session_user;
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Add them. A console of version 1 goes on to write what it knows."""
    op.create_table(
        "onlookers",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("run", "mark")),
        sa.Column("people", sa.Text, nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "shown",
        sa.Column("number", sa.BigInteger, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("run", "mark")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said", sa.Text, nullable=False),
    )
    op.create_index("shown_by_run", "shown", ["run", "number"])
    op.add_column("commands", sa.Column("login", sa.String, nullable=False, server_default=""))
    op.execute(_KEEP)
    op.execute("CREATE TRIGGER deploy_command_login BEFORE INSERT OR UPDATE ON commands FOR EACH ROW EXECUTE FUNCTION deploy_command_login()")
    op.execute("UPDATE journal_schema SET version = 2")
