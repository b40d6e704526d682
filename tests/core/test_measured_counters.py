"""Two looks at counters, as shares, rates and quantiles; and what is no number."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.metrics.measured_counters import CounterLook, Increase, increase, looked_at, measured, quantile_of, together
from console.model.application_metrics import CountedMetric, Series, Unreadable
from console.model.measurements import Measurement

ERRORS = CountedMetric("error_rate", counter="http_total", errors={"status": "5.."})
JOBS = CountedMetric("jobs", counter="jobs_total")
SLOW = CountedMetric("latency", histogram="seconds", quantile=0.9)
INF = math.inf


def look(at: float, requests: float, bad: float = 0, life: str = "1", **buckets: float) -> CounterLook:
    return CounterLook(at, life, requests, bad, {float(bound.replace("le", "").replace("_", ".")): count for bound, count in buckets.items()})


def test_a_share_is_of_what_was_counted_in_between() -> None:
    found = increase(look(10, 1000, 7), look(20, 1200, 17))
    assert found == Increase(20, 10, 200, 10)
    assert measured(ERRORS, "web01", found) == Measurement("error_rate", "web01", 20, 10, 0.05, 200, 10)


def test_no_request_is_neither_zero_nor_bad() -> None:
    found = increase(look(10, 1000, 7), look(20, 1000, 7))
    assert found
    assert measured(ERRORS, "web01", found) == Measurement("error_rate", "web01", 20, 10, None, 0, 0)


def test_a_counter_without_labels_is_a_rate_by_the_time_that_really_went_by() -> None:
    found = increase(look(10, 100), look(40, 400))
    assert found
    assert measured(JOBS, "web01", found) == Measurement("jobs", "web01", 40, 30, 10.0)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (look(10, 1000, 7, life="1"), look(20, 1200, 17, life="2")),
        (look(10, 1000, 7), look(20, 5, 1)),
        (look(10, 1000, 7), look(20, 1200, 6)),
        (look(10, 1000, 7), look(10, 1200, 17)),
        (look(10, 10, 0, le1=5, inf=10), look(20, 12, 0, le1=4, inf=12)),
        (look(10, 10, 0, le1=5, inf=10), look(20, 12, 0, le2=5, inf=12)),
    ],
    ids=["another life", "fewer requests", "fewer bad ones", "no time", "a bucket shrank", "other buckets"],
)
def test_what_cannot_be_subtracted_is_a_gap(before: CounterLook, now: CounterLook) -> None:
    assert increase(before, now) is None


@pytest.mark.parametrize(
    ("buckets", "quantile", "value"),
    [
        ({0.1: 50, 0.2: 100, INF: 100}, 0.5, 0.1),
        ({0.1: 50, 0.2: 100, INF: 100}, 0.75, 0.15),
        ({0.1: 0, 0.2: 100, INF: 100}, 0.5, 0.15),
        ({0.1: 100, 0.2: 100, INF: 100}, 0.5, 0.05),
        ({0.1: 10, 0.2: 20, INF: 100}, 0.5, 0.2),
        ({0.1: 0, INF: 0}, 0.5, None),
        ({}, 0.5, None),
        ({INF: 5}, 0.5, 0.0),
    ],
)
def test_a_quantile_is_interpolated_as_prometheus_does(buckets: dict[float, float], quantile: float, value: float | None) -> None:
    assert quantile_of(buckets, quantile) == (None if value is None else pytest.approx(value))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.floats(0.01, 0.99))
def test_a_quantile_lies_in_the_bucket_that_it_is_in(counts: list[int], quantile: float) -> None:
    bounds = [0.1 * (place + 1) for place in range(len(counts))]
    total, buckets = 0, {}
    for bound, count in zip(bounds, counts, strict=True):
        total += count
        buckets[bound] = float(total)
    buckets[INF] = float(total)
    found = quantile_of(buckets, quantile)
    if not total:
        assert found is None
        return
    assert found is not None
    upper = next(bound for bound in bounds if buckets[bound] >= quantile * total)
    assert upper - 0.1 - 1e-9 <= found <= upper + 1e-9


def test_hosts_are_added_by_their_buckets_and_not_by_their_quantiles() -> None:
    fast = Increase(20, 10, 900, 0, {0.1: 900, 1.0: 900, INF: 900})
    slow = Increase(21, 10, 100, 100, {0.1: 0, 1.0: 100, INF: 100})
    both = together([fast, slow])
    assert both is not None
    assert (both.at, both.requests, both.bad) == (21, 1000, 100)
    assert measured(SLOW, "", both).value == pytest.approx(0.1)
    assert together([]) is None


START = Series("process_start_time_seconds", {}, 7.0)


def test_a_look_is_read_with_the_life_of_its_process() -> None:
    series = (START, Series("http_total", {"status": "200"}, 90.0), Series("http_total", {"status": "500"}, 10.0))
    assert looked_at("web01", ERRORS, series, 5.0) == CounterLook(5.0, "7.000", 100, 10)
    assert isinstance(looked_at("web01", ERRORS, (START,), 5.0), Unreadable)
    buckets = tuple(Series("seconds_bucket", {"le": bound}, count) for bound, count in (("0.5", 8.0), ("+Inf", 10.0)))
    assert looked_at("web01", SLOW, (START, *buckets), 5.0, 0.5) == CounterLook(5.0, "7.000", 10, 2, {0.5: 8.0, INF: 10.0})
    assert isinstance(looked_at("web01", SLOW, buckets, 5.0), Unreadable)


counts = st.integers(0, 10**9)


@given(counts, counts, counts, counts, st.sampled_from(["", "1", "2"]), st.sampled_from(["", "1", "2"]))
def test_a_share_is_a_share_or_nothing(requests: int, bad: int, later: int, later_bad: int, life: str, later_life: str) -> None:
    found = increase(look(1, requests, bad, life), look(3, later, later_bad, later_life))
    if found is None:
        assert life != later_life or later < requests or later_bad < bad
        return
    one = measured(ERRORS, "web01", found)
    assert one.requests is not None
    assert one.bad is not None
    assert 0 <= one.bad <= one.requests
    assert (one.value is None) == (one.requests == 0)
    assert one.value is None or 0 <= one.value <= 1
