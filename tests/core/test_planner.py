"""Which steps a run takes on which host, and what has to be settled before what."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.planner import plan_catch_up, plan_release, plan_restart
from console.core.plan.return_plan import plan_way_back
from console.core.plan.strategies import registry
from console.core.plan.strategies.rolling import waves_of
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Build, Database, Environment
from console.model.database_facts import Review
from console.model.host import Host
from console.model.host_commands import Command, Hook
from console.model.number_of_hosts import NumberOfHosts
from console.model.plan import Plan
from console.model.strategy import Rolling
from console.model.strategy_names import STRATEGIES
from console.model.values import changed, sealed
from tests.core.builders import a_step
from tests.core.plans import comes_after, done_on, named
from tests.core.simulation import NEW, OLD, an_environment

NONE: frozenset[str] = frozenset()
FLEET = an_environment(3)
FULL = changed(
    FLEET,
    build=Build("make", timeout=60.0),
    monitor=30.0,
    commands={
        "fetch": Command("fetch", timeout=11.0),
        "install": Command("install", timeout=12.0),
        "stop": Command("stop", timeout=13.0),
        "start": Command("start", timeout=14.0),
    },
    hooks=tuple(
        Hook(at, Command(f"hook {at}"))
        for at in ("before release", "before host", "before switch", "after switch", "after host", "after release", "after rollback")
    ),
)


def released(environment: Environment, *, first: frozenset[str] = NONE, **options: object) -> Plan:
    return plan_release(environment, environment.hosts, NEW, first, **options)  # type: ignore[arg-type]


def batched(environment: Environment, *amounts: NumberOfHosts, **rolling: object) -> Environment:
    return changed(environment, rolling=Rolling(batch=amounts, **rolling))  # type: ignore[arg-type]


def a_fleet(number: int) -> tuple[Host, ...]:
    return an_environment(number).hosts


WAVES = [
    ("one by one", 3, (NumberOfHosts(count=1),), [1, 1, 1]),
    ("two by two", 5, (NumberOfHosts(count=2),), [2, 2, 1]),
    ("all at once", 3, (NumberOfHosts(share=1.0),), [3]),
    ("more than there are", 3, (NumberOfHosts(count=9),), [3]),
    ("one, then all", 5, (NumberOfHosts(count=1), NumberOfHosts(share=1.0)), [1, 4]),
    ("one, then half, which repeats", 10, (NumberOfHosts(count=1), NumberOfHosts(share=0.5)), [1, 5, 4]),
    ("a share of the whole fleet, not of the rest", 10, (NumberOfHosts(count=5), NumberOfHosts(share=0.2)), [5, 2, 2, 1]),
    ("a share that is less than a host", 3, (NumberOfHosts(share=0.1),), [1, 1, 1]),
    ("no host", 0, (NumberOfHosts(count=1),), []),
    ("more sizes than waves", 2, (NumberOfHosts(count=2), NumberOfHosts(count=1)), [2]),
]


@pytest.mark.parametrize(("hosts", "batch", "sizes"), [pytest.param(*row[1:], id=row[0]) for row in WAVES])
def test_a_fleet_goes_in_waves(hosts: int, batch: tuple[NumberOfHosts, ...], sizes: list[int]):
    waves = waves_of(batch, a_fleet(hosts))
    assert [len(wave) for wave in waves] == sizes
    assert tuple(host for wave in waves for host in wave) == a_fleet(hosts)


@given(
    st.integers(1, 30),
    st.lists(st.one_of(st.builds(NumberOfHosts, count=st.integers(1, 9)), st.builds(NumberOfHosts, share=st.floats(0.01, 1.0))), min_size=1, max_size=4),
)
def test_each_host_is_in_one_wave_in_the_order_of_the_fleet(hosts: int, batch: list[NumberOfHosts]):
    plan = released(batched(an_environment(hosts), *batch))
    assert [name for wave in plan.waves for name in wave] == [host.name for host in a_fleet(hosts)]
    for number, wave in enumerate(plan.waves, 1):
        assert all(named(plan, f"wave-{number}/{name}/switch").wave == number for name in wave)


PREPARE = ["prepare/web01/ship", "prepare/web01/install"]
CLOSE = ["close/web01/prune"]
WAVE = ["wave-1/web01/switch", "wave-1/web01/restart", "wave-1/web01/gate"]
STOPPED = {"stop": Command("stop"), "start": Command("start")}
DONE = [
    ("a release", FLEET, NONE, [*PREPARE, *WAVE, *CLOSE]),
    ("without an install", changed(FLEET, commands={"restart": Command("r")}), NONE, [PREPARE[0], *WAVE, *CLOSE]),
    ("without a gate", changed(FLEET, health=()), NONE, [*PREPARE, *WAVE[:2], *CLOSE]),
    ("without any command", changed(FLEET, commands={}, health=()), NONE, [PREPARE[0], WAVE[0], *CLOSE]),
    ("with a stop and a start", changed(FLEET, commands=STOPPED), NONE, [PREPARE[0], "wave-1/web01/stop", *WAVE, *CLOSE]),
    ("a first release with a stop and a start", changed(FLEET, commands=STOPPED), frozenset({"web01"}), [PREPARE[0], *WAVE, *CLOSE]),
    ("with a stop beside a restart", changed(FLEET, commands={**STOPPED, "restart": Command("r")}), NONE, [PREPARE[0], *WAVE, *CLOSE]),
    ("with a stop alone", changed(FLEET, commands={"stop": Command("s")}), NONE, [PREPARE[0], "wave-1/web01/stop", WAVE[0], WAVE[2], *CLOSE]),
    ("a gate for other hosts", changed(FLEET, health=(HealthCheck("x", "tcp", tags=("jobs",)),)), NONE, [*PREPARE, *WAVE[:2], *CLOSE]),
    (
        "with everything",
        FULL,
        NONE,
        [
            "prepare/web01/ship",
            "prepare/web01/fetch",
            "prepare/web01/install",
            "prepare/web01/hook-1",
            "wave-1/web01/hook-2",
            "wave-1/web01/stop",
            "wave-1/web01/hook-3",
            "wave-1/web01/switch",
            "wave-1/web01/hook-4",
            "wave-1/web01/restart",
            "wave-1/web01/gate",
            "wave-1/web01/hook-5",
            "close/web01/hook-6",
            "close/web01/prune",
        ],
    ),
]


@pytest.mark.parametrize(("environment", "first", "names"), [pytest.param(*row[1:], id=row[0]) for row in DONE])
def test_what_is_done_on_a_host(environment: Environment, first: frozenset[str], names: list[str]):
    plan = released(environment, first=first)
    assert done_on(plan.steps, "web01") == names
    for before, after in pairwise(names):
        if after.startswith("close/") and before.startswith("wave-"):
            continue
        assert before in comes_after(plan, after)


@pytest.mark.parametrize(("first", "runs"), [(NONE, "restart"), (frozenset({"web01"}), "start"), (frozenset({"web02"}), "restart")])
def test_a_host_is_started_where_it_never_ran(first: frozenset[str], runs: str):
    environment = changed(FLEET, commands={"start": Command("start"), "restart": Command("restart")})
    command = named(released(environment, first=first), "wave-1/web01/restart").command
    assert command is not None
    assert command.run == runs


@pytest.mark.parametrize(("commands", "first", "runs"), [({"start": "start"}, NONE, "start"), ({"restart": "restart"}, frozenset({"web01"}), "restart")])
def test_the_one_command_that_there_is_is_run(commands: dict[str, str], first: frozenset[str], runs: str):
    environment = changed(FLEET, commands={name: Command(words) for name, words in commands.items()})
    command = named(released(environment, first=first), "wave-1/web01/restart").command
    assert command is not None
    assert command.run == runs


STEPS = {
    "release/build": ("build", "prepare", "build: make", "", 60.0, True, False, True, ""),
    "release/pack": ("pack", "prepare", "pack the release", "", 900.0, True, False, True, ""),
    "prepare/web01/ship": ("ship", "prepare", "ship to web01", "web01", 900.0, True, False, True, NEW),
    "prepare/web01/fetch": ("fetch", "prepare", "fetch on web01", "web01", 11.0, False, False, True, NEW),
    "prepare/web01/install": ("install", "prepare", "install on web01", "web01", 12.0, False, False, True, NEW),
    "prepare/web01/hook-1": ("hook", "prepare", "before release on web01: hook before release", "web01", 120.0, False, False, True, NEW),
    "wave-1/web01/hook-2": ("hook", "release", "before host on web01: hook before host", "web01", 120.0, False, True, True, NEW),
    "wave-1/web01/stop": ("stop", "release", "stop on web01", "web01", 13.0, False, True, True, NEW),
    "wave-1/web01/switch": ("switch", "release", f"switch web01 to {NEW}", "web01", 30.0, True, True, True, NEW),
    "wave-1/web01/restart": ("restart", "release", "restart on web01", "web01", 14.0, False, True, True, NEW),
    "wave-1/web01/gate": ("gate", "release", "health of web01: web", "web01", 180.0, True, False, True, NEW),
    "wave-1/web01/hook-5": ("hook", "release", "after host on web01: hook after host", "web01", 120.0, False, True, True, NEW),
    "verify/monitor": ("monitor", "verify", "watch health for 30 s", "", 90.0, True, False, True, NEW),
    "close/web01/hook-6": ("hook", "close", "after release on web01: hook after release", "web01", 120.0, False, False, True, NEW),
    "close/web01/prune": ("prune", "close", "remove old releases on web01", "web01", 120.0, True, False, False, NEW),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_says_what_it_is(name: str):
    step = named(released(FULL), name)
    assert (step.kind, step.phase, step.title, step.about, step.timeout, step.idempotent, step.changes, step.fatal, step.release) == STEPS[name]


def test_each_command_is_the_file_s():
    plan = released(FULL)
    assert {name: step.command.run for name in STEPS if (step := named(plan, name)).command} == {
        "prepare/web01/fetch": "fetch",
        "prepare/web01/install": "install",
        "prepare/web01/hook-1": "hook before release",
        "wave-1/web01/hook-2": "hook before host",
        "wave-1/web01/stop": "stop",
        "wave-1/web01/restart": "start",
        "wave-1/web01/hook-5": "hook after host",
        "close/web01/hook-6": "hook after release",
    }


@pytest.mark.parametrize("at", ["before release", "before host", "before switch", "after switch", "after host", "after release"])
def test_a_hook_that_runs_once_runs_on_the_first_host_alone(at: str):
    once, every = Hook(at, Command("one"), once=True), Hook(at, Command("all"))  # type: ignore[arg-type]
    plan = released(batched(changed(FLEET, hooks=(once, every)), NumberOfHosts(count=2)))
    ran = [(step.about, step.command.run) for step in plan.steps if step.kind == "hook" and step.command]
    assert sorted(ran) == [("web01", "all"), ("web01", "one"), ("web02", "all"), ("web03", "all")]


@pytest.mark.parametrize(("tags", "hosts"), [((), ["web01", "web02", "web03"]), (("jobs",), ["web02"]), (("jobs", "db"), ["web02", "web03"]), (("none",), [])])
def test_a_hook_with_tags_runs_where_one_of_them_is(tags: tuple[str, ...], hosts: list[str]):
    tagged = tuple(changed(host, tags=own) for host, own in zip(FLEET.hosts, ((), ("jobs",), ("db", "x")), strict=True))
    plan = released(changed(FLEET, hosts=tagged, hooks=(Hook("after switch", Command("x"), tags=tags),)))
    assert [step.about for step in plan.steps if step.kind == "hook"] == hosts


def test_a_hook_that_may_fail_is_not_its_host_s_failure():
    hooks = (Hook("after host", Command("x", timeout=7.0), fatal=False), Hook("after host", Command("y")))
    plan = released(changed(FLEET, hooks=hooks))
    assert [(step.name, step.fatal, step.timeout) for step in plan.steps if step.kind == "hook" and step.about == "web01"] == [
        ("wave-1/web01/hook-1", False, 7.0),
        ("wave-1/web01/hook-2", True, 120.0),
    ]


def test_a_gate_waits_for_its_slowest_check_and_names_them_all():
    health = (HealthCheck("a", "tcp", deadline=10.0), HealthCheck("b", "tcp", deadline=90.0), HealthCheck("c", "tcp", deadline=999.0, tags=("jobs",)))
    step = named(released(changed(FLEET, health=health)), "wave-1/web01/gate")
    assert (step.title, step.timeout) == ("health of web01: a, b", 90.0)


def test_a_release_is_rolling_and_the_same_in_every_step_of_a_host():
    plan = released(changed(FULL, database=DATABASE), review=REVIEW)
    assert plan.strategy == "rolling"
    assert {step.release for step in plan.steps if step.about or step.name.startswith("database/")} == {NEW}


def test_nothing_is_switched_before_every_host_has_the_release():
    plan = released(batched(FLEET, NumberOfHosts(count=1)))
    for host in ("web01", "web02", "web03"):
        before = comes_after(plan, f"wave-{int(host[-1])}/{host}/switch")
        assert {f"prepare/{name}/install" for name in ("web01", "web02", "web03")} <= before
        assert "release/pack" in before


def test_a_build_comes_before_the_pack_and_that_before_all_else():
    plan = released(FULL)
    assert comes_after(plan, "release/pack") == {"release/build"}
    assert comes_after(plan, "prepare/web02/ship") == {"release/build", "release/pack"}
    assert comes_after(released(FLEET), "release/pack") == NONE


def test_a_wave_begins_when_all_hosts_of_the_one_before_have_ended():
    plan = released(batched(an_environment(4), NumberOfHosts(count=2)))
    assert {"wave-1/web01/gate", "wave-1/web02/gate"} <= comes_after(plan, "wave-2/web03/switch")
    assert "wave-1/web02/gate" not in comes_after(plan, "wave-1/web01/gate")
    assert "wave-2/web04/switch" not in comes_after(plan, "wave-2/web03/gate")


def test_what_closes_a_run_comes_after_the_last_wave_and_its_window():
    plan = released(batched(FULL, NumberOfHosts(count=2)))
    assert "wave-2/web03/hook-5" in comes_after(plan, "verify/monitor")
    assert {"verify/monitor", "wave-2/web03/hook-5", "wave-1/web01/hook-5"} <= comes_after(plan, "close/web01/prune")
    assert "wave-2/web03/gate" in comes_after(released(batched(FLEET, NumberOfHosts(count=2))), "close/web01/prune")
    assert "close/web02/prune" not in comes_after(plan, "close/web01/prune")


@pytest.mark.parametrize("kind", ["release", "restart"])
def test_only_the_waves_after_the_first_wait_a_pause(kind: str):
    environment = batched(FLEET, NumberOfHosts(count=1), pause=45.0)
    plan = released(environment) if kind == "release" else plan_restart(environment, environment.hosts, {})
    assert [step.pause for step in plan.steps if step.kind == "wave"] == [0.0, 45.0, 45.0]
    assert all(step.pause == 0.0 for step in plan.steps if step.kind != "wave")


def test_a_wave_says_who_is_in_it():
    plan = released(batched(an_environment(9), NumberOfHosts(count=1), NumberOfHosts(count=6), NumberOfHosts(count=8)))
    titles = [str(step.title) for step in plan.steps if step.kind == "wave"]
    assert titles == ["wave 1 of 3: web01", "wave 2 of 3: web02, web03, web04, web05, web06, web07", "wave 3 of 3: web08, web09"]
    (seven,) = [step.title for step in released(batched(an_environment(7), NumberOfHosts(share=1.0))).steps if step.kind == "wave"]
    assert seven == "wave 1 of 1: web01, web02, web03, web04, web05, web06 and 1 more"
    (large,) = [step.title for step in released(batched(an_environment(9), NumberOfHosts(share=1.0))).steps if step.kind == "wave"]
    assert large == "wave 1 of 1: web01, web02, web03, web04, web05, web06 and 3 more"
    assert [(step.wave, step.phase, step.idempotent, step.timeout) for step in plan.steps if step.kind == "wave"] == [
        (number, "release", True, 0.0) for number in (1, 2, 3)
    ]


DATABASE = Database("command", backup=Command("dump"), migrate=Command("migrate"))
REVIEW = Review(runs=True, where="web01", backs_up=True)


def test_a_database_is_backed_up_and_migrated_between_shipping_and_switching():
    plan = released(changed(FLEET, database=DATABASE), review=REVIEW)
    assert {f"prepare/web0{number}/install" for number in (1, 2, 3)} <= comes_after(plan, "database/backup")
    assert "database/backup" in comes_after(plan, "database/migrate")
    assert "database/migrate" in comes_after(plan, "wave-1/web01/switch")


def test_no_backup_no_migration_unless_that_was_overridden():
    bare = changed(FLEET, database=changed(DATABASE, backup=None))
    review = changed(REVIEW, backs_up=False)
    assert not any(step.kind == "migrate" for step in released(bare, review=review).steps)
    assert [step.kind for step in released(bare, review=review, unbacked=True).steps if step.name.startswith("database/")] == ["migrate"]


def test_a_pack_must_come_to_what_was_verified():
    assert named(released(FLEET, expects="d1"), "release/pack").expects == "d1"
    assert named(released(FLEET), "release/pack").expects == ""


def test_a_restart_touches_no_release():
    plan = plan_restart(batched(FLEET, NumberOfHosts(count=2)), FLEET.hosts, {"web01": OLD})
    assert (plan.strategy, plan.waves) == ("restart", (("web01", "web02"), ("web03",)))
    assert done_on(plan.steps, "web01") == ["wave-1/web01/restart", "wave-1/web01/gate"]
    assert named(plan, "wave-1/web01/restart").release == OLD
    assert named(plan, "wave-1/web02/restart").release == ""
    assert {"wave-1/web01/gate", "wave-1/web02/gate"} <= comes_after(plan, "wave-2/web03/restart")
    assert {step.kind for step in plan.steps} == {"wave", "restart", "gate"}
    stopped = plan_restart(changed(FLEET, commands=STOPPED), FLEET.hosts, {})
    assert done_on(stopped.steps, "web01") == ["wave-1/web01/stop", "wave-1/web01/restart", "wave-1/web01/gate"]
    assert named(stopped, "wave-1/web01/restart").command == Command("start")
    assert "wave-1/web01/gate" in comes_after(stopped, "wave-2/web02/stop")
    both = plan_restart(changed(FLEET, commands={"start": Command("start"), "restart": Command("restart")}), FLEET.hosts, {})
    assert named(both, "wave-1/web01/restart").command == Command("restart")
    assert {(step.phase, step.wave) for step in plan.steps if step.about == "web03"} == {("release", 2)}
    assert [str(step.title) for step in plan.steps if step.kind == "wave"] == ["wave 1 of 2: web01, web02", "wave 2 of 2: web03"]


def test_a_restart_runs_no_hook():
    assert not any(step.kind == "hook" for step in plan_restart(FULL, FULL.hosts, {}).steps)


@pytest.mark.parametrize(
    ("on_disk", "shipped"),
    [(NONE, ["web01", "web02"]), (frozenset({"web01"}), ["web02"]), (frozenset({"web01", "web02"}), [])],
    ids=["nowhere", "on one", "on both"],
)
def test_a_catch_up_ships_where_the_release_is_not(on_disk: frozenset[str], shipped: list[str]):
    hosts = FLEET.hosts[:2]
    plan = plan_catch_up(FLEET, hosts, NEW, on_disk, NONE, "d1")
    assert (plan.strategy, plan.waves) == ("catch-up", (("web01", "web02"),))
    assert [step.about for step in plan.steps if step.kind == "ship"] == shipped
    assert [step.expects for step in plan.steps if step.kind == "pack"] == (["d1"] if shipped else [])
    assert {step.about for step in plan.steps if step.kind == "switch"} == {"web01", "web02"}
    assert {f"wave-1/{host.name}/gate" for host in hosts} <= comes_after(plan, "close/web01/prune")
    assert {step.release for step in plan.steps if step.about} == {NEW}
    for name in shipped:
        assert comes_after(plan, f"prepare/{name}/ship") == {"release/pack"}
    if "web02" in shipped:
        assert "prepare/web02/install" in comes_after(plan, "wave-1/web02/switch")


def test_a_catch_up_runs_what_runs_once_at_most_once():
    environment = changed(FLEET, hooks=(Hook("before release", Command("x"), once=True), Hook("after host", Command("y"), once=True)))
    plan = plan_catch_up(environment, FLEET.hosts, NEW, NONE, NONE, "")
    assert [(step.about, step.name) for step in plan.steps if step.kind == "hook"] == [("web01", "wave-1/web01/hook-2")]


def test_a_first_release_is_caught_up_with_a_start():
    environment = changed(FLEET, commands={"start": Command("start"), "restart": Command("restart")})
    plan = plan_catch_up(environment, FLEET.hosts, NEW, NONE, frozenset({"web02"}), "")
    assert [step.command.run for step in plan.steps if step.kind == "restart" and step.command] == ["restart", "start", "restart"]


BACKWARDS = [
    ("at once", {"web01": OLD, "web02": OLD, "web03": OLD}, "", (("web01", "web02", "web03"),), "rollback at-once"),
    ("in halves", {"web01": OLD, "web02": OLD, "web03": OLD}, "halves", (("web01", "web02"), ("web03",)), "rollback halves"),
    ("one host in halves", {"web02": OLD}, "halves", (("web02",),), "rollback halves"),
    ("two hosts in halves", {"web02": OLD, "web03": OLD}, "halves", (("web02",), ("web03",)), "rollback halves"),
    ("a host that is none", {"web01": OLD, "job01": OLD}, "", (("web01",),), "rollback at-once"),
    ("in the order of the fleet", {"web03": OLD, "web01": OLD}, "", (("web01", "web03"),), "rollback at-once"),
]


@pytest.mark.parametrize(("targets", "how", "waves", "strategy"), [pytest.param(*row[1:], id=row[0]) for row in BACKWARDS])
def test_a_rollback_run_takes_these_hosts_back(targets: dict[str, str], how: str, waves: tuple[tuple[str, ...], ...], strategy: str):
    plan = plan_way_back(FLEET, targets, how)
    assert (plan.strategy, plan.waves) == (strategy, waves)
    assert [step.about for step in plan.steps if step.kind == "switch"] == [name for wave in waves for name in wave]
    assert all(step.phase == "rollback" for step in plan.steps)
    assert {step.about: step.wave for step in plan.steps if step.about} == {name: number for number, wave in enumerate(waves, 1) for name in wave}
    assert plan_way_back(FLEET, targets).strategy == "rollback at-once"
    for name in waves[-1]:
        assert (f"back/{waves[0][0]}/gate" in comes_after(plan, f"back/{name}/switch")) is (len(waves) == 2)


def test_what_has_to_be_done_before_a_rollback_comes_before_every_host():
    revert = a_step("database/revert", "revert", "rollback")
    plan = plan_way_back(FLEET, {"web01": OLD, "web02": OLD}, "halves", (revert,))
    assert plan.steps[0] == revert
    assert all("database/revert" in comes_after(plan, f"back/{name}/switch") for name in ("web01", "web02"))


def test_a_host_that_goes_back_to_nothing_is_stopped_and_emptied():
    stopping = changed(FLEET, commands={**FLEET.commands, "stop": Command("stop")})
    plan = plan_way_back(stopping, {"web01": "", "web02": OLD})
    assert done_on(plan.steps, "web01") == ["back/web01/stop", "back/web01/remove"]
    assert done_on(plan_way_back(FLEET, {"web01": ""}).steps, "web01") == ["back/web01/remove"]
    step = named(plan, "back/web01/remove")
    assert (step.title, step.timeout, step.idempotent, step.changes, step.release) == ("remove current on web01", 30.0, True, True, "")


@pytest.mark.parametrize(
    "plan",
    [released(FULL), plan_restart(FULL, FULL.hosts, {}), plan_catch_up(FULL, FULL.hosts, NEW, NONE, NONE, ""), plan_way_back(FULL, {"web01": OLD})],
    ids=lambda plan: plan.strategy,
)
def test_a_plan_is_sealed_and_each_step_has_its_own_name(plan: Plan):
    assert plan.digest == sealed(plan).digest
    assert len({step.name for step in plan.steps}) == len(plan.steps)
    assert all(need in {step.name for step in plan.steps} for step in plan.steps for need in step.needs)


def test_two_plans_that_differ_have_two_digests():
    plans = [
        released(FLEET),
        released(FULL),
        released(FLEET, first=frozenset({"web01"}), expects="d"),
        released(batched(FLEET, NumberOfHosts(count=2))),
        released(batched(FLEET, NumberOfHosts(count=1), pause=1.0)),
    ]
    assert len({plan.digest for plan in plans}) == len(plans)
    assert released(FLEET).digest == released(an_environment(3)).digest


@given(st.integers(1, 12), st.integers(1, 4), st.booleans())
def test_no_step_waits_for_itself_and_every_step_can_be_reached(hosts: int, batch: int, full: bool):
    environment = changed(FULL if full else FLEET, hosts=a_fleet(hosts))
    plan = released(batched(environment, NumberOfHosts(count=batch)))
    settled: set[str] = set()
    for step in plan.steps:
        assert set(step.needs) <= settled, "steps stand in an order in which they can be done"
        settled.add(step.name)


def test_each_strategy_that_may_be_named_is_one_and_has_a_plan():
    assert set(registry.STRATEGIES) == set(STRATEGIES)
    for name in STRATEGIES:
        hosts = tuple(changed(host, color=("blue", "green")[number % 2]) for number, host in enumerate(FLEET.hosts))
        environment = changed(FLEET, strategy=name, hosts=hosts)
        assert plan_release(environment, hosts[:1], NEW, NONE).strategy == name
