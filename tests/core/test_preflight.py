"""The pre-flight's words on a fleet: hosts of which the same is said stand together, and what is told can be typed."""

import pytest

from console.core.kinds import looked_at_with
from console.core.preflight import assess_fleet, assess_live, assess_lock, assess_way_back, named, overridden
from console.core.rollback import shipped_again, way_back, way_to
from console.core.sizes import counted
from console.model.facts import HostFacts, HostRelease, LockHolder
from console.model.plan import WayBack
from console.model.request import RunKind
from console.model.state import RunState
from console.text import SafeText
from console.views.form import overridable

NOTE = LockHolder(SafeText("ada"), reason=SafeText("audit"), until=SafeText("2026-11-24T18:57:26Z"))


def closed(count: int) -> tuple[HostFacts, ...]:
    return tuple(HostFacts(f"web{number:02}", closed=NOTE) for number in range(1, count + 1))


def test_hosts_of_which_the_same_is_said_stand_together():
    assert assess_lock(closed(2), "r1").detail == "web01, web02: closed by ada until 2026-11-24 18:57 UTC: audit"
    assert assess_lock(closed(40), "r1").detail == "web01, web02, web03, web04, web05 and 35 more: closed by ada until 2026-11-24 18:57 UTC: audit"
    held = (HostFacts("web01", lock=LockHolder(SafeText("bo"), run="r0")), HostFacts("web02", lock=LockHolder(SafeText("cy"), run="r2")))
    assert assess_lock(held, "r1").detail == "web01: held by r0; web02: held by r2"


def test_a_remedy_names_the_environment():
    check = named(assess_lock(closed(1), "r1"), "production")
    assert check.remedy == "deploy unlock production --reason TEXT"
    broken = assess_way_back([WayBack("web01", "", possible=False, reason=SafeText("$ENVIRONMENT"))], 1)
    assert named(broken, "qa").remedy == "deploy status qa; mend `current` on the host, or --override way-back=REASON"
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
    assert way_back(outside) == WayBack("web01", "/srv/shop-blue", reason=way_back(fact).reason)


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
    away = [HostFacts(f"web0{number}", problem=SafeText("no"), problem_kind="unreachable", hint=SafeText(hint)) for number, hint in enumerate(("one", "two", "one"))]
    checks = {check.id: check.remedy for check in assess_fleet((*away, HostFacts("web09")), 1, 1, 0)}
    assert checks["reach"].startswith("one; two; or leave it out: --without web00=REASON")
    for kind, leaves in (("restart", "one; two; or leave it out: --hosts '!web00,!web01,!web02'"), ("restore", "one; two")):
        checks = {check.id: check.remedy for check in assess_fleet((*away, HostFacts("web09")), 1, 1, 0, kind=kind)}  # type: ignore[arg-type]
        assert checks["reach"] == leaves
    assert assess_live((HostFacts("web01"),)).remedy == "deploy status ENV; mend `current` on the host; or leave it out: --hosts '!web01'"
    locked = (HostFacts("a", problem=SafeText("x"), problem_kind="login", hint=SafeText("ssh-add")), HostFacts("b", problem=SafeText("y"), problem_kind="shell", hint=SafeText("look")))
    assert {check.id: check.remedy for check in assess_fleet(locked, 1, 1, 0)}["login"] == "ssh-add; look"


def test_a_release_that_is_damaged_is_shipped_again():
    damaged = tuple(WayBack(host, "r1", SafeText("v1.0.0"), possible=False, reason=SafeText("damaged")) for host in ("web02", "web03"))
    command = "deploy production --version v1.0.0 --hosts web02,web03 --override direction=REASON"
    assert shipped_again((WayBack("web01", "r1", SafeText("v1.0.0")), *damaged), "production") == command
    assert shipped_again((WayBack("web01", "r1", possible=False),), "production") == ""
    assert assess_way_back(damaged, 2, remedy=shipped_again(damaged, "ENV")).remedy == command.replace("production", "ENV")


@pytest.mark.parametrize(("kind", "command"), [("deploy", "deploy check production"), ("restart", "deploy status production"), ("rollback", "deploy status production")])
def test_what_was_refused_is_looked_at_with_a_command_that_shows_it(kind: RunKind, command: str):
    assert looked_at_with(RunState(kind=kind, environment="production")) == command
