"""What becomes of events of a run that stand on the machine that carried it, and not yet, or not all, in the record that machines share. Pure.

Both are chains: each event's hash is made of all before it. So two of them agree up to some event, and from there on at most one may be believed.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Literal, NamedTuple

Standing = Literal["whole", "ahead", "behind", "forked", "held"]
"""What stands here, against the record: the same; the record lacks the end; it has more; each has an end of its own; another engine carries the run."""


class Merge(NamedTuple):
    """What is to be done. `common`: the last event of which both have the same; 0: none."""

    standing: Standing
    common: int


def judge_merge(here: Sequence[str], there: Sequence[str], *, held: bool) -> Merge:
    """Judge a run's events by their hashes, in their order: `here` on this machine, `there` in the record.

    `held`: another engine has the run's lease. It alone writes to the run then, and what stands here alone waits, or stays apart.
    """
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(here, there, strict=False)))
    if common < min(len(here), len(there)):
        return Merge("forked", common)
    if len(there) > common:
        return Merge("behind", common)
    if len(here) == common:
        return Merge("whole", common)
    return Merge("held" if held else "ahead", common)
