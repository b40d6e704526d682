"""What is kept of a run's tally, event by event, is what a look at everything finds; whatever happens in a run of any kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.evolve import fold
from console.core.run.ready_steps import runs
from console.core.run.step_tally import recounted
from console.model import events as ev
from console.model.plan import Step
from console.model.state import RunState
from console.safe_text import SafeText
from tests.core import rescan
from tests.core.drawn import KINDS, draw_run
from tests.core.simulation import ADA, Simulation, an_environment, opening
from tests.examples import examples


def kept_ready(state: RunState) -> set[str]:
    tally = state.tally
    return {*tally.own_ready, *(step.name for name in tally.ready | tally.ready_back for step in tally.lanes[name].ready)}


def kept_running(state: RunState) -> set[str]:
    tally = state.tally
    return {*tally.own_running, *(step.name for name in tally.running for step in tally.lanes[name].running)}


def is_held(state: RunState, step: Step) -> bool:
    return state.step_state(step).status == "held" and not rescan.is_settled(state, step)


def holds(run: Simulation) -> None:
    state = run.state
    assert kept_ready(state) == rescan.ready_steps(state)
    assert kept_running(state) == rescan.running_steps(state)
    assert runs(state) == bool(rescan.running_steps(state))
    tally = state.tally
    assert {name for hosts in tally.conditions.values() for name in hosts} == set(state.hosts)
    assert all(state.hosts[name].condition == condition for condition, hosts in tally.conditions.items() for name in hosts)
    assert list(tally.failed_once) == [name for name, host in state.hosts.items() if host.failed_once]
    assert list(tally.with_held_step) == [name for name in state.hosts if any(is_held(state, step) for step in state.lanes.get(name, ()))]
    assert list(tally.cut) == [name for name, host in state.hosts.items() if not host.linked and host.lost]
    assert tally.closing == sum(step.phase == "close" and state.step_state(step).status != "pending" for step in state.index.values())
    assert tally == recounted(state).tally


@pytest.mark.parametrize("kind", KINDS)
@examples(40)
@given(seed=st.integers(0, 1_000_000))
def test_what_is_kept_is_what_a_look_at_everything_finds(kind, seed):
    folds_alike(draw_run(kind, seed, holds), seed)


def folds_alike(run: Simulation, seed: int) -> None:
    """A fold, which counts once at the end, gives what event by event gives; from anywhere on."""
    cut = seed % (len(run.events) + 1)
    half = fold(run.events[:cut])
    assert not half.tally.stale
    assert fold(run.events[cut:], half) == fold(run.events) == run.state


def test_a_fold_knows_who_had_failed_when_somebody_went_on():
    run = Simulation(an_environment(3, on_failure="pause"), lambda step, attempt: "failed" if step.name == "wave-1/web01/restart" else "done")
    run.record(*opening(run.environment))
    run.run()
    assert run.state.pausing is not None
    run.record(ev.Continued(by=ADA))
    assert fold(run.events).hosts["web01"].tolerated
    folds_alike(run, 0)


def test_a_fold_knows_which_links_were_lost_when_somebody_went_on():
    run = Simulation(an_environment(3), lambda step, attempt: "done")
    run.now = 5.0
    run.record(*opening(run.environment), ev.LinkLost(host="web02"))
    assert run.state.hosts["web02"].lost == 5.0
    run.record(ev.Paused(reason=SafeText("three hosts lost their links"), cause="network"), ev.Continued(by=ADA))
    assert fold(run.events).hosts["web02"].lost == 0.0
    folds_alike(run, 0)
