"""A host alone: left on its old release, or taken back to it, while the run goes on with the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.plan import ReturnTarget
from console.model.state import RunState
from console.safe_text import SafeText
from tests.core.plans import a_run, go_on, say
from tests.core.simulation import NEW, OLD, Simulation
from tests.examples import examples


def until_new(run: Simulation, host: str) -> None:
    while run.state.hosts[host].condition != "new":
        go_on(run, 1)


def test_a_host_that_has_the_release_goes_back_alone_and_the_others_go_on():
    run = a_run(4)
    until_new(run, "web02")
    assert say(run, cmd.Skip(host="web02")) is None
    state = run.run()
    assert {name: (host.condition, host.release) for name, host in state.hosts.items()} == {
        "web01": ("new", NEW), "web02": ("skipped", OLD), "web03": ("new", NEW), "web04": ("new", NEW),
    }  # fmt: skip
    assert (state.exit, state.hosts["web02"].failed_once) == (Exit.LIVE_BUT_BEHIND, False)


@pytest.mark.parametrize("late", [0, 1, 2, 3])
def test_leaving_all_as_it_is_does_not_keep_a_host_that_was_just_skipped(late: int):
    run = a_run(4)
    until_new(run, "web02")
    assert say(run, cmd.Skip(host="web02")) is None
    go_on(run, late)
    assert say(run, cmd.Abort(leave=True)) is None
    state = run.run()
    assert (state.exit, state.phase) == (Exit.FAILED, "ended")
    assert (state.hosts["web02"].condition, state.hosts["web02"].release) == ("skipped", OLD)
    assert state.hosts["web01"].release == NEW
    assert state.hosts["web04"].release == OLD


def test_a_host_that_was_taken_back_can_be_tried_again():
    run = a_run(3, pause_after=1)
    run.run()
    assert say(run, cmd.Skip(host="web01")) is None
    assert run.run().hosts["web01"].release == OLD
    assert say(run, cmd.Retry(host="web01")) is None
    assert say(run, cmd.Continue()) is None
    state = run.run()
    assert {host.release for host in state.hosts.values()} == {NEW}


def test_a_host_whose_way_back_fails_is_not_called_skipped():
    run = a_run(3, lambda step, attempt: "failed" if step.phase == "rollback" and step.kind == "restart" else "done")
    until_new(run, "web01")
    assert say(run, cmd.Skip(host="web01")) is None
    state = run.run()
    assert state.hosts["web01"].condition in ("failed", "owed")
    assert state.exit == Exit.FAILED


def test_a_host_without_a_way_back_stays_and_the_refusal_says_why():
    run = a_run(2)
    until_new(run, "web01")
    gone = ReturnTarget("web01", OLD, possible=False, reason=SafeText("files differ from its manifest"))
    run.record(ev.PlanMade(plan=run.state.plan, way_back=(gone,)))
    run.state = type(run.state)(**{**{name: getattr(run.state, name) for name in run.state.__struct_fields__}, "phase": "running"})
    said = say(run, cmd.Skip(host="web01"))
    assert said is not None
    assert "files differ from its manifest" in said.message


def test_a_first_release_is_not_taken_from_one_host():
    run = a_run(2)
    run.record(ev.HostSeen(host="web01", release=""))
    until_new(run, "web01")
    said = say(run, cmd.Skip(host="web01"))
    assert said is not None
    assert "no release before" in said.message


@examples(60)
@given(st.integers(2, 6), st.integers(1, 3), st.lists(st.tuples(st.integers(0, 25), st.integers(1, 6)), max_size=6))
def test_whoever_is_skipped_at_whatever_moment_ends_on_the_old_release(hosts, batch, skips):
    run = a_run(hosts, batch=batch)
    taken = set()
    for turns, number in skips:
        go_on(run, turns)
        name = f"web{number:02}"
        if say(run, cmd.Skip(host=name)) is None:
            taken.add(name)
    state = run.run()
    assert state.phase == "ended"
    for name, host in state.hosts.items():
        assert (host.condition, host.release) == (("skipped", OLD) if name in taken else ("new", NEW))
    assert not any(host.failed_once for host in state.hosts.values())


@examples(80)
@given(st.integers(2, 5), st.integers(1, 40), st.integers(1, 5), st.integers(0, 3), st.sampled_from([cmd.RollBack(), cmd.RollBack(how="halves"), cmd.Abort()]))
def test_a_rollback_right_after_a_skip_leaves_no_host_on_the_new_release(hosts, turns, number, then, command):
    run = a_run(hosts)
    go_on(run, turns)
    say(run, cmd.Skip(host=f"web{number:02}"))
    go_on(run, then)
    said = say(run, command)
    state = run.run()
    assert state.phase == "ended"
    if said is None:
        assert {host.release for host in state.hosts.values()} == {OLD}


@pytest.mark.parametrize("words", ["skipped-jobs: 3 waiting", "skipped by nobody", "forgiven", "still run", "timed out", "new"])
def test_what_a_failing_check_says_decides_nothing(words: str):
    run = a_run(3, max_failures=1)

    def finish(step, attempt):
        return "failed" if step.about == "web02" and step.kind == "gate" and step.phase == "release" else "done"

    run.ending, run.says = finish, lambda step: words
    state = run.run()
    assert (state.hosts["web02"].condition, state.hosts["web02"].release, state.exit) == ("back", OLD, Exit.LIVE_BUT_BEHIND)
    assert state.hosts["web02"].failed_once


def test_a_skipped_host_whose_way_back_failed_and_was_tried_again_is_back():
    run = a_run(3, lambda step, attempt: "failed" if step.name == "back/web01/restart" and attempt == 1 else "done")
    until_new(run, "web01")
    assert say(run, cmd.Skip(host="web01")) is None
    while run.state.hosts["web01"].condition != "failed":
        go_on(run, 1)
    assert say(run, cmd.RollBack()) is None
    assert (run.run().hosts["web01"].condition, run.state.exit) == ("back", Exit.ROLLED_BACK)


def test_a_host_that_failed_on_its_way_back_alone_and_is_skipped_again_goes_on_with_that():
    run = a_run(3, lambda step, attempt: "failed" if step.name == "back/web01/switch" and attempt == 1 else "done", on_failure="pause")
    until_new(run, "web01")
    assert say(run, cmd.Skip(host="web01")) is None
    while run.state.hosts["web01"].condition != "failed":
        go_on(run, 1)
    assert say(run, cmd.Skip(host="web01")) is None
    state = run.run()
    assert (state.hosts["web01"].condition, state.hosts["web01"].release, state.hosts["web01"].failed_once) == ("skipped", OLD, False)


def test_a_run_whose_hosts_were_all_taken_back_alone_is_rolled_back_like_any_other():
    run = a_run(3, pause_after=1)
    run.run()
    assert say(run, cmd.Skip(host="web01")) is None
    assert run.run().hosts["web01"].condition == "skipped"
    assert say(run, cmd.RollBack()) is None
    state = run.run()
    assert (state.exit, {host.release for host in state.hosts.values()}) == (Exit.ROLLED_BACK, {OLD})


def test_a_host_that_is_owed_stays_owed():
    run = a_run(3, lambda step, attempt: "unreachable" if step.about == "web02" and step.kind == "restart" else "done", max_failures=1)
    seen: list[str] = []

    def hold(state: RunState) -> None:
        if state.phase == "running" and state.hosts["web02"].condition == "owed":
            seen.append(str(say(Simulation(run.environment, run.ending, state=state), cmd.Skip(host="web02")).message))

    run.watch = hold
    run.run()
    assert seen
    assert set(seen) == {"web02 is owed: there is nothing to skip"}


def test_a_host_that_is_tried_again_after_its_wave_began_has_the_release_before_it_switches():
    run = a_run(2, batch=2)
    go_on(run, 1)
    assert say(run, cmd.Skip(host="web02")) is None
    until_new(run, "web01")
    assert say(run, cmd.Retry(host="web02")) is None
    assert run.run().exit == Exit.DONE
    order = [event.step for event in run.events if isinstance(event, ev.StepFinished)]
    assert order.index("prepare/web02/ship") < order.index("prepare/web02/install") < order.index("wave-1/web02/switch")
