"""A release by what its pre-flight found: which of it each verdict speaks of, and what of it the plan is made with."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from console.core.checks.staging import Made
from console.core.kinds.preflight_result import PreflightResult
from console.core.kinds.release import checks, plan, release_of_commit
from console.errors import NoGo
from console.model.application_metrics import CountedMetric, Metrics
from console.model.checks import Check
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Database, Environment, Freeze
from console.model.database_facts import Backup, Migration, Review
from console.model.environment_record import Released
from console.model.host import Host
from console.model.host_commands import Command
from console.model.host_facts import Ceding, HostFacts, HostRelease, LockHolder
from console.model.number_of_hosts import NumberOfHosts
from console.model.release_facts import Release, Revision
from console.model.request import Request
from console.model.strategy import Canary
from console.model.traffic import BalancerSeen, OwnWeight, ServerTraffic
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import NAME, balanced
from tests.core.builders import ADA
from tests.core.plans import comes_after, named
from tests.core.simulation import NEW, OLD, an_environment

FLEET = an_environment(3)
NAMES = ("web01", "web02", "web03")
NOW = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
"""A Tuesday."""
KIRITIMATI = NOW.astimezone(timezone(timedelta(hours=14), "+14"))
"""The same moment where it is Wednesday, the 25th, 13:30."""
REVISION = Revision("b" * 40, SafeText("v2"), branches=(SafeText("main"),), size=2**20, files=10)
ON_OLD = HostRelease(OLD, SafeText("v1"), "a" * 40)


def seen(host: str, **fields: object) -> HostFacts:
    return HostFacts(host, **{"current": OLD, "releases": (ON_OLD,), "free": 2**40, **fields})  # type: ignore[arg-type]


def found(environment: Environment = FLEET, facts: tuple[HostFacts, ...] = (), **fields: object) -> PreflightResult:
    """What the pre-flight of a release to all hosts found, where each has the old one and nothing is wrong."""
    local = fields.pop("local", NOW)
    request = fields.pop("request", Request())
    facts = facts or tuple(seen(host.name) for host in environment.hosts)
    known = {"revision": REVISION, "release": Release(NEW, SafeText("v2"), "b" * 40), "relations": {"a" * 40: "newer"}, "by": ADA, **fields}
    return PreflightResult(environment, request, "r9", NOW, local, facts, **known)  # type: ignore[arg-type]


def check(inputs: PreflightResult, name: str) -> Check:
    return next(one for one in checks(inputs) if one.id == name)


def verdict(inputs: PreflightResult, name: str) -> tuple[str, str]:
    one = check(inputs, name)
    return one.status, str(one.detail)


def on_config(**fields: object) -> Environment:
    return changed(FLEET, **fields)


# What is judged by the commit and by the file: the fields of both, the verdict.
TAGGED = changed(REVISION, tags=(SafeText("v2"),))
LACKS = changed(REVISION, ref=SafeText("main"), behind=2, upstream=SafeText("origin/main"), remote=SafeText("origin"), named="branch", published=True)
BY_FILE = [
    ("a tag that may be released", {"branches": ("release/*",), "release_tags": ("v*",)}, TAGGED, "branch", ("passed", "tagged v2")),
    ("a tag that may not", {"branches": ("release/*",), "release_tags": ("w*",)}, TAGGED, "branch", "failed"),
    ("a branch that lacks commits", {"protected": False}, LACKS, "behind", "warning"),
    ("the same in a protected environment", {"protected": True}, LACKS, "behind", "failed"),
    ("what is not committed", {}, changed(REVISION, uncommitted=1), "tree", "warning"),
    ("a commit that is newer", {}, REVISION, "direction", ("passed", "newer than v1, live on 3 hosts")),
]


@pytest.mark.parametrize(("fields", "revision", "name", "told"), [pytest.param(*row[1:], id=row[0]) for row in BY_FILE])
def test_the_commit_is_judged_by_the_environment_s_own_rules(fields: dict[str, object], revision: Revision, name: str, told: str | tuple[str, str]):
    one = check(found(on_config(**fields), revision=revision), name)
    assert told in (one.status, (one.status, str(one.detail)))


def test_what_is_to_be_typed_in_the_repository_names_its_folder():
    alone = changed(REVISION, published=False, remote=SafeText("origin"))
    assert check(found(on_config(repository="/srv/shop.git"), revision=alone), "behind").remedy == "git -C /srv/shop.git push"


WEDNESDAY = Freeze("2026-11-25", "2026-11-25", "inventory")
BY_TIME = [
    ("closed", {"closed": ("tue",)}, NOW, {}, "failed"),
    ("closed where the environment is, not here", {"closed": ("tue",)}, KIRITIMATI, {}, "passed"),
    ("closed there", {"closed": ("wed",)}, KIRITIMATI, {}, "failed"),
    ("closed there, and a hotfix", {"closed": ("wed",)}, KIRITIMATI, {"hotfix": "CVE-1"}, "overridden"),
    ("frozen tomorrow", {"freezes": (WEDNESDAY,)}, NOW, {}, "passed"),
    ("frozen where the environment is", {"freezes": (WEDNESDAY,)}, KIRITIMATI, {}, "failed"),
    ("frozen there, and a hotfix", {"freezes": (WEDNESDAY,)}, KIRITIMATI, {"hotfix": "CVE-1"}, "overridden"),
]


@pytest.mark.parametrize(("fields", "local", "asked", "status"), [pytest.param(*row[1:], id=row[0]) for row in BY_TIME])
def test_the_calendar_is_the_environment_s_own(fields: dict[str, object], local: datetime, asked: dict[str, str], status: str):
    inputs = found(on_config(**fields), local=local, request=Request(**asked))  # type: ignore[arg-type]
    assert check(inputs, "closed" if "closed" in fields else "freeze").status == status


def held_by(run: str) -> tuple[HostFacts, ...]:
    return (seen("web01"), seen("web02", lock=LockHolder(SafeText("bo"), run=run)), seen("web03"))


LOCKS = [
    ("by this run", "r9", None, ("passed", "no run and no person holds a host (on 3 hosts)")),
    ("by another run", "r0", None, ("failed", "web02: held by r0; once that run is dead, unlock --run breaks its lock")),
    ("by the run that hands over", "r0", Ceding("r0"), ("passed", "takes over from run r0, which is in its monitoring window and ends at GO, not verified")),
    (
        "by the run that hands over, and is not well", "r0", Ceding("r0", SafeText("2 hosts are slow")),
        ("warning", "takes over from run r0, which is in its monitoring window and ends at GO, not verified; 2 hosts are slow"),
    ),
    ("by another one than hands over", "r0", Ceding("r7"), ("failed", "web02: held by r0; once that run is dead, unlock --run breaks its lock")),
]  # fmt: skip


@pytest.mark.parametrize(("run", "ceding", "told"), [pytest.param(*row[1:], id=row[0]) for row in LOCKS])
def test_a_lock_is_in_the_way_unless_it_is_handed_over(run: str, ceding: Ceding | None, told: tuple[str, str]):
    assert verdict(found(facts=held_by(run), ceding=ceding), "lock") == told


AWAY = HostFacts("web03", problem=SafeText("no route"), problem_kind="unreachable")
WAYS = [
    ("every host has a release", (), ("passed", "3 hosts know the release they return to")),
    ("one never had one", ("web02",), ("warning", "first release on web02: the way back is to stop and remove it")),
    ("no host ever had one", NAMES, ("warning", "first release on 3 hosts: the way back is to stop and remove it")),
]


@pytest.mark.parametrize(("bare", "told"), [pytest.param(*row[1:], id=row[0]) for row in WAYS])
def test_each_host_knows_its_way_back(bare: tuple[str, ...], told: tuple[str, str]):
    facts = tuple(seen(name, current="", releases=()) if name in bare else seen(name) for name in NAMES)
    assert verdict(found(facts=facts), "way-back") == told


def test_of_a_single_host_one_is_spoken_of():
    assert verdict(found(an_environment(1)), "way-back") == ("passed", "1 host knows the release it returns to")


def test_the_way_back_of_a_host_that_was_not_reached_is_not_known_and_others_say_so():
    one = check(found(facts=(seen("web01"), seen("web02"), AWAY)), "way-back")
    assert (one.status, one.blocks) == ("error", False)
    assert "web03: not asked: it was not reached" in one.detail


def verified(hours: float) -> Released:
    ended_at = (NOW - timedelta(hours=hours)).isoformat()
    return Released("s1", 1, REVISION, None, "", outcome="succeeded", ended_at=ended_at, verified=True)


@pytest.mark.parametrize(
    ("within", "told"),
    [(86400.0, ("passed", "verified in qa 5 h ago")), (14400.0, ("failed", "verified in qa 5 h ago, allowed are 4 h; or --override staging=REASON"))],
)
def test_the_environment_before_has_had_it_for_no_longer_than_the_file_says(within: float, told: tuple[str, str]):
    environment = on_config(requires="qa", requires_within=within)
    assert verdict(found(environment, made=Made(REVISION), verified=(verified(5),)), "staging") == told


# Critical paths, the strategy that was asked for, and what is said of those that are tried nowhere.
AT_CANARY, EVERYWHERE = CriticalPath("Login", "manual", at=("canary",)), CriticalPath("Buy", "manual")
TAGGED_PATH = CriticalPath("Pay", "manual", tags=("pay", "cash"))
EVERY_STRATEGY = 'at = ["canary", "end"] tries it with every strategy'
PATHS = [
    ("tried with every strategy", (EVERYWHERE,), "", None),
    ("tried at canaries alone", (EVERYWHERE, AT_CANARY), "", ('Login is not tried: at = ["canary"], and the strategy is rolling', EVERY_STRATEGY)),
    ("tried at canaries alone, and this is one", (AT_CANARY,), "canary", None),
    ("tried on hosts that are not there", (TAGGED_PATH,), "", ("Pay is not tried: no host of this release has the tag pay or cash", "")),
    (
        "both", (TAGGED_PATH, AT_CANARY), "recreate",
        ('Pay is not tried: no host of this release has the tag pay or cash; Login is not tried: at = ["canary"], and the strategy is recreate', EVERY_STRATEGY),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("paths", "strategy", "told"), [pytest.param(*row[1:], id=row[0]) for row in PATHS])
def test_a_critical_path_that_is_tried_nowhere_is_said_and_holds_nothing_up(paths: tuple[CriticalPath, ...], strategy: str, told: tuple[str, str] | None):
    judged = [one for one in checks(found(on_config(critical=paths), request=Request(strategy=strategy))) if one.id == "critical"]
    assert [(str(one.title), one.status, one.blocking, str(one.detail), str(one.remedy)) for one in judged] == (
        [("Critical paths", "warning", False, *told)] if told else []
    )


def test_only_hosts_of_this_release_count_for_a_path():
    """The host with the tag is there, and is left out."""
    hosts = tuple(changed(host, tags=("pay",) if host.name == "web02" else ()) for host in FLEET.hosts)
    environment = on_config(critical=(changed(TAGGED_PATH, tags=("pay",)),), hosts=hosts)
    assert "critical" not in {one.id for one in checks(found(environment))}
    without = found(environment, (seen("web01"), seen("web03")), request=Request(without=(("web02", "burnt"),)))
    assert verdict(without, "critical") == ("warning", "Pay is not tried: no host of this release has the tag pay")


DATABASE = Database("command", backup=Command("dump"), migrate=Command("up"), backup_within=86400.0)
TAKEN = Backup("r0", "2026-11-24T20:30:00Z", "web01", SafeText("/var/backups/r0.dump"))


def test_a_backup_is_as_old_as_it_is_now():
    review = Review(runs=True, where="web01", fresh=True, backup=TAKEN, old_code="ok")
    told = "the last is of 2026-11-24 20:30 UTC (3h ago), /var/backups/r0.dump on web01, 24h old at most is fresh enough"
    assert verdict(found(on_config(database=DATABASE), review=review), "backup") == ("passed", told)


ONE = (Migration(SafeText("db/1.sql")),)
ANSWERED = [
    ("no, though there is one", "no", Review(migrations=ONE), ("warning", "1 new: db/1.sql; not run: --migration no")),
    ("nothing, and nothing migrates", "", Review(migrations=ONE), ("warning", "1 new: db/1.sql; not run: the file names no command that migrates")),
    ("yes, though none is found", "yes", Review(runs=True, where="web01"), ("warning", "declared; no new file was found to be read; they run on web01")),
    ("nothing, and it is not known which are new", "", Review(known=False, migrations=ONE), "failed"),
    ("no, and it is not known which are new", "no", Review(known=False, migrations=ONE), "warning"),
]


@pytest.mark.parametrize(("answer", "review", "told"), [pytest.param(*row[1:], id=row[0]) for row in ANSWERED])
def test_what_was_said_of_the_migration_is_heard(answer: str, review: Review, told: str | tuple[str, str]):
    request = Request(impact=changed(Request().impact, migration=answer))
    one = check(found(on_config(database=DATABASE), review=review, request=request), "migrations")
    assert told in (one.status, (one.status, str(one.detail)))


# Before a balancer: who serves, which strategy, and whether hosts may change together.
def serving(*names: str, environment: Environment | None = None) -> tuple[BalancerSeen, ...]:
    hosts = environment.hosts if environment else balanced(4).hosts
    return (BalancerSeen(NAME, tuple(ServerTraffic(host.name, host.name, "in" if host.name in names else "drained", True, 0, 1) for host in hosts)),)


ALL = tuple(f"web{number:02}" for number in range(1, 5))
TWO_AT_ONCE = changed(balanced(4, 2), canary=Canary(steps=(NumberOfHosts(count=1), NumberOfHosts(share=1.0)), analysis=0.0))
TOGETHER = [
    ("two by two", TWO_AT_ONCE, ALL, "", "passed", ""),
    ("the two that serve, together", TWO_AT_ONCE, ("web01", "web02"), "", "failed", "web01, web02 change"),
    ("the two that serve, one of them as a canary", TWO_AT_ONCE, ("web01", "web02"), "canary", "warning", "web03 is out"),
    ("the two that a canary leaves for one batch", TWO_AT_ONCE, ("web02", "web03"), "canary", "failed", "web02, web03 change"),
    ("all that serve are stopped anyway", TWO_AT_ONCE, ("web01", "web02"), "recreate", "warning", "web03 is out"),
]


@pytest.mark.parametrize(("environment", "serve", "strategy", "status", "words"), [pytest.param(*row[1:], id=row[0]) for row in TOGETHER])
def test_a_balancer_keeps_a_server_while_hosts_change(environment: Environment, serve: tuple[str, ...], strategy: str, status: str, words: str):
    told = verdict(found(environment, balancers=serving(*serve), request=Request(strategy=strategy)), "balancer")
    assert told[0] == status
    assert words in told[1]


def two_sides() -> Environment:
    bare = balanced(4)
    return changed(bare, strategy="bluegreen", hosts=tuple(changed(host, color="blue" if host.name in ALL[:2] else "green") for host in bare.hosts))


BURNT = Request(without=(("web04", "burnt"),))
SIDES = [
    ("one side serves", {"balancers": serving(*ALL[:2])}, "passed", "blue is live; green (web03, web04) gets the release, and then the traffic"),
    ("both serve", {"balancers": serving(*ALL)}, "warning", "both sides get requests: green (web03, web04) is drained"),
    ("a host is no part of the run", {"request": Request(hosts="web01,web02,web03"), "balancers": serving(*ALL[:2])}, "failed", "not among its hosts: web04"),
    ("a host is left out with a reason", {"request": BURNT, "balancers": serving(*ALL[:2])}, "passed", "blue is live"),
    ("no balancer answers", {"balancers": ()}, "error", "no host could be asked"),
    ("one side by another strategy", {"request": Request(strategy="rolling"), "balancers": serving(*ALL[:2])}, "warning", "2 of 4 hosts serve"),
]


@pytest.mark.parametrize(("fields", "status", "words"), [pytest.param(*row[1:], id=row[0]) for row in SIDES])
def test_a_blue_green_release_is_one_of_both_sides(fields: dict[str, object], status: str, words: str):
    environment, request = two_sides(), fields.get("request", Request())
    hosts = tuple(name for name in ALL if not (request.hosts or request.without) or name != "web04")  # type: ignore[attr-defined]
    told = verdict(found(environment, tuple(map(seen, hosts)), **fields), "balancer")
    assert told[0] == status
    assert words in told[1]


# The plan.
PAGE = {"restart": Command("restart"), "maintenance_on": Command("on"), "maintenance_off": Command("off")}
WITH_PAGE = changed(FLEET, commands=PAGE)
SHOWN = [
    ("hosts change one by one", WITH_PAGE, Request(), False),
    ("they do, and it is declared that users will notice", WITH_PAGE, Request(impact=changed(Request().impact, downtime=60.0)), True),
    ("the file has all stop together", changed(WITH_PAGE, strategy="recreate"), Request(), True),
    ("it was asked that all stop together", WITH_PAGE, Request(strategy="recreate"), True),
    ("it was asked that they do not", changed(WITH_PAGE, strategy="recreate"), Request(strategy="rolling"), False),
    ("there is no page", changed(FLEET, strategy="recreate"), Request(), False),
]


@pytest.mark.parametrize(("environment", "request_", "shows"), [pytest.param(*row[1:], id=row[0]) for row in SHOWN])
def test_users_are_shown_a_page_where_the_service_goes_down(environment: Environment, request_: Request, shows: bool):
    names = {step.name for step in plan(found(environment, request=request_)).steps}
    assert ({"maintenance/on", "maintenance/off"} <= names) is shows


@pytest.mark.parametrize("strategy", ["rolling", "canary", "recreate"])
def test_a_release_is_planned_by_the_strategy_that_was_asked_for(strategy: str):
    assert plan(found(changed(FLEET, canary=Canary(analysis=0.0)), request=Request(strategy=strategy))).strategy == strategy


def test_every_host_is_sent_the_release_that_was_named():
    made = Release("20261124T233000Z-ccccccc", SafeText("v3"), "c" * 40)
    assert {step.release for step in plan(found(release=made)).steps if step.kind in ("ship", "switch")} == {made.id}


@pytest.mark.parametrize(("serve", "title"), [(ALL, "return web01 to localhost/shop"), (ALL[1:], "web01 stays out of localhost/shop, as it was before")])
def test_a_host_that_somebody_else_took_out_stays_out(serve: tuple[str, ...], title: str):
    assert named(plan(found(balanced(4), balancers=serving(*serve))), "wave-1/web01/admit").title == title


LEFT = {NAME: {"web01": OwnWeight(100, 10, 100)}}


@pytest.mark.parametrize(("weights", "puts_back"), [({}, False), (LEFT, True)])
def test_weights_that_an_earlier_run_left_are_put_back(weights: dict[str, dict[str, OwnWeight]], puts_back: bool):
    names = {step.name for step in plan(found(balanced(4), balancers=serving(*ALL), weights=weights)).steps}
    assert ("verify/weights" in names) is puts_back


def test_a_canary_by_weight_gives_a_step_to_the_hosts_that_can_carry_it():
    """Each of four servers carries a quarter: a tenth needs one of them, and half needs two."""
    steps = (NumberOfHosts(share=0.1), NumberOfHosts(share=0.5), NumberOfHosts(share=1.0))
    environment = changed(balanced(4), strategy="canary", canary=Canary(by="weight", analysis=0.0, steps=steps))
    planned = plan(found(environment, balancers=serving(*ALL)))
    assert planned.waves == (("web01",), ("web02",), ("web03",), ("web04",))
    assert [(step.name, step.share, step.wave) for step in planned.steps if step.kind == "weigh" and not step.about] == [
        ("step-1/weigh", 0.1, 1), ("step-2/weigh", 0.5, 2), ("weights/back", 1.0, 2)
    ]  # fmt: skip


def test_the_idle_side_of_two_that_serve_is_drained_before_it_changes():
    planned = plan(found(two_sides(), tuple(map(seen, ALL)), balancers=serving(*ALL)))
    assert planned.waves == (("web03", "web04"),)
    assert "aside/web03/drain" in comes_after(planned, "wave-1/web03/switch")
    alone = plan(found(two_sides(), tuple(map(seen, ALL)), balancers=serving(*ALL[:2])))
    assert not [step.name for step in alone.steps if step.name.startswith("aside/")]


COUNTED = Metrics(error_rate=CountedMetric("requests_total"))
JUDGED = [
    ("nothing is counted", FLEET, {}, True),
    ("one host has nobody to be held against", an_environment(1), {}, False),
    ("two hosts have", an_environment(2), {}, True),
    ("nobody is judged", FLEET, {"canary": Canary(analysis=0.0)}, False),
    ("a balancer counts", balanced(3), {}, False),
    ("the application counts", FLEET, {"metrics": COUNTED}, False),
    ("what is counted is not judged", FLEET, {"metrics": COUNTED, "canary": Canary(judge=("latency",))}, True),
]


@pytest.mark.parametrize(("environment", "fields", "refused"), [pytest.param(*row[1:], id=row[0]) for row in JUDGED])
@pytest.mark.parametrize("is_asked", [False, True], ids=["by the file", "as was asked for"])
def test_a_canary_needs_something_to_be_judged_by(environment: Environment, fields: dict[str, object], refused: bool, is_asked: bool):
    environment = changed(environment, strategy="rolling" if is_asked else "canary", **fields)
    inputs = found(environment, request=Request(strategy="canary" if is_asked else ""))
    if not refused:
        assert plan(inputs).strategy == "canary"
        return
    with pytest.raises(NoGo) as told:
        plan(inputs)
    assert told.value.message == "a canary has nothing to judge new hosts by: no balancer counts requests, and no metrics are configured"
    assert told.value.hint == 'an HAProxy as balancer, or metrics.error_rate; analysis = "0s" in the canary\'s table goes on without'


def test_other_strategies_need_none():
    assert plan(found(changed(FLEET, strategy="rolling"))).strategy == "rolling"


def test_what_is_missing_is_said():
    with pytest.raises(NoGo, match="^there is no commit to release$"):
        checks(found(revision=None))
    with pytest.raises(NoGo, match="^there is no release to plan with$"):
        plan(found(release=None))


@pytest.mark.parametrize("run", ["20261124T233000Z-0a1b", "20261124T233000Z-0a1b-2", "20261124T233000Z"])
def test_a_release_is_called_by_its_run_s_time_and_its_commit(run: str):
    """Seven digits of the commit, as git has them."""
    revision = Revision("0123456789abcdef" * 2 + "01234567", SafeText("v2.1"))
    assert release_of_commit(run, revision) == Release("20261124T233000Z-0123456", SafeText("v2.1"), revision.commit)


def test_hosts_by_name_are_the_run_s_and_no_other():
    inputs = found(facts=(seen("web02"),), request=Request(hosts="web02"))
    assert {step.about for step in plan(inputs).steps if step.about} == {"web02"}
    assert inputs.hosts == (Host("web02"),)
