"""How metrics are called, and how their numbers are said, by people. Pure."""

from collections.abc import Iterable

from console.core.words.sizes import size_words
from console.model.number_history import MetricInfo, Unit

_UNITS: dict[str, Unit] = {
    "cpu": "share", "memory": "share", "disk": "share", "error_rate": "share", "latency": "seconds", "net_in": "bytes", "net_out": "bytes",
}  # fmt: skip
_NAMES = {"error_rate": "errors", "net_in": "net in", "net_out": "net out"}
_FULL = frozenset({"cpu", "memory", "disk"})
"""Shares whose scale ends at all there is."""
_ROUND = (1.0, 2.0, 5.0)


def unit_of(metric: str, info: MetricInfo | None = None) -> Unit:
    """Return the unit of a metric; of one that the file names, what is known of it."""
    return info.unit if info else "seconds" if metric.startswith("check:") else _UNITS.get(metric, "number")


def metric_name(metric: str) -> str:
    """Return what a metric is called: errors, latency, cpu, a check's name, or the file's own name."""
    if metric.startswith("check:"):
        return metric[len("check:") :]
    return _NAMES.get(metric, metric)


def said(metric: str, value: float, unit: Unit | None = None) -> str:
    """Return the number as people say it."""
    match unit or unit_of(metric):
        case "share":
            percent = value * 100
            return f"{percent:.0f} %" if metric in _FULL or percent >= 10 or percent == 0 else f"{percent:.1f} %" if percent >= 1 else f"{percent:.2g} %"
        case "seconds":
            return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
        case "bytes":
            return f"{size_words(int(value))}/s"
        case "rate":
            return f"{_plain(value)}/s"
        case _:
            return f"{value:.2f}" if metric == "load" else _plain(value)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if (value == int(value) and abs(value) < 1e9) or abs(value) >= 1000 else f"{value:.3g}"


def scale_top(metric: str, values: Iterable[float | None], unit: Unit | None = None, limits: Iterable[float] = ()) -> float:
    """Where the scale ends: all there is for shares of a machine; else the first round number that holds what was seen, and what is allowed."""
    if metric in _FULL:
        return 1.0
    highest = max((value for value in (*values, *limits) if value is not None), default=0.0)
    if metric == "load":
        return next((float(top) for top in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512) if highest <= top), 1024.0)
    top = round_up(highest)
    return min(1.0, top) if (unit or unit_of(metric)) == "share" else top


def round_up(highest: float) -> float:
    """Return the first of 1, 2, 5, 10, 20 … (and their hundredths and so on) that is not below it."""
    if highest <= 0:
        return 1.0
    power = 10.0 ** (len(f"{int(highest)}") - 1) if highest >= 1 else 1.0
    while power > highest:
        power /= 10
    return next((power * step for step in _ROUND if highest <= power * step * (1 + 1e-9)), power * 10)
