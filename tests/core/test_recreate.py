"""Recreate: all hosts stop before one switches, all switch before one starts, forward and back, behind the page where there is one; and how long that took."""

import pytest

from console.core.kinds.kind_judges import JUDGES
from console.core.plan.maintenance_steps import behind_page, has_shown, page_off, page_on, shows_page
from console.core.plan.planner import plan_release
from console.core.plan.return_plan import plan_rollback
from console.core.plan.strategies.recreate import without_stop
from console.core.run.downtime import downtime, is_down, outages
from console.core.run.outcome import conclude
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_environment import Database, Environment
from console.model.database_facts import Review
from console.model.host_commands import Command
from console.model.maintenance_mode import Maintenance
from console.model.plan import Plan, ReturnTarget, Step
from console.model.release_facts import Release
from console.model.request import Request
from console.model.state import PENDING
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import a_state, ended
from tests.core.plans import comes_after, done_on, ends, named, say, until, until_runs
from tests.core.simulation import ADA, NEW, OLD, Simulation, an_environment, opening

STOPS = {"stop": Command("stop"), "start": Command("start"), "install": Command("install")}
PAGE = {"maintenance_on": Command("on"), "maintenance_off": Command("off", timeout=200.0)}


def fleet(hosts: int = 3, commands: dict[str, Command] = STOPS, **fields: object) -> Environment:
    return changed(an_environment(hosts), strategy="recreate", commands=commands, **fields)


def planned(environment: Environment, **more: object) -> Plan:
    return plan_release(environment, environment.hosts, NEW, **{"first": frozenset(), **more})  # type: ignore[arg-type]


def of_kind(plan: Plan, kind: str) -> set[str]:
    return {step.name for step in plan.steps if step.kind == kind}


def test_no_host_begins_a_stage_before_all_have_ended_the_one_before():
    plan = planned(fleet())
    assert done_on(plan.steps, "web02") == [f"prepare/web02/{one}" for one in ("ship", "install")] + [
        f"wave-1/web02/{one}" for one in ("stop", "switch", "restart", "gate")
    ] + ["close/web02/prune"]
    assert (plan.strategy, plan.waves) == ("recreate", (("web01", "web02", "web03"),))
    for name in ("web01", "web03"):
        assert of_kind(plan, "stop") <= comes_after(plan, f"wave-1/{name}/switch")
        assert of_kind(plan, "switch") <= comes_after(plan, f"wave-1/{name}/restart")
        assert not comes_after(plan, f"wave-1/{name}/stop") & (of_kind(plan, "stop") | of_kind(plan, "switch"))


def test_a_first_host_is_not_stopped_and_one_without_a_stop_is_restarted():
    plan = planned(fleet(), first=frozenset({"web01"}))
    assert of_kind(plan, "stop") == {"wave-1/web02/stop", "wave-1/web03/stop"}
    restarts = fleet(commands={"restart": Command("restart"), "start": Command("start")})
    assert named(planned(restarts), "wave-1/web01/restart").command == Command("restart")
    assert named(planned(fleet()), "wave-1/web01/restart").command == Command("start")
    title = str(named(planned(restarts), "wave-1").title)
    assert "no command stop on web01, web02, web03: the old version goes on until the restart; no maintenance page is configured" in title
    assert str(named(planned(fleet(commands={**STOPS, **PAGE})), "wave-1").title) == "wave 1 of 1: web01, web02, web03"
    every = fleet(commands={**STOPS, "restart": Command("restart")})
    assert named(planned(every), "wave-1/web01/restart").command == Command("start")
    assert {step.phase for step in planned(every).steps if step.kind == "mark" and step.name.startswith("recreate/")} == {"release"}
    assert (without_stop(restarts, restarts.hosts), without_stop(fleet(), fleet().hosts)) == (("web01", "web02", "web03"), ())


@pytest.mark.parametrize(("hosts", "more"), [(6, ""), (7, " and more")])
def test_of_many_hosts_that_cannot_be_stopped_the_first_are_named(hosts: int, more: str):
    title = str(named(planned(fleet(hosts, commands={"restart": Command("restart")})), "wave-1").title)
    assert f"no command stop on web01, web02, web03, web04, web05, web06{more}: the old version" in title


@pytest.mark.parametrize(
    ("commands", "strategy", "declared", "shown"),
    [(PAGE, "recreate", None, True), (PAGE, "rolling", 300.0, True), (PAGE, "rolling", 0.0, False), (PAGE, "rolling", None, False), ({}, "recreate", 300.0, False),
     ({"maintenance_on": Command("on")}, "recreate", None, False)],
)  # fmt: skip
def test_the_page_is_shown_where_the_service_goes_down_and_there_is_one_that_ends(commands, strategy, declared, shown):
    assert shows_page(fleet(commands={**STOPS, **commands}), strategy, declared) is shown


def test_the_page_is_on_before_the_migration_and_not_while_the_backup_is_taken():
    database = Database("command", backup=Command("dump"), migrate=Command("migrate"))
    environment = fleet(commands={**STOPS, **PAGE}, database=database)
    plan = planned(environment, page=True, review=Review(runs=True, where="web01", backs_up=True))
    assert "maintenance/on" in comes_after(plan, "database/migrate")
    assert "database/backup" in comes_after(plan, "maintenance/on")
    assert {"database/migrate", "maintenance/on"} <= comes_after(plan, "wave-1/web01/stop")
    assert of_kind(plan, "gate") <= comes_after(plan, "maintenance/off")
    assert "maintenance/off" in comes_after(plan, "close/web01/prune")
    assert named(plan, "maintenance/off").timeout > 200
    on = page_on(environment, ("ship",))
    assert behind_page(on, ()) == (on,)


ON_TITLE, OFF_TITLE = SafeText("maintenance on: users are shown the maintenance page"), SafeText("maintenance off, as it was before")


@pytest.mark.parametrize(
    ("step", "whole"),
    [
        (page_on, Step("maintenance/on", "maintain", "prepare", ON_TITLE, needs=("x",), timeout=300.0, idempotent=True, changes=True)),
        (page_off, Step("maintenance/off", "maintain", "verify", OFF_TITLE, needs=("x",), timeout=380.0, idempotent=True, fatal=False)),
    ],
)
def test_a_page_is_one_step_of_the_whole_run_that_takes_back_no_release(step, whole: Step):
    environment = fleet(commands=PAGE)
    assert step(environment, ("x",)) == whole
    assert step(environment, ("x",), back=True) == changed(whole, name=f"back/maintenance-{whole.name[12:]}", phase="rollback", fatal=False)


def migrated_behind_a_page(status: str = "done", old_code: str = "unknown", revert: Command | None = None) -> Simulation:
    """A recreate that shows its page, and then migrates."""
    database = Database("command", backup=Command("dump"), migrate=Command("migrate"), revert=revert)
    environment = fleet(commands={**STOPS, **PAGE}, database=database)
    review = Review(runs=True, where="web01", backs_up=True, old_code=old_code, reversible=revert is not None)  # type: ignore[arg-type]
    run = Simulation(environment, lambda step, attempt: status if step.kind == "migrate" else "done")
    plan = planned(environment, page=True, review=review)
    run.record(*(changed(one, plan=plan) if isinstance(one, ev.PlanMade) else one for one in opening(environment)), ev.DatabaseReviewed(review=review))
    run.state = changed(run.state, release=Release(NEW, SafeText("v2"), "b" * 40))
    return run


@pytest.mark.parametrize(("status", "words"), [("unknown", "did not come to a known end"), ("cancelled", "was cancelled")])
def test_a_migration_in_doubt_is_no_clean_way_back_though_the_page_was_shown(status: str, words: str):
    state = finished(migrated_behind_a_page(status))
    assert (state.exit, state.outcome, state.maintenance, state.hint) == (5, "failed", None, "deploy production")
    assert state.reason == f"the migration {words}: {status}; no host was changed"


@pytest.mark.parametrize("status", ["failed", "unreachable"])
def test_a_migration_that_failed_cleanly_behind_the_page_is_and_takes_the_page_away(status: str):
    state = finished(migrated_behind_a_page(status))
    assert (state.exit, state.outcome, state.maintenance) == (4, "rolled-back", None)
    assert state.steps["back/maintenance-off"].status == "done"


@pytest.mark.parametrize(("old_code", "revert", "code"), [("ok", None, 4), ("unknown", None, 5), ("breaks", None, 5), ("breaks", Command("down"), 4)], ids=str)
def test_a_roll_back_behind_the_migration_and_ahead_of_the_first_host_ends_by_what_the_database_is(old_code: str, revert: Command | None, code: int):
    run = migrated_behind_a_page(old_code=old_code, revert=revert)
    until(run, lambda run: run.state.steps.get("database/migrate", PENDING).status == "done")
    assert say(run, cmd.RollBack()) is None
    state = finished(run)
    assert (state.exit, any(host.touched for host in state.hosts.values())) == (code, False)
    assert state.hint == ("deploy restore production --run r1" if code == 5 else "")


def test_a_roll_back_while_it_migrates_leaves_the_database_in_doubt():
    run = until_runs(migrated_behind_a_page(), "database/migrate")
    assert say(run, cmd.RollBack()) is None
    state = finished(run)
    assert (state.exit, state.steps["database/migrate"].status) == (5, "cancelled")
    assert state.reason == "asked for by ada; the migration was cancelled: ; no host was changed"


def recreated(ending=lambda step, attempt: "done", *, page: bool = False) -> Simulation:
    """A recreate after GO; its page is switched as an engine does."""
    environment = fleet(commands={**STOPS, **(PAGE if page else {})})
    run = Simulation(environment, ending)
    events = [changed(one, plan=planned(environment, page=page)) if isinstance(one, ev.PlanMade) else one for one in opening(environment)]
    run.record(*events)
    return run


def finished(run: Simulation):
    """Carry it to its end, with what its page's steps say."""

    def choose(steps: tuple[Step, ...]) -> Step:
        step = steps[0]
        if step.kind == "maintain" and run.ending(step, 1) == "done":
            on = Maintenance(SafeText("ada"), SafeText("noon"), run="r1")
            run.record(ev.MaintenanceChanged(by=ADA, now=on if step.name.endswith("on") else None))
        return step

    return run.run(choose)


def test_it_goes_back_in_step_and_takes_the_page_away():
    run = recreated(ends(web02_gate="failed"), page=True)
    state = finished(run)
    assert (state.exit, state.outcome, state.maintenance) == (4, "rolled-back", None)
    assert {host.release for host in state.hosts.values()} == {OLD}
    back = state.back
    assert back is not None
    for name in ("web01", "web03"):
        assert {f"back/{host}/stop" for host in state.hosts} <= comes_after(back, f"back/{name}/switch")
        assert {f"back/{host}/switch" for host in state.hosts} <= comes_after(back, f"back/{name}/restart")
    assert {f"back/{host}/gate" for host in state.hosts} <= comes_after(back, "back/maintenance-off")


@pytest.mark.parametrize(("was", "code"), [("", Exit.FAILED), (OLD, Exit.ROLLED_BACK)])
def test_who_goes_back_to_nothing_is_not_back_while_it_is_not_known_to_be_stopped(was: str, code: Exit):
    def ending(step: Step, attempt: int) -> str:
        return "failed" if step.name in ("wave-1/web02/gate", "back/web01/stop") else "done"

    environment = fleet()
    run = Simulation(environment, ending)
    first = frozenset() if was else frozenset(host.name for host in environment.hosts)
    events = (changed(one, plan=planned(environment, first=first)) if isinstance(one, ev.PlanMade) else one for one in opening(environment))
    run.record(*(changed(one, release=was) if isinstance(one, ev.HostSeen) else one for one in events))
    assert (run.run().exit, run.state.hosts["web01"].condition) == (code, "back" if was else "failed")


def test_a_page_that_cannot_be_shown_takes_nothing_down():
    state = finished(recreated(lambda step, attempt: "failed" if step.name == "maintenance/on" else "done", page=True))
    assert (state.exit, any(host.touched for host in state.hosts.values())) == (4, False)


@pytest.mark.parametrize(("gate", "code"), [("done", Exit.LIVE_BUT_BEHIND), ("failed", Exit.FAILED)])
def test_a_page_that_stays_on_is_no_success_and_takes_no_release_back(gate: str, code: Exit):
    def ending(step: Step, attempt: int) -> str:
        return gate if step.name == "wave-1/web01/gate" else "failed" if step.name.endswith("off") else "done"

    state = finished(recreated(ending, page=True))
    assert (state.exit, (state.back is None) == (gate == "done")) == (code, True)
    assert "users are still shown the maintenance page" in state.reason
    assert state.hint == "deploy maintenance production off"


def test_a_rollback_of_its_own_goes_in_step_behind_the_page():
    from tests.core.test_kind_table import ROLLBACK, found

    environment = fleet(commands={**STOPS, **PAGE})
    plan = JUDGES["rollback"].plan(found("rollback", environment=environment, **ROLLBACK))  # type: ignore[arg-type]
    assert {f"back/{name}/stop" for name in ("web01", "web02", "web03")} <= comes_after(plan, "back/web02/switch")
    assert "back/maintenance-on" in comes_after(plan, "back/web01/stop")
    assert "back/web03/gate" in comes_after(plan, "back/maintenance-off")
    halves = JUDGES["rollback"].plan(found("rollback", environment=environment, request=Request(halves=True), **ROLLBACK))  # type: ignore[arg-type]
    assert (of_kind(halves, "stop"), of_kind(halves, "maintain")) == (set(), set())
    once = {**ROLLBACK, "targets": ROLLBACK["targets"]._replace(strategy="recreate")}  # type: ignore[attr-defined]
    plan = JUDGES["rollback"].plan(found("rollback", environment=changed(environment, strategy="rolling"), **once))  # type: ignore[arg-type]
    assert "back/web01/stop" in comes_after(plan, "back/web02/switch"), "the run that it undoes was asked for that"


def test_downtime_is_from_the_first_host_stopped_to_the_first_that_serves_again():
    run = recreated()
    state = run.run()
    stopped = min(event.mono for event in run.events if isinstance(event, ev.StepFinished) and event.step.endswith("/stop"))
    served = min(event.mono for event in run.events if isinstance(event, ev.StepFinished) and event.step.endswith("/gate"))
    assert downtime(state, 0.0) == pytest.approx(served - stopped, abs=1.5)
    assert not is_down(state)


def test_while_it_lasts_it_grows_and_the_page_counts_to_it():
    run = recreated(page=True)
    while not any(isinstance(event, ev.StepFinished) and event.step.endswith("/stop") for event in run.events):
        if not run.turn():
            run.finish(
                next(step for name in (*run.state.tally.own_running,) for step in (run.state.index[name],)) if run.state.tally.own_running else _first(run)
            )
    assert is_down(run.state)
    assert downtime(run.state, run.now + 60.0) == pytest.approx(60.0 + run.now - outages(run.state)[0].since)
    state = finished(run)
    off = next(event.mono for event in run.events if isinstance(event, ev.StepFinished) and event.step == "maintenance/off")
    assert outages(state)[0].until == pytest.approx(off, abs=1.5)


def _first(run: Simulation) -> Step:
    return next(run.state.tally.lanes[name].running[0] for name in run.state.tally.running)


def test_a_run_that_goes_back_was_down_until_the_old_release_serves():
    run = recreated(ends(web01_gate="failed", web02_gate="failed", web03_gate="failed"))
    state = run.run()
    (outage,) = outages(state)
    served = min(event.mono for event in run.events if isinstance(event, ev.StepFinished) and event.step.startswith("back/") and event.step.endswith("/gate"))
    assert outage.until == pytest.approx(served, abs=1.5)


def test_other_strategies_have_no_downtime():
    assert downtime(a_state("new", "new"), 5.0) is None
    run = Simulation(an_environment(2), lambda step, attempt: "done")
    run.record(*opening(run.environment))
    assert downtime(run.run(), 5.0) is None


def test_what_was_shown_is_taken_away_on_the_way_back_alone_where_it_was_begun():
    run = recreated(page=True)
    assert not has_shown(run.state)
    assert plan_rollback(run.environment, run.state).steps == ()
    while not has_shown(run.state):
        if not run.turn():
            run.finish(run.state.index[run.state.tally.own_running[0]] if run.state.tally.own_running else _first(run))
    assert [step.name for step in plan_rollback(run.environment, run.state).steps] == ["back/maintenance-off"]
    assert conclude(changed(run.state, maintenance=Maintenance(SafeText("ada"), SafeText("noon"), run="r1")))[0] != Exit.DONE
    assert ReturnTarget("web01", OLD) in run.state.way_back


ON, BACK_ON, OFF, BACK_OFF = "maintenance/on", "back/maintenance-on", "maintenance/off", "back/maintenance-off"


@pytest.mark.parametrize(
    ("steps", "may_be_on"),
    [
        ({ON: "unknown"}, True), ({BACK_ON: "unreachable"}, True), ({ON: "cancelled", OFF: "failed"}, True), ({ON: "unknown", BACK_OFF: "unknown"}, True),
        ({ON: "unknown", OFF: "done"}, False), ({ON: "unknown", BACK_OFF: "done"}, False), ({ON: "failed"}, False), ({ON: "done"}, False), ({}, False),
    ],
)  # fmt: skip
def test_a_page_of_which_nobody_knows_whether_it_is_shown_is_named_at_the_end(steps: dict[str, str], may_be_on: bool):
    state = a_state("back", back=Plan("rollback", (), ()), steps={name: ended(status) for name, status in steps.items()})
    code, _, reason, hint = conclude(state)
    assert (code == Exit.FAILED, "it is not known whether users are shown the maintenance page" in reason) == (may_be_on, may_be_on)
    assert (hint == "deploy maintenance production off") is may_be_on


def test_a_page_that_somebody_else_shows_is_not_the_runs():
    theirs = Maintenance(SafeText("lin"), SafeText("noon"))
    state = a_state("back", back=Plan("rollback", (), ()), maintenance=theirs, steps={ON: ended("unknown")})
    assert conclude(state)[0] == Exit.ROLLED_BACK
