"""Hosts before a balancer, over whole simulated runs: who gets requests, who is taken out, who is put back, and when a run waits for a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host_conditions import MISPLACED
from console.core.plan.planner import plan_release
from console.core.plan.return_plan import better_way
from console.core.run.decide import decide
from console.core.run.evolve import fold
from console.core.run.outcome import drained_problems, loose_ends
from console.core.run.ready_steps import running_steps
from console.errors import Problem
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.effects import TakeOut
from console.model.request import Request, RunKind
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import NAME, BalancedRun, a_balanced_run, balanced
from tests.core.plans import done_on, failing, go_on, happened, say, until, until_runs
from tests.core.simulation import ADA, NEW, OLD, opening
from tests.core.test_bluegreen import a_shift
from tests.examples import examples

ENDINGS = st.sampled_from(["done"] * 8 + ["failed", "unknown", "unreachable", "held"])
OURS = frozenset({"failed", "unknown", "unreachable", "owed", "skipped", "returning", "back"})


def drawn(data: st.DataObject):
    """Steps end as chance has it; only what is told to a balancer is held."""

    def ending(step, attempt):
        status = data.draw(ENDINGS)
        return "done" if status == "held" and step.kind not in ("drain", "admit") else status

    return ending


def test_each_host_is_drained_before_it_changes_and_returns_after_its_gate():
    run = a_balanced_run(2)
    assert done_on(run.state.plan.steps, "web01")[2:] == [
        "wave-1/web01/drain", "wave-1/web01/switch", "wave-1/web01/restart", "wave-1/web01/gate", "wave-1/web01/admit", "close/web01/prune",
    ]  # fmt: skip
    state = run.run()
    assert (state.exit, run.serves, run.changed_in_service) == (Exit.DONE, {"web01", "web02"}, [])


@pytest.mark.parametrize("kind", ["restart", "catch-up", "rollback"])
def test_the_other_kinds_of_run_drain_and_return_too(kind):
    run = a_balanced_run(3, kind=kind)
    state = run.run()
    kinds = [step.kind for step in state.lanes["web01"] if step.phase in ("release", "rollback")]
    assert (kinds[0], kinds[-1]) == ("drain", "admit")
    assert (run.serves, run.changed_in_service) == ({"web01", "web02", "web03"}, [])


def test_a_host_that_was_out_before_takes_the_release_and_stays_out():
    run = a_balanced_run(3, out=("web02",))
    state = run.run()
    assert state.exit == Exit.DONE
    assert state.hosts["web02"].release == NEW
    assert run.serves == {"web01", "web03"}


def test_a_host_whose_gate_fails_goes_back_and_returns():
    run = a_balanced_run(3, failing("web02"))
    state = run.run()
    assert state.exit == Exit.ROLLED_BACK
    assert (run.serves, run.changed_in_service) == ({"web01", "web02", "web03"}, [])


def test_a_host_that_stays_failed_stays_out():
    run = a_balanced_run(3, failing("web02"), on_failure="stop")
    state = run.run()
    assert state.exit == Exit.FAILED
    assert run.serves == {"web01", "web03"}


def test_a_host_that_falls_after_its_return_is_taken_out_at_once_and_the_run_does_not_end_before_that_is_read_back():
    run = until_runs(a_balanced_run(3, on_failure="pause"), "wave-2/web02/switch")
    run.record(ev.HostFailed(host="web01", condition="unreachable", reason=SafeText("no answer")))
    effects = decide(run.environment, run.state, run.now)
    assert TakeOut(("web01",)) in effects
    run.turn()
    assert "web01" not in run.serves
    assert not any(isinstance(effect, TakeOut) for effect in decide(run.environment, run.state, run.now))


def test_what_could_not_be_read_back_is_not_asked_for_again_and_again():
    run = a_balanced_run(3, on_failure="stop")
    run.reads = lambda host: False
    until_runs(run, "wave-2/web02/switch")
    run.record(ev.HostFailed(host="web01", condition="failed", reason=SafeText("unwell")))
    state = run.run()
    assert state.phase == "ended"
    assert [event.mark for event in happened(run, ev.TrafficChanged) if event.host == "web01"][-1] == "unread"


def test_a_host_that_is_left_out_is_drained_once_it_is_owed_and_not_where_the_others_go_back():
    def left_out(ending):
        environment = balanced(3)
        opened, *seen, made, go, locks = opening(environment)
        run = BalancedRun(environment, ending, serves={"web01", "web02", "web03"})
        plan = plan_release(environment, environment.hosts[:2], NEW, frozenset())
        run.record(changed(opened, request=Request(without=(("web03", "disk"),))), *seen, changed(made, plan=plan), go, locks)
        return run

    run = left_out(lambda step, attempt: "done")
    assert run.run().hosts["web03"].condition == "owed"
    assert run.serves == {"web01", "web02"}
    run = left_out(failing("web02"))
    assert run.run().exit == Exit.ROLLED_BACK
    assert run.serves == {"web01", "web02", "web03"}


HELD = {"drain": "wave-2/web02/drain", "admit": "wave-2/web02/admit"}


def held(kind: str, times: int = 1):
    return lambda step, attempt: "held" if step.name == HELD[kind] and attempt <= times else "done"


@pytest.mark.parametrize("kind", ["drain", "admit"])
def test_a_balancer_that_does_not_do_it_pauses_the_run_and_is_no_host_s_failure(kind):
    run = a_balanced_run(3, held(kind))
    state = run.run()
    assert (state.pausing.cause, state.hosts["web02"].condition, len(state.tally.failed_once)) == ("traffic", "updating", 0)
    assert state.pausing.reason.startswith(state.index[HELD[kind]].title)
    assert say(run, cmd.Continue()) is None
    state = run.run()
    assert (state.exit, run.serves) == (Exit.DONE, {"web01", "web02", "web03"})
    assert state.hosts["web02"].steps[HELD[kind]].attempt == 2


def test_a_retry_waits_again_and_ends_the_pause():
    run = a_balanced_run(3, held("drain"))
    run.run()
    assert say(run, cmd.Retry(host="web03")) is not None
    assert say(run, cmd.Retry(host="web02")) is None
    assert run.state.pausing is None
    assert not run.state.hosts["web02"].cuts
    assert run.run().exit == Exit.DONE


def overdue(run: BalancedRun) -> BalancedRun:
    """Requests are still under way on the second host when time is over."""
    until_runs(run, "wave-2/web02/drain")
    run.serves.discard("web02")
    run.record(ev.TrafficChanged(host="web02", balancer=NAME, mark="overdue", sessions=3))
    run.run()
    return run


def test_to_continue_cuts_what_is_still_under_way_and_the_number_is_kept():
    run = overdue(a_balanced_run(3, held("drain")))
    assert say(run, cmd.Continue()) is None
    assert run.state.hosts["web02"].cuts
    run.record(ev.TrafficChanged(host="web02", balancer=NAME, mark="drained", sessions=0, cut=3))
    state = run.run()
    assert (state.exit, state.hosts["web02"].traffic[NAME].cut, state.hosts["web02"].cuts) == (Exit.DONE, 3, False)


def test_a_person_s_pause_that_is_ended_cuts_nothing():
    run = a_balanced_run(3, held("drain"))
    until_runs(run, "wave-2/web02/drain")
    assert say(run, cmd.Pause()) is None
    run.record(ev.TrafficChanged(host="web02", balancer=NAME, mark="overdue", sessions=3))
    run.run()
    assert run.state.pausing.cause == "operator"
    assert say(run, cmd.Continue()) is None
    state = run.run()
    assert (state.pausing.cause, state.hosts["web02"].cuts) == ("traffic", False)


@pytest.mark.parametrize("command", [cmd.Abort(), cmd.RollBack(), cmd.Skip(host="web02")])
def test_a_host_that_is_only_drained_returns_without_a_restart(command):
    run = a_balanced_run(3, held("drain", 9))
    run.run()
    assert say(run, command) is None
    run.run()
    back = [step.name for step in run.state.lanes["web02"] if step.phase == "rollback"]
    assert back == ["back/web02/admit"]
    assert "web02" in run.serves
    assert run.state.hosts["web02"].condition == ("skipped" if isinstance(command, cmd.Skip) else "back")


def test_a_restart_that_is_aborted_leaves_no_host_drained():
    run = until_runs(a_balanced_run(3, kind="restart"), "wave-2/web02/restart")
    assert say(run, cmd.Abort()) is None
    run.run()
    assert run.serves == {"web01", "web02", "web03"}


@pytest.mark.parametrize("kind", ["drain", "admit"])
def test_a_restart_that_is_aborted_while_a_balancer_does_not_do_it_has_the_host_return(kind):
    run = a_balanced_run(3, held(kind, 9), kind="restart")
    run.run()
    assert say(run, cmd.Abort()) is None
    state = run.run()
    assert (state.phase, run.serves) == ("ended", {"web01", "web02", "web03"})
    assert [step.kind for step in state.lanes["web02"] if step.phase == "rollback"] == ["admit"]


def test_a_way_back_goes_on_where_the_balancer_does_not_answer():
    run = a_balanced_run(3, lambda step, attempt: "held" if step.kind == "drain" and step.phase == "rollback" else "done")
    until_runs(run, "wave-3/web03/switch")
    assert say(run, cmd.RollBack()) is None
    state = run.run()
    assert (state.exit, {host.release for host in state.hosts.values()}) == (Exit.ROLLED_BACK, {OLD})


def test_a_host_that_is_tried_again_on_its_way_back_is_not_drained_once_more_behind_its_gate():
    run = a_balanced_run(
        2, lambda step, attempt: "done" if attempt > 1 or step.kind not in ("drain", "gate") or step.about != "web01" else "failed", kind="rollback"
    )
    until(run, lambda run: run.state.hosts["web01"].condition == "failed")
    assert say(run, cmd.Retry(host="web01")) is None
    state = run.run()
    assert (state.exit, run.serves) == (Exit.DONE, {"web01", "web02"})
    assert state.hosts["web01"].steps["back/web01/drain"].attempt == 1


WAYS = [
    ("half of those that serve", 3, 6, True, "at-once"), ("more than half", 4, 6, True, "halves"), ("all", 6, 6, True, "halves"),
    ("all, and nothing drains", 6, 6, False, "at-once"), ("the only one", 1, 1, True, "at-once"), ("both", 2, 2, True, "halves"),
]  # fmt: skip


@pytest.mark.parametrize(("going", "serving", "is_drained", "how"), [pytest.param(*row[1:], id=row[0]) for row in WAYS])
def test_how_hosts_go_back_where_nobody_says_it(going, serving, is_drained, how):
    assert better_way(going, serving, is_drained=is_drained) == how


def test_a_rollback_of_most_hosts_keeps_half_of_them_in_service():
    run = a_balanced_run(4, failing("web04"))
    least = []
    run.watch = lambda state: least.append(len(run.serves)) if state.phase == "rolling-back" else None
    state = run.run()
    assert (state.exit, state.back.strategy) == (Exit.ROLLED_BACK, "rollback halves")
    assert min(least) >= 2


def checked(run: BalancedRun, batch: int) -> None:
    """What holds after every event."""
    state = run.state
    assert not run.serves & run.before
    if state.phase != "running":
        return
    meant = {host.name for host in state.hosts.values() if host.condition in OURS}
    out = set(state.hosts) - run.serves - run.before - meant
    assert len(out) <= batch


@examples(120)
@given(
    st.integers(1, 6), st.integers(1, 3), st.integers(0, 2), st.sampled_from(["rollback", "pause", "stop"]), st.sets(st.integers(1, 6), max_size=2), st.data()
)
def test_whatever_happens_no_more_hosts_are_out_than_a_wave_and_nothing_changes_on_one_that_serves(hosts, batch, budget, rule, out, data):
    names = [f"web{number:02}" for number in sorted(out) if number <= hosts]
    run = a_balanced_run(hosts, drawn(data), batch, out=names, max_failures=budget, on_failure=rule)
    run.watch = lambda _: checked(run, batch)
    for _ in range(12):
        state = run.run()
        if state.phase == "ended":
            break
        assert state.pausing is not None
        say(run, data.draw(st.sampled_from([cmd.Continue(), cmd.Abort(), cmd.RollBack(), cmd.Continue()])))
    assert run.changed_in_service == []
    assert fold(run.events) == run.state
    if state.phase != "ended" or state.aborting == "leave":
        return
    whole = {host.name for host in state.hosts.values() if host.condition in ("old", "new", "back")}
    assert whole - run.before <= run.serves
    assert not {host.name for host in state.hosts.values() if host.condition in MISPLACED and host.touched} & run.serves


@examples(60)
@given(st.integers(1, 4), st.integers(0, 300), st.booleans())
def test_an_engine_may_die_anywhere_and_every_host_is_back_in_the_traffic_at_the_end(hosts, cut, rolls_back):
    run = a_balanced_run(hosts)
    go_on(run, cut)
    if run.state.phase not in ("running", "rolling-back"):
        return
    run.record(ev.TakenUp(epoch=2, by=ADA))
    say(run, cmd.RollBack() if rolls_back else cmd.Continue())
    say(run, cmd.Continue())
    state = run.run()
    assert state.phase == "ended"
    assert run.serves == set(state.hosts)
    assert run.changed_in_service == []


def test_nothing_is_said_of_the_traffic_where_no_balancer_is():
    run = until(a_balanced_run(2), lambda run: bool(running_steps(run.state)))
    assert run.state.tally.misplaced == run.state.tally.nobody


@pytest.mark.parametrize("kind", ["deploy", "restart"])
def test_a_host_that_a_run_leaves_drained_is_named_at_its_end_with_what_puts_it_back(kind: RunKind):
    run = until_runs(a_balanced_run(3, kind=kind), "wave-1/web01/drain")
    assert say(run, cmd.Abort(leave=True)) is None
    run.run()
    assert run.state.hosts["web01"].is_out
    left = Problem("web01 gets no requests: this run drained it, and did not put it back", "deploy restart production --hosts web01")
    assert left in loose_ends(run.state)


def test_who_is_back_in_the_traffic_or_was_out_before_is_not_named():
    run = a_balanced_run(3)
    run.run()
    assert drained_problems(run.state) == ()
    before = a_balanced_run(3, out=("web01",))
    before.run()
    assert before.state.hosts["web01"].is_out
    assert drained_problems(before.state) == ()


@pytest.mark.parametrize("step", ["wave-1/web03/gate", "close/web03/prune"])
def test_a_side_that_stands_by_is_meant_to_be_out(step: str):
    run = until_runs(a_shift(), step)
    assert say(run, cmd.Abort(leave=True)) is None
    run.run()
    assert drained_problems(run.state) == ()
