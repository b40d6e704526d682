"""A run that migrates: what begins without what, what goes back by itself, how it ends. And what is said of a database before."""

from datetime import UTC, datetime, timedelta

import pytest

from console.core.checks.announcement import after, before
from console.core.checks.database import BACKUP, MIGRATE, REVERT, assess_backup, assess_migrations, assess_restore, known_old_code, settled, with_schema
from console.core.plan.planner import plan_release
from console.model import events as ev
from console.model.checks import Check
from console.model.database import Backup, Migration, Review
from console.model.declared_impact import Impact
from console.model.fleet import Command, Database
from console.model.plan import ReturnTarget
from console.model.release import Release
from console.model.request import Request
from console.model.values import changed
from console.text import SafeText
from tests.core.simulation import ADA, NEW, OLD, Simulation, an_environment

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DATABASE = Database("postgres", backup=Command("dump"), migrate=Command("up"))
FILES = (Migration(SafeText("db/1.sql")),)


def a_run(ending, old_code="ok", revert=False, hosts=3, **rolling):
    database = changed(DATABASE, revert=Command("down")) if revert else DATABASE
    environment = changed(an_environment(hosts, **rolling), database=database)
    found = Review(migrations=(changed(FILES[0], old_code=old_code if old_code != "unknown" else ""),))
    review = settled(environment, environment.hosts, found, Impact(), NOW)
    names = tuple(host.name for host in environment.hosts)
    simulation = Simulation(environment, ending)
    simulation.record(
        ev.RunOpened(run="r1", kind="deploy", app="shop", environment="production", protected=False, by=ADA, request=Request(yes=True), config_digest="d",
                     hosts=names, on_failure=environment.rolling.on_failure, max_failures=environment.rolling.max_failures),
        *(ev.HostSeen(host=name, release=OLD) for name in names),
        ev.DatabaseReviewed(review=review),
        ev.PlanMade(plan=plan_release(environment, environment.hosts, NEW, frozenset(), review), way_back=tuple(ReturnTarget(name, OLD) for name in names)),
        ev.Decided(go=True, by=ADA),
        ev.LocksTaken(epoch=1),
    )  # fmt: skip
    simulation.state = changed(simulation.state, release=Release(NEW, SafeText("v2"), "b" * 40))
    return simulation


def started(simulation):
    return [event.step for event in simulation.events if isinstance(event, ev.StepStarted)]


def test_the_backup_is_before_the_migration_and_both_before_the_first_switch():
    simulation = a_run(lambda step, attempt: "done")
    simulation.run()
    order = started(simulation)
    assert order.index("prepare/web03/install") < order.index(BACKUP) < order.index(MIGRATE) < order.index("wave-1/web01/switch")
    assert simulation.state.exit == 0


@pytest.mark.parametrize(("kind", "status", "code"), [
    ("backup", "failed", 4), ("backup", "unknown", 5), ("migrate", "failed", 4), ("migrate", "unknown", 5), ("migrate", "unreachable", 4),
])  # fmt: skip
def test_what_fails_at_the_database_leaves_every_host_alone(kind, status, code):
    simulation = a_run(lambda step, attempt: status if step.kind == kind else "done", max_failures=2)
    simulation.run()
    assert simulation.state.exit == code
    assert "no host was changed" in simulation.state.reason
    assert not [step for step in started(simulation) if step.startswith("wave-")]
    assert kind == "migrate" or MIGRATE not in started(simulation)


def test_hosts_go_back_by_themselves_where_the_code_before_runs_on_the_new_schema():
    simulation = a_run(lambda step, attempt: "failed" if step.name == "wave-2/web02/gate" else "done")
    simulation.run()
    assert simulation.state.exit == 4
    assert "the database stays migrated" in simulation.state.reason


@pytest.mark.parametrize("old_code", ["unknown", "breaks"])
def test_nothing_goes_back_by_itself_where_it_is_not_known_to_run(old_code):
    simulation = a_run(lambda step, attempt: "failed" if step.name == "wave-2/web02/gate" else "done", old_code, revert=True)
    simulation.run()
    assert simulation.state.pausing is not None
    assert "nothing goes back by itself" in simulation.state.pausing.reason
    assert not [step for step in started(simulation) if step.startswith("back/")]


@pytest.mark.parametrize("ends", ["done", "failed"])
def test_a_persons_rollback_takes_the_migration_back_first(ends):
    from console.core.plan.return_plan import plan_rollback

    simulation = a_run(lambda step, attempt: "failed" if step.name == "wave-2/web02/gate" else ends if step.kind == "revert" else "done", "breaks", revert=True)
    simulation.run()
    simulation.record(ev.RollbackBegan(plan=plan_rollback(simulation.environment, simulation.state), reason=SafeText("asked for"), by=ADA))
    simulation.run()
    order = started(simulation)
    if ends == "done":
        assert order.index(REVERT) < order.index("back/web01/switch")
        assert simulation.state.exit == 4
    else:
        assert not [step for step in order if step.startswith("back/")]
        assert simulation.state.exit == 5


def a_review(**fields):
    return changed(Review(migrations=FILES), **fields)


def test_the_backup_that_a_migration_needs():
    environment = changed(an_environment(2), database=DATABASE)
    last = Backup("r0", (NOW - timedelta(hours=3)).isoformat(), size=5 * 2**20, path=SafeText("/b/x.dump"))
    taken = settled(environment, environment.hosts, a_review(backup=last), Impact(), NOW)
    assert (taken.backs_up, taken.fresh) == (True, False)
    assert "3h ago), 5.0 MiB, /b/x.dump" in assess_backup(DATABASE, taken, NOW).detail
    young = changed(DATABASE, backup_within=4 * 3600.0, backup=None)
    fresh = settled(changed(environment, database=young), environment.hosts, a_review(backup=last), Impact(), NOW)
    assert (fresh.backs_up, fresh.fresh, assess_backup(young, fresh, NOW).status) == (False, True, "passed")
    old = changed(young, backup_within=3600.0)
    stale = settled(changed(environment, database=old), environment.hosts, a_review(backup=last), Impact(), NOW)
    assert assess_backup(old, stale, NOW).blocks
    assert [step.kind for step in plan_release(changed(environment, database=old), environment.hosts, NEW, frozenset(), stale).steps if step.place and not step.about] == []


@pytest.mark.parametrize(("kept", "status", "blocks", "words"), [
    (True, "passed", False, "comes back in one transaction"), (False, "failed", True, "dumps/r1.dump is not there any more on web01"),
    (SafeText("no route"), "warning", False, "not known whether it is still there: no route"),
])  # fmt: skip
def test_a_restore_needs_a_dump_that_is_still_there(kept, status, blocks, words):
    backup = Backup("r1", "2026-11-24T11:00:00Z", "web01", SafeText("dumps/r1.dump"), 9, SafeText("read by pg_restore"))
    check = assess_restore(Database("postgres", url="postgresql://db"), "r1", backup, NOW, kept)
    assert (check.status, check.blocks) == (status, blocks)
    assert words in check.detail


def test_what_is_not_known_is_asked_and_what_is_answered_counts():
    unknown = Review(known=False, migrations=FILES)
    assert assess_migrations(DATABASE, unknown, Impact()).blocks
    assert "does not say which files" in assess_migrations(DATABASE, Review(known=False, listed=False), Impact()).detail
    assert not assess_migrations(DATABASE, unknown, Impact(migration="no")).blocks
    environment = changed(an_environment(2), database=DATABASE)
    assert not settled(environment, environment.hosts, unknown, Impact(), NOW).runs
    assert settled(environment, environment.hosts, unknown, Impact(migration="yes"), NOW).runs
    assert not settled(environment, environment.hosts, a_review(), Impact(migration="no"), NOW).runs
    elsewhere = settled(changed(environment, migrate_on="web09"), environment.hosts, a_review(), Impact(), NOW)
    assert assess_migrations(DATABASE, elsewhere, Impact()).blocks


def test_whether_the_code_before_runs_is_said_by_the_files_first():
    ok, breaks, silent = (Migration(SafeText("m"), said) for said in ("ok", "breaks", ""))
    assert known_old_code((ok, ok), Impact(old_code="breaks")) == "ok"
    assert known_old_code((ok, breaks), Impact(old_code="ok")) == "breaks"
    assert known_old_code((ok, silent), Impact()) == "unknown"
    assert known_old_code((silent,), Impact(old_code="ok")) == "ok"


@pytest.mark.parametrize(("old_code", "reversible", "blocks"), [("ok", False, False), ("breaks", True, False), ("breaks", False, True), ("unknown", True, True)])
def test_the_way_back_needs_code_that_runs_on_the_new_schema(old_code, reversible, blocks):
    check = Check("way-back", SafeText("Way back"), "passed", detail=SafeText("3 hosts know it"))
    assert with_schema(check, Review(runs=True, old_code=old_code, reversible=reversible)).blocks is blocks
    assert with_schema(check, Review()) == check


def test_people_are_told_that_it_did_not_go_and_that_nothing_was_changed():
    simulation = a_run(lambda step, attempt: "failed" if step.kind == "migrate" else "done")
    assert "Migration: yes" in before(simulation.state).body
    simulation.run()
    assert "the migration failed: failed; no host was changed" in after(simulation.state).body
