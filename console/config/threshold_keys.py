"""The thresholds of an environment, as the file says them. It opens no file and no connection."""

from typing import Any, Final

from console.config.file_problems import FilePlace, meant
from console.core.analysis.judged_metrics import COUNTING_BALANCERS
from console.model.measurements import LIMITED, SHARES
from console.model.thresholds import Threshold

Values = dict[str, Any]

_OWN_KEYS: Final = frozenset({"interval", "scrape", "scrape_interval", "prometheus"})


Known = dict[str, Values]
"""The metrics that there are, each with what the file says of it."""


def known_metrics(metrics: Values, balancers: tuple[Values, ...]) -> Known:
    """Return the metrics that are measured in an environment with those tables."""
    known: Known = {name: {} for name in LIMITED}
    known.update({name: values if isinstance(values, dict) else {} for name, values in metrics.items() if name not in _OWN_KEYS})
    if "error_rate" not in metrics and any(one.get("kind") in COUNTING_BALANCERS for one in balancers):
        known["error_rate"] = {}
    return known


def read_thresholds(tables: tuple[Values, ...], known: Known, place: FilePlace) -> tuple[Threshold, ...]:
    """Return the thresholds; problems are recorded."""
    found: list[Threshold] = []
    for number, values in enumerate(tables):
        if "metric" not in values:
            continue  # the schema has said that it is missing
        here = place.at(number)
        threshold = Threshold(**{("seconds" if name == "for" else name): value for name, value in values.items()})
        if threshold.metric not in known:
            _unknown(threshold.metric, known, here.at("metric"))
            continue
        _judge(threshold, known[threshold.metric], here)
        if any(threshold.key == other.key for other in found):
            here.wrong(f"this threshold of {threshold.metric} stands here twice", "take one of them out")
        found.append(threshold)
    return tuple(found)


def _unknown(metric: str, known: Known, place: FilePlace) -> None:
    if metric == "error_rate":
        kinds = ", ".join(sorted(COUNTING_BALANCERS))
        example = 'error_rate = { counter = "http_requests_total", errors = { status = "5.." } }, with scrape'
        place.wrong(f"error_rate is not measured: no metrics.error_rate, and no balancer that counts ({kinds})", example)
    elif metric == "latency":
        example = 'latency = { histogram = "http_request_duration_seconds", quantile = 0.95 }, with scrape'
        place.wrong("latency is not measured: there is no metrics.latency", example)
    else:
        place.wrong(f'unknown metric "{metric}"', meant(metric, tuple(known)))


def _judge(threshold: Threshold, values: Values, here: FilePlace) -> None:
    metric = threshold.metric
    if not threshold.bounds:
        here.wrong("has no limit", 'above = "1%", above_baseline = "50%" or above_old = "50%"')
    if threshold.above is not None and metric in SHARES and not 0 <= threshold.above < 1:
        here.at("above").wrong(f"{metric} is a share, and never above 100%", 'above = "1%"')
    if threshold.min_requests and (metric in LIMITED or "query" in values):
        here.at("min_requests").wrong(f"{metric} counts no requests", "take this line out")


def warn_of_scrapes(thresholds: tuple[Threshold, ...], known: Known, interval: float, place: FilePlace) -> None:
    """Warn where one scrape alone would decide: its numbers are of a time that is longer than the breach has to last."""
    for number, threshold in enumerate(thresholds):
        is_scraped = {"counter", "histogram"} & known.get(threshold.metric, {}).keys()
        if is_scraped and threshold.seconds < interval:
            place.at(number, "for").warn(
                f"{threshold.seconds:g} s is shorter than the time between two scrapes ({interval:g} s): one scrape decides",
                "a longer for, or a shorter scrape_interval",
            )
