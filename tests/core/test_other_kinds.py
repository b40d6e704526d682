"""A restart, a restore and a catch-up by what their pre-flight found: which of it each verdict speaks of, and what of it the plan is made with."""

from datetime import UTC, datetime

import pytest

from console.core.checks.fleet import INODES_OF_STEPS
from console.core.kinds.kind_judges import JUDGES
from console.core.kinds.preflight_result import PreflightResult
from console.errors import NoGo
from console.model.checks import Check
from console.model.configured_environment import Database, Environment
from console.model.database_facts import Backup
from console.model.environment_record import Live
from console.model.host_commands import Command
from console.model.host_facts import HostFacts, HostRelease, LockHolder
from console.model.number_of_hosts import NumberOfHosts
from console.model.release_facts import Release, Revision
from console.model.request import Request, RunKind
from console.model.traffic import BalancerSeen, OwnWeight, ServerTraffic
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import NAME, balanced
from tests.core.plans import named
from tests.core.simulation import NEW, OLD, an_environment

NAMES = ("web01", "web02", "web03")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ON_OLD = HostRelease(OLD, SafeText("v1"), "a" * 40)
DATABASE = Database("command", backup=Command("dump"), restore=Command("load"))
TAKEN = Backup("r0", "2026-11-24T08:00:00Z", "web01", SafeText("/var/backups/r0.dump"))
LIVE = Live(Release("r5", SafeText("v2"), "b" * 40), "d1d1d1")
KINDS_OF_THIS_PAGE: tuple[RunKind, ...] = ("restart", "restore", "catch-up")


def seen(host: str, **fields: object) -> HostFacts:
    return HostFacts(host, **{"current": OLD, "releases": (ON_OLD,), "free": 2**40, **fields})  # type: ignore[arg-type]


def found(kind: RunKind, environment: Environment | None = None, facts: tuple[HostFacts, ...] = (), **fields: object) -> PreflightResult:
    """What its pre-flight found, where nothing is wrong: the record knows what is live, and a backup of run r0."""
    environment = environment or changed(an_environment(3), database=DATABASE)
    request = changed(fields.pop("request", Request(ref="r0")), kind=kind)  # type: ignore[type-var]
    facts = facts or tuple(seen(host.name) for host in environment.hosts)
    known = {"release": LIVE.release, "revision": Revision("b" * 40, SafeText("v2"), size=2**20, files=10), "catches_up": LIVE, "backup": TAKEN, **fields}
    return PreflightResult(environment, request, "r9", NOW, NOW, facts, **known)  # type: ignore[arg-type]


def check(inputs: PreflightResult, name: str) -> Check:
    return next(one for one in JUDGES[inputs.request.kind].checks(inputs) if one.id == name)


def held_by(run: str) -> tuple[HostFacts, ...]:
    return (seen("web01"), seen("web02", lock=LockHolder(SafeText("bo"), run=run)), seen("web03"))


@pytest.mark.parametrize("kind", KINDS_OF_THIS_PAGE)
@pytest.mark.parametrize(("run", "blocks"), [("r9", False), ("r0", True)], ids=["this run", "another run"])
def test_a_lock_is_in_the_way_unless_it_is_the_run_s_own(kind: RunKind, run: str, blocks: bool):
    """A run that is taken up, or looks once more, finds its own locks there."""
    assert check(found(kind, facts=held_by(run)), "lock").blocks is blocks


@pytest.mark.parametrize("kind", ["restart", "restore"])
@pytest.mark.parametrize(("free", "inodes", "status"), [(0, INODES_OF_STEPS, "passed"), (0, None, "passed"), (0, INODES_OF_STEPS - 1, "failed")])
def test_what_ships_nothing_needs_no_room_but_for_what_the_host_itself_writes(kind: RunKind, free: int, inodes: int | None, status: str):
    assert check(found(kind, facts=tuple(seen(name, free=free, inodes=inodes) for name in NAMES)), "space").status == status


def test_a_catch_up_needs_room_for_the_release_where_it_is_not_on_the_disk():
    assert check(found("catch-up", facts=(seen("web01"), seen("web02", free=0), seen("web03"))), "space").status == "failed"
    has_it = seen("web02", free=0, releases=(ON_OLD, HostRelease("r5", SafeText("v2"), "b" * 40)))
    assert check(found("catch-up", facts=(seen("web01"), has_it, seen("web03"))), "space").status == "passed"


def test_a_catch_up_of_nobody_knows_what_is_judged_all_the_same_and_planned_never():
    """The record may have changed between the look and the plan."""
    inputs = found("catch-up", catches_up=None)
    assert [one.id for one in JUDGES["catch-up"].checks(inputs)] == ["reach", "key", "login", "sudo", "tools", "space", "clock", "lock"]
    with pytest.raises(NoGo, match="^there is no release to plan with$"):
        JUDGES["catch-up"].plan(inputs)


def test_a_catch_up_brings_what_the_environment_is_on_and_checks_that_it_is_the_same():
    """Not what the run was asked for by name: what the record says, and the digest that was shipped then."""
    plan = JUDGES["catch-up"].plan(found("catch-up", release=Release(NEW, SafeText("v3"), "c" * 40)))
    assert {step.release for step in plan.steps if step.kind in ("ship", "switch", "restart")} == {"r5"}
    assert named(plan, "release/pack").expects == "d1d1d1"


def serving(*names: str) -> tuple[BalancerSeen, ...]:
    return (BalancerSeen(NAME, tuple(ServerTraffic(name, name, "in" if name in names else "out", True) for name in NAMES)),)


IN, OUT = "return web01 to localhost/shop", "web01 stays out of localhost/shop, as it was before"


@pytest.mark.parametrize("kind", ["restart", "catch-up"])
@pytest.mark.parametrize(("serve", "title"), [(NAMES, IN), (NAMES[1:], OUT)], ids=["in the traffic", "taken out by somebody else"])
def test_a_host_that_somebody_else_took_out_stays_out(kind: RunKind, serve: tuple[str, ...], title: str):
    plan = JUDGES[kind].plan(found(kind, balanced(3), balancers=serving(*serve)))
    assert [step.title for step in plan.steps if step.about == "web01" and step.kind == "admit"] == [title]


LEFT = {NAME: {"web01": OwnWeight(100, 10, 100)}}


@pytest.mark.parametrize(("weights", "puts_back"), [({}, False), (LEFT, True)])
def test_a_restart_puts_weights_back_that_an_earlier_run_left(weights: dict[str, dict[str, OwnWeight]], puts_back: bool):
    plan = JUDGES["restart"].plan(found("restart", balanced(3), balancers=serving(*NAMES), weights=weights))
    assert any(step.kind == "weigh" for step in plan.steps) is puts_back


def test_a_restart_is_one_of_what_is_live_on_each_host():
    other = HostRelease(NEW, SafeText("v2"), "b" * 40)
    plan = JUDGES["restart"].plan(found("restart", facts=(seen("web01"), seen("web02", current=NEW, releases=(other,)), seen("web03"))))
    assert [(step.about, step.release) for step in plan.steps if step.kind == "restart"] == [("web01", OLD), ("web02", NEW), ("web03", OLD)]


BALANCED = changed(balanced(3), rolling=changed(balanced(3).rolling, batch=(NumberOfHosts(count=1),)))
RESTARTS = [
    ("one by one, two serve", BALANCED, serving("web01", "web02"), "warning", False),
    ("one by one, one serves", BALANCED, serving("web01"), "warning", False),
    ("all at once", changed(BALANCED, rolling=changed(BALANCED.rolling, batch=(NumberOfHosts(share=1.0),))), serving(*NAMES), "warning", False),
    ("all serve", BALANCED, serving(*NAMES), "passed", False),
    ("the balancer gives no answer", BALANCED, (), "error", True),
    ("it has no server for a host", BALANCED, (BalancerSeen(NAME, serving(*NAMES)[0].servers[:2]),), "failed", True),
]


@pytest.mark.parametrize(("environment", "looks", "status", "blocks"), [pytest.param(*row[1:], id=row[0]) for row in RESTARTS])
def test_a_restart_goes_on_where_nothing_serves_meanwhile_and_not_where_nobody_can_be_told(
    environment: Environment, looks: tuple[BalancerSeen, ...], status: str, blocks: bool
):
    one = check(found("restart", environment, balancers=looks), "balancer")
    assert (one.status, one.blocks) == (status, blocks)


@pytest.mark.parametrize("serve", [("web01",), NAMES])
def test_it_says_which_hosts_would_leave_nobody(serve: tuple[str, ...]):
    environment = changed(BALANCED, rolling=changed(BALANCED.rolling, batch=(NumberOfHosts(share=1.0),)))
    detail = check(found("restart", environment, balancers=serving(*serve)), "balancer").detail
    assert "nothing would serve while web01, web02, web03 change" in detail


BACKUPS = [
    ("none of that run", {"backup": None}, ("failed", "run r0 took no backup; the report of each run names its own")),
    ("there, and how old it is", {}, ("passed", "of 2026-11-24 08:00 UTC (4h ago), /var/backups/r0.dump on web01")),
    ("another run's was asked for", {"backup": None, "request": Request(ref="r4")}, ("failed", "run r4 took no backup; the report of each run names its own")),
    (
        "not there any more", {"kept": False},
        ("failed", "/var/backups/r0.dump is not there any more on web01: copy it back to there, or restore another run's, which its report names"),
    ),
    (
        "nobody knows", {"kept": SafeText("web01 is away")},
        ("warning", "of 2026-11-24 08:00 UTC (4h ago), /var/backups/r0.dump on web01; not known whether it is still there: web01 is away"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "told"), [pytest.param(*row[1:], id=row[0]) for row in BACKUPS])
def test_a_restore_needs_the_backup_of_the_run_that_was_named(fields: dict[str, object], told: tuple[str, str]):
    one = check(found("restore", **fields), "backup")
    assert (one.status, str(one.detail)) == told


OWN_DUMP = Database("postgres", url="postgresql:///shop")
DUMPED = changed(TAKEN, proof=SafeText("read by pg_restore"))


@pytest.mark.parametrize(("backup", "steps"), [(DUMPED, 1), (TAKEN, 0), (None, 0)], ids=["a dump that was read", "one that was not", "none"])
def test_a_dump_of_the_console_s_own_is_what_a_restore_brings_back(backup: Backup | None, steps: int):
    environment = changed(an_environment(3), database=OWN_DUMP)
    plan = JUDGES["restore"].plan(found("restore", environment, backup=backup))
    assert (plan.waves, len(plan.steps)) == ((NAMES,), steps)
    assert all("/var/backups/r0.dump" in step.command.run for step in plan.steps if step.command)


def test_as_many_hosts_may_be_away_from_a_restore_as_the_file_says():
    """It is shown as a failure beyond that, and holds nothing up either way: the database is one for all."""
    away = HostFacts("web03", problem=SafeText("no route"), problem_kind="unreachable")
    facts = (seen("web01"), seen("web02"), away)
    for allowed, status in ((0, "failed"), (1, "warning")):
        environment = changed(an_environment(3, max_failures=allowed), database=DATABASE)
        one = check(found("restore", environment, facts), "reach")
        assert (one.status, one.blocks) == (status, False)


CAUGHT_UP = [
    ("all serve", serving(*NAMES), "passed", "localhost/shop: 3 of 3 hosts serve"),
    ("one serves alone: owed hosts change together all the same", serving("web01"), "warning", "1 of 3 hosts serves"),
    ("one was taken out by somebody else", serving(*NAMES[1:]), "warning", "web01 is out of localhost/shop and stays so"),
    ("there is no server for one", (BalancerSeen(NAME, serving(*NAMES)[0].servers[:2]),), "failed", "no server for web03"),
    ("no answer", (), "error", "no host could be asked"),
]


@pytest.mark.parametrize(("looks", "status", "words"), [pytest.param(*row[1:], id=row[0]) for row in CAUGHT_UP])
def test_a_catch_up_waits_for_a_balancer_that_cannot_be_told_and_for_no_other(looks: tuple[BalancerSeen, ...], status: str, words: str):
    one = check(found("catch-up", balanced(3), balancers=looks), "balancer")
    assert (one.status, one.blocks) == (status, status in ("failed", "error"))
    assert words in one.detail
