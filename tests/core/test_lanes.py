"""One host's part of a plan: which commands, gates and hooks are its own, and how its steps follow each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host_selection import applies
from console.core.plan.lanes import Lane, chained, gates_of
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command, Hook, HookPlace
from console.model.plan import Step
from tests.core.builders import a_step

WEB = Host("web01", tags=("web", "eu"))
PLACES: tuple[HookPlace, ...] = ("before release", "before host", "before switch", "after switch", "after host", "after release", "after rollback")


def a_lane(host: Host = WEB, *, leads: bool = False, phase: str = "release", **fields: object) -> Lane:
    environment = Environment("shop", "production", "/srv/shop", (host,), **fields)  # type: ignore[arg-type]
    return Lane(environment, host, phase, f"wave-1/{host.name}", "r2", 1, leads=leads)  # type: ignore[arg-type]


def commands(*names: str) -> dict[str, Command]:
    return {name: Command(name, timeout=float(number)) for number, name in enumerate(names, 11)}


def runs(steps: tuple[Step, ...]) -> list[str]:
    """What is run, command by command."""
    return [step.command.run for step in steps if step.command]


TAGS = [
    ("for every host", (), ("web",), True),
    ("for every host, also without tags", (), (), True),
    ("for its tag", ("web",), ("web",), True),
    ("for one of its tags", ("web", "jobs"), ("eu", "web"), True),
    ("for another tag", ("jobs",), ("web",), False),
    ("for a tag that it has a part of", ("we",), ("web",), False),
    ("for a tag, where it has none", ("web",), (), False),
]


@pytest.mark.parametrize(("tags", "own", "is_for"), [pytest.param(*row[1:], id=row[0]) for row in TAGS])
def test_something_is_for_a_host(tags: tuple[str, ...], own: tuple[str, ...], is_for: bool):
    assert applies(tags, Host("web01", tags=own)) is is_for


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_something_without_tags_is_for_everybody_and_with_tags_for_who_shares_one(tags: list[str], own: list[str]):
    assert applies(tuple(tags), Host("x", tags=tuple(own))) == (not tags or bool(set(tags) & set(own)))


def test_a_host_passes_the_gates_of_its_tags_in_the_file_s_order():
    every, web, jobs = HealthCheck("every", "tcp"), HealthCheck("web", "tcp", tags=("web",)), HealthCheck("jobs", "tcp", tags=("jobs",))
    environment = Environment("shop", "production", "/srv", (WEB,), health=(web, jobs, every))
    assert gates_of(environment, WEB) == (web, every)
    assert gates_of(environment, Host("job01", tags=("jobs",))) == (jobs, every)
    assert gates_of(Environment("shop", "production", "/srv", (WEB,)), WEB) == ()


RESTARTS = [
    ("a restart", ("restart",), ["restart"], ["restart"], []),
    ("a start", ("start",), ["start"], ["start"], []),
    ("both", ("start", "restart"), ["restart"], ["start"], []),
    ("a stop and a start", ("stop", "start"), ["start"], ["start"], ["stop"]),
    ("a stop and a restart", ("stop", "restart"), ["restart"], ["restart"], []),
    ("all three", ("stop", "start", "restart"), ["restart"], ["start"], []),
    ("a stop alone", ("stop",), [], [], ["stop"]),
    ("nothing", (), [], [], []),
]


@pytest.mark.parametrize(("names", "again", "first", "stop"), [pytest.param(*row[1:], id=row[0]) for row in RESTARTS])
def test_an_application_is_started_restarted_and_stopped_with_what_the_file_has(names: tuple[str, ...], again: list[str], first: list[str], stop: list[str]):
    lane = a_lane(commands=commands(*names))
    assert runs(lane.restart(first=False)) == again
    assert runs(lane.restart(first=True)) == first
    assert runs(lane.stop()) == stop


def test_a_host_s_tags_lay_their_own_command_over_the_common_one():
    lane = a_lane(commands=commands("restart"), tag_commands={"eu": {"restart": {"run": "restart eu"}}, "us": {"restart": {"run": "restart us"}}})
    assert runs(lane.restart(first=False)) == ["restart eu"]
    assert lane.restart(first=False)[0].timeout == 11.0
    assert runs(a_lane(tag_commands={"eu": {"stop": {"run": "stop eu"}}}).stop()) == ["stop eu"]


def test_a_step_is_its_host_s_by_name_place_and_release():
    step = a_lane().step("x", "hook", "do x", 7.0)
    assert (step.name, step.kind, step.phase, step.title, step.about, step.place) == ("wave-1/web01/x", "hook", "release", "do x", "web01", "web01")
    assert (step.wave, step.release, step.timeout, step.command) == (1, "r2", 7.0, None)
    assert (step.idempotent, step.changes, step.fatal, step.needs) == (False, False, True, ())
    other = a_lane().step("x", "hook", "do x", 7.0, command=Command("x"), idempotent=True, changes=True, fatal=False)
    assert (other.command, other.idempotent, other.changes, other.fatal) == (Command("x"), True, True, False)


@pytest.mark.parametrize("changes", [True, False])
def test_a_command_of_the_file_has_its_own_time_and_may_change_what_is_in_service(changes: bool):
    (step,) = a_lane().run("install", Command("make", timeout=9.0), changes=changes)
    assert (step.name, step.kind, step.title, step.timeout, step.changes, step.command) == (
        "wave-1/web01/install",
        "install",
        "install on web01",
        9.0,
        changes,
        Command("make", timeout=9.0),
    )
    assert a_lane().run("install", None, changes=changes) == ()
    assert a_lane().run("stop", Command("x"))[0].changes


def test_a_gate_is_one_step_however_many_checks_it_has():
    health = (HealthCheck("a", "tcp", deadline=5.0), HealthCheck("b", "tcp", deadline=50.0), HealthCheck("c", "tcp", deadline=500.0, tags=("jobs",)))
    (step,) = a_lane(health=health).gate()
    assert (step.name, step.kind, step.title, step.timeout, step.idempotent, step.changes) == (
        "wave-1/web01/gate",
        "gate",
        "health of web01: a, b",
        50.0,
        True,
        False,
    )
    assert a_lane(health=health[2:]).gate() == ()


def test_a_switch_may_be_sent_again():
    step = a_lane().switch()
    assert (step.name, step.kind, step.title, step.timeout, step.idempotent, step.changes) == (
        "wave-1/web01/switch",
        "switch",
        "switch web01 to r2",
        30.0,
        True,
        True,
    )


HOOKS = tuple(Hook(place, Command(f"at {place}")) for place in PLACES)


@pytest.mark.parametrize("place", PLACES)
def test_a_hook_runs_at_its_place_under_its_number_in_the_file(place: HookPlace):
    (step,) = a_lane(hooks=HOOKS).hooks(place)
    assert (step.name, step.kind, step.title) == (f"wave-1/web01/hook-{PLACES.index(place) + 1}", "hook", f"{place} on web01: at {place}")
    assert step.changes is (place not in ("before release", "after release"))


RUNS = [
    ("on every host", Hook("after host", Command("x")), False, True),
    ("once, on the first host", Hook("after host", Command("x"), once=True), True, True),
    ("once, on another host", Hook("after host", Command("x"), once=True), False, False),
    ("for its tag", Hook("after host", Command("x"), tags=("web",)), False, True),
    ("for another tag", Hook("after host", Command("x"), tags=("jobs",)), False, False),
    ("for another tag, on the first host", Hook("after host", Command("x"), tags=("jobs",)), True, False),
    ("once, for its tag, on the first host", Hook("after host", Command("x"), once=True, tags=("web",)), True, True),
    ("at another place", Hook("after switch", Command("x")), True, False),
]


@pytest.mark.parametrize(("hook", "leads", "ran"), [pytest.param(*row[1:], id=row[0]) for row in RUNS])
def test_a_hook_is_for_this_host(hook: Hook, leads: bool, ran: bool):
    assert bool(a_lane(leads=leads, hooks=(hook,)).hooks("after host")) is ran


def test_hooks_of_one_place_run_in_the_file_s_order():
    hooks = (Hook("after host", Command("a"), fatal=False), Hook("before host", Command("b")), Hook("after host", Command("c", timeout=3.0)))
    found = a_lane(hooks=hooks).hooks("after host")
    assert [(step.name, step.fatal, step.timeout) for step in found] == [("wave-1/web01/hook-1", False, 120.0), ("wave-1/web01/hook-3", True, 3.0)]


@given(st.integers(0, 6), st.lists(st.sampled_from(["x", "y"]), max_size=2))
def test_in_a_chain_each_step_needs_the_one_before_and_the_first_what_was_given(number: int, given_needs: list[str]):
    steps = tuple(a_step(f"s{one}", needs=("else",)) for one in range(number))
    found = chained(steps, tuple(given_needs))
    assert [step.name for step in found] == [step.name for step in steps]
    assert [step.needs for step in found] == [tuple(given_needs) if one == 0 else (f"s{one - 1}",) for one in range(number)]
