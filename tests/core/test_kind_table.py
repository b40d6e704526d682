"""Each kind of run: which checks it makes of a fleet and which of them hold it up, and what it would do on each host."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.staging import Made
from console.core.kinds.kind_judges import JUDGES
from console.core.kinds.kind_table import KINDS, asked_again, kind_of, looked_at_with, on_failure
from console.core.kinds.preflight_result import PreflightResult
from console.core.kinds.rollback import destination
from console.core.rollback_targets import Targets
from console.errors import NoGo
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Announce, Database, Environment
from console.model.database_facts import Backup, Review
from console.model.declared_impact import Impact
from console.model.environment_record import Live, Released
from console.model.host_commands import Command
from console.model.host_facts import HostFacts, HostRelease, LockHolder
from console.model.plan import ReturnTarget
from console.model.release_facts import Release, Revision
from console.model.request import Person, Request, RunKind
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeLines, SafeText
from tests.core.builders import ADA, LIN, a_state, ended
from tests.core.plans import done_on
from tests.core.simulation import NEW, OLD, an_environment

FLEET = an_environment(3)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
REVISION = Revision("b" * 40, SafeText("v2"), branches=(SafeText("main"),), size=2**20, files=10)
RELEASE = Release(NEW, SafeText("v2"), "b" * 40)
ON_OLD, ON_NEW = HostRelease(OLD, SafeText("v1"), "a" * 40), HostRelease(NEW, SafeText("v2"), "b" * 40)
DATABASE = Database("command", backup=Command("dump"), migrate=Command("migrate"), restore=Command("load {backup}"))
TAKEN = Backup("r0", "2026-11-24T08:00:00Z", "web01", SafeText("/var/backups/r0.dump"))
NOTE = LockHolder(SafeText("ada"), reason=SafeText("audit"))


def seen(host: str, **fields: object) -> HostFacts:
    """A host with the old release live and the new one nowhere, with room."""
    return HostFacts(host, **{"current": OLD, "releases": (ON_OLD,), "free": 2**40, **fields})  # type: ignore[arg-type]


def away(host: str) -> HostFacts:
    return HostFacts(host, problem=SafeText("no route"), problem_kind="unreachable")


def a_fleet(**others: HostFacts) -> tuple[HostFacts, ...]:
    """web01 to web03 as they were seen."""
    return tuple(others.get(name) or seen(name) for name in ("web01", "web02", "web03"))


def found(kind: RunKind = "deploy", facts: tuple[HostFacts, ...] = a_fleet(), environment: Environment = FLEET, **fields: object) -> PreflightResult:
    """What a pre-flight of that kind found."""
    request = changed(fields.pop("request", Request()), kind=kind)  # type: ignore[type-var]
    return PreflightResult(
        environment, request, "r9", NOW, NOW, facts, **{"revision": REVISION, "release": RELEASE, "relations": {"a" * 40: "newer"}, "by": ADA, **fields}
    )  # type: ignore[arg-type]


BACK_TO = Targets({"web01": OLD, "web02": OLD, "web03": OLD})
ROLLBACK = {"targets": BACK_TO, "facts": tuple(seen(name, current=NEW, releases=(ON_OLD, ON_NEW)) for name in ("web01", "web02", "web03"))}
CATCH_UP = {"catches_up": Live(RELEASE, "d1")}
RESTORE = {"environment": changed(FLEET, database=DATABASE), "backup": TAKEN, "request": Request(ref="r0")}
ON_FLEET = ["reach", "key", "login", "sudo", "tools", "space", "clock"]
SOURCE = ["branch", "tree", "behind", "direction", "closed", "freeze"]
MIGRATES = {"environment": changed(FLEET, database=DATABASE), "review": Review(runs=True, where="web01", backs_up=True, old_code="ok")}
CHECKS = [
    ("a release", found(), [*SOURCE, *ON_FLEET, "lock", "way-back", "announcement", "team"]),
    (
        "a release that another environment has to have had",
        found(environment=changed(FLEET, requires="staging"), made=Made(REVISION)),
        [*SOURCE, "staging", *ON_FLEET, "lock", "way-back", "announcement", "team"],
    ),
    (
        "a release of nothing that is made yet",
        found(environment=changed(FLEET, requires="staging")),
        [*SOURCE, *ON_FLEET, "lock", "way-back", "announcement", "team"],
    ),
    ("a release with a database", found(**MIGRATES), [*SOURCE, *ON_FLEET, "lock", "backup", "migrations", "way-back", "announcement", "team"]),
    (
        "a release with a database that nobody looked at",
        found(environment=changed(FLEET, database=DATABASE)),
        [*SOURCE, *ON_FLEET, "lock", "way-back", "announcement", "team"],
    ),
    (
        "a release that tries a critical path nowhere",
        found(environment=changed(FLEET, critical=(CriticalPath("Login", "manual", at=("canary",)), CriticalPath("Buy", "manual")))),
        [*SOURCE, *ON_FLEET, "lock", "way-back", "critical", "announcement", "team"],
    ),
    ("a restart", found("restart"), [*ON_FLEET, "lock", "way-back"]),
    ("a rollback", found("rollback", **ROLLBACK), [*ON_FLEET, "lock", "way-back"]),
    (
        "a rollback of a migration",
        found("rollback", undoes=a_state("new", steps={"database/migrate": ended("done")}), **ROLLBACK),
        [*ON_FLEET, "lock", "way-back", "migrations"],
    ),
    ("a restore", found("restore", **RESTORE), [*ON_FLEET, "lock", "backup"]),
    ("a catch-up", found("catch-up", **CATCH_UP), [*ON_FLEET, "lock"]),
    ("an exec", found("exec"), []),
    ("maintenance", found("maintenance"), []),
]


@pytest.mark.parametrize(("inputs", "names"), [pytest.param(*row[1:], id=row[0]) for row in CHECKS])
def test_which_checks_are_made(inputs: PreflightResult, names: list[str]):
    assert [check.id for check in JUDGES[inputs.request.kind].checks(inputs)] == names


AWAY = {"facts": a_fleet(web02=away("web02"))}
HELD = {"facts": a_fleet(web02=seen("web02", lock=LockHolder(SafeText("bo"), run="r0")))}
CLOSED = {"facts": a_fleet(web02=seen("web02", closed=NOTE))}
FULL = {"facts": a_fleet(web02=seen("web02", free=0))}
BROKEN = {"facts": a_fleet(web02=seen("web02", current_broken=SafeText("points nowhere")))}
LATE = {"facts": a_fleet(web02=seen("web02", clock_skew=99.0))}
NO_SUDO = {"facts": a_fleet(web02=seen("web02", sudo_refused=(SafeText("sudo x"),)))}


def blocked_by(kind: RunKind, **inputs: object) -> list[str]:
    fields = {"rollback": {"targets": BACK_TO}, "restore": RESTORE, "catch-up": CATCH_UP}.get(kind, {})
    return [check.id for check in JUDGES[kind].checks(found(kind, **{**fields, **inputs})) if check.blocks]  # type: ignore[arg-type]


HELD_UP = [
    ("nothing is wrong", {}, {"deploy": [], "restart": [], "rollback": [], "restore": [], "catch-up": [], "exec": [], "maintenance": []}),
    ("a host is away", AWAY, {"deploy": ["reach"], "restart": ["reach"], "rollback": [], "restore": [], "catch-up": ["reach"], "exec": [], "maintenance": []}),
    ("a host is held by another run", HELD, {"deploy": ["lock"], "restart": ["lock"], "rollback": ["lock"], "restore": ["lock"], "catch-up": ["lock"]}),
    ("a host is closed by a person", CLOSED, {"deploy": ["lock"], "restart": ["lock"], "rollback": [], "restore": [], "catch-up": ["lock"]}),
    ("a disk is full", FULL, {"deploy": ["space"], "restart": [], "rollback": [], "restore": [], "catch-up": ["space"]}),
    ("a clock is wrong", LATE, {"deploy": ["clock"], "restart": ["clock"], "rollback": [], "restore": [], "catch-up": ["clock"]}),
    ("sudo refuses", NO_SUDO, {"deploy": ["sudo"], "restart": ["sudo"], "rollback": [], "restore": [], "catch-up": ["sudo"]}),
    ("a link is broken", BROKEN, {"deploy": ["way-back"], "restart": ["way-back"], "restore": [], "catch-up": []}),
    ("no release is live", {"facts": a_fleet(web02=seen("web02", current=""))}, {"deploy": [], "restart": ["way-back"]}),
    (
        "the release before is damaged",
        {"facts": a_fleet(web02=seen("web02", releases=(changed(ON_OLD, whole=False),)))},
        {"deploy": ["way-back"], "restart": [], "rollback": []},
    ),
]


@pytest.mark.parametrize(
    ("inputs", "kind", "names"), [pytest.param(inputs, kind, names, id=f"{name}: {kind}") for name, inputs, kinds in HELD_UP for kind, names in kinds.items()]
)
def test_what_holds_a_run_up(inputs: dict[str, object], kind: RunKind, names: list[str]):
    assert blocked_by(kind, **inputs) == names


def test_a_reason_overrides_what_holds_a_release_or_a_restart_up_and_nothing_else():
    reason = Request(overrides=(("space", "small"), ("sudo", "known"), ("lock", "never")))
    assert blocked_by("deploy", request=reason, **FULL) == []
    assert blocked_by("restart", request=reason, **NO_SUDO) == []
    assert blocked_by("catch-up", request=reason, **FULL) == ["space"]
    assert blocked_by("deploy", request=reason, **HELD) == ["lock"]


ABOUT_A_RELEASE = [
    ("a branch that is not allowed", {"environment": changed(FLEET, branches=("release/*",), release_tags=())}, ["branch"]),
    ("a day that is closed", {"environment": changed(FLEET, closed=("tue",))}, ["closed"]),
    ("a day that is closed, with a hotfix", {"environment": changed(FLEET, closed=("tue",)), "request": Request(hotfix="CVE")}, []),
    ("a commit that is older than what is live", {"relations": {"a" * 40: "older"}}, ["direction"]),
    ("people who are not there", {"environment": changed(FLEET, team_required=1)}, ["team"]),
    ("people who are there", {"environment": changed(FLEET, team_required=1), "joined": (LIN,)}, []),
    ("the starter twice", {"environment": changed(FLEET, team_required=1), "joined": (Person("ada", 1000),)}, ["team"]),
    ("a major change that nobody is told of", {"request": Request(impact=changed(Request().impact, downtime=60.0))}, ["announcement"]),
    (
        "a major change that somebody is told of",
        {"request": Request(impact=changed(Request().impact, downtime=60.0)), "environment": changed(FLEET, announce=Announce(("x",)))},
        [],
    ),
    ("a commit that was not verified in staging", {"environment": changed(FLEET, requires="staging"), "made": Made(REVISION)}, ["staging"]),
    (
        "a migration that the code before does not bear",
        {**MIGRATES, "review": Review(runs=True, where="web01", backs_up=True, old_code="breaks")},
        ["way-back"],
    ),
    ("a migration without a backup", {**MIGRATES, "review": Review(runs=True, where="web01", old_code="ok")}, ["backup"]),
]


@pytest.mark.parametrize(("inputs", "names"), [pytest.param(*row[1:], id=row[0]) for row in ABOUT_A_RELEASE])
def test_what_holds_a_release_up(inputs: dict[str, object], names: list[str]):
    assert blocked_by("deploy", **inputs) == names
    assert blocked_by("restart", **{name: value for name, value in inputs.items() if name != "made"}) == []


def test_a_rollback_is_held_up_only_where_no_host_can_go_anywhere():
    damaged = changed(ON_OLD, whole=False, damage=SafeText("1 file differs"))
    nowhere = tuple(seen(name, current=NEW, releases=(damaged, ON_NEW)) for name in ("web01", "web02", "web03"))
    assert blocked_by("rollback", facts=nowhere) == ["way-back"]
    assert blocked_by("rollback", facts=(*nowhere[:2], *ROLLBACK["facts"][2:])) == []  # type: ignore[index]
    (check,) = (check for check in JUDGES["rollback"].checks(found("rollback", nowhere, targets=BACK_TO)) if check.id == "way-back")
    assert check.firm
    assert check.remedy == "deploy production --version v1 --hosts web01,web02,web03 --override direction=REASON"
    gone = tuple(seen(name, current=NEW, releases=(ON_NEW,)) for name in ("web01", "web02", "web03"))
    (check,) = (check for check in JUDGES["rollback"].checks(found("rollback", gone, targets=BACK_TO)) if check.id == "way-back")
    assert check.remedy == "deploy rollback production --to RELEASE"


def test_who_is_left_out_by_name_is_said_in_the_words_of_the_run():
    def remedy(kind: RunKind, **inputs: object) -> str:
        return next(str(check.remedy) for check in JUDGES[kind].checks(found(kind, **{**AWAY, **inputs})) if check.id == "reach")  # type: ignore[arg-type]

    assert remedy("deploy").endswith("--without web02=REASON")
    assert remedy("restart").endswith("--hosts '!web02'")
    assert remedy("rollback", targets=BACK_TO).endswith("--hosts '!web02'")
    assert remedy("restore", **{**RESTORE, **AWAY}) == remedy("catch-up", **CATCH_UP) == "mend the host"


def planned(kind: RunKind, **inputs: object) -> dict[str, list[str]]:
    """What is done on each host, by the last parts of the names of its steps."""
    plan = JUDGES[kind].plan(found(kind, **inputs))  # type: ignore[arg-type]
    return {host.name: [name.rpartition("/")[2] for name in done_on(plan.steps, host.name)] for host in FLEET.hosts}


ALL = ["ship", "install", "switch", "restart", "gate", "prune"]
UPDATE, BACK = ["switch", "restart", "gate", "prune"], ["switch", "restart", "gate"]
HAS_IT = seen("web02", releases=(ON_OLD, ON_NEW))
PLANS = [
    ("a release", "deploy", {}, {"web01": ALL, "web02": ALL, "web03": ALL}),
    ("a release with a host away", "deploy", AWAY, {"web01": ALL, "web02": [], "web03": ALL}),
    ("a release to some", "deploy", {"request": Request(hosts="web01,web02"), "facts": a_fleet()[:2]}, {"web01": ALL, "web02": ALL, "web03": []}),
    (
        "a release without one",
        "deploy",
        {"request": Request(without=(("web02", "burnt"),)), "facts": (seen("web01"), seen("web03"))},
        {"web01": ALL, "web02": [], "web03": ALL},
    ),
    ("a restart", "restart", {}, {"web01": BACK[1:], "web02": BACK[1:], "web03": BACK[1:]}),
    ("a restart with a host away", "restart", AWAY, {"web01": BACK[1:], "web02": [], "web03": BACK[1:]}),
    ("a catch-up", "catch-up", CATCH_UP, {"web01": ALL, "web02": ALL, "web03": ALL}),
    ("a catch-up of a host that has it", "catch-up", {**CATCH_UP, "facts": a_fleet(web02=HAS_IT)}, {"web01": ALL, "web02": UPDATE, "web03": ALL}),
    (
        "a catch-up of a host that has it damaged",
        "catch-up",
        {**CATCH_UP, "facts": a_fleet(web02=seen("web02", releases=(ON_OLD, changed(ON_NEW, whole=False))))},
        {"web01": ALL, "web02": ALL, "web03": ALL},
    ),
    ("a rollback", "rollback", ROLLBACK, {"web01": BACK, "web02": BACK, "web03": BACK}),
    ("a rollback with a host away", "rollback", {**ROLLBACK, "facts": (*ROLLBACK["facts"][:2], away("web03"))}, {"web01": BACK, "web02": BACK, "web03": []}),  # type: ignore[index]
    (
        "a rollback of some",
        "rollback",
        {**ROLLBACK, "targets": Targets({"web01": OLD}, frozenset(), frozenset({"web02", "web03"}))},
        {"web01": BACK, "web02": [], "web03": []},
    ),
    (
        "a rollback with a host that is there, verified",
        "rollback",
        {"facts": a_fleet(), "targets": Targets({"web01": OLD, "web02": OLD}, frozenset({"web02"}))},
        {"web01": BACK, "web02": [], "web03": []},
    ),
    (
        "a rollback with a host that was there and is not",
        "rollback",
        {**ROLLBACK, "targets": Targets({"web02": OLD}, frozenset({"web02"}))},
        {"web01": [], "web02": BACK, "web03": []},
    ),
    (
        "a rollback to what is not on disk",
        "rollback",
        {**ROLLBACK, "targets": Targets({"web01": OLD, "web02": "r7"})},
        {"web01": BACK, "web02": [], "web03": []},
    ),
    ("a restore", "restore", RESTORE, {"web01": [], "web02": [], "web03": []}),
    ("an exec", "exec", {}, {"web01": [], "web02": [], "web03": []}),
    ("maintenance", "maintenance", {}, {"web01": [], "web02": [], "web03": []}),
]


@pytest.mark.parametrize(("kind", "inputs", "names"), [pytest.param(*row[1:], id=row[0]) for row in PLANS])
def test_what_is_done_on_each_host(kind: RunKind, inputs: dict[str, object], names: dict[str, list[str]]):
    assert planned(kind, **inputs) == names


@pytest.mark.parametrize(("current", "command"), [(OLD, "restart"), ("", "start")])
def test_a_host_that_never_had_a_release_is_started(current: str, command: str):
    environment = changed(FLEET, commands={"start": Command("start"), "restart": Command("restart")})
    for kind, inputs in (("deploy", {}), ("catch-up", CATCH_UP)):
        plan = JUDGES[kind].plan(found(kind, a_fleet(web02=seen("web02", current=current)), environment, **inputs))  # type: ignore[index,arg-type]
        assert [step.command.run for step in plan.steps if step.kind == "restart" and step.about == "web02" and step.command] == [command]


def test_a_rollback_goes_in_halves_where_that_was_asked_for():
    plan = JUDGES["rollback"].plan(found("rollback", request=Request(halves=True), **ROLLBACK))  # type: ignore[arg-type]
    assert plan.waves == (("web01", "web02"), ("web03",))
    assert JUDGES["rollback"].plan(found("rollback", **ROLLBACK)).waves == (("web01", "web02", "web03"),)  # type: ignore[arg-type]


def undone(where: str = "web01") -> RunState:
    return a_state("new", steps={"database/migrate": ended("done")}, review=Review(runs=True, old_code="breaks", where=where), release=RELEASE)


@pytest.mark.parametrize(("where", "reverts"), [("web01", True), ("web09", False)], ids=["where it goes back", "elsewhere"])
def test_a_migration_is_taken_back_on_a_host_that_goes_back(where: str, reverts: bool):
    environment = changed(FLEET, database=changed(DATABASE, revert=Command("down")))
    plan = JUDGES["rollback"].plan(found("rollback", environment=environment, undoes=undone(where), **ROLLBACK))  # type: ignore[arg-type]
    assert ("database/revert" in {step.name for step in plan.steps}) is reverts


def test_a_release_migrates_after_a_backup_or_without_one_where_that_is_overridden():
    unsaved = {**MIGRATES, "review": Review(runs=True, where="web01", old_code="ok")}

    def on_database(**inputs: object) -> list[str]:
        return [step.kind for step in JUDGES["deploy"].plan(found(**inputs)).steps if step.name.startswith("database/")]  # type: ignore[arg-type]

    assert on_database(**MIGRATES) == ["backup", "migrate"]
    assert on_database(**unsaved) == []
    assert on_database(**unsaved, request=Request(overrides=(("backup", "small"),))) == ["migrate"]
    assert on_database(**unsaved, request=Request(overrides=(("space", "small"),))) == []
    assert on_database() == []


def expected(**inputs: object) -> list[str]:
    return [step.expects for step in JUDGES["deploy"].plan(found(**inputs)).steps if step.kind == "pack"]  # type: ignore[arg-type]


OTHER = Revision("c" * 40, SafeText("v2-rc"))
SAME = {
    "made": Made(REVISION, contents=frozenset({"d7"})),
    "verified": (Released("r3", 3, OTHER, content="d7", outcome="succeeded", ended_at="2026-11-24T08:00:00Z", verified=True),),
}


def test_a_release_must_come_to_what_was_verified_in_its_place_unless_that_is_overridden():
    assert expected(**SAME) == ["d7"]
    assert expected(**SAME, request=Request(overrides=(("staging", "urgent"),))) == [""]
    assert expected(**SAME, request=Request(overrides=(("space", "small"),))) == ["d7"]
    assert expected() == [""]


def test_a_restore_brings_that_run_s_backup_back():
    plan = JUDGES["restore"].plan(found("restore", **RESTORE))  # type: ignore[arg-type]
    assert [(step.name, step.title) for step in plan.steps] == [("database/restore", "bring the database back on web01 from the backup of r0")]
    assert JUDGES["restore"].plan(found("restore", request=Request(ref="r0"))).steps == ()


def test_an_exec_is_one_wave_of_its_hosts():
    plan = JUDGES["exec"].plan(found("exec", **AWAY))  # type: ignore[arg-type]
    assert (plan.strategy, plan.waves, plan.steps) == ("exec", (("web01", "web03"),), ())


@pytest.mark.parametrize(
    ("kind", "inputs", "words"),
    [("deploy", {"release": None}, "there is no release to plan with"), ("catch-up", {}, "there is no release to plan with")],
    ids=["a release", "a catch-up"],
)
def test_without_a_release_there_is_no_plan(kind: RunKind, inputs: dict[str, object], words: str):
    with pytest.raises(NoGo, match=words):
        JUDGES[kind].plan(found(kind, **inputs))  # type: ignore[arg-type]


def test_without_a_commit_there_is_nothing_to_judge():
    with pytest.raises(NoGo, match="there is no commit to release"):
        JUDGES["deploy"].checks(found(revision=None))


def test_a_catch_up_needs_room_for_what_it_ships_alone():
    tight = seen("web02", free=2**20)
    assert blocked_by("catch-up", facts=a_fleet(web02=tight)) == ["space"]
    assert blocked_by("catch-up", facts=a_fleet(web02=changed(tight, releases=(ON_OLD, ON_NEW)))) == []
    assert blocked_by("catch-up", facts=a_fleet(web02=tight), revision=None) == []


KIND_WORDS = {
    "deploy": (("DEPLOY", "", "DEPLOYED"), "", "", "deploy check {environment}"),
    "rollback": (("ROLL BACK", "rollback", "ROLLED BACK AS ASKED"), "the rollback is under way", "", "deploy status {environment}"),
    "restart": (
        ("RESTART", "restart", "RESTARTED"),
        "a restart changes no release, so there is none to go back to",
        "deploy abort --leave",
        "deploy status {environment}",
    ),
    "restore": (
        ("RESTORE", "restore of the database", "DATABASE RESTORED"),
        "a restore changes no host, and nothing takes it back",
        "deploy abort",
        "deploy status {environment}",
    ),
    "catch-up": (
        ("CATCH UP", "catch-up", "CAUGHT UP"),
        "an owed host is brought up to date, and never to an older state",
        "deploy attach",
        "deploy status {environment}",
    ),
    "exec": (("EXEC", "exec", "DONE"), "a command changes no release", "", "deploy status {environment}"),
    "maintenance": (("MAINTENANCE", "maintenance", "DONE"), "maintenance mode changes no release", "", "deploy maintenance {environment}"),
}


ASKED = Request(ref="v1.2.0", hosts="web0*", without=(("web02", "burnt down"),), impact=Impact(old_code="ok", notes=SafeLines("words")))
AGAIN = [
    ("deploy", ASKED, "deploy check production", "deploy production", " --version v1.2.0 --hosts 'web0*' --without 'web02=burnt down' --old-code ok"),
    ("deploy", Request(), "deploy check production", "deploy production", ""),
    ("restart", Request(kind="restart", hosts="web02"), "deploy status production", "deploy restart production", " --hosts web02"),
    ("catch-up", Request(kind="catch-up", ref="r1"), "deploy status production", "deploy production", ""),
]


@pytest.mark.parametrize(("name", "request_", "looks", "asks", "options"), AGAIN)
def test_what_is_typed_next_speaks_of_the_same_version_and_the_same_hosts(name: RunKind, request_: Request, looks: str, asks: str, options: str):
    """Pasted without them, it would look at, or release, whatever HEAD is."""
    run = RunState(kind=name, environment="production", request=request_)
    assert asked_again(run) == asks + options
    assert looked_at_with(run) == looks + (options if KINDS[name].makes_release else "")
    assert asked_again(run, for_all=True) == (asks + options).replace(" --without 'web02=burnt down'", "")


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_has_its_words(name: RunKind):
    kind, (words, why, hint, command) = KINDS[name], KIND_WORDS[name]
    assert (kind.name, tuple(kind.words), kind.looked_at_with) == (name, words, command)
    assert ((kind.no_return.words, kind.no_return.hint) if kind.no_return else ("", "")) == (why, hint)
    run = RunState(kind=name, environment="production")
    assert kind_of(run) is kind
    assert looked_at_with(run) == command.format(environment="production")
    assert KINDS[name].returns is kind.returns is (name == "deploy")


TRAITS = {
    "deploy": (True, False, True, True, True),
    "rollback": (False, True, True, True, True),
    "restart": (False, False, True, True, True),
    "restore": (False, False, False, True, False),
    "catch-up": (False, False, True, True, False),
    "exec": (False, False, True, False, True),
    "maintenance": (False, False, True, False, True),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_what_it_is(name: RunKind):
    kind = KINDS[name]
    assert (kind.makes_release, kind.is_return, kind.changes_hosts, kind.unsteered is None, kind.is_attended) == TRAITS[name]


@pytest.mark.parametrize(
    ("kind", "asked", "does"),
    [
        ("deploy", "rollback", "rollback"),
        ("deploy", "pause", "pause"),
        ("restart", "rollback", "stop"),
        ("restart", "pause", "pause"),
        ("catch-up", "pause", "stop"),
        ("restore", "rollback", "stop"),
    ],
)
def test_a_run_fails_as_its_kind_does(kind: RunKind, asked: str, does: str):
    assert on_failure(RunState(kind=kind, on_failure=asked)) == does  # type: ignore[arg-type]


@given(st.sets(st.sampled_from(["web01", "web02", "web03"])), st.sampled_from(["deploy", "restart", "rollback", "restore", "catch-up"]))
def test_no_step_is_planned_for_a_host_that_is_away(names: set[str], kind: RunKind):
    facts = tuple(away(name) if name in names else seen(name, current=NEW, releases=(ON_OLD, ON_NEW)) for name in ("web01", "web02", "web03"))
    inputs = {"rollback": {"targets": BACK_TO}, "restore": RESTORE, "catch-up": CATCH_UP}.get(kind, {})
    plan = JUDGES[kind].plan(found(kind, facts, **inputs))  # type: ignore[arg-type]
    assert not {step.about for step in plan.steps} & names
    assert not {step.place for step in plan.steps} & names


DESTINATIONS = [
    ("the release before", Targets({"web01": OLD}), {}, ReturnTarget("web01", OLD, SafeText("v1"), commit=ON_OLD.commit)),
    (
        "a release that is damaged",
        Targets({"web01": OLD}),
        {"releases": (changed(ON_OLD, whole=False, damage=SafeText("1 file differs")), ON_NEW)},
        ReturnTarget("web01", OLD, SafeText("v1"), possible=False, reason=SafeText("1 file differs")),
    ),
    ("a host that was not touched", Targets({}, frozenset(), frozenset({"web01"})), {}, ReturnTarget("web01", NEW, SafeText("v2"), commit=ON_NEW.commit)),
    ("a host that goes nowhere", Targets({}), {}, ReturnTarget("web01")),
    (
        "a host that is away",
        Targets({"web01": OLD}),
        {"problem": SafeText("no route")},
        ReturnTarget("web01", OLD, possible=False, reason=SafeText("no route")),
    ),
    (
        "a host that is away and was not touched",
        Targets({}, frozenset(), frozenset({"web01"})),
        {"problem": SafeText("no route")},
        ReturnTarget("web01", NEW, possible=False, reason=SafeText("no route")),
    ),
    ("another host's target", Targets({"web02": OLD}, frozenset(), frozenset({"web03"})), {}, ReturnTarget("web01")),
]


@pytest.mark.parametrize(("targets", "fields", "target"), [pytest.param(*row[1:], id=row[0]) for row in DESTINATIONS])
def test_where_a_rollback_takes_a_host(targets: Targets, fields: dict[str, object], target: ReturnTarget):
    fact = seen("web01", **{"current": NEW, "releases": (ON_OLD, ON_NEW), **fields})
    assert destination(found("rollback", targets=targets), fact) == target


def test_a_restore_shows_what_the_fleet_is_like_and_is_held_up_by_none_of_it():
    checks = JUDGES["restore"].checks(found("restore", **{**RESTORE, **FULL}))  # type: ignore[arg-type]
    assert {check.id: check.blocking for check in checks} == {**dict.fromkeys(ON_FLEET, False), "lock": True, "backup": True}
    (backup,) = (check for check in checks if check.id == "backup")
    assert (backup.status, "/var/backups/r0.dump on web01" in backup.detail) == ("passed", True)
    (gone,) = (check for check in JUDGES["restore"].checks(found("restore", **{**RESTORE, "kept": False})) if check.id == "backup")  # type: ignore[arg-type]
    assert gone.status == "failed"


WHAT_IT_LEAVES = [
    ("deploy", (True, True, "new", False)), ("rollback", (True, True, "back", False)), ("catch-up", (True, False, "new", False)),
    ("restart", (False, False, None, True)), ("restore", (False, False, None, False)), ("exec", (False, False, None, False)),
    ("maintenance", (False, False, None, False)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "leaves"), WHAT_IT_LEAVES)
def test_what_a_kind_leaves_behind_it(name: RunKind, leaves: tuple[bool, bool, str | None, bool]):
    kind = KINDS[name]
    assert (kind.changes_release, kind.sets_live, kind.pays, kind.is_repeated) == leaves
