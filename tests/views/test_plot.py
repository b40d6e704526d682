"""Plots: nothing is wider or higher than its room, a dot stands where its value is, gaps stay gaps, and two lines differ without colour."""

from hypothesis import example, given
from hypothesis import strategies as st

from console.model.state import HostState, RunState
from console.views.metric_names import said
from console.views.metric_series import MetricSeries
from console.views.metrics_panel_lines import Looking, metric_lines
from console.views.plot import SCALE, PlotTrack, plot, time_axis
from console.views.styled_text import Line, ascii_line, text, width

VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=60).map(tuple)


def say(value: float) -> str:
    return f"{value:.2f}"


def dots(rows: list[str], column: int) -> int:
    """How many dots stand in a column."""
    return sum(bin(ord(row[SCALE + column]) - 0x2800).count("1") for row in rows if row[SCALE + column] not in " ┊")


@given(VALUES, st.integers(2, 12), st.one_of(st.none(), st.integers(-5, 70)))
def test_a_plot_fills_its_room_and_draws_what_there_is(values: tuple[float | None, ...], rows: int, change: int | None) -> None:
    drawn = plot((PlotTrack(values, "busy"),), 1.0, rows, change, say)
    assert [width(row) for row in drawn] == [SCALE + len(values)] * rows
    shown = [text(row) for row in drawn]
    for column, value in enumerate(values):
        assert (dots(shown, column) > 0) == (value is not None)
    if change is not None and 0 <= change < len(values) and values[change] is None:
        assert all(row[SCALE + change] == "┊" for row in shown)


@given(st.floats(0, 1), st.integers(2, 12))
def test_a_dot_stands_at_its_value(value: float, rows: int) -> None:
    shown = [text(row) for row in plot((PlotTrack((value,), "busy"),), 1.0, rows, None, say)]
    (row,) = (index for index, one in enumerate(shown) if one[SCALE] != " ")
    assert rows - 1 - row == min(rows - 1, int(value * rows * 4) // 4)


def test_the_scale_says_its_ends_and_a_value_beyond_it_stays_in_the_plot() -> None:
    shown = [text(row) for row in plot((PlotTrack((9.0, 0.0), "busy"),), 1.0, 8, None, say)]
    assert shown[0].startswith("  1.00 ┤")
    assert shown[-1].startswith("  0.00 ┤")
    assert sum("┤" in row for row in shown) == 3
    assert dots(shown[:1], 0) > 0


def test_two_lines_differ_by_their_shape_too() -> None:
    new, old = PlotTrack((None, *[0.9] * 11), "busy"), PlotTrack((0.1,) * 12, "strong", dashed=True)
    shown = [text(row) for row in plot((old, new), 1.0, 4, 0, say)]
    assert [dots(shown[:1], column) > 0 for column in range(12)] == [False, *[True] * 11]
    assert [dots(shown[-1:], column) > 0 for column in range(12)] == [True, True, False] * 4
    assert all(character.isascii() for row in plot((old, new), 1.0, 4, 0, say) for character in text(ascii_line(row)))


def test_the_time_axis_names_its_ends() -> None:
    axis = text(time_axis(180.0, 60))
    assert len(axis) == SCALE + 60
    assert axis.split() == ["-03:00", "-01:30", "now"]


def test_there_is_a_plot_where_there_is_room_and_a_sparkline_where_there_is_little() -> None:
    points = tuple((float(at), 0.5) for at in range(60))
    series = tuple(MetricSeries(kind, points, {"web01": points[-1]}) for kind in ("cpu", "memory", "load"))
    roomy = metric_lines(series, RunState(), Looking(60.0), (80, 17))
    assert len(roomy) <= 17
    assert sum("┤" in text(row) for row in roomy) == 6
    assert text(roomy[-1]).rstrip().endswith("now")
    for small in ((80, 15), (30, 30), (30, 6)):
        rows = metric_lines(series, RunState(), Looking(60.0), small)
        assert len(rows) <= small[1]
        assert not any(0x2800 <= ord(character) < 0x2900 for row in rows for character in text(row))
        assert {text(row).split("┤")[0].strip() for row in rows if "┤" in text(row)} == {"100 %", "1.00"}
        assert any(set(text(row)) & set("▁▂▃▄▅▆▇█") for row in rows)


def test_new_and_old_hosts_are_drawn_apart() -> None:
    everyone, old, new = (tuple((float(at), value) for at in range(start, 60)) for start, value in ((0, 0.5), (0, 0.1), (30, 0.9)))
    series = (MetricSeries("cpu", everyone, {"web01": (59.0, 0.9), "web02": (59.0, 0.1)}, new, old),)
    rows = metric_lines(series, RunState(), Looking(60.0), (68, 12))
    tones = {span.tone for row in rows for span in row if any(0x2800 <= ord(character) < 0x2900 for character in span.text)}
    assert tones == {"busy", "strong"}
    stale = metric_lines(series, RunState(), Looking(99.0), (68, 12))
    assert {span.tone for row in stale for span in row if any(0x2800 <= ord(c) < 0x2900 for c in span.text)} == {"dim"}


def drawn(row: Line, wide: int) -> dict[int, str]:
    """By column, what is drawn in a row: bars and dots."""
    return {column: cell for column, cell in enumerate(text(row).ljust(wide)) if cell in "▁▂▃▄▅▆▇█┊" or 0x2800 <= ord(cell) < 0x2900}


@given(st.one_of(st.none(), st.floats(-100, 700)), st.integers(10, 120), st.integers(2, 40), st.integers(0, 30))
@example(243.0, 120, 2, 1)
def test_a_moment_that_is_looked_at_is_one_column_and_nothing_else_moves(cursor: float | None, wide: int, high: int, count: int):
    points = tuple((float(at), 0.5) for at in range(300, 300 + count))
    series = [MetricSeries(kind, points, {"web01": points[-1]} if points else {}) for kind in ("cpu", "memory", "load")]
    plain = metric_lines(series, RunState(), Looking(330.0), (wide, high))
    looked = metric_lines(series, RunState(), Looking(330.0, cursor=cursor), (wide, high))
    assert len(plain) == len(looked)
    for before, after in zip(plain, looked, strict=True):
        cells = [span.tone for span in after for _ in span.text]
        assert width(after) <= wide
        assert cells.count("selected") <= 1
        if "selected" in cells:
            assert drawn(before, wide) == drawn(after, wide), "a number that stands in the same row is that of the moment, and may be another one"


@given(st.sampled_from(["cpu", "memory", "load"]), st.floats(0, 1), st.integers(26, 60))
def test_a_number_never_stands_without_the_name_of_what_it_counts(kind: str, share: float, wide: int):
    value = share * 99 if kind == "load" else share
    series = [MetricSeries(kind, ((59.0, value),), {"web01": (59.0, value), "web02": (59.0, value)})]
    state = RunState(run="r1", hosts={name: HostState(name=name, condition=condition) for name, condition in (("web01", "new"), ("web02", "old"))})
    first = text(metric_lines(series, state, Looking(60.0), (wide, 2))[0])
    assert first.startswith(f"{kind} ")
    assert first.count(said(kind, value)) >= 2


def test_at_rest_no_host_is_new_or_old():
    series = [MetricSeries("cpu", ((59.0, 0.5),), {"web01": (59.0, 0.2), "web02": (59.0, 0.8)})]
    hosts = {name: HostState(name=name, condition=condition) for name, condition in (("web01", "new"), ("web02", "unknown"))}
    assert "50 %" in text(metric_lines(series, RunState(hosts=hosts), Looking(60.0), (60, 2))[0])
    assert "new 20 %" in text(metric_lines(series, RunState(run="r1", hosts=hosts), Looking(60.0), (60, 2))[0])


def test_a_scale_is_as_wide_as_any_other_whatever_its_unit() -> None:
    shown = [text(row) for row in plot((PlotTrack((1.0,), "busy"),), 2000.0, 4, None, lambda value: said("net_in", value), [(1000.0, "bad")])]
    assert {row.index("┤") for row in shown if "┤" in row} == {SCALE - 1}
    assert shown[0].split("┤")[0].strip() == "2.0KiB"
