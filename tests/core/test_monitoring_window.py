"""How long the monitoring window is, who changes that, and when it is over."""

import pytest

from console.core.plan.return_plan import plan_rollback
from console.core.run.command_refusals import may
from console.core.run.monitoring_window import is_over, window_left, window_seconds, window_step, window_that_runs
from console.model import commands as cmd
from console.model import events as ev
from console.model.thresholds import Breached, Crossed, Threshold, Verdict, Within
from console.model.values import changed
from console.safe_text import SafeText
from console.views.blocking_reason import waiting_line
from console.views.checklist import checklist
from console.views.plain_lines import waited_for
from console.views.progress import left_seconds
from console.views.styled_text import text
from tests.core.plans import a_run, ends, run_of, say, until, until_runs
from tests.core.simulation import ADA, Simulation, an_environment

STEP = "verify/monitor"


def watched(window: float = 600.0) -> Simulation:
    """A run in its window, which began at `now`."""
    return until_runs(run_of(changed(an_environment(2), monitor=window)), STEP)


def left(run: Simulation, after: float) -> float:
    return window_left(run.state, run.state.index[STEP], run.now + after)


def over(run: Simulation, after: float) -> bool:
    return is_over(run.state, run.state.index[STEP], run.now + after)


def test_it_is_as_long_as_the_file_says():
    run = watched()
    assert window_that_runs(run.state) == STEP
    assert window_seconds(run.state, run.state.index[STEP]) == 600.0
    assert [left(run, after) for after in (0.0, 1.0, 599.0, 600.0, 700.0)] == [600.0, 599.0, 1.0, 0.0, 0.0]
    assert [over(run, after) for after in (0.0, 599.0, 600.0)] == [False, False, True]


def tried_again_late() -> Simulation:
    """A run in whose window, 400 s after its begin, a host took the release that had gone back alone."""
    run = until_runs(run_of(changed(an_environment(3, max_failures=1), monitor=600.0), ends(web02_gate="failed")), STEP)
    until(run, lambda run: run.state.hosts["web02"].condition == "back")
    run.now += 400.0
    assert say(run, cmd.Retry(host="web02")) is None
    while run.state.hosts["web02"].condition != "new":
        if not run.turn():
            run.finish(run.state.tally.lanes["web02"].running[0])
    return run


def test_whoever_shows_it_counts_from_the_last_host_that_took_the_release():
    run = tried_again_late()
    now = run.now + 30.0
    assert checklist(run.state, now)[6].found == "00:30 of 10:00"
    assert waited_for(run.state, now).startswith("the monitoring window, 00:30 of 10:00")
    left = left_seconds(changed(run.state, usual=dict.fromkeys(("build", "pack", "ship", "prune"), 0.0)), now)
    assert left is not None
    assert left >= 570.0


def test_before_it_begins_all_of_it_is_left():
    run = until_runs(run_of(changed(an_environment(2), monitor=600.0)), "wave-1/web01/switch")
    assert window_step(run.state) is not None
    assert window_that_runs(run.state) == ""
    assert left(run, 10_000.0) == 600.0


def test_a_run_without_one():
    run = until_runs(a_run(2), "wave-1/web01/switch")
    assert window_step(run.state) is None
    assert window_that_runs(run.state) == ""
    for command in (cmd.Extend(), cmd.Promote()):
        refusal = may(command, run.state)
        assert refusal is not None
        assert "monitoring window" in refusal.message


def test_it_is_made_longer_with_a_reason():
    run = watched()
    assert say(run, cmd.Extend(seconds=300.0, reason=SafeText("the peak comes"))) is None
    assert isinstance(run.events[-1], ev.WindowExtended)
    assert (run.events[-1].seconds, str(run.events[-1].reason), run.events[-1].by.name) == (300.0, "the peak comes", "ada")
    assert say(run, cmd.Extend(seconds=60.0)) is None
    assert left(run, 0.0) == 960.0
    assert not over(run, 959.0)
    assert over(run, 960.0)


def test_it_is_made_longer_before_it_begins():
    run = until_runs(run_of(changed(an_environment(2), monitor=600.0)), "wave-1/web01/switch")
    assert say(run, cmd.Extend(seconds=300.0)) is None
    until_runs(run, STEP)
    assert left(run, 0.0) == 900.0


@pytest.mark.parametrize("seconds", [0.0, -1.0, 86401.0])
def test_by_no_time_or_too_much(seconds: float):
    refusal = say(watched(), cmd.Extend(seconds=seconds))
    assert refusal is not None
    assert "24h at most" in refusal.message


def test_it_is_ended_with_a_reason():
    run = watched()
    assert say(run, cmd.Promote(reason=SafeText("all is well"))) is None
    assert isinstance(run.events[-1], ev.Promoted)
    assert (run.events[-1].step, str(run.events[-1].reason)) == (STEP, "all is well")
    assert window_that_runs(run.state) == ""
    assert left(run, 0.0) == 0.0
    assert over(run, 0.0)
    for command in (cmd.Promote(), cmd.Extend()):
        assert may(command, run.state) is not None


def test_who_was_first_is_told():
    run = watched()
    seen = run.state.seq
    assert say(run, cmd.Extend(expects=seen)) is None
    refusal = say(run, cmd.Extend(expects=seen))
    assert refusal is not None
    assert "ada was first and extended the monitoring window" in refusal.message


@pytest.mark.parametrize("verdict", [Breached(), Crossed()])
def test_it_does_not_end_while_a_metric_is_above_its_limit(verdict: Verdict):
    run = watched()
    threshold = Threshold("error_rate", above=0.01)
    run.record(ev.ThresholdBreached(threshold=threshold, verdict=verdict))
    assert not over(run, 10_000.0)
    refusal = may(cmd.Promote(), run.state)
    assert refusal is not None
    assert "above its limit" in refusal.message
    assert may(cmd.Extend(), run.state) is None
    run.record(ev.ThresholdRecovered(threshold=threshold, verdict=Within()))
    assert over(run, 600.0)


def test_it_ends_over_a_metric_that_somebody_tolerates():
    run = watched()
    run.record(ev.ThresholdBreached(threshold=Threshold("error_rate", above=0.01), verdict=Breached()))
    assert say(run, cmd.Continue()) is None
    assert over(run, 600.0)


@pytest.mark.parametrize("command", [cmd.Promote(), cmd.Extend()])
def test_nothing_is_changed_of_it_once_it_is_over(command: cmd.AnyCommand):
    run = until(watched(), lambda run: run.state.step_state(run.state.index[STEP]).status == "done")
    assert may(command, run.state) is not None
    aborted = watched()
    assert say(aborted, cmd.Abort(leave=True)) is None
    assert may(command, aborted.state) is not None


def test_nobody_ends_it_while_the_shared_record_is_away():
    run = watched()
    run.record(ev.RecordLost(reason=SafeText("it is away"), kept_in=SafeText("f")))
    assert "before the shared record answers again: it is away" in may(cmd.Promote(), run.state).message


def test_a_run_that_goes_back_does_not_wait_for_the_window():
    run = watched()
    run.record(ev.RollbackBegan(cause="key", reason=SafeText("asked for by ada"), by=ADA, plan=plan_rollback(run.environment, run.state)))
    assert run.state.steps[STEP].status == "running"
    assert text(waiting_line(run.state, run.now, 120)).startswith(" going back, 0 of 2: the next roll back step, ")
    assert waited_for(run.state, run.now).startswith("the next step, ")
