"""What a run needs now, as its engine sees it: what is started, what is waited for, who is asked, what goes back, and how it ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.planner import plan_release
from console.core.run.decide import decide
from console.core.run.failure_budget import is_tripped
from console.core.run.outcome import conclude
from console.core.run.ready_steps import running_steps
from console.core.run.step_tally import is_settled
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_environment import Database
from console.model.database_facts import Review
from console.model.effects import AskHosts, AskPerson, CancelStep, RecordEvent, StartStep, TakeLocks, WakeAt
from console.model.host_commands import Command, Hook
from console.model.plan import Plan, ReturnTarget
from console.model.request import Request
from console.model.state import PENDING, RunState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import a_host_in, a_state, a_step, ended, hosts_of, paused
from tests.core.plans import a_run, done_on, ends, go_on, happened, run_of, runs_now, say, until, until_runs
from tests.core.simulation import ADA, NEW, OLD, Simulation, an_environment, opening

FLEET = an_environment(3)


def decided(run: Simulation) -> list[object]:
    return list(decide(run.environment, run.state, run.now))


def started(run: Simulation) -> list[str]:
    """The steps that would be started now."""
    return sorted(effect.step.name for effect in decided(run) if isinstance(effect, StartStep))


def cancelled(run: Simulation) -> list[str]:
    return sorted(effect.step.name for effect in decided(run) if isinstance(effect, CancelStep))


def conditions(run: Simulation) -> list[str]:
    return [host.condition for host in run.state.hosts.values()]


BEFORE = [
    ("ended", a_state(phase="ended"), ()),
    ("in its pre-flight", a_state("old", go=None, phase="preflight"), ()),
    ("being decided", a_state("old", go=None, phase="deciding"), (AskPerson("decision"),)),
    ("locking", a_state("old", phase="locking"), (TakeLocks(),)),
]


@pytest.mark.parametrize(("state", "effects"), [pytest.param(*row[1:], id=row[0]) for row in BEFORE])
def test_before_anything_runs(state: RunState, effects: tuple[object, ...]):
    assert decide(FLEET, state, 0.0) == effects


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (a_state("old", go=False, changed=False, phase="deciding"), Exit.NO_GO),
        (a_state("old", locked_by=SafeText("web01 is held by r0"), phase="locking"), Exit.LOCKED),
    ],
    ids=["a no-go", "a lock"],
)
def test_what_does_not_begin_ends(state: RunState, code: Exit):
    (effect,) = decide(FLEET, changed(state, locked_hosts=("web02",)), 0.0)
    assert isinstance(effect, RecordEvent)
    assert isinstance(effect.event, ev.RunEnded)
    assert (effect.event.exit, effect.event.held) == (int(code), ("web02",))
    assert (effect.event.exit, effect.event.outcome, effect.event.reason, effect.event.hint) == conclude(state)


def test_a_release_is_packed_shipped_to_all_at_once_and_then_goes_host_by_host():
    run = a_run(2)
    assert started(run) == ["release/pack"]
    until_runs(run, "prepare/web01/ship")
    assert runs_now(run) == ["prepare/web01/ship", "prepare/web02/ship"]
    until_runs(run, "wave-1/web01/switch")
    assert runs_now(run) == ["wave-1/web01/switch"]
    until_runs(run, "wave-2/web02/switch")
    assert conditions(run) == ["new", "updating"]
    until_runs(run, "close/web01/prune")
    assert runs_now(run) == ["close/web01/prune", "close/web02/prune"]


def test_a_first_attempt_is_the_first_and_a_second_the_second():
    run = a_run(1, ends(web01_gate="failed"), on_failure="pause")
    assert {effect.attempt for effect in decided(run) if isinstance(effect, StartStep)} == {1}
    until(run, lambda run: run.state.pausing is not None)
    assert say(run, cmd.Retry(host="web01")) is None
    assert say(run, cmd.Continue()) is None
    until_runs(run, "wave-1/web01/gate")
    assert run.state.hosts["web01"].steps["wave-1/web01/gate"].attempt == 2
    assert run.run().exit == Exit.DONE


def test_what_an_engine_left_running_goes_on_before_anything_new_starts():
    run = until_runs(a_run(2), "prepare/web01/ship")
    run.finish(next(step for step in running_steps(run.state) if step.about == "web02"))
    run.record(ev.TakenUp(epoch=2, by=ADA))
    (effect,) = decided(run)
    assert isinstance(effect, StartStep)
    assert (effect.step.name, effect.attempt) == ("prepare/web01/ship", 1)


PAUSE = 45.0


def wakes(run: Simulation) -> list[float]:
    return [effect.mono for effect in decided(run) if isinstance(effect, WakeAt)]


def test_an_end_on_the_clock_of_another_boot_is_not_waited_for():
    run = until(a_run(3, pause=PAUSE), lambda run: run.state.hosts["web01"].condition == "new")
    run.now -= 10 * PAUSE
    assert wakes(run) == []
    until_runs(run, "wave-2/web02/switch")


def test_between_waves_it_waits_as_long_as_the_file_says():
    run = until(a_run(3, pause=PAUSE), lambda run: run.state.hosts["web01"].condition == "new")
    ended_at = run.now
    assert wakes(run) == [ended_at + PAUSE]
    run.now = ended_at + PAUSE - 0.5
    assert wakes(run) == [ended_at + PAUSE]
    assert started(run) == []
    run.now = ended_at + PAUSE
    assert wakes(run) == []
    until_runs(run, "wave-2/web02/switch")
    assert run.now == ended_at + PAUSE
    run.run()
    assert run.now >= ended_at + 2 * PAUSE


def test_it_waits_after_the_last_of_a_wave_s_hosts():
    run = until(a_run(4, batch=2, pause=PAUSE), lambda run: run.state.hosts["web01"].condition == "new")
    run.now += 20
    until(run, lambda run: run.state.hosts["web02"].condition == "new")
    assert wakes(run) == [run.now + PAUSE]


def test_before_the_first_wave_and_without_a_pause_nothing_is_waited_for():
    for pause in (0.0, PAUSE):
        run = until_runs(a_run(2, pause=pause), "wave-1/web01/switch")
        assert run.now < PAUSE
    run = a_run(3)
    run.run()
    assert run.now < PAUSE


@pytest.mark.parametrize(
    ("hosts", "batch", "after", "done"),
    [(4, 1, 1, 1), (4, 1, 2, 2), (6, 2, 1, 2), (6, 2, 2, 2), (6, 2, 3, 4), (3, 3, 1, None), (3, 1, 0, None), (3, 1, 9, None)],
)
def test_a_run_pauses_once_after_so_many_hosts_between_waves(hosts: int, batch: int, after: int, done: int | None):
    run = a_run(hosts, batch=batch, pause_after=after)
    state = run.run()
    if done is None:
        assert (state.phase, state.exit) == ("ended", Exit.DONE)
        return
    assert state.pausing is not None
    assert (state.pausing.cause, state.pausing.by) == ("pause-after", None)
    assert state.pausing.reason == f"pause after {done} host{'s' if done > 1 else ''} (pause_after)"
    assert conditions(run).count("new") == done
    assert set(conditions(run)) <= {"new", "old"}
    assert say(run, cmd.Continue()) is None
    assert run.run().exit == Exit.DONE
    assert len(happened(run, ev.Paused)) == 1


def test_a_host_that_failed_does_not_count_as_done_for_that_pause():
    run = a_run(4, ends(web01_gate="failed"), max_failures=2, pause_after=1)
    state = run.run()
    assert state.pausing is not None
    assert conditions(run) == ["back", "new", "old", "old"]


@pytest.mark.parametrize("at", ["before release", "before host", "after switch", "after host", "after release"])
def test_a_hook_that_runs_once_is_started_once(at: str):
    hooks = (Hook(at, Command("one"), once=True),)  # type: ignore[arg-type]
    run = run_of(changed(an_environment(3), hooks=hooks))
    assert run.run().exit == Exit.DONE
    assert [event.host for event in happened(run, ev.StepStarted) if "hook" in event.step] == ["web01"]  # type: ignore[attr-defined]


def test_a_hook_that_may_fail_holds_no_host_up():
    hooks = (Hook("after host", Command("x"), fatal=False),)
    run = run_of(changed(an_environment(2), hooks=hooks), lambda step, attempt: "failed" if step.kind == "hook" else "done")
    assert run.run().exit == Exit.DONE
    assert conditions(run) == ["new", "new"]


def test_a_hook_that_must_not_fail_takes_its_host_back():
    hooks = (Hook("after host", Command("x")),)
    run = run_of(changed(an_environment(2), hooks=hooks), lambda step, attempt: "failed" if step.kind == "hook" else "done")
    assert run.run().exit == Exit.ROLLED_BACK


def test_a_command_that_may_be_tried_again_is():
    environment = changed(an_environment(2), commands={"restart": Command("restart", retries=2)})
    run = run_of(environment, lambda step, attempt: "failed" if step.kind == "restart" and step.about == "web01" and attempt < 3 else "done")
    assert run.run().exit == Exit.DONE
    assert [event.attempt for event in happened(run, ev.StepStarted) if event.step == "wave-1/web01/restart"] == [1, 2, 3]  # type: ignore[attr-defined]
    run = run_of(environment, lambda step, attempt: "failed" if step.kind == "restart" and step.about == "web01" and step.phase == "release" else "done")
    assert run.run().exit == Exit.ROLLED_BACK
    assert len([event for event in happened(run, ev.StepStarted) if event.step == "wave-1/web01/restart"]) == 3  # type: ignore[attr-defined]


FAILED_GATE = ends(web02_gate="failed")
RULES = [
    ("rollback", 0, "rolling back", "1 failed, 0 allowed: web02 (failed)"),
    ("pause", 0, "paused", "1 failed, 0 allowed: web02 (failed)"),
    ("stop", 0, "stopped", ""),
    ("rollback", 1, "going on", ""),
    ("pause", 1, "going on", ""),
    ("stop", 1, "going on", ""),
]


@pytest.mark.parametrize(("rule", "budget", "becomes", "reason"), RULES)
def test_what_a_failure_does_within_and_beyond_the_budget(rule: str, budget: int, becomes: str, reason: str):
    run = a_run(4, FAILED_GATE, on_failure=rule, max_failures=budget)
    state = run.run()
    if becomes == "rolling back":
        (began,) = happened(run, ev.RollbackBegan)
        assert (began.cause, began.reason, began.by) == ("failure", reason, None)  # type: ignore[attr-defined]
        assert conditions(run) == ["back", "back", "old", "old"]
    elif becomes == "paused":
        assert state.pausing is not None
        assert (state.pausing.cause, state.pausing.reason) == ("failure", reason)
        assert conditions(run) == ["new", "failed", "old", "old"]
    elif becomes == "stopped":
        assert (state.exit, conditions(run)) == (Exit.FAILED, ["new", "failed", "old", "old"])
    else:
        assert (state.exit, conditions(run)) == (Exit.LIVE_BUT_BEHIND, ["new", "back", "new", "new"])


def test_a_person_who_goes_on_tolerates_what_has_failed_and_no_more():
    run = a_run(5, ends(web02_gate="failed", web04_gate="failed"), on_failure="pause")
    run.run()
    assert say(run, cmd.Continue()) is None
    state = run.run()
    assert state.pausing is not None
    assert state.pausing.reason == "2 failed, 0 allowed: web02 (failed), web04 (failed)"
    assert say(run, cmd.Continue()) is None
    assert run.run().phase == "ended"


def test_four_failed_hosts_are_named_at_most():
    hosts = hosts_of(*(a_host_in("failed", f"web{number:02}", failed_once=True, detail=SafeText("500")) for number in range(1, 7)))
    (effect,) = decide(FLEET, a_state(hosts=hosts, phase="running", on_failure="pause"), 0.0)
    assert isinstance(effect, RecordEvent)
    assert isinstance(effect.event, ev.Paused)
    assert effect.event.reason == "6 failed, 0 allowed: web01 (500), web02 (500), web03 (500), web04 (500)"


@pytest.mark.parametrize("status", ["failed", "unknown", "cancelled"])
def test_a_step_of_no_host_that_ends_badly_is_the_run_s_failure(status: str):
    run = run_of(changed(an_environment(2), monitor=30.0), lambda step, attempt: status if step.kind == "monitor" else "done")
    run.run()
    (began,) = happened(run, ev.RollbackBegan)
    assert began.reason == f"watch health for 30 s failed: {status}"  # type: ignore[attr-defined]
    assert (run.state.exit, conditions(run)) == (Exit.ROLLED_BACK, ["back", "back"])


def test_a_pack_that_fails_ends_the_run_with_nothing_changed():
    run = a_run(2, lambda step, attempt: "failed" if step.kind == "pack" else "done")
    assert run.run().exit == Exit.CONSOLE_FAILED
    assert happened(run, ev.RollbackBegan) == []


def test_a_failure_before_anything_was_changed_ends_once_the_others_have_ended():
    run = a_run(3, ends(web01_install="failed"))
    until(run, lambda run: run.state.hosts["web01"].condition == "failed")
    assert runs_now(run) != []
    assert decided(run) == []
    assert run.run().exit == Exit.ROLLED_BACK
    assert not any(event.step.endswith("/switch") for event in happened(run, ev.StepStarted))  # type: ignore[attr-defined]


def test_three_hosts_that_are_lost_at_once_point_at_the_network():
    run = a_run(6, lambda step, attempt: "unreachable" if step.kind == "restart" and step.phase == "release" else "done", batch=3, max_failures=2)
    state = run.run()
    assert state.pausing is not None
    assert state.pausing.cause == "network"
    assert state.pausing.reason.endswith("; several hosts were lost at once, which points at the network")
    assert happened(run, ev.RollbackBegan) == []


def test_two_hosts_that_are_lost_at_once_are_their_own_failure():
    run = a_run(6, lambda step, attempt: "unreachable" if step.kind == "restart" and step.phase == "release" else "done", batch=2, max_failures=1)
    run.run()
    assert happened(run, ev.Paused) == []
    assert len(happened(run, ev.RollbackBegan)) == 1


@pytest.mark.parametrize(
    ("last", "words"),
    [(5, "web03, web04, web05"), (6, "web03, web04, web05, web06"), (7, "web03, web04, web05, web06 and 1 more"), (8, "web03, web04, web05, web06 and 2 more")],
)
def test_lost_links_are_told_by_name_four_of_them(last: int, words: str):
    run = until_runs(a_run(8), "wave-1/web01/switch")
    run.record(*(ev.LinkLost(host=f"web{number:02}") for number in range(3, last + 1)))
    (effect,) = decided(run)
    assert isinstance(effect, RecordEvent)
    assert isinstance(effect.event, ev.Paused)
    assert effect.event.reason == f"{words} lost their links at once, which points at the network"
    assert effect.event.cause == "network"


@pytest.mark.parametrize(("since", "network"), [((0.0, 5.0, 10.0), True), ((0.0, 5.0, 10.1), False), ((0.0, 30.0, 31.0, 40.0), True), ((0.0, 1.0), False)])
def test_three_hosts_that_were_lost_within_ten_seconds_are_the_network_s(since: tuple[float, ...], network: bool):
    hosts = (a_host_in("unreachable", f"web{number:02}", failed_once=True, since=lost) for number, lost in enumerate(since, 1))
    (effect,) = decide(an_environment(4), a_state(hosts=hosts_of(*hosts), phase="running", on_failure="pause"), 50.0)
    assert isinstance(effect, RecordEvent)
    assert isinstance(effect.event, ev.Paused)
    assert effect.event.cause == ("network" if network else "failure")


def test_a_failure_while_links_are_lost_points_at_the_network_too():
    gone = (a_host_in("old", f"web{number:02}", linked=False, lost=5.0) for number in (2, 3, 4))
    (effect,) = decide(an_environment(4), a_state(hosts=hosts_of(a_host_in("failed", failed_once=True), *gone), phase="running"), 6.0)
    assert isinstance(effect, RecordEvent)
    assert isinstance(effect.event, ev.Paused)
    assert (effect.event.cause, effect.event.reason) == (
        "network",
        "1 failed, 0 allowed: web01 (failed); several hosts were lost at once, which points at the network",
    )


def migrated(old_code: str) -> dict[str, object]:
    step = a_step("database/migrate", "migrate", "prepare")
    return {"index": {step.name: step}, "steps": {step.name: ended("done")}, "review": Review(runs=True, old_code=old_code)}  # type: ignore[arg-type]


@pytest.mark.parametrize(("old_code", "goes_back"), [("ok", True), ("breaks", False), ("unknown", False), ("", False)])
def test_after_a_migration_nothing_goes_back_by_itself_unless_the_code_before_runs_on_it(old_code: str, goes_back: bool):
    state = a_state(hosts=hosts_of(a_host_in("failed", failed_once=True, before=OLD)), phase="running", **migrated(old_code))
    (effect,) = decide(FLEET, state, 0.0)
    assert isinstance(effect, RecordEvent)
    assert isinstance(effect.event, ev.RollbackBegan if goes_back else ev.Paused)
    if isinstance(effect.event, ev.Paused):
        assert effect.event.cause == "failure"
        assert effect.event.reason.endswith("; not rolled back automatically: the database is migrated, and the previous code may not run on the new schema")


@pytest.mark.parametrize(("old_code", "goes_back"), [("ok", True), ("breaks", False)])
def test_nor_does_a_host_alone_within_the_budget(old_code: str, goes_back: bool):
    state = a_state(
        hosts=hosts_of(a_host_in("failed", failed_once=True, before=OLD), a_host_in("new", "web02")), phase="running", max_failures=1, **migrated(old_code)
    )
    effects = decide(FLEET, state, 0.0)
    assert any(isinstance(effect, RecordEvent) and isinstance(effect.event, ev.HostReturning) for effect in effects) is goes_back


def test_a_skipped_host_goes_back_after_a_migration_all_the_same():
    state = a_state(hosts=hosts_of(a_host_in("skipped", before=OLD), a_host_in("new", "web02")), phase="running", **migrated("breaks"))
    (effect,) = decide(FLEET, state, 0.0)
    assert isinstance(effect, RecordEvent)
    assert isinstance(effect.event, ev.HostReturning)


def test_a_host_that_cannot_go_back_is_not_sent_there():
    ways = (ReturnTarget("web01", OLD, possible=False), ReturnTarget("web02", OLD))
    state = a_state(
        hosts=hosts_of(a_host_in("failed", failed_once=True), a_host_in("failed", "web02", failed_once=True)), phase="running", max_failures=2, way_back=ways
    )
    assert [effect.event.host for effect in decide(FLEET, state, 0.0) if isinstance(effect, RecordEvent)] == ["web02"]  # type: ignore[union-attr]


@pytest.mark.parametrize("status", ["failed", "unknown"])
@pytest.mark.parametrize("kind", ["backup", "migrate"])
def test_nothing_is_switched_on_a_database_that_was_not_made_ready_whatever_a_person_tolerates(kind: str, status: str):
    database = Database("command", backup=Command("dump"), migrate=Command("migrate"))
    environment = changed(an_environment(2), database=database)

    plan = plan_release(environment, environment.hosts, NEW, frozenset(), Review(runs=True, where="web01", backs_up=True))
    run = Simulation(environment, lambda step, attempt: status if step.kind == kind else "done")
    run.record(*(changed(event, plan=plan) if isinstance(event, ev.PlanMade) else event for event in opening(environment)))
    step = f"database/{kind}"
    until(run, lambda run: run.state.steps.get(step, PENDING).status == status)
    run.record(ev.Paused(reason=SafeText("wait"), cause="failure"), ev.Continued(by=ADA))
    assert run.state.steps[step].tolerated
    run.run()
    assert not any(event.step.endswith("/switch") for event in happened(run, ev.StepStarted))  # type: ignore[attr-defined]


def test_a_database_that_was_made_ready_lets_the_hosts_begin():
    environment = changed(an_environment(2), database=Database("command", backup=Command("dump"), migrate=Command("migrate")))
    plan = plan_release(environment, environment.hosts, NEW, frozenset(), Review(runs=True, where="web01", backs_up=True))
    run = Simulation(environment, lambda step, attempt: "done")
    run.record(*(changed(event, plan=plan) if isinstance(event, ev.PlanMade) else event for event in opening(environment)))
    assert run.run().exit == Exit.DONE
    order = [event.step for event in happened(run, ev.StepStarted)]  # type: ignore[attr-defined]
    assert order.index("database/backup") < order.index("database/migrate") < order.index("wave-1/web01/switch")


def test_a_pause_begins_no_host_and_brings_those_under_way_to_their_gate():
    run = until_runs(a_run(4, batch=2), "wave-1/web01/switch")
    assert say(run, cmd.Pause()) is None
    state = run.run()
    assert state.pausing is not None
    assert conditions(run) == ["new", "new", "old", "old"]
    assert say(run, cmd.Continue()) is None
    assert run.run().exit == Exit.DONE


@pytest.mark.parametrize("cause", ["operator", "pause-after", "record"])
def test_a_pause_between_hosts_lets_those_that_are_updated_go_on(cause: str):
    run = until_runs(a_run(2), "wave-1/web01/switch")
    run.record(ev.Paused(reason=SafeText("wait"), cause=cause))  # type: ignore[arg-type]
    run.finish(running_steps(run.state)[0])
    assert started(run) == ["wave-1/web01/restart"]


def test_a_pause_that_comes_as_a_wave_begins_begins_none_of_its_hosts():
    run = until(a_run(3), lambda run: any(event.step == "wave-1" for event in happened(run, ev.StepFinished)))  # type: ignore[attr-defined]
    assert started(run) == ["wave-1/web01/switch"]
    assert say(run, cmd.Pause()) is None
    assert started(run) == []


@pytest.mark.parametrize("cause", ["failure", "network", "taken-up"])
def test_a_pause_that_no_person_asked_for_starts_nothing(cause: str):
    run = until_runs(a_run(2), "wave-1/web01/switch")
    run.record(ev.Paused(reason=SafeText("wait"), cause=cause))  # type: ignore[arg-type]
    while running_steps(run.state):
        run.finish(running_steps(run.state)[0])
    assert started(run) == []


def test_a_host_that_is_skipped_in_a_pause_goes_back_in_it():
    run = until(a_run(3), lambda run: run.state.hosts["web01"].condition == "new")
    run.record(ev.Paused(reason=SafeText("wait"), by=ADA))
    assert say(run, cmd.Skip(host="web01")) is None
    state = run.run()
    assert state.pausing is not None
    assert (state.hosts["web01"].condition, state.hosts["web01"].release) == ("skipped", OLD)


def test_a_skipped_host_s_step_is_ended_first():
    run = until_runs(a_run(2), "wave-1/web01/restart")
    assert say(run, cmd.Skip(host="web01")) is None
    assert cancelled(run) == ["wave-1/web01/restart"]
    assert [effect.attempt for effect in decided(run) if isinstance(effect, CancelStep)] == [1]
    assert run.run().exit == Exit.LIVE_BUT_BEHIND
    assert run.state.hosts["web01"].release == OLD


def test_a_host_that_was_not_touched_has_nothing_to_go_back_to():
    run = until_runs(a_run(3), "prepare/web02/ship")
    assert say(run, cmd.Skip(host="web02")) is None
    assert run.run().exit == Exit.LIVE_BUT_BEHIND
    assert not happened(run, ev.HostReturning)
    assert conditions(run) == ["new", "skipped", "new"]


def test_a_host_goes_back_alone_once():
    run = a_run(3, ends(web01_gate="failed"), max_failures=1)
    run.run()
    (returning,) = happened(run, ev.HostReturning)
    assert returning.reason == "failed"  # type: ignore[attr-defined]
    assert done_on(returning.steps, "web01") == ["back/web01/switch", "back/web01/restart", "back/web01/gate"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("moment", ["wave-1/web01/switch", "wave-2/web02/gate", "close/web01/prune"])
def test_an_abort_takes_every_touched_host_back_once_what_runs_has_ended(moment: str):
    run = until_runs(a_run(3), moment)
    assert say(run, cmd.Abort()) is None
    assert started(run) == []
    assert happened(run, ev.RollbackBegan) == []
    state = run.run()
    (began,) = happened(run, ev.RollbackBegan)
    assert (began.cause, began.reason) == ("abort", "aborted")  # type: ignore[attr-defined]
    assert (state.exit, {host.release for host in state.hosts.values()}) == (Exit.ROLLED_BACK, {OLD})


@pytest.mark.parametrize("leave", [True, False])
def test_an_abort_before_a_change_ends_the_run(leave: bool):
    run = until_runs(a_run(2), "prepare/web01/ship")
    assert say(run, cmd.Abort(leave=leave)) is None
    assert run.run().exit == (Exit.FAILED if leave and run.state.changed else Exit.INTERRUPTED)
    assert conditions(run) == ["old", "old"]


def test_an_abort_that_leaves_all_leaves_all():
    run = until_runs(a_run(3), "wave-2/web02/switch")
    assert say(run, cmd.Abort(leave=True)) is None
    assert run.run().exit == Exit.FAILED
    assert happened(run, ev.RollbackBegan) == []
    assert conditions(run) == ["new", "updating", "old"]


def test_a_host_that_was_skipped_just_before_goes_back_in_an_abort_that_leaves_all():
    run = until(a_run(3), lambda run: run.state.hosts["web01"].condition == "new")
    assert say(run, cmd.Skip(host="web01")) is None
    assert say(run, cmd.Abort(leave=True)) is None
    assert run.run().exit == Exit.FAILED
    assert conditions(run) == ["skipped", "old", "old"]
    assert run.state.hosts["web01"].release == OLD


def test_an_abort_does_not_wait_for_the_window():
    run = until_runs(run_of(changed(an_environment(2), monitor=300.0)), "verify/monitor")
    assert say(run, cmd.Abort(leave=True)) is None
    assert cancelled(run) == ["verify/monitor"]


def test_a_roll_back_ends_what_runs_and_begins_with_hosts_on_which_nothing_does():
    run = until_runs(a_run(4, batch=2), "wave-2/web03/switch")
    assert say(run, cmd.RollBack()) is None
    assert cancelled(run) == ["wave-2/web03/switch", "wave-2/web04/switch"]
    assert started(run) == ["back/web01/switch", "back/web02/switch"]
    state = run.run()
    assert (state.exit, conditions(run)) == (Exit.ROLLED_BACK, ["back"] * 4)


def test_a_roll_back_in_halves_takes_the_second_half_when_the_first_is_back():
    run = until(a_run(4), lambda run: conditions(run) == ["new"] * 4)
    assert say(run, cmd.RollBack(how="halves")) is None
    until_runs(run, "back/web01/switch")
    assert runs_now(run) == ["back/web01/switch", "back/web02/switch", *(name for name in runs_now(run) if not name.startswith("back/"))]
    until_runs(run, "back/web03/switch")
    assert conditions(run)[:2] == ["back", "back"]


def test_the_hosts_are_asked_a_last_time_before_the_run_says_that_they_are_new():
    run = until(a_run(2), lambda run: any(isinstance(effect, AskHosts) for effect in decided(run)))
    assert decided(run) == [AskHosts(("web01", "web02"))]
    run.record(ev.HostsAnswered(hosts=("web01", "web02")))
    (effect,) = decided(run)
    assert isinstance(effect, RecordEvent)
    assert isinstance(effect.event, ev.RunEnded)
    assert effect.event == ev.RunEnded(exit=0, outcome="succeeded")


def test_only_hosts_that_were_touched_and_are_settled_are_asked():
    hosts = hosts_of(
        a_host_in("new"),
        a_host_in("back", "web02"),
        a_host_in("skipped", "web03", touched=False),
        a_host_in("new", "web04", touched=False),
        a_host_in("owed", "web05"),
    )
    assert decide(FLEET, a_state(hosts=hosts, phase="running", max_failures=9), 0.0) == (AskHosts(("web01", "web02")),)


OWED = [
    ("a touched host that is unknown", a_host_in("unknown", "web02", detail=SafeText("cut off")), "cut off"),
    ("a touched host that is away", a_host_in("unreachable", "web02"), "unreachable"),
    ("a host that was left out", a_host_in("left-out", "web02", touched=False, detail=SafeText("burnt")), "left out: burnt"),
    ("a host that was not reached", a_host_in("unreachable", "web02", touched=False, detail=SafeText("no route")), "not reached: no route"),
    ("a host that was not reached, nobody knows why", a_host_in("unknown", "web02", touched=False), "not reached: unknown"),
]


@pytest.mark.parametrize(("host", "reason"), [pytest.param(*row[1:], id=row[0]) for row in OWED])
def test_a_host_is_owed_at_the_end(host, reason: str):
    state = a_state(hosts=hosts_of(a_host_in("new"), host), phase="running", max_failures=1)
    assert decide(FLEET, state, 0.0) == (RecordEvent(ev.HostOwed(host="web02", reason=SafeText(reason))),)


@pytest.mark.parametrize(
    "state",
    [
        a_state("old", "left-out", phase="running"),
        a_state("new", "left-out", phase="running", kind="restart"),
        a_state("new", "left-out", phase="running", aborting="leave"),
        a_state("back", "left-out", phase="rolling-back", back=Plan("rollback", (), ())),
    ],
    ids=["a release that is live nowhere", "a restart", "an aborted run", "a release that went back"],
)
def test_who_was_left_out_is_owed_only_a_release_that_is_live(state: RunState):
    assert not any(isinstance(effect, RecordEvent) and isinstance(effect.event, ev.HostOwed) for effect in decide(FLEET, state, 0.0))


def test_a_host_that_is_lost_while_the_run_tidies_up_takes_no_other_back():
    run = until_runs(a_run(3), "close/web01/prune")
    run.record(ev.HostFailed(host="web02", condition="unreachable", reason=SafeText("no answer")))
    state = run.run()
    assert happened(run, ev.RollbackBegan) == []
    assert (state.hosts["web02"].condition, state.exit) == ("owed", Exit.FAILED)


@pytest.mark.parametrize(
    ("fields", "tripped"),
    [
        ({}, True),
        ({"max_failures": 1}, False),
        ({"hosts": hosts_of(a_host_in("failed", failed_once=True, tolerated=True), a_host_in("new", "web02"))}, False),
        ({"kind": "rollback"}, False),
        ({"max_failures": 1, "steps": {"pack": ended("failed")}, "index": {"pack": a_step("pack", "pack")}}, True),
        ({"max_failures": 1, "steps": {"pack": ended("failed", tolerated=True)}, "index": {"pack": a_step("pack", "pack")}}, False),
        ({"max_failures": 1, "steps": {"pack": ended("unreachable")}, "index": {"pack": a_step("pack", "pack")}}, True),
    ],
)
def test_more_went_wrong_than_the_budget_allows(fields: dict[str, object], tripped: bool):
    state = a_state(**{"hosts": hosts_of(a_host_in("failed", failed_once=True), a_host_in("new", "web02")), **fields})
    assert len(state.tally.failed_once) == 1
    assert is_tripped(state) is tripped


STEP = a_step("wave-1/web01/gate", "gate", "release", "web01")


@pytest.mark.parametrize(
    ("status", "condition", "settled"),
    [
        ("pending", "old", False),
        ("pending", "updating", False),
        ("pending", "new", False),
        ("pending", "failed", True),
        ("pending", "skipped", True),
        ("pending", "owed", True),
        ("pending", "returning", True),
        ("running", "updating", False),
        ("running", "failed", False),
        ("done", "new", True),
        ("failed", "failed", True),
        ("unknown", "unknown", True),
        ("void", "old", True),
    ],
)
def test_a_step_is_settled_when_nothing_more_is_expected_of_it(status: str, condition: str, settled: bool):
    state = a_state(hosts=hosts_of(a_host_in(condition, steps={STEP.name: ended(status)})), index={STEP.name: STEP})
    assert is_settled(state, STEP) is settled


@pytest.mark.parametrize(
    ("phase", "condition", "settled"),
    [
        ("close", "new", False),
        ("close", "updating", True),
        ("close", "old", True),
        ("rollback", "returning", False),
        ("rollback", "new", True),
        ("release", "returning", True),
    ],
)
def test_a_step_that_is_still_to_come_is_settled_where_its_host_is_past_it(phase: str, condition: str, settled: bool):
    step = a_step("x/web01/y", "hook", phase, "web01")
    assert is_settled(a_state(hosts=hosts_of(a_host_in(condition)), index={step.name: step}), step) is settled


def test_a_step_of_no_host_is_settled_when_it_has_ended():
    pack = a_step("pack", "pack", "prepare")
    assert [is_settled(a_state("failed", steps={"pack": ended(status)}), pack) for status in ("pending", "running", "done", "failed")] == [
        False,
        False,
        True,
        True,
    ]


def test_a_rollback_run_goes_on_whatever_fails():
    run = a_run(3, lambda step, attempt: "failed" if step.about == "web01" and step.kind == "gate" else "done", kind="rollback")
    state = run.run()
    assert (state.exit, conditions(run)) == (Exit.FAILED, ["failed", "back", "back"])


def test_a_host_without_a_way_back_is_left_by_a_roll_back():
    environment = an_environment(2)
    run = Simulation(environment, lambda step, attempt: "done")
    ways = (ReturnTarget("web01", OLD, possible=False, reason=SafeText("damaged")), ReturnTarget("web02", OLD))
    run.record(*(changed(event, way_back=ways) if isinstance(event, ev.PlanMade) else event for event in opening(environment)))
    until(run, lambda run: conditions(run) == ["new", "new"])
    assert say(run, cmd.RollBack()) is None
    assert conditions(run) == ["new", "returning"]


@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 60))
def test_to_decide_twice_is_to_decide_once(hosts: int, batch: int, turns: int):
    run = a_run(hosts, batch=batch)
    go_on(run, turns)
    assert decide(run.environment, run.state, run.now) == decide(run.environment, run.state, run.now)


def test_a_request_that_was_said_yes_to_is_decided_by_a_person_all_the_same():
    state = a_state("old", go=None, phase="deciding", request=Request(yes=True), pausing=paused())
    assert decide(FLEET, state, 0.0) == (AskPerson("decision"),)


def test_what_is_cancelled_for_a_rollback_is_said_once_to_an_engine_and_again_to_the_next():
    run = until_runs(a_run(3, batch=3), "wave-1/web03/switch")
    assert say(run, cmd.RollBack()) is None
    assert cancelled(run) == ["wave-1/web01/switch", "wave-1/web02/switch", "wave-1/web03/switch"]
    asked = run.state.seq
    assert [effect for effect in decide(run.environment, run.state, run.now, asked - 1) if isinstance(effect, CancelStep)]
    assert not [effect for effect in decide(run.environment, run.state, run.now, asked) if isinstance(effect, CancelStep)]
    run.record(ev.TakenUp(epoch=2, by=ADA), *(ev.StepStarted(step=f"wave-1/web0{number}/switch", host=f"web0{number}", attempt=1) for number in (1, 2, 3)))
    assert len([effect for effect in decide(run.environment, run.state, run.now, asked) if isinstance(effect, CancelStep)]) == 3
