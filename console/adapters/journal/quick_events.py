"""A run's events without the journal's library, which takes longer to load than they to be read. What does not hold is left to the journal, which says why."""

from console.adapters.journal.chain import first_link, next_link
from console.adapters.journal.quick_history import Quick
from console.model.events import AnyEvent
from console.wire.codec import decode_event
from console.wire.frames import DecodeError


def events_of(record: Quick, run: str) -> tuple[AnyEvent, ...] | None:
    """Return every event of a run, its chain verified. None: ask the journal."""
    rows = record.ask("SELECT seq, payload, hash FROM events WHERE run = ? ORDER BY seq", (run,))
    if rows is None:
        return None
    link, events = first_link(run), list[AnyEvent]()
    for seq, payload, found in rows:
        link = next_link(link, payload.encode())
        if (seq, found) != (len(events) + 1, link):
            return None
        try:
            events.append(decode_event(payload.encode()))
        except DecodeError:
            return None
    return tuple(events)
