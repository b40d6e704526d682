"""The core as a whole: planner, fold, decide and accept over simulated runs."""

from copy import deepcopy
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core import host_conditions
from console.core.run.accept import accept
from console.core.run.decide import StartStep, decide
from console.core.run.evolve import evolve, fold
from console.core.run.ready_steps import running_steps
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.commands import Refusal
from console.model.plan import ReturnTarget
from console.model.request import Person
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.plans import a_run, failing, go_on, say
from tests.core.simulation import ADA, NEW, OLD, Simulation, an_environment, opening
from tests.examples import examples

ENDINGS = st.sampled_from(["done", "done", "done", "failed", "unknown", "unreachable"])


def test_a_good_release_ends_with_every_host_on_it():
    state = a_run(5, batch=2).run()
    assert (state.exit, state.outcome) == (Exit.DONE, "succeeded")
    assert {host.release for host in state.hosts.values()} == {NEW}


def test_a_failed_gate_takes_every_touched_host_back():
    state = a_run(5, failing("web03")).run()
    assert (state.exit, state.outcome) == (Exit.ROLLED_BACK, "rolled-back")
    assert {host.release for host in state.hosts.values()} == {OLD}
    assert state.hosts["web05"].condition == "old"


def test_within_the_budget_a_host_goes_back_alone():
    state = a_run(4, failing("web02"), max_failures=1).run()
    assert state.exit == Exit.LIVE_BUT_BEHIND
    assert state.hosts["web02"].release == OLD
    assert {host.release for name, host in state.hosts.items() if name != "web02"} == {NEW}


def test_an_unknown_host_is_never_called_done():
    state = a_run(3, failing("web02", kind="restart", status="unknown"), max_failures=1).run()
    assert state.hosts["web02"].condition == "owed"
    assert state.exit == Exit.FAILED or state.exit == Exit.LIVE_BUT_BEHIND


def test_a_release_that_cannot_be_packed_changes_nothing():
    state = a_run(3, lambda step, attempt: "failed" if step.kind == "pack" else "done").run()
    assert state.exit == Exit.CONSOLE_FAILED
    assert not state.changed


def test_pause_on_failure_waits_and_a_roll_back_ends_it():
    run = a_run(4, failing("web02"), on_failure="pause")
    state = run.run()
    assert state.pausing is not None
    assert state.phase == "running"
    assert say(run, cmd.RollBack()) is None
    assert run.run().exit == Exit.ROLLED_BACK


def test_after_a_failure_continue_goes_on_with_the_rest():
    run = a_run(4, failing("web02"), on_failure="pause")
    run.run()
    assert say(run, cmd.Continue()) is None
    state = run.run()
    assert state.phase == "ended"
    assert state.hosts["web04"].release == NEW
    assert state.hosts["web02"].release == OLD


def test_a_host_that_is_retried_takes_the_release():
    run = a_run(3, lambda step, attempt: "failed" if step.kind == "restart" and step.about == "web02" and attempt == 1 else "done", on_failure="pause")
    run.run()
    assert say(run, cmd.Retry(host="web02")) is None
    assert say(run, cmd.Continue()) is None
    assert run.run().exit == Exit.DONE


@pytest.mark.parametrize("kind", ["switch", "restart"])
def test_a_pause_lets_the_hosts_that_are_being_updated_come_to_their_gate(kind: str):
    run = a_run(4, batch=2)
    while not any(step.name == f"wave-1/web01/{kind}" for step in running_steps(run.state)):
        if not run.turn():
            run.finish(running_steps(run.state)[0])
    assert say(run, cmd.Pause()) is None
    state = run.run()
    assert state.pausing is not None
    assert [host.condition for host in state.hosts.values()] == ["new", "new", "old", "old"]
    assert say(run, cmd.Continue()) is None
    assert run.run().exit == Exit.DONE


def test_a_host_that_hangs_is_skipped_while_the_run_is_paused():
    run = a_run(3)
    while not any(step.name == "wave-2/web02/restart" for step in running_steps(run.state)):
        if not run.turn():
            run.finish(running_steps(run.state)[0])
    assert say(run, cmd.Pause()) is None
    assert say(run, cmd.Skip(host="web02")) is None
    state = run.run()
    assert (state.hosts["web02"].condition, state.hosts["web02"].release) == ("skipped", OLD)
    assert say(run, cmd.Continue()) is None
    assert run.run().exit == Exit.LIVE_BUT_BEHIND


def test_leaving_in_the_moment_of_go_does_not_abort_the_run():
    run = a_run(2)
    said = say(run, cmd.Abort(expects=3))
    assert said is not None
    assert "goes on" in said.message
    assert run.run().exit == Exit.DONE


@pytest.mark.parametrize("leave", [True, False])
def test_an_abort_does_not_wait_for_the_monitoring_window(leave: bool):
    environment = changed(an_environment(3), monitor=600.0)
    run = Simulation(environment, lambda step, attempt: "done")
    run.record(*opening(environment))
    while [step.kind for step in running_steps(run.state)] != ["monitor"]:
        if not run.turn():
            run.finish(running_steps(run.state)[0])
    began = run.now
    assert say(run, cmd.Abort(leave=leave)) is None
    assert run.turn()
    assert (run.now, running_steps(run.state)) == (began, ())
    assert run.run().exit == (Exit.FAILED if leave else Exit.ROLLED_BACK)


def test_stop_leaves_everything_as_it_is():
    state = a_run(3, failing("web02"), on_failure="stop").run()
    assert state.exit == Exit.FAILED
    assert state.hosts["web01"].release == NEW


def test_pause_after_so_many_hosts_waits_once():
    run = a_run(4, pause_after=2)
    state = run.run()
    assert state.pausing is not None
    assert sum(host.condition == "new" for host in state.hosts.values()) == 2
    assert say(run, cmd.Continue()) is None
    assert run.run().exit == Exit.DONE


def test_hosts_lost_together_pause_for_the_network():
    def ending(step, attempt):
        return "unreachable" if step.kind == "restart" and step.phase == "release" else "done"

    run = a_run(6, ending, batch=3, max_failures=2)
    state = run.run()
    assert state.pausing is not None
    assert state.pausing.cause == "network"
    assert state.back is None


@examples(60)
@given(st.integers(1, 8), st.integers(1, 3), st.integers(0, 2), st.sampled_from(["rollback", "pause", "stop"]), st.data())
def test_whatever_happens(hosts, batch, budget, on_failure, data):
    endings: dict[tuple[str, int], str] = {}

    def ending(step, attempt):
        return endings.setdefault((step.name, attempt), data.draw(ENDINGS))

    run = a_run(hosts, ending, batch, max_failures=budget, on_failure=on_failure)
    restarting = {"restart", "switch", "stop", "gate"}

    def batch_holds(state):
        out = {step.about for step in running_steps(state) if step.phase == "release" and step.kind in restarting}
        assert len(out) <= batch

    run.watch = batch_holds
    state = run.run(lambda steps: data.draw(st.sampled_from(steps)))
    assert state.phase == "ended" or state.pausing is not None, "a run that rests is over or waits for a person"
    if state.phase == "ended" and state.exit in (Exit.DONE, Exit.LIVE_BUT_BEHIND):
        assert all(host.release == NEW for host in state.hosts.values() if host.condition == "new")
        assert not any(host.condition == "unknown" for host in state.hosts.values())
    if state.exit == Exit.ROLLED_BACK:
        assert all(host.release == OLD for host in state.hosts.values())


@examples(40)
@given(st.integers(1, 5), st.integers(0, 400), st.data())
def test_any_prefix_folds_and_a_paused_run_begins_no_host(hosts, cut, data):
    run = a_run(hosts, lambda step, attempt: data.draw(ENDINGS), on_failure="pause", max_failures=1)
    run.run()
    state = fold(run.events[: min(cut, len(run.events))])
    assert fold(run.events) == run.state
    if state.phase == "running" and not state.pausing:
        say_to = Simulation(run.environment, run.ending, list(run.events[:cut]), state)
        assert say(say_to, cmd.Pause()) is None
        started = [effect.step for effect in decide(run.environment, say_to.state, 0.0) if isinstance(effect, StartStep)]
        assert all(say_to.state.hosts[step.about].condition == "updating" and step.phase == "release" for step in started)


@examples(60)
@given(st.integers(1, 4), st.integers(0, 400))
def test_a_run_that_is_taken_up_and_rolled_back_at_once_comes_back_wherever_its_engine_died(hosts, cut):
    run = a_run(hosts, lambda step, attempt: "done")
    run.run()
    state = fold(run.events[: min(cut, len(run.events))])
    if state.phase == "running" and state.changed:
        after = Simulation(run.environment, run.ending, list(run.events[:cut]), state)
        after.record(ev.TakenUp(epoch=2, by=ADA))
        assert say(after, cmd.RollBack()) is None
        after.run()
        assert (after.state.exit, {host.condition for host in after.state.hosts.values()} - {"back", "old"}) == (4, set())


def what_people_and_links_do(host: str) -> st.SearchStrategy[ev.Event]:
    words = SafeText("seen")
    return st.sampled_from([
        ev.LinkLost(host=host), ev.HostFailed(host=host, condition="unreachable", reason=words), ev.LinkRestored(host=host), ev.HostSkipped(host=host, by=ADA), ev.HostRetried(host=host, by=ADA),
        ev.HostOwed(host=host, reason=words), ev.HostForgiven(host=host, by=ADA, reason=words), ev.HostSeen(host=host, problem=words),
        ev.TakenUp(epoch=2, by=ADA), ev.Continued(by=ADA), ev.AbortAsked(by=ADA), ev.RecordLost(reason=words, kept_in=words), ev.RecordRegained(),
    ])  # fmt: skip


@examples(60)
@given(st.integers(1, 4), st.booleans(), st.data())
def test_a_fold_is_one_evolve_after_another_and_changes_no_state_that_was_given(hosts, in_order, data):
    """In any order, so that most of it cannot be; that is kept, and not obeyed."""
    host_conditions.STRICT = False
    run = a_run(hosts, lambda step, attempt: data.draw(ENDINGS), max_failures=1)
    run.run()
    events = list(run.events)
    for event in data.draw(st.lists(st.integers(1, hosts).flatmap(lambda number: what_people_and_links_do(f"web{number:02}")), max_size=6)):
        events.insert(data.draw(st.integers(1, len(events))), event)
    if not in_order:
        events = data.draw(st.permutations(events))
    cut = data.draw(st.integers(0, len(events)))
    first = fold(events[:cut])
    as_it_was = deepcopy(first)
    whole = fold(events[cut:], first)
    assert whole == reduce(evolve, events, RunState())
    assert first == as_it_was


@examples(40)
@given(st.integers(2, 6), st.integers(1, 60), st.sampled_from([cmd.Abort(), cmd.Abort(leave=True), cmd.RollBack(), cmd.RollBack(how="halves")]))
def test_abort_and_roll_back_at_any_moment_come_to_an_end(hosts, turns, command):
    run = a_run(hosts)
    go_on(run, turns)
    said = say(run, command)
    state = run.run()
    assert state.phase == "ended"
    if said is None and isinstance(command, cmd.RollBack):
        assert state.exit == Exit.ROLLED_BACK
        assert {host.release for host in state.hosts.values()} == {OLD}
    if said is None and command == cmd.Abort():
        assert state.exit in (Exit.ROLLED_BACK, Exit.INTERRUPTED)
        assert {host.release for host in state.hosts.values()} == {OLD}


@pytest.mark.parametrize("command", [cmd.Pause(), cmd.Continue(), cmd.Abort(), cmd.RollBack(), cmd.Skip(host="web01"), cmd.Retry(host="web01")])
def test_an_ended_run_refuses_with_a_reason(command):
    run = a_run(1)
    run.run()
    said = say(run, command)
    assert said is not None
    assert "has ended" in said.message


def test_the_second_of_two_is_told_who_was_first_and_a_roll_back_never_waits():
    run = a_run(4, failing("web02"), on_failure="pause")
    run.run()
    assert run.state.pausing is not None
    seen = run.state.seq
    assert say(run, cmd.Continue(expects=seen)) is None
    refused = say(run, cmd.Continue(expects=seen))
    assert refused is not None
    assert refused.message.startswith("ada was first and continued it")
    refused = say(run, cmd.Pause(expects=seen))
    assert refused is not None
    assert say(run, cmd.Pause()) is None
    assert say(run, cmd.RollBack(expects=1)) is None
    assert run.state.phase == "rolling-back"
    refused = say(run, cmd.RollBack())
    assert refused is not None
    assert "ada was first and rolled it back" in refused.message


def test_the_helm_is_the_opener_s_until_it_is_taken():
    run = a_run(2)
    assert run.state.driver == ADA
    refused = say(run, cmd.TakeHelm())
    assert refused is not None
    lin = Person("lin", 1002)
    answer = accept(run.environment, cmd.TakeHelm(), run.state, lin)
    assert not isinstance(answer, Refusal)
    run.record(*answer)
    assert run.state.driver == lin
    assert fold(run.events).driver == lin


def without_a_way_back(hosts: int, bare: str, ending, **rolling) -> Simulation:
    """A run that one host has no known way back in; its `before` is what a look could not make out."""
    environment = an_environment(hosts, 1, **rolling)
    simulation = Simulation(environment, ending)
    ways = tuple(ReturnTarget(host.name, "" if host.name == bare else OLD, possible=host.name != bare) for host in environment.hosts)
    events = (changed(event, way_back=ways) if isinstance(event, ev.PlanMade) else event for event in opening(environment))
    simulation.record(*(changed(event, release="") if isinstance(event, ev.HostSeen) and event.host == bare else event for event in events))
    return simulation


def test_an_unknown_way_back_is_never_a_first_release():
    state = without_a_way_back(3, "web02", failing("web03")).run()
    assert state.exit == Exit.FAILED
    assert "web02" in state.reason
    assert {name: host.release for name, host in state.hosts.items()} == {"web01": OLD, "web02": NEW, "web03": OLD}
    assert not any(step.kind == "remove" or (step.about == "web02" and step.phase == "rollback") for step in state.index.values())


def test_a_host_without_a_way_back_that_fails_within_the_budget_stays_as_it_is():
    state = without_a_way_back(3, "web02", failing("web02"), max_failures=1).run()
    assert state.exit == Exit.LIVE_BUT_BEHIND
    assert state.hosts["web02"].condition == "failed"


def test_a_roll_back_by_key_leaves_a_host_without_a_way_back():
    run = without_a_way_back(2, "web01", lambda step, attempt: "done")
    while run.state.hosts["web02"].condition != "updating":
        if not run.turn():
            run.finish(running_steps(run.state)[0])
    assert say(run, cmd.RollBack()) is None
    assert run.run().exit == Exit.FAILED
    assert {host.release for host in run.state.hosts.values()} == {NEW, OLD}
