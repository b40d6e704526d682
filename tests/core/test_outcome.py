"""How a run ends: total over every state, and never better than what is known of the hosts."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.outcome import conclude, host_rows, is_there_already, left_out, lock_problems, unfollowed
from console.errors import Problem
from console.exit_codes import Exit
from console.model.checks import Check
from console.model.database_facts import Review
from console.model.plan import Plan, ReturnTarget
from console.model.request import Request
from console.model.state import HostCondition, HostState, RunState, StepState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import a_host_in, a_state, a_step, ended, hosts_of

OUTCOMES = {
    Exit.DONE: {"succeeded", "rolled-back"},
    Exit.CONSOLE_FAILED: {"error"},
    Exit.NO_GO: {"no-go"},
    Exit.ROLLED_BACK: {"rolled-back"},
    Exit.FAILED: {"failed"},
    Exit.LOCKED: {"locked"},
    Exit.LIVE_BUT_BEHIND: {"succeeded"},
    Exit.INTERRUPTED: {"interrupted"},
}
STATES = {"old", "new", "failed", "unreachable", "unknown", "owed", "skipped"}


steps = st.dictionaries(st.sampled_from(["pack", "monitor"]), st.builds(StepState, status=st.sampled_from(["done", "pending", "failed", "unknown"])))
hosts = st.lists(
    st.builds(
        HostState,
        name=st.just(""),
        condition=st.sampled_from(get_args(HostCondition)),
        touched=st.booleans(),
        failed_once=st.booleans(),
        steps=st.dictionaries(st.just("s"), st.builds(StepState, status=st.sampled_from(["done", "failed", "unknown"]))),
    ),
    max_size=5,
)
states = st.builds(
    lambda found, **fields: RunState(run="r1", environment="production", hosts={str(n): host for n, host in enumerate(found)}, **fields),
    hosts,
    kind=st.sampled_from(["deploy", "rollback", "restart"]),
    go=st.sampled_from([None, True, False]),
    changed=st.booleans(),
    aborting=st.sampled_from(["", "back", "leave"]),
    back=st.sampled_from([None, Plan("rollback", (), ())]),
    interrupted=st.booleans(),
    max_failures=st.integers(0, 3),
    locked_by=st.sampled_from([SafeText(""), SafeText("web01 is held by r0")]),
    steps=steps,
)


@given(states)
def test_every_state_has_an_end_that_the_contract_names(state: RunState):
    code, outcome, _, _ = conclude(state)
    assert outcome in OUTCOMES[code]


@given(states)
def test_done_is_never_said_of_a_host_that_is_not(state: RunState):
    code, _, _, _ = conclude(state)
    if code != Exit.DONE:
        return
    wanted = {"back", "left-out", "skipped"} if state.kind == "rollback" else {"new"}
    assert {host.condition for host in state.hosts.values()} <= wanted


@given(states)
def test_back_is_never_said_of_a_touched_host_that_is_not(state: RunState):
    code, _, _, _ = conclude(state)
    if code == Exit.ROLLED_BACK and state.changed:
        assert all(host.condition in ("back", "skipped") for host in state.hosts.values() if host.touched)


@given(states)
def test_behind_is_said_only_of_hosts_that_are_known(state: RunState):
    code, _, _, _ = conclude(state)
    if code == Exit.LIVE_BUT_BEHIND:
        conditions = {host.condition for host in state.hosts.values()}
        assert "new" in conditions
        assert not conditions & {"unknown", "updating", "returning"}


@given(states)
def test_after_a_change_nothing_ends_as_if_there_had_been_none(state: RunState):
    code, _, _, _ = conclude(state)
    if state.changed and state.go is not False and not state.locked_by:
        assert code in (Exit.DONE, Exit.ROLLED_BACK, Exit.FAILED, Exit.LIVE_BUT_BEHIND)


@given(states)
def test_a_restart_ends_as_restarts_do(state: RunState):
    if state.kind == "restart" and state.changed and state.go and not state.locked_by:
        assert conclude(state)[0] in (Exit.DONE, Exit.FAILED, Exit.LIVE_BUT_BEHIND)


@given(states)
def test_hosts_are_named_as_the_contract_does(state: RunState):
    assert {row["state"] for row in host_rows(state)} <= STATES


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (a_state("new", "new"), Exit.DONE),
        (a_state("new", "left-out"), Exit.LIVE_BUT_BEHIND),
        (a_state("new", "skipped"), Exit.LIVE_BUT_BEHIND),
        (a_state("new", request=Request(without=(("web09", "burnt"),))), Exit.LIVE_BUT_BEHIND),
        (a_state("new", "unknown", max_failures=1), Exit.FAILED),
        (a_state("back", "back", "old", back=Plan("rollback", (), ())), Exit.ROLLED_BACK),
        (a_state("back", "owed", back=Plan("rollback", (), ())), Exit.FAILED),
        (a_state("new", "old", aborting="leave"), Exit.FAILED),
        (a_state("back", "back", kind="rollback"), Exit.DONE),
        (a_state("back", "owed", kind="rollback"), Exit.FAILED),
        (a_state("old", "old", kind="rollback", changed=False), Exit.FAILED),
        (a_state("old", changed=False, go=False), Exit.NO_GO),
        (a_state("old", changed=False, go=False, interrupted=True), Exit.INTERRUPTED),
        (a_state("old", changed=False, aborting="back"), Exit.INTERRUPTED),
        (a_state("skipped", "skipped", changed=False), Exit.INTERRUPTED),
        (a_state("old", changed=False, locked_by=SafeText("web01 is held by r0")), Exit.LOCKED),
    ],
)
def test_an_end(state: RunState, code: Exit):
    assert conclude(state)[0] == code


def test_a_host_that_is_owed_to_after_an_unknown_step_is_not_known():
    state = a_state("new", "owed", max_failures=1)
    unknown = a_host_in("owed", "web02", failed_once=True, steps={"restart": StepState(status="unknown")})
    assert conclude(changed(state, hosts={**state.hosts, "web02": unknown}))[0] == Exit.FAILED


def test_a_rollback_that_found_a_host_where_it_was_to_go_is_done():
    ways = (ReturnTarget("web01", "r1", SafeText("v1")), ReturnTarget("web02", "r1", SafeText("v1")))
    there = HostState("web01", condition="old", release="r1")
    back = HostState("web02", condition="back", release="r1")
    done = changed(a_state(kind="rollback", way_back=ways), hosts={"web01": there, "web02": back})
    assert conclude(done)[0] == Exit.DONE
    elsewhere = changed(there, release="r2")
    assert conclude(changed(done, hosts={"web01": elsewhere, "web02": back}))[0] == Exit.FAILED


def test_a_host_that_is_not_reached_stays_as_it_is_and_not_on_nothing():
    way = ReturnTarget("web01", reason=SafeText("the login is refused"), possible=False)
    state = changed(a_state(kind="rollback", way_back=(way,)), hosts={"web01": HostState("web01", condition="owed")})
    assert conclude(state)[2] == "not back: web01 stays on a release that is not known: the login is refused"
    known = changed(state, hosts={"web01": HostState("web01", condition="owed", release="r2")})
    assert conclude(known)[2] == "not back: web01 stays on r2: the login is refused"


UNREVERTED = "it stays as run r1 left it: the code before does not run on the migrated schema, and nothing takes the migration back"
RESTORES = "deploy restore production --run r1"


@pytest.mark.parametrize(
    ("status", "revert", "found"),
    [
        ("warning", None, (f"Database: {UNREVERTED}", RESTORES)),
        ("passed", None, ("", "")),
        ("warning", "done", ("", "")),
    ],
)
def test_a_rollback_says_at_its_end_what_it_has_left_of_a_migration(status, revert, found):
    """Before it, the check says so among twenty; who reads the result alone took the database for back as well (W5.3)."""
    check = Check("migrations", SafeText("Database"), status, blocking=False, detail=SafeText(UNREVERTED), remedy=SafeText(RESTORES))
    steps = {"database/revert": ended(revert)} if revert else {}
    assert conclude(a_state("back", "back", kind="rollback", checks=(check,), steps=steps)) == (Exit.DONE, "rolled-back", *found)


def test_a_rollback_that_a_host_did_not_follow_says_what_to_type_about_it():
    damaged = ReturnTarget("web01", "r1", SafeText("v1"), possible=False, reason=SafeText("1 file differs"))
    folder = ReturnTarget("web02", "r1", possible=False, reason=SafeText("current is a folder"), hint=SafeText("mv current releases/adopted"))
    hosts = {name: HostState(name, condition="old", release="r2") for name in ("web01", "web02")}
    state = changed(a_state(kind="rollback", way_back=(damaged, folder)), hosts=hosts)
    again = f"deploy {state.environment} --version v1 --hosts web01 --override direction=REASON"
    assert conclude(state)[3] == f"{again}; on web02: mv current releases/adopted"


def failed(name: str = "web01", detail: str = "", condition: str = "failed") -> HostState:
    return a_host_in(condition, name, failed_once=True, detail=SafeText(detail))


def unchanged(*conditions: str, **fields: object) -> RunState:
    return a_state(*conditions, **{"changed": False, **fields})


def database(name: str, kind: str, status: str, detail: str = "", hint: str = "", **fields: object) -> dict[str, object]:
    """A run with one step of the database that ended so."""
    step = a_step(name, kind, "prepare")
    return {"index": {name: step}, "steps": {name: ended(status, detail, hint)}, **fields}


MIGRATED = database("database/migrate", "migrate", "done")
RUNS = Review(runs=True, old_code="breaks")
BACK = {"back": Plan("rollback", (), ()), "back_reason": SafeText("web01 failed")}
GONE_BACK = "production"
HELD = SafeText("web01 is held by r0")
ALONE = database("pack", "pack", "failed", "no room", "free some")
OWED_BY_CLOSE = a_host_in("owed", "web02", steps={"prune": StepState("unknown")})
ENDS = [
    ("a lock of a person", a_state(locked_by=HELD), Exit.LOCKED, "locked", "web01 is held by r0", "deploy unlock production --reason TEXT"),
    (
        "a lock of a run",
        a_state(locked_by=HELD, locking_run="r0"),
        Exit.LOCKED,
        "locked",
        "web01 is held by r0; once that run is dead, unlock --run breaks its lock",
        "deploy check production",
    ),
    ("a lock after a no-go", a_state(locked_by=HELD, go=False), Exit.LOCKED, "locked", "web01 is held by r0", "deploy unlock production --reason TEXT"),
    ("a no-go", unchanged(go=False, reasons=(SafeText("no-go by ada"),)), Exit.NO_GO, "no-go", "no-go by ada", "deploy check production"),
    ("a no-go for two reasons", unchanged(go=False, reasons=(SafeText("a"), SafeText("b"))), Exit.NO_GO, "no-go", "a; b", "deploy check production"),
    ("a no-go of a restart", unchanged(go=False, kind="restart"), Exit.NO_GO, "no-go", "", "deploy status production"),
    ("an operator who left", unchanged(go=False, interrupted=True), Exit.INTERRUPTED, "interrupted", "ended before anything was changed", ""),
    ("an abort before GO", unchanged(go=False, interrupted=True, reasons=(SafeText("aborted by ada"),)), Exit.INTERRUPTED, "interrupted", "aborted by ada", ""),
    ("an abort before a change", unchanged("old", aborting="back"), Exit.INTERRUPTED, "interrupted", "aborted before anything was changed", ""),
    (
        "hosts that were all skipped",
        unchanged("skipped"),
        Exit.INTERRUPTED,
        "interrupted",
        "every host was left out before anything was changed",
        "deploy production",
    ),
    (
        "a critical path that was ended as no host was left",
        unchanged(hosts=hosts_of(failed(detail="no room"), a_host_in("skipped", "web02")), **database("wave-1/critical-1", "critical", "cancelled")),
        Exit.ROLLED_BACK,
        "rolled-back",
        "web01 failed (no room); no host was changed",
        "deploy production",
    ),
    (
        "a critical path that was ended as the last host was lost within the budget",
        a_state("owed", max_failures=2, hosts=hosts_of(failed(detail="no answer", condition="owed")), **database("verify/critical-1", "critical", "cancelled")),
        Exit.FAILED,
        "failed",
        "web01 owed (no answer)",
        "deploy rollback production",
    ),
    (
        "a way back with a host that was owed before it was touched",
        a_state("back", hosts=hosts_of(a_host_in("back"), a_host_in("owed", "web02", touched=False)), **BACK),
        Exit.FAILED,
        "failed",
        "web01 failed; not verified: web02 owed",
        "deploy status production",
    ),
    (
        "a way back with a host that was left out, as somebody said",
        a_state("back", hosts=hosts_of(a_host_in("back"), a_host_in("owed", "web02", touched=False)), request=Request(without=(("web02", "away"),)), **BACK),
        Exit.ROLLED_BACK,
        "rolled-back",
        "web01 failed",
        "",
    ),
    ("a pack that failed", unchanged("old", **ALONE), Exit.CONSOLE_FAILED, "error", "no room", "free some"),
    (
        "a host that failed before a change",
        unchanged(hosts=hosts_of(failed(detail="no room"))),
        Exit.ROLLED_BACK,
        "rolled-back",
        "web01 failed (no room); no host was changed",
        f"deploy {GONE_BACK}",
    ),
    (
        "a host that failed once and is old",
        unchanged(hosts=hosts_of(failed(condition="old"))),
        Exit.ROLLED_BACK,
        "rolled-back",
        "web01 old; no host was changed",
        f"deploy {GONE_BACK}",
    ),
    ("a host that failed and did not count", unchanged("failed"), Exit.ROLLED_BACK, "rolled-back", "web01 failed; no host was changed", f"deploy {GONE_BACK}"),
    *(
        (
            f"a host that is {condition} before a change",
            unchanged(hosts=hosts_of(failed(condition=condition))),
            Exit.FAILED,
            "failed",
            f"web01 {condition}",
            "deploy status production",
        )
        for condition in ("unknown", "unreachable", "owed")
    ),
    (
        "a restart that failed on its first host",
        unchanged(hosts=hosts_of(failed()), kind="restart"),
        Exit.FAILED,
        "failed",
        "web01 failed",
        "deploy status production",
    ),
    ("a release that a fleet had already", unchanged("new"), Exit.DONE, "succeeded", "", ""),
    (
        "a release that a part of a fleet had already",
        unchanged("new", "skipped"),
        Exit.LIVE_BUT_BEHIND,
        "succeeded",
        "behind: web02 skipped",
        "deploy production",
    ),
    (
        "a backup that failed",
        unchanged("old", **database("database/backup", "backup", "failed", "no room", "free some")),
        Exit.ROLLED_BACK,
        "rolled-back",
        "the backup failed: no room; no host was changed",
        "free some",
    ),
    (
        "a backup that failed without a hint",
        unchanged("old", **database("database/backup", "backup", "failed", "no room")),
        Exit.ROLLED_BACK,
        "rolled-back",
        "the backup failed: no room; no host was changed",
        f"deploy {GONE_BACK}",
    ),
    (
        "a migration whose host is away",
        unchanged("old", **database("database/migrate", "migrate", "unreachable", "no route")),
        Exit.ROLLED_BACK,
        "rolled-back",
        "the migration did not reach its host: no route; no host was changed",
        f"deploy {GONE_BACK}",
    ),
    (
        "a migration that is not known",
        unchanged("old", **database("database/migrate", "migrate", "unknown", "cut off", "look")),
        Exit.FAILED,
        "failed",
        "the migration did not come to a known end: cut off; no host was changed",
        "look",
    ),
    (
        "a revert that was cancelled",
        unchanged("old", **database("database/revert", "revert", "cancelled", "aborted")),
        Exit.FAILED,
        "failed",
        "taking the migration back was cancelled: aborted; no host was changed",
        f"deploy {GONE_BACK}",
    ),
    (
        "a failed pack and a database that is well",
        unchanged("old", index={"a": a_step("a", "backup")}, steps={"a": ended("done"), "pack": ended("failed", "no room")}),
        Exit.CONSOLE_FAILED,
        "error",
        "no room",
        "deploy check production",
    ),
    (
        "an aborted run that has migrated",
        unchanged("old", aborting="back", review=RUNS, **MIGRATED),
        Exit.FAILED,
        "failed",
        "aborted; no host was changed, the database stays migrated: the code before does not run on the migrated schema, and nothing takes the migration back",
        "deploy restore production --run r1",
    ),
    (
        "a failed host after a migration that the code before bears",
        unchanged(hosts=hosts_of(failed()), review=Review(runs=True, old_code="ok"), **MIGRATED),
        Exit.ROLLED_BACK,
        "rolled-back",
        "web01 failed; no host was changed, the database stays migrated",
        "deploy production",
    ),
    (
        "skipped hosts after a migration that the code before bears",
        unchanged("skipped", review=Review(runs=True, old_code="ok"), **MIGRATED),
        Exit.ROLLED_BACK,
        "rolled-back",
        "every host was left out; no host was changed, the database stays migrated",
        "deploy production",
    ),
    ("a restore", a_state("old", kind="restore", **database("database/restore", "restore", "done")), Exit.DONE, "succeeded", "", ""),
    ("a restore that did not come to it", unchanged("old", kind="restore"), Exit.INTERRUPTED, "interrupted", "ended before anything was changed", ""),
    (
        "a restore that could not begin",
        unchanged("old", kind="restore", **database("database/restore", "restore", "unreachable", "no route", "ping")),
        Exit.CONSOLE_FAILED,
        "error",
        "the restore did not begin: no route",
        "ping",
    ),
    (
        "a restore that failed",
        a_state("old", kind="restore", **database("database/restore", "restore", "failed", "bad dump", "look")),
        Exit.FAILED,
        "failed",
        "the restore failed: bad dump; look at the database before anything else",
        "look",
    ),
    (
        "a restore that is not known",
        a_state("old", kind="restore", **database("database/restore", "restore", "unknown", "cut off")),
        Exit.FAILED,
        "failed",
        "the restore did not come to a known end: cut off; look at the database before anything else",
        "deploy report r1",
    ),
    (
        "a restore that did not begin",
        a_state("old", kind="restore", **database("database/restore", "restore", "unreachable", "no answer")),
        Exit.CONSOLE_FAILED,
        "error",
        "the restore did not begin: no answer",
        "deploy status production",
    ),
    ("a rollback run", a_state("back", "skipped", "left-out", kind="rollback"), Exit.DONE, "rolled-back", "", ""),
    (
        "a rollback run whose revert failed",
        unchanged("old", kind="rollback", **database("database/revert", "revert", "failed", "locked", "wait")),
        Exit.FAILED,
        "failed",
        "taking the migration back failed: locked; no host was changed",
        "wait",
    ),
    (
        "a rollback run whose revert failed without a hint",
        unchanged("old", kind="rollback", **database("database/revert", "revert", "failed", "locked")),
        Exit.FAILED,
        "failed",
        "taking the migration back failed: locked; no host was changed",
        "deploy status production",
    ),
    ("a rollback run whose own step failed", unchanged("old", kind="rollback", **ALONE), Exit.CONSOLE_FAILED, "error", "no room", "free some"),
    ("a rollback run that changed hosts, whose own step failed", a_state("back", kind="rollback", **ALONE), Exit.DONE, "rolled-back", "", ""),
    (
        "a rollback run with a host that is owed",
        a_state("back", "owed", kind="rollback"),
        Exit.FAILED,
        "failed",
        "not back: web02 owed",
        "deploy status production",
    ),
    (
        "a rollback run that hosts did not follow",
        a_state("owed", "failed", kind="rollback", way_back=(ReturnTarget("web01", "r0", possible=False, reason=SafeText("damaged")),)),
        Exit.FAILED,
        "failed",
        "not back: web01 stays on a release that is not known: damaged; web02 failed",
        "deploy status production",
    ),
    ("a release that was taken back", a_state("back", "old", **BACK), Exit.ROLLED_BACK, "rolled-back", "web01 failed", ""),
    (
        "a release that was taken back, and its database not",
        a_state("back", review=RUNS, **MIGRATED, **BACK),
        Exit.ROLLED_BACK,
        "rolled-back",
        "web01 failed; the database stays migrated: the code before does not run on the migrated schema, and nothing takes the migration back",
        "",
    ),
    (
        "a release that was not taken back everywhere",
        a_state("back", "owed", **BACK),
        Exit.FAILED,
        "failed",
        "web01 failed; not back: web02 owed",
        "deploy status production",
    ),
    (
        "a skipped host and the others back",
        a_state(hosts=hosts_of(a_host_in("back"), a_host_in("skipped", "web02", touched=False)), **BACK),
        Exit.ROLLED_BACK,
        "rolled-back",
        "web01 failed",
        "",
    ),
    (
        "a skipped host that was changed and never taken back",
        a_state("back", "skipped", **BACK),
        Exit.FAILED,
        "failed",
        "web01 failed; not back: web02 skipped",
        "deploy status production",
    ),
    ("a restart that an earlier version took back", a_state("back", kind="restart", **BACK), Exit.FAILED, "failed", "web01 failed", "deploy status production"),
    ("an aborted run that is left", a_state("new", "old", aborting="leave"), Exit.FAILED, "failed", "aborted, and left as it is", "deploy rollback production"),
    (
        "an aborted restart that is left",
        a_state("new", "old", kind="restart", aborting="leave"),
        Exit.FAILED,
        "failed",
        "aborted, and left as it is",
        "deploy restart production --hosts web02",
    ),
    (
        "a restart of everything that is left at its end",
        a_state("new", "left-out", kind="restart", aborting="leave"),
        Exit.FAILED,
        "failed",
        "aborted, and left as it is",
        "deploy status production",
    ),
    (
        "an aborted catch-up that is left",
        a_state("new", "old", kind="catch-up", aborting="leave"),
        Exit.FAILED,
        "failed",
        "aborted, and left as it is",
        "deploy status production",
    ),
    (
        "a restart that eight hosts are left of",
        a_state("new", *["old"] * 8, kind="restart", aborting="leave"),
        Exit.FAILED,
        "failed",
        "aborted, and left as it is",
        "deploy restart production --hosts web02,web03,web04,web05,web06,web07,web08,web09",
    ),
    (
        "a restart that nine hosts are left of",
        a_state("new", *["old"] * 9, kind="restart", aborting="leave"),
        Exit.FAILED,
        "failed",
        "aborted, and left as it is",
        "deploy restart production",
    ),
    (
        "a monitoring step that failed",
        a_state("new", **database("monitor", "monitor", "failed", "errors rise", "look")),
        Exit.FAILED,
        "failed",
        "errors rise",
        "look",
    ),
    (
        "a monitoring step that failed without a hint",
        a_state("new", **database("monitor", "monitor", "failed", "errors rise")),
        Exit.FAILED,
        "failed",
        "errors rise",
        "deploy rollback production",
    ),
    (
        "a monitoring step that a person has gone on from",
        a_state("new", **{**database("monitor", "monitor", "failed"), "steps": {"monitor": ended("failed", tolerated=True)}}),
        Exit.DONE,
        "succeeded",
        "",
        "",
    ),
    ("a step that no longer matters", a_state("new", **database("monitor", "monitor", "void")), Exit.DONE, "succeeded", "", ""),
    (
        "a failed host within the budget",
        a_state("new", max_failures=1, hosts=hosts_of(a_host_in("new"), failed("web02", "500"))),
        Exit.LIVE_BUT_BEHIND,
        "succeeded",
        "behind: web02 failed (500)",
        "deploy production",
    ),
    (
        "a failed host beyond the budget",
        a_state(hosts=hosts_of(a_host_in("new"), failed("web02", "500"))),
        Exit.FAILED,
        "failed",
        "web02 failed (500)",
        "deploy rollback production",
    ),
    (
        "a restart with a failed host within the budget",
        a_state(kind="restart", max_failures=1, hosts=hosts_of(a_host_in("new"), failed("web02"))),
        Exit.LIVE_BUT_BEHIND,
        "succeeded",
        "behind: web02 failed",
        "deploy restart production --hosts web02",
    ),
    ("hosts that are all behind", a_state("skipped", "skipped"), Exit.FAILED, "failed", "web01 skipped, web02 skipped", "deploy rollback production"),
    ("a host that is owed and known", a_state("new", "owed"), Exit.LIVE_BUT_BEHIND, "succeeded", "behind: web02 owed", "deploy production"),
    (
        "a host that is owed after a step that closes",
        a_state(hosts=hosts_of(a_host_in("new"), OWED_BY_CLOSE), index={"prune": a_step("prune", "prune", "close")}),
        Exit.LIVE_BUT_BEHIND,
        "succeeded",
        "behind: web02 owed",
        "deploy production",
    ),
    (
        "a host that is owed after a switch that is not known",
        a_state(hosts=hosts_of(a_host_in("new"), OWED_BY_CLOSE), index={"prune": a_step("prune", "switch")}),
        Exit.FAILED,
        "failed",
        "web02 owed",
        "deploy rollback production",
    ),
    ("a host in the middle of something", a_state("new", "updating"), Exit.FAILED, "failed", "web02 updating", "deploy rollback production"),
    ("a host that is going back", a_state("new", "returning"), Exit.FAILED, "failed", "web02 returning", "deploy rollback production"),
    (
        "a host that was left out with the request",
        a_state("new", request=Request(without=(("web09", "burnt"),))),
        Exit.LIVE_BUT_BEHIND,
        "succeeded",
        "behind: web09 left out",
        "deploy production",
    ),
    (
        "hosts that are behind, and one that was left out",
        a_state("new", "skipped", request=Request(without=(("web09", "burnt"), ("web01", "back")))),
        Exit.LIVE_BUT_BEHIND,
        "succeeded",
        "behind: web02 skipped; web09 left out",
        "deploy production",
    ),
    (
        "more behind than are named",
        a_state("new", *["skipped"] * 6),
        Exit.LIVE_BUT_BEHIND,
        "succeeded",
        "behind: web02 skipped, web03 skipped, web04 skipped, web05 skipped and 2 more",
        "deploy production",
    ),
    (
        "one more behind than are named",
        a_state("new", *["skipped"] * 5),
        Exit.LIVE_BUT_BEHIND,
        "succeeded",
        "behind: web02 skipped, web03 skipped, web04 skipped, web05 skipped and 1 more",
        "deploy production",
    ),
    (
        "two that were left out with the request",
        a_state("new", request=Request(without=(("web08", "burnt"), ("web09", "burnt")))),
        Exit.LIVE_BUT_BEHIND,
        "succeeded",
        "behind: web08 left out, web09 left out",
        "deploy production",
    ),
    (
        "a backup that is still to come",
        unchanged("skipped", **database("database/backup", "backup", "pending")),
        Exit.INTERRUPTED,
        "interrupted",
        "every host was left out before anything was changed",
        "deploy production",
    ),
    (
        "a backup that is no longer wanted",
        unchanged("skipped", **database("database/backup", "backup", "void")),
        Exit.INTERRUPTED,
        "interrupted",
        "every host was left out before anything was changed",
        "deploy production",
    ),
    ("a step that is still to come", a_state("new", **database("monitor", "monitor", "pending")), Exit.DONE, "succeeded", "", ""),
    (
        "a rollback run with a host that goes on",
        a_state(
            "owed",
            kind="rollback",
            lanes={"web01": (a_step("back/web01/switch"),)},
            way_back=(ReturnTarget("web01", "r0", possible=False, reason=SafeText("damaged")),),
        ),
        Exit.FAILED,
        "failed",
        "not back: web01 owed",
        "deploy status production",
    ),
    (
        "as many behind as are named",
        a_state("new", *["skipped"] * 4),
        Exit.LIVE_BUT_BEHIND,
        "succeeded",
        "behind: web02 skipped, web03 skipped, web04 skipped, web05 skipped",
        "deploy production",
    ),
]


@pytest.mark.parametrize(("before", "hint"), [("", "deploy status production"), ("r0", "deploy rollback production")])
def test_a_first_release_that_is_left_as_it_is_names_no_rollback(before: str, hint: str):
    state = a_state("new", "failed", aborting="leave", way_back=(ReturnTarget("web01", before), ReturnTarget("web02")))
    assert conclude(state)[3] == hint


@pytest.mark.parametrize(("state", "end"), [pytest.param(row[1], row[2:], id=row[0]) for row in ENDS])
def test_an_end_is_told_with_its_reason_and_what_to_type(state: RunState, end: tuple[Exit, str, str, str]):
    assert conclude(state) == end


@pytest.mark.parametrize(
    ("changed_something", "left"),
    [(True, (Exit.FAILED, "failed")), (False, (Exit.DETACHED, "detached"))],
    ids=["after a change", "before one"],
)
def test_a_run_that_nobody_carries_on_is_never_said_to_have_changed_nothing(changed_something: bool, left: tuple[Exit, str]):
    assert unfollowed(a_state("new", changed=changed_something)) == left


SHOWN_AS = {
    "old": "old",
    "updating": "unknown",
    "new": "new",
    "returning": "unknown",
    "back": "old",
    "failed": "failed",
    "unreachable": "unreachable",
    "unknown": "unknown",
    "skipped": "skipped",
    "owed": "owed",
    "left-out": "skipped",
}


@pytest.mark.parametrize("condition", get_args(HostCondition))
def test_a_host_is_called_what_is_known_of_it(condition: str):
    state = a_state(hosts=hosts_of(a_host_in(condition, release="r2", version=SafeText("v2"))))
    assert host_rows(state) == [{"host": "web01", "release": "r2", "version": "v2", "state": SHOWN_AS[condition]}]


@pytest.mark.parametrize(("condition", "shown"), [("new", "unreachable"), ("back", "old"), ("old", "old"), ("failed", "failed")])
def test_a_new_host_without_a_link_is_not_called_new(condition: str, shown: str):
    assert [row["state"] for row in host_rows(a_state(hosts=hosts_of(a_host_in(condition, linked=False))))] == [shown]


def test_hosts_that_the_request_left_out_come_last_and_once():
    state = a_state("new", "old", request=Request(without=(("web09", "burnt"), ("web02", "slow"))))
    assert left_out(state) == ("web09",)
    assert host_rows(state) == [
        {"host": host, "release": None, "version": None, "state": shown} for host, shown in (("web01", "new"), ("web02", "old"), ("web09", "skipped"))
    ]


LOCK_HINT, STAYS = "deploy unlock production --run r1 --reason TEXT", "; it stops no run from here, and can be removed once the host answers"
NOT_KNOWN = "it is not known whether it was released"


@pytest.mark.parametrize(
    ("held", "left", "told"),
    [
        ((), {}, ()),
        (("web01",), {}, (f"the lock of run r1 is still on web01: {NOT_KNOWN}",)),
        (("web01",), {"web01": SafeText("no route")}, ("the lock of run r1 is still on web01: no route",)),
        (
            ("web01", "web02"),
            {"web02": SafeText("no route")},
            (f"the lock of run r1 is still on web01: {NOT_KNOWN}", "the lock of run r1 is still on web02: no route"),
        ),
        (tuple("abcd"), {}, (f"the lock of run r1 is still on a, b, c, d: {NOT_KNOWN}",)),
        (tuple("abcde"), {}, (f"the lock of run r1 is still on a, b, c, d and 1 more: {NOT_KNOWN}",)),
        (tuple("abcdef"), {}, (f"the lock of run r1 is still on a, b, c, d and 2 more: {NOT_KNOWN}",)),
        ((), {"web01": SafeText("no route")}, ()),
    ],
    ids=["none", "one that nothing is known of", "one that was tried", "two for two reasons", "four", "five", "six", "one that is released"],
)
def test_a_lock_that_may_be_left_is_told_when_the_run_has_ended(held: tuple[str, ...], left: dict[str, SafeText], told: tuple[str, ...]):
    state = a_state("new", locked_hosts=held, locks_left=left)
    assert lock_problems(changed(state, phase="ended")) == tuple(Problem(f"{words}{STAYS}", LOCK_HINT) for words in told)
    assert lock_problems(changed(state, phase="running")) == ()


@pytest.mark.parametrize(
    ("host", "ways", "lanes", "there"),
    [
        (a_host_in("old", release="r0"), (ReturnTarget("web01", "r0"),), {}, True),
        (a_host_in("old", release="r1"), (ReturnTarget("web01", "r0"),), {}, False),
        (a_host_in("old", release="r0"), (ReturnTarget("web02", "r0"),), {}, False),
        (a_host_in("old"), (ReturnTarget("web01"),), {}, False),
        (a_host_in("back", release="r0"), (ReturnTarget("web01", "r0"),), {}, False),
        (a_host_in("old", release="r0"), (ReturnTarget("web01", "r0"),), {"web01": (a_step("x"),)}, False),
        (a_host_in("old", release="r0"), (ReturnTarget("web01", "r0"),), {"web02": (a_step("x"),)}, True),
        (a_host_in("old", release="r0"), (ReturnTarget("web01", "r0", possible=False),), {}, False),
    ],
    ids=[
        "on its target",
        "elsewhere",
        "another host's target",
        "a first release",
        "already called back",
        "with steps to do",
        "with another's steps",
        "on its target, which is damaged",
    ],
)
def test_a_host_is_there_already(host: HostState, ways: tuple[ReturnTarget, ...], lanes: dict[str, object], there: bool):
    assert is_there_already(a_state(kind="rollback", hosts=hosts_of(host), way_back=ways, lanes=lanes), host) is there


def test_only_four_hosts_that_stay_are_told_with_their_reason():
    ways = tuple(ReturnTarget(f"web{number:02}", "r0", possible=False, reason=SafeText("damaged")) for number in range(1, 7))
    state = changed(a_state(*["old"] * 6, kind="rollback", way_back=ways))
    assert conclude(state)[2] == "not back: " + "; ".join(f"web{number:02} stays on a release that is not known: damaged" for number in range(1, 5))


def test_each_folder_that_stands_in_the_way_is_told_with_its_host():
    ways = tuple(ReturnTarget(f"web{number:02}", "r0", possible=False, reason=SafeText("a folder"), hint=SafeText("mv")) for number in (1, 2))
    assert conclude(a_state("old", "old", kind="rollback", way_back=ways))[3] == "on web01: mv; on web02: mv"


def test_a_host_that_stays_is_named_by_its_version_before_its_release():
    way = ReturnTarget("web01", "r0", possible=False, reason=SafeText("damaged"))
    host = a_host_in("owed", release="r2", version=SafeText("v2"))
    assert conclude(a_state(kind="rollback", hosts=hosts_of(host), way_back=(way,)))[2] == "not back: web01 stays on v2: damaged"
