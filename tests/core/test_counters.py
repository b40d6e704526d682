"""Counters and histograms of an application as requests and bad ones, and what is known of a quantile."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.metrics.counters import added, bound_for, buckets_of, counts_of
from console.model.application_metrics import CountedMetric, Series, Unreadable
from console.model.traffic import ServerCounts

ERRORS = CountedMetric("error_rate", counter="http_total", errors={"status": "5.."})
LATENCY = CountedMetric("latency", histogram="http_seconds", quantile=0.95)
START = Series("process_start_time_seconds", {}, 1764400000.25)


def total(value: float, **labels: str) -> Series:
    """A sample of the counter."""
    return Series("http_total", labels, value)


def bucket(bound: str, value: float, **labels: str) -> Series:
    """A sample of the histogram."""
    return Series("http_seconds_bucket", {"le": bound, **labels}, value)


def test_bad_requests_are_told_by_their_labels() -> None:
    found = counts_of("web01", ERRORS, [START, total(90, status="200"), total(7, status="500"), total(2, status="503", path="/x"), total(1, path="/y")])
    assert found == ServerCounts("web01", "1764400000.250", 100, 9)


def test_a_label_is_matched_as_a_whole() -> None:
    found = counts_of("web01", ERRORS, [total(90, status="15000"), total(7, status="5000")])
    assert found == ServerCounts("web01", "", 97, 0)


def test_all_labels_must_match() -> None:
    metric = CountedMetric("error_rate", counter="http_total", errors={"status": "5..", "job": "web"})
    found = counts_of("web01", metric, [total(4, status="500", job="web"), total(8, status="500", job="cron")])
    assert found == ServerCounts("web01", "", 12, 4)


@pytest.mark.parametrize(
    ("series", "words"), [([], "there is no http_total"), ([total(math.nan)], "no count"), ([total(-1)], "no count"), ([total(math.inf)], "no count")]
)
def test_what_is_no_count_is_not_zero(series: list[Series], words: str) -> None:
    found = counts_of("web01", ERRORS, series)
    assert isinstance(found, Unreadable)
    assert words in str(found.reason)


def test_slow_requests_are_those_above_a_bound() -> None:
    series = [START, bucket("0.1", 50), bucket("0.25", 90), bucket("+Inf", 100)]
    assert counts_of("web01", LATENCY, series, 0.25) == ServerCounts("web01", "1764400000.250", 100, 10)
    assert isinstance(counts_of("web01", LATENCY, series, 0.3), Unreadable)
    assert isinstance(counts_of("web01", LATENCY, series), Unreadable)


def test_bounds_are_numbers_and_other_labels_are_added() -> None:
    series = [bucket("1", 5, path="/a"), bucket("1.0", 7, path="/b"), bucket("+Inf", 10, path="/a"), bucket("+Inf", 10, path="/b")]
    assert buckets_of(LATENCY, series) == {1.0: 12.0, math.inf: 20.0}


@pytest.mark.parametrize(
    "series",
    [
        [], [bucket("1", 3)], [bucket("one", 3), bucket("+Inf", 3)], [bucket("1", 5), bucket("+Inf", 3)], [bucket("1", math.nan), bucket("+Inf", 3)],
        [Series("http_seconds_bucket", {}, 4)],
    ],
)  # fmt: skip
def test_what_is_no_histogram(series: list[Series]) -> None:
    assert isinstance(buckets_of(LATENCY, series), Unreadable)


# Buckets, a quantile, and the least bound that holds it.
QUANTILES = [
    ({0.1: 50.0, 0.25: 96.0, math.inf: 100.0}, 0.95, 0.25),
    ({0.1: 50.0, 0.25: 96.0, math.inf: 100.0}, 0.5, 0.1),
    ({0.1: 50.0, 0.25: 90.0, math.inf: 100.0}, 0.95, None),
    ({0.1: 0.0, math.inf: 0.0}, 0.95, None),
    ({}, 0.95, None),
]


@pytest.mark.parametrize(("buckets", "quantile", "bound"), QUANTILES)
def test_quantiles(buckets: dict[float, float], quantile: float, bound: float | None) -> None:
    assert bound_for(buckets, quantile) == bound


@given(st.lists(st.floats(0, 20), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_the_true_quantile_is_not_above_the_bound_that_holds_it(seconds: list[float], quantile: float) -> None:
    bounds = [0.1, 0.5, 1.0, 5.0, 10.0, math.inf]
    found = bound_for({bound: float(sum(one <= bound for one in seconds)) for bound in bounds}, quantile)
    true = sorted(seconds)[max(0, math.ceil(quantile * len(seconds)) - 1)]
    assert found is None or true <= found
    assert found is not None or true > 10.0


def test_buckets_of_hosts_are_added_where_all_have_them() -> None:
    assert added([{0.1: 1.0, 0.5: 2.0, math.inf: 3.0}, {0.5: 5.0, math.inf: 6.0}]) == {0.5: 7.0, math.inf: 9.0}
    assert added([]) == {}
