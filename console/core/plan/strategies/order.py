"""What a strategy is asked for, and what it answers. Pure; which strategies there are is in `core/plan/strategies/registry.py`."""

from dataclasses import dataclass, field
from typing import NamedTuple

from console.core.traffic.serving import OutBefore
from console.core.traffic.shares import Loads
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.plan import Step

Waves = tuple[tuple[Host, ...], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A release that is to be put in service on hosts that have it on their disks, or will have."""

    environment: Environment
    hosts: tuple[Host, ...]
    release: str
    first: frozenset[str]
    """Hosts that never had a release: nothing is stopped there."""
    prepared: dict[str, str]
    """By host: its last step before it changes. The host itself waits for that too, as one that is tried again has it still to do."""
    before: tuple[str, ...] = ()
    """Steps of the whole run that come before the first change: the database's."""
    out: OutBefore = field(default_factory=dict)
    """Hosts that somebody else has taken out of the traffic."""
    aside: frozenset[str] = frozenset()
    """For blue/green: hosts of the idle side that get requests until now."""
    loads: Loads = field(default_factory=dict)
    """What hosts carry, for a strategy that goes by shares of the traffic."""


class ChangeOfHosts(NamedTuple):
    """How hosts change: in which waves, by which steps, and what is over once all have."""

    waves: Waves
    steps: tuple[Step, ...]
    ends: tuple[str, ...]
