"""What hosts.toml says of each strategy: sizes, pauses, limits. How each changes hosts is in `core/plan/strategies/`."""

from typing import Literal

import msgspec

from console.model.application_metrics import MetricName
from console.model.number_of_hosts import NumberOfHosts


class Rolling(msgspec.Struct, frozen=True):
    """The rolling strategy: how many at once, when to stop for a person, how many may fail. `pause` is seconds."""

    batch: tuple[NumberOfHosts, ...] = (NumberOfHosts(count=1),)
    """Sizes of the waves; the last one repeats."""
    pause_after: int = 0
    max_failures: int = 0
    pause: float = 0.0
    on_failure: Literal["rollback", "pause", "stop"] = "rollback"


class Canary(msgspec.Struct, frozen=True):
    """The canary strategy: how many hosts have the new release at each step, and what lets it go on. `analysis` is seconds."""

    tags: tuple[str, ...] = ()
    """Hosts with any of these go first; empty: any."""
    steps: tuple[NumberOfHosts, ...] = (NumberOfHosts(share=0.1), NumberOfHosts(share=0.5), NumberOfHosts(share=1.0))
    by: Literal["hosts", "weight"] = "hosts"
    """`weight`: steps are shares of the traffic, which the balancers' weights give to hosts with the new release."""
    analysis: float = 300.0
    """The longest that a step is watched; 0: it is not."""
    judge: tuple[MetricName, ...] = ("error_rate", "latency")
    """Those of them that are counted."""
    not_worse: float = 2.0
    false_alarm: float = 0.01
    on_inconclusive: Literal["pause", "rollback", "proceed"] = "pause"


class BlueGreen(msgspec.Struct, frozen=True):
    """The blue/green strategy: how many seconds the old side stays ready for the way back."""

    keep_old: float = 3600.0
