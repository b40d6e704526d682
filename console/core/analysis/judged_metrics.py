"""Which metrics new hosts are judged by, and how strictly. Pure."""

from typing import Final

from console.model.analysis import Criteria
from console.model.application_metrics import CountedMetric, MetricName
from console.model.configured_environment import Environment

COUNTING_BALANCERS: Final = frozenset({"haproxy"})
"""Kinds of balancers that count requests and bad ones for each server."""

GOOD_ENOUGH: Final = 0.005
"""A share of errors that is good enough where no threshold says how many are allowed."""


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
    """Return what is asked of a metric: the false alarms that are allowed are shared among all that are judged."""
    canary = environment.canary
    return Criteria(canary.not_worse, canary.false_alarm / max(1, len(judged_metrics(environment))), good_enough(environment, metric))


def good_enough(environment: Environment, metric: str) -> float | None:
    """Return the share of bad requests that is good enough, whatever the old hosts' is; None: none is.

    It is what the thresholds allow, the strictest of them. Only a share of errors is good enough by itself: where next to nothing fails, no ratio could ever
    be shown. A slow request is no failure, and what is slow was taken from the old hosts.
    """
    if metric != "error_rate":
        return None
    limits = (threshold.above for threshold in environment.thresholds if threshold.metric == metric)
    return min((limit for limit in limits if limit), default=GOOD_ENOUGH)
