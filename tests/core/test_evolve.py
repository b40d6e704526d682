"""What each event changes in a run's state, and that nothing else changes: one event at a time, then runs as they come."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.evolve import evolve, fold
from console.model import commands as cmd
from console.model import events as ev
from console.model.checks import Check
from console.model.database_facts import Backup, Review
from console.model.events import PauseCause
from console.model.host_commands import Command
from console.model.host_facts import LockHolder
from console.model.plan import Plan, ReturnTarget
from console.model.release_facts import Release, Revision
from console.model.request import Person, Request
from console.model.state import Act, BackNext, CriticalTry, HostState, Pausing, RunState, StepState
from console.model.values import changed
from console.safe_text import SafeLines, SafeText
from tests.core.builders import ADA, LIN, a_check, a_host_in, a_state, a_step, counted, ended, hosts_of, paused
from tests.core.drawn import KINDS, draw_run
from tests.core.plans import a_run, go_on, say
from tests.core.simulation import NEW, OLD, Simulation

AT, MONO = "2026-01-02T03:04:05Z", 9.0
WHY = SafeText("why")
REVISION, RELEASE = Revision("b" * 40, SafeText("v2")), Release(NEW, SafeText("v2"), "b" * 40)
SWITCH, GATE = a_step("wave-1/web01/switch", "switch", "release", "web01", changes=True, release=NEW), a_step("wave-1/web01/gate", "gate", "release", "web01")
BACK_SWITCH, BACK_GATE = (
    a_step("back/web01/switch", "switch", "rollback", "web01", changes=True, release=OLD),
    a_step("back/web01/gate", "gate", "rollback", "web01"),
)
PACK, PRUNE = a_step("release/pack", "pack", "prepare"), a_step("close/web01/prune", "prune", "close", "web01", fatal=False)
STEPS = (PACK, SWITCH, GATE, PRUNE)
PLAN = Plan("rolling", (("web01",),), STEPS, "d1")


def stamped(event: ev.Event, seq: int = 7) -> ev.Event:
    return ev.stamped(event, seq, AT, MONO, "boot")


def differences(before: RunState, event: ev.Event) -> dict[str, object]:
    """The fields that the event changes, without its place."""
    after = evolve(before, stamped(event))
    assert (after.seq, after.at, after.mono, after.boot) == (7, AT, MONO, "boot")
    return {
        name: getattr(after, name)
        for name in after.__struct_fields__
        if name not in ("seq", "at", "mono", "boot", "tally") and getattr(after, name) != getattr(before, name)
    }


def on_host(before: HostState, after: RunState) -> dict[str, object]:
    """The fields of that host that are others now."""
    host = after.hosts[before.name]
    return {name: getattr(host, name) for name in host.__struct_fields__ if getattr(host, name) != getattr(before, name)}


def acted(subject: str, words: str, by: Person = LIN) -> dict[str, object]:
    return {"acts": {subject: Act(7, AT, by, words)}}


OPEN = a_state("old", go=None, changed=False, phase="deciding")
RUNS = a_state("updating", phase="running")
SENT = ev.ReleaseSent(hosts=2, sent=10, size=40, rate=5, left=6.0)
GONE = RunState(run="r1", phase="running")
CHANGES = [
    (
        "a commit that is pinned",
        OPEN,
        ev.RevisionResolved(revision=REVISION, release=RELEASE, live=(SafeText("v1"),)),
        {"revision": REVISION, "release": RELEASE, "live": ("v1",)},
    ),
    ("a check's first verdict", OPEN, ev.CheckReported(check=a_check("failed")), {"checks": (a_check("failed"),)}),
    ("an operator", changed(OPEN, joined=(ADA,)), ev.OperatorJoined(by=LIN), {"joined": (ADA, LIN)}),
    ("the helm", OPEN, ev.HelmTaken(by=LIN), {"helm": LIN}),
    ("GO", OPEN, ev.Decided(go=True, by=LIN), {"go": True, "decided_by": LIN, "decided": MONO, "phase": "locking", **acted("go", "decided")}),
    (
        "a no-go",
        OPEN,
        ev.Decided(go=False, by=LIN, reasons=(WHY,)),
        {"go": False, "decided_by": LIN, "decided": MONO, "reasons": (WHY,), **acted("go", "decided")},
    ),
    (
        "an operator who left",
        OPEN,
        ev.Decided(go=False, by=LIN, interrupted=True),
        {"go": False, "decided_by": LIN, "decided": MONO, "interrupted": True, **acted("go", "decided")},
    ),
    (
        "locks",
        a_state("old", phase="locking", locked_hosts=("a",)),
        ev.LocksTaken(epoch=3, hosts=("b",)),
        {"epoch": 3, "locked_hosts": ("a", "b"), "phase": "running"},
    ),
    ("locks of one that rolls back", a_state("old", phase="rolling-back"), ev.LocksTaken(epoch=3), {"epoch": 3}),
    (
        "a lock of a run",
        a_state("old", phase="locking"),
        ev.LocksRefused(host="web01", holder=LockHolder(SafeText("bo"), run="r0")),
        {"locked_by": "web01 is held by r0", "locking_run": "r0"},
    ),
    (
        "a lock of a person",
        a_state("old", phase="locking"),
        ev.LocksRefused(host="web01", holder=LockHolder(SafeText("bo"))),
        {"locked_by": "web01 is held by bo"},
    ),
    (
        "locks that are released",
        a_state("new", locked_hosts=("a", "b"), locks_left={"a": WHY}),
        ev.LocksReleased(hosts=("a",)),
        {"locked_hosts": ("b",), "locks_left": {}},
    ),
    (
        "a lock that is left",
        a_state("new", locked_hosts=("a", "b")),
        ev.LocksReleased(hosts=("a",), left=(ev.LockLeft("b", WHY),)),
        {"locked_hosts": ("b",), "locks_left": {"b": WHY}},
    ),
    ("a pause", RUNS, ev.Paused(reason=WHY, by=LIN), {"pausing": Pausing(WHY, "operator", MONO, LIN), **acted("pause", "paused it")}),
    ("a pause after so many hosts", RUNS, ev.Paused(reason=WHY, cause="pause-after"), {"pausing": Pausing(WHY, "pause-after", MONO), "passed_pause": True}),
    ("a pause for a failure", RUNS, ev.Paused(reason=WHY, cause="failure"), {"pausing": Pausing(WHY, "failure", MONO)}),
    ("the end of a pause", a_state("new", pausing=paused()), ev.Continued(by=LIN), {"continued": MONO, "pausing": None, **acted("pause", "continued it")}),
    (
        "the end of a pause for a failure",
        a_state("new", hosts=hosts_of(a_host_in("failed", failed_once=True), a_host_in("new", "web02")), pausing=paused("x", "failure")),
        ev.Continued(by=LIN),
        {
            "continued": MONO,
            "pausing": None,
            "hosts": hosts_of(a_host_in("failed", failed_once=True, tolerated=True), a_host_in("new", "web02")),
            **acted("pause", "continued it"),
        },
    ),
    (
        "the end of a pause for the network",
        a_state("new", pausing=paused("x", "network")),
        ev.Continued(by=LIN),
        {"continued": MONO, "pausing": None, **acted("pause", "continued it")},
    ),
    ("the end of no pause", RUNS, ev.Continued(by=LIN), {"continued": MONO, **acted("pause", "continued it")}),
    ("an abort", a_state("new", pausing=paused()), ev.AbortAsked(by=LIN), {"aborting": "back", "pausing": None, **acted("end", "aborted it")}),
    (
        "an abort behind which a roll back follows",
        RUNS,
        ev.AbortAsked(by=LIN, leave=True, then_back="at-once", why=SafeText("x")),
        {"aborting": "leave", "back_next": BackNext(LIN, "at-once", SafeText("x")), **acted("end", "aborted it")},
    ),
    ("an abort that leaves all", RUNS, ev.AbortAsked(by=LIN, leave=True), {"aborting": "leave", **acted("end", "aborted it")}),
    ("a note", changed(RUNS, notes=(("x", "ada", WHY),)), ev.NoteAdded(by=LIN, text=SafeText("seen")), {"notes": (("x", "ada", WHY), (AT, "lin", "seen"))}),
    ("changes", OPEN, ev.ChangesListed(subjects=(SafeText("a"),), migrations=(SafeText("m"),)), {"changes": ("a",), "migrations": ("m",)}),
    (
        "changes, and nobody knows which are new",
        OPEN,
        ev.ChangesListed(subjects=(SafeText("a"),), migrations=(SafeText("m"),), known=False),
        {"changes": ("a",)},
    ),
    ("a database that was looked at", OPEN, ev.DatabaseReviewed(review=Review(runs=True)), {"review": Review(runs=True)}),
    ("a release on its way", RUNS, SENT, {"sending": changed(SENT, seq=7, at="2026-01-02T03:04:05Z", mono=9.0, boot="boot")}),
    ("a release that is packed", RUNS, ev.ReleasePacked(content="d9", files=1, size=2), {"content": "d9"}),
    ("a backup", RUNS, ev.BackupTaken(backup=Backup("r1", AT)), {"backup": Backup("r1", AT)}),
    (
        "an announcement",
        RUNS,
        ev.AnnouncementSent(moment="before", title=WHY, body=SafeLines("b"), told=(SafeText("x"),), problems=(SafeText("y"),)),
        {"announced": ("x",), "untold": ("y",)},
    ),
    ("an announcement of the end", RUNS, ev.AnnouncementSent(moment="after", title=WHY, body=SafeLines("b"), told=(SafeText("x"),)), {"told_end": ("x",)}),
    ("a person who is called", RUNS, ev.PersonCalled(reason=WHY, told=(SafeText("x"),)), {}),
    ("a command that was refused", RUNS, ev.CommandRefused(by=LIN, command="pause", message=WHY), {}),
    ("a gate's verdict", RUNS, ev.GateJudged(step="wave-1/web01/gate", host="web01", verdict="passed", check="web"), {}),
    (
        "a try of a critical path",
        RUNS,
        ev.CriticalJudged(step="verify/critical-1", path="Login", verdict="passed", host="web01"),
        {"critical": {"verify/critical-1": (CriticalTry("Login", "web01", "passed"),)}},
    ),
    ("a record that is away", RUNS, ev.RecordLost(reason=WHY, kept_in=SafeText("f")), {"unshared": WHY}),
    ("a record that is back", a_state("new", phase="running", unshared=WHY, pausing=paused()), ev.RecordRegained(events=2), {"unshared": ""}),
    (
        "the end",
        a_state("new", phase="running", pausing=paused()),
        ev.RunEnded(exit=5, outcome="failed", reason=WHY, hint=SafeText("look"), held=("web01",)),
        {"phase": "ended", "exit": 5, "outcome": "failed", "reason": WHY, "hint": "look", "locked_hosts": ("web01",), "ended_at": AT, "pausing": None},
    ),
    ("a step that the run does not know", RUNS, ev.StepStarted(step="x"), {}),
    ("the end of a step that the run does not know", RUNS, ev.StepFinished(step="x"), {}),
    *(
        (f"{type(event).__name__} of a host that the run does not know", GONE, event, {})
        for event in (
            ev.HostSeen(host="web09", release="r9"),
            ev.HostSeen(host="web09", problem=WHY),
            ev.HostOwed(host="web09", reason=WHY),
            ev.HostFailed(host="web09", condition="failed", reason=WHY),
            ev.LinkLost(host="web09"),
            ev.LinkRestored(host="web09"),
        )
    ),
]


@pytest.mark.parametrize(("before", "event", "changes"), [pytest.param(*row[1:], id=row[0]) for row in CHANGES])
def test_an_event_changes_this_and_nothing_else(before: RunState, event: ev.Event, changes: dict[str, object]):
    assert differences(before, event) == changes


def test_a_run_is_what_it_was_opened_as():
    request = Request(kind="restart", without=(("web02", "burnt"), ("web09", "gone")))
    opened = ev.RunOpened(
        run="r1",
        kind="restart",
        app="shop",
        environment="production",
        protected=True,
        by=ADA,
        request=request,
        config_digest="d",
        hosts=("web01", "web02"),
        path="/srv/shop",
        on_failure="pause",
        max_failures=2,
        pause_after=3,
    )
    hosts = hosts_of(HostState("web01", since=MONO), HostState("web02", "left-out", since=MONO, detail=SafeText("burnt")))
    expected = RunState(
        run="r1",
        kind="restart",
        app="shop",
        environment="production",
        protected=True,
        by=ADA,
        request=request,
        path="/srv/shop",
        on_failure="pause",
        max_failures=2,
        pause_after=3,
        opened_at=AT,
        opened=MONO,
        hosts=hosts,
        seq=7,
        at=AT,
        mono=MONO,
        boot="boot",
    )
    assert evolve(RunState(), stamped(opened)) == counted(expected)


def test_an_event_without_a_place_leaves_the_place_of_the_one_before():
    before = evolve(OPEN, stamped(ev.NoteAdded(by=ADA, text=WHY)))
    after = evolve(before, ev.NoteAdded(by=ADA, text=WHY))
    assert (after.seq, after.at, after.mono, after.boot) == (7, AT, MONO, "boot")


HOSTS = [
    (
        "a host that was seen",
        a_host_in("old"),
        ev.HostSeen(host="web01", release="r9", version=SafeText("v9")),
        {"release": "r9", "before": "r9", "version": "v9", "before_version": "v9"},
    ),
    (
        "a host that is away",
        a_host_in("old"),
        ev.HostSeen(host="web01", problem=WHY),
        {"condition": "unreachable", "failed_once": True, "linked": False, "since": MONO, "detail": WHY},
    ),
    (
        "a host that was away and is seen",
        a_host_in("unreachable", touched=False, failed_once=True, linked=False, detail=WHY),
        ev.HostSeen(host="web01", release="r9"),
        {"condition": "old", "failed_once": False, "linked": True, "since": MONO, "detail": "", "release": "r9", "before": "r9"},
    ),
    ("a host that was left out and is seen", a_host_in("left-out", detail=WHY), ev.HostSeen(host="web01", release="r9"), {"release": "r9", "before": "r9"}),
    (
        "a host that is skipped",
        a_host_in("failed", failed_once=True),
        ev.HostSkipped(host="web01", by=LIN),
        {"condition": "skipped", "skipped": True, "failed_once": False, "since": MONO, "detail": "skipped by lin"},
    ),
    ("a host that is owed", a_host_in("unknown"), ev.HostOwed(host="web01", reason=WHY), {"condition": "owed", "since": MONO, "detail": WHY}),
    (
        "a host that is forgiven",
        a_host_in("owed"),
        ev.HostForgiven(host="web01", by=LIN, reason=WHY),
        {"condition": "left-out", "since": MONO, "detail": "forgiven: why", "forgiven": True},
    ),
    *(
        (
            f"a new host that is {condition}",
            a_host_in("new"),
            ev.HostFailed(host="web01", condition=condition, reason=WHY),
            {"condition": condition, "failed_once": True, "since": MONO, "detail": WHY},
        )
        for condition in ("failed", "unreachable", "unknown")
    ),
    (
        "a host that is back and away",
        a_host_in("back"),
        ev.HostFailed(host="web01", condition="unreachable", reason=WHY),
        {"condition": "unreachable", "since": MONO, "detail": WHY},
    ),
    (
        "a host that failed, is back and away",
        a_host_in("back", failed_once=True),
        ev.HostFailed(host="web01", condition="unreachable", reason=WHY),
        {"condition": "unreachable", "since": MONO, "detail": WHY},
    ),
    *(
        (f"a host that is {condition} and unwell", a_host_in(condition), ev.HostFailed(host="web01", condition="failed", reason=WHY), {})
        for condition in ("old", "updating", "returning", "skipped", "owed", "failed", "left-out")
    ),
    ("a link that is lost", a_host_in("new"), ev.LinkLost(host="web01", detail=WHY), {"linked": False, "lost": MONO}),
    ("a link that stands again", a_host_in("new", linked=False, lost=3.0), ev.LinkRestored(host="web01"), {"linked": True, "lost": 0.0}),
    ("a host that answers", a_host_in("new", linked=False, lost=3.0), ev.HostsAnswered(hosts=("web01", "web09")), {"linked": True, "lost": 0.0}),
    ("a host that does not", a_host_in("new", linked=False, lost=3.0), ev.HostsAnswered(hosts=()), {}),
    ("a link that nobody was asked about", a_host_in("new", linked=False, lost=3.0), ev.Continued(by=LIN), {}),
]


@pytest.mark.parametrize(("host", "event", "changes"), [pytest.param(*row[1:], id=row[0]) for row in HOSTS])
def test_an_event_changes_this_of_its_host_and_nothing_of_another(host: HostState, event: ev.Event, changes: dict[str, object]):
    other = a_host_in("new", "web02")
    after = evolve(a_state(hosts=hosts_of(host, other)), stamped(event))
    assert on_host(host, after) == changes
    assert after.hosts["web02"] == other


@pytest.mark.parametrize("cause", get_args(PauseCause))
def test_only_the_end_of_a_network_s_pause_says_that_lost_links_were_seen(cause: PauseCause):
    state = a_state(hosts=hosts_of(a_host_in("new", linked=False, lost=3.0)), phase="running", pausing=Pausing(WHY, cause, 1.0))
    assert evolve(state, stamped(ev.Continued(by=LIN))).hosts["web01"].lost == (0.0 if cause == "network" else 3.0)


ACTS = [
    (ev.CheckAcknowledged(check="Support", by=LIN), "check Support", "ticked Support off"),
    (ev.HostSkipped(host="web01", by=LIN), "host web01", "skipped web01"),
    (ev.HostRetried(host="web01", by=LIN), "host web01", "tried web01 again"),
    (ev.RollbackBegan(plan=Plan("rollback", (), ()), reason=WHY, by=LIN), "end", "rolled it back"),
    (ev.Paused(reason=WHY, by=LIN), "pause", "paused it"),
]


@pytest.mark.parametrize(("event", "subject", "words"), ACTS, ids=lambda value: type(value).__name__ if isinstance(value, ev.Event) else str(value))
def test_who_did_it_is_noted_by_what_it_was_about(event: ev.Event, subject: str, words: str):
    before = counted(a_state("failed", phase="running"), acts={"go": Act(1, "x", ADA, "decided")})
    assert evolve(before, stamped(event)).acts == {"go": Act(1, "x", ADA, "decided"), subject: Act(7, AT, LIN, words)}


def test_what_nobody_did_is_nobody_s_act():
    for event in (
        ev.Paused(reason=WHY),
        ev.Continued(),
        ev.RollbackBegan(plan=Plan("rollback", (), ()), reason=WHY),
        ev.NoteAdded(by=LIN, text=WHY),
        ev.HelmTaken(by=LIN),
    ):
        assert evolve(RUNS, stamped(event)).acts == {}


def test_all_hosts_have_answered_until_the_next_step_begins():
    state = evolve(planned(a_host_in("old")), stamped(ev.HostsAnswered(hosts=())))
    assert state.answered
    assert evolve(state, stamped(ev.StepStarted(step=SWITCH.name))).answered is False


OPEN_TICK = a_check("waiting", "Support", "Support", kind="manual")


def test_a_check_is_replaced_by_its_next_verdict_in_its_place():
    state = changed(OPEN, checks=(a_check("failed"), a_check("passed", "tools")))
    after = evolve(state, ev.CheckReported(check=a_check("passed")))
    assert after.checks == (a_check("passed"), a_check("passed", "tools"))
    assert evolve(state, ev.CheckReported(check=a_check("failed", "tools"))).checks == (a_check("failed"), a_check("failed", "tools"))


def test_a_tick_stays_when_the_check_is_made_again():
    ticked = evolve(changed(OPEN, checks=(OPEN_TICK, a_check("passed"))), stamped(ev.CheckAcknowledged(check="Support", by=LIN)))
    assert ticked.checks[0] == Check(
        "Support", SafeText("Support"), "passed", detail=SafeText("ticked off by lin, 2026-01-02 03:04:05 UTC"), kind="manual", since=AT, by="lin"
    )
    assert evolve(ticked, ev.CheckReported(check=OPEN_TICK)).checks == ticked.checks
    assert evolve(ticked, ev.CheckReported(check=a_check("error", "Support"))).checks[0] == a_check("error", "Support")
    assert evolve(ticked, ev.CheckReported(check=a_check("waiting", kind="manual"))).checks[1] == a_check("waiting", kind="manual")


def test_a_check_that_is_ticked_off_early_keeps_its_place():
    early = evolve(OPEN, stamped(ev.CheckAcknowledged(check="Support", by=LIN)))
    assert [(check.id, check.title, check.status, check.blocking) for check in early.checks] == [("Support", "Support", "passed", True)]
    loose = evolve(
        changed(OPEN, checks=(changed(OPEN_TICK, blocking=False, title=SafeText("Ask them")),)), stamped(ev.CheckAcknowledged(check="Support", by=LIN))
    )
    assert [(check.title, check.blocking) for check in loose.checks] == [("Ask them", False)]


def planned(host: HostState, **fields: object) -> RunState:
    """A run on that host with a plan of a few steps."""
    state = a_state(hosts=hosts_of(host, a_host_in("old", "web02")), **{"go": None, "changed": False, **fields})
    after = evolve(state, ev.PlanMade(plan=PLAN, way_back=(ReturnTarget("web01", OLD, SafeText("v1")),), usual={"switch": 2.0}))
    return changed(after, go=True, phase="running", release=RELEASE)


def test_a_plan_is_known_by_its_steps_and_its_hosts_lanes():
    state = evolve(OPEN, ev.PlanMade(plan=PLAN, way_back=(ReturnTarget("web01", OLD),), usual={"switch": 2.0}))
    assert (state.plan, state.way_back, state.usual, state.phase) == (PLAN, (ReturnTarget("web01", OLD),), {"switch": 2.0}, "deciding")
    assert state.index == {step.name: step for step in STEPS}
    assert {name: tuple(lane) for name, lane in state.lanes.items()} == {"web01": (SWITCH, GATE, PRUNE)}


def test_a_plan_that_is_made_again_replaces_the_one_before():
    first = evolve(OPEN, ev.PlanMade(plan=PLAN, way_back=()))
    other = Plan("rolling", (), (PACK,), "d2")
    second = evolve(first, ev.PlanMade(plan=other, way_back=()))
    assert (second.index, second.lanes) == ({PACK.name: PACK}, {})


def running(host: HostState, step: object, attempt: int = 1, **known: object) -> RunState:
    """That host, with that step of it running."""
    state = planned(changed(host, steps={**host.steps, step.name: StepState(**{"status": "running", "attempt": attempt, "started": 3.0, **known})}))  # type: ignore[attr-defined,arg-type]
    return changed(state, changed=True)


def test_a_step_that_begins_is_told_by_its_host():
    before = planned(a_host_in("old"))
    after = evolve(before, stamped(ev.StepStarted(step=SWITCH.name, host="web01", attempt=2)))
    host = after.hosts["web01"]
    assert on_host(before.hosts["web01"], after) == {
        "condition": "updating",
        "touched": True,
        "since": MONO,
        "step": SWITCH.name,
        "steps": {SWITCH.name: StepState("running", 2, MONO, AT)},
    }
    assert host.steps[SWITCH.name].seconds == 0.0
    assert after.changed
    assert after.hosts["web02"] == before.hosts["web02"]


@pytest.mark.parametrize(
    ("step", "condition", "becomes", "touched"),
    [
        (SWITCH, "old", "updating", True),
        (GATE, "updating", "updating", False),
        (PRUNE, "new", "new", False),
        (BACK_SWITCH, "new", "returning", True),
        (BACK_SWITCH, "returning", "returning", True),
        (BACK_GATE, "updating", "returning", False),
    ],
)
def test_a_step_that_begins_says_what_its_host_is_in(step, condition: str, becomes: str, touched: bool):
    state = a_state(hosts=hosts_of(a_host_in(condition, touched=False, since=1.0)), changed=False, index={step.name: step})
    after = evolve(state, stamped(ev.StepStarted(step=step.name, host="web01")))
    host = after.hosts["web01"]
    assert (host.condition, host.touched, after.changed) == (becomes, touched, touched)
    assert host.since == (1.0 if condition == becomes else MONO)


def test_a_step_that_is_settled_goes_on_since_when_it_began():
    before = running(a_host_in("updating"), SWITCH, orphaned=True, started=3.0, started_at="then")
    after = evolve(before, stamped(ev.StepStarted(step=SWITCH.name, attempt=1)))
    assert after.hosts["web01"].steps[SWITCH.name] == StepState("running", 1, 3.0, "then")
    again = evolve(before, stamped(ev.StepStarted(step=SWITCH.name, attempt=2)))
    assert again.hosts["web01"].steps[SWITCH.name] == StepState("running", 2, MONO, AT)
    elsewhere = evolve(running(a_host_in("updating"), SWITCH, orphaned=True, started=0.0), stamped(ev.StepStarted(step=SWITCH.name, attempt=1)))
    assert elsewhere.hosts["web01"].steps[SWITCH.name] == StepState("running", 1, MONO, AT)


@pytest.mark.parametrize("condition", ["skipped", "failed"])
def test_a_step_that_is_only_settled_does_not_bring_its_host_forward(condition: str):
    before = running(a_host_in(condition), SWITCH)
    assert evolve(before, stamped(ev.StepStarted(step=SWITCH.name))).hosts["web01"].condition == condition


@pytest.mark.parametrize(("known", "attempt", "counts"), [(1, 1, True), (2, 2, True), (2, 1, False), (1, 2, False), (0, 1, False)])
def test_only_the_end_of_the_attempt_that_runs_counts(known: int, attempt: int, counts: bool):
    before = running(a_host_in("updating"), SWITCH, known)
    after = evolve(before, stamped(ev.StepFinished(step=SWITCH.name, host="web01", attempt=attempt)))
    assert after.hosts["web01"].steps[SWITCH.name].status == ("done" if counts else "running")
    assert after.hosts["web01"].release == (NEW if counts else "")


@pytest.mark.parametrize(
    ("status", "counts"), [("running", True), ("unknown", True), ("pending", False), ("done", False), ("failed", False), ("cancelled", False), ("void", False)]
)
def test_only_a_step_that_runs_or_is_not_known_ends(status: str, counts: bool):
    before = running(a_host_in("updating"), SWITCH, status=status)
    after = evolve(before, stamped(ev.StepFinished(step=SWITCH.name, host="web01")))
    assert (after.hosts["web01"].steps[SWITCH.name].status == "done") is (counts or status == "done")
    assert after.hosts["web01"].release == (NEW if counts else "")


def test_the_end_of_a_step_is_kept_as_it_was_said():
    finished = ev.StepFinished(step=GATE.name, host="web01", status="failed", code=3, seconds=4.5, detail=WHY, hint=SafeText("look"), tail=(SafeText("x"),))
    after = evolve(running(a_host_in("updating"), GATE, orphaned=True), stamped(finished))
    assert after.hosts["web01"].steps[GATE.name] == StepState("failed", 1, 3.0, "", 4.5, 3, WHY, SafeText("look"), (SafeText("x"),))


def test_a_step_of_no_host_is_the_run_s():
    before = counted(planned(a_host_in("old")), steps={PACK.name: StepState("running", 1)})
    after = evolve(before, stamped(ev.StepFinished(step=PACK.name, status="failed", detail=WHY)))
    assert after.steps[PACK.name] == StepState("failed", 1, detail=WHY)
    assert after.hosts == before.hosts


@pytest.mark.parametrize(("retries", "attempt", "status"), [(0, 1, "failed"), (1, 1, "pending"), (1, 2, "failed"), (2, 2, "pending"), (2, 3, "failed")])
def test_a_command_is_tried_again_so_often(retries: int, attempt: int, status: str):
    step = changed(GATE, command=Command("x", retries=retries))
    state = a_state(
        hosts=hosts_of(a_host_in("updating", steps={step.name: StepState("running", attempt, orphaned=True)})),
        index={step.name: step},
        lanes={"web01": (step,)},
    )
    after = evolve(state, stamped(ev.StepFinished(step=step.name, attempt=attempt, status="failed", detail=WHY)))
    assert after.hosts["web01"].steps[step.name].status == status
    assert after.hosts["web01"].steps[step.name].detail == WHY
    assert not after.hosts["web01"].steps[step.name].orphaned
    assert after.hosts["web01"].condition == ("updating" if status == "pending" else "failed")


@pytest.mark.parametrize("status", ["unknown", "unreachable", "cancelled"])
def test_what_is_no_failure_is_not_tried_again_by_itself(status: str):
    step = changed(GATE, command=Command("x", retries=9))
    state = a_state(hosts=hosts_of(a_host_in("updating", steps={step.name: StepState("running", 1)})), index={step.name: step}, lanes={"web01": (step,)})
    assert evolve(state, ev.StepFinished(step=step.name, status=status)).hosts["web01"].steps[step.name].status == status  # type: ignore[arg-type]


def last_step(step, condition: str, status: str = "done", **event: object) -> HostState:
    """web01 after the last of its steps of that phase has ended so."""
    lane = (SWITCH, GATE, BACK_SWITCH, BACK_GATE, PRUNE)
    done = {known.name: ended("done") for known in lane if known.phase == step.phase and known.name != step.name}
    state = a_state(
        hosts=hosts_of(a_host_in(condition, steps={**done, step.name: StepState("running", 1)})),
        index={known.name: known for known in lane},
        lanes={"web01": lane},
        release=RELEASE,
    )
    finished = ev.StepFinished(step=step.name, host="web01", status=status, **{"detail": WHY, **event})  # type: ignore[arg-type]
    return evolve(state, stamped(finished)).hosts["web01"]


ENDS = [
    ("the last step forward is done", GATE, "updating", "done", False, ("new", False)),
    ("the last step back is done", BACK_GATE, "returning", "done", False, ("back", False)),
    ("a step that tidies up is done", PRUNE, "new", "done", False, ("new", False)),
    ("a step that tidies up failed", PRUNE, "new", "failed", False, ("new", False)),
    ("a host was lost while it was tidied up", PRUNE, "new", "failed", True, ("unreachable", True)),
    ("the last step forward, of a host that was skipped", GATE, "skipped", "done", False, ("skipped", False)),
    ("the last step forward, of a host that returns", GATE, "returning", "done", False, ("returning", False)),
    ("a gate failed", GATE, "updating", "failed", False, ("failed", True)),
    ("a gate is not known", GATE, "updating", "unknown", False, ("unknown", True)),
    ("a host is away", GATE, "updating", "unreachable", False, ("unreachable", True)),
    ("a gate was cancelled", GATE, "updating", "cancelled", False, ("failed", True)),
    ("a gate failed, of a host that was skipped", GATE, "skipped", "failed", False, ("skipped", False)),
    ("a gate failed on the way back", BACK_GATE, "returning", "failed", False, ("failed", False)),
    ("a gate failed on the way back as its host was lost", BACK_GATE, "returning", "failed", True, ("unreachable", False)),
    ("a gate is not known on the way back", BACK_GATE, "returning", "unknown", True, ("unknown", False)),
]


@pytest.mark.parametrize(("step", "condition", "status", "lost", "becomes"), [pytest.param(*row[1:], id=row[0]) for row in ENDS])
def test_what_a_host_is_when(step, condition: str, status: str, lost: bool, becomes: tuple[str, bool]):
    host = last_step(step, condition, status, lost=lost)
    assert (host.condition, host.failed_once) == becomes
    if host.condition != condition:
        assert host.since == MONO
        assert host.detail == ("" if host.condition == "back" else WHY)


@pytest.mark.parametrize("fields", [{"back": Plan("rollback", (), ())}, {"aborting": "back"}, {"aborting": "leave"}])
def test_what_is_cancelled_because_the_run_ends_is_no_failure_of_its_host(fields: dict[str, object]):
    state = changed(running(a_host_in("updating"), GATE), **fields)
    host = evolve(state, stamped(ev.StepFinished(step=GATE.name, status="cancelled"))).hosts["web01"]
    assert (host.condition, host.failed_once) == ("updating", False)
    failed = evolve(state, stamped(ev.StepFinished(step=GATE.name, status="failed"))).hosts["web01"]
    assert (failed.condition, failed.failed_once) == ("failed", True)


def test_a_host_that_is_skipped_and_taken_back_is_called_skipped():
    state = a_state(
        hosts=hosts_of(a_host_in("returning", skipped=True, steps={BACK_GATE.name: StepState("running", 1)})),
        index={BACK_GATE.name: BACK_GATE},
        lanes={"web01": (BACK_GATE,)},
    )
    assert evolve(state, ev.StepFinished(step=BACK_GATE.name)).hosts["web01"].condition == "skipped"
    assert not evolve(state, ev.StepFinished(step=BACK_GATE.name, status="failed")).hosts["web01"].skipped


VERSIONS = [
    ("the new release", SWITCH, {"release": RELEASE}, (NEW, "v2")),
    ("a target of the way back", BACK_SWITCH, {"way_back": (ReturnTarget("web01", OLD, SafeText("v1")),)}, (OLD, "v1")),
    ("another host's target", BACK_SWITCH, {"way_back": (ReturnTarget("web02", OLD, SafeText("v0")),)}, (OLD, "v-before")),
    ("another release of that host", BACK_SWITCH, {"way_back": (ReturnTarget("web01", "r7", SafeText("v0")),)}, (OLD, "v-before")),
    ("nothing", a_step("back/web01/remove", "remove", "rollback", "web01"), {}, ("", "v-before")),
]


@pytest.mark.parametrize(("step", "fields", "live"), [pytest.param(*row[1:], id=row[0]) for row in VERSIONS])
def test_a_switch_makes_its_release_live(step, fields: dict[str, object], live: tuple[str, str]):
    host = a_host_in(
        "updating" if step.phase == "release" else "returning",
        release="x",
        version=SafeText("vx"),
        before_version=SafeText("v-before"),
        steps={step.name: StepState("running", 1)},
    )
    state = a_state(hosts=hosts_of(host), index={step.name: step}, lanes={"web01": (step, GATE)}, **fields)
    after = evolve(state, ev.StepFinished(step=step.name, host="web01")).hosts["web01"]
    assert (after.release, after.version) == live
    failed = evolve(state, ev.StepFinished(step=step.name, host="web01", status="failed")).hosts["web01"]
    assert (failed.release, failed.version) == ("x", "vx")


def test_a_host_is_new_when_all_of_its_steps_forward_are_done_but_those_that_may_fail():
    loose = a_step("wave-1/web01/hook-1", "hook", "release", "web01", fatal=False)
    lane = (SWITCH, GATE, loose, BACK_GATE, PRUNE)
    for status, condition in (("pending", "updating"), ("failed", "updating"), ("done", "new"), ("void", "new")):
        host = a_host_in("updating", steps={SWITCH.name: ended(status), loose.name: ended("failed"), GATE.name: StepState("running", 1)})
        state = a_state(hosts=hosts_of(host), index={step.name: step for step in lane}, lanes={"web01": lane})
        assert evolve(state, ev.StepFinished(step=GATE.name)).hosts["web01"].condition == condition
    host = a_host_in("updating", steps={SWITCH.name: ended("done"), GATE.name: ended("done"), loose.name: StepState("running", 1)})
    state = a_state(hosts=hosts_of(host), index={step.name: step for step in lane}, lanes={"web01": lane})
    assert evolve(state, ev.StepFinished(step=loose.name, status="failed")).hosts["web01"].condition == "new"


def test_a_host_that_returns_gets_its_steps_and_a_rollback_them_all_again():
    first = evolve(planned(a_host_in("failed")), stamped(ev.HostReturning(host="web01", reason=WHY, steps=(BACK_SWITCH, BACK_GATE))))
    host = first.hosts["web01"]
    assert (host.condition, host.since, host.detail) == ("returning", MONO, WHY)
    assert tuple(first.lanes["web01"]) == (SWITCH, GATE, PRUNE, BACK_SWITCH, BACK_GATE)
    done = counted(
        first,
        hosts={**first.hosts, "web01": changed(host, condition="skipped", steps={BACK_SWITCH.name: ended("done"), SWITCH.name: ended("done")})},
        pausing=paused(),
    )
    plan = Plan("rollback at-once", (("web01",),), (BACK_SWITCH, BACK_GATE))
    second = evolve(done, stamped(ev.RollbackBegan(plan=plan, reason=WHY, cause="failure")))
    assert (second.back, second.back_reason, second.back_cause, second.phase, second.pausing) == (plan, WHY, "failure", "rolling-back", None)
    assert (second.hosts["web01"].condition, second.hosts["web01"].since) == ("returning", MONO)
    assert {name: known.status for name, known in second.hosts["web01"].steps.items()} == {BACK_SWITCH.name: "pending", SWITCH.name: "done"}
    assert second.lanes["web01"][-2:] == (BACK_SWITCH, BACK_GATE)
    assert second.hosts["web02"].condition == "old"


RETRIES = [
    (
        "a host that failed forward",
        a_host_in("failed", failed_once=True, detail=WHY, steps={SWITCH.name: ended("done"), GATE.name: ended("failed")}),
        {},
        "updating",
        {SWITCH.name: "done", GATE.name: "pending"},
    ),
    (
        "a host that was not touched",
        a_host_in("failed", touched=False, failed_once=True, steps={SWITCH.name: ended("failed")}),
        {},
        "old",
        {SWITCH.name: "pending"},
    ),
    *(
        (f"a step that is {status}", a_host_in("failed", steps={SWITCH.name: ended(status)}), {}, "updating", {SWITCH.name: "pending"})
        for status in ("unknown", "cancelled", "unreachable")
    ),
    (
        "a host that fell after its gate",
        a_host_in("failed", steps={SWITCH.name: ended("done"), GATE.name: ended("done")}),
        {},
        "updating",
        {SWITCH.name: "done", GATE.name: "pending"},
    ),
    ("a host that was skipped", a_host_in("skipped", skipped=True, touched=False), {}, "old", {}),
    (
        "a host of a rollback",
        a_host_in("failed", steps={BACK_SWITCH.name: ended("failed")}),
        {"back": Plan("rollback", (), ()), "phase": "rolling-back"},
        "returning",
        {BACK_SWITCH.name: "pending"},
    ),
    *(
        (
            f"a host of a run that is a rollback, {'touched' if touched else 'untouched'}",
            a_host_in("failed", touched=touched, steps={BACK_SWITCH.name: ended("failed")}),
            {"kind": "rollback"},
            condition,
            {BACK_SWITCH.name: "pending"},
        )
        for touched, condition in ((True, "updating"), (False, "old"))
    ),
]


@pytest.mark.parametrize(("host", "fields", "condition", "steps"), [pytest.param(*row[1:], id=row[0]) for row in RETRIES])
def test_a_host_is_tried_again(host: HostState, fields: dict[str, object], condition: str, steps: dict[str, str]):
    lane = (SWITCH, GATE, *((BACK_SWITCH,) if fields else ()))
    state = changed(a_state(hosts=hosts_of(host), index={step.name: step for step in lane}, lanes={"web01": lane}, phase="running"), **fields)
    after = evolve(state, stamped(ev.HostRetried(host="web01", by=LIN))).hosts["web01"]
    assert (after.condition, after.failed_once, after.skipped, after.since, after.detail) == (condition, False, False, MONO, "")
    assert {name: known.status for name, known in after.steps.items()} == steps


def test_a_host_that_fell_after_all_was_done_is_restarted_and_judged_again():
    restart, hook = a_step("wave-1/web01/restart", "restart", "release", "web01"), a_step("wave-1/web01/hook-1", "hook", "release", "web01")
    lane = (SWITCH, restart, GATE, hook)
    host = a_host_in("failed", failed_once=True, steps={step.name: ended("done") for step in lane})
    state = a_state(hosts=hosts_of(host), index={step.name: step for step in lane}, lanes={"web01": lane}, phase="running")
    after = evolve(state, ev.HostRetried(host="web01", by=LIN)).hosts["web01"]
    assert [name for name, known in after.steps.items() if known.status == "pending"] == [restart.name, GATE.name]


def test_a_host_that_went_back_alone_is_tried_again_from_its_beginning():
    lane = (SWITCH, GATE, BACK_SWITCH)
    host = a_host_in("back", failed_once=True, steps={SWITCH.name: ended("done"), GATE.name: ended("failed"), BACK_SWITCH.name: ended("done")})
    other = a_step("back/web02/switch", "switch", "rollback", "web02")
    state = a_state(
        hosts=hosts_of(host, a_host_in("back", "web02")),
        index={step.name: step for step in (*lane, other)},
        lanes={"web01": lane, "web02": (other,)},
        phase="running",
    )
    after = evolve(state, ev.HostRetried(host="web01", by=LIN))
    assert {name: known.status for name, known in after.hosts["web01"].steps.items()} == {
        SWITCH.name: "pending",
        GATE.name: "pending",
        BACK_SWITCH.name: "done",
    }
    assert after.lanes == {"web01": (SWITCH, GATE), "web02": (other,)}
    assert sorted(after.index) == sorted((SWITCH.name, GATE.name, other.name))
    assert after.hosts["web01"].condition == "updating"


def test_a_host_that_the_run_does_not_know_is_not_tried_again():
    assert evolve(RUNS, ev.HostRetried(host="web09", by=LIN)).hosts == RUNS.hosts


@pytest.mark.parametrize(("boot", "event_boot", "started"), [("boot", "boot", 3.0), ("", "boot", 3.0), ("old", "boot", 0.0)])
def test_what_ran_when_its_engine_ended_is_not_settled(boot: str, event_boot: str, started: float):
    state = running(a_host_in("updating", steps={GATE.name: ended("done", started=1.0)}), SWITCH)
    state = counted(state, steps={PACK.name: StepState("running", 1, 3.0)}, boot=boot)
    after = evolve(state, ev.stamped(ev.TakenUp(epoch=4, by=LIN), 7, AT, MONO, event_boot))
    assert after.hosts["web01"].steps[SWITCH.name] == StepState("running", 1, started, orphaned=True)
    assert after.hosts["web01"].steps[GATE.name] == ended("done", started=1.0 + (MONO if started == 0.0 else 0.0))
    assert after.steps[PACK.name] == StepState("running", 1, started, orphaned=True)
    assert (after.epoch, after.epoch_before) == (4, state.epoch)


@pytest.mark.parametrize(
    ("fields", "pauses"),
    [({"phase": "running"}, True), ({"phase": "running", "aborting": "back"}, False), ({"phase": "rolling-back"}, False), ({"phase": "locking"}, True)],
)
def test_a_run_that_is_taken_up_waits_for_a_person_unless_it_goes_back(fields: dict[str, object], pauses: bool):
    after = evolve(a_state("updating", **fields), stamped(ev.TakenUp(epoch=2, by=LIN)))
    expected = Pausing(SafeText("the engine was replaced by lin's; what was running is settled first"), "taken-up", MONO)
    assert after.pausing == (expected if pauses else None)
    kept = paused()
    assert evolve(a_state("updating", pausing=kept, phase="running"), stamped(ev.TakenUp(epoch=2, by=LIN))).pausing == kept


@given(st.sampled_from(KINDS), st.integers(0, 1_000_000))
def test_a_run_s_state_is_what_its_events_say_and_the_events_of_others_do_not_matter(kind, seed):
    run = draw_run(kind, seed, lambda run: None)
    assert fold(run.events) == run.state
    assert [event.seq for event in run.events] == list(range(1, len(run.events) + 1))
    again = fold([*run.events, ev.StepFinished(step="wave-1/web09/switch", host="web09"), ev.HostOwed(host="web09", reason=WHY)])
    assert changed(again, seq=run.state.seq) == run.state


@given(st.sampled_from(KINDS), st.integers(0, 1_000_000))
def test_no_step_is_done_that_did_not_begin_and_none_runs_that_has_ended(kind, seed):
    def hold(run: Simulation) -> None:
        began = {event.step for event in run.events if isinstance(event, ev.StepStarted)}
        for known in (run.state.steps, *(host.steps for host in run.state.hosts.values())):
            assert {name for name, step in known.items() if step.status in ("running", "done")} <= began
            assert all(step.attempt >= 1 for step in known.values() if step.status == "running")

    draw_run(kind, seed, hold)


@given(st.integers(1, 4), st.integers(1, 40))
def test_the_same_end_twice_is_one_end(hosts: int, turns: int):
    run = a_run(hosts)
    go_on(run, turns)
    finished = [event for event in run.events if isinstance(event, ev.StepFinished)]
    for event in finished:
        assert evolve(run.state, changed(event, status="failed", seq=0, at="", mono=0.0, boot="")) == run.state


def test_a_note_changes_nothing_but_the_notes():
    run = a_run(1)
    before = run.state
    assert say(run, cmd.Note(text=SafeText("seen"))) is None
    assert changed(run.state, notes=(), seq=before.seq, at=before.at, mono=before.mono) == changed(before, notes=())
