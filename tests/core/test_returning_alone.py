"""A host that goes back alone when the whole run is taken back: it goes on with what it is at, once, and the rest of the way back goes beside it."""

from collections import Counter

import pytest

from console.core.plan.planner import plan_release
from console.core.plan.return_plan import plan_rollback
from console.core.run.decide import decide
from console.core.run.sentences import sentence
from console.core.traffic.shares import loads_of
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.effects import StartStep
from console.model.host_commands import Command
from console.model.number_of_hosts import NumberOfHosts
from console.model.strategy import Canary
from console.model.traffic import OwnWeight
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import NAME, BalancedRun, balanced
from tests.core.plans import comes_after, failing, happened, named, runs_now, say, until, until_runs
from tests.core.simulation import NEW, OLD, opening

ALONE = [f"back/web02/{step}" for step in ("drain", "switch", "restart", "gate")]
PAGE = {"maintenance_on": Command("on"), "maintenance_off": Command("off")}


def a_run_with(strategy: str, ending=None, hosts: int = 3, batch: int = 1) -> BalancedRun:
    """A release of which the gate of web02 fails within the budget, after GO."""
    bare = balanced(hosts, batch, max_failures=1)
    environment = changed(bare, strategy=strategy, commands={**bare.commands, **PAGE})
    run = BalancedRun(environment, ending or failing("web02"), serves={host.name for host in environment.hosts})
    plan = plan_release(environment, environment.hosts, NEW, frozenset(), page=strategy == "recreate")
    run.record(*(changed(event, plan=plan) if isinstance(event, ev.PlanMade) else event for event in opening(environment)))
    return run


def begun(run: BalancedRun) -> Counter[str]:
    return Counter(event.step for event in happened(run, ev.StepStarted) if event.step.startswith("back/web02/"))


def falls(run: BalancedRun) -> None:
    """Another host fails beyond the budget, and the run goes back by itself."""
    run.record(ev.HostFailed(host="web01", condition="failed", reason=SafeText("unwell")))


ASKS = [("key", lambda run: say(run, cmd.RollBack())), ("abort", lambda run: say(run, cmd.Abort())), ("failure", falls)]


@pytest.mark.parametrize("strategy", ["rolling", "canary", "recreate"])
@pytest.mark.parametrize("at", ALONE)
@pytest.mark.parametrize("ask", [pytest.param(ask, id=name) for name, ask in ASKS])
def test_what_it_is_at_goes_on_and_nothing_of_it_is_done_twice(strategy, at, ask):
    run = until_runs(a_run_with(strategy), at)
    assert ask(run) is None
    until(run, lambda run: run.state.phase == "rolling-back")
    state = run.run()
    assert (state.exit, {host.release for host in state.hosts.values()}) == (Exit.ROLLED_BACK, {OLD})
    assert set(begun(run).values()) == {1}


def test_it_is_named_among_those_that_go_back_and_has_no_step_in_their_plan():
    run = until_runs(a_run_with("rolling"), "back/web02/restart")
    assert say(run, cmd.RollBack()) is None
    (began,) = happened(run, ev.RollbackBegan)
    assert began.plan.waves == (("web01", "web02"), ("web03",))
    assert {step.about for step in began.plan.steps} == {"web01", "web03", ""}
    assert sentence(began).startswith("rolling back 3 hosts: ")
    assert "back/web02/restart" in runs_now(run)


def test_where_it_is_the_only_one_the_run_goes_back_with_it():
    run = until_runs(a_run_with("rolling", hosts=1), "wave-1/web01/gate")
    assert say(run, cmd.Skip(host="web01")) is None
    until_runs(run, "back/web01/restart")
    assert say(run, cmd.RollBack()) is None
    assert run.state.back.waves == (("web01",),)
    assert (run.state.back.steps, run.run().exit) == ((), Exit.ROLLED_BACK)


def test_the_page_and_the_weights_wait_for_it_too():
    run = until_runs(a_run_with("recreate"), "back/web02/switch")
    page = named(plan_rollback(run.environment, run.state), "back/maintenance-off")
    assert run.state.lanes["web02"][-1].name in page.needs
    assert "back/web01/gate" in comes_after(plan_rollback(run.environment, run.state), page.name)


def test_one_that_failed_on_its_way_back_is_taken_back_anew():
    run = a_run_with("rolling", lambda step, attempt: "failed" if step.about == "web02" and step.kind == "gate" and attempt == 1 else "done")
    until(run, lambda run: run.state.hosts["web02"].condition == "failed" and "back/web02/gate" in run.state.index)
    assert say(run, cmd.RollBack()) is None
    state = run.run()
    assert (state.exit, begun(run)["back/web02/restart"]) == (Exit.ROLLED_BACK, 2)


def test_while_a_step_runs_on_a_host_no_other_one_may_begin_there():
    run = until_runs(a_run_with("recreate", hosts=2), "wave-1/web01/switch")
    assert say(run, cmd.RollBack()) is None
    assert not [effect for effect in decide(run.environment, run.state, run.now) if isinstance(effect, StartStep) and effect.step.about == "web01"]
    assert run.state.tally.lanes["web01"].ready == ()


def test_where_it_failed_on_its_way_alone_the_way_back_of_all_takes_the_place_of_what_was_left_of_that():
    def ending(step, attempt):
        return "failed" if step.name == "back/web02/switch" and attempt == 1 else failing("web02")(step, attempt)

    bare = balanced(4, max_failures=1)
    canary = Canary(by="weight", analysis=0.0, steps=(NumberOfHosts(share=0.25), NumberOfHosts(share=0.5)))
    environment = changed(bare, strategy="canary", canary=canary)
    run = BalancedRun(environment, ending, serves={host.name for host in environment.hosts})
    plan = plan_release(environment, environment.hosts, NEW, frozenset(), loads=loads_of(environment, (), {}))
    run.record(*(changed(event, plan=plan) if isinstance(event, ev.PlanMade) else event for event in opening(environment)))
    until_runs(run, "wave-1/web01/admit")
    run.record(ev.WeightsChanged(balancer=NAME, mark="set", own={"web01": OwnWeight(1, 100, 1)}, share=0.25))
    until(run, lambda run: run.state.hosts["web02"].condition == "failed" and run.state.index.get("back/web02/weigh") is not None)
    assert say(run, cmd.RollBack()) is None
    run.run()
    assert list(begun(run)) == [f"back/web02/{step}" for step in ("drain", "switch", "restart", "gate", "admit")]
    assert run.state.hosts["web02"].condition == "back"
