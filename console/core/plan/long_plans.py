"""A plan that is too long for one event is written down, and sent, in pieces: each fits into a frame with room to spare. Pure."""

from collections.abc import Iterable, Iterator

from console.model.events import Event, PlanMade, RollbackBegan, StepsPlanned
from console.model.plan import Steps
from console.model.values import changed

PIECE = 5_000
"""Steps of a piece. Packed they are some 100 KB, and 3 MB where no two hosts have anything in common; a frame may have 16 MB."""


def in_pieces(events: Iterable[Event], piece: int = PIECE) -> Iterator[Event]:
    """Return the events with the steps of long plans ahead of them. Folded they come to the same; the plan's digest is that of the whole."""
    for event in events:
        if isinstance(event, PlanMade | RollbackBegan) and len(event.plan.steps) > piece:
            steps = event.plan.steps
            last = (len(steps) - 1) // piece * piece
            yield from (StepsPlanned(steps=Steps(steps[begin : begin + piece])) for begin in range(0, last, piece))
            rest = changed(event.plan, steps=Steps(steps[last:]))
            yield changed(event, plan=rest, ahead=event.plan.size - rest.size)
        else:
            yield event
