"""What is said beside a metric's curve: what was before the release is what thresholds are held against, where that is on record."""

import pytest

from console.model.number_history import MetricInfo
from console.model.paged_table import Table
from console.model.plan import Plan, Step
from console.model.state import HostState, RunState, StepState
from console.model.thresholds import Mean, Threshold
from console.safe_text import SafeText
from console.views.metric_series import MetricSeries
from console.views.metrics_panel_numbers import allowed, baseline, limit_words
from console.views.styled_text import text

SWITCH = Step("wave-1/web01/switch", "switch", "release", SafeText("switch"), about="web01", changes=True)
SWITCHED = RunState(
    run="r1", hosts=Table({"web01": HostState("web01", "new", steps={SWITCH.name: StepState("done", 1, 1000.0)})}), index=Table({SWITCH.name: SWITCH}),
)  # fmt: skip
FLEET = MetricSeries("error_rate", points=((300.0, 0.5), (900.0, 0.02), (990.0, 0.04), (1010.0, 0.9)), latest={"web01": (1010.0, 0.9), "web02": (1010.0, 0.0)})
ONE = MetricSeries("error_rate", points=((990.0, 0.04),), latest={"web02": (1010.0, 0.0)})
RECORDED = {"error_rate": {"web01": Mean(0.1, 300.0, 100, 10), "web02": Mean(0.0, 300.0, 300, 0)}}


@pytest.mark.parametrize(
    ("series", "recorded", "before"),
    [
        (FLEET, None, 0.03), (FLEET, {"cpu": {"web01": Mean(0.5)}}, 0.03), (FLEET, {"error_rate": {}}, 0.03), (FLEET, RECORDED, 0.025), (ONE, RECORDED, 0.0),
        (ONE, {"error_rate": {"": Mean(0.7)}}, 0.7),
    ],
    ids=["not recorded", "of another metric", "it was not measured", "by requests", "of one host", "of the environment"],
)  # fmt: skip
def test_what_was_before_the_release(series: MetricSeries, recorded: dict[str, dict[str, Mean]] | None, before: float):
    assert baseline(series, RunState(**{name: getattr(SWITCHED, name) for name in ("run", "hosts", "index")}, baselines=recorded)) == pytest.approx(before)


def test_without_a_switch_nothing_was_before_it():
    assert baseline(FLEET, RunState()) is None


@pytest.mark.parametrize(
    ("threshold", "limits", "words"),
    [
        (Threshold("latency", above=0.5), (0.5,), "p95  limit 500 ms  before 100 ms"),
        (Threshold("latency", above_baseline=0.5), (0.15,), "p95  limit 150 ms by before  before 100 ms"),
        (Threshold("latency", above_old=1.0), (0.4,), "p95  limit 400 ms by old  before 100 ms"),
        (Threshold("cpu", above_baseline=0.5), (), "p95  before 100 ms"),
    ],
)
def test_limits_that_follow_from_other_numbers_are_drawn_too(threshold: Threshold, limits: tuple[float, ...], words: str):
    above = (threshold.above,) if threshold.above is not None else ()
    series = MetricSeries("latency", new=((1010.0, 0.3),), old=((1010.0, 0.2),), info=MetricInfo("latency", "seconds", limits=above, quantile=0.95))
    fields = {name: getattr(SWITCHED, name) for name in ("run", "hosts", "index")}
    state = RunState(**fields, switched=1000.0, plan=Plan("rolling", (), (), thresholds=(threshold,)), baselines={"latency": {"": Mean(0.1)}})
    assert allowed(series, state) == pytest.approx(limits)
    assert text(limit_words(series, state)) == words
    assert allowed(series, RunState()) == above
