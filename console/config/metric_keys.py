"""The numbers of an environment, as the file says where they come from. It opens no file and no connection."""

import re
from collections.abc import Callable
from typing import Any, Final

from console.config.file_problems import FilePlace
from console.model.application_metrics import CountedMetric, Metrics, QueriedMetric
from console.model.measurements import OF_MACHINES
from console.model.secret import Variable

Values = dict[str, Any]
"""What every host is looked at for, whatever the file says."""
_OWN: Final = ("interval", "scrape", "scrape_interval", "error_rate", "latency", "prometheus")
_SCRAPE: Final = 'scrape = "http://localhost:8080/metrics"'
_EXAMPLE: Final = 'queue = { query = "sum(queue_length)" }, { counter = "jobs_total" } or { histogram = "job_seconds", quantile = 0.95 }'


def read_metrics(values: Values, place: FilePlace, anchored: Callable[[Variable], Variable] = lambda value: value) -> Metrics:
    """Return where numbers of the application come from; problems are recorded. `anchored`: makes a secret's path one that holds everywhere."""
    error_rate, latency = values.get("error_rate"), values.get("latency")
    errors = _counter("error_rate", error_rate, place.at("error_rate"), needs_labels=True) if isinstance(error_rate, dict) else None
    slow = _histogram("latency", latency, place.at("latency")) if latency else None
    named = {name: _named(name, table, place.at(name)) for name, table in values.items() if name not in _OWN and isinstance(table, dict)}
    counted = tuple(one for one in named.values() if isinstance(one, CountedMetric))
    queries = tuple(one for one in named.values() if isinstance(one, QueriedMetric))
    prometheus = anchored(values.get("prometheus", ""))
    if isinstance(prometheus, str) and prometheus and not prometheus.startswith(("http://", "https://")):
        place.at("prometheus").expected("a URL", prometheus, 'prometheus = "http://prometheus:9090"')
    for one in (*(each for each in (errors, slow) if each), *counted):
        if "scrape" not in values:
            place.at(one.name).wrong("needs scrape, where the hosts' metrics are", _SCRAPE)
    for asked in queries:
        if not prometheus:
            place.at(asked.name).warn("is measured by nobody: there is no prometheus, the server that is asked", 'prometheus = "http://prometheus:9090"')
    return Metrics(values.get("scrape", ""), values.get("scrape_interval", Metrics().scrape_interval), errors, slow, prometheus, queries, counted)


def _named(name: str, values: Values, place: FilePlace) -> CountedMetric | QueriedMetric | None:
    """A metric of the file's own."""
    if name in OF_MACHINES:
        place.wrong(f"{name} is measured on every host already", "give it another name")
        return None
    kinds = [kind for kind in ("query", "counter", "histogram") if values.get(kind)]
    if len(kinds) != 1:
        place.wrong("is to have one of query, counter and histogram", _EXAMPLE)
        return None
    if kinds == ["query"]:
        return QueriedMetric(name, values["query"])
    return _histogram(name, values, place) if kinds == ["histogram"] else _counter(name, values, place)


def _counter(name: str, values: Values, place: FilePlace, *, needs_labels: bool = False) -> CountedMetric | None:
    if "counter" not in values or (needs_labels and "errors" not in values):
        return None  # the schema has said what is missing
    errors = values.get("errors", {})
    if needs_labels and not errors:
        place.at("errors").wrong("names no label", 'errors = { status = "5.." }')
    for label, pattern in errors.items():
        try:
            re.compile(pattern)
        except re.error as fault:
            place.at("errors", label).wrong(f"is no regular expression: {fault}", 'errors = { status = "5.." }')
            return None
    return CountedMetric(name, counter=values["counter"], errors=errors)


def _histogram(name: str, values: Values, place: FilePlace) -> CountedMetric | None:
    if "histogram" not in values:
        return None
    metric = CountedMetric(name, histogram=values["histogram"], **({"quantile": values["quantile"]} if "quantile" in values else {}))
    if not 0.0 < metric.quantile < 1.0:
        place.at("quantile").expected("a share between 0 and 1, such as 0.95", metric.quantile)
    return metric
