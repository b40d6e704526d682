"""For how long something has been above a limit without a break, up to the newest measurement. Pure.

A slot without a measurement is neither: it ends nothing, and its time does not count.
"""

from collections.abc import Callable
from typing import NamedTuple

from console.core.thresholds.pieces import Piece, Slots

Above = Callable[[int], bool | None]
"""Whether the slot of that number is above the limit; None: that is not known."""


class BreachStretch(NamedTuple):
    """A time that is above a limit."""

    since: float
    seconds: float
    """So much of it was measured."""
    slots: tuple[int, ...]
    """The newest first."""


def stretch_of(slots: Slots, above: Above, until: float, width: float, is_above: Callable[[Piece], bool]) -> BreachStretch | None:
    """Return the time up to `until` that is above the limit; None: the newest slot that is known is not.

    `is_above`: whether a single piece is. The breach began with the first one of the oldest slot, not with the slot; and it has lasted until the last one.
    """
    kept: list[int] = []
    gaps = counted = 0
    for number in range(max(slots, default=-1) + 1):
        verdict = above(number) if number in slots else None
        if verdict is None:
            gaps += 1
        elif verdict:
            kept.append(number)
            counted = gaps
        else:
            break
    if not kept:
        return None
    oldest = slots[kept[-1]]
    since = min((piece.start for piece in oldest if is_above(piece)), default=min(piece.start for piece in oldest))
    last = max((piece.end for piece in slots[kept[0]] if is_above(piece)), default=until)
    return BreachStretch(since, max(0.0, last - since - (counted - kept[0]) * width), tuple(kept))
