"""Why there is no number: a look that cannot be believed says what is wrong with it, and where. Nothing of it is taken for nought."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.metrics.counters import bound_for, counts_of, incarnation_of
from console.core.metrics.exposition import series_of
from console.core.metrics.kept_numbers import UNKNOWN, KeptNumbers
from console.core.metrics.measured_counters import RESTARTED, CounterLook, Increase, increase, looked_at, measured, quantile_of, together, unmeasured
from console.model.application_metrics import MACHINE, CountedMetric, Series, Unreadable
from console.model.measurements import Measurement
from console.model.traffic import ServerCounts
from console.safe_text import SafeText

INF = math.inf
ERRORS = CountedMetric("error_rate", counter="total", errors={"status": "5.."})
ANY = CountedMetric("odd", counter="total", errors={"status": ".*"})
SLOW = CountedMetric("latency", histogram="seconds", quantile=0.5)
WANTED = frozenset({"a_total"})


def total(value: float, **labels: str) -> Series:
    return Series("total", labels, value)


def bucket(bound: str | None, value: float, **labels: str) -> Series:
    return Series("seconds_bucket", {**({} if bound is None else {"le": bound}), **labels}, value)


COUNTERS = [
    ("there is none", ERRORS, (), None, "there is no total"),
    ("another counter is none", ERRORS, (Series("other", {}, 1.0),), None, "there is no total"),
    ("a number that is none", ERRORS, (total(math.nan),), None, "total is no count"),
    ("one without end", ERRORS, (total(1.0), total(INF, status="500")), None, "total is no count"),
    ("one below nought", ERRORS, (total(-0.5),), None, "total is no count"),
    ("no histogram", SLOW, (), 1.0, "there is no seconds"),
    ("a histogram without its last bucket", SLOW, (bucket("1", 3),), 1.0, "seconds has no last bucket"),
    ("a bucket without a bound", SLOW, (bucket(None, 3), bucket("+Inf", 3)), 1.0, "a bucket of seconds has no bound or no count"),
    ("a bucket with a bound that is no number", SLOW, (bucket("x", 3), bucket("+Inf", 3)), 1.0, "a bucket of seconds has no bound or no count"),
    ("a bucket with no count", SLOW, (bucket("1", math.nan), bucket("+Inf", 3)), 1.0, "a bucket of seconds has no bound or no count"),
    ("buckets that shrink", SLOW, (bucket("1", 4), bucket("+Inf", 3)), 1.0, "the buckets of seconds do not grow"),
    ("no bound to go by", SLOW, (bucket("1", 3), bucket("+Inf", 3)), None, "seconds has no bucket to go by"),
    ("a bound that no bucket has", SLOW, (bucket("1", 3), bucket("+Inf", 3)), 0.25, "seconds has no bucket of 0.25"),
]


@pytest.mark.parametrize(("metric", "series", "bound", "reason"), [pytest.param(*row[1:], id=row[0]) for row in COUNTERS])
def test_what_cannot_be_counted_says_why(metric: CountedMetric, series: tuple[Series, ...], bound: float | None, reason: str):
    assert counts_of("web01", metric, series, bound) == Unreadable(SafeText(reason))
    assert looked_at("web01", metric, series, 1.0, bound) == Unreadable(SafeText(reason))


COUNTED = [
    ("nought is a count", ERRORS, (total(0.0),), None, ServerCounts("web01", "", 0, 0)),
    ("less than one is none yet", ERRORS, (total(0.4, status="500"),), None, ServerCounts("web01", "", 0, 0)),
    ("a label that is missing is an empty one", ANY, (total(3.0),), None, ServerCounts("web01", "", 3, 3)),
    ("buckets that stay are fine", SLOW, (bucket("1", 3), bucket("2", 3), bucket("+Inf", 3)), 1.0, ServerCounts("web01", "", 3, 0)),
    ("bounds are numbers", SLOW, (bucket("1.0", 2), bucket("1", 1), bucket("Inf", 9)), 1.0, ServerCounts("web01", "", 9, 6)),
    ("what is slower than the bound is bad", SLOW, (bucket("1", 3), bucket("2", 5), bucket("+Inf", 9)), 2.0, ServerCounts("web01", "", 9, 4)),
]


@pytest.mark.parametrize(("metric", "series", "bound", "counts"), [pytest.param(*row[1:], id=row[0]) for row in COUNTED])
def test_what_is_counted(metric: CountedMetric, series: tuple[Series, ...], bound: float | None, counts: ServerCounts):
    assert counts_of("web01", metric, series, bound) == counts


def test_a_look_at_a_histogram_keeps_its_buckets_and_its_life():
    series = (Series("process_start_time_seconds", {}, 7.0), bucket("1", 3), bucket("+Inf", 4))
    assert looked_at("web01", SLOW, series, 5.0, 1.0) == CounterLook(5.0, "7.000", 4, 1, {1.0: 3.0, INF: 4.0})
    assert looked_at("web01", ERRORS, (total(4.0), total(1.0, status="503")), 5.0) == CounterLook(5.0, "", 5, 1)
    assert incarnation_of(()) == ""


QUANTILES: list[tuple[str, dict[float, float], float, float | None, float | None]] = [
    ("nothing yet", {}, 0.5, None, None),
    ("nothing counted", {1.0: 0, INF: 0}, 0.5, None, None),
    ("all in one bucket", {1.0: 4, INF: 4}, 0.5, 0.5, 1.0),
    ("at a bound", {1.0: 2, 2.0: 4, INF: 4}, 0.5, 1.0, 1.0),
    ("within a bucket", {1.0: 2, 2.0: 4, INF: 4}, 0.75, 1.5, 2.0),
    ("above the last bound", {1.0: 2, INF: 4}, 0.9, 1.0, None),
    ("an empty bucket is passed over", {1.0: 0, 2.0: 4, INF: 4}, 0.5, 1.5, 2.0),
    ("the least of all", {1.0: 0, 2.0: 4, INF: 4}, 0.0, 1.0, 1.0),
    ("in any order", {INF: 4, 2.0: 4, 1.0: 2}, 0.75, 1.5, 2.0),
]


@pytest.mark.parametrize(("buckets", "quantile", "value", "bound"), [pytest.param(*row[1:], id=row[0]) for row in QUANTILES])
def test_a_quantile_lies_in_a_bucket(buckets: dict[float, float], quantile: float, value: float | None, bound: float | None):
    assert quantile_of(buckets, quantile) == value
    assert bound_for(buckets, quantile) == bound


@given(st.lists(st.integers(0, 5), min_size=2, max_size=6), st.floats(0.01, 1.0))
def test_a_quantile_lies_below_the_bound_that_holds_it_and_above_the_one_before(counts: list[int], quantile: float):
    bounds = [*map(float, range(1, len(counts))), INF]
    buckets = {bound: float(sum(counts[: place + 1])) for place, bound in enumerate(bounds)}
    value = quantile_of(buckets, quantile)
    assert (value is None) == (sum(counts) == 0)
    held = next((bound for bound in bounds if buckets[bound] >= quantile * sum(counts)), INF)
    assert value is None or held - 1 <= value <= held or held == INF


TEXTS = [
    (b"\xff\n", "it is not UTF-8"),
    (b"<html>\n", "it is a web page, not metrics"),
    (b"# HELP a\n  <p>\n", "it is a web page, not metrics"),
    (b"a_total 1", "it was cut short: its last line has no end"),
    (b"b 1\na_tot", "it was cut short: its last line has no end"),
    (b"no metrics here\n", "line 1 is not in Prometheus' text format"),
    (b"# HELP a\n\n!\n", "line 3 is not in Prometheus' text format"),
    (b"b 1\na_total x\n", "line 2 of a_total is not in Prometheus' text format"),
    (b'b 1\na_total{x="1",x="2"} 1\n', "line 2 of a_total is not in Prometheus' text format"),
    (b'b 1\na_total{x="1" 1\n', "line 2 of a_total is not in Prometheus' text format"),
    (b"b 1\na_total 1 2 3\n", "line 2 of a_total is not in Prometheus' text format"),
    (b"b 1\na_total\n", "line 2 of a_total is not in Prometheus' text format"),
    (b"b 1\na_total 1\na_total 2\n", "line 3: a_total is there twice with the same labels"),
    (b'\n\na_total{x="1",y="2"} 1\na_total{y="2",x="1"} 2\n', "line 4: a_total is there twice with the same labels"),
]


@pytest.mark.parametrize(("body", "reason"), TEXTS)
def test_a_text_that_cannot_be_believed_says_what_is_wrong_with_it(body: bytes, reason: str):
    assert series_of(body, WANTED) == Unreadable(SafeText(reason))


@pytest.mark.parametrize("body", [b"", b"\n", b"# nothing\n", b"b 1\n", b'{"b"} 1\n', b"a_total_more 1\n", b"a_total:x 1\n"])
def test_a_text_without_what_is_wanted_is_read_all_the_same(body: bytes):
    assert series_of(body, WANTED) == ()


def test_the_same_name_with_other_labels_or_another_name_with_the_same_labels_is_another_series():
    both = frozenset({"a_total", "b_total"})
    assert series_of(b'a_total{x="1"} 1\na_total{x="2"} 2\na_total 3\nb_total 4\n', both) == (
        Series("a_total", {"x": "1"}, 1.0), Series("a_total", {"x": "2"}, 2.0), Series("a_total", {}, 3.0), Series("b_total", {}, 4.0),
    )  # fmt: skip


def look(at: float, requests: float, bad: float = 0.0, buckets: dict[float, float] | None = None) -> CounterLook:
    return CounterLook(at, "1", requests, bad, buckets or {})


INCREASES = [
    ("nothing more", look(1, 5, 1), look(2, 5, 1), Increase(2, 1, 0, 0)),
    ("more", look(1, 5, 1), look(3, 9, 2), Increase(3, 2, 4, 1)),
    ("a bad one that reached no process", look(1, 5, 1), look(2, 5, 3), Increase(2, 1, 2, 2)),
    ("buckets that stay", look(1, 5, buckets={INF: 5}), look(2, 5, buckets={INF: 5}), Increase(2, 1, 0, 0, {INF: 0})),
    ("buckets that grow", look(1, 5, buckets={1.0: 1, INF: 5}), look(2, 7, buckets={1.0: 2, INF: 7}), Increase(2, 1, 2, 0, {1.0: 1, INF: 2})),
]


@pytest.mark.parametrize(("before", "now", "found"), [pytest.param(*row[1:], id=row[0]) for row in INCREASES])
def test_what_was_counted_between_two_looks(before: CounterLook, now: CounterLook, found: Increase):
    assert increase(before, now) == found


def test_several_hosts_are_counted_as_one_over_the_longest_time_of_theirs():
    assert together(()) is None
    found = together([Increase(10.0, 2.0, 5, 1, {1.0: 2, INF: 5}), Increase(11.0, 4.0, 7, 0, {1.0: 7, INF: 7}), Increase(9.0, 1.0, 1, 1)])
    assert found == Increase(11.0, 4.0, 13, 2, {1.0: 9, INF: 12})


def test_a_histogram_s_number_is_its_quantile_and_a_counter_s_its_share():
    found = Increase(10.0, 2.0, 4, 1, {1.0: 2, 2.0: 4, INF: 4})
    assert measured(SLOW, "web01", found) == Measurement("latency", "web01", 10.0, 2.0, 1.0, 4, 1)
    assert measured(ERRORS, "web01", found) == Measurement("error_rate", "web01", 10.0, 2.0, 0.25, 4, 1)
    assert unmeasured("cpu", "web01", 3.0, RESTARTED) == Measurement("cpu", "web01", 3.0, problem=RESTARTED)


def test_looks_since_a_moment_are_handed_out_with_all_their_metrics_as_they_came_or_by_minutes():
    numbers = KeptNumbers()
    for at in range(0, 181, 30):
        numbers.take(MACHINE, (Measurement("cpu", "web01", float(at), value=0.5), Measurement("disk", "web01", float(at), value=0.25)))
    ((source, looks),) = numbers.looks(60.0, 100)
    assert (source, [[(one.metric, one.at) for one in look] for look in looks]) == (
        MACHINE, [[("cpu", at), ("disk", at)] for at in (90.0, 120.0, 150.0, 180.0)],
    )  # fmt: skip
    ((_, minutes),) = numbers.looks(60.0, 3)
    assert [[(one.metric, one.at, one.seconds) for one in look] for look in minutes] == [[("cpu", at, 60.0), ("disk", at, 60.0)] for at in (120.0, 180.0)]


def test_the_newest_number_is_the_last_that_could_be_measured():
    numbers = KeptNumbers()
    for at, value in ((1.0, 0.5), (2.0, 0.25), (3.0, None), (4.0, None)):
        numbers.take(MACHINE, (Measurement("cpu", "web01", at, value=value, problem=SafeText("" if value else "away")),))
    track = numbers.hosts("cpu")["web01"]
    assert track.newest("cpu") == (2.0, 0.25)
    assert (track.newest("disk"), track.problem("cpu"), track.problem("disk")) == (None, "away", "")
    assert [(one.host, one.at, one.problem) for one in track.between("cpu", "web01", 2.0, 9.0)] == [("web01", 3.0, "away"), ("web01", 4.0, "away")]


def test_a_minute_that_is_not_over_is_told_as_far_as_it_is_and_a_copy_has_it_too():
    numbers = KeptNumbers(at_once=0)
    for at in range(10, 401, 10):
        numbers.take("balancer", (Measurement("error_rate", "web01", float(at), 10.0, 0.1, 10, 1),))
    numbers.take("balancer", (Measurement("error_rate", "web01", 410.0, problem=SafeText("away")),))
    last = numbers.window("error_rate", 0.0, 410.0)["web01"][-1]
    assert (last.at, last.seconds, last.requests, last.bad, last.problem) == (410.0, 50.0, 50, 5, "")
    assert last.value == pytest.approx(0.1)
    track = numbers.hosts("error_rate")["web01"].copied("error_rate", 0.0)
    assert list(track.between("error_rate", "web01", 360.0, 410.0, coarse=True)) == [last]
    assert list(track.between("error_rate", "web01", 410.0, 999.0, coarse=True)) == [], "nothing ended since then"
    assert list(track.between("error_rate", "web01", 0.0, 409.0, coarse=True))[-1].at == 360.0, "the open minute is not over yet then"


def test_a_minute_in_which_nothing_could_be_measured_is_a_gap():
    numbers = KeptNumbers()
    for at in (1.0, 2.0, 61.0):
        numbers.take(MACHINE, (Measurement("cpu", "web01", at, problem=SafeText("away")),))
    track = numbers.hosts("cpu")["web01"]
    assert [(one.host, one.at, one.value, one.requests, one.problem) for one in track.between("cpu", "web01", 0.0, 60.0, coarse=True)] == [
        ("web01", 60.0, None, None, UNKNOWN)
    ]  # fmt: skip
