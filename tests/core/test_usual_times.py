"""How long steps usually take: the median of those that ended well on a host, by kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.usual_times import seconds_by_kind
from console.model.state import RunState
from tests.core.builders import a_host_in, a_state, a_step, ended, hosts_of
from tests.core.newest_first import usual_by_kind

INDEX = {name: a_step(name, name.rpartition("/")[2]) for name in ("w/web01/switch", "w/web02/switch", "w/web01/gate", "pack")}


def a_run(*took: tuple[str, float, str]) -> RunState:
    """A run on web01: each step with its seconds and its end."""
    host = a_host_in("new", steps={name: ended(status, seconds=seconds) for name, seconds, status in took})
    return a_state(hosts=hosts_of(host), index=INDEX)


TOOK = [
    ("no run", (), {}),
    ("one step", (a_run(("w/web01/switch", 2.0, "done")),), {"switch": 2.0}),
    ("two kinds", (a_run(("w/web01/switch", 2.0, "done"), ("w/web01/gate", 9.0, "done")),), {"switch": 2.0, "gate": 9.0}),
    ("the median of three", tuple(a_run(("w/web01/switch", seconds, "done")) for seconds in (1.0, 50.0, 3.0)), {"switch": 3.0}),
    ("the middle of two", tuple(a_run(("w/web01/switch", seconds, "done")) for seconds in (1.0, 2.0)), {"switch": 1.5}),
    ("two hosts' steps together", (a_run(("w/web01/switch", 1.0, "done"), ("w/web02/switch", 4.0, "done")),), {"switch": 2.5}),
    ("milliseconds and no finer", (a_run(("w/web01/switch", 1.23456, "done")),), {"switch": 1.235}),
    *((f"a step that is {status}", (a_run(("w/web01/switch", 2.0, status)),), {}) for status in ("failed", "running", "unknown", "cancelled", "void")),
    ("a step that the run does not know", (a_run(("w/web09/switch", 2.0, "done")),), {}),
    ("a good one beside a bad one", (a_run(("w/web01/switch", 2.0, "done"), ("w/web02/switch", 99.0, "failed")),), {"switch": 2.0}),
]


@pytest.mark.parametrize(("runs", "usual"), [pytest.param(*row[1:], id=row[0]) for row in TOOK])
def test_what_steps_usually_take(runs: tuple[RunState, ...], usual: dict[str, float]):
    assert usual_by_kind(runs) == usual


def test_what_belongs_to_no_host_is_not_counted():
    assert usual_by_kind([a_state("new", index=INDEX, steps={"pack": ended("done", seconds=3.0)})]) == {}


@given(st.lists(st.floats(0, 3600), min_size=1, max_size=9))
def test_it_lies_between_the_shortest_and_the_longest(seconds: list[float]):
    found = usual_by_kind([a_run(("w/web01/switch", one, "done")) for one in seconds])["switch"]
    assert round(min(seconds), 3) <= found <= round(max(seconds), 3)


@pytest.mark.parametrize(("hosts", "kept"), [(1, 1), (199, 199), (200, 200), (201, 101), (400, 200), (401, 134), (1000, 200)])
def test_of_a_large_fleet_two_hundred_hosts_at_most_are_kept_from_the_fastest_to_the_slowest(hosts: int, kept: int):
    step = a_step("switch", "switch")
    states = (a_host_in("new", f"web{number:04}", steps={"switch": ended("done", seconds=float(hosts - number))}) for number in range(hosts))
    took = seconds_by_kind(a_state(hosts=hosts_of(*states), index={"switch": step}))["switch"]
    assert len(took) == kept
    assert took == tuple(sorted(took))
    assert took[0] == 1.0
