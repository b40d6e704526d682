"""Which steps of a plan wait for which elsewhere, and for how many of them still."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.graph import open_needs, waiting_of
from console.model.plan import Step
from tests.core.builders import a_step

Index = dict[str, Step]


def index(*steps: Step) -> Index:
    return {step.name: step for step in steps}


def on(host: str, name: str, *needs: str) -> Step:
    return a_step(name, "switch", "release", host, needs=needs)


def own(name: str, *needs: str) -> Step:
    return a_step(name, "pack", "prepare", needs=needs)


def mark(name: str, *needs: str) -> Step:
    return a_step(name, "mark", "verify", needs=needs)


EDGES = [
    ("nothing", index(), {}),
    ("a step without needs", index(on("a", "x")), {}),
    ("two steps of one host", index(on("a", "x"), on("a", "y", "x")), {}),
    ("two steps of two hosts", index(on("a", "x"), on("b", "y", "x")), {"x": ["y"]}),
    ("two steps of the run", index(own("x"), own("y", "x")), {"x": ["y"]}),
    ("a host's step that needs the run's", index(own("x"), on("a", "y", "x")), {"x": ["y"]}),
    ("the run's step that needs hosts'", index(on("a", "x"), on("b", "y"), own("z", "x", "y")), {"x": ["z"], "y": ["z"]}),
    ("many that need one", index(own("x"), on("a", "y", "x"), on("b", "z", "x")), {"x": ["y", "z"]}),
    ("a need that the run does not know", index(on("a", "x", "gone")), {}),
    ("hosts behind a mark", index(on("a", "x"), mark("m", "x"), on("b", "y", "m")), {"x": ["m"], "m": ["y"]}),
]


@pytest.mark.parametrize(("steps", "waiting"), [pytest.param(*row[1:], id=row[0]) for row in EDGES])
def test_who_waits_for_whom(steps: Index, waiting: dict[str, list[str]]):
    assert {need: [step.name for step in found] for need, found in waiting_of(steps).items()} == waiting


FLEET = index(on("a", "x"), on("b", "y"), mark("m", "x", "y"), on("c", "z", "m"), own("w", "x"))
OPEN = [
    ("nothing is done", set(), {"m": 2, "z": 1, "w": 1}),
    ("one of two is done", {"x"}, {"m": 1, "z": 1, "w": 0}),
    ("both are done", {"x", "y"}, {"m": 0, "z": 0, "w": 0}),
    ("another is done", {"y"}, {"m": 1, "z": 1, "w": 1}),
]


@pytest.mark.parametrize(("done", "counts"), [pytest.param(*row[1:], id=row[0]) for row in OPEN])
def test_how_many_needs_are_open(done: set[str], counts: dict[str, int]):
    assert open_needs(FLEET, waiting_of(FLEET), lambda step: step.name in done) == counts


def test_a_mark_without_needs_and_one_behind_another_hold_nothing_up():
    steps = index(mark("m1"), mark("m2", "m1", "gone"), on("a", "x", "m2"))
    assert open_needs(steps, waiting_of(steps), lambda step: False) == {"m2": 0, "x": 0}


def test_a_mark_is_looked_at_once_however_many_wait_for_it():
    asked: list[str] = []
    steps = index(on("a", "x"), mark("m", "x"), *(on(f"h{number}", f"y{number}", "m") for number in range(50)))
    open_needs(steps, waiting_of(steps), lambda step: bool(asked.append(step.name)))
    assert asked.count("x") <= 2


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sets(st.integers(0, 9))), max_size=10), st.sets(st.integers(0, 9)))
def test_a_step_has_no_open_need_when_all_that_it_waits_for_elsewhere_is_done(drawn: list[tuple[str, set[int]]], done: set[int]):
    steps = index(*(on(host, f"s{number}", *(f"s{need}" for need in sorted(needs) if need < number)) for number, (host, needs) in enumerate(drawn)))
    counts = open_needs(steps, waiting_of(steps), lambda step: int(step.name[1:]) in done)
    for name, count in counts.items():
        elsewhere = [need for need in steps[name].needs if steps[need].about != steps[name].about]
        assert count == sum(int(need[1:]) not in done for need in elsewhere)
