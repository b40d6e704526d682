"""A run as plain lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.evolve import evolve, fold
from console.core.run.sentences import sentence
from console.model import events as ev
from console.model.state import RunState
from console.views.plain_lines import decision_lines, event_line, waited_for, waiting_line
from tests.core.simulation import Simulation, an_environment, opening


def states(seed=lambda step, attempt: "done") -> list[tuple[RunState, ev.Event]]:
    run = Simulation(an_environment(4, batch=2), seed)
    run.record(*opening(run.environment))
    run.run()
    found, state = [], RunState()
    for event in run.events:
        state = evolve(state, event)
        found.append((state, event))
    return found


def test_every_kind_of_event_has_a_sentence_of_its_own():
    from console.core.run.sentences import _SENTENCES

    assert set(_SENTENCES) == set(ev.AnyEvent.__args__)


def test_an_events_line_has_its_time_and_its_sentence():
    for _, event in states():
        assert event_line(event) == f"{event.at[11:19]} {sentence(event)}"


@given(st.floats(0, 1e6))
def test_every_state_says_what_it_waits_for(now: float):
    for state, _ in states():
        assert waited_for(state, now)
    assert waited_for(RunState(), now)


def test_a_step_that_runs_is_named_with_its_host_and_its_time():
    state = next(state for state, event in states() if isinstance(event, ev.StepStarted) and event.step.endswith("web01/restart"))
    started = state.hosts["web01"].steps[state.hosts["web01"].step].started
    assert "web01" in waited_for(state, started + 12)
    assert "12 s" in waited_for(state, started + 12)


@pytest.mark.parametrize(("phase", "words"), [("preflight", "pre-flight"), ("deciding", "GO or no-go"), ("locking", "locks")])
def test_before_the_first_step_the_phase_is_named(phase: str, words: str):
    assert words in waiting_line(RunState(phase=phase), 5.0, "2026-01-02T03:04:05Z")  # type: ignore[arg-type]


def test_the_decision_is_shown_in_waves():
    lines = decision_lines(fold(opening(an_environment(4, batch=2))))
    assert lines[0].startswith("4 hosts of production")
    assert [line for line in lines if "wave" in line] == ["  wave 1: web01, web02", "  wave 2: web03, web04"]
