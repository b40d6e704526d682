"""What a failure does in a run of each kind: a restart and a catch-up have nothing to go back to, and touch no host a second time."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.kinds.kind_facts import OnFailure
from console.core.kinds.kind_table import KINDS
from console.core.run.accept import accept
from console.core.run.evolve import fold
from console.core.run.outcome import host_rows
from console.core.run.ready_steps import running_steps
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.commands import Refusal
from console.model.request import RunKind
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.drawn import draw_run
from tests.core.plans import a_run_of, failing
from tests.core.simulation import ADA, NEW, Simulation, an_environment, opening
from tests.examples import examples

FORWARD: tuple[RunKind, ...] = ("restart", "catch-up")


def restarts(run: Simulation) -> dict[str, int]:
    started = [event for event in run.events if isinstance(event, ev.StepStarted) and event.step.endswith("/restart")]
    return {name: sum(event.host == name for event in started) for name in run.state.hosts}


@pytest.mark.parametrize(
    ("kind", "asked", "does"),
    [
        ("deploy", "rollback", "rollback"), ("deploy", "pause", "pause"), ("deploy", "stop", "stop"),
        ("restart", "rollback", "stop"), ("restart", "pause", "pause"), ("restart", "stop", "stop"),
        ("catch-up", "rollback", "stop"), ("catch-up", "pause", "stop"), ("catch-up", "stop", "stop"),
        ("restore", "rollback", "stop"), ("restore", "pause", "stop"),
        ("rollback", "rollback", "stop"),
    ],
)  # fmt: skip
def test_what_a_failure_does(kind: RunKind, asked: OnFailure, does: OnFailure):
    assert KINDS[kind].failure_rule(asked) == does


def test_only_a_release_has_something_to_go_back_to():
    assert {name for name, kind in KINDS.items() if kind.returns} == {"deploy"}


@pytest.mark.parametrize(
    ("asked", "budget", "code", "rows", "hint"),
    [
        ("rollback", 0, Exit.FAILED, ["new", "new", "failed", "old"], "deploy restart production --hosts web03,web04"),
        ("stop", 0, Exit.FAILED, ["new", "new", "failed", "old"], "deploy restart production --hosts web03,web04"),
        ("rollback", 1, Exit.LIVE_BUT_BEHIND, ["new", "new", "failed", "new"], "deploy restart production --hosts web03"),
        ("stop", 1, Exit.LIVE_BUT_BEHIND, ["new", "new", "failed", "new"], "deploy restart production --hosts web03"),
        ("pause", 1, Exit.LIVE_BUT_BEHIND, ["new", "new", "failed", "new"], "deploy restart production --hosts web03"),
    ],
)
def test_a_restart_whose_third_host_fails_restarts_no_host_again(asked: OnFailure, budget: int, code: Exit, rows: list[str], hint: str):
    run = a_run_of("restart", 4, failing("web03"), on_failure=asked, max_failures=budget)
    state = run.run()
    assert (state.exit, state.hint) == (code, hint)
    assert [row["state"] for row in host_rows(state)] == rows
    assert max(restarts(run).values()) == 1


def test_a_restart_that_is_to_pause_waits_and_goes_on_with_the_rest():
    run = a_run_of("restart", 4, failing("web03"), on_failure="pause")
    state = run.run()
    assert state.pausing is not None
    assert state.pausing.cause == "failure"
    run.record(ev.Continued(by=ADA))
    state = run.run()
    assert [host.condition for host in state.hosts.values()] == ["new", "new", "failed", "new"]
    assert state.exit == Exit.FAILED
    assert max(restarts(run).values()) == 1


@pytest.mark.parametrize("kind", FORWARD)
@pytest.mark.parametrize("command", [cmd.Abort(), cmd.Abort(leave=True), cmd.RollBack(), cmd.RollBack(how="halves"), cmd.Skip(host="web01")])
@pytest.mark.parametrize("later", [0, 3, 8])
def test_no_key_takes_a_host_back_that_has_nothing_to_go_back_to(kind: RunKind, command: cmd.AnyCommand, later: int):
    run = a_run_of(kind, 5, lambda step, attempt: "done")
    while not run.state.changed or later:
        later -= run.state.changed
        if not run.turn() and (running := running_steps(run.state)):
            run.finish(running[0])
    answer = accept(run.environment, command, run.state, ADA)
    assert isinstance(answer, Refusal) is not isinstance(command, cmd.Abort)
    if not isinstance(answer, Refusal):
        run.record(*answer)
    state = run.run()
    assert not any(isinstance(event, ev.RollbackBegan | ev.HostReturning) for event in run.events)
    assert state.exit == (Exit.DONE if isinstance(answer, Refusal) else Exit.FAILED)
    assert max(restarts(run).values()) <= 1


@examples(80)
@given(st.sampled_from(FORWARD), st.integers(1, 6), st.integers(1, 3), st.integers(0, 2), st.sampled_from(get_args(OnFailure)), st.data())
def test_whatever_fails_no_host_of_such_a_run_goes_back_or_is_touched_twice(kind, hosts, batch, budget, asked, data):
    endings = st.sampled_from(["done", "done", "done", "failed", "unknown", "unreachable"])
    run = a_run_of(kind, hosts, lambda step, attempt: data.draw(endings), batch, max_failures=budget, on_failure=asked)
    state = run.run(lambda steps: data.draw(st.sampled_from(steps)))
    assert state.phase == "ended" or state.pausing is not None
    assert not any(isinstance(event, ev.RollbackBegan | ev.HostReturning) for event in run.events)
    assert max(restarts(run).values(), default=0) <= 1
    if state.phase == "ended":
        assert state.exit != Exit.ROLLED_BACK or not state.changed


def test_a_restart_that_an_earlier_version_opened_does_not_go_back_either():
    environment = an_environment(3)
    run = Simulation(environment, failing("web02"))
    opened, *rest = opening(environment, "restart")
    run.record(changed(opened, on_failure="rollback"), *rest)
    assert (run.run().exit, max(restarts(run).values())) == (Exit.FAILED, 1)


def test_an_owed_host_that_fails_its_catch_up_stays_on_what_the_environment_is():
    run = a_run_of("catch-up", 1, failing("web01"), max_failures=1, on_failure="rollback")
    state = run.run()
    assert (state.hosts["web01"].release, state.exit) == (NEW, Exit.FAILED)


def test_every_kind_of_run_has_a_file_and_those_whose_hosts_stay_say_why():
    assert set(get_args(RunKind)) == KINDS.keys()
    assert all(kind.no_return.words for kind in KINDS.values() if kind.no_return)


@pytest.mark.parametrize("command", [cmd.Abort(), cmd.RollBack(), cmd.Pause(), cmd.Skip(host="web01"), cmd.TakeHelm(), cmd.Decide(go=False)])
def test_an_exec_is_told_nothing_but_a_note(command: cmd.AnyCommand):
    run = Simulation(an_environment(2), lambda step, attempt: "done")
    run.record(opening(run.environment, "exec")[0])
    answer = accept(run.environment, command, run.state, ADA)
    assert isinstance(answer, Refusal)
    assert "ends with the console that runs it" in answer.message
    assert not isinstance(accept(run.environment, cmd.Note(text=SafeText("seen")), run.state, ADA), Refusal)


def test_a_host_that_is_tried_again_in_a_rollback_goes_back():
    run = a_run_of("rollback", 2, lambda step, attempt: "failed" if step.name == "back/web02/gate" and attempt == 1 else "done")
    while run.state.hosts["web02"].condition != "failed":
        if not run.turn():
            run.finish(next(step for step in reversed(running_steps(run.state))))
    answer = accept(run.environment, cmd.Retry(host="web02"), run.state, ADA)
    assert not isinstance(answer, Refusal)
    run.record(*answer)
    state = run.run()
    assert ({host.condition for host in state.hosts.values()}, state.exit) == ({"back"}, Exit.DONE)


@examples(60)
@given(st.sampled_from(["deploy", "rollback"]), st.integers(0, 1_000_000))
def test_who_is_tried_again_on_the_way_back_has_something_of_it_left_to_do(kind, seed):
    def hold(run: Simulation) -> None:
        goes_back_now = run.state.phase == "rolling-back" or (kind == "rollback" and run.state.phase == "running")
        for name in run.state.hosts if goes_back_now else ():
            answer = accept(run.environment, cmd.Retry(host=name), run.state, ADA)
            if not isinstance(answer, Refusal):
                after = fold(answer, run.state)
                assert any(after.step_state(step).status == "pending" for step in after.lanes[name] if step.phase == "rollback")

    draw_run(kind, seed, hold)
