"""The canary of an environment, and the numbers that it is judged by, as the file says them. It opens no file and no connection."""

import re
from itertools import pairwise
from typing import Any

from console.config.file_problems import FilePlace
from console.config.probes import judge_tags
from console.core.analysis.judged_metrics import COUNTING_BALANCERS, judged_metrics
from console.model.fleet import Amount, Canary, Environment, Host
from console.model.metrics import CountedMetric, Metrics

Values = dict[str, Any]


def read_canary(values: Values, hosts: tuple[Host, ...], place: FilePlace) -> Canary:
    """Return how a canary goes; problems are recorded."""
    judge_tags(values.get("tags", ()), hosts, place.at("tags"))
    steps = values.get("steps", Canary().steps)
    sizes = [_size(amount) for amount in steps]
    for number, (before, after) in enumerate(pairwise(sizes), start=1):
        if before[0] == after[0] and after[1] <= before[1]:
            place.at("steps", number).wrong("is not more than the step before it", 'steps say how many hosts have the release by then: ["10%", "50%", "100%"]')
    return Canary(**{**values, "by": "hosts"})


def _size(amount: Amount) -> tuple[bool, float]:
    return bool(amount.count), amount.count or amount.share


def read_metrics(values: Values, place: FilePlace) -> Metrics:
    """Return where numbers of the application come from; problems are recorded."""
    error_rate, latency = values.get("error_rate"), values.get("latency")
    errors = _errors(error_rate, place.at("error_rate")) if isinstance(error_rate, dict) else None
    slow = _slow(latency, place.at("latency")) if latency else None
    if (errors or slow) and "scrape" not in values:
        place.at("error_rate" if errors else "latency").wrong("needs scrape, where the hosts' metrics are", 'scrape = "http://localhost:8080/metrics"')
    return Metrics(values.get("scrape", ""), values.get("scrape_interval", Metrics().scrape_interval), errors, slow)


def _errors(values: Values, place: FilePlace) -> CountedMetric | None:
    if not {"counter", "errors"} <= values.keys():
        return None  # the schema has said what is missing
    if not values["errors"]:
        place.at("errors").wrong("names no label", 'errors = { status = "5.." }')
    for label, pattern in values["errors"].items():
        try:
            re.compile(pattern)
        except re.error as fault:
            place.at("errors", label).wrong(f"is no regular expression: {fault}", 'errors = { status = "5.." }')
            return None
    return CountedMetric("error_rate", counter=values["counter"], errors=values["errors"])


def _slow(values: Values, place: FilePlace) -> CountedMetric | None:
    if "histogram" not in values:
        return None
    quantile = values.get("quantile", 0.95)
    if not 0.0 < quantile < 1.0:
        place.at("quantile").expected("a share between 0 and 1, such as 0.95", quantile)
    return CountedMetric("latency", histogram=values["histogram"], quantile=quantile)


def judge_canary(environment: Environment, place: FilePlace) -> None:
    """Record where a canary would have nothing to judge by."""
    if environment.strategy != "canary" or not environment.canary.analysis or len(environment.hosts) < 2 or judged_metrics(environment):
        return
    kinds = ", ".join(sorted(COUNTING_BALANCERS))
    place.at("strategy").wrong(
        f"a canary has nothing to judge new hosts by: no balancer that counts ({kinds}), and no metrics.error_rate or latency among canary.judge",
        'analysis = "0s" in the canary\'s table goes on after each step\'s gates',
    )
