"""The pre-flight's words on a fleet: hosts of which the same is said stand together, and what is told can be typed."""

import pytest

from console.core.checks.fleet import LeaveOut, assess_fleet, assess_live, assess_lock, assess_way_back, blocking_reasons, named, overridden
from console.core.kinds.kind_table import looked_at_with
from console.core.plan.return_plan import shipped_again, way_back, way_to
from console.core.words.sizes import counted
from console.model.checks import Check
from console.model.host_facts import HostFacts, HostRelease, LockHolder
from console.model.plan import ReturnTarget
from console.model.request import RunKind
from console.model.state import RunState
from console.safe_text import SafeText
from console.views.release_fields import overridable
from tests.core.builders import a_check

NOTE = LockHolder(SafeText("ada"), reason=SafeText("audit"), until=SafeText("2026-11-24T18:57:26Z"))


def closed(count: int) -> tuple[HostFacts, ...]:
    return tuple(HostFacts(f"web{number:02}", closed=NOTE) for number in range(1, count + 1))


def test_hosts_of_which_the_same_is_said_stand_together():
    assert assess_lock(closed(2), "r1").detail == "web01, web02: closed by ada until 2026-11-24 18:57 UTC: audit"
    assert assess_lock(closed(40), "r1").detail == "web01, web02, web03, web04, web05 and 35 more: closed by ada until 2026-11-24 18:57 UTC: audit"
    held = (HostFacts("web01", lock=LockHolder(SafeText("bo"), run="r0")), HostFacts("web02", lock=LockHolder(SafeText("cy"), run="r2")))
    assert assess_lock(held, "r1").detail == "web01: held by r0; web02: held by r2; once that run is dead, unlock --run breaks its lock"


def test_what_an_interrupted_run_holds_is_resumed():
    held = (HostFacts("web01", lock=LockHolder(SafeText("bo"), run="r0", is_left=True)),)
    check = assess_lock(held, "r1")
    assert (check.detail, check.remedy) == ("web01: held by r0, which was interrupted and can be resumed", "deploy resume r0")
    other = (*held, HostFacts("web02", lock=LockHolder(SafeText("cy"), run="r2")))
    assert "once that run is dead, unlock --run" in assess_lock(other, "r1").detail


def test_a_remedy_names_the_environment():
    check = named(assess_lock(closed(1), "r1"), "production")
    assert check.remedy == "deploy unlock production --reason TEXT"
    broken = assess_way_back([ReturnTarget("web01", "", possible=False, reason=SafeText("$ENVIRONMENT"))], 1)
    assert named(broken, "qa").remedy == "mend `current` on the host, or --override way-back=REASON"
    assert named(assess_lock((), "r1"), "qa") == assess_lock((), "r1")


def test_a_host_that_has_the_release_needs_no_room_for_it():
    facts = tuple(HostFacts(name, free=2**20, inodes=10) for name in ("web01", "web02"))
    room = {check.id: check for check in assess_fleet(facts, 2**20, 5, 0, frozenset({"web02"}))}["space"]
    assert (room.status, room.detail) == ("failed", "web01: 1 MiB free, 4 MiB needed")
    assert {check.id: check for check in assess_fleet(facts, 2**20, 5, 0, frozenset({"web01", "web02"}))}["space"].status == "passed"


def test_what_nobody_answered_is_never_passed():
    away = (HostFacts("web01", problem=SafeText("no route"), problem_kind="unreachable"),)
    checks = (*assess_fleet(away, 1, 1, 1), assess_way_back((), 0), assess_live(away), assess_lock(away, "r1"))
    assert {check.id: check.status for check in checks if check.id != "reach"} == dict.fromkeys(
        ("key", "login", "sudo", "tools", "space", "clock", "way-back", "lock"), "error"
    )
    assert all(" 0 " not in f" {check.detail} " for check in checks)


@pytest.mark.parametrize("kind", ["login", "shell"])
def test_a_host_that_lets_nobody_in_has_shown_its_key(kind: str):
    checks = {check.id: check.status for check in assess_fleet((HostFacts("web01", problem=SafeText("refused"), problem_kind=kind),), 1, 1, 0)}
    assert (checks["key"], checks["login"], checks["tools"]) == ("passed", "failed", "error")


def test_what_a_host_does_not_say_is_an_error_and_no_zero():
    checks = {check.id: check for check in assess_fleet((HostFacts("web01", free=None, clock_skew=None), HostFacts("web02", free=2**30)), 1, 1, 0)}
    assert (checks["space"].status, checks["space"].detail) == ("error", "web01: its free space cannot be read (df -Pk); nothing wrong on 1 other")
    assert (checks["clock"].status, checks["clock"].detail) == ("error", "web01: its clock cannot be read (date +%s); nothing wrong on 1 other")


def test_one_is_one():
    assert [counted(count, "new migration") for count in (0, 1, 2)] == ["0 new migrations", "1 new migration", "2 new migrations"]


def test_a_current_that_is_no_link_is_overridden_by_no_reason():
    hint = SafeText("cd /srv/shop && mkdir -p releases && mv current releases/adopted && ln -s releases/adopted current")
    fact = HostFacts("web01", current_broken=SafeText("current is a folder, not a link"), current_hint=hint)
    check = assess_way_back((way_back(fact),), 0)
    assert check.remedy == f"on web01: {hint}"
    assert overridden((check,), (("way-back", "I know"),)) == (check,)
    assert overridable((check,)) == ()


def test_what_another_tool_made_is_a_way_back_with_a_warning():
    fact = HostFacts("web01", current="my release", releases=(HostRelease("my release", bare=True),))
    assert way_back(fact).possible
    assert assess_way_back((way_back(fact),), 1).status == "warning"
    outside = HostFacts("web01", current="/srv/shop-blue", releases=(HostRelease("/srv/shop-blue", bare=True),))
    assert way_back(outside) == ReturnTarget("web01", "/srv/shop-blue", reason=way_back(fact).reason)


def test_damage_is_named():
    damaged = HostRelease("r1", whole=False, damage=SafeText("1 file differs from the release: bin/app"))
    way = way_to(HostFacts("web01", current="r2", releases=(damaged, HostRelease("r2"))), "r1")
    assert (way.possible, way.reason) == (False, "1 file differs from the release: bin/app")
    assert "bin/app" in assess_way_back((way,), 1).detail


def test_rights_inodes_and_umask_have_their_own_words():
    hint = SafeText("sudo install -d -o ada /srv/shop")
    none = HostFacts("web01", free=10**9, inodes=0, not_writable=SafeText("ada cannot write to /srv"), write_hint=hint)
    by_id = {check.id: check for check in assess_fleet((none,), 10, 10, 0)}
    assert (by_id["tools"].detail, by_id["tools"].remedy) == ("web01: ada cannot write to /srv", f"on web01: {hint}")
    assert by_id["space"].detail == "web01: 0 inodes free, 1010 needed (df -i)"
    narrow = HostFacts("web01", free=10**9, narrow_umask=SafeText("0077 of ada"))
    by_id = {check.id: check for check in assess_fleet((narrow,), 10, 10, 0)}
    assert (by_id["tools"].status, by_id["space"].status) == ("warning", "passed")


def test_what_was_said_to_type_about_a_host_is_not_replaced_by_a_general_word():
    away = [
        HostFacts(f"web0{number}", problem=SafeText("no"), problem_kind="unreachable", hint=SafeText(hint)) for number, hint in enumerate(("one", "two", "one"))
    ]
    checks = {check.id: check.remedy for check in assess_fleet((*away, HostFacts("web09")), 1, 1, 0, leave_out="without")}
    assert checks["reach"].startswith("one; two; or leave it out: --without web00=REASON")
    for option, leaves in (("hosts", "one; two; or leave it out: --hosts '!web00,!web01,!web02'"), ("", "one; two")):
        checks = {check.id: check.remedy for check in assess_fleet((*away, HostFacts("web09")), 1, 1, 0, leave_out=option)}  # type: ignore[arg-type]
        assert checks["reach"] == leaves
    assert assess_live((HostFacts("web01"),)).remedy == "mend `current` on the host; or leave it out: --hosts '!web01'"
    locked = (
        HostFacts("a", problem=SafeText("x"), problem_kind="login", hint=SafeText("ssh-add")),
        HostFacts("b", problem=SafeText("y"), problem_kind="shell", hint=SafeText("look")),
    )
    assert {check.id: check.remedy for check in assess_fleet(locked, 1, 1, 0)}["login"] == "ssh-add; look"


def test_a_release_that_is_damaged_is_shipped_again():
    damaged = tuple(ReturnTarget(host, "r1", SafeText("v1.0.0"), possible=False, reason=SafeText("damaged")) for host in ("web02", "web03"))
    command = "deploy production --version v1.0.0 --hosts web02,web03 --override direction=REASON"
    assert shipped_again((ReturnTarget("web01", "r1", SafeText("v1.0.0")), *damaged), "production") == command
    assert shipped_again((ReturnTarget("web01", "r1", possible=False),), "production") == ""
    assert assess_way_back(damaged, 2, remedy=shipped_again(damaged, "ENV")).remedy == command.replace("production", "ENV")


@pytest.mark.parametrize(
    ("kind", "command"), [("deploy", "deploy check production"), ("restart", "deploy status production"), ("rollback", "deploy status production")]
)
def test_what_was_refused_is_looked_at_with_a_command_that_shows_it(kind: RunKind, command: str):
    assert looked_at_with(RunState(kind=kind, environment="production")) == command


ROOMY = {"free": 2**40}
KEY = {"problem": SafeText("unknown key"), "problem_kind": "unknown-key", "hint": SafeText("ssh-keyscan web02")}
LOGIN = {"problem": SafeText("refused"), "problem_kind": "login", "hint": SafeText("ssh-add")}
AWAY = {"problem": SafeText("no route"), "problem_kind": "unreachable"}
LATE = {"problem": SafeText("no answer in 10 s"), "problem_kind": "late"}


def fleet_of(*hosts: dict[str, object]) -> tuple[HostFacts, ...]:
    """web01, web02, … as they were seen; room is on each that says nothing else."""
    return tuple(HostFacts(f"web{number:02}", **{**ROOMY, **fields}) for number, fields in enumerate(hosts, 1))  # type: ignore[arg-type]


def verdict(name: str, facts: tuple[HostFacts, ...], allowed: int = 0, **asked: object) -> tuple[str, str, str, bool]:
    """One check of a fleet: its status, its words, what to type, whether it may block."""
    check = next(check for check in assess_fleet(facts, 2**20, 10, allowed, **{"leave_out": "without", **asked}) if check.id == name)  # type: ignore[arg-type]
    return check.status, str(check.detail), str(check.remedy), check.blocking


GATE = (SafeText("web"), "http")
SUDO = "allow it in sudoers with NOPASSWD, or take it out of the file"
NTP = "set the host's clock (NTP)"
FREE = "free some room: old releases, logs"
FORWARD = "set AllowTcpForwarding local there, install curl for a gate of the kind http, or ask by a command"
VERDICTS = [
    ("all are reached", "reach", fleet_of({}, {}), ("passed", "2 of 2", "", True)),
    ("one is away", "reach", fleet_of({}, AWAY), ("failed", "web02: no route", "mend the host; or leave it out: --without web02=REASON", True)),
    ("one with a bad key is reached", "reach", fleet_of({}, KEY), ("passed", "2 of 2", "", True)),
    ("one with a bad login is reached", "reach", fleet_of({}, LOGIN), ("passed", "2 of 2", "", True)),
    ("no host at all", "reach", (), ("error", "no host could be asked", "", True)),
    ("all keys are known", "key", fleet_of({}, {}), ("passed", "on 2 hosts", "", True)),
    ("one key is not known", "key", fleet_of({}, KEY), ("failed", "web02: unknown key", "ssh-keyscan web02", True)),
    ("one key has changed", "key", fleet_of({"problem": SafeText("another key"), "problem_kind": "changed-key"}), ("failed", "web01: another key", "", True)),
    (
        "one key is not known and another host is away",
        "key",
        fleet_of(KEY, {**AWAY, "hint": SafeText("ping")}),
        ("failed", "web01: unknown key; not known: web02: not asked: it was not reached", "ssh-keyscan web02", True),
    ),
    ("a key is shown to whom the login is refused", "key", fleet_of(LOGIN), ("passed", "on 1 host", "", True)),
    ("a host that is away has shown no key", "key", fleet_of({}, AWAY), ("error", "web02: not asked: it was not reached; nothing wrong on 1 other", "", False)),
    ("all logins work", "login", fleet_of({}, {}), ("passed", "on 2 hosts", "", True)),
    ("one login is refused", "login", fleet_of({}, LOGIN), ("failed", "web02: refused", "ssh-add", True)),
    (
        "a login was not tried on a bad key",
        "login",
        fleet_of({}, KEY),
        ("error", "web02: not asked: its key is not known; nothing wrong on 1 other", "", False),
    ),
    ("a host takes two commands at once", "login", fleet_of({"sessions": 2}), ("passed", "on 1 host; web01: MaxSessions 2: no live numbers", "", True)),
    ("a host takes three commands at once", "login", fleet_of({"sessions": 3}), ("passed", "on 1 host", "", True)),
    ("few commands at once are no matter of keys", "key", fleet_of({"sessions": 2}), ("passed", "on 1 host", "", True)),
    ("sudo allows all", "sudo", fleet_of({}), ("passed", "on 1 host", "", True)),
    ("sudo refuses two", "sudo", fleet_of({"sudo_refused": (SafeText("sudo a"), SafeText("sudo b"))}), ("failed", "web01: sudo a; sudo b", SUDO, True)),
    (
        "sudo was not asked after a refused login",
        "sudo",
        fleet_of({}, LOGIN),
        ("error", "web02: not asked: the login did not work; nothing wrong on 1 other", "", False),
    ),
    ("tools are there", "tools", fleet_of({}), ("passed", "on 1 host", "", True)),
    (
        "tools are missing",
        "tools",
        fleet_of({"missing_tools": (SafeText("tar"), SafeText("gzip"))}),
        ("failed", "web01: missing: tar, gzip", "install them on the host", True),
    ),
    (
        "shared entries are missing",
        "tools",
        fleet_of({"missing_shared": (SafeText("b"), SafeText("a"))}, {"missing_shared": (SafeText("a"),)}),
        ("failed", "web01: not in shared/: b, a; web02: not in shared/: a", "put a, b into shared/ there", True),
    ),
    (
        "all is missing",
        "tools",
        fleet_of(
            {"missing_tools": (SafeText("tar"),), "not_writable": SafeText("read-only"), "write_hint": SafeText("chown"), "missing_shared": (SafeText("a"),)}
        ),
        ("failed", "web01: missing: tar; read-only; not in shared/: a", "install them on the host; on web01: chown; put a into shared/ there", True),
    ),
    (
        "more hosts are not writable than hints are shown",
        "tools",
        fleet_of(*[{"not_writable": SafeText("no"), "write_hint": SafeText("chown")}] * 5),
        ("failed", "web01, web02, web03, web04, web05: no", "on web01: chown; on web02: chown; on web03: chown", True),
    ),
    (
        "a gate of the kind tcp is not forwarded",
        "tools",
        fleet_of({"unforwarded": ((SafeText("db"), "tcp"),), "can_fetch": True}),
        ("failed", f"web01: its sshd forwards no connections (AllowTcpForwarding), which the gate db wants: {FORWARD}", "", True),
    ),
    (
        "two gates are not forwarded",
        "tools",
        fleet_of({"unforwarded": (GATE, (SafeText("db"), "tcp"))}),
        ("failed", f"web01: its sshd forwards no connections (AllowTcpForwarding), which the gate web and the gate db wants: {FORWARD}", "", True),
    ),
    ("a gate of the kind http is asked by curl", "tools", fleet_of({"unforwarded": (GATE,), "can_fetch": True}), ("passed", "on 1 host", "", True)),
    (
        "a narrow umask",
        "tools",
        fleet_of({}, {"narrow_umask": SafeText("0077 of ada")}),
        (
            "warning",
            "web02: umask 0077 of ada: what is made there nobody else can read",
            "umask 022 for that login, where another user runs or releases the application",
            True,
        ),
    ),
    (
        "a narrow umask beside a missing tool",
        "tools",
        fleet_of({"narrow_umask": SafeText("0077"), "missing_tools": (SafeText("tar"),)}),
        ("failed", "web01: missing: tar", "install them on the host", True),
    ),
    ("just room enough", "space", fleet_of({"free": 3 * 2**20}), ("passed", "on 1 host", "", True)),
    ("one byte too little", "space", fleet_of({"free": 3 * 2**20 - 1}), ("failed", "web01: 2 MiB free, 4 MiB needed", FREE, True)),
    (
        "room that is not known",
        "space",
        fleet_of({}, {"free": None}),
        ("error", "web02: its free space cannot be read (df -Pk); nothing wrong on 1 other", "", True),
    ),
    ("just inodes enough", "space", fleet_of({"inodes": 1010}), ("passed", "on 1 host", "", True)),
    ("one inode too little", "space", fleet_of({"inodes": 1009}), ("failed", "web01: 1009 inodes free, 1010 needed (df -i)", FREE, True)),
    ("too little room and too few inodes", "space", fleet_of({"free": 0, "inodes": 0}), ("failed", "web01: 0 MiB free, 4 MiB needed", FREE, True)),
    ("clocks agree", "clock", fleet_of({"clock_skew": 5.0}, {"clock_skew": -5.0}), ("passed", "within 5 s on 2 hosts", "", True)),
    ("a clock is ahead", "clock", fleet_of({}, {"clock_skew": 6.0}), ("warning", "web02: +6 s", NTP, True)),
    ("a clock is behind", "clock", fleet_of({"clock_skew": -7.4}), ("warning", "web01: -7 s", NTP, True)),
    ("a clock is a minute ahead", "clock", fleet_of({"clock_skew": 60.0}), ("warning", "web01: +60 s", NTP, True)),
    ("a clock is more than a minute behind", "clock", fleet_of({"clock_skew": -61.0}), ("failed", "web01: -61 s", NTP, True)),
    (
        "a clock is not known",
        "clock",
        fleet_of({}, {"clock_skew": None}),
        ("error", "web02: its clock cannot be read (date +%s); nothing wrong on 1 other", "", True),
    ),
    (
        "a clock is ahead and another not known",
        "clock",
        fleet_of({"clock_skew": 9.0}, {"clock_skew": None}),
        ("error", "web01: +9 s; not known: web02: its clock cannot be read (date +%s)", NTP, True),
    ),
    (
        "a clock is far ahead and another not known",
        "clock",
        fleet_of({"clock_skew": 99.0}, {"clock_skew": None}),
        ("failed", "web01: +99 s; not known: web02: its clock cannot be read (date +%s)", NTP, True),
    ),
]


@pytest.mark.parametrize(("name", "facts", "found"), [pytest.param(*row[1:], id=row[0]) for row in VERDICTS])
def test_a_verdict_on_the_fleet(name: str, facts: tuple[HostFacts, ...], found: tuple[str, str, str, bool]):
    assert verdict(name, facts) == found


TITLES = {
    "reach": "Hosts reachable",
    "key": "Host keys known",
    "login": "Login works",
    "sudo": "sudo allows each command",
    "tools": "Tools on the hosts",
    "space": "Room for the release",
    "clock": "Clocks agree",
}


def test_the_checks_of_a_fleet_are_these_in_this_order():
    assert {check.id: str(check.title) for check in assess_fleet(fleet_of({}), 1, 1, 0)} == TITLES
    assert list(TITLES) == [check.id for check in assess_fleet((), 1, 1, 0)]


@pytest.mark.parametrize("name", [name for name in TITLES if name != "reach"])
@pytest.mark.parametrize("missing", [AWAY, LATE], ids=["away", "late"])
def test_hosts_that_may_be_missing_hold_nothing_up(name: str, missing: dict[str, object]):
    assert verdict(name, fleet_of({}, missing, missing), 2)[0] == "passed"
    assert verdict(name, fleet_of({}, missing, missing), 1)[0] == "error"
    assert verdict("reach", fleet_of({}, missing, missing), 2)[0] == "warning"
    assert verdict("reach", fleet_of({}, missing, missing), 1)[0] == "failed"


@pytest.mark.parametrize(
    ("on_disk", "found"),
    [
        (frozenset({"web01", "web02"}), ("passed", "it is there already, on 2 hosts", "", True)),
        (frozenset({"web01"}), ("failed", "web02: 0 MiB free, 4 MiB needed", FREE, True)),
        (frozenset({"web09"}), ("failed", "web01, web02: 0 MiB free, 4 MiB needed", FREE, True)),
    ],
    ids=["everywhere", "on one of two", "elsewhere"],
)
def test_room_is_needed_where_the_release_is_not(on_disk: frozenset[str], found: tuple[str, str, str, bool]):
    assert verdict("space", fleet_of({"free": 0}, {"free": 0}), on_disk=on_disk) == found
    (check,) = (check for check in assess_fleet(fleet_of({}, {}), 1, 1, 0, on_disk) if check.id == "space")
    assert check.title == "Room for the release"


def test_a_host_that_was_not_asked_is_not_said_to_have_the_release():
    assert verdict("space", fleet_of({}, LOGIN), on_disk=frozenset({"web01", "web02"}))[:2] == ("error", "web02: not asked: the login did not work")
    assert verdict("space", (), on_disk=frozenset({"web01"}))[:2] == ("error", "no host could be asked")


@pytest.mark.parametrize(
    ("option", "number", "options"),
    [
        ("without", 1, "; or leave it out: --without web01=REASON"),
        ("without", 2, "; or leave it out: --without web01=REASON --without web02=REASON"),
        ("without", 8, "; or leave it out: " + " ".join(f"--without web{one:02}=REASON" for one in range(1, 9))),
        ("without", 9, "; or leave it out: " + " ".join(f"--without web{one:02}=REASON" for one in range(1, 9)) + " and the other 1"),
        ("hosts", 1, "; or leave it out: --hosts '!web01'"),
        ("hosts", 2, "; or leave it out: --hosts '!web01,!web02'"),
        ("hosts", 10, "; or leave it out: --hosts '" + ",".join(f"!web{one:02}" for one in range(1, 9)) + "' and the other 2"),
        ("", 2, ""),
    ],
)
def test_a_host_that_is_away_is_left_out_by_the_options_of_its_run(option: LeaveOut, number: int, options: str):
    assert verdict("reach", fleet_of(*[AWAY] * number), leave_out=option)[2] == f"mend the host{options}"


def test_three_hints_are_shown_each_once():
    hints = [{**AWAY, "hint": SafeText(f"do {number}")} for number in (1, 2, 2, 3, 4)]
    assert verdict("reach", fleet_of(*hints), leave_out="")[2] == "do 1; do 2; do 3"


def way(host: str = "web01", release: str = "r0", version: str = "", reason: str = "", hint: str = "", possible: bool = True) -> ReturnTarget:
    return ReturnTarget(host, release, SafeText(version), possible, SafeText(reason), SafeText(hint))


MEND = "mend `current` on the host, or --override way-back=REASON"
WAYS = [
    ("one host", (way(),), 1, ("passed", "1 host knows the release it returns to", "", True, False)),
    ("two hosts", (way(), way("web02")), 2, ("passed", "2 hosts know the release they return to", "", True, False)),
    ("a host without one", (way(), way("web02", possible=False)), 1, ("failed", "web02: it has none", MEND, True, False)),
    ("a host with a damaged one", (way(possible=False, reason="damaged"),), 1, ("failed", "web01: damaged", MEND, True, False)),
    ("a first release", (way(release=""),), 0, ("warning", "first release on web01: the way back is to stop and remove it", "", True, False)),
    (
        "a first release on two",
        (way(release=""), way("web02", release="")),
        0,
        ("warning", "first release on 2 hosts: the way back is to stop and remove it", "", True, False),
    ),
    ("a bare release", (way(reason="no manifest"),), 1, ("warning", "web01: r0: no manifest", "", True, False)),
    ("a bare release with a version", (way(version="v1", reason="no manifest"),), 1, ("warning", "web01: v1: no manifest", "", True, False)),
    (
        "a first release beside a bare one",
        (way(release="", reason="first"), way("web02", reason="bare")),
        1,
        ("warning", "first release on web01: the way back is to stop and remove it", "", True, False),
    ),
    ("a current that cannot be switched", (way(possible=False, reason="a folder", hint="mv"),), 1, ("failed", "web01: a folder", "on web01: mv", True, True)),
    (
        "four that cannot be switched",
        tuple(way(f"web{one:02}", possible=False, reason="a folder", hint="mv") for one in range(1, 5)),
        4,
        ("failed", "web01, web02, web03, web04: a folder", "on web01: mv; on web02: mv; on web03: mv", True, True),
    ),
    ("a hint on a host that goes back", (way(hint="mv"),), 1, ("passed", "1 host knows the release it returns to", "", True, False)),
]


@pytest.mark.parametrize(("ways", "releases", "found"), [pytest.param(*row[1:], id=row[0]) for row in WAYS])
def test_a_verdict_on_the_way_back(ways: tuple[ReturnTarget, ...], releases: int, found: tuple[object, ...]):
    check = assess_way_back(ways, releases)
    assert (check.id, check.title) == ("way-back", "Way back")
    assert (check.status, str(check.detail), str(check.remedy), check.blocking, check.firm) == found


def test_a_way_back_that_was_not_asked_for_blocks_where_the_host_was_to_be_reached():
    check = assess_way_back((way(),), 1, fleet_of(AWAY))
    assert (check.status, check.detail, check.blocking) == ("error", "web01: not asked: it was not reached; nothing wrong on 1 other", False)


LIVE = "mend `current` on the host"
LIVES = [
    ("a live release", fleet_of({"current": "r1"}), ("passed", "on 1 host", "", True)),
    ("nothing live", fleet_of({"current": "r1"}, {}), ("failed", "web02: no release is live", f"{LIVE}; or leave it out: --hosts '!web02'", True)),
    (
        "a broken link",
        fleet_of({"current": "r1", "current_broken": SafeText("points nowhere")}),
        ("failed", "web01: points nowhere", f"{LIVE}; or leave it out: --hosts '!web01'", True),
    ),
    ("a host that is away", fleet_of({"current": "r1"}, AWAY), ("error", "web02: not asked: it was not reached; nothing wrong on 1 other", "", False)),
]


@pytest.mark.parametrize(("facts", "found"), [pytest.param(*row[1:], id=row[0]) for row in LIVES])
def test_a_verdict_on_what_a_restart_restarts(facts: tuple[HostFacts, ...], found: tuple[object, ...]):
    check = assess_live(facts)
    assert (check.id, check.title) == ("way-back", "A release is live")
    assert (check.status, str(check.detail), str(check.remedy), check.blocking) == found


def held(run: str, by: str = "bo", *, is_unknown: bool = False) -> dict[str, object]:
    return {"lock": LockHolder(SafeText(by), run=run, is_unknown=is_unknown)}


CLOSED = {"closed": LockHolder(SafeText("ada"), reason=SafeText("audit"))}
NOTED, UNLOCK, DEAD = "deploy unlock ENV --reason TEXT", "deploy attach {0}", "; once that run is dead, unlock --run breaks its lock"
LOCKS = [
    ("free", fleet_of({}, {}), ("passed", "no run and no person holds a host (on 2 hosts)", "", True)),
    ("held by this run", fleet_of(held("r9")), ("passed", "no run and no person holds a host (on 1 host)", "", True)),
    ("held by another run", fleet_of({}, held("r0")), ("failed", f"web02: held by r0{DEAD}", UNLOCK.format("r0"), True)),
    ("held by this run and another", fleet_of(held("r9"), held("r0")), ("failed", f"web02: held by r0{DEAD}", UNLOCK.format("r0"), True)),
    (
        "held by two",
        fleet_of(held("r2"), held("r0")),
        ("failed", f"web01: held by r2; web02: held by r0{DEAD}", UNLOCK.format("r0"), True),
    ),
    (
        "held by a run of another machine",
        fleet_of(held("r0", is_unknown=True)),
        ("failed", f"web01: held by r0, a run of bo on another machine{DEAD}", "deploy unlock ENV --run r0 --reason TEXT", True),
    ),
    (
        "held by a run of another machine and one of this",
        fleet_of(held("r0", is_unknown=True), held("r2")),
        ("failed", f"web01: held by r0, a run of bo on another machine; web02: held by r2{DEAD}", UNLOCK.format("r2"), True),
    ),
    ("held by a person", fleet_of(held("", "cy")), ("failed", "web01: held by cy", NOTED, True)),
    ("closed", fleet_of(CLOSED), ("failed", "web01: closed by ada: audit", NOTED, True)),
    ("closed and held", fleet_of(CLOSED, held("r0")), ("failed", f"web02: held by r0{DEAD}", UNLOCK.format("r0"), True)),
    ("away", fleet_of({}, AWAY), ("error", "web02: not asked: it was not reached; nothing wrong on 1 other", "", False)),
    ("closed, with one away", fleet_of(CLOSED, AWAY), ("failed", "web01: closed by ada: audit; not known: web02: not asked: it was not reached", NOTED, True)),
]


@pytest.mark.parametrize(("facts", "found"), [pytest.param(*row[1:], id=row[0]) for row in LOCKS])
def test_a_verdict_on_the_locks(facts: tuple[HostFacts, ...], found: tuple[object, ...]):
    check = assess_lock(facts, "r9")
    assert (check.id, check.title) == ("lock", "Lock free")
    assert (check.status, str(check.detail), str(check.remedy), check.blocking) == found


def a_failure(**fields: object) -> Check:
    return a_check("failed", detail="full", **fields)  # type: ignore[arg-type]


OVERRIDES = [
    ("a check that fails", a_failure(), (("space", "small"),), ("overridden", "full (overridden: small)")),
    ("a check that passes", a_check("passed", detail="on 1 host"), (("space", "small"),), ("passed", "on 1 host")),
    ("a check that blocks nothing", a_failure(blocking=False), (("space", "small"),), ("failed", "full")),
    ("a check that is firm", a_failure(firm=True), (("space", "small"),), ("failed", "full")),
    ("another check", a_failure(), (("clock", "small"),), ("failed", "full")),
    ("the last of two reasons", a_failure(), (("space", "small"), ("space", "tiny")), ("overridden", "full (overridden: tiny)")),
    *((f"{name}, which no reason overrides", a_failure(name=name), ((name, "I know"),), ("failed", "full")) for name in ("reach", "key", "login", "lock")),
    ("a check that waits", a_check("waiting", detail="asked"), (("space", "small"),), ("overridden", "asked (overridden: small)")),
]


@pytest.mark.parametrize(("check", "overrides", "found"), [pytest.param(*row[1:], id=row[0]) for row in OVERRIDES])
def test_a_reason_overrides(check: Check, overrides: tuple[tuple[str, str], ...], found: tuple[str, str]):
    (after,) = overridden((check,), overrides)
    assert (after.status, after.detail) == found


def test_go_is_refused_for_what_blocks_in_its_words():
    checks = (a_check("passed"), a_failure(), a_check("warning"), a_check("waiting", title="Support", detail="asked"), a_failure(blocking=False))
    assert blocking_reasons(checks) == ("Room: full", "Support: asked")
    assert blocking_reasons(checks[:1]) == ()


@pytest.mark.parametrize(
    ("remedy", "told"),
    [
        ("deploy status ENV", "deploy status qa"),
        ("ENV, ENV", "qa, qa"),
        ("$ENVIRONMENT", "$ENVIRONMENT"),
        ("[environments.ENV.database]", "[environments.qa.database]"),
        ("", ""),
    ],
)
def test_a_remedy_is_told_as_it_is_typed(remedy: str, told: str):
    assert named(a_check("failed", remedy=SafeText(remedy)), "qa").remedy == told
