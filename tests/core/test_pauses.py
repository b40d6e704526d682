"""What each pause means, and runs that are never in one: a way back, and what nobody is asked in."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.kinds.kind_table import KINDS as KINDS_OF_RUN
from console.core.run.pauses import PAUSES, is_paused_for, pause_rule
from console.model import events as ev
from console.model.request import RunKind
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import a_state, paused
from tests.core.drawn import draw_run
from tests.core.plans import a_run, happened, run_of, runs_now, until, until_runs
from tests.core.simulation import ADA, Simulation, an_environment
from tests.examples import examples

NEVER: tuple[RunKind, ...] = tuple(kind for kind, known in KINDS_OF_RUN.items() if not known.waits_for_people)


def test_every_cause_has_its_row():
    assert set(PAUSES) == set(get_args(ev.PauseCause))


def test_the_rule_is_that_of_the_pause_that_the_run_is_in():
    state = a_state("new", phase="running", pausing=paused(cause="network"))
    assert pause_rule(state) == PAUSES["network"]
    assert is_paused_for(state, "network")
    assert not is_paused_for(state, "failure")
    running = changed(state, pausing=None)
    assert pause_rule(running) is None
    assert not is_paused_for(running, "network")


@pytest.mark.parametrize("cause", get_args(ev.PauseCause))
def test_hosts_that_are_being_updated_come_to_their_gate_where_the_row_says_so(cause: ev.PauseCause):
    run = until_runs(a_run(3), "wave-2/web02/switch")
    run.record(ev.Paused(reason=SafeText("why"), cause=cause))
    run.run()
    assert run.state.phase == "running"
    assert run.state.hosts["web02"].condition == ("new" if PAUSES[cause].updates_go_on else "updating")


def test_which_kinds_never_wait_for_a_person():
    assert set(NEVER) == {"rollback", "catch-up", "restore", "exec", "maintenance"}


@pytest.mark.parametrize("kind", NEVER)
@given(seed=st.integers(0, 2**32))
@examples(20)
def test_nothing_pauses_a_run_that_nobody_is_asked_in_but_a_person(kind: RunKind, seed: int):
    run = draw_run(kind, seed, lambda run: None)
    assert not [event for event in run.events if isinstance(event, ev.Paused) and event.by is None]
    assert run.state.pausing is None or run.state.pausing.by is not None


@pytest.mark.parametrize(("kind", "step", "there"), [("rollback", "back/web01/restart", "back"), ("catch-up", "wave-1/web01/restart", "new")])
def test_one_that_is_taken_up_comes_to_its_end(kind: RunKind, step: str, there: str):
    run = until_runs(a_run(2, kind=kind), step)
    run.record(ev.TakenUp(epoch=2, by=ADA))
    state = run.run()
    assert (state.phase, state.exit) == ("ended", 0)
    assert {host.condition for host in state.hosts.values()} == {there}


def a_catch_up(hosts: int, batch: int) -> Simulation:
    return until(a_run(hosts, batch=batch, kind="catch-up"), lambda run: any(name.endswith("gate") for name in runs_now(run)))


def test_a_catch_up_begins_nothing_while_the_network_fails_and_ends():
    run = until_runs(a_run(6, kind="catch-up"), "wave-1/web01/switch")
    run.record(*(ev.LinkLost(host=f"web{number:02}") for number in (1, 2, 3)))
    begun = {event.step for event in happened(run, ev.StepStarted)}
    assert run.run().phase == "ended"
    assert {event.step for event in happened(run, ev.StepStarted)} == begun
    assert run.state.exit == 5


def test_a_catch_up_goes_on_where_the_links_stand_again():
    run = a_catch_up(6, 3)
    run.record(*(ev.LinkLost(host=f"web{number:02}") for number in (1, 2, 3)))
    run.turn()
    run.record(*(ev.LinkRestored(host=f"web{number:02}") for number in (1, 2, 3)))
    assert run.run().exit == 0


def test_a_catch_up_whose_hosts_fail_with_their_network_ends():
    run = a_run(3, lambda step, attempt: "unreachable" if step.kind == "restart" else "done", batch=3, kind="catch-up")
    assert run.run().phase == "ended"
    assert run.state.exit == 5
    assert not happened(run, ev.Paused)


def test_a_catch_up_without_its_record_gets_its_hosts_to_their_gates_and_ends():
    run = until(a_run(3, kind="catch-up"), lambda run: run.state.hosts["web01"].condition == "updating")
    run.record(ev.RecordLost(reason=SafeText("away"), kept_in="here"))
    begun = {host.name for host in run.state.hosts.values() if host.condition == "updating"}
    state = run.run()
    assert state.phase == "ended"
    assert {host.name for host in state.hosts.values() if host.condition == "new"} == begun


def test_a_catch_up_takes_no_pause_after_so_many_hosts():
    run = run_of(an_environment(3, pause_after=1), kind="catch-up")
    assert run.run().exit == 0
    assert not happened(run, ev.Paused)
