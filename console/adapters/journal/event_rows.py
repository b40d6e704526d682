"""The events of a run as rows: read by pages, and each verified against the one before. Knows their table; nothing of threads."""

from typing import Any

import sqlalchemy as sa

from console.adapters.journal.chain import RunDamaged, broken, first_link, next_link
from console.adapters.journal.tables import EVENTS
from console.model.events import AnyEvent
from console.wire.codec import decode_event
from console.wire.frames import DecodeError

PAGE = 2000
"""Events read at once."""


def last_event(connection: sa.Connection, run: str) -> tuple[int, str]:
    """Return the number of a run's last event, and its hash (hex); of a run without events 0, and what its first one is chained to."""
    query = sa.select(EVENTS.c.seq, EVENTS.c.hash).where(EVENTS.c.run == run).order_by(EVENTS.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return (row.seq, row.hash) if row else (0, first_link(run))


def events_after(connection: sa.Connection, path: str, run: str, after: int = 0, *, holds: bool = True) -> tuple[AnyEvent, ...]:
    """Return the events of a run after that number. Raises RunDamaged where the chain does not hold; `path`: what people call the record.

    `holds`: all in one transaction; otherwise one for each page, so that a writer waits for a page at most.
    """
    events: list[AnyEvent] = []
    link, seq = _link_at(connection, run, after), after
    while page := _page(connection, run, seq):
        if not holds:
            connection.rollback()
        for row in page:
            link = _verified(path, run, seq, link, row)
            events.append(event_of(path, run, row))
            seq = row.seq
    return tuple(events)


def event_of(path: str, run: str, row: Any) -> AnyEvent:  # noqa: ANN401 (a row of the table)
    """Return the event of a row. Raises RunDamaged where it cannot be read."""
    try:
        return decode_event(row.payload.encode())
    except DecodeError as problem:
        raise RunDamaged(f"event {row.seq} of {run} in {path} is {problem.message}", problem.hint) from None


def _link_at(connection: sa.Connection, run: str, seq: int) -> str:
    if seq <= 0:
        return first_link(run)
    found = connection.execute(sa.select(EVENTS.c.hash).where(EVENTS.c.run == run, EVENTS.c.seq == seq)).scalar()
    return str(found) if found else ""


def _page(connection: sa.Connection, run: str, after: int) -> list[Any]:
    query = sa.select(EVENTS).where(EVENTS.c.run == run, EVENTS.c.seq > after).order_by(EVENTS.c.seq).limit(PAGE)
    return list(connection.execute(query))


def _verified(path: str, run: str, seq: int, link: str, row: Any) -> str:  # noqa: ANN401 (a row of the table)
    if row.seq != seq + 1 or not link or next_link(link, row.payload.encode()) != row.hash:
        raise broken(path, run, seq + 1)
    return str(row.hash)
