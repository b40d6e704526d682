"""What a screen is told of an environment's numbers: which metrics there are, and how they went over time. Values."""

from typing import Literal

import msgspec

from console.safe_text import SafeText

Unit = Literal["share", "seconds", "bytes", "rate", "number"]
"""`bytes`, `rate`: a second."""


class MetricInfo(msgspec.Struct, frozen=True):
    """One metric of an environment."""

    name: str
    unit: Unit = "number"
    every: float = 1.0
    """Seconds between two looks; 0: it is measured when something else asks."""
    source: str = "machine"
    limits: tuple[float, ...] = ()
    """What thresholds allow, the lowest first."""
    quantile: float = 0.0
    """Of a histogram; 0: it is none."""


class Curve(msgspec.Struct, frozen=True):
    """One metric over time, oldest first: a place in each tuple is one stretch of time. None: a gap."""

    metric: str
    at: tuple[float, ...] = ()
    """The ends of the stretches, on the engine's boot-time clock."""
    value: tuple[float | None, ...] = ()
    """Of the environment, or of the one host that was asked for."""
    new: tuple[float | None, ...] = ()
    old: tuple[float | None, ...] = ()
    median: tuple[float | None, ...] = ()
    p95: tuple[float | None, ...] = ()
    highest: tuple[float | None, ...] = ()
    """Over the hosts."""


class NumbersSeen(msgspec.Struct, frozen=True):
    """The numbers of some time up to now."""

    infos: tuple[MetricInfo, ...] = ()
    """In the order in which they are shown."""
    curves: tuple[Curve, ...] = ()
    problems: dict[str, SafeText] = {}
    """By metric: why there is no number now."""
    now: float = 0.0
    """On the engine's boot-time clock."""
