"""Hosts with a new release against hosts with the old one: what was counted, and what follows from it. Values; the arithmetic is `core/analysis/`."""

from typing import Literal

import msgspec

Verdict = Literal["worse", "not-worse", "inconclusive"]


class Block(msgspec.Struct, frozen=True):
    """What was counted between two looks, of the same time on both sides. A host without counts for the whole of it is on neither."""

    seconds: float = 0.0
    new: int = 0
    """Requests to the hosts with the new release."""
    new_bad: int = 0
    old: int = 0
    old_bad: int = 0
    spread: float = 0.0
    """How far the hosts of one side are apart: the sum of squared differences from their side's mean, in the units of `expected`."""
    expected: float = 0.0
    """What `spread` would be on average if requests failed independently of each other."""


class Sequence(msgspec.Struct, frozen=True):
    """All blocks so far, as far as they matter: for each statement "at most r times" and "at least r times", by r, the logarithms of the evidence of each
    alternative to it."""

    total: Block = Block()
    at_most: dict[float, tuple[float, ...]] = {}
    at_least: dict[float, tuple[float, ...]] = {}


class Criteria(msgspec.Struct, frozen=True):
    """What is asked of a release."""

    not_worse: float = 2.0
    """It is not worse when its rate of bad requests is shown to be below so many times the old hosts'."""
    false_alarm: float = 0.01
    """At most so many good releases are called worse, however long and however often one looks."""
    limit: float | None = None
    """A share of bad requests that is good enough, whatever the old hosts' is; None: none."""
    missed: float = 0.05
    """At most so many releases that are worse than allowed are called not worse."""


class Reading(msgspec.Struct, frozen=True):
    """What all blocks of one metric come to by now."""

    metric: str = "error_rate"
    verdict: Verdict = "inconclusive"
    new: int = 0
    new_bad: int = 0
    old: int = 0
    old_bad: int = 0
    low: float | None = None
    """The rate of bad requests on new hosts is at least so many times that on old ones; None: no least is known."""
    high: float | None = None
    """At most so many times; None: no most is known."""
    wanted: float = 2.0
    """It is to be shown that it is below so many times."""
    limit: float | None = None
    """Or that the new hosts' share is below that."""
    bound: float | None = None
    """For slow requests: seconds that they are slower than."""
    dispersion: float = 1.0
    """How much more hosts differ than independent requests would have them: less is known from as many."""
    more: int | None = None
    """So many more requests to the new hosts, at present rates, until the verdict; None: it would not come."""
    seconds: float | None = None
    """The same as a time."""

    @property
    def new_rate(self) -> float:
        """The share of requests to new hosts that were bad; 0 without requests."""
        return self.new_bad / self.new if self.new else 0.0

    @property
    def old_rate(self) -> float:
        """The share of requests to old hosts that were bad; 0 without requests."""
        return self.old_bad / self.old if self.old else 0.0
