"""One metric of many hosts as one curve: what a row says of all hosts, of each side and of the spread, and what longer stretches make of rows."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.metrics.fleet_curve import CurveMaker, CurveRow, OpenRow, merged, quantile
from console.model.number_history import Curve, Unit

Look = tuple[float | None, tuple[int, int] | None, str]
"""A value, requests and how many of them were bad, and whose it is: a new host's, an old one's, or the whole environment's."""


def row_of(unit: Unit, *looks: Look, at: float = 5.0) -> CurveRow:
    open_row = OpenRow(unit)
    for value, counts, whose in looks:
        open_row.add(value, counts, new=whose == "new", whole=whose == "whole")
    return open_row.row(at)


ROWS: list[tuple[str, Unit, tuple[Look, ...], CurveRow]] = [
    ("nobody said anything", "share", (), CurveRow(5.0)),
    ("a look without a value says nothing", "share", ((None, None, "new"),), CurveRow(5.0)),
    ("one old host", "share", ((0.5, None, "old"),), CurveRow(5.0, 0.5, None, 0.5, 0.5, 0.5, 0.5, 1.0)),
    ("one new host", "share", ((0.5, None, "new"),), CurveRow(5.0, 0.5, 0.5, None, 0.5, 0.5, 0.5, 1.0)),
    ("a share without requests is a mean of hosts", "share", ((0.25, None, "new"), (0.75, None, "old")), CurveRow(5.0, 0.5, 0.25, 0.75, 0.25, 0.75, 0.75, 2.0)),
    (
        "requests are added before they are divided",
        "share", ((0.0, (900, 0), "old"), (0.5, (100, 50), "new")), CurveRow(5.0, 0.05, 0.5, 0.0, 0.0, 0.5, 0.5, 1000.0),
    ),
    (
        "a host without requests has no rate, and counts for none",
        "share", ((0.1, (10, 1), "old"), (None, (0, 0), "new")), CurveRow(5.0, 0.1, None, 0.1, 0.1, 0.1, 0.1, 10.0),
    ),
    (
        "where no host had requests, values that came without them count by hosts",
        "share", ((0.2, (0, 0), "old"), (0.4, (0, 0), "new")), CurveRow(5.0, pytest.approx(0.3), 0.4, 0.2, 0.2, 0.4, 0.4, 2.0),
    ),
    ("a duration of a side is its median host's", "seconds", ((9.0, None, "old"), (1.0, None, "old"), (2.0, None, "old")), CurveRow(5.0, 2.0, None, 2.0, 2.0, 9.0, 9.0, 3.0)),
    (
        "a duration is never divided by requests, which still give its weight",
        "seconds", ((1.0, (10, 5), "old"), (3.0, (30, 5), "new")), CurveRow(5.0, 1.0, 3.0, 1.0, 1.0, 3.0, 3.0, 40.0),
    ),
    ("what the source says of all buckets is the whole's duration", "seconds", ((1.0, None, "old"), (0.4, None, "whole")), CurveRow(5.0, 0.4, None, 1.0, 1.0, 1.0, 1.0, 1.0)),
    ("a number of the environment alone", "number", ((7.0, None, "whole"),), CurveRow(5.0, 7.0, None, None, None, None, None, 1.0)),
    ("the last word of the environment counts", "number", ((7.0, None, "whole"), (8.0, None, "whole")), CurveRow(5.0, 8.0, None, None, None, None, None, 1.0)),
    ("an environment that is silent is not nought", "number", ((7.0, None, "whole"), (None, None, "whole")), CurveRow(5.0)),
    ("a rate of the whole is not told of sides", "rate", ((4.0, None, "new"), (2.0, None, "old"), (6.0, None, "whole")), CurveRow(5.0, 6.0, None, None, 2.0, 4.0, 4.0, 2.0)),
    ("a rate without a whole is told of sides", "rate", ((4.0, None, "new"), (2.0, None, "old")), CurveRow(5.0, 3.0, 4.0, 2.0, 2.0, 4.0, 4.0, 2.0)),
    ("a number of the whole does not hide its sides", "number", ((4.0, None, "new"), (6.0, None, "whole")), CurveRow(5.0, 6.0, 4.0, None, 4.0, 4.0, 4.0, 1.0)),
    ("nought is a value", "bytes", ((0.0, None, "old"), (0.0, None, "new")), CurveRow(5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0)),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "looks", "row"), [pytest.param(*case[1:], id=case[0]) for case in ROWS])
def test_a_row_says_of_a_stretch_of_time(unit: Unit, looks: tuple[Look, ...], row: CurveRow):
    assert row_of(unit, *looks) == row


QUANTILES = [
    ("the only one", (3.0,), 0.5, 3.0), ("the only one, whatever is asked", (3.0,), 0.0, 3.0), ("of two the lower one is the median", (1.0, 2.0), 0.5, 1.0),
    ("of three the one in the middle", (1.0, 2.0, 3.0), 0.5, 2.0), ("of four the second", (1.0, 2.0, 3.0, 4.0), 0.5, 2.0),
    ("the lowest", (1.0, 2.0, 3.0), 0.0, 1.0), ("the highest", (1.0, 2.0, 3.0), 1.0, 3.0), ("of twenty the nineteenth", tuple(map(float, range(1, 21))), 0.95, 19.0),
    ("of nineteen the last", tuple(map(float, range(1, 20))), 0.95, 19.0), ("of a hundred", tuple(map(float, range(1, 101))), 0.95, 95.0),
]  # fmt: skip


@pytest.mark.parametrize(("ordered", "share", "value"), [pytest.param(*case[1:], id=case[0]) for case in QUANTILES])
def test_a_quantile_is_one_of_the_values(ordered: tuple[float, ...], share: float, value: float):
    assert quantile(ordered, share) == value


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(0, 20))
def test_so_large_a_share_does_not_exceed_a_quantile_and_no_lower_value_will_do(values: list[int], twentieths: int):
    found = quantile(sorted(map(float, values)), twentieths / 20)
    needed = twentieths * len(values)
    assert 20 * sum(value <= found for value in values) >= needed
    assert found == min(values) or 20 * sum(value < found for value in values) < needed


MERGED: list[tuple[str, tuple[CurveRow, ...], CurveRow]] = [
    ("no row", (), CurveRow(9.0)),
    ("one row stays what it is", (CurveRow(5.0, 0.5, 0.25, 0.75, 0.5, 1.0, 1.5, 4.0),), CurveRow(9.0, 0.5, 0.25, 0.75, 0.5, 1.0, 1.5, 4.0)),
    ("each counts by its weight", (CurveRow(1.0, 0.0, weight=3.0), CurveRow(2.0, 1.0, weight=1.0)), CurveRow(9.0, 0.25, weight=4.0)),
    ("one without a value does not draw the mean down", (CurveRow(1.0, None, 0.25, weight=3.0), CurveRow(2.0, 1.0, weight=1.0)), CurveRow(9.0, 1.0, 0.25, weight=4.0)),
    ("one without a weight does not count", (CurveRow(1.0, 9.0, highest=9.0), CurveRow(2.0, 1.0, highest=1.0, weight=1.0)), CurveRow(9.0, 1.0, highest=1.0, weight=1.0)),
    ("the highest is the highest of all", (CurveRow(1.0, highest=2.0, weight=99.0), CurveRow(2.0, highest=7.0, weight=1.0)), CurveRow(9.0, highest=7.0, weight=100.0)),
    ("the highest is known from the rows that say it", (CurveRow(1.0, 0.1, weight=1.0), CurveRow(2.0, 0.1, highest=0.3, weight=1.0)), CurveRow(9.0, 0.1, highest=0.3, weight=2.0)),
    (
        "sides and spreads are means of their own",
        (CurveRow(1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1.0), CurveRow(2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 5.0, 1.0)), CurveRow(9.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0, 2.0),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "row"), [pytest.param(*case[1:], id=case[0]) for case in MERGED])
def test_rows_become_one_of_a_longer_stretch(rows: tuple[CurveRow, ...], row: CurveRow):
    assert merged(9.0, rows) == row


COUNTS = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)).map(lambda pair: (max(pair), min(pair))), min_size=1, max_size=8)


@given(COUNTS, st.integers(0, 8))
def test_a_share_of_a_longer_stretch_is_that_of_its_requests_however_it_is_cut(counts: list[tuple[int, int]], cut: int):
    parts = [part for part in (counts[:cut], counts[cut:]) if part]
    rows = [row_of("share", *((bad / requests, (requests, bad), "old") for requests, bad in part)) for part in parts]
    assert merged(9.0, rows).value == pytest.approx(sum(bad for _, bad in counts) / sum(requests for requests, _ in counts))
    assert merged(9.0, rows).weight == sum(requests for requests, _ in counts)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12))
def test_a_row_lies_between_its_lowest_and_its_highest_host(values: list[float]):
    row = row_of("number", *((value, None, "old") for value in values))
    assert min(values) <= row.median <= row.p95 <= row.highest == max(values)
    assert min(values) - 1e-9 <= row.value <= max(values) + 1e-9


def a_curve(*looks: tuple[float, float | None], since: float = 100.0, step: float = 5.0, unit: Unit = "number") -> Curve:
    maker = CurveMaker("load", unit, since, step)
    for at, value in looks:
        maker.add(at, value, None, new=False, whole=False)
    return maker.curve()


PLACES = [
    ("no look, no row", (), (), ()),
    ("a row is at the end of its stretch", ((100.0, 1.0),), (105.0,), (1.0,)),
    ("a look at the end of a stretch is in the next one", ((105.0, 1.0),), (110.0,), (1.0,)),
    ("looks of one stretch are one row", ((100.0, 1.0), (104.9, 3.0)), (105.0,), (2.0,)),
    ("looks may come in any order", ((111.0, 2.0), (101.0, 1.0)), (105.0, 115.0), (1.0, 2.0)),
    ("a stretch without a look is a hole, not nought", ((101.0, 1.0), (121.0, 2.0)), (105.0, 125.0), (1.0, 2.0)),
    ("a look without a value is a row without one", ((101.0, None),), (105.0,), (None,)),
    ("a look before the beginning has a stretch of its own", ((99.0, 1.0), (101.0, 2.0)), (100.0, 105.0), (1.0, 2.0)),
]


@pytest.mark.parametrize(("looks", "at", "values"), [pytest.param(*case[1:], id=case[0]) for case in PLACES])
def test_a_curve_has_a_row_for_each_stretch_with_a_look(looks: tuple[tuple[float, float | None], ...], at: tuple[float, ...], values: tuple[float | None, ...]):
    curve = a_curve(*looks)
    assert (curve.metric, curve.at, curve.value) == ("load", at, values)


def test_a_curve_tells_sides_requests_and_the_whole_apart():
    maker = CurveMaker("error_rate", "share", 0.0, 2.0)
    maker.add(1.0, 0.5, (10, 5), new=True, whole=False)
    maker.add(1.0, 0.0, (90, 0), new=False, whole=False)
    maker.add(3.0, 0.25, None, new=False, whole=True)
    assert maker.curve() == Curve(
        "error_rate", (2.0, 4.0), (0.05, 0.25), (0.5, None), (0.0, None), (0.0, None), (0.5, None), (0.5, None)
    )  # fmt: skip


@pytest.mark.parametrize(("value", "short"), [(1 / 3, 0.33333), (123456.7, 123460.0), (0.0, 0.0), (2.0, 2.0), (0.000012345678, 0.000012346)])
def test_a_curve_travels_with_five_digits(value: float, short: float):
    assert a_curve((101.0, value)).value == (short,)


def test_a_moment_is_told_to_the_millisecond():
    assert a_curve((0.05, 1.0), since=0.0, step=0.1).at == (0.1,)
    assert a_curve((0.25, 1.0), since=0.0, step=0.1).at == (0.3,)


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 9)), max_size=20))
def test_a_curve_is_in_order_and_each_of_its_columns_as_long(looks: list[tuple[float, float]]):
    curve = a_curve(*looks, since=0.0)
    assert all(early < late for early, late in pairwise(curve.at))
    assert {len(column) for column in (curve.value, curve.new, curve.old, curve.median, curve.p95, curve.highest)} == {len(curve.at)}
    assert len(curve.at) == len({int(at // 5) for at, _ in looks})
