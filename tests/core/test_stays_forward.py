"""A host that has nothing to go back to while the others go back: it comes to its end forward, keeps what it has, and is never called old."""

import pytest

from console.core.environment.record import recorded
from console.core.environment.record_queries import owed_now
from console.core.run.decide import decide
from console.core.run.ready_steps import running_steps
from console.model import commands as cmd
from console.model import events as ev
from console.model.balancer import Balancer
from console.model.configured_environment import Environment
from console.model.effects import CancelStep, StartStep, TakeLocks
from console.model.environment_record import EnvironmentRecord
from console.model.host_commands import Command
from console.model.plan import ReturnTarget
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.plans import a_run, done_on, failing, runs_now, say, until, until_runs
from tests.core.simulation import NEW, OLD, Simulation, an_environment, opening
from tests.core.test_run import without_a_way_back

GONE = SafeText("files differ from its manifest")


def damaged(environment: Environment, ending=lambda step, attempt: "done", host: str = "web02", version: str = "") -> Simulation:
    """A run in which what that host had before is not whole any more."""
    run = Simulation(environment, ending)
    ways = tuple(ReturnTarget(one.name, OLD, SafeText(version), possible=one.name != host, reason=GONE) for one in environment.hosts)
    run.record(*(changed(event, way_back=ways) if isinstance(event, ev.PlanMade) else event for event in opening(environment)))
    return run


def balanced(hosts: int) -> Environment:
    """A fleet behind a balancer, whose application is stopped before the switch."""
    return changed(an_environment(hosts), balancers=(Balancer("command"),), commands={"stop": Command("stop"), "start": Command("start")})


@pytest.mark.parametrize("command", [cmd.RollBack(), cmd.Abort()])
@pytest.mark.parametrize("step", ["stop", "switch", "restart", "gate", "admit"])
def test_it_comes_to_its_end_forward_and_the_others_go_back(step: str, command: cmd.AnyCommand):
    run = until_runs(damaged(balanced(3)), f"wave-2/web02/{step}")
    assert say(run, command) is None
    state = run.run()
    assert {name: (host.condition, host.release) for name, host in state.hosts.items()} == {
        "web01": ("back", OLD), "web02": ("new", NEW), "web03": ("old", OLD),
    }  # fmt: skip
    assert done_on((step for step in state.index.values() if state.step_state(step).status == "done"), "web02")[-1] == "wave-2/web02/admit"
    assert (state.exit, "web02 new" in state.reason) == (5, True)


def test_one_that_fails_there_is_called_so():
    run = until_runs(damaged(an_environment(2), failing("web02", kind="gate")), "wave-2/web02/restart")
    assert say(run, cmd.RollBack()) is None
    state = run.run()
    assert (state.hosts["web02"].condition, state.exit) == ("failed", 5)


def test_one_that_was_only_taken_out_of_the_traffic_is_admitted_again():
    run = until_runs(damaged(balanced(2)), "wave-2/web02/drain")
    assert say(run, cmd.RollBack()) is None
    state = run.run()
    assert done_on((step for step in state.index.values() if step.phase == "rollback"), "web02") == ["back/web02/admit"]
    assert (state.hosts["web02"].condition, state.exit) == ("back", 4)


def test_one_whose_release_before_is_not_known_is_not_removed_for_having_been_drained():
    bare = without_a_way_back(2, "web02", lambda step, attempt: "done")
    run = Simulation(changed(bare.environment, balancers=(Balancer("command"),)), bare.ending)
    run.record(*(changed(event, way_back=bare.state.way_back) if isinstance(event, ev.PlanMade) else event for event in opening(run.environment)))
    run.state = changed(run.state, hosts=run.state.hosts.put("web02", changed(run.state.hosts["web02"], before="", release="")))
    until_runs(run, "wave-2/web02/drain")
    assert say(run, cmd.RollBack()) is None
    assert not any(step.kind == "remove" for step in run.run().index.values())


@pytest.mark.parametrize("step", ["stop", "switch", "restart"])
def test_in_a_recreate_it_does_not_start_beside_the_old_version_and_is_owed_what_the_others_have(step: str):
    stops = {"stop": Command("stop"), "start": Command("start")}
    run = until_runs(damaged(changed(an_environment(2), strategy="recreate", commands=stops, balancers=(Balancer("command"),))), f"wave-1/web02/{step}")
    assert say(run, cmd.RollBack()) is None
    state = run.run()
    begun = [event.step for event in run.events if isinstance(event, ev.StepStarted) and event.step.startswith("wave-1/web02/")]
    assert begun[-1] == f"wave-1/web02/{step}"
    assert (state.exit, state.hosts["web02"].condition, state.hosts["web02"].is_out) == (5, "owed", True)
    assert state.reason == f"asked for by ada; not back: web02 owed (its update was ended, and it cannot go back: {GONE})"
    record = recorded(EnvironmentRecord(), 1, tuple(run.events), state)
    assert [(debt.host, str(debt.next)) for debt in owed_now(record)] == [("web02", f"it gets {OLD} once it answers again")]


def test_what_brings_one_back_that_stays_on_the_new_release_is_named():
    run = until_runs(damaged(an_environment(3), version="v1"), "wave-3/web03/switch")
    assert say(run, cmd.RollBack()) is None
    state = run.run()
    assert (state.exit, state.hint) == (5, "deploy production --version v1 --hosts web02 --override direction=REASON")


@pytest.mark.parametrize("step", ["restart", "gate"])
def test_it_cannot_be_skipped_once_something_was_changed_on_it(step: str):
    run = until_runs(damaged(an_environment(3)), f"wave-2/web02/{step}")
    said = say(run, cmd.Skip(host="web02"))
    assert said is not None
    assert (said.message, said.hint) == (f"web02 has no release to go back to: {GONE}", "deploy abort --leave")


def test_nor_once_it_failed():
    run = damaged(an_environment(3, on_failure="pause"), failing("web02", kind="restart"))
    run.run()
    assert say(run, cmd.Skip(host="web02")) is not None
    assert say(run, cmd.RollBack()) is None
    assert (run.run().exit, run.state.hosts["web02"].release) == (5, NEW)


def test_before_anything_was_changed_on_it_it_can():
    run = until_runs(damaged(an_environment(3)), "wave-1/web01/gate")
    assert say(run, cmd.Skip(host="web02")) is None
    assert (run.run().exit, run.state.hosts["web02"].release) == (8, OLD)


def test_who_is_skipped_while_the_run_stops_goes_back_and_what_hangs_there_is_ended():
    run = a_run(2, failing("web02", kind="switch"), batch=2, on_failure="stop")
    until(run, lambda run: {"wave-1/web01/restart", "wave-1/web02/switch"} <= set(runs_now(run)))
    run.finish(run.state.index["wave-1/web02/switch"])
    run.turn()
    assert say(run, cmd.Skip(host="web01")) is None
    state = run.run()
    assert (state.exit, state.hosts["web01"].condition, state.hosts["web01"].release) == (5, "skipped", OLD)


def test_who_goes_back_alone_when_the_run_stops_comes_there():
    run = a_run(4, failing("web01", "web03"), batch=2, max_failures=1, on_failure="stop")
    until_runs(run, "back/web01/switch")
    until(run, lambda run: run.state.hosts["web03"].condition == "failed")
    assert run.run().hosts["web01"].condition == "back"


def test_while_the_step_of_a_skipped_host_is_ended_the_others_go_on():
    run = until_runs(a_run(3, batch=3), "wave-1/web02/restart")
    assert say(run, cmd.Skip(host="web02")) is None
    for step in running_steps(run.state):
        if step.about != "web02":
            run.finish(step)
    effects = decide(run.environment, run.state, run.now)
    assert [effect.step.name for effect in effects if isinstance(effect, CancelStep)] == ["wave-1/web02/restart"]
    assert "web03" in {effect.step.about for effect in effects if isinstance(effect, StartStep)}


def test_a_run_that_was_aborted_while_it_locks_takes_no_locks_in_another_engine():
    environment = an_environment(2)
    run = Simulation(environment, lambda step, attempt: "done")
    run.record(*opening(environment)[:-1])
    assert say(run, cmd.Abort()) is None
    assert TakeLocks() not in decide(environment, run.state, 0.0)
    assert (run.run().exit, run.state.outcome) == (130, "interrupted")


def test_without_an_abort_it_takes_them():
    environment = an_environment(2)
    run = Simulation(environment, lambda step, attempt: "done")
    run.record(*opening(environment)[:-1])
    assert decide(environment, run.state, 0.0) == (TakeLocks(),)
