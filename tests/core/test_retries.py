"""A host that is tried again, or skipped: whatever is taken helps, in whatever run and at whatever moment; what cannot help is refused, and forgets no host."""

from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host_conditions import UNVERIFIED
from console.core.kinds.kind_table import kind_of
from console.core.plan.planner import plan_release
from console.core.run.command_refusals import may
from console.core.run.critical_path_verdict import open_ticks
from console.core.run.decide import decide
from console.core.run.monitoring_window import is_over, window_left
from console.core.run.outcome import host_rows
from console.core.run.retries import TRIES, Happened, happened
from console.core.traffic.bluegreen_sides import moves_traffic
from console.model import commands as cmd
from console.model import events as ev
from console.model.balancer import Balancer
from console.model.effects import CancelStep
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText
from console.views.blocking_reason import waiting_line
from console.views.fleet_rows import host_words
from console.views.styled_text import text
from tests.core.balanced import a_balanced_run
from tests.core.drawn import draw_run
from tests.core.plans import a_run, ends, failing, run_of, runs_now, say, until, until_runs
from tests.core.simulation import NEW, OLD, Simulation, an_environment, opening
from tests.examples import examples


def without(gone: str, **rolling: object) -> Simulation:
    """A run of four that did not reach one of them before its start."""
    environment = an_environment(4, **rolling)
    plan = plan_release(environment, tuple(host for host in environment.hosts if host.name != gone), NEW, frozenset())
    run = Simulation(environment, lambda step, attempt: "done")
    for event in opening(environment):
        known = ev.HostSeen(host=gone, problem=SafeText("no answer")) if isinstance(event, ev.HostSeen) and event.host == gone else event
        run.record(changed(known, plan=plan) if isinstance(known, ev.PlanMade) else known)
    return run


def back_alone(**fields: object) -> Simulation:
    """A run of four with web02 back alone, within its budget, while web03 is updated."""
    run = until_runs(run_of(changed(an_environment(4, max_failures=1), **fields), failing("web02")), "wave-3/web03/restart")
    return until(run, lambda run: run.state.hosts["web02"].condition == "back")


def refused(run: Simulation, host: str) -> str:
    said = say(run, cmd.Retry(host=host))
    return said.message if said else ""


def test_who_was_not_reached_before_the_start_stays_owed():
    run = until_runs(without("web04", max_failures=1), "wave-1/web01/gate")
    assert refused(run, "web04") == "web04 was not reached before the run began, and has no steps in it: a later run takes it"
    state = run.run()
    assert (state.exit, state.hosts["web04"].condition, "web04" in state.reason) == (8, "owed", True)


@pytest.mark.parametrize("leave", [True, False])
def test_nobody_is_tried_again_while_the_run_is_aborted(leave: bool):
    run = back_alone()
    assert say(run, cmd.Abort(leave=leave)) is None
    assert refused(run, "web02") == "the run is being aborted: nothing new starts"
    state = run.run()
    assert next(row["state"] for row in host_rows(state) if row["host"] == "web02") == "old"


def test_nobody_takes_the_release_while_the_shared_record_is_away():
    run = back_alone()
    run.record(ev.RecordLost(reason=SafeText("the database is away"), kept_in=SafeText("file")))
    run.turn()
    assert "the database is away" in refused(run, "web02")
    run.record(ev.RecordRegained())
    assert refused(run, "web02") == ""


def test_on_its_way_back_a_host_whose_drain_alone_failed_has_nothing_to_try_again():
    run = a_balanced_run(3, lambda step, attempt: "failed" if step.name == "back/web02/drain" else "done")
    until(run, lambda run: run.state.hosts["web02"].condition == "new")
    assert say(run, cmd.Skip(host="web02")) is None
    until(run, lambda run: run.state.hosts["web02"].condition == "skipped" and run.state.hosts["web02"].release == OLD)
    assert say(run, cmd.RollBack()) is None
    assert refused(run, "web02").startswith("web02 is skipped: there is nothing to try again")
    assert (run.run().exit, run.state.hosts["web02"].condition) == (4, "skipped")


def test_of_two_people_the_one_who_skips_and_the_one_who_retries_take_no_other_host_back():
    run = until_runs(a_run(3), "wave-2/web02/restart")
    assert say(run, cmd.Skip(host="web02")) is None
    assert [type(effect) for effect in decide(run.environment, run.state, run.now)] == [CancelStep]
    assert refused(run, "web02") == "restart on web02 has not ended yet: wait for its end"
    run.record(ev.StepFinished(step="wave-2/web02/restart", host="web02", attempt=1, status="cancelled"))
    until(run, lambda run: run.state.hosts["web02"].release == OLD)
    state = run.run()
    assert (state.back, state.exit) == (None, 8)


def test_of_two_that_stop_a_run_none_is_tried_again_and_of_one_it_goes_on():
    run = until_runs(a_run(3, ends(web01_switch="failed", web02_switch="failed"), batch=3, on_failure="stop"), "wave-1/web03/switch")
    for name in ("web01", "web02"):
        until(run, lambda run, name=name: run.state.hosts[name].condition == "failed")
    assert refused(run, "web01").startswith("the run ends as it is: 2 failed, 0 allowed: web01")
    run = until(a_run(2, ends(web01_switch="failed"), batch=2, on_failure="stop"), lambda run: run.state.hosts["web01"].condition == "failed")
    assert runs_now(run)
    assert refused(run, "web01") == ""
    assert run.run().exit == 0


def test_where_nobody_is_asked_a_host_that_waits_for_a_balancer_ends_the_run_and_no_other_is_tried_again():
    environment = changed(an_environment(2, 2, max_failures=1), balancers=(Balancer("command"),))
    run = run_of(environment, lambda step, attempt: {"web01_gate": "failed", "web02_admit": "held"}.get(f"{step.about}_{step.kind}", "done"), "catch-up")
    until(run, lambda run: list(run.state.tally.with_held_step) == ["web02"] and run.state.hosts["web01"].condition == "failed")
    assert refused(run, "web01").startswith("the run ends as it is: a balancer did not do what it was told")
    assert refused(run, "web02") == ""
    assert {run.state.step_state(step).status for step in run.state.lanes["web02"] if step.phase == "release"} == {"done", "pending"}
    assert refused(run, "web01") == ""


def test_nobody_takes_the_release_behind_the_window():
    run = back_alone(monitor=600.0)
    until_runs(run, "close/web03/prune")
    assert "nobody watching" in refused(run, "web02")
    assert (run.run().exit, run.state.hosts["web02"].release) == (8, OLD)


def test_one_that_takes_it_in_the_window_is_watched_as_long_as_the_others():
    run = back_alone(monitor=600.0)
    until_runs(run, "verify/monitor")
    step, began = run.state.index["verify/monitor"], run.now
    run.ending = lambda step, attempt: "done"
    assert refused(run, "web02") == ""
    while run.state.hosts["web02"].condition != "new":
        assert not is_over(run.state, step, began + 600.0)
        if not run.turn():
            run.finish(run.state.tally.lanes["web02"].running[0])
    assert run.now > began
    assert window_left(run.state, step, run.now) == 600.0
    assert [is_over(run.state, step, run.now + late) for late in (599.0, 600.0)] == [False, True]


def test_every_thing_that_happens_to_a_host_has_its_row():
    assert set(get_args(Happened)) == TRIES.keys()
    assert {what for what, row in TRIES.items() if row.useless} == {"goes on", "nothing left on its way back", "nothing failed", "never reached"}


def carried_to_its_end(run: Simulation) -> RunState:
    """From here on everything goes well, and people answer what they are asked."""
    run.record(*(ev.LinkRestored(host=host.name) for host in run.state.hosts.values() if not host.linked))
    for _ in range(30):
        state = run.run()
        if state.phase == "ended":
            return state
        if state.unshared:
            run.record(ev.RecordRegained())
        for name in open_ticks(state):
            say(run, cmd.Acknowledge(check=name))
        said = say(run, cmd.Continue())
        assert said is None, said
    raise AssertionError("the run does not end")


def drawn(kind: str, seed: int, verb: type[cmd.Retry | cmd.Skip]) -> tuple[Simulation, str] | None:
    """A moment of a drawn run at which a host may be tried again, or skipped; None: there is none in it."""
    moments: list[tuple[RunState, str, float]] = []

    def look(run: Simulation) -> None:
        moments.extend((run.state, name, run.now) for name in run.state.hosts if may(verb(host=name), run.state) is None)

    whole = draw_run(kind, seed, look)  # type: ignore[arg-type]
    if not moments:
        return None
    state, name, now = Random(seed).choice(moments)
    return Simulation(whole.environment, lambda step, attempt: "done", state=state, now=now), name


@pytest.mark.parametrize("kind", ["deploy", "rollback", "restart", "catch-up"])
@examples(80)
@given(seed=st.integers(0, 1_000_000))
def test_whoever_is_tried_again_at_whatever_moment_comes_somewhere_if_all_goes_well_from_then_on(kind: str, seed: int):
    found = drawn(kind, seed, cmd.Retry)
    if found is None:
        return
    run, name = found
    what = happened(run.state, run.state.hosts[name])
    assert not TRIES[what].useless
    assert say(run, cmd.Retry(host=name)) is None
    state = carried_to_its_end(run)
    host = state.hosts[name]
    goes_back = state.back is not None or kind_of(state).is_return
    if moves_traffic(state) and str(host.detail).startswith("not drained: "):
        return  # the other side did not come to serve, so this one goes on
    assert host.condition in (("back", "skipped", "old", "new") if goes_back else ("new",)), (what, host.condition, state.exit, state.reason)
    if host.condition == "old":
        assert not host.touched
    if host.condition == "new" and goes_back:
        assert not kind_of(state).is_return
        assert state.way(name) is not None
        assert not state.way(name).possible  # type: ignore[union-attr]


@examples(80)
@given(seed=st.integers(0, 1_000_000))
def test_whoever_is_skipped_at_whatever_moment_has_its_old_release_if_all_goes_well_from_then_on(seed: int):
    found = drawn("deploy", seed, cmd.Skip)
    if found is None:
        return
    run, name = found
    assert say(run, cmd.Skip(host=name)) is None
    state = carried_to_its_end(run)
    host = state.hosts[name]
    rests = moves_traffic(state) and host.is_out
    assert (host.condition in ("skipped", "back"), host.release in (OLD, "") or rests) == (True, True), (host.condition, host.release)


@pytest.mark.parametrize("kind", ["deploy", "rollback", "restart", "catch-up"])
@examples(50)
@given(seed=st.integers(0, 1_000_000))
def test_who_was_touched_and_is_not_well_is_never_forgotten(kind: str, seed: int):
    """Whatever anybody says meanwhile: a host that is not where it belongs is no part of a success without a word."""
    run = draw_run(kind, seed, lambda run: None)  # type: ignore[arg-type]
    state = run.state
    if state.phase != "ended" or not state.changed or state.aborting:
        return
    left = {host.name for host in state.hosts.values() if host.condition in UNVERIFIED and (host.touched or host.condition == "owed")}
    assert left <= {row["host"] for row in host_rows(state) if row["state"] in ("failed", "unreachable", "unknown", "owed")}
    assert not left or state.exit in (5, 8)


def test_who_is_tried_again_in_a_pause_is_said_to_wait_for_the_run_to_continue():
    run = run_of(an_environment(2, on_failure="pause"), failing("web01"))
    until(run, lambda run: run.state.pausing is not None)
    assert text(waiting_line(run.state, run.now, 120)).startswith(" Waiting for you: 1 failed, 0 allowed: web01 ")
    assert say(run, cmd.Retry(host="web01")) is None
    assert host_words(run.state, run.state.hosts["web01"], run.now)[0] == "waits for continue"
    assert text(waiting_line(run.state, run.now, 120)).startswith(" Waiting for you: web01: tried again once the run continues, ")
    assert say(run, cmd.Continue()) is None
    assert host_words(run.state, run.state.hosts["web01"], run.now)[0] != "waits for continue"
