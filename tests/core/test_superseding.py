"""When a release makes way for a newer one, how it ends then, and what the newer one is told."""

import pytest

from console.core.checks.fleet import assess_lock
from console.core.checks.staging import released_of
from console.core.environment.live_release import live_after
from console.core.environment.verification import unverified_after
from console.core.plan.planner import plan_release
from console.core.rollback_targets import Targets, targets_before
from console.core.run.command_refusals import may
from console.core.run.ready_steps import running_steps
from console.core.run.step_tally import with_host
from console.core.run.superseding import ceding, is_about_to_end, makes_way, not_as_seen
from console.core.words.announcement_words import after
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_environment import Ticket
from console.model.environment_record import Live, Unclear
from console.model.fleet_snapshot import LastRun
from console.model.host_facts import Ceding, HostFacts, LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.release_facts import Release, Revision
from console.model.request import Person, Request, RunKind
from console.model.state import RunState
from console.model.thresholds import Breached, Threshold
from console.model.traffic import BalancerWeights, OwnWeight
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import BalancedRun, balanced
from tests.core.builders import a_state, a_step, ended, paused
from tests.core.plans import a_run, failing, go_on, happened, run_of, runs_now, say, until, until_runs
from tests.core.simulation import ADA, NEW, OLD, Simulation, an_environment, opening
from tests.core.test_monitoring_window import STEP, watched

BREACH = ev.ThresholdBreached(threshold=Threshold("error_rate", above=0.01), verdict=Breached())
LIN = ev.Superseded(by_run="r2", by=Person("lin", 1002))


def superseded(run: Simulation) -> RunState:
    """How the run ends once a newer one has its GO."""
    run.record(LIN)
    return until(run, lambda run: run.state.phase == "ended").state


@pytest.mark.parametrize(("theirs", "drained"), [((), True), (("web01", "web02"), True), (("web01", "web02", "web03"), False)])
def test_a_host_that_was_left_out_is_drained_as_it_is_owed_unless_the_newer_run_changes_it(theirs: tuple[str, ...], drained: bool):
    environment = changed(balanced(3), monitor=600.0)
    run = BalancedRun(environment, lambda *_: "done", serves={"web01", "web02", "web03"})
    plan = plan_release(environment, environment.hosts[:2], NEW, frozenset())
    opened, *rest = opening(environment)
    run.record(opened if not isinstance(opened, ev.RunOpened) else changed(opened, request=Request(kind="deploy", yes=True, without=(("web03", "away"),))))
    run.record(*(changed(event, plan=plan) if isinstance(event, ev.PlanMade) else event for event in rest))
    until_runs(run, STEP)
    run.record(changed(LIN, hosts=theirs))
    state = until(run, lambda run: run.state.phase == "ended").state
    assert (state.outcome, state.hosts["web03"].condition) == ("superseded", "owed")
    assert ("web03" not in run.serves) == drained


def test_it_makes_way_in_its_window_and_at_no_other_time():
    run = run_of(changed(an_environment(3), monitor=600.0))
    seen = []
    for _ in range(200):
        seen.append((makes_way(run.state), STEP in runs_now(run)))
        go_on(run, 1)
    assert run.state.phase == "ended"
    assert {way for way, watches in seen if not watches} == {False}
    assert {way for way, watches in seen if watches} == {True}


@pytest.mark.parametrize("kind", ["restart", "catch-up", "rollback"])
def test_no_other_kind_makes_way(kind: RunKind):
    run = run_of(changed(an_environment(2), monitor=600.0), kind=kind)
    for _ in range(60):
        assert not makes_way(run.state)
        go_on(run, 1)


WAYS = [
    ("as it is", (), True),
    ("paused by a person", (ev.Paused(reason=SafeText("paused by ada"), by=ADA),), True),
    ("above a limit", (BREACH,), True),
    ("above a limit, and held", (BREACH, ev.Paused(reason=SafeText("paused by ada"), by=ADA)), True),
    ("paused by the network", (ev.Paused(reason=SafeText("lost"), cause="network"),), False),
    ("paused after a failure", (ev.Paused(reason=SafeText("failed"), cause="failure"),), False),
    ("taken up by a new engine", (ev.TakenUp(epoch=2, by=ADA),), False),
    ("aborting", (ev.AbortAsked(by=ADA),), False),
    ("superseded", (LIN,), False),
    ("a host is lost", (ev.HostFailed(host="web01", condition="unreachable", reason=SafeText("silent")),), False),
    ("a host failed", (ev.HostFailed(host="web01", condition="failed", reason=SafeText("503")),), False),
    ("a host is skipped", (ev.HostSkipped(host="web01", by=ADA),), False),
]


@pytest.mark.parametrize(("events", "way"), [pytest.param(*row[1:], id=row[0]) for row in WAYS])
def test_what_keeps_it_from_that(events: tuple[ev.Event, ...], way: bool):
    run = watched()
    run.record(*events)
    assert makes_way(run.state) is way


def test_a_host_that_goes_back_alone_is_waited_for():
    run = watched()
    say(run, cmd.Skip(host="web01"))
    assert not makes_way(run.state)
    for _ in range(50):
        if run.turn():
            continue
        if on_hosts := [step for step in running_steps(run.state) if step.about]:
            assert not makes_way(run.state)
            run.finish(on_hosts[0])
    assert run.state.hosts["web01"].condition == "skipped"
    assert makes_way(run.state)


def test_it_ends_at_once_with_0_and_is_not_verified():
    run = watched()
    state = superseded(run)
    assert (state.exit, state.outcome) == (0, "superseded")
    assert "run r2 took over before the monitoring window ended; not verified" in state.reason
    assert state.step_state(state.index[STEP]).status == "cancelled"
    assert {state.step_state(step).status for step in state.index.values() if step.phase == "close"} == {"pending"}
    assert {host.condition for host in state.hosts.values()} == {"new"}
    assert len(happened(run, ev.RunEnded)) == 1
    assert not released_of(state, 1).verified


def test_without_it_the_same_run_is_verified():
    run = watched()
    state = until(run, lambda run: run.state.phase == "ended").state
    assert (state.exit, state.outcome, released_of(state, 1).verified) == (0, "succeeded", True)


def test_what_is_live_afterwards_is_its_release():
    state = superseded(watched())
    state = changed(state, release=Release(NEW, SafeText("v2"), "b" * 40), revision=Revision("b" * 40, SafeText("v2")))
    found = live_after(Unclear("nothing"), state, ())
    assert isinstance(found, Live)
    assert found.release.id == NEW
    assert targets_before([state], ("web01", "web02")) == Targets({"web01": OLD, "web02": OLD})


def test_a_failed_run_before_it_is_made_good_by_the_hosts_that_it_verified_alone():
    failed = a_run(2, failing("web01", "web02"), on_failure="stop").run()
    assert failed.exit == 5
    left = unverified_after((), failed, LastRun("r0", "deploy", "failed", 5, "12:00"))
    assert left
    good = superseded(watched())
    assert unverified_after(left, good, LastRun("r1", "deploy", "superseded", 0, "12:30")) == ()
    partly = changed(good, hosts=good.hosts.put("web01", changed(good.hosts["web01"], condition="owed")))
    assert unverified_after(left, partly, LastRun("r1", "deploy", "superseded", 0, "12:30")) != ()


def test_a_host_that_was_left_out_stays_owed():
    run = watched()
    run.state = with_host(run.state, "web02", condition="left-out", touched=False)
    state = superseded(run)
    assert (state.outcome, state.hosts["web02"].condition) == ("superseded", "owed")


def test_its_ticket_stays_open_and_success_is_not_announced():
    run = until_runs(run_of(changed(an_environment(2), monitor=600.0, ticket=Ticket("close {version}"))), STEP)
    state = superseded(run)
    assert (state.ticket, state.outcome) == ("", "superseded")
    told = after(changed(state, release=Release(NEW, SafeText("v2"), "b" * 40)))
    assert told.title == "shop production: v2 superseded"
    assert "succeeded" not in told.body
    assert "not verified" in told.body


def test_it_goes_on_where_a_new_engine_takes_it_up_between():
    run = watched()
    run.record(LIN, ev.TakenUp(epoch=2, by=ADA))
    state = until(run, lambda run: run.state.phase == "ended").state
    assert (state.exit, state.outcome) == (0, "superseded")


@pytest.mark.parametrize("command", [cmd.RollBack(), cmd.Abort(), cmd.Pause(), cmd.Continue(), cmd.Extend(), cmd.Promote(), cmd.Skip(host="web01")])
def test_it_takes_no_command_any_more(command: cmd.AnyCommand):
    run = watched()
    run.record(LIN)
    refusal = may(command, run.state)
    assert refusal is not None
    assert refusal.ended
    assert refusal.message == "run r1 makes way for run r2"
    assert may(cmd.Note(text=SafeText("good")), run.state) is None


def test_a_record_in_which_it_cannot_be_changes_nothing():
    run = watched()
    assert say(run, cmd.RollBack()) is None
    run.record(LIN)
    assert run.state.superseded_by == ""


def test_what_the_newer_one_is_told():
    run = watched()
    assert ceding(run.state) == Ceding("r1")
    run.record(ev.Paused(reason=SafeText("paused by ada"), by=ADA))
    assert ceding(run.state) == Ceding("r1", SafeText("it is paused"))
    run.record(ev.Continued(by=ADA), BREACH)
    told = ceding(run.state)
    assert told is not None
    assert "errors" in told.concern
    assert ceding(until_runs(a_run(2), "wave-1/web01/switch").state) is None


def test_one_that_tidies_up_is_waited_for():
    run = until_runs(run_of(changed(an_environment(2), monitor=600.0)), "close/web01/prune")
    assert is_about_to_end(run.state)
    assert ceding(run.state) == Ceding("r1", ends=True)
    assert not is_about_to_end(watched().state)


def facts(run: str, **fields: object) -> HostFacts:
    return HostFacts("web01", lock=LockHolder(SafeText("bo"), run=run), **fields)  # type: ignore[arg-type]


TAKES = "takes over from run r1, which is in its monitoring window and ends at GO, not verified"
LOCKS = [
    ("its lock", (facts("r1"),), Ceding("r1"), ("passed", TAKES)),
    ("its lock, above a limit", (facts("r1"),), Ceding("r1", SafeText("errors")), ("warning", f"{TAKES}; errors")),
    ("about to end", (facts("r1"),), Ceding("r1", ends=True), ("passed", "takes over from run r1, which is about to end")),
    ("no lock", (HostFacts("web01"),), Ceding("r1"), ("passed", "no run and no person holds a host (on 1 host)")),
    ("another's lock", (facts("r0"),), Ceding("r1"), ("failed", "web01: held by r0; once that run is dead, unlock --run breaks its lock")),
    ("a person's note", (facts("r1", closed=LockHolder(SafeText("ada"), reason=SafeText("audit"))),), Ceding("r1"), ("failed", "web01: closed by ada: audit")),
    ("none makes way", (facts("r1"),), None, ("failed", "web01: held by r1; once that run is dead, unlock --run breaks its lock")),
]


@pytest.mark.parametrize(("seen", "told", "found"), [pytest.param(*row[1:], id=row[0]) for row in LOCKS])
def test_the_verdict_on_its_locks(seen: tuple[HostFacts, ...], told: Ceding | None, found: tuple[str, str]):
    check = assess_lock(seen, "r2", told)
    assert (check.status, str(check.detail)) == found


def test_a_host_that_it_changed_since_the_newer_one_looked_is_named():
    old = watched().state
    looked = RunState(run="r2", hosts=old.hosts)
    assert not_as_seen(old, looked) == ()
    back = changed(old, hosts=old.hosts.put("web02", changed(old.hosts["web02"], condition="back", release=OLD)))
    assert not_as_seen(back, looked) == ("web02",)
    assert not_as_seen(back, RunState(run="r2")) == ()


WATCH = a_step(STEP, "monitor", "verify")
OVER = {"phase": "running", "index": {STEP: WATCH}, "steps": {STEP: ended("done")}}
TIDIES_UP = [
    ("its window is over", {}, True),
    ("its window is open", {"steps": {STEP: ended("running")}}, False),
    ("its window was cut short for a newer one", {"steps": {STEP: ended("cancelled")}, "superseded_by": "r2"}, True),
    ("its window failed", {"steps": {STEP: ended("failed")}}, False),
    ("it has no window", {"index": {}, "steps": {}}, False),
    ("it is paused", {"pausing": paused()}, False),
    ("it is aborting", {"aborting": True}, False),
    ("it goes back", {"phase": "rolling-back"}, False),
    ("it has ended", {"phase": "ended"}, False),
    ("it has no GO yet", {"phase": "preflight"}, False),
    ("it makes no release", {"kind": "restart"}, False),
    ("it makes none, and is paused", {"kind": "restart", "pausing": paused()}, False),
]


@pytest.mark.parametrize(("fields", "ends"), [pytest.param(*row[1:], id=row[0]) for row in TIDIES_UP])
def test_a_run_whose_window_is_over_is_waited_for(fields: dict[str, object], ends: bool):
    state = a_state("new", "new", **{**OVER, **fields})
    assert is_about_to_end(state) is ends
    if ends:
        assert ceding(state) == Ceding("r1", ends=True)


@pytest.mark.parametrize(("closing", "ends"), [(0, False), (1, True), (2, True)])
def test_so_is_one_that_tidies_up_without_a_window(closing: int, ends: bool):
    state = a_state("new", "new", phase="running")
    assert is_about_to_end(changed(state, tally=changed(state.tally, closing=closing))) is ends


IN_THE_WAY = [
    ("nothing", {}, True),
    ("users are shown its page", {"maintenance": Maintenance(SafeText("ada"), SafeText("2026-01-02T00:00:00Z"), run="r1")}, False),
    ("users are shown somebody else's", {"maintenance": Maintenance(SafeText("lin"), SafeText("2026-01-02T00:00:00Z"), run="r0")}, True),
    ("its weights are still there", {"weights": {"lb01/shop": BalancerWeights("set", own={"web01": OwnWeight(100, 10, 100)})}}, False),
    ("its weights were put back", {"weights": {"lb01/shop": BalancerWeights("restored")}}, True),
]


@pytest.mark.parametrize(("fields", "way"), [pytest.param(*row[1:], id=row[0]) for row in IN_THE_WAY])
def test_what_it_has_changed_outside_of_hosts_is_put_back_first(fields: dict[str, object], way: bool):
    assert makes_way(changed(watched().state, **fields)) is way


ON_A_HOST = [("new", True), ("back", True), ("updating", False), ("returning", False), ("unknown", False), ("unreachable", False), ("failed", False)]


@pytest.mark.parametrize(("condition", "way"), ON_A_HOST)
def test_a_host_that_is_between_two_releases_is_waited_for(condition: str, way: bool):
    """It was changed; one that nothing was done to is in nobody's way, whatever became of it."""
    state = watched().state
    assert makes_way(with_host(state, "web02", condition=condition, touched=True)) is way
    if condition != "failed":
        assert makes_way(with_host(state, "web02", condition=condition, touched=False))


def test_only_hosts_that_the_older_run_has_changed_and_left_are_not_as_seen():
    older = a_state("new", "back", "old", "updating", "new", "new")
    releases = {"web01": "r5", "web02": "r5", "web03": "r5", "web04": "r5", "web05": "", "web06": "r4"}
    older = changed(older, hosts={name: changed(host, release=releases[name]) for name, host in older.hosts.items()})
    newer = changed(a_state(*["old"] * 6), hosts={name: changed(host, release="r4") for name, host in a_state(*["old"] * 6).hosts.items()})
    assert not_as_seen(older, newer) == ("web01", "web02", "web05")
