"""A host that is lost at any moment after its switch: it is never called new, it counts over the whole run, and the run's end says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.kinds.kind_table import OnFailure
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
from tests.core.plans import go_on
from tests.core.simulation import ADA, NEW, OLD, Simulation, an_environment, opening
from tests.examples import examples

MOMENTS = ["switch", "restart", "gate", "monitor", "prune"]


def a_run(hosts: int, batch: int = 1, monitor: float = 600.0, kind: RunKind = "deploy", **rolling) -> Simulation:
    environment = changed(an_environment(hosts, batch, **rolling), monitor=monitor)
    run = Simulation(environment, lambda step, attempt: "done")
    run.record(*opening(environment, kind))
    return run


def until(run: Simulation, kind: str, host: str) -> None:
    """Go on until that host's step of the kind, or the one that is nobody's, runs."""
    while not any(step.kind == kind and step.about in (host, "") for step in running_steps(run.state)):
        go_on(run, 1)


def state_of(run: Simulation, host: str) -> str:
    return next(row["state"] for row in host_rows(run.state) if row["host"] == host)


def lost_before_the_end(run: Simulation) -> set[str]:
    """Hosts that are dead, and were changed."""
    return {name for name in run.dead if run.state.hosts[name].touched}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("budget", "asked"), [(0, "rollback"), (0, "stop"), (1, "rollback"), (1, "stop")])
def test_a_host_lost_at_that_moment(moment: str, budget: int, asked: OnFailure):
    run = a_run(4, max_failures=budget, on_failure=asked)
    until(run, moment, "web02")
    run.dead = {"web02"}
    state = run.run()
    assert state_of(run, "web02") == "owed"
    is_closing, within = moment == "prune", budget == 1
    if within and moment in ("monitor", "prune"):
        assert state.exit == Exit.LIVE_BUT_BEHIND
    elif within:
        assert state.exit in (Exit.LIVE_BUT_BEHIND, Exit.FAILED)
    else:
        assert state.exit == Exit.FAILED
    others = {host.release for name, host in state.hosts.items() if name not in ("web02", "web03", "web04")}
    assert others == ({OLD} if asked == "rollback" and not within and not is_closing else {NEW})
    assert "web02" in state.reason


@examples(150)
@given(
    st.sampled_from(["deploy", "deploy", "restart", "catch-up"]), st.integers(1, 6), st.integers(1, 3), st.integers(0, 2),
    st.sampled_from(["rollback", "stop"]), st.sampled_from([0.0, 600.0]),
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 6)), min_size=1, max_size=3), st.data(),
)  # fmt: skip
def test_a_host_whose_last_word_is_lost_is_never_new(kind, hosts, batch, budget, asked, monitor, deaths, data):
    run = a_run(hosts, batch, monitor, kind, max_failures=budget, on_failure=asked)
    for turns, number in deaths:
        for _ in range(turns):
            if not run.turn() and (running := running_steps(run.state)):
                run.finish(data.draw(st.sampled_from(running)))
        if run.state.phase != "ended" and not run.state.answered:
            run.dead.add(f"web{min(number, hosts):02}")
    state = run.run(lambda steps: data.draw(st.sampled_from(steps)))
    assert state.phase == "ended" or state.pausing is not None
    for name in lost_before_the_end(run):
        assert state_of(run, name) not in ("new", "old"), name
    if lost_before_the_end(run) and state.phase == "ended":
        assert state.exit in (Exit.ROLLED_BACK, Exit.FAILED, Exit.LIVE_BUT_BEHIND)
        assert state.exit != Exit.LIVE_BUT_BEHIND or len(lost_before_the_end(run)) <= budget


def test_a_host_that_is_unwell_in_the_window_goes_back_alone_within_the_budget():
    run = a_run(3, max_failures=1)
    until(run, "monitor", "")
    run.record(ev.HostFailed(host="web02", condition="failed", reason=SafeText("web: HTTP 500")))
    state = run.run()
    assert {name: (host.condition, host.release) for name, host in state.hosts.items()} == {
        "web01": ("new", NEW), "web02": ("back", OLD), "web03": ("new", NEW),
    }  # fmt: skip
    assert state.exit == Exit.LIVE_BUT_BEHIND


def test_a_host_that_is_unwell_in_the_window_takes_all_back_beyond_the_budget():
    run = a_run(3)
    until(run, "monitor", "")
    run.record(ev.HostFailed(host="web02", condition="failed", reason=SafeText("web: HTTP 500")))
    state = run.run()
    assert (state.exit, {host.release for host in state.hosts.values()}) == (Exit.ROLLED_BACK, {OLD})
    assert "web02 (web: HTTP 500)" in state.reason


@pytest.mark.parametrize("command", [cmd.Skip(host="web02"), None])
def test_a_host_that_was_taken_back_meanwhile_does_not_fail_the_window(command: cmd.AnyCommand | None):
    run = a_run(3, max_failures=0 if command else 1)
    until(run, "monitor", "")
    if command:
        answer = accept(run.environment, command, run.state, ADA)
        assert not isinstance(answer, Refusal)
        run.record(*answer)
    else:
        run.record(ev.HostFailed(host="web02", condition="failed", reason=SafeText("first")))
        run.turn()
    condition = run.state.hosts["web02"].condition
    assert condition in ("skipped", "returning")
    run.record(ev.HostFailed(host="web02", condition="failed", reason=SafeText("again")))
    assert run.state.hosts["web02"].condition == condition
    assert run.run().exit == Exit.LIVE_BUT_BEHIND


@pytest.mark.parametrize("gated", [True, False])
def test_a_host_that_fell_and_is_tried_again_passes_its_gate_again(gated: bool):
    run = a_run(3, on_failure="pause")
    if not gated:
        run.environment = changed(run.environment, health=(), commands={})
        run.events, run.state = [], type(run.state)()
        run.record(*opening(run.environment))
    until(run, "monitor", "")
    run.record(ev.HostFailed(host="web02", condition="unreachable", reason=SafeText("no answer")))
    run.turn()
    assert run.state.pausing is not None
    for command in (cmd.Retry(host="web02"), cmd.Continue()):
        answer = accept(run.environment, command, run.state, ADA)
        assert not isinstance(answer, Refusal)
        run.record(*answer)
    state = run.run()
    assert (state.exit, state.hosts["web02"].condition) == (Exit.DONE, "new")
    gates = [event for event in run.events if isinstance(event, ev.StepFinished) and event.step == "wave-2/web02/gate"]
    assert len(gates) == (2 if gated else 0)


@pytest.mark.parametrize(("boot", "started"), [("boot", 100.0), ("another", 700.0)])
def test_the_window_goes_on_where_it_was_for_an_engine_that_takes_it_up_on_the_same_boot(boot: str, started: float):
    environment = changed(an_environment(1), monitor=600.0)
    told = (*opening(environment), ev.StepStarted(step="verify/monitor"), ev.TakenUp(epoch=2, by=ADA), ev.StepStarted(step="verify/monitor"))
    seconds, boots = {len(told) - 3: 100.0, len(told) - 2: 690.0, len(told) - 1: 700.0}, {len(told) - 2: boot, len(told) - 1: boot}
    events = [ev.stamped(event, number + 1, "", seconds.get(number, 1.0), boots.get(number, "boot")) for number, event in enumerate(told)]
    known = fold(events).steps["verify/monitor"]
    assert (known.started, known.orphaned, known.status) == (started, False, "running")


def test_while_a_run_waits_for_a_person_a_host_without_a_link_is_not_called_new():
    run = a_run(5)
    until(run, "monitor", "")
    run.record(*(ev.LinkLost(host=f"web{number:02}") for number in (1, 2, 3)))
    run.turn()
    assert run.state.pausing is not None
    assert [row["state"] for row in host_rows(run.state)] == ["unreachable"] * 3 + ["new"] * 2
    run.record(*(ev.LinkRestored(host=f"web{number:02}") for number in (1, 2, 3)), ev.Continued(by=ADA))
    assert run.run().exit == Exit.DONE
    assert [row["state"] for row in host_rows(run.state)] == ["new"] * 5


def test_a_host_that_was_back_and_is_lost_before_the_rollback_ends_is_owed():
    run = a_run(3, batch=3)
    until(run, "monitor", "")
    answer = accept(run.environment, cmd.RollBack(how="halves"), run.state, ADA)
    assert not isinstance(answer, Refusal)
    run.record(*answer)
    while run.state.hosts["web01"].condition != "back":
        go_on(run, 1)
    run.dead = {"web01"}
    state = run.run()
    assert (state_of(run, "web01"), state.exit) == ("owed", Exit.FAILED)
    assert [state_of(run, name) for name in ("web02", "web03")] == ["old", "old"]


@pytest.mark.parametrize("lost", [True, False])
def test_a_host_that_nothing_can_be_done_on_is_owed_its_way_back(lost: bool):
    """A disk that has gone read-only refuses the step before it runs, which is no end of the application's own."""
    run = a_run(3)
    until(run, "monitor", "")
    answer = accept(run.environment, cmd.RollBack(), run.state, ADA)
    assert not isinstance(answer, Refusal)
    run.record(*answer)
    while not any(step.name == "back/web02/switch" for step in running_steps(run.state)):
        go_on(run, 1)
    run.record(ev.StepFinished(step="back/web02/switch", host="web02", attempt=1, status="failed", lost=lost, detail=SafeText("nothing could be written")))
    state = run.run()
    assert (state_of(run, "web02"), state.exit) == ("owed" if lost else "failed", Exit.FAILED)
