"""Who says "continue" goes on in spite of what has failed by then, by name: never with what fails later, whatever has become well meanwhile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host_conditions import FORWARD
from console.core.run.failure_budget import is_tripped
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Environment
from console.model.host_commands import Command
from console.model.plan import Step
from console.model.values import changed
from tests.core.plans import a_run, ends, run_of, say, until, until_runs
from tests.core.simulation import ADA, Simulation, an_environment
from tests.examples import examples


def with_login(**rolling: object) -> Environment:
    """Three hosts whose login is tried behind the last one, ahead of a window."""
    login = CriticalPath("Login", "command", command=Command("smoke"), at=("end",))
    return changed(an_environment(3, **rolling), monitor=60.0, critical=(login,))


def path_ends(status: str, *, gate: str = "done"):
    """The path ends so, and web02's gate at first."""

    def ending(step: Step, attempt: int) -> str:
        if step.kind == "critical":
            return status
        return gate if step.name == "wave-2/web02/gate" and attempt == 1 else "done"

    return ending


def after_the_network(status: str) -> Simulation:
    """Every link was lost and stands again, and a person has gone on."""
    run = until_runs(run_of(with_login(), path_ends(status)), "wave-2/web02/gate")
    run.record(*(ev.LinkLost(host=name) for name in run.state.hosts))
    run.turn()
    assert run.state.pausing is not None
    assert run.state.pausing.cause == "network"
    run.record(*(ev.LinkRestored(host=name) for name in run.state.hosts))
    assert say(run, cmd.Continue()) is None
    return run


def after_a_second_try(status: str) -> Simulation:
    """A host failed, did well when it was tried again, and a person has gone on."""
    run = run_of(with_login(on_failure="pause"), path_ends(status, gate="failed"))
    run.run()
    assert say(run, cmd.Retry(host="web02")) is None
    assert say(run, cmd.Continue()) is None
    return run


@pytest.mark.parametrize("status", ["failed", "unknown"])
def test_a_critical_path_that_fails_behind_a_network_s_pause_takes_the_release_back(status: str):
    state = after_the_network(status).run()
    assert (state.exit, state.outcome) == (4, "rolled-back")


@pytest.mark.parametrize("status", ["failed", "unknown"])
def test_a_critical_path_that_fails_behind_a_host_s_pause_is_asked_about(status: str):
    state = after_a_second_try(status).run()
    assert (state.phase, state.exit) == ("running", None)
    assert state.pausing is not None
    assert "Login" in state.pausing.reason


def test_a_critical_path_that_a_person_has_gone_on_from_is_passed():
    run = after_a_second_try("failed")
    run.run()
    assert say(run, cmd.Continue()) is None
    assert (run.run().exit, run.state.outcome) == (0, "succeeded")


def test_another_host_that_fails_is_asked_about_though_the_first_one_is_well_again():
    run = a_run(4, ends(web02_gate="failed", web03_gate="failed"), on_failure="pause")
    run.run()
    assert say(run, cmd.Continue()) is None
    until(run, lambda run: run.state.hosts["web02"].condition == "back")
    assert say(run, cmd.Retry(host="web02")) is None
    state = run.run()
    assert state.pausing is not None
    assert "web03" in state.pausing.reason
    assert state.hosts["web04"].condition == "old"


def test_the_same_host_that_fails_again_is_asked_about_again():
    run = a_run(3, lambda step, attempt: "failed" if step.name == "wave-2/web02/gate" else "done", on_failure="pause")
    run.run()
    assert say(run, cmd.Continue()) is None
    until(run, lambda run: run.state.hosts["web02"].condition == "back")
    assert say(run, cmd.Retry(host="web02")) is None
    state = run.run()
    assert state.pausing is not None
    assert "web02" in state.pausing.reason


def test_within_the_budget_nobody_is_asked_about_who_fails_after_the_tolerated_ones_are_well():
    run = a_run(4, lambda step, attempt: "failed" if step.kind == "gate" and attempt == 1 and step.about in ("web01", "web02", "web03") else "done",
                batch=2, max_failures=1, on_failure="pause")  # fmt: skip
    run.run()
    assert say(run, cmd.Continue()) is None
    for name in ("web01", "web02"):
        assert say(run, cmd.Retry(host=name)) is None
    state = run.run()
    assert (state.phase, state.exit) == ("ended", 8)


def a_pause_in_which_another_one_fails() -> tuple[Simulation, int]:
    """web01 failed, and a person is asked; then web02 does. With it, the last event of the question."""
    run = a_run(4, ends(web01_gate="failed"), batch=2, on_failure="pause")
    until(run, lambda run: run.state.pausing is not None)
    asked = run.state.seq
    assert [name for name, host in run.state.hosts.items() if host.failed_once] == ["web01"]
    run.ending = lambda step, attempt: "failed"
    run.finish(run.state.tally.lanes["web02"].running[0])
    run.ending = lambda step, attempt: "done"
    return run, asked


def test_a_screen_that_has_not_shown_what_failed_does_not_go_on_in_spite_of_it():
    run, asked = a_pause_in_which_another_one_fails()
    said = say(run, cmd.Continue(expects=asked))
    assert said is not None
    assert said.message == "something has failed since you looked: 2 failed, 0 allowed: web01 (failed), web02 (failed)"
    assert say(run, cmd.Continue(expects=run.state.seq)) is None
    assert [host.tolerated for host in run.state.hosts.values()] == [True, True, False, False]


def test_the_command_line_goes_on_with_what_is_there():
    run, _ = a_pause_in_which_another_one_fails()
    assert say(run, cmd.Continue()) is None
    assert [host.tolerated for host in run.state.hosts.values()] == [True, True, False, False]


def test_what_failed_since_and_is_tried_again_holds_nobody_up():
    run, asked = a_pause_in_which_another_one_fails()
    for name in ("web01", "web02"):
        assert say(run, cmd.Retry(host=name)) is None
    assert say(run, cmd.Continue(expects=asked)) is None


def test_a_person_s_own_pause_ends_though_something_failed_within_the_budget_since():
    run = until_runs(a_run(3, ends(web01_gate="failed"), batch=2, max_failures=1), "wave-1/web01/gate")
    assert say(run, cmd.Pause()) is None
    seen = run.state.seq
    run.finish(run.state.index["wave-1/web01/gate"])
    assert run.state.last_failure > seen
    assert say(run, cmd.Continue(expects=seen)) is None


@examples(80)
@given(st.integers(2, 5), st.integers(1, 3), st.integers(0, 2), st.data())
def test_nothing_that_fails_after_a_continue_is_passed_over(hosts, batch, budget, data):
    """Beyond the budget, or where none is left, each host that fails and was not there when somebody went on stops the run."""
    endings = st.sampled_from(["done", "done", "failed"])
    run = a_run(hosts, lambda step, attempt: data.draw(endings) if step.about else "done", batch=batch, max_failures=budget, on_failure="pause")
    seen: set[str] = set()

    def look(state):
        failed = {name for name, host in state.hosts.items() if host.failed_once}
        seen.intersection_update(failed)
        is_left = any(host.condition in FORWARD for host in state.hosts.values())
        assert is_tripped(state) is ((len(failed) > budget or not is_left) and not failed <= seen)

    for _ in range(6):
        run.watch = look
        if run.run().phase == "ended":
            return
        run.watch = lambda state: None
        run.record(ev.Continued(by=ADA))
        seen.update(name for name, host in run.state.hosts.items() if host.failed_once)
