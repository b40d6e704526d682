"""The chain of a run's events: each is bound by its hash to the one before, so that a record that was changed is not believed. Knows no storage."""

import hashlib
from collections.abc import Iterable, Iterator

from console.errors import ConsoleError, RecordAway
from console.model.events import AnyEvent
from console.wire.codec import encode_event


class JournalFault(ConsoleError):
    """The journal cannot be written, or cannot be believed."""


class JournalAway(JournalFault, RecordAway):
    """The journal's database does not answer, or the connection to it was lost: what was being written may be written or not."""


class RunDamaged(JournalFault):
    """The events of one run were changed after they were written, or cannot be read; others may be whole."""


def first_link(run: str) -> str:
    """Return what the chain of a run starts from (hex): it binds the events to their run."""
    return hashlib.sha256(run.encode()).hexdigest()


def next_link(before: str, payload: bytes) -> str:
    """Return the hash (hex) of an event: SHA-256 over the one before it and its own bytes."""
    return hashlib.sha256(bytes.fromhex(before) + payload).hexdigest()


def chained(run: str, events: Iterable[AnyEvent], last: int, link: str) -> Iterator[dict[str, object]]:
    """Yield the rows of events that follow event `last`, whose hash is `link`. Raises JournalFault where one does not follow."""
    for event in in_order(run, events, last):
        payload = encode_event(event)
        link = next_link(link, payload)
        kind = str(type(event).__struct_config__.tag)
        yield {"run": run, "seq": event.seq, "at": event.at, "type": kind, "payload": payload.decode(), "hash": link}


def in_order(run: str, events: Iterable[AnyEvent], last: int) -> Iterator[AnyEvent]:
    """Yield the events. Raises JournalFault where one does not follow the one before."""
    for event in events:
        if event.seq != last + 1:
            raise JournalFault(f"event {event.seq} of {run} cannot follow event {last} in the journal: another engine may have the run", f"deploy attach {run}")
        last = event.seq
        yield event


def broken(path: str, run: str, seq: int) -> RunDamaged:
    """Return the fault of an event that does not follow from the one before."""
    return RunDamaged(
        f"the record of {run} was changed after it was written: event {seq} does not follow from the one before ({path})",
        "restore the journal from a backup; what was changed cannot be told from it",
    )
