"""Thresholds in the plan, above the metrics, in the checklist, in plain lines and in the report."""

import pytest

from console.model import events as ev
from console.model.thresholds import BadBefore, BothSides, Breached, Crossed, Inconclusive, Threshold, Unmeasured, Verdict, Within
from console.model.values import changed
from console.safe_text import SafeText
from console.views.checklist import checklist
from console.views.highlights import highlights
from console.views.plain_lines import waited_for
from console.views.post_mortem import post_mortem_of
from console.views.recording import Recording
from console.views.styled_text import text
from console.views.threshold_rows import breach_words, limits_in_words, planned_rows, short_breach_words, threshold_rows, window_words
from tests.core.plans import run_of, until_runs
from tests.core.simulation import Simulation, an_environment

ERRORS = Threshold("error_rate", above=0.01, then="rollback")
LATENCY = Threshold("latency", above=0.3, above_old=0.5, seconds=60.0, min_requests=100, then="warn")
NUMBERS = {"value": 0.041, "limit": 0.01, "old": 0.001, "seconds": 30.0, "requests": 500, "hosts": ("web01",)}


def a_run(step: str = "wave-2/web02/switch", monitor: float = 600.0) -> Simulation:
    environment = changed(an_environment(3), monitor=monitor, thresholds=(ERRORS, LATENCY))
    return until_runs(run_of(environment), step)


def found(run: Simulation, verdict: Verdict, threshold: Threshold = ERRORS) -> None:
    kind = ev.ThresholdCrossed if isinstance(verdict, Crossed) else ev.ThresholdBreached if isinstance(verdict, Breached | BothSides) else ev.ThresholdJudged
    run.record(kind(threshold=threshold, verdict=verdict))


def test_the_plan_shows_each_threshold_and_the_window():
    assert [text(row) for row in planned_rows(a_run().state)] == [
        "threshold  errors above 1.00 %, for 30s: rolled back by itself",
        "threshold  latency above 300ms, or 50 % above old hosts, for 1m, from 100 requests on: only shown",
        "monitoring for 10m behind the last host",
    ]


@pytest.mark.parametrize(
    ("verdict", "row"),
    [
        (Within(value=0.002, limit=0.01), "✓ errors 0.2 % limit 1 %  "),
        (Within(value=0.14, limit=0.01), "· errors 14 % limit 1 %  above, not for long"),
        (Breached(value=0.041, limit=0.01), "! errors 4.1 % limit 1 %  above its limit"),
        (BothSides(value=0.3, limit=0.01), "! errors 30 % limit 1 %  above it on old hosts too"),
        (Crossed(value=0.041, limit=0.01), "! errors 4.1 % limit 1 %  above its limit"),
        (BadBefore(value=0.3, limit=0.01), "! errors 30 % limit 1 %  as before the release"),
        (Unmeasured(), "? errors  not measured"),
        (Inconclusive(requests=3, needed=100), "· errors  3 requests to new hosts, 100 are needed"),
        (Inconclusive(problem=SafeText("no requests to new hosts")), "· errors  no requests to new hosts"),
    ],
)
def test_each_threshold_has_a_row_above_the_metrics(verdict: Verdict, row: str):
    run = a_run()
    found(run, verdict)
    assert [text(one) for one in threshold_rows(run.state, 80)] == [row]


def test_a_breach_is_in_the_headline_with_its_numbers_and_its_age():
    run = a_run()
    found(run, Breached(**NUMBERS))
    assert text(breach_words(run.state, run.now + 11.0)).startswith(
        "! ABOVE ITS LIMIT, no host begins: errors 4.10 % on new hosts, limit 1.00 %, old 0.10 %, for 41s"
    )
    short = [
        "no host begins: errors 4.1 %  old 0.1 %  limit 1 %  for 00:41",
        "no host begins: errors 4.1 %  limit 1 %  for 00:41",
        "errors 4.1 %  limit 1 %  for 00:41",
    ]
    assert [short_breach_words(run.state, run.now + 11.0, room) for room in (61, 60, 49)] == short
    assert waited_for(run.state, run.now).startswith("! ABOVE ITS LIMIT, no host begins: errors 4.10 %")


def test_the_countdown_says_when_hosts_go_back():
    run = a_run()
    found(run, Crossed(**NUMBERS, due=run.now + 8.0))
    assert text(breach_words(run.state, run.now)).startswith("ROLLING BACK IN 8 s: errors 4.10 %")
    assert short_breach_words(run.state, run.now).startswith("back in 8 s: errors 4.1 %")


def test_what_is_only_shown_is_not_in_the_headline():
    run = a_run()
    found(run, Breached(**NUMBERS), LATENCY)
    assert breach_words(run.state, run.now) == ()
    assert short_breach_words(run.state, run.now) == ""


def stable(run: Simulation) -> tuple[str, str]:
    row = checklist(run.state, run.now)[6]
    return row.state, row.found


def test_stable_is_ticked_only_where_everything_was_judged():
    run = a_run("verify/monitor")
    assert stable(run) == ("now", "00:00 of 10:00")
    assert window_words(run.state, run.now + 60.0) == "monitoring, 09:00 left of 10:00"
    found(run, Breached(**NUMBERS))
    assert stable(run) == ("failed", "errors 4.10 %")
    run.record(ev.ThresholdRecovered(threshold=ERRORS, verdict=Within(value=0.0)))
    found(run, Unmeasured(), LATENCY)
    run.run()
    assert run.state.exit == 0
    assert limits_in_words(run.state) == "latency not measured"
    assert stable(run) == ("unknown", "latency not measured")


@pytest.mark.parametrize(
    ("errors", "latency", "told"),
    [
        (Within(value=0.0, limit=0.01), Within(value=0.1, limit=0.3), ("done", "")),
        (Within(value=0.0, limit=0.01), None, ("unknown", "latency not judged")),
        (None, None, ("unknown", "errors not judged, latency not judged")),
        (Within(value=0.0, limit=0.01), Breached(value=0.5, limit=0.3), ("failed", "latency above its limit")),
        (Unmeasured(), BothSides(value=0.5, limit=0.3), ("failed", "latency above its limit")),
        (Within(value=0.0, limit=0.01), BadBefore(value=0.5, limit=0.3), ("done", "")),
    ],
    ids=["within", "one was never judged", "none was", "only shown", "on both sides", "as before"],
)  # fmt: skip
def test_monitoring_is_stable_only_where_each_threshold_was_judged_and_nothing_is_above_its_limit(errors, latency, told: tuple[str, str]):
    run = a_run("verify/monitor")
    for threshold, verdict in ((ERRORS, errors), (LATENCY, latency)):
        if verdict is not None:
            found(run, verdict, threshold)
    run.run()
    assert run.state.exit == 0
    assert stable(run) == told


def test_the_report_names_metric_value_limit_and_hosts():
    run = a_run()
    found(run, Breached(**NUMBERS))
    run.run()
    recording = Recording(tuple(run.events))  # type: ignore[arg-type]
    words = "errors 4.10 % on new hosts, limit 1.00 %, old 0.10 %, for 30s, 500 requests (web01)"
    post_mortem = post_mortem_of(recording, run.state, ())
    assert post_mortem is not None
    assert f"Above its limit: {words}" in post_mortem.numbers
    moments = {moment.name: moment.words for moment in post_mortem.moments}
    assert moments["First signal"] == f"above its limit: {words}"
    assert moments["Decision"] == f"roll back, by itself: {words}"
    assert any(words in entry.words for entry in highlights(recording, run.state))
