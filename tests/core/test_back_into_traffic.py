"""A host that failed was taken out of the traffic. Once it is well again it gets requests again, behind its gate, whatever of it was done anew."""

import pytest

from console.core.plan.planner import plan_release
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_environment import Environment
from console.model.host_commands import Command, Hook
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import NAME, BalancedRun, a_balanced_run, balanced
from tests.core.plans import done_on, ends, happened, named, say, until, until_runs
from tests.core.simulation import NEW, opening

ALL = {"web01", "web02", "web03"}


def a_release(environment: Environment, ending=lambda step, attempt: "done", out: tuple[str, ...] = ()) -> BalancedRun:
    """A release of that environment, after GO. `out`: hosts that somebody else took out."""
    run = BalancedRun(environment, ending, before=frozenset(out), serves=ALL - set(out))
    balancers = {name: frozenset({NAME}) for name in out}
    plan = plan_release(environment, environment.hosts, NEW, frozenset(), out=balancers)
    opened, *rest = (changed(event, plan=plan) if isinstance(event, ev.PlanMade) else event for event in opening(environment))
    run.record(opened, *(ev.TrafficChanged(host=name, balancer=NAME, mark="left") for name in out), *rest)
    return run


def warming(environment: Environment, at: str = "after host") -> Environment:
    return changed(environment, hooks=(Hook(at=at, command=Command("warm")),))  # type: ignore[arg-type]


def tried_again(run: BalancedRun):
    assert say(run, cmd.Retry(host="web02")) is None
    say(run, cmd.Continue())
    return run.run()


def last_of(run: BalancedRun, *names: str) -> list[str]:
    """When those steps began last, in order."""
    began = {event.step: event.seq for event in happened(run, ev.StepStarted)}
    return sorted(names, key=began.__getitem__)


@pytest.mark.parametrize("condition", ["failed", "unreachable", "unknown"])
@pytest.mark.parametrize("strategy", ["rolling", "recreate"])
def test_one_that_fell_in_the_window_and_is_tried_again(condition, strategy):
    run = until_runs(a_release(changed(balanced(3, on_failure="pause"), monitor=600.0, strategy=strategy)), "verify/monitor")
    run.record(ev.HostFailed(host="web02", condition=condition, reason=SafeText("x")))
    run.turn(), run.turn()
    assert run.serves == ALL - {"web02"}
    state = tried_again(run)
    assert (state.exit, state.hosts["web02"].condition, run.serves) == (Exit.DONE, "new", ALL)
    back = [f"wave-{1 if strategy == 'recreate' else 2}/web02/{step}" for step in ("restart", "gate", "admit")]
    assert last_of(run, *reversed(back)) == back


def test_one_that_is_tried_again_before_it_was_taken_out_is_drained_before_it_restarts():
    run = until_runs(a_release(changed(balanced(3, on_failure="pause"), monitor=600.0)), "verify/monitor")
    run.record(ev.HostFailed(host="web02", condition="failed", reason=SafeText("x")))
    state = tried_again(run)
    assert (state.exit, run.serves, run.changed_in_service) == (Exit.DONE, ALL, [])


@pytest.mark.parametrize("strategy", ["rolling", "recreate"])
def test_one_whose_last_hook_failed_and_is_tried_again(strategy):
    environment = warming(changed(balanced(3, on_failure="pause"), strategy=strategy))
    run = a_release(environment, ends(web02_hook="failed"))
    run.run()
    state = tried_again(run)
    assert (state.exit, run.serves) == (Exit.DONE, ALL)
    wave = 1 if strategy == "recreate" else 2
    assert last_of(run, f"wave-{wave}/web02/hook-1", f"wave-{wave}/web02/admit", f"wave-{wave}/web02/gate")[0].endswith("gate")
    assert state.hosts["web02"].steps[f"wave-{wave}/web02/restart"].attempt == 1


def test_one_whose_last_hook_on_its_way_back_failed_and_is_tried_again():
    def fails(step, attempt):
        return "failed" if step.kind == "hook" and step.about == "web02" and attempt == 1 else "done"

    run = until_runs(a_release(warming(balanced(3), "after rollback"), fails), "wave-3/web03/switch")
    assert say(run, cmd.RollBack()) is None
    until(run, lambda run: run.state.hosts["web02"].condition == "failed")
    run.turn()
    assert "web02" not in run.serves
    state = tried_again(run)
    assert (state.exit, run.serves) == (Exit.ROLLED_BACK, ALL)


def test_without_a_balancer_a_hook_that_failed_is_done_again_and_nothing_else():
    environment = changed(warming(balanced(3, on_failure="pause")), balancers=())
    run = a_release(environment, ends(web02_hook="failed"))
    run.run()
    state = tried_again(run)
    assert state.exit == Exit.DONE
    assert {name: known.attempt for name, known in state.hosts["web02"].steps.items() if known.attempt > 1} == {"wave-2/web02/hook-1": 2}


@pytest.mark.parametrize("rule", ["rollback", "pause"])
def test_recreate_leaves_nobody_out_who_is_well(rule):
    """Its hosts are not drained, and one that fails its gate is taken out."""
    run = a_release(changed(balanced(3, on_failure=rule), strategy="recreate"), ends(web02_gate="failed"))
    state = run.run()
    if rule == "pause":
        assert run.serves == ALL - {"web02"}
        state = tried_again(run)
    assert (state.exit, run.serves) == (Exit.ROLLED_BACK if rule == "rollback" else Exit.DONE, ALL)


def test_recreate_puts_in_what_a_run_before_it_took_out_and_leaves_what_somebody_else_did():
    environment = changed(balanced(3), strategy="recreate")
    run = a_release(environment, out=("web03",))
    run.serves.discard("web01")
    run.record(ev.TrafficChanged(host="web01", balancer=NAME, mark="drained"))
    assert run.run().exit == Exit.DONE
    assert run.serves == ALL - {"web03"}
    plan = run.state.plan
    assert done_on(plan.steps, "web01")[2:] == [f"wave-1/web01/{step}" for step in ("switch", "restart", "gate", "admit")] + ["close/web01/prune"]
    assert str(named(plan, "wave-1/web01/admit").title) == f"see that web01 is in {NAME}"
    assert str(named(plan, "wave-1/web03/admit").title) == f"web03 stays out of {NAME}, as it was before"


def test_a_return_to_the_traffic_is_called_so_where_the_lane_drains():
    plan = a_balanced_run(2).state.plan
    assert str(named(plan, "wave-1/web01/admit").title) == f"return web01 to {NAME}"
