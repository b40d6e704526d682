"""Which engine carries which run, over all machines: a row for each run, good until a time of the database's clock. Knows SQL; not what carrying means.

Each engine that takes a run up raises the row's token, so whoever had it before can be told from whoever has it now.
"""

import sqlalchemy as sa

from console.adapters.engine_identity import is_gone
from console.model.carrier import Carrier
from console.ports.sharing_machines import LEASE
from console.wire.codec import decoder, encode

LEASES = sa.Table(
    "leases",
    sa.MetaData(),
    sa.Column("run", sa.String, primary_key=True),
    sa.Column("token", sa.Integer, nullable=False),
    sa.Column("mark", sa.String, nullable=False),
    sa.Column("carrier", sa.Text, nullable=False),
    sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
)
FAR = 60.0
"""Seconds from now for which nobody's word holds: one that says so is of a clock of the database that was set back since, or of a server that took over."""
KEPT = 30
"""Days after which the lease of a run that is over is forgotten. Whoever had it and comes back after that finds the run's last event, which its own do not
follow: nothing of it is written."""
ROOM = 1000
"""Rows that are forgotten at once."""
_FORGET = sa.text(
    "DELETE FROM leases WHERE run IN (SELECT leases.run FROM leases LEFT JOIN runs ON runs.run = leases.run"
    " WHERE leases.expires < clock_timestamp() - make_interval(days => :kept) AND (runs.run IS NULL OR runs.outcome IS NOT NULL)"
    " LIMIT :room FOR UPDATE OF leases SKIP LOCKED)"
)
_decoded = decoder(Carrier)
_TAKE = sa.text(
    "INSERT INTO leases (run, token, mark, carrier, expires) VALUES (:run, 1, :mark, :carrier, clock_timestamp() + make_interval(secs => :seconds))"
    " ON CONFLICT (run) DO UPDATE SET token = leases.token + (leases.mark <> excluded.mark)::int, mark = excluded.mark, carrier = excluded.carrier,"
    " expires = excluded.expires WHERE leases.mark = excluded.mark OR (NOT :renews"
    " AND (leases.expires < clock_timestamp() OR leases.expires > clock_timestamp() + make_interval(secs => :far))) RETURNING token"
)
_GOOD = sa.text("SELECT run, carrier FROM leases WHERE expires > clock_timestamp() AND expires <= clock_timestamp() + make_interval(secs => :far)")


def take(connection: sa.Connection, run: str, carrier: Carrier, *, renews: bool = False) -> int | Carrier:
    """Take the run's lease: its token, which is this engine's from now on; else who has it.

    `renews`: this engine has had it; whoever took it since is told, though that one's word may be over by now.
    """
    if not renews:
        connection.execute(_FORGET, {"kept": KEPT, "room": ROOM})
    asked = {"run": run, "mark": carrier.mark, "carrier": encode(carrier).decode(), "seconds": LEASE, "renews": renews, "far": FAR}
    if (token := connection.execute(_TAKE, asked).scalar()) is not None:
        return int(token)
    held = connection.execute(sa.select(LEASES.c.carrier).where(LEASES.c.run == run)).scalar_one()
    other = _carrier(held)
    if renews or not is_gone(other):
        return other
    end(connection, run, other)  # it died here, and does not come back
    return take(connection, run, carrier)


def end(connection: sa.Connection, run: str, carrier: Carrier) -> None:
    """Have the lease be over, if it is this engine's. The row stays, for its token."""
    mine = sa.and_(LEASES.c.run == run, LEASES.c.mark == carrier.mark)
    connection.execute(sa.update(LEASES).where(mine).values(expires=sa.func.clock_timestamp()))


def taken_since(connection: sa.Connection, run: str, token: int) -> Carrier | None:
    """Return which engine has taken the run's lease after the one with that token; None: none has, and none does before this transaction ends."""
    row = connection.execute(sa.select(LEASES.c.token, LEASES.c.carrier).where(LEASES.c.run == run).with_for_update(read=True)).first()
    return None if row is None or row.token == token else _carrier(row.carrier)


def carried(connection: sa.Connection) -> dict[str, Carrier]:
    """Return the runs whose lease is good, and who has it."""
    found = {row.run: _carrier(row.carrier) for row in connection.execute(_GOOD, {"far": FAR})}
    return {run: carrier for run, carrier in found.items() if not is_gone(carrier)}


def _carrier(text: str) -> Carrier:
    found: Carrier = _decoded(text.encode())
    return found
