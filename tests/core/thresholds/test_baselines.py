"""What a metric was before a release."""

from console.core.thresholds.baselines import BASELINE, baseline_of
from console.model.thresholds import Mean
from tests.core.windows import CPU, ERRORS, QUEUE, Written, counted, failed, plain

UNTIL = 900.0


def test_by_host_and_only_of_the_time_before():
    measured = Written([*counted("web01", 880, 890, 0.1), *counted("web01", 890, 950, 1.0), *counted("web02", 890, 900, 0.0), *failed("web03", 890, 900)])
    found = baseline_of(measured, ERRORS, ("web01", "web02", "web03", "web04"), 890.0, 10.0)
    assert found == {"web01": Mean(0.1, 10.0, 1000, 100)}
    found = baseline_of(measured, ERRORS, ("web01", "web02"), UNTIL, 10.0)
    assert found["web02"] == Mean(0.0, 10.0, 1000, 0)
    assert found["web01"].bad == 1100
    assert measured.asked[-1] == (ERRORS, UNTIL - BASELINE, UNTIL)


def test_what_was_long_ago_is_left_out():
    measured = Written([*plain("web01", 500, 590, 0.9), *plain("web01", 600, 900, 0.1)])
    mean = baseline_of(measured, CPU, ("web01",), UNTIL, 10.0)["web01"]
    assert (round(mean.value, 6), mean.seconds, mean.requests) == (0.1, 300.0, None)


def test_one_number_for_the_environment():
    measured = Written(plain("", 890, 900, 7.0, metric=QUEUE))
    assert baseline_of(measured, QUEUE, ("web01",), UNTIL, 10.0) == {"": Mean(7.0, 10.0)}


def test_the_sum_of_all_hosts_beside_them_is_none_of_them():
    measured = Written([*counted("web01", 890, 900, 0.1), *counted("", 890, 900, 0.2)])
    assert set(baseline_of(measured, ERRORS, ("web01",), UNTIL, 10.0)) == {"web01"}


def test_nothing_was_measured():
    assert baseline_of(Written(), ERRORS, ("web01",), UNTIL, 10.0) == {}
