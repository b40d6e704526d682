"""How long a run still has."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.evolve import evolve, fold
from console.model.events import PlanMade
from console.model.plan import ReturnTarget
from console.model.state import HostState, RunState
from console.model.values import changed
from console.safe_text import SafeText
from console.views.blocking_reason import waiting_line
from console.views.checklist import checklist
from console.views.headline import top_line
from console.views.plan_words import blast_radius
from console.views.progress import Newest, back_seconds, left_seconds, running_steps, taken, usual_seconds, whole_seconds
from console.views.styled_text import text
from tests.core.simulation import Simulation, an_environment, opening

PAST = {"pack": 2.0, "ship": 4.0, "install": 3.0, "switch": 1.0, "restart": 5.0, "gate": 6.0, "prune": 1.0}


def states(hosts: int = 4, batch: int = 2, ending=lambda step, attempt: "done", usual=PAST) -> list[RunState]:
    run = Simulation(an_environment(hosts, batch=batch), ending)
    run.record(*(msgspec.structs.replace(event, usual=usual) if isinstance(event, PlanMade) else event for event in opening(run.environment)))
    run.run()
    found, state = [], RunState()
    for event in run.events:
        state = evolve(state, event)
        found.append(state)
    return found


def test_before_anything_ran_it_is_what_past_runs_took():
    first = next(state for state in states() if state.phase == "running")
    assert left_seconds(first, first.mono) == 2 + (4 + 3) + 2 * (1 + 5 + 6) + 1
    unknown = next(state for state in states(usual={}) if state.phase == "running")
    assert left_seconds(unknown, unknown.mono) is None


def test_before_it_is_decided_the_whole_run_and_the_way_back_are_known_from_the_past_or_left_out():
    undecided = next(state for state in states() if state.phase == "deciding")
    assert whole_seconds(undecided) == 2 + (4 + 3) + 2 * (1 + 5 + 6) + 1
    assert back_seconds(undecided) == 1 + 5 + 6
    assert "at most 2 at a time, ~34 s, back in ~12 s; " in blast_radius(undecided)
    unknown = next(state for state in states(usual={}) if state.phase == "deciding")
    assert (whole_seconds(unknown), back_seconds(unknown)) == (None, None)
    assert "at most 2 at a time; " in blast_radius(unknown)


@given(st.integers(1, 6), st.integers(1, 3))
def test_it_is_never_below_nothing_and_is_nothing_at_the_end(hosts: int, batch: int):
    for state in states(hosts, batch):
        left = left_seconds(state, state.mono)
        assert left is None or left >= 0
    last = [state for state in states(hosts, batch) if state.phase == "running"][-1]
    assert left_seconds(last, last.mono) == 0


def test_time_that_passes_is_taken_off_and_a_late_step_counts_as_nearly_done():
    state = next(state for state in states(2, 1) if any(step.kind == "gate" for step, _ in running_steps(state)))
    now, early, late = (left_seconds(state, state.mono + later) for later in (0.0, 0.5, 500.0))
    assert now is not None
    assert early is not None
    assert late is not None
    assert late < early < now


def test_this_runs_own_steps_count_before_those_of_past_runs():
    last = states()[-1]
    assert usual_seconds(last, "gate") == taken(last)["gate"] == 1.0
    assert usual_seconds(next(state for state in states() if state.plan), "gate") == PAST["gate"]


def test_the_header_says_what_is_left_and_after_a_rollback_what_it_is_back_on():
    running = next(state for state in states() if state.phase == "running")
    assert "~00:34 left" in text(top_line(running, running.mono, 160))
    failing = states(ending=lambda step, attempt: "failed" if step.name == "wave-2/web03/gate" else "done")
    going = next(state for state in failing if state.phase == "rolling-back")
    assert "0 of 4 back" in text(top_line(going, going.mono, 160))
    ended = failing[-1]
    told = text(top_line(ended, ended.mono, 160))
    assert ended.exit == 4
    assert "ROLLED BACK" in told
    assert "wave" not in told


def test_what_was_found_is_found_once():
    asked: list[object] = []
    newest = Newest(lambda key: asked.append(key) or len(asked))
    first, second = [1], [1]
    assert [newest(first), newest(first), newest(second)] == [1, 1, 2]


def test_the_keys_stay_whole_however_long_the_wait_is_described():
    state = next(state for state in states(12, 12) if len(running_steps(state)) > 1)
    for cells in (60, 70, 80, 120):
        told = text(waiting_line(state, state.mono + 500, cells))
        assert told.endswith(("abort", "roll back"))
        assert len(told) <= cells


def test_a_rollback_as_a_run_of_its_own_counts_who_is_back_and_says_on_what():
    hosts = {name: HostState(name, "back", before="r2", before_version=SafeText("v2")) for name in ("web01", "web02")}
    way = tuple(ReturnTarget(name, "r1", SafeText("v1")) for name in hosts)
    ended = msgspec.structs.replace(
        RunState(), run="r", kind="rollback", app="shop", environment="e", phase="ended", exit=0, changed=True, hosts=hosts, way_back=way
    )
    assert text(top_line(ended, 9.0, 160)).count("back on v1 (not v2)") == 1
    assert next(row.found for row in checklist(ended, 9.0) if row.title == "ROLL BACK") == "2 of 2"


def test_before_a_restart_no_way_back_is_spoken_of():
    opened, *seen, made, _, _ = opening(an_environment(3), "restart")
    said = blast_radius(fold([opened, *seen, changed(made, usual=PAST)]))
    assert said == "a restart of 3 hosts of production, one at a time, ~33 s; no host changes its release"
