"""The way back of a blue/green release as a plan: who serves again first, who rests, what is asked before, and what waits for what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.shift_plan import nobody_returns, plan_shift_back, rest_steps, shift_back, shifts_back, ways_back
from console.core.plan.stages import Staged, in_stages
from console.core.traffic.bluegreen_sides import (
    TRAFFIC_BACK,
    Sides,
    aside,
    hosts_of,
    is_bluegreen,
    is_idle,
    moves_traffic,
    served_before,
    sides_of,
    standing_by,
)
from console.core.words.shortened_list import SHOWN, shortened
from console.errors import Problem
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command
from console.model.paged_table import Table
from console.model.plan import Plan, ReturnTarget, Step, Steps
from console.model.state import HostState, RunState
from console.model.traffic import BalancerProblem, BalancerSeen, HostTraffic, ServerTraffic
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import NAME, balanced
from tests.core.builders import a_state, a_step, counted, ended
from tests.core.plans import comes_after

BLUE, GREEN = ("web01", "web02"), ("web03", "web04")


def two_sides(strategy: str = "bluegreen") -> Environment:
    bare = balanced(4)
    hosts = tuple(changed(host, color="blue" if host.name in BLUE else "green") for host in bare.hosts)
    return changed(bare, hosts=hosts, strategy=strategy, commands={"restart": Command("restart")}, health=(HealthCheck("web", "tcp", port=80),))


FLEET = two_sides()


def shifted(strategy: str = "bluegreen", waves: tuple[tuple[str, ...], ...] = (GREEN,), releases: str = "r0", **conditions: str) -> RunState:
    state = a_state(*(conditions.get(name, "old") for name in BLUE + GREEN))
    hosts = {name: changed(host, release=releases) for name, host in state.hosts.items()}
    return counted(changed(state, plan=Plan(strategy, waves, Steps(())), hosts=Table(hosts)))


SHIFTS = [
    ("nobody serves and nobody rests", (), (), {}, []),
    ("hosts serve again", BLUE, (), {}, ["back/web01/admit", "back/web02/admit", "back/shifted"]),
    ("hosts rest", (), GREEN, {}, ["back/web03/drain", "back/web04/drain"]),
    (
        "first they serve, then the others rest", BLUE, GREEN, {},
        ["back/web01/admit", "back/web02/admit", "back/shifted", "back/web03/drain", "back/web04/drain"],
    ),
    ("health is asked before they serve", BLUE[:1], (), {"gated": True}, ["back/web01/gate", "back/web01/admit", "back/shifted"]),
    ("they are restarted before that", BLUE[:1], (), {"gated": True, "restarts": True}, ["back/web01/restart", "back/web01/gate", "back/web01/admit", "back/shifted"]),
    ("restarted alone", BLUE[:1], (), {"restarts": True}, ["back/web01/restart", "back/web01/admit", "back/shifted"]),
    ("in the order of the file", ("web02", "web01"), ("web04", "web03"), {}, ["back/web01/admit", "back/web02/admit", "back/shifted", "back/web03/drain", "back/web04/drain"]),
    ("a name that the fleet has not got", ("web09",), (), {}, []),
]  # fmt: skip


@pytest.mark.parametrize(("serve", "rest", "how", "steps"), [pytest.param(*row[1:], id=row[0]) for row in SHIFTS])
def test_the_traffic_moves_back(serve: tuple[str, ...], rest: tuple[str, ...], how: dict[str, bool], steps: list[str]):
    plan = plan_shift_back(FLEET, serve, rest, **how)
    assert [step.name for step in plan.steps] == steps
    assert plan.strategy == TRAFFIC_BACK
    assert plan.waves == tuple(tuple(sorted(part)) for part in (serve, rest) if part and "web09" not in part)
    assert all(step.phase == "rollback" for step in plan.steps)


def test_the_new_side_rests_once_the_old_one_serves_and_the_database_came_first():
    first = (a_step("back/database", phase="rollback"), a_step("back/page", phase="rollback"))
    plan = plan_shift_back(FLEET, BLUE, GREEN, first)
    assert [step.name for step in plan.steps][:2] == ["back/database", "back/page"]
    for name in ("back/web01/admit", "back/web02/admit"):
        assert comes_after(plan, name) == {"back/database", "back/page"}
    for name in ("back/web03/drain", "back/web04/drain"):
        assert comes_after(plan, name) >= {"back/web01/admit", "back/web02/admit", "back/shifted"}
    resting = plan_shift_back(FLEET, (), GREEN, first)
    assert all(step.needs == ("back/database", "back/page") for step in resting.steps if step.about)
    assert next(step for step in plan.steps if step.name == "back/shifted").title == "the traffic is back"


def test_hosts_that_go_back_do_so_behind_the_traffic_and_are_in_the_last_wave():
    asked = []

    def returning(needs: tuple[str, ...]) -> tuple[Step, ...]:
        asked.append(needs)
        return (a_step("back/web04/switch", phase="rollback", about="web04", needs=needs),)

    plan = plan_shift_back(FLEET, BLUE, GREEN[:1], returning=returning)
    assert asked == [("back/shifted",)]
    assert plan.waves == (BLUE, GREEN)
    assert [step.name for step in plan.steps][-1] == "back/web04/switch"
    assert nobody_returns(("x",)) == ()


def test_a_side_whose_time_is_over_is_restarted_not_started():
    both = changed(FLEET, commands={"restart": Command("restart"), "start": Command("start")})
    (step,) = [step for step in plan_shift_back(both, BLUE[:1], (), restarts=True).steps if step.kind == "restart"]
    assert step.command == Command("restart")


def test_a_run_takes_its_migration_back_before_the_traffic_and_hosts_without_steps_are_left():
    first = (a_step("database/revert", "revert", "rollback"),)
    state = shifted(web03="new")
    lane = {"web01": (a_step("shift/web01/drain", "drain", "verify", "web01"),)}
    hosts = {**dict(state.hosts.items()), "web01": changed(state.hosts["web01"], steps={"shift/web01/drain": ended("done")})}
    moved = counted(changed(state, lanes=Table(lane), index=Table({"shift/web01/drain": lane["web01"][0]}), hosts=Table(hosts)))
    plan = shift_back(FLEET, moved, ("web03",), first, nobody_returns)
    assert [step.name for step in plan.steps] == ["database/revert", "back/web01/admit", "back/shifted", "back/web03/drain"]
    assert shift_back(FLEET, state, ("web03",), (), nobody_returns).steps[0].name == "back/web03/drain"


WAYS = tuple(ReturnTarget(name, "r0") for name in BLUE + GREEN)


@pytest.mark.parametrize(
    ("state", "returning", "resting"),
    [
        (shifted(), BLUE, GREEN), (shifted("rolling"), BLUE + GREEN, ()), (a_state("old", "old"), BLUE + GREEN, ()), (shifted(releases=""), GREEN, ()),
        (shifted(waves=(GREEN[:1],)), (*BLUE, "web04"), GREEN[:1]),
    ],
    ids=["the traffic moves", "another strategy", "no plan", "a side without a release", "a part of the side"],
)  # fmt: skip
def test_what_a_way_back_does_to_whom(state: RunState, returning: tuple[str, ...], resting: tuple[str, ...]):
    found = ways_back(changed(state, way_back=WAYS))
    assert (tuple(way.host for way in found.returning), found.resting) == (returning, resting)


def test_a_host_that_cannot_go_back_does_not_rest_either():
    damaged = (*WAYS[:3], changed(WAYS[3], possible=False))
    assert ways_back(changed(shifted(), way_back=damaged)) == ((*WAYS[:2], damaged[3]), GREEN[:1])


def test_a_host_that_cannot_be_taken_out_is_not_back():
    (drain,) = rest_steps(FLEET, FLEET.hosts[2])
    assert (drain.name, drain.kind, drain.fatal, drain.phase, drain.about) == ("back/web03/drain", "drain", True, "rollback", "web03")
    assert rest_steps(changed(FLEET, balancers=()), FLEET.hosts[2]) == ()


@given(st.sets(st.sampled_from(BLUE + GREEN)), st.booleans(), st.booleans())
def test_at_no_time_does_anybody_leave_before_everybody_has_come(serve: set[str], gated: bool, restarts: bool):
    rest = set(BLUE + GREEN) - serve
    plan = plan_shift_back(FLEET, serve, rest, gated=gated, restarts=restarts)
    admits = {step.name for step in plan.steps if step.kind == "admit"}
    assert len(admits) == len(serve)
    for step in plan.steps:
        if step.kind == "drain":
            assert admits <= comes_after(plan, step.name)
        if step.kind == "restart":
            assert step.about in serve, "the side that rests is left as it is"


STANDING = [
    ("the other side stands by", shifted(), frozenset(BLUE)),
    ("a host of it that is owed does not", shifted(web01="owed"), frozenset(BLUE[1:])),
    ("nobody does in a rolling release", shifted("rolling"), frozenset()),
    ("nobody does on the way back of the traffic", shifted(TRAFFIC_BACK), frozenset()),
    ("nobody does before there is a plan", a_state("old", "old"), frozenset()),
    ("nobody does where every host is planned", shifted(waves=(BLUE, GREEN)), frozenset()),
]


@pytest.mark.parametrize(("state", "standing"), [pytest.param(*row[1:], id=row[0]) for row in STANDING])
def test_who_stands_by(state: RunState, standing: frozenset[str]):
    assert standing_by(state) == standing
    assert shifts_back(state) is bool(standing)


def test_a_side_that_has_no_release_is_no_way_back():
    assert not shifts_back(shifted(releases=""))
    assert standing_by(shifted(releases="")) == frozenset(BLUE)


@pytest.mark.parametrize(
    ("strategy", "shifts", "moves"), [("bluegreen", True, True), (TRAFFIC_BACK, False, True), ("rolling", False, False), ("canary", False, False)]
)
def test_whether_a_run_moves_the_traffic(strategy: str, shifts: bool, moves: bool):
    assert (is_bluegreen(shifted(strategy)), moves_traffic(shifted(strategy))) == (shifts, moves)
    assert (is_bluegreen(a_state("old")), moves_traffic(a_state("old"))) == (False, False)


IDLE = [
    ("bluegreen", "back", "drained", True),
    ("bluegreen", "new", "drained", False),
    ("bluegreen", "back", "in", False),
    ("rolling", "back", "drained", False),
]


@pytest.mark.parametrize(("strategy", "condition", "mark", "idle"), IDLE)
def test_a_host_that_a_way_back_took_out_is_idle(strategy: str, condition: str, mark: str, idle: bool):
    host = HostState("web03", condition=condition, traffic={NAME: HostTraffic(mark)})  # type: ignore[arg-type]
    assert is_idle(shifted(strategy), host) is idle


def test_who_served_before_is_known_by_the_step_that_took_it_out():
    state = counted(changed(a_state("old", "old"), index=Table({f"{aside('web01')}/drain": a_step("aside/web01/drain", about="web01")})))
    assert served_before(state, "web01")
    assert not served_before(state, "web02")
    assert not served_before(a_state("old"), "web01")


def seen(serve: tuple[str, ...] = (), out: tuple[str, ...] = (), down: tuple[str, ...] = ()) -> BalancerSeen:
    return BalancerSeen(NAME, tuple(ServerTraffic(name, name, "drained" if name in out else "in", name not in down) for name in (*serve, *out, *down)))


AWAY = BalancerProblem(NAME, SafeText("no answer"))
ONE, TWO = dict.fromkeys(BLUE + GREEN, "r1"), {**dict.fromkeys(BLUE, "r1"), **dict.fromkeys(GREEN, "r2")}
WHICH = [
    ("the side that serves is live", seen(BLUE, GREEN), ONE, Sides("blue", "green")),
    ("the other one", seen(GREEN, BLUE), ONE, Sides("green", "blue")),
    ("a side whose hosts are all down is live where it is in", seen((), BLUE, GREEN), ONE, Sides("green", "blue")),
    ("nobody serves and nothing was released", seen((), BLUE + GREEN), {}, Sides("green", "blue")),
    ("both serve one release: the smaller one is idle", seen(BLUE + GREEN[:1], GREEN[1:]), ONE, Sides("blue", "green", GREEN[:1])),
    ("the larger one is live, wherever it stands", seen(GREEN + BLUE[:1], BLUE[1:]), ONE, Sides("green", "blue", BLUE[:1])),
    ("of two alike the first is live", seen(BLUE + GREEN), ONE, Sides("blue", "green", GREEN)),
]


@pytest.mark.parametrize(("look", "releases", "sides"), [pytest.param(*row[1:], id=row[0]) for row in WHICH])
def test_which_side_is_live(look: BalancerSeen, releases: dict[str, str], sides: Sides):
    assert sides_of(FLEET, (look,), releases) == sides


DIFFER = f"both sides get requests at {NAME}, and have different releases (blue: web01, web02; green: web03, web04); take the hosts of one color out there"
NOBODY = f"which side is live is not known: no host gets requests at {NAME}; put the hosts of one color into its traffic there"
UNKNOWN = [
    ("a balancer is away", FLEET, (AWAY,), ONE, "which side is live is not known: a balancer did not answer", "deploy check production"),
    ("nobody was asked", FLEET, (), ONE, "which side is live is not known: a balancer did not answer", "deploy check production"),
    ("nobody serves", FLEET, (seen((), BLUE + GREEN),), ONE, NOBODY, "deploy production"),
    ("both serve other releases", FLEET, (seen(BLUE + GREEN),), TWO, f"{DIFFER}, or use --strategy rolling", "deploy production"),
    ("nobody serves, asked for once", two_sides("rolling"), (seen((), BLUE + GREEN),), ONE, NOBODY, "deploy production --strategy bluegreen"),
    (
        "no balancer", changed(FLEET, balancers=()), (), ONE, "blue/green needs a balancer that moves the traffic, and the file names none",
        "[[environments.production.balancer]] in the file, or --strategy rolling",
    ),
    (
        "hosts without a color", changed(FLEET, hosts=(*FLEET.hosts, Host("web05"))), (seen(BLUE, GREEN),), ONE,
        "blue/green needs a color for each host; without one: web05", 'color = "blue" or "green" in the table of each host, or --strategy rolling',
    ),
    (
        "one color", changed(FLEET, hosts=FLEET.hosts[:2]), (seen(BLUE),), ONE, "blue/green has two colors; the hosts have blue",
        "two colors in the file, or --strategy rolling",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("environment", "looks", "releases", "words", "hint"), [pytest.param(*row[1:], id=row[0]) for row in UNKNOWN])
def test_where_it_is_not_known_which_side_is_live_it_is_said_why(environment: Environment, looks, releases: dict[str, str], words: str, hint: str):
    assert sides_of(environment, looks, releases) == Problem(words, hint)


def test_a_side_is_its_hosts_in_the_order_of_the_file():
    assert [host.name for host in hosts_of(FLEET, "green")] == list(GREEN)
    assert hosts_of(FLEET, "red") == ()


@pytest.mark.parametrize(("count", "more"), [(0, ""), (1, ""), (SHOWN, ""), (SHOWN + 1, " and 1 more"), (300, " and 295 more")])
def test_the_first_hosts_are_named(count: int, more: str):
    names = [f"web{number:03}" for number in range(count)]
    assert shortened(names) == ", ".join(names[:SHOWN]) + more


def stage(host: str, *names: str) -> tuple[Step, ...]:
    return tuple(a_step(f"{host}/{name}", about=host) for name in names)


def order(staged: Staged) -> list[tuple[str, tuple[str, ...]]]:
    return [(step.name, step.needs) for step in staged.steps]


A, B = (stage("a", "stop"), stage("a", "start", "gate")), (stage("b", "stop"), stage("b", "start"))
STAGED = [
    ("nobody", (), ("all have stopped",), [], ()),
    ("one host", (A,), ("all have stopped",), [("a/stop", ("go",)), ("stage", ("a/stop",)), ("a/start", ("stage", "a/stop")), ("a/gate", ("a/start",))], ("a/gate",)),
    (
        "two hosts go in step", (A, B), ("all have stopped",),
        [
            ("a/stop", ("go",)), ("b/stop", ("go",)), ("stage", ("a/stop", "b/stop")), ("a/start", ("stage", "a/stop")), ("a/gate", ("a/start",)),
            ("b/start", ("stage", "b/stop")),
        ],
        ("a/gate", "b/start"),
    ),
    (
        "one that has nothing to do in a stage waits for the others all the same", (A, ((), stage("b", "start"))), ("all have stopped",),
        [("a/stop", ("go",)), ("stage", ("a/stop",)), ("a/start", ("stage", "a/stop")), ("a/gate", ("a/start",)), ("b/start", ("stage", "go"))],
        ("a/gate", "b/start"),
    ),
    ("one stage has no mark", ((stage("a", "stop"),),), (), [("a/stop", ("go",))], ("a/stop",)),
    (
        "a stage in which nobody has anything to do", (((), (), stage("a", "x")),), ("one", "two"),
        [("stage", ()), ("stage", ("stage",)), ("a/x", ("stage", "go"))], ("a/x",),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("hosts", "titles", "steps", "ends"), [pytest.param(*row[1:], id=row[0]) for row in STAGED])
@pytest.mark.parametrize(("phase", "prefix"), [("release", "recreate"), ("rollback", "back")])
def test_hosts_go_in_step(hosts, titles: tuple[str, ...], steps: list[tuple[str, tuple[str, ...]]], ends: tuple[str, ...], phase: str, prefix: str):
    staged = in_stages(hosts, lambda place: ("go",), phase, titles)  # type: ignore[arg-type]
    short = [("stage" if "stage-" in name else name, tuple("stage" if "stage-" in need else need for need in needs)) for name, needs in order(staged)]
    assert (short, staged.ends) == (steps, ends)
    marks = [step for step in staged.steps if step.kind == "mark"]
    assert [(mark.name, mark.title, mark.phase) for mark in marks] == [(f"{prefix}/stage-{n}", title, phase) for n, title in enumerate(titles, 1) if hosts]
    assert all((mark.timeout, mark.idempotent, mark.about, mark.changes) == (0.0, True, "", False) for mark in marks)


def test_each_host_waits_for_what_it_is_said_to_wait_for():
    staged = in_stages((A, B), lambda place: (f"before-{place}",), "release", ("x",))
    assert order(staged)[:2] == [("a/stop", ("before-0",)), ("b/stop", ("before-1",))]
