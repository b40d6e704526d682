"""How events get into a run's record: stamped, without secrets, folded, and on the disk before anybody acts on them. Knows nothing else."""

from collections.abc import Iterable

from console.core.run.evolve import evolve
from console.model.events import AnyEvent, Event, stamped
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.journal import Journal
from console.wire.codec import gated


def written(journal: Journal, clock: Clock, state: RunState, events: Iterable[Event]) -> tuple[RunState, tuple[AnyEvent, ...]]:
    """Write events behind a run's last one; return the state after them, and the events as they stand.

    Raises ConsoleError where the journal cannot take them: then nothing happened.
    """
    after, found = state, list[AnyEvent]()
    for event in events:
        now = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        found.append(gated(stamped(event, after.seq + 1, now, clock.mono(), clock.boot)))  # type: ignore[arg-type] # every event is one of the union
        after = evolve(after, found[-1])
    journal.append(after.run, tuple(found))
    return after, tuple(found)
