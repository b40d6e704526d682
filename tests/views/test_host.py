"""The words of one host: whatever the run did, in whatever room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model import events as ev
from console.model.fleet_snapshot import SnapshotRelease
from console.model.state import HostState, RunState
from console.model.values import changed
from console.safe_text import SafeText
from console.views.host_details import current_step, fault_lines, host_head, host_steps, neighbour, release_rows, step_rows, usual_times, worst_host
from console.views.styled_text import text, width
from tests.core.simulation import Simulation, an_environment, opening
from tests.examples import examples

ENDINGS = st.sampled_from(["done", "done", "failed", "unknown", "unreachable"])
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=120).map(SafeText)


@st.composite
def runs(draw: st.DrawFn) -> RunState:
    environment = an_environment(draw(st.integers(1, 4)), on_failure=draw(st.sampled_from(["pause", "rollback"])))
    run = Simulation(environment, lambda step, attempt: draw(ENDINGS))
    run.record(*opening(environment))
    for _ in range(draw(st.integers(0, 30))):
        if not run.turn():
            running = [step for step in run.state.index.values() if run.state.step_state(step).status == "running"]
            if not running:
                break
            run.finish(running[0])
    return run.state


@examples(60)
@given(runs(), st.integers(1, 200), st.integers(0, 30), st.floats(0, 1e6))
def test_every_line_keeps_to_its_room(state, cells, height, now):
    names = tuple(state.hosts)
    for place, (name, host) in enumerate(state.hosts.items(), 1):
        lines = (*fault_lines(state, name, cells, height), *step_rows(state, name, now, cells), *host_head(state, host, (place, len(names)), now, cells))
        assert all(width(one) <= cells for one in lines)
        assert len(fault_lines(state, name, cells, height)) <= max(height, 1)
        steps = host_steps(state, name)
        assert len(step_rows(state, name, now, cells)) == len(steps)
        assert not steps or 0 <= current_step(state, name) < len(steps)


@examples(60)
@given(runs())
def test_a_fault_is_told_where_there_is_one_and_nowhere_else(state):
    wrong = {"failed", "unknown", "unreachable"}
    for name, host in state.hosts.items():
        bad = any(ran.status in wrong for ran in host.steps.values()) or (host.condition in {*wrong, "owed"} and host.detail)
        assert bool(fault_lines(state, name, 80)) == bool(bad)
    found = worst_host(state)
    assert not found or any(ran.status in wrong for ran in state.hosts[found].steps.values())


@given(WORDS, WORDS, st.lists(WORDS, max_size=30), st.integers(20, 160), st.integers(8, 40))
def test_of_long_output_the_end_stays_and_the_hint_is_never_lost(detail, hint, tail, cells, height):
    environment = an_environment(1)
    run = Simulation(environment, lambda step, attempt: "done")
    run.record(*opening(environment), ev.StepStarted(step="wave-1/web01/restart", host="web01"))
    run.record(
        ev.StepFinished(step="wave-1/web01/restart", host="web01", status="failed", code=3, detail=detail, hint=hint, tail=(*tail, SafeText("the last line")))
    )
    told = [text(one) for one in fault_lines(run.state, "web01", cells, height)]
    assert len(told) <= height
    assert "restart on web01" in told[0]
    assert any("the last line" in one for one in told)
    if hint.split():
        assert hint.split()[0][: cells - 4][:8] in "".join("".join(told).split())


def test_usual_is_what_the_others_took_else_what_past_runs_took():
    environment = an_environment(3)
    run = Simulation(environment, lambda step, attempt: "done")
    run.record(*opening(environment))
    state = changed(run.state, usual={"restart": 9.0})
    assert usual_times(state, "web01") == {"restart": 9.0}
    run.run()
    assert usual_times(changed(run.state, usual={"restart": 9.0}), "web01")["restart"] == 1.0


@given(st.lists(st.text(min_size=1), unique=True, max_size=6), st.integers(-20, 20), st.data())
def test_neighbours_go_round_and_back(names, by, data):
    hosts = tuple(names)
    host = data.draw(st.sampled_from(hosts)) if hosts else "gone"
    there = neighbour(hosts, host, by)
    assert there == "" if not hosts else neighbour(hosts, there, -by) == host
    assert neighbour(hosts, "", by) == (hosts[0] if hosts else "")


@pytest.mark.parametrize(("one", "words"), [
    (SnapshotRelease("r3", SafeText("v3"), "c" * 40, live=True, healthy=True), ("v3", "▶ live", "healthy")),
    (SnapshotRelease("r2", SafeText("v2"), "b" * 40, healthy=True), ("v2", "↶ way back", "healthy")),
    (SnapshotRelease("r1", SafeText(""), "a" * 40, whole=False), ("r1", "not verified", "files differ")),
])  # fmt: skip
def test_a_release_says_what_it_is(one, words):
    (row,) = release_rows((one,), "r2", "", 80)
    assert all(word in text(row) for word in words)


def test_drift_stands_above_the_releases_and_nothing_is_said_before_they_are_read():
    assert text(release_rows((), "", "app.txt differs", 80)[0]) == "drift: app.txt differs"
    assert "reading" in text(release_rows(None, "", "", 80)[0])


def test_a_host_at_rest_is_called_by_what_is_live():
    rest = RunState(app="shop", environment="production", phase="ended", hosts={"web01": HostState("web01", condition="new", version=SafeText("v1"))})
    assert "live v1" in text(host_head(rest, rest.hosts["web01"], (1, 1), 0.0, 80)[0])
