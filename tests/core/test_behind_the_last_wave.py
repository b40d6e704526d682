"""What comes behind the last wave (the window, critical paths, the page, the close) waits for every wave, also where the last one's hosts are out of it early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.planner import plan_release
from console.core.plan.return_plan import plan_way_back
from console.core.run.closing import is_closing
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Environment
from console.model.host_commands import Command
from console.model.plan import Step
from console.model.values import changed
from tests.core.balanced import balanced
from tests.core.plans import a_run, comes_after, run_of, runs_now, say, until_runs
from tests.core.simulation import NEW, OLD, Simulation, an_environment, opening
from tests.examples import examples

PAGE = {"maintenance_on": Command("on"), "maintenance_off": Command("off"), "stop": Command("stop"), "start": Command("start")}
BUY = CriticalPath("Buy", "command", command=Command("buy"), at=("end",))
FIRST_SWITCH = "wave-1/web01/switch"


def a_whole_run(strategy: str, hosts: int, ending=lambda step, attempt: "done", **rolling: object) -> Simulation:
    """A release with all that may come behind its waves, after GO."""
    bare = an_environment(hosts, **rolling)
    environment = changed(bare, strategy=strategy, commands={**bare.commands, **PAGE}, critical=(BUY,), monitor=60.0)
    return with_page(environment, ending)


def with_page(environment: Environment, ending) -> Simulation:
    run = Simulation(environment, ending)
    plan = plan_release(environment, environment.hosts, NEW, frozenset(), page=True)
    run.record(*(changed(event, plan=plan) if isinstance(event, ev.PlanMade) else event for event in opening(environment)))
    return run


def behind(step: Step) -> bool:
    return step.phase == "close" or step.name in ("maintenance/off", "verify/monitor", "verify/critical-1")


@pytest.mark.parametrize("strategy", ["rolling", "canary"])
def test_nothing_behind_the_waves_runs_beside_the_first_where_the_last_host_is_skipped(strategy):
    run = until_runs(a_whole_run(strategy, 3), FIRST_SWITCH)
    assert say(run, cmd.Skip(host="web03")) is None
    run.turn()
    assert runs_now(run) == [FIRST_SWITCH]


def test_failures_beyond_the_budget_take_the_run_back_though_the_last_host_was_not_shipped_to():
    def ending(step, attempt):
        is_bad = step.name == "prepare/web04/ship" or (step.kind == "gate" and step.phase == "release" and step.about in ("web02", "web03"))
        return "failed" if is_bad else "done"

    state = a_run(4, ending, max_failures=1).run()
    assert (state.exit, {host.release for host in state.hosts.values()}) == (Exit.ROLLED_BACK, {OLD})


def test_the_page_is_not_taken_away_before_it_is_shown_where_every_host_of_a_recreate_is_skipped():
    run = until_runs(a_whole_run("recreate", 2), "maintenance/on")
    assert [say(run, cmd.Skip(host=name)) for name in ("web01", "web02")] == [None, None]
    run.run()
    began = [(type(event), event.step) for event in run.events if isinstance(event, ev.StepStarted | ev.StepFinished)]
    assert began.index((ev.StepStarted, "maintenance/off")) > began.index((ev.StepFinished, "maintenance/on"))


def test_for_a_wave_that_nobody_is_left_of_no_person_and_no_time_is_waited_for():
    environment = an_environment(3, pause_after=2)
    run = until_runs(run_of(changed(environment, rolling=changed(environment.rolling, pause=600.0))), FIRST_SWITCH)
    assert say(run, cmd.Skip(host="web03")) is None
    state = run.run()
    assert (state.exit, run.now < 1200.0) == (Exit.LIVE_BUT_BEHIND, True)


def test_the_weights_go_back_behind_both_halves():
    plan = plan_way_back(balanced(4), dict.fromkeys(("web01", "web02", "web03", "web04"), OLD), "halves", weights=True)
    alone = {step.name for step in plan.steps if step.about in ("web03", "web04")}
    waits = next(step for step in plan.steps if step.name == "back/weights").needs
    assert [name for name in waits if name not in alone] == ["back/part-2"]
    assert "back/web01/admit" in comes_after(plan, "back/weights")


@examples(60)
@given(st.sampled_from(["rolling", "canary", "recreate"]), st.integers(1, 5), st.integers(0, 5), st.integers(0, 120), st.data())
def test_nothing_behind_the_last_wave_begins_before_each_wave_has_ended(strategy, hosts, budget, before, data):
    ends = st.sampled_from(["done"] * 9 + ["failed", "unknown"])
    run = a_whole_run(strategy, hosts, lambda step, attempt: "done" if step.kind == "maintain" else data.draw(ends), max_failures=budget)

    def looked_at(state) -> None:
        if state.phase != "running" or state.aborting or not (is_closing(state) or any(map(behind, map(state.index.get, runs_now(run))))):
            return
        waves = [step for step in state.index.values() if step.kind == "wave"]
        assert all(state.step_state(wave).status == "done" for wave in waves)
        assert not [name for name in runs_now(run) if state.index[name].phase == "release"]

    for _ in range(before):
        if not run.turn() and runs_now(run):
            run.finish(run.state.index[data.draw(st.sampled_from(runs_now(run)))])
    say(run, cmd.Skip(host=data.draw(st.sampled_from(list(run.state.hosts)))))
    run.watch = looked_at
    run.run(lambda steps: data.draw(st.sampled_from(steps)))
