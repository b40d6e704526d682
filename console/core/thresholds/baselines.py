"""What a metric was before a release. Pure. It is taken once, at the first switch, and kept in the run's record: an engine that takes the run up has no
measurements of that time."""

from collections.abc import Iterable

from console.core.thresholds.pieces import is_of_the_environment, mean_of, side_of
from console.model.measurements import Measurements
from console.model.thresholds import Mean

BASELINE = 300.0
"""Seconds before the first change of a release that it is held against."""


def baseline_of(measurements: Measurements, metric: str, hosts: Iterable[str], until: float, patience: float) -> dict[str, Mean]:
    """Return by host what the metric was in the time up to `until`, the first change of the release. A host that was not measured then is not there."""
    since = until - BASELINE
    window = measurements.window(metric, since, until)
    names = [""] if is_of_the_environment(window) else hosts
    found = {name: mean_of(side_of(window, {name: since}, until, patience).pieces) for name in names}
    return {name: mean for name, mean in found.items() if mean}
