"""How long a recreate took the service down, step by step: when the first host was stopped, when the first one served again, behind which page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.maintenance_steps import BACK_OFF, PAGE_OFF
from console.core.run.downtime import downtime, is_down, outages
from console.model.plan import Plan, Step, Steps
from console.model.state import RunState, StepState
from console.safe_text import SafeText

NOW = 100.0
"""Seconds on the clock that runs through suspend, at which the tests ask."""

Row = tuple[str, float, float]
"""How a step ended (or that it runs), when it began, and how many seconds it took."""


def a_recreate(steps: dict[str, Row], *, passing: float = 0.0, page: Row | None = None, strategy: str = "recreate", pages: tuple[str, ...] = ()) -> RunState:
    """A run of steps `HOST KIND`, or `back HOST KIND` for those of the way back, in the order of each host. `page`: how its end is switched."""
    lanes: dict[str, tuple[Step, ...]] = {}
    known: dict[str, StepState] = {}
    for name, (status, started, seconds) in steps.items():
        host, kind = name.removeprefix("back ").split()
        phase = "rollback" if name.startswith("back ") else "release"
        lanes[host] = (*lanes.get(host, ()), Step(name, kind, phase, SafeText(name), host))  # type: ignore[arg-type]
        at_the_gate = passing if kind == "gate" else 0.0
        known[name] = StepState(status, attempt=int(status != "pending"), started=started, seconds=seconds, passing=at_the_gate)  # type: ignore[arg-type]
    index = {step.name: step for lane in lanes.values() for step in lane}
    for name in pages or ((PAGE_OFF,) if page else ()):
        index[name] = Step(name, "maintain", "verify", SafeText(name))
        if page:
            known[name] = StepState(page[0], attempt=1, started=page[1], seconds=page[2])  # type: ignore[arg-type]
    plan = Plan(strategy, (tuple(lanes),), Steps(tuple(index.values())))
    goes_back = plan if any(name.startswith("back ") for name in steps) else None
    return RunState(run="r1", plan=plan, back=goes_back, index=index, lanes=lanes, steps=known)


STOPPED: dict[str, Row] = {"web01 stop": ("done", 10.0, 2.0), "web02 stop": ("done", 10.0, 5.0)}
SERVES: dict[str, Row] = {**STOPPED, "web01 restart": ("done", 20.0, 3.0), "web01 gate": ("done", 23.0, 7.0), "web02 gate": ("running", 24.0, 0.0)}
UNGATED: dict[str, Row] = {**STOPPED, "web01 restart": ("done", 20.0, 3.0), "web02 restart": ("done", 20.0, 1.0)}

FORWARD = [
    ("nothing was stopped yet", {"web01 stop": ("pending", 0.0, 0.0)}, (), None),
    ("a host that is being stopped may serve still", {"web01 stop": ("running", 10.0, 0.0)}, (), None),
    ("the first that is stopped takes it down", STOPPED, ((12.0, None),), 88.0),
    ("a stop that failed may have stopped it", {"web01 stop": ("failed", 10.0, 4.0)}, ((14.0, None),), 86.0),
    ("a stop without an answer too", {"web01 stop": ("unknown", 10.0, 4.0)}, ((14.0, None),), 86.0),
    ("one that runs says nothing of the other", {"web01 stop": ("running", 9.0, 0.0), "web02 stop": ("done", 10.0, 5.0)}, ((15.0, None),), 85.0),
    ("it was not begun at nought", {"web01 stop": ("done", 0.0, 2.0)}, (), None),
    ("started is not served, where there is a gate", {**SERVES, "web01 gate": ("running", 23.0, 0.0)}, ((12.0, None),), 88.0),
    ("a gate that failed lets nobody in", {**SERVES, "web01 gate": ("failed", 23.0, 7.0)}, ((12.0, None),), 88.0),
    ("a gate without an answer neither", {**SERVES, "web01 gate": ("unknown", 23.0, 7.0)}, ((12.0, None),), 88.0),
    ("the first gate that passes ends it", SERVES, ((12.0, 30.0),), 18.0),
    ("the earlier one of two", {**SERVES, "web02 gate": ("done", 24.0, 2.0)}, ((12.0, 26.0),), 14.0),
    ("without a gate the first start ends it", UNGATED, ((12.0, 21.0),), 9.0),
    ("a start that failed does not", {**STOPPED, "web01 restart": ("failed", 20.0, 3.0)}, ((12.0, None),), 88.0),
    ("where nothing is stopped first, the restart takes it down", {"web01 restart": ("done", 40.0, 3.0), "web01 gate": ("done", 43.0, 2.0)}, ((40.0, 45.0),), 5.0),
    ("and while it runs it is down", {"web01 restart": ("running", 40.0, 0.0), "web01 gate": ("pending", 0.0, 0.0)}, ((40.0, None),), 60.0),
    ("the earlier restart of two", {"web01 restart": ("done", 41.0, 3.0), "web02 restart": ("running", 40.0, 0.0)}, ((40.0, 44.0),), 4.0),
    ("a restart that is to come takes nothing down", {"web01 switch": ("done", 30.0, 1.0), "web01 restart": ("pending", 0.0, 0.0)}, (), None),
]  # fmt: skip


def times(state: RunState) -> tuple[tuple[float, float | None], ...]:
    return tuple((one.since, one.until) for one in outages(state))


@pytest.mark.parametrize(("steps", "found", "seconds"), [pytest.param(*row[1:], id=row[0]) for row in FORWARD])
def test_from_the_first_stop_to_the_first_that_serves(steps: dict[str, Row], found: tuple[tuple[float, float | None], ...], seconds: float | None):
    state = a_recreate(steps)
    assert times(state) == found
    assert downtime(state, NOW) == seconds
    assert is_down(state) is any(until is None for _, until in found)


def test_a_gate_that_has_to_pass_for_a_while_served_from_its_first_pass_on():
    """It is asked for 4 of its 7 seconds more, to be sure: users were served meanwhile."""
    assert times(a_recreate(SERVES, passing=4.0)) == ((12.0, 26.0),)


PAGES = [
    ("on still, its end is to come", ("pending", 0.0, 0.0), None),
    ("on still, it is being switched", ("running", 31.0, 0.0), None),
    ("on still, its end failed", ("failed", 31.0, 5.0), None),
    ("nobody knows", ("unknown", 31.0, 5.0), None),
    ("off behind the gate", ("done", 31.0, 5.0), 36.0),
    ("off before the gate has passed", ("done", 20.0, 5.0), 30.0),
    ("cancelled: it was off all the while", ("cancelled", 31.0, 5.0), 30.0),
]


@pytest.mark.parametrize(("page", "until"), [pytest.param(*row[1:], id=row[0]) for row in PAGES])
def test_users_are_served_once_the_page_is_gone(page: Row, until: float | None):
    assert times(a_recreate(SERVES, page=page)) == ((12.0, until),)


def test_a_page_of_which_nothing_is_known_yet_is_on():
    """The step is in the plan, and was not begun."""
    assert times(a_recreate(SERVES, pages=(PAGE_OFF,))) == ((12.0, None),)


def test_the_page_of_the_way_back_is_another_one():
    """What ends the way forward is its own page's end; a page that no plan has is in nobody's way."""
    assert times(a_recreate(SERVES, pages=(BACK_OFF,), page=("running", 31.0, 0.0))) == ((12.0, 30.0),)


BACK: dict[str, Row] = {"back web01 stop": ("done", 40.0, 2.0), "back web01 restart": ("done", 43.0, 1.0), "back web01 gate": ("done", 45.0, 5.0)}
THEN: dict[str, Row] = {"back web01 restart": ("done", 43.0, 1.0), "back web01 gate": ("done", 45.0, 5.0)}
BACKWARD = [
    ("it served, and goes down once more", {**SERVES, **BACK}, ((12.0, 30.0), (42.0, 50.0)), 26.0),
    ("it served, and is down on its way back", {**SERVES, **BACK, "back web01 gate": ("running", 45.0, 0.0)}, ((12.0, 30.0), (42.0, None)), 76.0),
    ("it served until the moment that it went down", {**SERVES, **BACK, "back web01 stop": ("done", 28.0, 2.0)}, ((12.0, 30.0), (30.0, 50.0)), 38.0),
    ("the first that served was stopped before", {**SERVES, **BACK, "back web01 stop": ("done", 27.0, 2.0)}, ((12.0, 50.0),), 38.0),
    ("it never served: it is down to the end of the way back", {**STOPPED, **BACK}, ((12.0, 50.0),), 38.0),
    ("it never served, and does not yet", {**STOPPED, "back web01 stop": ("running", 40.0, 0.0)}, ((12.0, None),), 88.0),
    ("a stop is planned on the way back and was not needed", {**STOPPED, **BACK, "back web01 stop": ("pending", 0.0, 0.0)}, ((12.0, 50.0),), 38.0),
    ("the way back restarts without a stop", {**SERVES, **THEN}, ((12.0, 30.0), (43.0, 50.0)), 25.0),
    ("nothing was stopped on the way forward", {"web01 stop": ("pending", 0.0, 0.0), **BACK}, ((42.0, 50.0),), 8.0),
    ("and neither on the way back", {"web01 stop": ("pending", 0.0, 0.0), "back web01 gate": ("done", 45.0, 5.0)}, (), None),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "found", "seconds"), [pytest.param(*row[1:], id=row[0]) for row in BACKWARD])
def test_a_run_that_went_back(steps: dict[str, Row], found: tuple[tuple[float, float | None], ...], seconds: float | None):
    state = a_recreate(steps)
    assert times(state) == found
    assert downtime(state, NOW) == seconds
    assert is_down(state) is any(until is None for _, until in found)


@pytest.mark.parametrize(
    ("stop", "page", "until"),
    [
        (("done", 40.0, 2.0), ("done", 51.0, 3.0), 54.0), (("done", 40.0, 2.0), ("pending", 0.0, 0.0), None),
        (("pending", 0.0, 0.0), ("done", 51.0, 3.0), 54.0), (("pending", 0.0, 0.0), ("running", 51.0, 0.0), None),
    ],
    ids=["off again", "on still", "off again, without a stop", "on still, without a stop"],
)  # fmt: skip
def test_on_the_way_back_its_own_page_counts(stop: Row, page: Row, until: float | None):
    assert times(a_recreate({**STOPPED, **BACK, "back web01 stop": stop}, page=page, pages=(BACK_OFF,))) == ((12.0, until),)


@pytest.mark.parametrize("strategy", ["rolling", "canary", "bluegreen", "rollback", "restart"])
def test_only_a_recreate_takes_the_service_down(strategy: str):
    state = a_recreate({**SERVES, **BACK}, strategy=strategy)
    assert (outages(state), downtime(state, NOW), is_down(state)) == ((), None, False)


def test_before_there_is_a_plan_nothing_is_down():
    assert (outages(RunState()), downtime(RunState(), NOW), is_down(RunState())) == ((), None, False)


@pytest.mark.parametrize(("seconds", "shown"), [(1.23449, 98.766), (1.0004, 99.0), (1.0006, 98.999)])
def test_it_is_said_to_a_thousandth(seconds: float, shown: float):
    """The host was stopped so many seconds after the clock was at 0, and it is asked at 100."""
    assert downtime(a_recreate({"web01 stop": ("done", 0.0000001, seconds)}), NOW) == shown


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 10), st.integers(50, 80), st.integers(0, 10)), min_size=1, max_size=4))
def test_it_is_never_longer_than_the_run_and_never_below_nothing(hosts: list[tuple[int, int, int, int]]):
    """Whatever the order in which hosts are stopped and serve: it begins with one's stop, and ends with one's gate."""
    steps: dict[str, Row] = {}
    for number, (stopped, took, gated, passed) in enumerate(hosts, 1):
        steps[f"web{number:02} stop"] = ("done", float(stopped), float(took))
        steps[f"web{number:02} gate"] = ("done", float(gated), float(passed))
    ((since, until),) = times(a_recreate(steps))
    assert since in {stopped + took for stopped, took, _, _ in hosts}
    assert until in {gated + passed for _, _, gated, passed in hosts}
    assert until is not None
    assert 0 <= until - since <= 90
    assert not is_down(a_recreate(steps))
