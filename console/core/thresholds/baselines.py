"""What a metric was before a release. Pure. It is taken once and kept in the run's record: an engine that takes the run up has no measurements of that time.

An engine that was started for the run may have measured nothing before the first change. Then the hosts that are still old stand for it, while there are any.
"""

from collections.abc import Mapping
from typing import NamedTuple

from console.core.thresholds.pieces import is_of_the_environment, mean_of, side_of
from console.model.measurements import Measurements
from console.model.thresholds import Mean

BASELINE = 300.0
"""Seconds before the first change of a release that it is held against."""
WAITED = 10.0
"""Seconds after the first switch for which old hosts are waited for where nothing was measured before."""


class Before(NamedTuple):
    """The hosts of a release, and when it began to change them."""

    changed: float
    """The first change of any host."""
    switched: float
    hosts: tuple[str, ...]
    old: tuple[str, ...]
    """Those that it has not touched yet."""


def baseline_of(measurements: Measurements, metric: str, before: Before, now: float, patience: float) -> dict[str, Mean]:
    """Return by host what the metric was: before the first change, else on old hosts until now. A host that was not measured is not there."""
    found = _until(measurements, metric, dict.fromkeys(before.hosts, before.changed), patience)
    return found or _until(measurements, metric, dict.fromkeys(before.old, now), patience)


def _until(measurements: Measurements, metric: str, hosts: Mapping[str, float], patience: float) -> dict[str, Mean]:
    until = max(hosts.values(), default=0.0)
    window = measurements.window(metric, until - BASELINE, until)
    names = [""] if is_of_the_environment(window) else hosts
    found = {name: mean_of(side_of(window, {name: until - BASELINE}, until, patience).pieces) for name in names}
    return {name: mean for name, mean in found.items() if mean}


def is_complete(found: Mapping[str, Mapping[str, Mean]], before: Before, now: float) -> bool:
    """Whether that is all that will be known: every metric was measured, or nothing is waited for any more."""
    return all(found.values()) or not before.old or now - before.switched >= WAITED
