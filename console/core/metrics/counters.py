"""An application's own counters as requests and bad requests of a host: by a counter's labels, or by a histogram's bucket. Pure.

Source of what a histogram's buckets mean: prometheus.io/docs/practices/histograms. Shares below a bound are exact; a quantile is known as a range only.
"""

import math
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from console.core.metrics.exposition import START
from console.model.application_metrics import CountedMetric, Series, Unreadable
from console.model.traffic import ServerCounts
from console.safe_text import SafeText

Buckets = Mapping[float, float]
"""By bound (seconds, mostly; the last one is infinity): how many were at most so long."""


def counts_of(host: str, metric: CountedMetric, series: Iterable[Series], bound: float | None = None) -> ServerCounts | Unreadable:
    """Return how many requests a host had, and how many were bad. `bound`: for a histogram, what a slow request is slower than."""
    every = tuple(series)
    if not metric.histogram:
        return _by_labels(host, metric, every)
    buckets = buckets_of(metric, every)
    if isinstance(buckets, Unreadable):
        return buckets
    if bound is None or bound not in buckets:
        return Unreadable(SafeText(f"{metric.histogram} has no bucket {'to go by' if bound is None else f'of {bound:g}'}"))
    total = round(buckets[math.inf])
    return ServerCounts(host, incarnation_of(every), total, total - round(buckets[bound]))


def incarnation_of(series: Iterable[Series]) -> str:
    """Return which life of the process counts; empty: it does not say."""
    return next((f"{one.value:.3f}" for one in series if one.name == START), "")


def _by_labels(host: str, metric: CountedMetric, series: tuple[Series, ...]) -> ServerCounts | Unreadable:
    mine = [one for one in series if one.name == metric.counter]
    if not mine:
        return Unreadable(SafeText(f"there is no {metric.counter}"))
    if any(not math.isfinite(one.value) or one.value < 0 for one in mine):
        return Unreadable(SafeText(f"{metric.counter} is no count"))
    patterns = {label: re.compile(pattern) for label, pattern in metric.errors.items()}
    bad = sum(one.value for one in mine if all(pattern.fullmatch(one.labels.get(label, "")) for label, pattern in patterns.items()))
    return ServerCounts(host, incarnation_of(series), round(sum(one.value for one in mine)), round(bad))


def buckets_of(metric: CountedMetric, series: Iterable[Series]) -> Buckets | Unreadable:
    """Return a histogram's buckets, added over all its other labels. Bounds are compared as numbers: `1` is `1.0`."""
    found: dict[float, float] = {}
    for one in series:
        if one.name == f"{metric.histogram}_bucket":
            bound = _number(one.labels.get("le", ""))
            if bound is None or not math.isfinite(one.value):
                return Unreadable(SafeText(f"a bucket of {metric.histogram} has no bound or no count"))
            found[bound] = found.get(bound, 0.0) + one.value
    ordered = dict(sorted(found.items()))
    if math.inf not in ordered:
        return Unreadable(SafeText(f"there is no {metric.histogram}" if not ordered else f"{metric.histogram} has no last bucket"))
    if any(later < earlier for earlier, later in pairwise(ordered.values())):
        return Unreadable(SafeText(f"the buckets of {metric.histogram} do not grow"))
    return ordered


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def bound_for(buckets: Buckets, quantile: float) -> float | None:
    """Return the least bound that at least so large a share stays below; None: only the last bucket holds them, or there is nothing yet."""
    total = buckets.get(math.inf, 0.0)
    return next((bound for bound, count in sorted(buckets.items()) if count >= quantile * total and math.isfinite(bound)), None) if total else None


def added(every: Iterable[Buckets]) -> Buckets:
    """Return the buckets of several hosts together; bounds that some lack are left out."""
    all_of_them = list(every)
    shared = set.intersection(*(set(one) for one in all_of_them)) if all_of_them else set()
    return {bound: sum(one[bound] for one in all_of_them) for bound in sorted(shared)}
