"""Canaries that are simulated, and how each rule judges them: how often it calls the new release worse, how soon, and how soon the test lets it go on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median

from console.core.analysis.sequential import begun, taken, verdict_of
from console.model.analysis import Block, Criteria
from console.model.values import changed
from tests.analysis.peers import mann_whitney, over_threshold
from tests.analysis.traffic import Traffic

BLOCKS = 60


@dataclass(frozen=True)
class Ended:
    """How one run ended: seconds until the rule spoke; None: it did not."""

    worse: float | None = None
    not_worse: float | None = None


@dataclass(frozen=True)
class Summary:
    """How many ended so, and the median of the seconds of those that did."""

    share: float
    seconds: float | None

    @staticmethod
    def of(found: Iterable[float | None]) -> "Summary":
        """Sum up seconds until something happened."""
        every = list(found)
        ended = [one for one in every if one is not None]
        return Summary(len(ended) / len(every), median(ended) if ended else None)

    def __str__(self) -> str:
        return f"{self.share:.1%}" + (f", {self.seconds:.0f} s" if self.seconds is not None else "")


def sequential(blocks: Iterable[Block], criteria: Criteria, *, ends: bool = True, dispersed: bool = True) -> Ended:
    """Judge block after block. `ends`: a verdict ends the run, as it does a step; else "worse" is waited for to the end."""
    sequence, found, seconds = begun(criteria, interval=False), Ended(), 0.0
    for block in blocks:
        seconds += block.seconds
        sequence = taken(sequence, block if dispersed else changed(block, expected=0.0))
        verdict = verdict_of(sequence, criteria)
        if verdict == "worse":
            return Ended(worse=seconds, not_worse=found.not_worse)
        if verdict == "not-worse" and found.not_worse is None:
            found = Ended(not_worse=seconds)
            if ends:
                return found
    return found


def peer(rule: Callable[[Sequence[Block]], bool], blocks: Iterable[Block]) -> Ended:
    """Look at all blocks so far after each of them."""
    seen: list[Block] = []
    for block in blocks:
        seen.append(block)
        if rule(seen):
            return Ended(worse=sum(one.seconds for one in seen))
    return Ended()


def alarms(traffic: Traffic, runs: int, seed: int, criteria: Criteria = Criteria(), *, dispersed: bool = True) -> Summary:  # noqa: B008
    """How often the test calls the release worse, however long it goes on: the guarantee is about that."""
    return Summary.of(sequential(traffic.blocks(Random(seed + run), BLOCKS), criteria, ends=False, dispersed=dispersed).worse for run in range(runs))


def goes_on(traffic: Traffic, runs: int, seed: int, criteria: Criteria) -> Summary:
    """How often, and when, the test lets it go on."""
    return Summary.of(sequential(traffic.blocks(Random(seed + run), BLOCKS), criteria).not_worse for run in range(runs))


def peers(traffic: Traffic, runs: int, seed: int) -> tuple[Summary, Summary]:
    """How often, and when, Mann-Whitney looked at after each block, and a threshold for 30 s, call it worse."""
    drawn = [list(traffic.blocks(Random(seed + run), BLOCKS)) for run in range(runs)]
    return Summary.of(peer(mann_whitney, one).worse for one in drawn), Summary.of(peer(over_threshold, one).worse for one in drawn)
