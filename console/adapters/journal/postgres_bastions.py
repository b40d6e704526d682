"""What each machine says of how it reaches the hosts of an environment: a row for each, forgotten after a while. Knows SQL alone."""

from typing import Any

import sqlalchemy as sa

from console.adapters.journal.chain import JournalFault
from console.adapters.journal.environment_rows import Place
from console.model.bastions import Bastion, SshSeen
from console.safe_text import SafeText
from console.wire.codec import decoder, encode
from console.wire.frames import DecodeError

KEPT = 30
"""Days after which a machine that has looked at nothing since is not spoken of."""
BASTIONS = sa.Table(
    "bastions",
    sa.MetaData(),
    *(sa.Column(name, sa.String, primary_key=True) for name in ("app", "environment", "mark")),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
    sa.Column("hosts", sa.Text, nullable=False),
)
_hosts = decoder(dict[str, SshSeen])
_THERE = sa.text("SELECT to_regclass('bastions')")
_SAY = sa.text(
    "INSERT INTO bastions (app, environment, mark, name, seen, hosts) VALUES (:app, :environment, :mark, :name, clock_timestamp(), :hosts)"
    " ON CONFLICT (app, environment, mark) DO UPDATE SET name = excluded.name, seen = excluded.seen, hosts = excluded.hosts"
)
_FORGET = sa.text("DELETE FROM bastions WHERE seen < clock_timestamp() - make_interval(days => :kept)")


def told(connection: sa.Connection, path: str, place: Place, bastion: Bastion) -> tuple[Bastion, ...]:
    """Say how hosts are reached from that machine; what other machines say, the newest first. Raises JournalFault for tables of before version 3."""
    if connection.execute(_THERE).scalar() is None:
        raise JournalFault(f"the tables of the journal {path} are older than this console's", "deploy engine migrate")
    here = {"app": place[0], "environment": place[1]}
    connection.execute(_SAY, {**here, "mark": bastion.mark, "name": str(bastion.name), "hosts": encode(bastion.hosts).decode()})
    connection.execute(_FORGET, {"kept": KEPT})
    rows = sa.select(BASTIONS, sa.func.to_char(sa.func.timezone("UTC", BASTIONS.c.seen), 'YYYY-MM-DD"T"HH24:MI:SS"Z"').label("at"))
    others = rows.where(BASTIONS.c.app == place[0], BASTIONS.c.environment == place[1], BASTIONS.c.mark != bastion.mark).order_by(BASTIONS.c.seen.desc())
    return tuple(found for row in connection.execute(others) if (found := _bastion(row)))


def _bastion(row: Any) -> Bastion | None:  # noqa: ANN401 (a row of the table)
    """What a machine says; None where another version of the console says it in another way."""
    try:
        return Bastion(row.mark, SafeText(row.name), row.at, _hosts(row.hosts.encode()))
    except DecodeError:
        return None
