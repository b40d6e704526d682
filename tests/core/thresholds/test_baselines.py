"""What a metric was before a release."""

import pytest

from console.core.thresholds.baselines import BASELINE, Before, baseline_of, is_complete
from console.model.thresholds import Mean
from tests.core.windows import CPU, ERRORS, QUEUE, Written, counted, failed, plain

CHANGED, SWITCHED, NOW = 890.0, 895.0, 900.0
HOSTS = ("web01", "web02", "web03", "web04")


def taken(measured: Written, metric: str = ERRORS, *, changed: float = CHANGED, old: tuple[str, ...] = ()) -> dict[str, Mean]:
    return baseline_of(measured, metric, Before(changed, SWITCHED, HOSTS, old), NOW, 10.0)


def test_by_host_and_only_of_the_time_before():
    measured = Written([*counted("web01", 880, 890, 0.1), *counted("web01", 890, 950, 1.0), *counted("web02", 890, 900, 0.0), *failed("web03", 880, 900)])
    assert taken(measured, old=("web02",)) == {"web01": Mean(0.1, 10.0, 1000, 100)}
    assert measured.asked == [(ERRORS, CHANGED - BASELINE, CHANGED)]


def test_where_nothing_was_measured_before_old_hosts_stand_for_it():
    measured = Written([*counted("web01", 890, 900, 1.0), *counted("web02", 890, 900, 0.25), *counted("web02", 900, 910, 1.0)])
    assert taken(measured, old=("web02", "web03")) == {"web02": Mean(0.25, 10.0, 1000, 250)}
    assert taken(measured) == {}


def test_what_was_long_ago_is_left_out():
    measured = Written([*plain("web01", 500, 590, 0.9), *plain("web01", 600, 900, 0.1)])
    mean = taken(measured, CPU, changed=900.0)["web01"]
    assert (round(mean.value, 6), mean.seconds, mean.requests) == (0.1, 300.0, None)


def test_one_number_for_the_environment():
    assert taken(Written(plain("", 880, 890, 7.0, metric=QUEUE)), QUEUE) == {"": Mean(7.0, 10.0)}


def test_the_sum_of_all_hosts_beside_them_is_none_of_them():
    measured = Written([*counted("web01", 880, 890, 0.1), *counted("", 880, 890, 0.2)])
    assert set(taken(measured)) == {"web01"}


def test_nothing_was_measured():
    assert taken(Written(), old=HOSTS) == {}


@pytest.mark.parametrize(
    ("found", "old", "now", "complete"),
    [
        ({"a": {"web01": Mean(1.0)}, "b": {"web01": Mean(1.0)}}, HOSTS, 896.0, True),
        ({"a": {"web01": Mean(1.0)}, "b": {}}, HOSTS, 896.0, False),
        ({"a": {}}, HOSTS, 904.9, False),
        ({"a": {}}, HOSTS, 905.0, True),
        ({"a": {}}, (), 896.0, True),
    ],
    ids=["all of it", "one is missing", "old hosts are waited for", "not for ever", "there are no old hosts"],
)
def test_when_it_is_taken(found, old, now, complete):
    assert is_complete(found, Before(CHANGED, SWITCHED, HOSTS, old), now) is complete
