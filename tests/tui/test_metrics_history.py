"""The numbers that a screen keeps: a bound on time, gaps, and a mean that a plain sum agrees with."""

from array import array
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.system_clock import SetClock
from console.model.measurements import IN_EACH_LOOK
from console.model.number_history import Curve, NumbersSeen
from console.ports.feed import Sample
from console.tui import metrics_history
from console.tui.metrics_history import MOST, SLACK, SPAN, MetricsHistory
from console.tui.widgets.metrics_panel import MetricsPanel
from console.views.metric_series import Point, buckets
from tests.tui.scenes import scene


def single(value: float | None) -> float | None:
    """As a number of four bytes keeps it."""
    return None if value is None else array("f", [value])[0]


SHARES = st.one_of(st.none(), st.floats(0, 1))


@given(st.lists(st.tuples(st.floats(0.01, 40), SHARES, SHARES, st.one_of(st.none(), st.floats(0, 99))), max_size=200))
def test_a_host_has_the_points_that_came_and_no_gap_is_a_number(looks: list[tuple[float, float | None, float | None, float | None]]) -> None:
    numbers, now, came = MetricsHistory(), 0.0, list[tuple[float, tuple[float | None, ...]]]()
    for passed, *values in looks:
        now += passed
        numbers.add(Sample("web01", now, *values), now)
        came.append((now, tuple(values)))
    for place, series in enumerate(numbers.series("web01")):
        expected = [(at, single(values[place])) for at, values in came if values[place] is not None]
        fresh = [point for point in expected if point[0] >= now - SPAN]
        assert list(series.points[-len(fresh) :] if fresh else ()) == fresh
        assert list(series.points) == expected[-len(series.points) :] if series.points else not fresh
        last = next(((at, values[place]) for at, values in reversed(came) if values[place] is not None), None)
        assert series.latest == ({"web01": last} if last else {})


def test_a_night_keeps_ten_minutes_and_not_more() -> None:
    numbers = MetricsHistory()
    for second in range(5000):
        numbers.add(Sample("web01", 0.0, 0.5, 0.5, 1.0), float(second))
    (cpu, *_) = numbers.series("web01")
    assert SPAN <= len(cpu.points) <= SPAN + SLACK + 1
    assert SPAN <= len(numbers.series()[0].points) <= SPAN + SLACK + 1


def test_a_host_that_is_looked_at_too_often_is_bounded_too() -> None:
    numbers = MetricsHistory()
    for tenth in range(5000):
        numbers.add(Sample("web01", 0.0, 0.5, 0.5, 1.0), tenth / 10)
    assert MOST <= len(numbers.series("web01")[0].points) <= MOST + SLACK + 1


def test_the_fleets_number_is_the_mean_of_its_hosts_and_an_unknown_host_has_none() -> None:
    numbers = MetricsHistory()
    for host, cpu in (("web01", 0.2), ("web02", 0.4), ("web03", None)):
        numbers.add(Sample(host, 0.0, cpu, 0.5, 1.0), 7.25)
    cpu_series, memory, _ = numbers.series()
    assert [(at, round(value, 9)) for at, value in cpu_series.points] == [(7.0, 0.3)]
    assert set(cpu_series.latest) == {"web01", "web02"}
    assert set(memory.latest) == {"web01", "web02", "web03"}
    assert [series.kind for series in numbers.series("db01")] == list(IN_EACH_LOOK)
    assert not any(series.points for series in numbers.series("db01"))
    assert numbers.load_of("web01", now=12.0) == (0.2, 0.5)
    assert numbers.load_of("web01", now=12.5) == (None, None)
    assert numbers.load_of("web03", now=12.0) == (None, 0.5)


@pytest.mark.parametrize(("name", "is_stale"), [("mid", True), ("ended", False)])
async def test_numbers_of_a_run_that_is_over_stand_as_they_stood_and_a_late_source_is_stale(name: str, is_stale: bool) -> None:
    app, come_to_rest = scene(name)
    async with app.run_test(size=(120, 36)) as pilot:
        await come_to_rest(pilot)
        clock, screen = app.shell.clock, app.run_screen
        assert isinstance(clock, SetClock)
        assert screen is not None
        await clock.advance(60)
        screen.show_slices()
        metrics = screen.query_one(MetricsPanel)
        assert ("STALE" in metrics.shown) == is_stale
        assert ("of the run" in str(metrics.border_title)) != is_stale


def test_what_an_engine_knows_of_a_host_by_ten_seconds_has_no_gap_between_two_of_them() -> None:
    numbers = MetricsHistory()
    ends = tuple(float(at) for at in range(110, 301, 10))
    numbers.take_before(NumbersSeen(now=300.0, curves=(Curve("cpu", ends, (0.5,) * len(ends)),)), 300.0, "web01")
    numbers.add(Sample("web01", 0.0, 0.5, 0.5, 1.0), 301.0)
    (cpu, *_) = numbers.series("web01", 301.0)
    assert None not in buckets(cpu.points, 301.0, 5.0, 40, cpu.every)


def test_of_a_day_that_is_known_by_minutes_only_the_ten_minutes_that_are_shown_are_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are drawn anew each second: every second of a day would be most of what the screen does."""
    numbers, laid_out = MetricsHistory(), 0
    of_curve = metrics_history._points_of

    def counted(*args: Any) -> Iterator[Point]:
        nonlocal laid_out
        for point in of_curve(*args):
            laid_out += 1
            yield point

    monkeypatch.setattr(metrics_history, "_points_of", counted)
    ends = tuple(float(at) for at in range(60, 86401, 60))
    numbers.take_before(NumbersSeen(now=86400.0, curves=(Curve("cpu", ends, (0.5,) * len(ends)),)), 86400.0, "web01")
    numbers.add(Sample("web01", 0.0, 0.5, 0.5, 1.0), 86401.0)
    (cpu, *_) = numbers.series("web01", 86401.0)
    assert len(cpu.points) == numbers.span + 1
    assert laid_out <= numbers.span + 60
