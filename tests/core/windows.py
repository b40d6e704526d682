"""Measurements as a test writes them down: a double of the protocol, and short ways to say what hosts had."""

from collections.abc import Iterable, Mapping, Sequence

from console.core.thresholds.threshold_verdict import View
from console.model.measurements import Measurement
from console.model.thresholds import Mean
from console.safe_text import SafeText

NOW = 1000.0
SWITCHED = 900.0
ERRORS, CPU, QUEUE = "error_rate", "cpu", "queue"


class Written:
    """What was measured, as it was written down."""

    def __init__(self, measurements: Iterable[Measurement] = ()) -> None:
        self.measurements = list(measurements)
        self.asked: list[tuple[str, float, float]] = []
        self.copies: list[tuple[str, float]] = []

    def window(self, metric: str, since: float, until: float) -> Mapping[str, tuple[Measurement, ...]]:
        """What ended after `since` and not after `until`."""
        self.asked.append((metric, since, until))
        found: dict[str, list[Measurement]] = {}
        for one in sorted(self.measurements, key=lambda one: one.at):
            if one.metric == metric and since < one.at <= until:
                found.setdefault(one.host, []).append(one)
        return {host: tuple(some) for host, some in found.items()}

    def copied(self, metric: str, since: float) -> "Written":
        """The same, as it is now."""
        self.copies.append((metric, since))
        copy = Written(one for one in self.measurements if one.metric == metric)
        copy.asked = self.asked
        return copy


def counted(host: str, since: float, until: float, rate: float, *, each: int = 100, step: float = 1.0, metric: str = ERRORS) -> list[Measurement]:
    """`each` requests in every `step` seconds, of which so many fail."""
    bad = round(each * rate)
    return [
        Measurement(metric, host, since + number * step, step, bad / each if each else None, each, bad)
        for number in range(1, round((until - since) / step) + 1)
    ]


def plain(host: str, since: float, until: float, value: float, *, step: float = 1.0, metric: str = CPU) -> list[Measurement]:
    """A number of its own at every `step` seconds."""
    return [Measurement(metric, host, since + number * step, step, value) for number in range(1, round((until - since) / step) + 1)]


def failed(host: str, since: float, until: float, *, step: float = 1.0, metric: str = ERRORS, why: str = "connection refused") -> list[Measurement]:
    """Looks that gave nothing."""
    return [Measurement(metric, host, since + number * step, step, problem=SafeText(why)) for number in range(1, round((until - since) / step) + 1)]


def quiet(host: str, since: float, until: float, *, step: float = 1.0, metric: str = ERRORS) -> list[Measurement]:
    """Looks that counted no request."""
    return [Measurement(metric, host, since + number * step, step, None, 0, 0) for number in range(1, round((until - since) / step) + 1)]


def view(
    *measurements: Sequence[Measurement], new: Iterable[str] = ("web01",), old: Iterable[str] = ("web02",), baseline: Mapping[str, Mean] | None = None,
    now: float = NOW, since: float = SWITCHED, patience: float = 10.0,
) -> View:  # fmt: skip
    """A look at all that was measured, of hosts that are new since the first switch."""
    return View(
        Written(one for some in measurements for one in some), dict.fromkeys(new, since), dict.fromkeys(old, since), since, now, baseline or {}, patience
    )
