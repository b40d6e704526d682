"""What follows for a run from metrics above their limits: nothing new begins, a person is asked, hosts go back by themselves."""

import pytest

from console.core.plan.planner import plan_release
from console.core.run import breaches
from console.core.run.breaches import blocking_breach, counting_down, goes_back_for, is_judged, still_holds, untouched_before, waits_for_metrics
from console.core.run.command_refusals import may
from console.core.run.decide import decide
from console.core.run.evolve import evolve
from console.core.run.outcome import conclude
from console.core.run.person_wanted import wanted
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.balancer import Balancer
from console.model.effects import AskPerson, RecordEvent, StartStep
from console.model.number_of_hosts import NumberOfHosts
from console.model.plan import Plan, Step
from console.model.request import RunKind
from console.model.strategy import Canary
from console.model.thresholds import (
    BadBefore,
    BothSides,
    Breached,
    Crossed,
    Inconclusive,
    Mean,
    Then,
    Threshold,
    ThresholdState,
    Unmeasured,
    Verdict,
    Within,
)
from console.model.values import changed
from console.plain.plain_questions import question
from console.safe_text import SafeText
from tests.core.builders import a_state, a_step
from tests.core.plans import a_run, happened, run_of, runs_now, say, until, until_runs
from tests.core.simulation import NEW, Simulation, an_environment, opening
from tests.core.test_bluegreen import BLUE, GREEN, a_shift

BREACHED = Breached(value=0.041, limit=0.01, old=0.001, seconds=30.0, requests=500, hosts=("web01",))
WORDS = "errors 4.10 % on new hosts, limit 1.00 %, old 0.10 %, for 30s, 500 requests (web01)"


def errors(then: Then = "rollback") -> Threshold:
    return Threshold("error_rate", above=0.01, then=then)


def find(run: Simulation, verdict: Verdict, then: Then = "rollback") -> None:
    """Have a look find that."""
    kind = ev.ThresholdCrossed if isinstance(verdict, Crossed) else ev.ThresholdBreached if isinstance(verdict, Breached | BothSides) else ev.ThresholdJudged
    run.record(kind(threshold=errors(then), verdict=verdict))


def in_second_wave(hosts: int = 4) -> Simulation:
    """A run of four waves of which the first is done."""
    return until_runs(a_run(hosts), "wave-2/web02/switch")


def first_is_new(hosts: int = 3) -> Simulation:
    return until(a_run(hosts), lambda run: run.state.hosts["web01"].condition == "new")


# from the first switch on


def test_nothing_is_judged_before_the_first_switch():
    run = until_runs(a_run(2), "wave-1/web01/switch")
    before = Simulation(run.environment, run.ending)
    before.record(*run.events[:-1])
    assert not is_judged(before.state)
    assert is_judged(run.state)
    assert run.state.switched == run.events[-1].mono


def test_when_a_run_began_to_change_something_is_kept():
    run = until_runs(a_run(2), "wave-2/web02/switch")
    first = next(event for event in run.events if isinstance(event, ev.StepStarted) and run.state.index[event.step].changes)
    switch = next(event for event in run.events if isinstance(event, ev.StepStarted) and run.state.index[event.step].kind == "switch")
    assert (run.state.changed_at, run.state.switched) == (first.mono, switch.mono)


@pytest.mark.parametrize("kind", ["restart", "rollback", "restore"])
def test_only_releases_are_judged(kind: RunKind):
    run = a_run(2, kind=kind)
    run.record(ev.ThresholdBreached(threshold=errors(), verdict=BREACHED))
    assert not is_judged(run.state)
    assert blocking_breach(run.state) is None
    assert goes_back_for(run.state) is None


def test_a_run_that_closes_or_goes_back_is_not_judged():
    run = until(a_run(2), lambda run: run.state.tally.closing > 0)
    find(run, BREACHED)
    assert not is_judged(run.state)
    assert goes_back_for(run.state) is None
    back = first_is_new()
    assert say(back, cmd.RollBack()) is None
    assert not is_judged(back.state)


def test_nothing_is_counted_down_in_a_run_that_is_aborted():
    run = first_is_new()
    find(run, Crossed(value=0.041, limit=0.01, due=run.now + 5.0, hosts=("web01",)))
    assert counting_down(run.state) is not None
    assert say(run, cmd.Abort(leave=True)) is None
    assert counting_down(run.state) is None


# what is known of a threshold


@pytest.mark.parametrize(
    ("verdict", "is_over", "is_breached"),
    [
        (Within(), False, False), (Inconclusive(), False, False), (Unmeasured(), False, False), (BadBefore(), False, False), (Crossed(), True, False),
        (Breached(), True, True), (BothSides(), True, True),
    ],
)  # fmt: skip
def test_what_is_above_its_limit(verdict: Verdict, is_over: bool, is_breached: bool):
    run = first_is_new()
    find(run, verdict)
    (known,) = run.state.thresholds.values()
    assert (known.is_over, known.is_breached, known.threshold, known.verdict) == (is_over, is_breached, errors(), verdict)
    assert (blocking_breach(run.state) is not None) is is_over


def test_what_was_before_the_release_is_kept():
    run = first_is_new()
    assert run.state.baselines is None
    run.record(ev.BaselineTaken(metrics={"error_rate": {"web01": Mean(0.1)}}))
    assert run.state.baselines == {"error_rate": {"web01": Mean(0.1)}}


def test_an_engine_on_another_boot_judges_from_where_it_takes_the_run_up():
    run = first_is_new()
    event = ev.stamped(ev.TakenUp(epoch=2, by=run.state.by), run.state.seq + 1, "", 7.0, "another boot")
    after = evolve(run.state, event)
    assert (after.switched, after.changed_at) == (7.0, 7.001)
    same = evolve(run.state, ev.stamped(ev.TakenUp(epoch=2, by=run.state.by), run.state.seq + 1, "", 99.0, "boot"))
    assert same.switched == run.state.switched


def test_hosts_that_were_new_when_another_engine_took_the_run_up_are_none_of_the_time_before():
    run = first_is_new()
    assert untouched_before(run.state) == ("web01", "web02", "web03")
    after = evolve(run.state, ev.stamped(ev.TakenUp(epoch=2, by=run.state.by), run.state.seq + 1, "", 7000.0, "another boot"))
    assert untouched_before(after) == ("web02", "web03")


# no other host begins


@pytest.mark.parametrize("then", ["rollback", "propose"])
@pytest.mark.parametrize("verdict", [Crossed(), BothSides()])
def test_no_other_host_begins_while_a_metric_is_above_its_limit(verdict: Verdict, then: Then):
    run = first_is_new()
    find(run, verdict, then)
    begun = len(happened(run, ev.StepStarted))
    run.run()
    new = [event for event in happened(run, ev.StepStarted)[begun:] if isinstance(event, ev.StepStarted) and event.host not in ("", "web01")]
    assert not new
    assert run.state.phase == "running"
    assert AskPerson("breach") in decide(run.environment, run.state, run.now)
    run.record(ev.ThresholdRecovered(threshold=errors(then), verdict=Within()))
    assert run.run().exit == Exit.DONE


def test_hosts_that_are_being_updated_come_to_their_gate():
    run = until_runs(a_run(4, batch=2), "wave-1/web02/switch")
    find(run, BREACHED, "propose")
    run.run()
    assert {name: host.condition for name, host in run.state.hosts.items()} == {"web01": "new", "web02": "new", "web03": "old", "web04": "old"}


def test_what_only_warns_keeps_other_hosts_from_beginning_until_it_is_over():
    run = first_is_new()
    find(run, BREACHED, "warn")
    run.run()
    assert (run.state.phase, run.state.hosts["web02"].condition) == ("running", "old")
    assert blocking_breach(run.state) is not None
    assert AskPerson("breach") in decide(run.environment, run.state, run.now)
    run.record(ev.ThresholdRecovered(threshold=errors("warn"), verdict=Within()))
    assert run.run().exit == Exit.DONE


def test_what_only_warns_is_gone_on_with_by_a_person():
    run = first_is_new()
    find(run, BREACHED, "warn")
    run.run()
    assert say(run, cmd.Continue()) is None
    assert run.run().exit == Exit.DONE
    assert not happened(run, ev.RollbackBegan)


def test_what_only_warns_holds_nothing_up_where_no_host_is_left_to_begin():
    run = until_runs(run_of(changed(an_environment(2), monitor=600.0)), "verify/monitor")
    find(run, BREACHED, "warn")
    assert blocking_breach(run.state) is None
    assert wanted(run.state) is None
    assert run.run().exit == Exit.DONE


def test_what_only_warns_and_is_no_breach_yet_holds_nothing_up():
    run = first_is_new()
    find(run, Crossed(), "warn")
    assert blocking_breach(run.state) is None
    assert run.run().exit == Exit.DONE


def test_new_hosts_get_no_larger_share_while_a_metric_is_above_its_limit():
    canary = Canary(by="weight", analysis=0.0, steps=(NumberOfHosts(share=0.1), NumberOfHosts(share=0.5)))
    environment = changed(an_environment(4), strategy="canary", balancers=(Balancer("haproxy", backend="shop"),), canary=canary)
    loads = {environment.balancers[0].name: {host.name: 1 for host in environment.hosts}}
    plan = plan_release(environment, environment.hosts, NEW, frozenset(), loads=loads)
    run = Simulation(environment, lambda *_: "done")
    run.record(*(changed(event, plan=plan) if isinstance(event, ev.PlanMade) else event for event in opening(environment)))
    until(run, lambda run: any(host.condition == "new" for host in run.state.hosts.values()))
    find(run, BREACHED, "propose")
    begun = {event.step for event in happened(run, ev.StepStarted)}
    run.run()
    later = [run.state.index[event.step] for event in happened(run, ev.StepStarted) if event.step not in begun]
    assert not [step.name for step in later if step.kind in ("wave", "weigh")]
    assert [step.share for step in run.state.plan.steps if step.kind == "weigh" and not step.about]
    assert say(run, cmd.Continue()) is None
    assert run.run().exit == Exit.DONE


EXPOSED = [
    ("another wave", a_step("wave-2", "wave", wave=2), "rolling", True),
    ("a larger share", a_step("step-1/weigh", "weigh", share=0.5), "canary", True),
    ("every weight as it was", a_step("weights/back", "weigh", share=1.0), "canary", False),
    ("the weight of a host that is being updated", a_step("wave-1/web01/weigh", "weigh", about="web01", share=0.5), "canary", False),
    ("weights on a way back", a_step("back/weights", "weigh", "rollback", share=0.5), "canary", False),
    ("a host of the new side serves", a_step("shift/web01/admit", "admit", about="web01"), "bluegreen", True),
    ("a host of the old side rests", a_step("shift/web03/drain", "drain", "verify", about="web03"), "bluegreen", True),
    ("a host of the new side leaves the traffic before it changes", a_step("aside/web01/drain", "drain", about="web01"), "bluegreen", False),
    ("a host is updated there", a_step("wave-1/web01/gate", "gate", about="web01"), "bluegreen", False),
    ("an updated host serves again", a_step("wave-1/web01/admit", "admit", about="web01"), "rolling", False),
    ("the close begins", a_step("close/web01/prune", "prune", "close", about="web01"), "rolling", True),
    ("the window", a_step("verify/monitor", "monitor", "verify"), "rolling", False),
]


@pytest.mark.parametrize(("step", "strategy", "waits"), [pytest.param(*row[1:], id=row[0]) for row in EXPOSED])
def test_what_brings_more_requests_to_the_release_waits_while_a_metric_is_above_its_limit(step: Step, strategy: str, waits: bool):
    known = ThresholdState(errors("propose"), BREACHED, 1.0)
    state = a_state("new", phase="running", switched=1.0, plan=Plan(strategy, (), ()), thresholds={"errors": known})
    assert waits_for_metrics(state, step) == waits
    assert not waits_for_metrics(changed(state, thresholds={}), step)


def test_in_a_network_s_pause_nothing_goes_back_by_itself_though_the_links_stand_again():
    run = in_second_wave()
    run.record(*(ev.LinkLost(host=name) for name in ("web01", "web03", "web04")))
    run.turn()
    run.record(*(ev.LinkRestored(host=name) for name in ("web01", "web03", "web04")))
    find(run, BREACHED)
    run.run()
    assert (run.state.phase, goes_back_for(run.state)) == ("running", None)
    assert say(run, cmd.Continue(expects=1)) is None
    run.turn()
    assert run.state.back_cause == "threshold"


@pytest.mark.parametrize("then", ["propose", "warn"])
@pytest.mark.parametrize("reached", ["wave-1/web04/gate", "shift/web03/admit", "shift/web04/admit"])
def test_the_traffic_does_not_move_to_the_other_side_while_a_metric_is_above_its_limit(then: Then, reached: str):
    run = until_runs(a_shift(), reached)
    find(run, BREACHED, then)
    run.run()
    assert run.state.phase == "running"
    assert set(BLUE) <= run.serves
    assert blocking_breach(run.state) is not None
    run.record(ev.ThresholdRecovered(threshold=errors(then), verdict=Within()))
    assert run.run().exit == Exit.DONE
    assert run.serves == set(GREEN)


def test_a_run_without_a_window_does_not_close_over_a_breach():
    run = until(a_run(2), lambda run: all(host.condition == "new" for host in run.state.hosts.values()))
    find(run, BREACHED, "propose")
    run.run()
    assert run.state.phase == "running"
    assert not run.state.tally.closing
    assert say(run, cmd.Continue()) is None
    assert run.run().exit == Exit.DONE


# hosts go back by themselves


def test_hosts_go_back_by_themselves():
    run = in_second_wave()
    find(run, BREACHED)
    (effect,) = decide(run.environment, run.state, run.now)
    assert isinstance(effect, RecordEvent)
    assert isinstance(effect.event, ev.RollbackBegan)
    assert (effect.event.cause, effect.event.by, str(effect.event.reason)) == ("threshold", None, WORDS)
    state = run.run()
    assert {host.condition for host in state.hosts.values()} <= {"back", "old"}
    code, outcome, reason, _ = conclude(state)
    assert (code, outcome, reason) == (Exit.ROLLED_BACK, "rolled-back", WORDS)


@pytest.mark.parametrize(
    ("verdict", "then"),
    [
        (Crossed(), "rollback"), (BothSides(), "rollback"), (BadBefore(), "rollback"), (Unmeasured(), "rollback"), (Inconclusive(), "rollback"),
        (Within(), "rollback"), (BREACHED, "propose"), (BREACHED, "warn"),
    ],
)  # fmt: skip
def test_nothing_else_takes_hosts_back(verdict: Verdict, then: Then):
    run = in_second_wave()
    find(run, verdict, then)
    assert goes_back_for(run.state) is None
    run.run()
    assert not happened(run, ev.RollbackBegan)


def test_not_where_the_code_before_may_not_run_on_the_database(monkeypatch: pytest.MonkeyPatch):
    run = in_second_wave()
    monkeypatch.setattr(breaches, "needs_person", lambda state: True)
    find(run, Crossed(due=run.now + 10.0))
    assert counting_down(run.state) is None
    find(run, BREACHED)
    assert goes_back_for(run.state) is None
    assert blocking_breach(run.state) is not None


def test_not_where_a_person_aborts_and_leaves_all_as_it_is():
    run = in_second_wave()
    find(run, Crossed())
    assert say(run, cmd.Abort(leave=True)) is None
    find(run, BREACHED)
    run.run()
    assert not happened(run, ev.RollbackBegan)


# the countdown


def test_the_countdown_is_held_by_a_pause():
    run = in_second_wave()
    find(run, Crossed(due=run.now + 10.0))
    assert counting_down(run.state) is not None
    assert say(run, cmd.Pause()) is None
    assert counting_down(run.state) is None
    find(run, BREACHED)
    run.run()
    assert not happened(run, ev.RollbackBegan)
    assert run.state.pausing is not None


def test_who_goes_on_after_the_pause_goes_on_in_spite_of_it_until_it_is_over():
    run = in_second_wave()
    find(run, Crossed(due=run.now + 10.0))
    assert say(run, cmd.Pause()) is None
    find(run, BREACHED)
    assert say(run, cmd.Continue()) is None
    assert blocking_breach(run.state) is None
    assert goes_back_for(run.state) is None
    find(run, Within())
    find(run, Crossed(due=run.now + 10.0))
    assert counting_down(run.state) is not None
    find(run, BREACHED)
    assert goes_back_for(run.state) is not None


@pytest.mark.parametrize(
    ("cause", "first", "seen", "goes_on"),
    [
        (None, "breach", "", True),  # nothing else is asked
        ("operator", "breach", "", True),  # whoever paused had seen it
        ("operator", "pause", "", False),  # the answer is to the pause, which came first
        ("operator", "pause", "all", True),  # the screen shows both
        ("operator", "pause", "before", False),
        ("failure", "breach", "", False),
        ("failure", "pause", "all", True),
        ("taken-up", "breach", "", False),  # said by --yes
        ("pause-after", "pause", "", False),
    ],
)
def test_who_continues_goes_on_in_spite_of_what_they_were_told_of(cause, first: str, seen: str, goes_on):
    run = in_second_wave()
    paused = [] if cause is None else [ev.Paused(reason=SafeText("wait"), cause=cause, by=run.state.by if cause == "operator" else None)]
    run.record(*(paused if first == "pause" else ()))
    before = run.state.seq
    find(run, BREACHED, "propose")
    run.record(*(paused if first == "breach" else ()))
    assert say(run, cmd.Continue(expects={"all": run.state.seq, "before": before, "": 0}[seen])) is None
    assert run.state.pausing is None
    assert (blocking_breach(run.state) is None) is goes_on
    note = still_holds(cmd.Continue(), run.state)
    assert bool(note) is not goes_on
    if note:
        assert f"errors 4.10 % on new hosts, limit 1.00 %, old 0.10 %; to go on in spite of it: deploy continue {run.state.run}" in note
        assert say(run, cmd.Continue()) is None
        assert blocking_breach(run.state) is None


def test_a_pause_of_before_does_not_hold_it_and_can_be_said_again():
    """Who paused an hour ago may be away: the breach takes hosts back, unless somebody holds it."""
    run = in_second_wave()
    assert say(run, cmd.Pause()) is None
    refusal = say(run, cmd.Pause())
    assert refusal is not None
    assert "paused already" in refusal.message
    find(run, Crossed(due=run.now + 10.0))
    assert may(cmd.Pause(), run.state) is None
    held = Simulation(run.environment, run.ending, now=run.now)
    held.record(*run.events)
    assert say(held, cmd.Pause()) is None
    find(run, BREACHED)
    find(held, BREACHED)
    assert goes_back_for(run.state) is not None
    assert goes_back_for(held.state) is None
    run.run()
    assert happened(run, ev.RollbackBegan)


@pytest.mark.parametrize("cause", ["pause-after", "inconclusive", "traffic", "taken-up"])
def test_a_pause_of_the_runs_own_holds_nothing(cause):
    run = in_second_wave()
    find(run, Crossed(due=run.now + 10.0))
    run.record(ev.Paused(reason=run.state.reason, cause=cause))
    find(run, BREACHED)
    assert goes_back_for(run.state) is not None


# what a person is asked


def test_continue_is_taken_where_a_metric_holds_the_run():
    run = in_second_wave()
    assert may(cmd.Continue(), run.state) is not None
    find(run, BothSides())
    assert may(cmd.Continue(), run.state) is None
    assert say(run, cmd.Continue()) is None
    assert may(cmd.Continue(), run.state) is not None
    assert run.run().exit == Exit.DONE


def test_a_breach_calls_a_person_with_what_to_type():
    run = in_second_wave()
    assert wanted(run.state) is None
    find(run, Crossed(), "propose")
    assert wanted(run.state) is None
    find(run, BREACHED, "propose")
    called = wanted(run.state)
    assert called is not None
    assert called.words == f"shop production: run r1 waits, as a metric is above its limit: {WORDS}; roll back, or continue"
    assert called.next == "deploy rollback production"
    assert say(run, cmd.Continue()) is None
    assert wanted(run.state) is None


def test_without_a_screen_the_same_is_asked():
    run = in_second_wave()
    find(run, BREACHED, "propose")
    assert question(run.state) is None  # a host is being updated
    run.run()
    asked = question(run.state)
    assert asked is not None
    assert asked.lines[0] == f"above its limit: {WORDS}"
    assert [type(choice.command) for choice in asked.choices] == [cmd.RollBack, cmd.Continue, type(None)]


def test_the_worst_is_named_first():
    run = in_second_wave()
    run.record(ev.ThresholdCrossed(threshold=errors("rollback"), verdict=Crossed()))
    assert blocking_breach(run.state) == run.state.thresholds[errors("rollback").key]
    run.record(ev.ThresholdBreached(threshold=errors("propose"), verdict=BREACHED))
    assert blocking_breach(run.state) == run.state.thresholds[errors("propose").key]
    run.record(ev.ThresholdBreached(threshold=errors("rollback"), verdict=BothSides()))
    assert blocking_breach(run.state) == run.state.thresholds[errors("rollback").key]


def test_a_canary_is_not_promoted_over_a_breach():
    environment = changed(an_environment(4), strategy="canary", balancers=(Balancer("haproxy", backend="shop"),), canary=Canary())
    run = until_runs(run_of(environment), "wave-1/analysis")
    assert may(cmd.Promote(), run.state) is None
    find(run, BREACHED, "propose")
    refusal = may(cmd.Promote(), run.state)
    assert refusal is not None
    assert "a metric is above its limit" in refusal.message
    assert runs_now(run) == ["wave-1/analysis"]
    assert not [effect for effect in decide(environment, run.state, run.now) if isinstance(effect, StartStep)]


def test_the_release_is_what_goes_back():
    run = in_second_wave()
    find(run, BREACHED)
    run.run()
    assert all(host.release != NEW for host in run.state.hosts.values())


def test_a_breach_that_comes_to_be_on_both_sides_is_the_same_one_and_one_after_it_is_another():
    run, keys = first_is_new(), list[str]()
    for verdict in (BREACHED, BothSides(), BREACHED, Within(), BREACHED):
        find(run, verdict, "propose")
        called, asked = wanted(run.state), question(run.state)
        assert (called is None) is isinstance(verdict, Within)
        keys += [called.key] if called else []
        assert asked is None or asked.key in keys
    assert len(dict.fromkeys(keys)) == 2
    assert keys[0] == keys[1] == keys[2] != keys[3]
