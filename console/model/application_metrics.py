"""What an application says of itself in Prometheus' text format, as far as it is wanted. Values; how it is read is `core/metrics/`."""

from typing import Final, Literal

import msgspec

from console.model.secret import SecretRef
from console.safe_text import SafeText

MACHINE: Final = "machine"
"""The name of the source that looks at the machines themselves."""


class Series(msgspec.Struct, frozen=True):
    """One sample: a name, its labels as they stand there, and a number (which may be NaN or infinite)."""

    name: str
    labels: dict[str, str]
    value: float


class Unreadable(msgspec.Struct, frozen=True):
    """Why a look gave no numbers. Nothing is concluded from it: it is neither zero nor bad."""

    reason: SafeText


MetricName = Literal["error_rate", "latency"]
"""What new hosts are judged against old ones by."""


class CountedMetric(msgspec.Struct, frozen=True):
    """How requests, and those of them that are bad, are counted: by a counter's labels, or by a histogram's buckets."""

    name: str
    """error_rate, latency, or a name that the file gives."""
    counter: str = ""
    errors: dict[str, str] = {}
    """For a counter: a bad request has these labels, each by a regular expression that matches the whole value. Without any: how much it grows a second."""
    histogram: str = ""
    quantile: float = 0.95
    """For a histogram: a bad request is slower than the bucket's bound that so large a share of the old hosts' requests stays below."""

    @property
    def wanted(self) -> frozenset[str]:
        """The names of the series that it is counted by."""
        names = (f"{self.histogram}_bucket", f"{self.histogram}_count") if self.histogram else (self.counter,)
        return frozenset(names)


class QueriedMetric(msgspec.Struct, frozen=True):
    """A number that a Prometheus is asked for."""

    name: str
    query: str


class Metrics(msgspec.Struct, frozen=True):
    """Where numbers of the application come from. Times are seconds."""

    scrape: str = ""
    """The URL of its metrics, as seen from each host; empty: there is none."""
    scrape_interval: float = 10.0
    error_rate: CountedMetric | None = None
    """None: what balancers that count say of their servers."""
    latency: CountedMetric | None = None
    prometheus: str | SecretRef = ""
    """The URL of a Prometheus; empty: there is none."""
    queries: tuple[QueriedMetric, ...] = ()
    """Metrics that the file names, and asks Prometheus for."""
    more: tuple[CountedMetric, ...] = ()
    """Metrics that the file names, and the application counts."""

    @property
    def counted(self) -> tuple[CountedMetric, ...]:
        """Everything that is scraped."""
        return (*(one for one in (self.error_rate, self.latency) if one), *self.more)

    @property
    def own_names(self) -> tuple[str, ...]:
        """The metrics that the file names."""
        return (*(one.name for one in self.queries), *(one.name for one in self.more))

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """Its secrets, by the names that problems are told with."""
        return {"metrics.prometheus": self.prometheus} if isinstance(self.prometheus, SecretRef) else {}
