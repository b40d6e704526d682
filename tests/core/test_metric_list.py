"""Which metrics an environment has, by its file: their order, their units, how often they are looked at, who says them and what is allowed."""

import pytest

from console.core.metrics.metric_list import BALANCERS_EVERY, metrics_of
from console.model.application_metrics import MACHINE, CountedMetric, Metrics, QueriedMetric
from console.model.balancer import Balancer
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.number_history import MetricInfo
from console.model.thresholds import Threshold
from console.model.values import changed
from tests.core.simulation import an_environment

BARE = changed(an_environment(2), health=(), metrics_interval=7.0)
OF_THE_MACHINE = [MetricInfo(name, "share", 7.0, MACHINE) for name in ("cpu", "memory", "disk")] + [MetricInfo("load", "number", 7.0, MACHINE)]
OF_THE_NETWORK = [MetricInfo(name, "bytes", 7.0, MACHINE) for name in ("net_in", "net_out")]
HAPROXY = Balancer("haproxy", socket="/run/haproxy.sock", backend="shop")
COUNTER = CountedMetric("error_rate", counter="requests_total", errors={"code": "5.."})
BUCKETS = CountedMetric("latency", histogram="seconds", quantile=0.99)
JOBS = CountedMetric("jobs", counter="jobs_total")
ASKED = QueriedMetric("queue", "sum(queue)")


def with_metrics(**fields: object) -> Environment:
    return changed(BARE, metrics=Metrics(scrape="http://localhost/metrics", scrape_interval=11.0, **fields))  # type: ignore[arg-type]


FIRST = [
    ("nothing is configured", BARE, []),
    ("a balancer counts errors", changed(BARE, balancers=(HAPROXY,)), [MetricInfo("error_rate", "share", BALANCERS_EVERY, "balancer")]),
    ("a balancer that counts nothing", changed(BARE, balancers=(Balancer("command"),)), []),
    ("a counter with errors is a share", with_metrics(error_rate=COUNTER), [MetricInfo("error_rate", "share", 11.0, "application")]),
    (
        "what the application counts itself stands in the balancer's place",
        changed(with_metrics(error_rate=COUNTER), balancers=(HAPROXY,)), [MetricInfo("error_rate", "share", 11.0, "application")],
    ),
    ("a histogram is seconds, at its quantile", with_metrics(latency=BUCKETS), [MetricInfo("latency", "seconds", 11.0, "application", quantile=0.99)]),
    ("a counter without errors is a rate, at no quantile", with_metrics(more=(JOBS,)), [MetricInfo("jobs", "rate", 11.0, "application")]),
    ("what Prometheus is asked for is a number", with_metrics(queries=(ASKED,)), [MetricInfo("queue", "number", 11.0, "prometheus")]),
    (
        "what is scraped comes before what is asked for",
        with_metrics(queries=(ASKED,), latency=BUCKETS, more=(JOBS,)),
        [
            MetricInfo("latency", "seconds", 11.0, "application", quantile=0.99), MetricInfo("jobs", "rate", 11.0, "application"),
            MetricInfo("queue", "number", 11.0, "prometheus"),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("environment", "first"), [pytest.param(*row[1:], id=row[0]) for row in FIRST])
def test_what_the_file_names_comes_before_the_machine(environment: Environment, first: list[MetricInfo]):
    assert list(metrics_of(environment)) == [*first, *OF_THE_MACHINE, *OF_THE_NETWORK]


def test_each_health_check_is_a_metric_between_the_machine_and_the_network():
    checked = changed(BARE, health=(HealthCheck("web", "tcp", port=80), HealthCheck("jobs", "tcp", port=81)))
    times = [MetricInfo("check:web", "seconds", 0.0, "checks"), MetricInfo("check:jobs", "seconds", 0.0, "checks")]
    assert list(metrics_of(checked)) == [*OF_THE_MACHINE, *times, *OF_THE_NETWORK]


LIMITS = [
    ("no threshold", (), ()),
    ("one", (Threshold("cpu", above=0.9),), (0.9,)),
    ("several, the lowest first", (Threshold("cpu", above=0.9), Threshold("cpu", above=0.5)), (0.5, 0.9)),
    ("another metric's", (Threshold("load", above=4.0),), ()),
    ("one that goes by what was before has no line of its own", (Threshold("cpu", above_baseline=0.5),), ()),
    ("one with both", (Threshold("cpu", above=0.8, above_baseline=0.5),), (0.8,)),
    ("nought is a limit", (Threshold("cpu", above=0.0),), (0.0,)),
]


@pytest.mark.parametrize(("thresholds", "limits"), [pytest.param(*row[1:], id=row[0]) for row in LIMITS])
def test_a_metric_has_the_limits_of_its_thresholds(thresholds: tuple[Threshold, ...], limits: tuple[float, ...]):
    cpu = next(one for one in metrics_of(changed(BARE, thresholds=thresholds)) if one.name == "cpu")
    assert cpu.limits == limits
