"""The way back: where a host would go, who goes, in which order, and who stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.return_plan import (
    can_return,
    is_left_old,
    left_behind,
    plan_return,
    plan_rollback,
    return_steps,
    shipped_again,
    touched_hosts,
    way_back,
    way_to,
)
from console.model.configured_environment import Database
from console.model.database_facts import Review
from console.model.host_commands import Command, Hook
from console.model.host_facts import HostFacts, HostRelease
from console.model.plan import ReturnTarget
from console.model.release_facts import Release
from console.model.state import HostState, RunState
from console.model.values import changed, sealed
from console.safe_text import SafeText
from tests.core.builders import a_host_in, a_state, a_step, ended, facts, hosts_of
from tests.core.plans import comes_after, done_on
from tests.core.simulation import an_environment

FLEET = an_environment(4)
WHOLE, BARE = HostRelease("r1", SafeText("v1")), HostRelease("r1", SafeText("v1"), bare=True)
DAMAGED = HostRelease("r1", SafeText("v1"), whole=False, damage=SafeText("1 file differs"))
PROBLEM, BROKEN, HINT = SafeText("no route"), SafeText("current points nowhere"), SafeText("mv current releases/adopted")

TARGETS = [
    ("a live release", facts("web01", "r1", WHOLE), ReturnTarget("web01", "r1", SafeText("v1"))),
    (
        "a live release of another tool",
        facts("web01", "r1", BARE),
        ReturnTarget("web01", "r1", SafeText("v1"), reason=SafeText("it has no manifest: its files cannot be checked")),
    ),
    ("a damaged release", facts("web01", "r1", DAMAGED), ReturnTarget("web01", "r1", SafeText("v1"), possible=False, reason=SafeText("1 file differs"))),
    (
        "a live release that is not there",
        facts("web01", "r9", WHOLE),
        ReturnTarget("web01", "r9", possible=False, reason=SafeText("r9 is not on disk any more")),
    ),
    ("no release", HostFacts("web01"), ReturnTarget("web01", reason=SafeText("no release yet: stopped and removed"))),
    ("a host that is away", facts("web01", "r1", WHOLE, problem=PROBLEM), ReturnTarget("web01", possible=False, reason=PROBLEM)),
    ("a broken link", facts("web01", "r1", WHOLE, current_broken=BROKEN), ReturnTarget("web01", possible=False, reason=BROKEN)),
    ("a folder in its place", HostFacts("web01", current_broken=BROKEN, current_hint=HINT), ReturnTarget("web01", possible=False, reason=BROKEN, hint=HINT)),
]


@pytest.mark.parametrize(("seen", "way"), [pytest.param(*row[1:], id=row[0]) for row in TARGETS])
def test_where_a_host_would_go_back_to(seen: HostFacts, way: ReturnTarget):
    assert way_back(seen) == way


def test_a_named_release_is_gone_to_where_it_is_whole_and_a_link_can_be_switched():
    seen = facts("web01", "r2", WHOLE, HostRelease("r2"))
    assert way_to(seen, "r1") == ReturnTarget("web01", "r1", SafeText("v1"))
    assert way_to(changed(seen, current_broken=BROKEN), "r1") == ReturnTarget("web01", "r1", SafeText("v1"))
    assert way_to(changed(seen, current_broken=BROKEN, current_hint=HINT), "r1") == ReturnTarget("web01", "r1", possible=False, reason=BROKEN, hint=HINT)


def gone(host: str, version: str = "v1", hint: str = "") -> ReturnTarget:
    return ReturnTarget(host, "r1", SafeText(version), possible=False, reason=SafeText("damaged"), hint=SafeText(hint))


AGAIN = "deploy production --version {} --hosts {} --override direction=REASON"
SHIPPED = [
    ("nothing", (), ""),
    ("what can be gone back to", (ReturnTarget("web01", "r1", SafeText("v1")),), ""),
    ("one", (gone("web01"),), AGAIN.format("v1", "web01")),
    ("two of one version", (gone("web01"), gone("web02")), AGAIN.format("v1", "web01,web02")),
    ("two versions", (gone("web01"), gone("web02", "v2"), gone("web03")), f"{AGAIN.format('v1', 'web01,web03')}; {AGAIN.format('v2', 'web02')}"),
    ("a release without a version", (gone("web01", ""),), ""),
    ("a folder in the place of the link", (gone("web01", hint="mv"), gone("web02")), AGAIN.format("v1", "web02")),
    ("a version of two words", (gone("web01", "my release"),), AGAIN.format("'my release'", "web01")),
]


@pytest.mark.parametrize(("ways", "command"), [pytest.param(*row[1:], id=row[0]) for row in SHIPPED])
def test_what_hosts_cannot_go_back_to_is_shipped_again(ways: tuple[ReturnTarget, ...], command: str):
    assert shipped_again(ways, "production") == command


@pytest.mark.parametrize(
    ("ways", "can"),
    [((), True), ((ReturnTarget("web01", "r1"),), True), ((gone("web01"),), False), ((gone("web02"),), True)],
    ids=["not looked at", "whole", "damaged", "another's"],
)
def test_a_host_goes_back_unless_it_is_known_that_it_cannot(ways: tuple[ReturnTarget, ...], can: bool):
    assert can_return(a_state("new", way_back=ways), "web01") is can


def test_the_steps_of_a_host_that_goes_back():
    steps = return_steps(FLEET, FLEET.hosts[0], "r1", ("mark",), 2)
    assert [step.name for step in steps] == ["back/web01/switch", "back/web01/restart", "back/web01/gate"]
    assert [step.needs for step in steps] == [("mark",), ("back/web01/switch",), ("back/web01/restart",)]
    assert {(step.phase, step.release, step.wave, step.about) for step in steps} == {("rollback", "r1", 2, "web01")}
    hooked = changed(FLEET, hooks=(Hook("after rollback", Command("warm")), Hook("after host", Command("no"))))
    assert done_on(return_steps(hooked, FLEET.hosts[0], "r1"), "web01")[-1] == "back/web01/hook-1"
    started = changed(FLEET, commands={"start": Command("start"), "stop": Command("stop")})
    again = changed(FLEET, commands={"start": Command("start"), "restart": Command("restart")})
    assert [step.command.run for step in return_steps(again, FLEET.hosts[0], "r1") if step.command] == ["restart"]
    assert [step.kind for step in return_steps(started, FLEET.hosts[0], "r1")] == ["switch", "restart", "gate"]
    assert {step.wave for step in return_steps(FLEET, FLEET.hosts[0], "r1")} == {1}


@pytest.mark.parametrize(("commands", "kinds"), [({"stop": Command("stop")}, ["stop", "remove"]), ({}, ["remove"])], ids=["with a stop", "without one"])
def test_the_steps_of_a_host_that_goes_back_to_nothing(commands: dict[str, Command], kinds: list[str]):
    steps = return_steps(changed(FLEET, commands=commands), FLEET.hosts[0], "", ("mark",), 3)
    assert [step.kind for step in steps] == kinds
    assert steps[0].needs == ("mark",)
    assert {step.wave for step in steps} == {3}
    assert (steps[-1].title, steps[-1].timeout, steps[-1].idempotent, steps[-1].changes) == ("remove current on web01", 30.0, True, True)


LANE = (
    a_step("w/switch", "switch", "release", "web01"),
    a_step("back/switch", "switch", "rollback", "web01"),
    a_step("back/hook", "hook", "rollback", "web01", fatal=False),
)


def skipped(*statuses: str, **fields: object) -> RunState:
    """web01, skipped, with the steps of its way back that far."""
    names = ("back/switch", "back/hook")
    host = a_host_in("skipped", steps={name: ended(status) for name, status in zip(names, statuses, strict=False)}, **fields)
    return a_state(hosts=hosts_of(host), lanes={"web01": LANE[: 1 + len(statuses)]})


BACKS = [
    ("skipped with no way back yet", skipped(), True, False),
    ("skipped and on its way", skipped("running"), True, False),
    ("skipped and back", skipped("done"), False, True),
    ("skipped and back but for what may fail", skipped("done", "failed"), False, True),
    ("skipped, and its way back failed", skipped("failed", "done"), True, False),
    ("skipped and never touched", skipped(touched=False), False, True),
    ("back", a_state("back"), False, True),
    ("new", a_state("new"), True, False),
    ("failed", a_state("failed"), True, False),
    ("old", a_state("old"), False, False),
    ("owed", a_state("owed"), True, False),
]


@pytest.mark.parametrize(("state", "goes", "stays"), [pytest.param(*row[1:], id=row[0]) for row in BACKS])
def test_a_host_goes_back_where_it_was_touched_and_is_not_back(state: RunState, goes: bool, stays: bool):
    assert touched_hosts(state) == (("web01",) if goes else ())
    assert is_left_old(state, "web01") is stays


def test_touched_hosts_stand_in_the_order_of_the_fleet():
    assert touched_hosts(a_state("new", "old", "failed", "back", "unknown")) == ("web01", "web03", "web05")


WAYS = (ReturnTarget("web01", "r0"), ReturnTarget("web02", "r0"))
LEFT = [
    ("all are back", a_state("back", "back", way_back=WAYS), {}),
    ("one is not", a_state("back", "failed", way_back=WAYS), {"web02": "r0"}),
    ("one was not touched", a_state("back", "old", way_back=WAYS), {}),
    ("one was not touched, of a rollback run", a_state("back", "old", way_back=WAYS, kind="rollback"), {"web02": "r0"}),
    (
        "one was there already, of a rollback run",
        a_state(hosts=hosts_of(a_host_in("back"), a_host_in("old", "web02", release="r0")), way_back=WAYS, kind="rollback"),
        {},
    ),
    (
        "one was elsewhere, of a rollback run",
        a_state(hosts=hosts_of(a_host_in("back"), a_host_in("old", "web02", release="r9")), way_back=WAYS, kind="rollback"),
        {"web02": "r0"},
    ),
    ("one was left out, of a rollback run", a_state("back", "left-out", way_back=WAYS, kind="rollback"), {}),
    ("one cannot go back", a_state("new", "new", way_back=(WAYS[0], gone("web02"))), {"web01": "r0"}),
    ("one has no release to go to", a_state("new", "new", way_back=(WAYS[0], ReturnTarget("web02"))), {"web01": "r0"}),
    ("one is owed", a_state("owed", "back", way_back=WAYS), {"web01": "r0"}),
    ("one is another environment's", a_state("new", way_back=(WAYS[0], ReturnTarget("web09", "r0"))), {"web01": "r0"}),
]


@pytest.mark.parametrize(("state", "left"), [pytest.param(*row[1:], id=row[0]) for row in LEFT])
def test_who_was_to_go_back_and_is_not(state: RunState, left: dict[str, str]):
    assert left_behind(state) == left


def released(*conditions: str, **fields: object) -> RunState:
    hosts = hosts_of(*(a_host_in(condition, f"web{number:02}", before=f"r{number}") for number, condition in enumerate(conditions, 1)))
    return a_state(**{"hosts": hosts, "release": Release("r9", SafeText("v9"), "9" * 40), **fields})


ROLLBACKS = [
    ("all at once", released("new", "new", "new", "new"), "", (("web01", "web02", "web03", "web04"),), "rollback at-once"),
    ("at once by name", released("new", "new"), "at-once", (("web01", "web02"),), "rollback at-once"),
    ("in halves", released("new", "new", "new", "new"), "halves", (("web01", "web02"), ("web03", "web04")), "rollback halves"),
    ("three in halves", released("new", "new", "new"), "halves", (("web01", "web02"), ("web03",)), "rollback halves"),
    ("one in halves", released("new"), "halves", (("web01",),), "rollback halves"),
    ("those that were touched", released("new", "old", "failed", "left-out"), "", (("web01", "web03", "web04"),), "rollback at-once"),
    ("those that are not back", released("back", "new"), "", (("web02",),), "rollback at-once"),
    ("those that can", released("new", "new", way_back=(gone("web01"),)), "", (("web02",),), "rollback at-once"),
    ("nobody", released("old", "old"), "", ((),), "rollback at-once"),
    ("nobody in halves", released("old", "old"), "halves", (), "rollback halves"),
]


@pytest.mark.parametrize(("state", "how", "waves", "strategy"), [pytest.param(*row[1:], id=row[0]) for row in ROLLBACKS])
def test_who_goes_back(state: RunState, how: str, waves: tuple[tuple[str, ...], ...], strategy: str):
    plan = plan_rollback(FLEET, state, how)
    assert (plan.waves, plan.strategy) == (waves, strategy)
    assert [(step.about, step.release, step.wave) for step in plan.steps if step.kind == "switch"] == [
        (name, f"r{int(name[-1])}", number) for number, wave in enumerate(waves, 1) for name in wave
    ]
    assert plan.digest == sealed(plan).digest


def test_a_rollback_is_at_once_where_nothing_else_was_asked_for():
    assert plan_rollback(FLEET, released("new", "new")).strategy == "rollback at-once"


def test_a_skipped_host_that_is_back_is_not_left_behind():
    ways = (ReturnTarget("web01", "r0"),)
    assert left_behind(changed(skipped("done"), way_back=ways)) == {}
    assert left_behind(changed(skipped("running"), way_back=ways)) == {"web01": "r0"}


def test_the_second_half_waits_for_the_first():
    plan = plan_rollback(FLEET, released("new", "new", "new", "new"), "halves")
    for late in ("web03", "web04"):
        assert {"back/web01/gate", "back/web02/gate"} <= comes_after(plan, f"back/{late}/switch")
    assert comes_after(plan, "back/web02/switch") == frozenset()


def test_a_host_that_had_no_release_is_emptied():
    state = a_state(hosts=hosts_of(a_host_in("new", before="")))
    assert done_on(plan_rollback(FLEET, state).steps, "web01") == ["back/web01/remove"]


REVERTS = [
    ("breaks", Command("down"), True),
    ("ok", Command("down"), False),
    ("unknown", Command("down"), False),
    ("breaks", None, False),
]


@pytest.mark.parametrize(("old_code", "revert", "reverted"), REVERTS)
def test_a_migration_is_taken_back_first_where_that_is_needed_and_possible(old_code: str, revert: Command | None, reverted: bool):
    environment = changed(FLEET, database=Database("command", migrate=Command("up"), revert=revert))
    state = released("new", "new", steps={"database/migrate": ended("done")}, review=Review(runs=True, old_code=old_code, where="web01"))  # type: ignore[arg-type]
    plan = plan_rollback(environment, state)
    assert ("database/revert" in {step.name for step in plan.steps}) is reverted
    if reverted:
        assert all("database/revert" in comes_after(plan, f"back/{name}/switch") for name in ("web01", "web02"))


def test_a_host_alone_goes_back_to_what_it_had():
    state = released("new", "failed")
    assert [step.release for step in plan_return(FLEET, state, "web02")] == ["r2", "r2", "r2"]
    assert plan_return(FLEET, changed(state, hosts={**state.hosts, "job01": HostState("job01")}), "job01") == ()


@given(st.lists(st.sampled_from(["new", "old", "back", "failed", "skipped", "owed"]), min_size=1, max_size=4), st.sampled_from(["", "halves"]))
def test_whoever_was_touched_and_is_not_back_goes_once(conditions: list[str], how: str):
    state = released(*conditions)
    plan = plan_rollback(FLEET, state, how)
    assert [name for wave in plan.waves for name in wave] == list(touched_hosts(state))
    assert [step.about for step in plan.steps if step.kind == "switch"] == list(touched_hosts(state))
