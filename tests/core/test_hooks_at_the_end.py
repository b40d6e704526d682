"""Hooks behind the last step of a host: `after rollback` runs whether it may fail or not, `after release` that may not fail is not passed over."""

import pytest

from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_environment import Environment
from console.model.host_commands import Command, Hook, HookPlace
from console.model.request import RunKind
from console.model.values import changed
from tests.core.plans import failing, run_of, say, until, until_runs
from tests.core.simulation import NEW, OLD, Simulation, an_environment


def hooked(at: HookPlace, *, fatal: bool, hosts: int = 2, **rolling: object) -> Environment:
    return changed(an_environment(hosts, **rolling), hooks=(Hook(at=at, command=Command("warm"), fatal=fatal),))


def hooks_that_began(run: Simulation) -> list[str]:
    return [event.step for event in run.events if isinstance(event, ev.StepStarted) and event.step.endswith("hook-1")]


@pytest.mark.parametrize("kind", ["deploy", "rollback"])
@pytest.mark.parametrize("fatal", [True, False])
@pytest.mark.parametrize("ends", ["done", "failed", "unknown"])
def test_a_hook_after_a_rollback_runs_on_each_host_that_went_back(kind: RunKind, fatal: bool, ends: str):
    gate = failing("web02")
    run = run_of(hooked("after rollback", fatal=fatal), lambda step, attempt: ends if step.kind == "hook" else gate(step, attempt), kind)
    state = run.run()
    assert hooks_that_began(run) == ["back/web01/hook-1", "back/web02/hook-1"]
    is_well = ends == "done" or not fatal
    assert {host.condition for host in state.hosts.values()} == ({"back"} if is_well else {"failed"} if ends == "failed" else {"owed"})
    assert state.exit == ((4 if kind == "deploy" else 0) if is_well else 5)


def test_one_that_may_fail_runs_on_a_host_that_goes_back_alone_and_it_is_skipped_then():
    run = run_of(hooked("after rollback", fatal=False, hosts=3))
    until(run, lambda run: run.state.hosts["web01"].condition == "new")
    assert say(run, cmd.Skip(host="web01")) is None
    state = run.run()
    assert hooks_that_began(run) == ["back/web01/hook-1"]
    assert (state.hosts["web01"].condition, state.hosts["web01"].release, state.exit) == ("skipped", OLD, 8)


def test_one_that_may_fail_runs_once_though_all_go_back_then():
    run = run_of(hooked("after rollback", fatal=False, hosts=3))
    until(run, lambda run: run.state.hosts["web01"].condition == "new")
    assert say(run, cmd.Skip(host="web01")) is None
    until(run, lambda run: run.state.hosts["web01"].release == OLD and run.state.hosts["web01"].condition == "skipped")
    assert say(run, cmd.RollBack()) is None
    run.run()
    assert hooks_that_began(run).count("back/web01/hook-1") == 1


def test_no_host_is_tried_again_beside_such_a_hook():
    run = until_runs(run_of(hooked("after rollback", fatal=False, hosts=3, max_failures=1), failing("web01")), "back/web01/hook-1")
    assert say(run, cmd.Retry(host="web01")) is not None
    assert run.run().exit == 8


def late(status: str) -> Simulation:
    return run_of(hooked("after release", fatal=True), lambda step, attempt: status if step.name == "close/web01/hook-1" else "done")


@pytest.mark.parametrize("status", ["failed", "unknown"])
def test_one_after_a_release_that_may_not_fail_ends_it_5_and_its_host_serves_on(status: str):
    state = late(status).run()
    assert (state.exit, state.outcome, state.hint) == (5, "failed", "deploy rollback production")
    if status == "failed":
        assert (state.hosts["web01"].condition, state.hosts["web01"].release) == ("new", NEW)
        assert state.reason == "web01 new (after release on web01: warm: failed)"


def test_within_the_budget_it_ends_8():
    run = run_of(hooked("after release", fatal=True, max_failures=1), lambda step, attempt: "failed" if step.name == "close/web01/hook-1" else "done")
    state = run.run()
    assert (state.exit, state.outcome) == (8, "succeeded")
    assert "web01 new (after release" in state.reason
    assert {host.condition for host in state.hosts.values()} == {"new"}


def test_one_that_may_fail_says_nothing():
    state = run_of(hooked("after release", fatal=False), lambda step, attempt: "failed" if step.kind == "hook" else "done").run()
    assert (state.exit, state.reason) == (0, "")


def test_one_that_a_roll_back_ends_is_no_failure():
    run = until_runs(late("done"), "close/web01/hook-1")
    assert say(run, cmd.RollBack()) is None
    state = run.run()
    assert (state.exit, any(host.failed_once for host in state.hosts.values())) == (4, False)
