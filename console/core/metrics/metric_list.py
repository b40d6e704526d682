"""Which metrics an environment has, by its file: in which unit, how often they are looked at, what thresholds allow. Pure."""

from collections.abc import Iterator

from console.core.analysis.judged_metrics import by_balancers
from console.model.application_metrics import MACHINE, CountedMetric
from console.model.configured_environment import Environment
from console.model.number_history import MetricInfo, Unit

BALANCERS_EVERY = 2.0
"""Seconds between two looks at balancers' counters."""
_MACHINE: tuple[tuple[str, Unit], ...] = (("cpu", "share"), ("memory", "share"), ("disk", "share"), ("load", "number"))
_NETWORK: tuple[tuple[str, Unit], ...] = (("net_in", "bytes"), ("net_out", "bytes"))


def metrics_of(environment: Environment) -> tuple[MetricInfo, ...]:
    """Return every metric, in the order in which they matter to people."""
    limits = {
        name: tuple(sorted(one.above for one in environment.thresholds if one.metric == name and one.above is not None))
        for name in {one.metric for one in environment.thresholds}
    }  # fmt: skip
    return tuple(MetricInfo(one.name, one.unit, one.every, one.source, limits.get(one.name, ()), one.quantile) for one in _metrics(environment))


def _metrics(environment: Environment) -> Iterator[MetricInfo]:
    metrics, every = environment.metrics, environment.metrics_interval
    if by_balancers(environment):
        yield MetricInfo("error_rate", "share", BALANCERS_EVERY, "balancer")
    for one in metrics.counted:
        yield MetricInfo(one.name, _unit(one), metrics.scrape_interval, "application", quantile=one.quantile if one.histogram else 0.0)
    for asked in metrics.queries:
        yield MetricInfo(asked.name, "number", metrics.scrape_interval, "prometheus")
    yield from (MetricInfo(name, unit, every, MACHINE) for name, unit in _MACHINE)
    yield from (MetricInfo(f"check:{check.name}", "seconds", 0.0, "checks") for check in environment.health)
    yield from (MetricInfo(name, unit, every, MACHINE) for name, unit in _NETWORK)


def _unit(metric: CountedMetric) -> Unit:
    return "seconds" if metric.histogram else "share" if metric.errors else "rate"
