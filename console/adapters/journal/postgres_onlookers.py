"""Who looks on at a run where, and what its engine shows other machines of it beside its events: rows that are forgotten after a while. Knows SQL alone."""

import sqlalchemy as sa

from console.model.onlooker import Onlooker, SeenElsewhere
from console.wire.codec import decoder, encode

HERE = 15
"""Seconds for which an engine's word holds who looks on there."""
KEPT = 30
"""Seconds for which what is shown stays, for whoever comes, or was away for a moment."""
ONLOOKERS = sa.Table(
    "onlookers",
    sa.MetaData(),
    sa.Column("run", sa.String, primary_key=True),
    sa.Column("mark", sa.String, primary_key=True),
    sa.Column("people", sa.Text, nullable=False),
    sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
)
"""By run and engine."""
SHOWN = sa.Table(
    "shown",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("run", sa.String, nullable=False),
    sa.Column("mark", sa.String, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("said", sa.Text, nullable=False),
)
sa.Index("shown_by_run", SHOWN.c.run, SHOWN.c.number)
_people = decoder(tuple[Onlooker, ...])
_SAY = sa.text(
    "INSERT INTO onlookers (run, mark, people, expires) VALUES (:run, :mark, :people, clock_timestamp() + make_interval(secs => :here))"
    " ON CONFLICT (run, mark) DO UPDATE SET people = excluded.people, expires = excluded.expires"
)
_FORGET = sa.text("DELETE FROM shown WHERE at < clock_timestamp() - make_interval(secs => :kept)")
_LEFT = sa.text("DELETE FROM onlookers WHERE (run = :run AND mark = :mark) OR expires < clock_timestamp()")
_UNHURRIED = sa.text("SET LOCAL synchronous_commit TO off")
"""Nothing of this is worth waiting for the disk."""


def say(connection: sa.Connection, run: str, mark: str, people: tuple[Onlooker, ...], items: str) -> None:
    """Say who looks on at this engine, and show `items` (empty: nothing is shown)."""
    connection.execute(_UNHURRIED)
    if people:
        connection.execute(_SAY, {"run": run, "mark": mark, "people": encode(people).decode(), "here": HERE})
    else:
        connection.execute(_LEFT, {"run": run, "mark": mark})
    if items:
        connection.execute(sa.insert(SHOWN).values(run=run, mark=mark, at=sa.func.clock_timestamp(), said=items))
        connection.execute(_FORGET, {"kept": KEPT})


def seen(connection: sa.Connection, run: str, mark: str, place: int) -> SeenElsewhere:
    """Return what engines other than the one of that mark say, from that place on."""
    others = sa.select(ONLOOKERS.c.people).where(ONLOOKERS.c.run == run, ONLOOKERS.c.mark != mark, ONLOOKERS.c.expires > sa.func.clock_timestamp())
    people = [person for text in connection.execute(others).scalars() for person in _people(text.encode())]
    after = sa.select(SHOWN.c.number, SHOWN.c.said).where(SHOWN.c.run == run, SHOWN.c.mark != mark, SHOWN.c.number > place)
    rows = connection.execute(after.order_by(SHOWN.c.number)).all()
    return SeenElsewhere(tuple(people), tuple(row.said for row in rows), rows[-1].number if rows else place)
