"""The fleet's curves on a screen: live rows, coarser ones further back, and what an engine knew before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.metrics.fleet_curve import CurveMaker, CurveRow, OpenRow, merged, quantile
from console.model.number_history import Curve, MetricInfo, NumbersSeen
from console.ports.feed import Sample
from console.safe_text import SafeText
from console.tui.metrics_history import TIERS, FleetCurve, MetricsHistory

ERRORS = MetricInfo("error_rate", "share", 2.0, "balancer", (0.01,))
CPU = MetricInfo("cpu", "share")


def errors(host: str, requests: int, bad: int) -> Sample:
    return Sample(host, 0.0, extra={"error_rate": bad / requests if requests else None}, source="balancer", counts={"error_rate": (requests, bad)})


def test_requests_are_added_before_they_are_divided_and_sides_are_apart() -> None:
    numbers = MetricsHistory()
    numbers.take_before(NumbersSeen((ERRORS,)), 0.0)
    numbers.add(errors("web01", 900, 0), 7.1)
    numbers.add(errors("web02", 100, 50), 7.2, new=True)
    numbers.add(errors("web03", 0, 0), 7.3, new=True)
    series = next(one for one in numbers.series() if one.kind == "error_rate")
    assert (series.points, series.new, series.old) == (((7.0, 0.05),), ((7.0, 0.5),), ((7.0, 0.0),))
    assert series.info == ERRORS
    assert {host: value for host, (_, value) in series.latest.items()} == {"web01": 0.0, "web02": 0.5}


def test_a_quantile_of_a_side_is_its_median_hosts_and_of_all_what_the_source_says() -> None:
    row = OpenRow("seconds")
    for value in (0.1, 0.2, 0.9):
        row.add(value, (10, 1), new=True)
    row.add(0.4, None, whole=True)
    assert row.row(5.0) == CurveRow(5.0, 0.4, 0.2, None, 0.2, 0.9, 0.9, 30.0)
    assert OpenRow("share").row(1.0) == CurveRow(1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.floats(0.01, 1))
def test_a_quantile_is_one_of_the_values_and_enough_lie_below_it(values: list[float], share: float) -> None:
    ordered = sorted(values)
    found = quantile(ordered, share)
    assert found in ordered
    assert sum(value <= found for value in ordered) >= share * len(ordered) - 1e-9


def test_rows_become_one_by_their_weight_and_a_gap_weighs_nothing() -> None:
    assert merged(0.0, [CurveRow(0.0, 0.0, weight=90.0, highest=0.2), CurveRow(1.0, 1.0, weight=10.0, highest=0.1), CurveRow(2.0)]) == CurveRow(
        0.0, 0.1, highest=0.2, weight=100.0
    )
    assert merged(5.0, [CurveRow(0.0), CurveRow(1.0)]) == CurveRow(5.0)


def test_a_day_is_kept_ever_more_coarsely_and_no_second_is_drawn_twice() -> None:
    curve = FleetCurve(CPU)
    for second in range(90_000):
        curve.add(second + 0.5, 0.25 if second % 2 else 0.75, None, new=False, whole=False)
    rows = curve.rows(90_000.0, 86_400.0)
    assert [row.at for row in rows] == sorted({row.at for row in rows})
    assert rows[0].at <= 90_000 - 86_400 + 60
    assert all(row.value == pytest.approx(0.5) for row in rows[:1000])
    assert len(rows) < sum(most for _, most in TIERS) + 300
    assert [row.at for row in curve.rows(90_000.0, 60.0)][:2] == [89940.0, 89941.0]


def test_what_an_engine_knew_stands_before_what_came() -> None:
    numbers = MetricsHistory()
    for second in range(1000, 1010):
        numbers.add(Sample("web01", 0.0, 0.5), float(second))
    at = tuple(5000.0 + 10 * place for place in range(1, 41))
    known = Curve("cpu", at, (0.25,) * 40, (None,) * 40, (0.25,) * 40, (0.2,) * 40, (0.3,) * 40, (0.4,) * 40)
    queue = MetricInfo("queue", "number", 10.0, "prometheus")
    numbers.take_before(NumbersSeen((queue, CPU), (known,), {"queue": SafeText("Prometheus is away")}, 5400.0), 1000.0)
    assert [one.kind for one in numbers.series()] == ["queue", "cpu", "memory", "load"]
    waiting, cpu, *_ = numbers.series(now=1010.0)
    assert waiting.problem == "Prometheus is away"
    assert (cpu.points[0], cpu.points[-1]) == ((600.0, 0.25), (1009.0, 0.5))
    assert [at for at, _ in cpu.points] == [float(second) for second in range(600, 1010)]
    assert cpu.highest[0] == (600.0, 0.4)


def test_a_host_s_own_past_is_drawn_too() -> None:
    numbers = MetricsHistory()
    for second in range(1000, 1003):
        numbers.add(Sample("web01", 0.0, 0.5), float(second))
    known = Curve("cpu", (4990.0, 5000.0), (0.25, None), (None,) * 2, (None,) * 2, (None,) * 2, (None,) * 2, (None,) * 2)
    numbers.take_before(NumbersSeen((), (known,), {}, 5000.0), 1000.0, "web01")
    earlier = tuple((float(second), 0.25) for second in range(981, 991))  # a number of ten seconds stands at each of them
    assert numbers.series("web01", 1003.0)[0].points == (*earlier, (1000.0, 0.5), (1001.0, 0.5), (1002.0, 0.5))
    assert numbers.series("web02", 1003.0)[0].points == ()


def test_a_reason_is_kept_until_there_is_a_number_and_what_nobody_asked_for_is_not_shown() -> None:
    numbers = MetricsHistory()
    numbers.take_before(NumbersSeen((MetricInfo("check:Web", "seconds", 0.0, "checks"),)), 0.0)
    assert "check:Web" not in [one.kind for one in numbers.series()]
    numbers.add(Sample("", 0.0, extra={"queue": None}, source="prometheus", problem=SafeText("away")), 1.0)
    numbers.add(Sample("web01", 0.0, extra={"check:Web": 0.02}, source="checks"), 1.0)
    found = {one.kind: one for one in numbers.series()}
    assert found["queue"].problem == "away"
    assert found["check:Web"].points == ((1.0, 0.02),)
    numbers.add(Sample("web02", 0.0, extra={"check:Web": None}, source="checks", problem=SafeText("refused")), 1.0)
    assert {one.kind: one for one in numbers.series()}["check:Web"].problem == "", "one host is not all"
    numbers.add(Sample("", 0.0, extra={"queue": 3.0}, source="prometheus"), 2.0)
    assert {one.kind: one for one in numbers.series()}["queue"].problem == ""


@given(st.lists(st.tuples(st.floats(0, 99), st.floats(0, 1), st.booleans()), max_size=60), st.sampled_from([1.0, 10.0]))
def test_a_curve_holds_each_look_once(looks: list[tuple[float, float, bool]], step: float) -> None:
    maker = CurveMaker("cpu", "share", 0.0, step)
    for at, value, new in looks:
        maker.add(at, value, None, new=new, whole=False)
    curve = maker.curve()
    assert list(curve.at) == sorted({(int(at // step) + 1) * step for at, _, _ in looks})
    for place, end in enumerate(curve.at):
        mine = [value for at, value, _ in looks if end - step <= at < end]
        assert curve.value[place] == pytest.approx(sum(mine) / len(mine), abs=1e-4)
        assert curve.highest[place] == pytest.approx(max(mine), abs=1e-4)
