"""Whether a difference between two rates of bad requests may be chance. Pure.

New hosts against old ones of the same time: the sequential test of `core/analysis/` over the blocks of a breach. Against a rate that is fixed: how many
standard deviations of a binomial lie between them.
"""

import math
from collections.abc import Collection, Iterable

from console.core.analysis.dispersion import block_of, dispersion
from console.core.analysis.evidence import log_mean
from console.core.analysis.sequential import ABOVE, taken
from console.core.thresholds.pieces import Piece, Slots
from console.model.analysis import Block, Sequence

RISK = 0.001
"""At most so many stretches without a difference are called a breach: a run has some dozens of them."""
DEVIATIONS = 3.0


def exceeds(value: float, limit: float) -> bool:
    """Whether a number is above another one, by more than numbers differ that were kept as floats of 32 bits."""
    return value > limit + 1e-6 * max(1e-3, abs(limit))


def is_shown_worse(new: Slots, old: Slots, numbers: Collection[int], ratio: float) -> bool:
    """Whether those slots show that the new hosts' rate of bad requests is more than `ratio` times the old hosts'."""
    sequence = Sequence(at_most={ratio: (0.0,) * len(ABOVE)}, at_least={})
    for number in sorted(numbers, reverse=True):
        sequence = taken(sequence, _block(new.get(number, ()), old.get(number, ())))
    phi = dispersion(sequence.total.spread, sequence.total.expected)
    return log_mean(sequence.at_most[ratio], phi) >= -math.log(RISK)


def _block(new: Iterable[Piece], old: Iterable[Piece]) -> Block:
    return block_of(_counts(new), _counts(old), 0.0)


def _counts(pieces: Iterable[Piece]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for piece in pieces:
        requests, bad = found.get(piece.host, (0, 0))
        found[piece.host] = (requests + (piece.requests or 0), bad + piece.bad)
    return found


def is_shown_above(bad: int, requests: int, rate: float) -> bool:
    """Whether so many bad requests show a rate above that one."""
    if not 0.0 <= rate < 1.0:
        return False
    expected = requests * rate
    return bad - expected > DEVIATIONS * math.sqrt(expected * (1.0 - rate)) + 0.5
