"""Which metrics new hosts are judged by, and how strictly. Pure."""

from typing import Final

from console.model.analysis import Criteria
from console.model.fleet import Environment
from console.model.metrics import CountedMetric, MetricName

COUNTING_BALANCERS: Final = frozenset({"haproxy"})
"""Kinds of balancers that count requests and bad ones for each server."""


def judged_metrics(environment: Environment) -> tuple[MetricName, ...]:
    """Return the metrics that are judged and counted, in the order of the file."""
    return tuple(name for name in environment.canary.judge if scraped(environment, name) or (name == "error_rate" and by_balancers(environment)))


def by_balancers(environment: Environment) -> bool:
    """Whether errors are what balancers count of their servers."""
    return environment.metrics.error_rate is None and any(one.kind in COUNTING_BALANCERS for one in environment.balancers)


def scraped(environment: Environment, name: MetricName) -> CountedMetric | None:
    """Return how a metric is counted by the application itself; None: it is not."""
    return environment.metrics.error_rate if name == "error_rate" else environment.metrics.latency


def criteria_of(environment: Environment, metric: str) -> Criteria:
    """Return what is asked of a metric: the false alarms that are allowed are shared among all that are judged.

    A share that is good enough by itself is one of errors: where next to nothing fails, no ratio could ever be shown.
    """
    canary = environment.canary
    limit = canary.good_enough or None if metric == "error_rate" else None
    return Criteria(canary.not_worse, canary.false_alarm / max(1, len(judged_metrics(environment))), limit)
