"""What two looks at an application's or a balancer's counters come to: requests and bad ones in between, a share, a rate, or a quantile. Pure.

Counters are subtracted within one life of their process alone, and only while they grow. What lies across a restart is a gap: neither a peak nor zero.
A look that failed makes the next one longer, by the time that has really gone by.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from console.core.metrics.counters import Buckets, added, buckets_of, counts_of, incarnation_of
from console.model.application_metrics import CountedMetric, Series, Unreadable
from console.model.measurements import Measurement
from console.safe_text import SafeText

RESTARTED = SafeText("it was restarted: its counters began anew")


@dataclass(frozen=True, slots=True)
class CounterLook:
    """What one look at one metric of one host found."""

    at: float
    life: str
    """Which life of the process counts; empty: it does not say."""
    requests: float
    bad: float
    buckets: Mapping[float, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Increase:
    """What was counted between two looks: the `seconds` up to `at`."""

    at: float
    seconds: float
    requests: float
    bad: float
    buckets: Mapping[float, float] = field(default_factory=dict)


def looked_at(host: str, metric: CountedMetric, series: tuple[Series, ...], at: float, bound: float | None = None) -> CounterLook | Unreadable:
    """Read one look. `bound`: for a histogram, what a slow request is slower than."""
    counts = counts_of(host, metric, series, bound)
    if isinstance(counts, Unreadable):
        return counts
    if not metric.histogram:
        return CounterLook(at, counts.incarnation, counts.requests, counts.bad)
    buckets = buckets_of(metric, series)
    return buckets if isinstance(buckets, Unreadable) else CounterLook(at, incarnation_of(series), counts.requests, counts.bad, dict(buckets))


def increase(before: CounterLook, now: CounterLook) -> Increase | None:
    """Return what was counted between two looks; None where they cannot be subtracted. A request that reached no process may be counted as bad alone."""
    if before.life != now.life or now.at <= before.at or now.requests < before.requests or now.bad < before.bad or set(before.buckets) != set(now.buckets):
        return None
    buckets = {bound: count - before.buckets[bound] for bound, count in now.buckets.items()}
    if any(count < 0 for count in buckets.values()):
        return None
    bad = now.bad - before.bad
    return Increase(now.at, now.at - before.at, max(now.requests - before.requests, bad), bad, buckets)


def together(every: Iterable[Increase]) -> Increase | None:
    """Return what several hosts counted, as one; None: none did."""
    found = list(every)
    if not found:
        return None
    buckets = added(one.buckets for one in found if one.buckets)
    return Increase(
        max(one.at for one in found), max(one.seconds for one in found), sum(one.requests for one in found), sum(one.bad for one in found), dict(buckets)
    )  # fmt: skip


def measured(metric: CountedMetric, host: str, found: Increase) -> Measurement:
    """Return the number: for a histogram the quantile (seconds), for a counter with labels the share of bad ones, for another one how much it grew a second.

    Without a request there is no share and no quantile.
    """
    if not metric.histogram and not metric.errors:
        return Measurement(metric.name, host, found.at, found.seconds, found.requests / found.seconds)
    requests, bad = round(found.requests), round(found.bad)
    if not requests:
        return Measurement(metric.name, host, found.at, found.seconds, None, 0, 0)
    value = quantile_of(found.buckets, metric.quantile) if metric.histogram else bad / requests
    return Measurement(metric.name, host, found.at, found.seconds, value, requests, bad)


def quantile_of(buckets: Buckets, quantile: float) -> float | None:
    """Return the quantile as Prometheus' `histogram_quantile` does, so that both show the same number.

    Within its bucket it is interpolated: it lies somewhere between that bucket's two bounds. Above the last finite bound it is that bound: at least so much.
    """
    total = buckets.get(math.inf, 0.0)
    if not total:
        return None
    below, before = 0.0, 0.0
    for bound, count in sorted(buckets.items()):
        if count >= quantile * total and count > before:
            if math.isinf(bound):
                return below
            return below + (bound - below) * (quantile * total - before) / (count - before)
        below, before = bound, count
    return below


def unmeasured(metric: str, host: str, at: float, problem: SafeText) -> Measurement:
    """Return a gap, and why it is one."""
    return Measurement(metric, host, at, problem=problem)
