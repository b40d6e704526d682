"""A rollback as a run of its own: what may hold it up, which side the traffic may move back to, in which way hosts go back behind a balancer."""

from datetime import UTC, datetime, timedelta

import pytest

from console.core.checks.fleet import INODES_OF_STEPS
from console.core.kinds.preflight_result import PreflightResult
from console.core.kinds.rollback import checks, destination, plan
from console.core.rollback_targets import Targets
from console.model.checks import Check
from console.model.configured_environment import Database, Environment
from console.model.database_facts import Review
from console.model.host_commands import Command
from console.model.host_facts import HostFacts, HostRelease, LockHolder
from console.model.plan import ReturnTarget
from console.model.release_facts import Release
from console.model.request import Request
from console.model.strategy import BlueGreen
from console.model.traffic import BalancerSeen, OwnWeight, ServerTraffic
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import NAME, balanced
from tests.core.builders import a_state, ended
from tests.core.simulation import NEW, OLD, an_environment

FLEET = an_environment(4)
NAMES = tuple(host.name for host in FLEET.hosts)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BOTH = (HostRelease(OLD, SafeText("v1"), "a" * 40), HostRelease(NEW, SafeText("v2"), "b" * 40))


def seen(host: str, **fields: object) -> HostFacts:
    return HostFacts(host, **{"current": NEW, "releases": BOTH, "free": 2**40, **fields})  # type: ignore[arg-type]


def found(environment: Environment = FLEET, *, targets: Targets | None = None, **fields: object) -> PreflightResult:
    """What a rollback of all hosts to the old release found, unless it says otherwise."""
    facts = fields.pop("facts", tuple(seen(host.name) for host in environment.hosts))
    request = changed(fields.pop("request", Request()), kind="rollback")  # type: ignore[type-var]
    targets = targets or Targets({host.name: OLD for host in environment.hosts})
    return PreflightResult(environment, request, "r9", NOW, NOW, facts, targets=targets, **fields)  # type: ignore[arg-type]


def check(inputs: PreflightResult, name: str) -> Check:
    return next(one for one in checks(inputs) if one.id == name)


def test_what_the_fleet_is_like_is_shown_and_nothing_of_it_blocks():
    facts = (seen("web01", free=0, clock_skew=99.0), *(HostFacts(name, problem=SafeText("no route"), problem_kind="unreachable") for name in NAMES[1:]))
    shown = [one for one in checks(found(facts=facts)) if one.id not in ("lock", "way-back")]
    assert [one.blocking for one in shown] == [False] * len(shown)
    assert "no route" in check(found(facts=facts), "reach").detail


@pytest.mark.parametrize("free", [0, 1])
def test_a_rollback_needs_no_room_for_a_release(free: int):
    assert check(found(facts=tuple(seen(name, free=free) for name in NAMES)), "space").status == "passed"


LOCKS = [
    ("free", {}, "passed", False), ("held by another run", {"lock": LockHolder(SafeText("bo"), run="r0")}, "failed", True),
    ("held by this run", {"lock": LockHolder(SafeText("ada"), run="r9")}, "passed", False),
    ("a person's note", {"closed": LockHolder(SafeText("ada"), reason=SafeText("audit"))}, "passed", False),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "status", "blocks"), [pytest.param(*row[1:], id=row[0]) for row in LOCKS])
def test_which_lock_holds_a_rollback_up(fields: dict[str, object], status: str, blocks: bool):
    lock = check(found(facts=tuple(seen(name, **fields) for name in NAMES)), "lock")
    assert (lock.status, lock.blocks) == (status, blocks)


def test_where_no_host_answers_nothing_is_known_and_nothing_is_held_up_by_that():
    facts = tuple(HostFacts(name, problem=SafeText("no route"), problem_kind="unreachable") for name in NAMES)
    lock, way = (check(found(facts=facts), name) for name in ("lock", "way-back"))
    assert (lock.status, lock.blocking, way.status, way.blocking, way.firm) == ("error", False, "error", False, True)


KEEP = changed(an_environment(2), bluegreen=BlueGreen(keep_old=3600.0))
AN_HOUR_AGO, BEFORE_THAT = (f"{NOW - timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}" for seconds in (3600, 3601))
LIVE_OLD, GONE, ELSE = seen("web01", current=OLD), seen("web01", current=""), seen("web01", current="r7")
SIDES = [
    ("just in time", LIVE_OLD, AN_HOUR_AGO, "passed", "1 host knows"),
    ("nobody knows since when", LIVE_OLD, "", "passed", "1 host knows"),
    ("a second too late", LIVE_OLD, BEFORE_THAT, "warning", "the old side was kept ready until 1h after 2026-11-24 10:59 UTC: it is restarted and verified"),
    ("nothing is live there any more", GONE, AN_HOUR_AGO, "passed", "1 host knows"),
    ("another release is live there", ELSE, AN_HOUR_AGO, "failed", "web01: another release is live there now; release the version to go back to"),
]


@pytest.mark.parametrize(("fact", "since", "status", "words"), [pytest.param(*row[1:], id=row[0]) for row in SIDES])
def test_the_traffic_moves_back_while_the_old_side_stands_by(fact: HostFacts, since: str, status: str, words: str):
    targets = Targets({"web01": OLD}, leaving=frozenset({"web02"}), since=since)
    way = check(found(KEEP, targets=targets, facts=(fact, seen("web02"))), "way-back")
    assert (way.id, way.title, way.status, way.firm, way.blocks) == ("way-back", "Way back", status, True, status == "failed")
    assert way.detail.startswith(words)
    assert way.remedy == ("deploy production --version RELEASE" if status == "failed" else "")


def test_a_few_hosts_of_another_release_are_named_and_a_host_that_is_away_is_not():
    environment = changed(an_environment(7), bluegreen=BlueGreen())
    targets = Targets(dict.fromkeys(("web01", "web02", "web03", "web04", "web05", "web06"), OLD), leaving=frozenset({"web07"}))
    facts = (*(seen(f"web0{number}", current="r7") for number in range(1, 6)), HostFacts("web06", problem=SafeText("no route")), seen("web07"))
    assert check(found(environment, targets=targets, facts=facts), "way-back").detail.startswith("web01, web02, web03, web04: another")


@pytest.mark.parametrize(
    ("live", "status", "detail"),
    [
        (NEW, "passed", ""),
        (OLD, "passed", ""),
        ("r7", "failed", "another machine released since this one did, and the shared record does not answer: live are web01: r7"),
    ],
)
def test_while_the_shared_record_is_away_only_what_this_machine_knows_of_is_undone(live: str, status: str, detail: str):
    targets = Targets({"web01": OLD, "web02": OLD}, believed={"web01": NEW, "web02": NEW})
    facts = (seen("web01", current=live, releases=(*BOTH, HostRelease("r7"))), seen("web02"))
    way = check(found(an_environment(2), targets=targets, facts=facts), "way-back")
    assert (way.status, way.blocks) == (status, status == "failed")
    if detail:
        assert (way.detail, way.remedy) == (detail, "deploy rollback production --to RELEASE")


ENDS = [
    ("it has the release", seen("web01"), Targets({"web01": OLD}), ReturnTarget("web01", OLD, version=SafeText("v1"), commit="a" * 40)),
    (
        "it is away",
        HostFacts("web01", problem=SafeText("no route")),
        Targets({"web01": OLD}),
        ReturnTarget("web01", OLD, possible=False, reason=SafeText("no route")),
    ),
    (
        "it is away, and was to go nowhere",
        HostFacts("web01", problem=SafeText("no")),
        Targets({}),
        ReturnTarget("web01", "", possible=False, reason=SafeText("no")),
    ),
    ("it goes nowhere", seen("web01"), Targets({}), ReturnTarget("web01")),
]


@pytest.mark.parametrize(("fact", "targets", "target"), [pytest.param(*row[1:], id=row[0]) for row in ENDS])
def test_where_a_host_goes(fact: HostFacts, targets: Targets, target: ReturnTarget):
    assert destination(found(targets=targets), fact) == target


def serving(*names: str) -> tuple[BalancerSeen, ...]:
    return (BalancerSeen(NAME, tuple(ServerTraffic(name, name, "in" if name in names else "out", True) for name in NAMES)),)


WAYS = [
    ("all that serve, drained", balanced(4), NAMES, {}, NAMES, "halves"),
    ("all that serve, asked for at once", balanced(4), NAMES, {"at_once": True}, NAMES, "at-once"),
    ("half of those that serve", balanced(4), NAMES[:2], {}, NAMES, "at-once"),
    ("half of the fleet, which serves alone", balanced(4), NAMES[:2], {}, NAMES[:2], "halves"),
    ("half of the fleet, asked for in halves", balanced(4), NAMES[:2], {"halves": True}, NAMES, "halves"),
    ("one that serves alone", balanced(4), NAMES[:1], {}, NAMES[:1], "at-once"),
    ("all, and nobody drains", FLEET, NAMES, {}, (), "at-once"),
    ("all start together", changed(balanced(4), strategy="recreate"), NAMES, {}, NAMES, "at-once"),
]


@pytest.mark.parametrize(("environment", "going", "asked", "serve", "way"), [pytest.param(*row[1:], id=row[0]) for row in WAYS])
def test_in_which_way_hosts_go_back(environment: Environment, going: tuple[str, ...], asked: dict[str, bool], serve: tuple[str, ...], way: str):
    inputs = found(environment, targets=Targets(dict.fromkeys(going, OLD)), balancers=serving(*serve), request=Request(**asked))  # type: ignore[arg-type]
    assert plan(inputs).strategy == f"rollback {way}"


@pytest.mark.parametrize(("serve", "title"), [(NAMES, "return web01 to localhost/shop"), (NAMES[1:], "web01 stays out of localhost/shop, as it was before")])
def test_a_host_that_somebody_else_took_out_stays_out(serve: tuple[str, ...], title: str):
    steps = plan(found(balanced(4), balancers=serving(*serve))).steps
    assert [step.title for step in steps if step.name == "back/web01/admit"] == [title]


def test_a_migration_of_a_release_that_recreates_is_taken_back_behind_the_page():
    commands = {"restart": Command("restart"), "stop": Command("stop"), "maintenance_on": Command("on"), "maintenance_off": Command("off")}
    database = Database("command", migrate=Command("up"), revert=Command("down"))
    environment = changed(FLEET, strategy="recreate", database=database, commands=commands)
    review = Review(runs=True, where="web01", old_code="breaks")
    undoes = a_state("new", steps={"database/migrate": ended("done")}, review=review, release=Release(NEW, SafeText("v2"), "b" * 40))
    needs = {step.name: step.needs for step in plan(found(environment, undoes=undoes)).steps}
    assert (needs["back/maintenance-on"], needs["database/revert"]) == ((), ("back/maintenance-on",))
    assert {"database/revert", "back/maintenance-on"} <= set(needs["back/web01/stop"])


@pytest.mark.parametrize(("inodes", "status"), [(INODES_OF_STEPS, "passed"), (INODES_OF_STEPS - 1, "failed")])
def test_it_needs_inodes_for_what_the_host_itself_writes_alone(inodes: int, status: str):
    assert check(found(facts=tuple(seen(name, inodes=inodes) for name in NAMES)), "space").status == status


def test_releases_of_another_machine_are_named_up_to_four_and_nothing_overrides_them():
    environment = an_environment(6)
    names = [host.name for host in environment.hosts]
    targets = Targets(dict.fromkeys(names, OLD), believed=dict.fromkeys(names, NEW))
    facts = tuple(seen(name, current="r7", releases=(*BOTH, HostRelease("r7"))) for name in names[:5])
    way = check(found(environment, targets=targets, facts=(*facts, seen(names[5], current=""))), "way-back")
    assert way.detail.endswith("live are web01: r7, web02: r7, web03: r7, web04: r7")
    assert (way.status, way.firm) == ("failed", True)


def test_a_host_that_has_nothing_live_speaks_for_no_other_machine():
    targets = Targets({"web01": OLD, "web02": OLD}, believed={"web01": NEW, "web02": NEW})
    way = check(found(an_environment(2), targets=targets, facts=(seen("web01", current=""), seen("web02"))), "way-back")
    assert way.status == "passed"


@pytest.mark.parametrize(("weights", "puts_back"), [({}, False), ({NAME: {"web01": OwnWeight(100, 10, 100)}}, True)])
def test_weights_that_an_earlier_run_left_are_put_back(weights: dict[str, dict[str, OwnWeight]], puts_back: bool):
    steps = plan(found(balanced(4), balancers=serving(*NAMES), weights=weights)).steps
    assert any(step.kind == "weigh" for step in steps) is puts_back


@pytest.mark.parametrize(("facts", "reverts"), [((), True), ((HostFacts("web01", problem=SafeText("no route")), *map(seen, NAMES[1:])), False)])
def test_before_the_traffic_moves_back_a_migration_is_taken_back_where_its_host_is_reached(facts: tuple[HostFacts, ...], reverts: bool):
    database = Database("command", migrate=Command("up"), revert=Command("down"))
    review = Review(runs=True, where="web01", old_code="breaks")
    undoes = a_state("new", steps={"database/migrate": ended("done")}, review=review, release=Release(NEW, SafeText("v2"), "b" * 40))
    targets = Targets({"web01": OLD, "web02": OLD}, leaving=frozenset({"web03", "web04"}), since=f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
    inputs = found(
        changed(balanced(4), database=database), targets=targets, undoes=undoes, balancers=serving(*NAMES[2:]), **({"facts": facts} if facts else {})
    )
    assert any(step.kind == "revert" for step in plan(inputs).steps) is reverts
