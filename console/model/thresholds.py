"""Limits of metrics, and what is found when they are looked at: values. What a look comes to is decided in `core/thresholds/`.

Numbers are in the metric's own unit (`model/measurements.py`); times are seconds, moments are on the boot-time clock.
"""

from typing import Literal

import msgspec

from console.safe_text import SafeText

Then = Literal["rollback", "propose", "warn"]
"""What a breach is followed by: hosts go back by themselves; a person is asked to take them back; it is shown, and no other host begins while it lasts."""

Bound = Literal["above", "above_baseline", "above_old"]
"""A limit of its own; against the time before the release; new hosts against old ones of the same time."""


class Threshold(msgspec.Struct, frozen=True):
    """One `[[thresholds]]` of the file. Each of its limits is enough for a breach."""

    metric: str
    above: float | None = None
    above_baseline: float | None = None
    """So much more than before the release, as a share: 0.5 is half as much again."""
    above_old: float | None = None
    """So much more than the old hosts have at the same time, as a share."""
    seconds: float = msgspec.field(default=30.0, name="for")
    """A breach must last so long."""
    min_requests: int = 0
    """With fewer requests to new hosts in that time nothing is concluded."""
    then: Then = "propose"

    @property
    def key(self) -> str:
        """What tells it from every other threshold of its environment."""
        return f"{self.metric} {self.above} {self.above_baseline} {self.above_old} {self.seconds:g} {self.min_requests} {self.then}"

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """The names of the limits that it has; there may be several."""
        given: tuple[tuple[Bound, float | None], ...] = (
            ("above", self.above), ("above_baseline", self.above_baseline), ("above_old", self.above_old),
        )  # fmt: skip
        return tuple(name for name, value in given if value is not None)


class Mean(msgspec.Struct, frozen=True):
    """What a host, or an environment as a whole (by the name ""), had of a metric over some time."""

    value: float
    seconds: float = 0.0
    """So much of that time was measured."""
    requests: int | None = None
    """None: the metric counts none."""
    bad: int = 0


class Judgement(msgspec.Struct, frozen=True, tag_field="verdict", kw_only=True):
    """What one look at a threshold found, with the numbers that it judged."""

    bound: Bound = "above"
    """The limit that decided."""
    value: float | None = None
    """What the hosts with the new release have; None: it is not known."""
    limit: float | None = None
    """What it is held against."""
    old: float | None = None
    """What the hosts with the old release have at the same time; None: there are none, or it is not known."""
    baseline: float | None = None
    """What was before the release; None: it is not known, or not asked for."""
    seconds: float = 0.0
    """How long it has been above the limit, times without a measurement not counted."""
    requests: int | None = None
    """To new hosts, in the time that is judged; None: the metric counts none."""
    hosts: tuple[str, ...] = ()
    """New hosts that it speaks of; for numbers that each host has for itself, those above the limit."""
    unmeasured: tuple[str, ...] = ()
    """New hosts that gave no measurement lately."""
    problem: SafeText = SafeText("")
    """Why they, or the metric, could not be measured."""


class Within(Judgement, frozen=True, tag="within"):
    """It was measured on every new host, and was not above the limit for long."""


class Crossed(Judgement, frozen=True, tag="crossed"):
    """It is above the limit, and only the last seconds of `for` are left until that is a breach."""

    due: float = 0.0
    """When it will be one."""


class Breached(Judgement, frozen=True, tag="breached"):
    """It has been above the limit for as long as `for` says."""


class BothSides(Judgement, frozen=True, tag="both-sides"):
    """The same, and old hosts are above the limit as well, not much less: an outage, of which the release need not be the cause."""


class BadBefore(Judgement, frozen=True, tag="bad-before"):
    """It is above the limit, and was so before the release, not much less: the release has not made it worse."""


class Inconclusive(Judgement, frozen=True, tag="inconclusive"):
    """There is nothing to conclude from: too few requests, no hosts to compare, or a difference that may be chance."""

    needed: int = 0
    """So many requests are needed; 0: it is for another reason, which `problem` says."""


class Unmeasured(Judgement, frozen=True, tag="unmeasured"):
    """It could not be measured on new hosts lately. That is an error: neither zero nor good."""


Verdict = Within | Crossed | Breached | BothSides | BadBefore | Inconclusive | Unmeasured


class ThresholdState(msgspec.Struct, frozen=True):
    """What a run knows of one threshold."""

    threshold: Threshold
    verdict: Verdict
    told: float
    """When it was last told of."""
    breached: int = 0
    """The number of the event with which it became a breach, on one side or on both: it stays the same for as long as that lasts. 0: it is none."""
    over: int = 0
    """The number of the event with which it went above its limit; it stays the same until it is not above it any more. 0: it is not."""
    held_by_person: bool = False
    """A person has paused the run while it was above its limit: nothing goes back by itself."""
    tolerated: bool = False
    """A person who was told of it has gone on in spite of it. Both end once it is not above its limit any more."""

    @property
    def is_over(self) -> bool:
        """Whether it is above its limit, for long or for nearly so."""
        return isinstance(self.verdict, Crossed | Breached | BothSides)

    @property
    def is_breached(self) -> bool:
        """Whether it has been above its limit for as long as `for` says."""
        return isinstance(self.verdict, Breached | BothSides)
