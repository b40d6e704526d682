"""What each event, and each end of a run, changes in an environment's record, and what it leaves."""

import pytest

from console.core.environment.record import RELEASES, RUNS, is_late, is_undoable, recorded, trimmed
from console.model import events as ev
from console.model.database_facts import Backup, Review
from console.model.environment_record import Debts, EnvironmentRecord, HostRecord, Live, OpenRun, OwedHost, Released, Unverified
from console.model.fleet_snapshot import LastRun
from console.model.plan import Plan, ReturnTarget
from console.model.release_facts import Release, Revision
from console.model.state import RunState, StepState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import ADA, a_host_in, a_state, a_step, an_act, ended, hosts_of, paused

REVISION, RELEASE = Revision("b" * 40, SafeText("v2")), Release("r2", SafeText("v2"), "b" * 40)
V2, WHY = SafeText("v2"), SafeText("why")
RUNNING = a_state("updating", app="shop", phase="running")
ENDED = a_state("new", app="shop", phase="ended", exit=0, outcome="succeeded", ended_at="12:04", release=RELEASE, revision=REVISION)
KNOWN = HostRecord("r1", SafeText("v1"), "r0", "passed", "r1")


def after(event: ev.AnyEvent, host: HostRecord | None = KNOWN, state: RunState = RUNNING) -> HostRecord | None:
    """web01's record after an event of run r1."""
    before = EnvironmentRecord(hosts={"web01": host} if host else {})
    return recorded(before, 3, (event,), state).hosts.get("web01")


def finished(kind: str, status: str = "done") -> ev.StepFinished:
    return ev.StepFinished(step=f"wave-1/web01/{kind}", host="web01", status=status)  # type: ignore[arg-type]


ON_HOST = [
    ("a host that was seen", ev.HostSeen(host="web01", release="r2", version=V2), {"release": "r2", "version": V2, "run": "r1"}),
    ("a host that was seen without a release", ev.HostSeen(host="web01"), {"release": "", "version": "", "run": "r1"}),
    ("a host that was not reached", ev.HostSeen(host="web01", problem=WHY), {}),
    ("another host that was seen", ev.HostSeen(host="web02", release="r2"), {}),
    ("a gate that passed", finished("gate"), {"verdict": "passed"}),
    ("a gate that failed", finished("gate", "failed"), {"verdict": "failed"}),
    ("a restart", finished("restart"), {"verdict": "restarted"}),
    ("a switch", finished("switch"), {"verdict": "unknown"}),
    ("a prune", finished("prune"), {}),
    ("a host that fell", ev.HostFailed(host="web01", condition="unreachable", reason=WHY), {"verdict": "unknown"}),
    ("a lock", ev.LocksTaken(epoch=1, hosts=("web01",)), {"locked_by": "r1"}),
    ("another host's lock", ev.LocksTaken(epoch=1, hosts=("web02",)), {}),
    ("a lock that is released", ev.LocksReleased(hosts=("web01",)), {"locked_by": ""}),
    ("a lock that stays because something may go on", ev.LocksReleased(left=(ev.LockLeft("web01", WHY, unsettled=True),)), {"locked_by": ""}),
    ("a lock that could not be released", ev.LocksReleased(left=(ev.LockLeft("web01", WHY),)), {}),
    ("a note", ev.NoteAdded(by=ADA, text=WHY), {}),
]


@pytest.mark.parametrize(("event", "changes"), [pytest.param(*row[1:], id=row[0]) for row in ON_HOST])
def test_an_event_changes_this_of_a_host_s_record(event: ev.AnyEvent, changes: dict[str, object]):
    assert after(event) == changed(KNOWN, **changes)


def test_a_host_that_nobody_knew_gets_a_record_of_its_own():
    assert after(ev.HostSeen(host="web01", release="r2", version=V2), None) == HostRecord("r2", V2, "r1")
    assert after(ev.NoteAdded(by=ADA, text=WHY), None) is None


@pytest.mark.parametrize("kind", ["deploy", "rollback", "restart", "catch-up"])
def test_the_steps_of_these_runs_say_how_a_host_is(kind: str):
    assert after(finished("gate", "failed"), state=changed(RUNNING, kind=kind)) == changed(KNOWN, verdict="failed")


def test_the_steps_of_a_restore_say_nothing_of_a_host():
    assert after(finished("gate", "failed"), state=changed(RUNNING, kind="restore")) == KNOWN


def test_a_lock_that_a_later_run_has_taken_is_not_given_back_by_an_older_one():
    later = changed(KNOWN, locked_by="r9")
    for event in (ev.LocksReleased(hosts=("web01",)), ev.RunEnded(exit=0, outcome="succeeded", held=("web01",))):
        found = after(event, later, ENDED)
        assert found is not None
        assert (found.locked_by, found.lock_left) == ("r9", False)
    left = changed(KNOWN, lock_left=True)
    assert after(ev.LocksTaken(epoch=1, hosts=("web01",)), left) == changed(left, lock_left=False)


def test_a_run_that_ends_leaves_the_locks_that_it_still_has():
    found = after(ev.RunEnded(exit=0, outcome="succeeded", held=("web01",)), KNOWN, ENDED)
    assert found is not None
    assert (found.locked_by, found.lock_left) == ("r1", True)


END = ev.RunEnded(exit=0, outcome="succeeded")


def end(state: RunState, before: EnvironmentRecord = EnvironmentRecord(), number: int = 3) -> EnvironmentRecord:  # noqa: B008 (frozen)
    return recorded(before, number, (END,), state)


def test_a_run_that_ends_is_the_last_one_and_open_no_more():
    before = EnvironmentRecord(open=(OpenRun("r1", "deploy"), OpenRun("r0", "restart", waits=True)), last_number=2)
    found = end(ENDED, before)
    assert (found.app, found.environment) == ("shop", "production")
    assert found.open == (OpenRun("r0", "restart", waits=True),)
    assert (found.last, found.last_number, found.newest) == (LastRun("r1", "deploy", "succeeded", 0, "12:04"), 3, 3)
    older = end(ENDED, changed(before, last=LastRun("r7", "deploy", "failed"), last_number=7, newest=7))
    assert (older.last, older.last_number, older.newest) == (LastRun("r7", "deploy", "failed"), 7, 7)


@pytest.mark.parametrize(("code", "acted"), [(0, True), (4, True), (5, True), (8, True), (1, False), (3, False), (6, False), (130, False)])
def test_only_a_run_that_did_something_to_hosts_says_what_they_are_on(code: int, acted: bool):
    state = changed(ENDED, exit=code, hosts=hosts_of(a_host_in("new", release="r2", version=V2)))
    found = end(state)
    assert (found.hosts.get("web01") == HostRecord("r2", V2, "r1")) is acted
    assert found.newest == (3 if acted else 0)


@pytest.mark.parametrize(
    ("condition", "touched", "known"),
    [("new", True, True), ("failed", True, True), ("old", False, False), ("unknown", True, False), ("unreachable", True, False), ("back", True, True)],
)
def test_what_a_host_is_on_is_known_where_it_was_touched_and_can_be_asked(condition: str, touched: bool, known: bool):
    state = changed(ENDED, hosts=hosts_of(a_host_in(condition, touched=touched, release="r2")))
    assert ("web01" in end(state).hosts) is known


def test_a_run_that_changed_nothing_leaves_debts_and_failures():
    owed = OwedHost(1, end(changed(ENDED, exit=5, hosts=hosts_of(a_host_in("owed")))).debts.owed[0].debt)
    before = EnvironmentRecord(debts=Debts((owed,)), unverified=(Unverified(LastRun("r0", "deploy", "failed", 5), ("web01",)),))
    refused = end(changed(ENDED, exit=3, outcome="no-go", changed=False), before)
    assert (refused.debts, refused.unverified) == (before.debts, before.unverified)
    paid = end(ENDED, before)
    assert (paid.debts.owed, paid.unverified) == ((), ())


@pytest.mark.parametrize(("phase", "forgiven"), [("ended", True), ("running", False)])
def test_a_debt_is_forgiven_behind_the_end_of_its_run(phase: str, forgiven: bool):
    failed = changed(ENDED, exit=5, outcome="failed", hosts=hosts_of(a_host_in("owed"), a_host_in("new", "web02")))
    before = end(failed)
    assert [one.debt.host for one in before.debts.owed] == ["web01"]
    event = ev.HostForgiven(host="web01", by=ADA, reason=WHY)
    found = recorded(before, 3, (event,), changed(failed, phase=phase))
    assert [one.debt.host for one in found.debts.owed] == ([] if forgiven else ["web01"])


OPENED = [
    ("a run that begins", changed(RUNNING, phase="preflight"), (OpenRun("r1", "deploy"), OpenRun("r0", "restart"))),
    ("a run that is decided", changed(RUNNING, phase="deciding"), (OpenRun("r1", "deploy", waits=True), OpenRun("r0", "restart"))),
    ("a run that is paused", changed(RUNNING, pausing=paused()), (OpenRun("r1", "deploy", waits=True), OpenRun("r0", "restart"))),
    ("an exec", changed(RUNNING, kind="exec"), (OpenRun("r0", "restart"),)),
    ("maintenance mode", changed(RUNNING, kind="maintenance"), (OpenRun("r0", "restart"),)),
    ("a run that has no name yet", changed(RUNNING, run=""), (OpenRun("r0", "restart"),)),
    ("a run that goes on as it did", changed(RUNNING, run="r0", kind="restart"), (OpenRun("r0", "restart"),)),
    ("a run that waits now", changed(RUNNING, run="r0", kind="restart", pausing=paused()), (OpenRun("r0", "restart", waits=True),)),
    ("a run that has ended", changed(RUNNING, phase="ended"), (OpenRun("r0", "restart"),)),
]


@pytest.mark.parametrize(("state", "open_runs"), [pytest.param(*row[1:], id=row[0]) for row in OPENED])
def test_a_run_is_open_until_it_ends(state: RunState, open_runs: tuple[OpenRun, ...]):
    before = EnvironmentRecord(open=(OpenRun("r0", "restart"),))
    assert recorded(before, 3, (ev.NoteAdded(by=ADA, text=WHY),), state).open == open_runs


def test_a_backup_is_remembered_where_a_release_took_it():
    taken = Backup("r1", "12:04")
    assert recorded(EnvironmentRecord(), 3, (ev.BackupTaken(backup=taken),), RUNNING).backup == taken
    assert recorded(EnvironmentRecord(), 3, (ev.BackupTaken(backup=taken),), changed(RUNNING, kind="restore")).backup is None


TELLS = [
    ("its commit", ev.RevisionResolved(revision=REVISION, release=RELEASE), True),
    ("its plan", ev.PlanMade(plan=Plan("rolling", (), ()), way_back=()), True),
    ("what it ships", ev.ReleasePacked(content="d", files=1, size=1), True),
    ("its end", END, True),
    ("a note", ev.NoteAdded(by=ADA, text=WHY), False),
]


@pytest.mark.parametrize(("event", "told"), [pytest.param(*row[1:], id=row[0]) for row in TELLS])
def test_what_a_run_releases_is_remembered_with(event: ev.AnyEvent, told: bool):
    state = changed(ENDED, content="d1")
    assert recorded(EnvironmentRecord(), 3, (event,), state).released == (
        {"r1": Released("r1", 3, REVISION, RELEASE, "d1", outcome="succeeded", ended_at="12:04", verified=True)} if told else {}
    )
    assert recorded(EnvironmentRecord(), 3, (event,), changed(state, kind="restart")).released == {}


def test_the_oldest_of_too_many_releases_is_forgotten():
    many = {f"r{number:04}": Released(f"r{number:04}", number) for number in range(RELEASES)}
    found = end(ENDED, EnvironmentRecord(released=many)).released
    assert len(found) == RELEASES
    assert ("r0000" in found, "r0001" in found, next(reversed(found))) == (False, True, "r1")


def test_how_long_steps_took_is_remembered_of_the_last_runs_that_had_any():
    step = a_step("w/web01/switch", "switch")
    timed = changed(ENDED, index={step.name: step}, hosts=hosts_of(a_host_in("new", steps={step.name: ended("done", seconds=2.0)})))
    before = EnvironmentRecord(usual=tuple({"switch": (float(number),)} for number in range(RUNS)))
    assert end(timed, before).usual == ({"switch": (2.0,)}, *before.usual[: RUNS - 1])
    assert end(ENDED, before).usual == before.usual


def test_what_is_live_is_what_the_run_left():
    assert end(changed(ENDED, content="d1")).live == Live(RELEASE, "d1")
    back = changed(ENDED, kind="rollback", run="r9", hosts=hosts_of(a_host_in("back", release="r2")))
    assert end(back, EnvironmentRecord(released={"r1": Released("r1", 1, REVISION, RELEASE, "d1")})).live == Live(RELEASE, "d1")


MIGRATED = {"steps": {"database/migrate": StepState("done", 1)}, "review": Review(runs=True)}
MIGRATIONS = [
    ("a release that migrated", changed(ENDED, **MIGRATED), "r1"),
    ("a release that did not", ENDED, ""),
    ("a release that changed no host and migrated", changed(ENDED, exit=5, changed=False, **MIGRATED), "r1"),
    ("a release that changed nothing", changed(ENDED, exit=5, changed=False), "r0"),
    ("a release whose migration was taken back", changed(ENDED, steps={**MIGRATED["steps"], "database/revert": StepState("done", 1)}), ""),  # type: ignore[dict-item]
    ("a rollback", changed(ENDED, kind="rollback", exit=0), ""),
    ("a rollback that did not end well", changed(ENDED, kind="rollback", exit=5), "r0"),
    ("a restart", changed(ENDED, kind="restart"), "r0"),
]


@pytest.mark.parametrize(("state", "run"), [pytest.param(*row[1:], id=row[0]) for row in MIGRATIONS])
def test_which_run_s_migration_is_still_there_after(state: RunState, run: str):
    found = end(state, EnvironmentRecord(migrated=RunState(run="r0"))).migrated
    assert (found.run if found else "") == run
    assert found is None or (found.hosts, found.way_back) == ({}, ())


@pytest.mark.parametrize(
    ("number", "kind", "code", "late"),
    [
        (4, "deploy", 0, True),
        (5, "deploy", 0, False),
        (6, "deploy", 0, False),
        (4, "exec", 0, False),
        (4, "deploy", 3, False),
        (4, "restart", 5, True),
        (4, "deploy", 8, True),
        (4, "deploy", 4, True),
    ],
)
def test_a_run_that_ends_behind_a_newer_one_is_late(number: int, kind: str, code: int, late: bool):
    state = changed(ENDED, kind=kind, exit=code)
    assert is_late(EnvironmentRecord(newest=5), number, (END,), state) is late
    assert not is_late(EnvironmentRecord(newest=5), number, (ev.NoteAdded(by=ADA, text=WHY),), state)


@pytest.mark.parametrize(
    ("fields", "undoable"),
    [
        ({}, True),
        ({"kind": "rollback"}, True),
        ({"kind": "catch-up"}, True),
        ({"kind": "restart"}, False),
        ({"phase": "running"}, False),
        ({"changed": False, "exit": 3}, False),
        ({"changed": False, "exit": 8}, True),
        ({"exit": 130}, True),
    ],
)
def test_a_rollback_asks_what_may_have_put_another_release_on_a_host(fields: dict[str, object], undoable: bool):
    assert is_undoable(changed(ENDED, **fields)) is undoable


def test_of_a_run_that_has_ended_its_plan_checks_and_steps_are_left_out():
    step = a_step("w/web01/switch", "switch")
    host = a_host_in("new", release="r2", before="r1", steps={step.name: ended("done")}, step=step.name, since=3.0, lost=4.0)
    whole = changed(
        ENDED,
        hosts=hosts_of(host),
        index={step.name: step},
        plan=Plan("rolling", (), ()),
        checks=(),
        acts={"go": an_act("decided")},
        notes=(("x", "ada", WHY),),
        content="d1",
        way_back=(ReturnTarget("web01", "r1"),),
        steps={"pack": ended("done"), "database/migrate": ended("done"), "database/revert": ended("failed")},
        backup=Backup("r1", "x"),
        review=Review(runs=True),
    )
    kept = trimmed(whole)
    assert kept.hosts == hosts_of(changed(host, steps={}, step="", since=0.0, lost=0.0))
    assert kept.steps == {"database/migrate": ended("done"), "database/revert": ended("failed")}
    assert (kept.plan, kept.index, kept.acts, kept.notes) == (None, {}, {}, ())
    names = (
        "run",
        "kind",
        "app",
        "environment",
        "by",
        "request",
        "phase",
        "revision",
        "release",
        "content",
        "review",
        "backup",
        "way_back",
        "changed",
        "go",
        "exit",
        "outcome",
        "ended_at",
    )
    assert {name: getattr(kept, name) for name in names} == {name: getattr(whole, name) for name in names}
    assert trimmed(kept) == kept
