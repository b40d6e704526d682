"""What was measured, as pieces of time: which count, whose they are, and what they come to."""

import math

import pytest

from console.core.thresholds.pieces import (
    MeasuredSide,
    Piece,
    is_measured,
    is_share,
    mean_of,
    side_of,
    slot_seconds,
    slots_of,
    together,
)
from console.model.measurements import Measurement
from console.model.thresholds import Mean
from console.safe_text import SafeText
from tests.core.windows import NOW, counted, failed, plain, quiet


def side(measurements, hosts=None, patience=10.0) -> MeasuredSide:
    window: dict[str, list[Measurement]] = {}
    for one in measurements:
        window.setdefault(one.host, []).append(one)
    return side_of(window, hosts or {"web01": 900.0}, NOW, patience)


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (Measurement("cpu", "a", 1.0, 1.0, 0.5), True),
        (Measurement("cpu", "a", 1.0, 1.0, 0.0), True),
        (Measurement("cpu", "a", 1.0, 1.0, None), False),
        (Measurement("cpu", "a", 1.0, 1.0, math.nan), False),
        (Measurement("cpu", "a", 1.0, 1.0, math.inf), False),
        (Measurement("cpu", "a", 1.0, 1.0, 0.5, problem=SafeText("timed out")), False),
        (Measurement("error_rate", "a", 1.0, 1.0, None, 0, 0), True),
        (Measurement("error_rate", "a", 1.0, 1.0, None, 0, 0, SafeText("counters went back")), False),
        (Measurement("error_rate", "a", 1.0, 1.0, None, 5, 0), False),
    ],
)
def test_what_says_something(one: Measurement, says: bool):
    assert is_measured(one) is says


def test_only_numbers_become_pieces():
    found = side([*counted("web01", 990, 995, 0.1), *failed("web01", 995, 997), *quiet("web01", 997, 999), *counted("web01", 999, 1000, 0.2)])
    assert [(piece.start, piece.end, piece.value, piece.requests, piece.bad) for piece in found.pieces] == [
        *((990.0 + number, 991.0 + number, 0.1, 100, 10) for number in range(5)),
        (999.0, 1000.0, 0.2, 100, 20),
    ]
    assert found.hosts == ("web01",)
    assert found.is_counted
    assert not side(plain("web01", 990, 1000, 0.5)).is_counted


def test_what_covers_a_time_before_a_host_was_new_is_not_its_own():
    measurements = [*counted("web01", 980, 1000, 0.1)]
    assert [piece.start for piece in side(measurements, {"web01": 995.0}).pieces] == [995.0, 996.0, 997.0, 998.0, 999.0]
    assert next(piece.start for piece in side(measurements, {"web01": 995.5}).pieces) == 996.0
    assert side(measurements, {"web02": 900.0}).pieces == ()


def test_a_number_of_a_moment_stands_for_the_time_since_the_one_before():
    moments = [Measurement("load", "web01", at, 0.0, 1.0) for at in (970.0, 975.0, 990.0, 999.0)]
    assert [(piece.start, piece.end) for piece in side(moments, patience=10.0).pieces] == [(970.0, 970.0), (970.0, 975.0), (990.0, 990.0), (990.0, 999.0)]


@pytest.mark.parametrize(
    ("seen", "since", "unmeasured", "problem"),
    [
        (counted("web01", 980, 1000, 0.0), 900.0, (), ""),
        (quiet("web01", 980, 1000), 900.0, (), ""),
        (failed("web01", 980, 1000), 900.0, ("web01",), "connection refused"),
        ([*counted("web01", 970, 989, 0.0), *failed("web01", 989, 1000)], 900.0, ("web01",), "connection refused"),
        ([*counted("web01", 970, 991, 0.0), *failed("web01", 991, 1000)], 900.0, (), ""),
        (counted("web01", 970, 990, 0.0), 900.0, ("web01",), "no measurement for 10 s"),
        ([], 900.0, ("web01",), "no measurement for 10 s"),
        ([], 989.0, ("web01",), "no measurement for 10 s"),
        ([], 990.0, (), ""),
        ([*failed("web01", 990, 995, why="first"), *failed("web01", 995, 1000, why="last")], 900.0, ("web01",), "last"),
    ],
    ids=[
        "measured",
        "no requests",
        "failed",
        "failed for long",
        "failed for a moment",
        "nothing lately",
        "nothing ever",
        "new for long",
        "just new",
        "the last why",
    ],
)
def test_a_host_that_gives_nothing_is_named_once_it_had_the_time(seen, since, unmeasured, problem):
    found = side(seen, {"web01": since})
    assert (found.unmeasured, str(found.problem)) == (unmeasured, problem)


@pytest.mark.parametrize(
    ("pieces", "mean"),
    [
        ([], None),
        ([Piece("a", 0, 1, 0.5, None, 0), Piece("a", 1, 2, 1.0, None, 0)], Mean(0.75, 2.0)),
        ([Piece("a", 0, 1, 0.1, 10, 1), Piece("b", 0, 1, 0.5, 30, 15)], Mean(0.4, 1.0, 40, 16)),
        ([Piece("a", 0, 2, 0.2, 10, 0), Piece("a", 5, 6, 0.4, 10, 3)], Mean(0.3, 3.0, 20, 3)),
        ([Piece("a", 0, 3, 1.0, None, 0), Piece("b", 1, 2, 3.0, None, 0)], Mean(2.0, 3.0)),
    ],
)
def test_the_mean_of_pieces(pieces, mean):
    assert mean_of(pieces) == mean


@pytest.mark.parametrize(
    ("means", "mean"),
    [
        ([], None),
        ([Mean(0.2, 5.0), Mean(0.4, 9.0)], Mean(0.30000000000000004, 9.0)),
        ([Mean(0.1, 5.0, 10, 1), Mean(0.5, 9.0, 30, 15)], Mean(0.4, 9.0, 40, 16)),
    ],
)
def test_what_hosts_had_together(means, mean):
    assert together(means) == mean


@pytest.mark.parametrize(
    ("mean", "share"),
    [(Mean(0.25, 1, 4, 1), True), (Mean(0.0, 1, 4, 0), True), (Mean(0.25, 1, 4, 2), False), (Mean(0.25, 1), False), (Mean(0.25, 1, 0, 0), False)],
)
def test_whether_a_number_is_the_share_of_bad_requests(mean, share):
    assert is_share(mean) is share


@pytest.mark.parametrize(
    ("step", "lasts", "seconds"),
    [(1.0, 30.0, 10.0), (1.0, 90.0, 10.0), (1.0, 9.0, 3.0), (1.0, 0.0, 1.0), (15.0, 30.0, 15.0), (0.1, 0.0, 0.2), (0.5, 1.2, 0.5)],
)
def test_how_long_a_slot_is(step, lasts, seconds):
    assert slot_seconds(side(plain("web01", 900, 990, 1.0, step=step)).pieces, lasts) == pytest.approx(seconds)


def test_without_pieces_a_slot_has_its_least_length():
    assert slot_seconds((), 0.0) == 0.2


def test_slots_are_counted_back_from_the_newest_measurement():
    pieces = [Piece("a", start, start + 1.0, 0.0, None, 0) for start in range(90, 100)]
    found = slots_of(pieces, 100.0, 5.0)
    assert {number: [piece.start for piece in some] for number, some in found.items()} == {0: [95, 96, 97, 98, 99], 1: [90, 91, 92, 93, 94]}
    assert slots_of(pieces, 98.0, 5.0)[0][-1].end == 98.0


@pytest.mark.parametrize("jitter", [-0.4, -0.1, 0.1, 0.4])
def test_a_source_that_is_not_punctual_still_has_one_piece_in_each_slot(jitter):
    ends = [100.0 - 10 * number + (jitter if number % 2 else 0.0) for number in range(6)]
    pieces = [Piece("a", end - 10, end, 0.0, None, 0) for end in ends]
    assert {number: len(some) for number, some in slots_of(pieces, 100.0, 10.0).items()} == dict.fromkeys(range(6), 1)


@pytest.mark.parametrize(
    ("since", "until", "highest"),
    [(900.0, 1000.0, 0.5), (900.0, 950.0, 0.3), (950.0, 1000.0, 0.9), (997.0, 999.0, 0.9), (999.5, 999.9, None), (1000.0, 1100.0, None), (0.0, 900.0, None)],
)
def test_the_highest_of_several_hosts_is_that_of_the_highest_mean(since: float, until: float, highest: float | None):
    found = side(
        [*plain("web01", 900.0, 950.0, 0.1), *plain("web01", 950.0, 1000.0, 0.9), *plain("web02", 900.0, 1000.0, 0.3)], dict.fromkeys(("web01", "web02"), 900.0)
    )
    assert found.highest(since, until) == (None if highest is None else pytest.approx(highest))


def test_a_side_without_numbers_has_no_highest():
    assert MeasuredSide().highest(0.0, 1000.0) is None


def test_what_is_asked_for_each_host_is_worked_out_once():
    found = side(plain("web01", 900.0, 1000.0, 0.3))
    assert found.highest(900.0, 1000.0) == pytest.approx(0.3)
    assert {"_running"} <= vars(found).keys()
    assert not found.is_counted
    assert vars(found)["is_counted"] is False
