"""Numbers over time, of hosts and of an environment as a whole, whatever source they come from. Values; who measures and who judges is elsewhere."""

from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from console.safe_text import SafeText

IN_EACH_LOOK: Final = ("cpu", "memory", "load")
"""What each look at a machine says."""
LIMITED: Final = (*IN_EACH_LOOK, "disk")
"""What every machine is asked for, and may have a limit."""
OF_MACHINES: Final = (*LIMITED, "net_in", "net_out")
"""All that every machine is asked for."""
SHARES: Final = frozenset({"cpu", "memory", "disk", "error_rate"})
"""Metrics of 0 to 1."""


class Measurement(msgspec.Struct, frozen=True, gc=False):
    """What one look at one metric gave.

    Shares (cpu, memory, disk, error_rate) are 0..1, latency is seconds, a load or the answer of a query is a plain number.
    """

    metric: str
    """cpu, memory, load, disk, error_rate, latency, or a name that the file gives."""
    host: str
    """Empty: of the environment as a whole."""
    at: float
    """The end of what it covers, on the engine's boot-time clock."""
    seconds: float = 0.0
    """How long a time it covers; 0: a moment."""
    value: float | None = None
    """None: it could not be measured, which is neither zero nor bad; or, of something that is counted, there was no request."""
    requests: int | None = None
    """Where requests are counted: how many there were in that time."""
    bad: int | None = None
    """And how many of them were bad: failed, or slower than the bound of `latency`."""
    problem: SafeText = SafeText("")
    """Why it could not be measured; empty: it was."""


class Measurements(Protocol):
    """What was measured lately. Reading costs no wait and touches nothing outside."""

    def window(self, metric: str, since: float, until: float) -> Mapping[str, tuple[Measurement, ...]]:
        """Return by host, oldest first, what ended after `since` and not after `until`. A host of which nothing is known is not there."""

    def copied(self, metric: str, since: float) -> "Measurements":
        """Return what there is of one metric since then, and a little before it, as it is now: it may be read in another thread."""
