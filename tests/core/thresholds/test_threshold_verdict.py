"""What one look at a threshold comes to. Moments: now is 1000, the first switch was at 900, and hosts are new since then unless a row says otherwise."""

import pytest

from console.core.thresholds.threshold_verdict import View, countdown_of, judged
from console.model.thresholds import (
    BadBefore,
    BothSides,
    Breached,
    Crossed,
    Inconclusive,
    Mean,
    Threshold,
    Unmeasured,
    Within,
)
from tests.core.windows import CPU, ERRORS, NOW, QUEUE, SWITCHED, counted, failed, plain, quiet, view

ERRORS_1 = Threshold(ERRORS, above=0.01, then="rollback")
CPU_90 = Threshold(CPU, above=0.9)
WELL_BEFORE = {"web01": Mean(0.001, 300.0, 30000, 30), "web02": Mean(0.001, 300.0, 30000, 30)}
BAD_BEFORE = {"web01": Mean(0.3, 300.0, 3000, 900), "web02": Mean(0.3, 300.0, 3000, 900)}


def steady(new: float, old: float | None = 0.0, since: float = SWITCHED, **parts) -> View:
    """Both sides served since the first switch, with those rates of errors from `since` on."""
    measured = [counted("web01", SWITCHED, since, 0.0), counted("web01", since, NOW, new)]
    measured += [counted("web02", SWITCHED, NOW, old)] if old is not None else []
    return view(*measured, old=("web02",) if old is not None else (), **parts)


@pytest.mark.parametrize(
    ("looked_at", "kind"),
    [
        (steady(0.0), Within),
        (steady(0.01), Within),
        (steady(0.02), Breached),
        (steady(0.3, since=981.0), Within),
        (steady(0.3, since=979.0), Crossed),
        (steady(0.3, since=971.0), Crossed),
        (steady(0.3, since=970.0), Breached),
        (steady(0.3, old=None), Breached),
        (steady(0.3, old=0.3), BothSides),
        (steady(0.3, old=0.3, since=975.0), Within),
        (steady(0.3, old=0.3, since=970.0), BothSides),
        (steady(0.3, old=0.02), Breached),
        (steady(0.3, old=0.25), BothSides),
        (steady(0.3, baseline=WELL_BEFORE), Breached),
        (steady(0.3, baseline=BAD_BEFORE), BadBefore),
        (steady(0.9, baseline=BAD_BEFORE), Breached),
        (steady(0.3, old=0.3, baseline=BAD_BEFORE), BadBefore),
        (steady(0.3, baseline=BAD_BEFORE, since=985.0), Within),
        (steady(0.3, baseline={"web01": Mean(0.05, 300.0, 20, 1)}), Breached),
    ],
    ids=[
        "no errors",
        "just at the limit",
        "above it",
        "not for long",
        "the countdown has begun",
        "a second is left",
        "for as long as it says",
        "without old hosts",
        "an outage",
        "an outage, not for long",
        "an outage, for long enough",
        "old hosts are above it too, but not nearly so much",
        "nearly as much on old hosts",
        "well before",
        "bad before",
        "worse than before",
        "bad before and everywhere",
        "bad before, not for long",
        "one error before shows nothing",
    ],
)
def test_errors_of_new_hosts(looked_at: View, kind: type):
    assert type(judged(ERRORS_1, looked_at)) is kind


def test_the_numbers_are_in_the_verdict():
    found = judged(ERRORS_1, steady(0.3, old=0.02, since=960.0, baseline=WELL_BEFORE))
    assert found == Breached(
        bound="above", value=pytest.approx(0.3), limit=0.01, old=0.02, baseline=pytest.approx(0.001), seconds=40.0, requests=4000, hosts=("web01",),
    )  # fmt: skip


def test_a_countdown_says_when_it_is_over():
    found = judged(ERRORS_1, steady(0.3, since=975.0))
    assert isinstance(found, Crossed)
    assert (found.due, found.seconds) == (1005.0, 25.0)


@pytest.mark.parametrize(("lasts", "seconds"), [(30.0, 10.0), (120.0, 10.0), (20.0, 10.0), (6.0, 3.0), (0.0, 0.0)])
def test_how_long_the_countdown_is(lasts: float, seconds: float):
    assert countdown_of(Threshold(ERRORS, above=0.01, seconds=lasts)) == seconds


def test_a_threshold_that_lasts_no_time_is_breached_by_one_measurement():
    at_once = Threshold(ERRORS, above=0.01, seconds=0.0)
    assert isinstance(judged(at_once, view(counted("web01", 990, 999, 0.0), counted("web01", 999, NOW, 0.3))), Breached)
    assert isinstance(judged(at_once, view(counted("web01", 990, 999, 0.3), counted("web01", 999, NOW, 0.0))), Within)


@pytest.mark.parametrize(
    ("since", "until", "kind"),
    [(960.0, 990.0, Within), (965.0, 996.0, Breached), (972.0, 999.0, Crossed), (973.0, 994.0, Crossed), (980.0, 994.0, Within), (900.0, 988.0, Within)],
)
def test_a_breach_lasts_from_its_first_measurement_to_its_last(since: float, until: float, kind: type):
    """A slot that holds good times beside bad ones adds nothing to how long it lasted."""
    measured = [counted("web01", SWITCHED, since, 0.0), counted("web01", since, until, 0.3), counted("web01", until, NOW, 0.0)]
    assert type(judged(ERRORS_1, view(*measured, old=()))) is kind


@pytest.mark.parametrize(("early", "kind"), [(0.0, Breached), (0.2, Breached), (0.3, Crossed)])
def test_a_source_that_looks_a_moment_early_is_not_waited_for_once_more(early: float, kind: type):
    assert type(judged(ERRORS_1, view(counted("web01", 970.0 + early, NOW, 0.3, step=(30.0 - early) / 15), old=()))) is kind


# gaps


@pytest.mark.parametrize(
    ("measured", "kind", "seconds"),
    [
        ([counted("web01", 940, 960, 0.3), failed("web01", 960, 990), counted("web01", 990, NOW, 0.3)], Breached, 30.0),
        ([counted("web01", 950, 960, 0.3), failed("web01", 960, 990), counted("web01", 990, NOW, 0.3)], Crossed, 20.0),
        ([counted("web01", 955, 965, 0.3), failed("web01", 965, 990), counted("web01", 990, NOW, 0.0)], Within, 0.0),
        ([counted("web01", 940, 970, 0.0), failed("web01", 970, NOW)], Unmeasured, 0.0),
        ([counted("web01", 930, 980, 0.3), failed("web01", 980, NOW)], Unmeasured, 0.0),
        ([failed("web01", 900, NOW)], Unmeasured, 0.0),
        ([], Unmeasured, 0.0),
        ([quiet("web01", 900, NOW)], Inconclusive, 0.0),
        ([counted("web01", 930, 980, 0.3), quiet("web01", 980, NOW)], Inconclusive, 0.0),
        ([counted("web01", 940, 960, 0.3), quiet("web01", 960, 990), counted("web01", 990, NOW, 0.3)], Breached, 30.0),
    ],
    ids=[
        "a gap ends no breach",
        "and does not count",
        "after it, it is well",
        "it failed lately",
        "it was bad, and failed lately",
        "it always failed",
        "nothing was measured",
        "no requests",
        "it was bad, and has no requests any more",
        "a quiet time is a gap",
    ],
)
def test_gaps_are_neither_breach_nor_recovery(measured, kind: type, seconds: float):
    found = judged(ERRORS_1, view(*measured, old=()))
    assert type(found) is kind
    assert found.seconds == seconds


def test_a_failed_scrape_is_an_error_with_its_reason():
    found = judged(ERRORS_1, view(failed("web01", 900, NOW, why="connection refused"), counted("web03", 900, NOW, 0.0), new=("web01", "web03")))
    assert isinstance(found, Unmeasured)
    assert (found.unmeasured, found.hosts, str(found.problem), found.value, found.requests) == (("web01",), ("web03",), "connection refused", 0.0, 3000)


def test_what_was_measured_can_be_a_breach_all_the_same():
    found = judged(ERRORS_1, view(failed("web01", 900, NOW), counted("web03", 900, NOW, 0.3), new=("web01", "web03")))
    assert isinstance(found, Breached)
    assert (found.hosts, found.unmeasured) == (("web03",), ("web01",))


def test_a_reset_of_counters_is_a_gap_and_no_spike():
    """What the keeper says of it is a measurement with a problem: no number follows from it."""
    reset = failed("web01", 989, 990, why="counters began anew")
    assert isinstance(judged(ERRORS_1, view(counted("web01", 900, 989, 0.0), reset, counted("web01", 990, NOW, 0.0))), Within)


def test_what_was_before_the_first_switch_or_before_a_host_was_new_is_not_judged():
    measured = [counted("web01", 800, 985, 0.3), counted("web01", 985, NOW, 0.0)]
    assert isinstance(judged(ERRORS_1, view(*measured, old=())), Within)
    bad = counted("web01", 800, NOW, 0.3)
    assert isinstance(judged(ERRORS_1, view(bad, old=(), since=985.0)), Within)
    late = view(bad, counted("web02", 800, NOW, 0.0))._replace(new={"web01": 985.0})
    assert isinstance(judged(ERRORS_1, late), Within)


def test_no_host_is_new_yet():
    found = judged(ERRORS_1, view(counted("web02", 900, NOW, 0.3), new=()))
    assert isinstance(found, Inconclusive)
    assert str(found.problem) == "no host has the new release yet"


def test_a_host_that_is_just_new_has_its_time():
    just = view(counted("web02", 900, NOW, 0.0))._replace(new={"web01": 995.0})
    found = judged(ERRORS_1, just)
    assert (type(found), str(found.problem)) == (Inconclusive, "no requests to new hosts")


# requests


@pytest.mark.parametrize(("each", "needed", "kind"), [(1, 30, Breached), (1, 31, Inconclusive), (10, 300, Breached), (10, 301, Inconclusive)])
def test_less_traffic_than_that_is_inconclusive(each: int, needed: int, kind: type):
    found = judged(Threshold(ERRORS, above=0.01, min_requests=needed), view(counted("web01", 900, NOW, 1.0, each=each), old=()))
    assert type(found) is kind
    assert found.requests == (100 * each if kind is Breached else 30 * each)
    assert getattr(found, "needed", needed) == needed


def test_hosts_are_one_rate_together():
    """One host of ten fails entirely: a tenth of the requests, which the limit allows."""
    ten = [f"web{number:02}" for number in range(1, 11)]
    measured = [counted(host, 900, NOW, 1.0 if host == "web01" else 0.0) for host in ten]
    assert isinstance(judged(Threshold(ERRORS, above=0.11), view(*measured, new=ten, old=())), Within)
    found = judged(Threshold(ERRORS, above=0.09), view(*measured, new=ten, old=()))
    assert isinstance(found, Breached)
    assert found.value == pytest.approx(0.1)


def test_a_source_that_looks_every_ten_seconds():
    for since, kind in ((970.0, Breached), (980.0, Crossed), (990.0, Within)):
        measured = [counted("web01", 900, since, 0.0, step=10.0), counted("web01", since, NOW, 0.3, step=10.0)]
        assert type(judged(ERRORS_1, view(*measured, old=(), patience=30.0))) is kind


# numbers that each host has for itself


@pytest.mark.parametrize(
    ("measured", "baseline", "kind", "hosts"),
    [
        ([plain("web01", 900, NOW, 0.95), plain("web03", 900, NOW, 0.2)], {}, Breached, ("web01",)),
        ([plain("web01", 900, NOW, 0.95), plain("web03", 900, NOW, 0.99)], {}, Breached, ("web01", "web03")),
        ([plain("web01", 900, NOW, 0.9), plain("web03", 900, NOW, 0.2)], {}, Within, ("web01", "web03")),
        ([plain("web01", 975, NOW, 0.95), plain("web03", 900, NOW, 0.2)], {}, Crossed, ("web01",)),
        ([plain("web01", 900, NOW, 0.95), plain("web03", 900, NOW, 0.2)], {"web01": Mean(0.95, 300.0)}, BadBefore, ("web01",)),
        ([plain("web01", 900, NOW, 0.95), plain("web03", 900, NOW, 0.2)], {"web03": Mean(0.95, 300.0)}, Breached, ("web01",)),
        ([plain("web01", 900, NOW, 0.95), plain("web03", 900, NOW, 0.95)], {"web01": Mean(0.95, 300.0)}, Breached, ("web03",)),
        ([plain("web01", 900, NOW, 0.95), plain("web02", 900, NOW, 0.95), plain("web03", 900, NOW, 0.1)], {}, BothSides, ("web01",)),
    ],
    ids=["one is", "both are", "none is", "one is nearly", "one was before", "the other one was before", "one was, one was not", "an old one is too"],
)
def test_each_host_has_its_own(measured, baseline, kind: type, hosts):
    found = judged(CPU_90, view(*measured, new=("web01", "web03"), baseline=baseline))
    assert (type(found), found.hosts) == (kind, hosts)


# against the time before


@pytest.mark.parametrize(
    ("value", "before", "kind"),
    [
        (0.149, Mean(0.1, 300.0), Within),
        (0.151, Mean(0.1, 300.0), Breached),
        (0.151, None, Inconclusive),
    ],
)
def test_against_the_time_before(value: float, before: Mean | None, kind: type):
    found = judged(Threshold(CPU, above_baseline=0.5), view(plain("web01", 900, NOW, value), baseline={"web01": before} if before else {}))
    assert type(found) is kind
    assert found.bound == "above_baseline"
    if before:
        assert found.limit == pytest.approx(0.15)
        assert found.baseline == 0.1
    else:
        assert str(found.problem) == "it was not measured before the release"


@pytest.mark.parametrize(
    ("new", "old", "before", "kind"),
    [
        (0.01, 0.0, Mean(0.01, 300.0, 10000, 100), Within),
        (0.02, 0.0, Mean(0.01, 300.0, 10000, 100), Breached),
        (0.02, 0.02, Mean(0.01, 300.0, 10000, 100), BothSides),
        (0.01, 0.0, Mean(0.0, 300.0, 10000, 0), Breached),
        (0.01, 0.0, Mean(0.0, 300.0, 10, 0), Within),
    ],
    ids=["as before", "twice as many", "twice as many everywhere", "none of many before", "none of few before says little"],
)
def test_errors_against_the_time_before(new: float, old: float, before: Mean, kind: type):
    threshold = Threshold(ERRORS, above_baseline=0.5)
    assert type(judged(threshold, steady(new, old, baseline={"web01": before}))) is kind


# new hosts against old ones


@pytest.mark.parametrize(
    ("new", "old", "kind"),
    [
        (0.3, 0.01, Breached),
        (0.3, 0.0, Breached),
        (0.3, 0.3, Within),
        (0.0, 0.0, Within),
        (0.01, 0.3, Within),
        (0.15, 0.1, Within),
        (0.17, 0.1, Inconclusive),
        (0.3, 0.1, Breached),
    ],
)
def test_errors_of_new_hosts_against_old_ones(new: float, old: float, kind: type):
    found = judged(Threshold(ERRORS, above_old=0.5), steady(new, old, since=970.0))
    assert (type(found), found.bound) == (kind, "above_old")
    if kind is Breached:
        assert found.old == pytest.approx(old)
        assert found.limit == pytest.approx(old * 1.5)
        assert found.value == pytest.approx(new)
    if kind is Inconclusive:
        assert str(found.problem) == "the difference may be chance"


def test_few_requests_show_no_difference():
    measured = [counted("web01", 900, NOW, 1.0, each=1, step=50.0), counted("web02", 900, NOW, 0.0, each=1, step=50.0)]
    found = judged(Threshold(ERRORS, above_old=0.5), view(*measured, patience=100.0))
    assert str(found.problem) == "the difference may be chance"


@pytest.mark.parametrize(
    ("new", "old", "kind"), [(0.5, 0.3, Breached), (0.45, 0.3, Within), (0.2, 0.3, Within), (0.5, 0.5, Within), (0.1, 0.0, Breached), (0.0, 0.0, Within)],
)  # fmt: skip
def test_numbers_of_hosts_against_old_ones_are_compared_by_their_means(new: float, old: float, kind: type):
    measured = [plain("web01", 900, NOW, new - 0.1), plain("web03", 900, NOW, new + 0.1), plain("web02", 900, NOW, old)]
    if new < 0.1:
        measured = [plain("web01", 900, NOW, new), plain("web02", 900, NOW, old)]
    found = judged(Threshold(CPU, above_old=0.5), view(*measured, new=("web01", "web03") if new >= 0.1 else ("web01",)))
    assert type(found) is kind


@pytest.mark.parametrize(
    ("measured", "old", "words"),
    [
        ([counted("web01", 900, NOW, 0.3)], (), "no host has the old release any more"),
        ([counted("web01", 900, NOW, 0.3), failed("web02", 900, NOW)], ("web02",), "old hosts could not be measured: connection refused"),
        ([counted("web01", 900, NOW, 0.3), quiet("web02", 900, NOW)], ("web02",), "no requests to old hosts"),
    ],
)
def test_without_old_hosts_there_is_nothing_to_compare(measured, old, words):
    found = judged(Threshold(ERRORS, above_old=0.5), view(*measured, old=old))
    assert (type(found), str(found.problem)) == (Inconclusive, words)


def test_times_that_one_side_did_not_measure_are_left_out():
    measured = [counted("web01", 960, NOW, 0.3), counted("web02", 960, 970, 0.0), failed("web02", 970, 990), counted("web02", 990, NOW, 0.0)]
    found = judged(Threshold(ERRORS, above_old=0.5), view(*measured))
    assert (type(found), found.seconds) == (Crossed, 20.0)


def test_how_long_requests_take_is_no_share_of_them():
    """p95 on new hosts is twice the old ones', and it is shown that more of their requests are slow."""
    slow = list(counted("web01", 900, NOW, 0.3))
    fast = list(counted("web02", 900, NOW, 0.05))
    measured = [
        [type(one)(ERRORS, one.host, one.at, one.seconds, 0.4 if one.host == "web01" else 0.2, one.requests, one.bad) for one in some] for some in (slow, fast)
    ]
    assert isinstance(judged(Threshold(ERRORS, above_old=0.5), view(*measured)), Breached)
    assert isinstance(judged(Threshold(ERRORS, above_old=1.5), view(*measured)), Within)
    assert isinstance(judged(Threshold(ERRORS, above=0.3), view(*measured, baseline={"web01": Mean(0.35, 300.0, 100, 5)})), BadBefore)
    assert isinstance(judged(Threshold(ERRORS, above=0.3), view(*measured, baseline={"web01": Mean(0.25, 300.0, 100, 5)})), Breached)


# the environment as a whole


@pytest.mark.parametrize(
    ("measured", "baseline", "kind"),
    [
        (plain("", 900, NOW, 5000.0, metric=QUEUE), {}, Breached),
        (plain("", 900, NOW, 50.0, metric=QUEUE), {}, Within),
        (plain("", 900, NOW, 5000.0, metric=QUEUE), {"": Mean(4900.0, 300.0)}, BadBefore),
        (failed("", 900, NOW, metric=QUEUE), {}, Unmeasured),
    ],
)
def test_one_number_for_the_environment(measured, baseline, kind: type):
    found = judged(Threshold(QUEUE, above=1000.0), view(measured, new=(), baseline=baseline))
    assert type(found) is kind
    assert (found.hosts, found.unmeasured, found.old) == ((), (), None)


def test_one_number_for_the_environment_has_no_old_hosts_to_be_held_against():
    found = judged(Threshold(QUEUE, above_old=0.5), view(plain("", 900, NOW, 5000.0, metric=QUEUE)))
    assert (type(found), str(found.problem)[:41]) == (Inconclusive, "it is one number for the whole environmen")


def test_a_query_that_names_hosts_is_held_against_old_ones():
    measured = [plain("web01", 900, NOW, 60.0, metric=QUEUE), plain("web02", 900, NOW, 20.0, metric=QUEUE)]
    assert isinstance(judged(Threshold(QUEUE, above_old=0.5), view(*measured)), Breached)


def test_the_sum_of_all_hosts_beside_them_is_not_judged():
    """A source that counts on hosts tells of all of them together too: old ones are in that."""
    measured = [counted("web01", 900, NOW, 0.3), counted("web02", 900, NOW, 0.0), counted("", 900, NOW, 0.15, each=200)]
    found = judged(ERRORS_1, view(*measured))
    assert (type(found), found.hosts, found.value) == (Breached, ("web01",), pytest.approx(0.3))
    assert found.old == 0.0


# several limits


def test_one_limit_of_several_is_enough_and_is_named():
    both = Threshold(ERRORS, above=0.5, above_old=0.5)
    found = judged(both, steady(0.3, 0.0))
    assert (type(found), found.bound) == (Breached, "above_old")
    found = judged(both, steady(0.6, 0.5))
    assert (type(found), found.bound) == (BothSides, "above") if isinstance(found, BothSides) else (Breached, "above")


def test_no_window_reaches_before_the_first_switch_or_further_back_than_a_breach_may():
    looked_at = steady(0.3)
    judged(Threshold(ERRORS, above=0.1, above_old=0.5), looked_at)
    assert looked_at.measurements.asked == [(ERRORS, SWITCHED, NOW)]  # type: ignore[attr-defined]
    long_ago = view(counted("web01", 0, NOW, 0.3), since=0.0)
    judged(ERRORS_1, long_ago)
    assert long_ago.measurements.asked[-1] == (ERRORS, NOW - 3 * 30.0 - 120.0, NOW)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("threshold", "new", "reaches"),
    [
        (ERRORS_1, 0.0, [950.0]), (ERRORS_1, 0.3, [950.0, 900.0]), (Threshold(ERRORS, above=0.01, seconds=60.0), 0.0, [920.0]),
        (Threshold(ERRORS, above=0.01, seconds=100.0), 0.0, [900.0]), (Threshold(ERRORS, above=0.01, above_old=0.5), 0.0, [900.0]),
    ],
    ids=["within", "above", "a longer time", "no more than there is", "against old hosts"],
)  # fmt: skip
def test_only_the_last_part_is_looked_through_while_nothing_is_above_a_limit(threshold: Threshold, new: float, reaches: list[float]):
    seen = steady(new)
    judged(threshold, seen)
    assert [since for _, since, _ in seen.measurements.asked] == reaches


def test_a_host_of_its_own_that_is_above_has_its_whole_breach_counted():
    long = Threshold(CPU, above=0.9, seconds=30.0)
    found = judged(
        long, view(plain("web01", SWITCHED, NOW, 0.95), plain("web03", SWITCHED, NOW, 0.1), plain("web02", SWITCHED, NOW, 0.1), new=("web01", "web03"))
    )
    assert isinstance(found, Breached)
    assert (found.seconds, found.hosts) == (100.0, ("web01",))
