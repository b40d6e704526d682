"""A run that migrates: what begins without what, what goes back by itself, how it ends. And what is said of a database before."""

from datetime import UTC, datetime, timedelta

import pytest

from console.core.checks.database import (
    assess_backup,
    assess_migrations,
    assess_restore,
    assess_schema_back,
    completed_review,
    is_fresh,
    known_old_code,
    migrates,
    with_schema,
)
from console.core.database_state import BACKUP, MIGRATE, RESTORE, REVERT, is_migrated, left_words, needs_person
from console.core.migrations.review import forward
from console.core.plan.database_plan import database_steps, plan_restore, revert_step, waiting_at_most
from console.core.plan.planner import plan_release
from console.core.words.announcement_words import after, before
from console.core.words.database_words import backup_words, schema_words
from console.model import commands as cmd
from console.model import events as ev
from console.model.checks import Check
from console.model.configured_environment import Database
from console.model.database_facts import Backup, DumpLook, LintFinding, Migration, Review
from console.model.declared_impact import Impact
from console.model.host import Host
from console.model.host_commands import Command
from console.model.plan import ReturnTarget
from console.model.release_facts import Release
from console.model.request import Request
from console.model.state import RunState, StepState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.plans import say, until_runs
from tests.core.simulation import ADA, NEW, OLD, Simulation, an_environment

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DATABASE = Database("postgres", backup=Command("dump"), migrate=Command("up"))
FILES = (Migration(SafeText("db/1.sql")),)


def a_run(ending, old_code="ok", revert=False, hosts=3, **rolling):
    database = changed(DATABASE, revert=Command("down")) if revert else DATABASE
    environment = changed(an_environment(hosts, **rolling), database=database)
    found = Review(migrations=(changed(FILES[0], old_code=old_code if old_code != "unknown" else ""),))
    review = completed_review(environment, environment.hosts, found, Impact(), NOW)
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


@pytest.mark.parametrize("budget", [3, 9])
def test_nothing_is_migrated_for_a_release_that_no_host_is_left_to_take(budget):
    simulation = a_run(lambda step, attempt: "failed" if step.kind == "ship" else "done", max_failures=budget)
    state = simulation.run()
    assert (state.exit, BACKUP in started(simulation), MIGRATE in started(simulation)) == (4, False, False)
    assert "web01 failed (failed)" in state.reason


def test_nothing_is_migrated_where_every_host_was_left_out():
    simulation = until_runs(a_run(lambda step, attempt: "done"), "prepare/web03/ship")
    assert [say(simulation, cmd.Skip(host=name)) for name in simulation.state.hosts] == [None] * 3
    state = simulation.run()
    assert (state.exit, BACKUP in started(simulation), MIGRATE in started(simulation)) == (130, False, False)
    assert state.reason == "every host was left out before anything was changed"


@pytest.mark.parametrize("kind", ["backup", "migrate"])
def test_no_release_is_called_rolled_back_while_a_host_is_not_known_to_be_as_it_was(kind):
    def ending(step, attempt):
        return "unknown" if step.name == "prepare/web02/ship" else "failed" if step.kind == kind else "done"

    state = a_run(ending, max_failures=1).run()
    assert state.exit == 5
    assert state.reason.endswith("no host was changed; not verified: web02 unknown (unknown)")


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
    assert "not rolled back automatically" in simulation.state.pausing.reason
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
    taken = completed_review(environment, environment.hosts, a_review(backup=last), Impact(), NOW)
    assert (taken.backs_up, taken.fresh) == (True, False)
    assert "3h ago), 5.0 MiB, /b/x.dump" in assess_backup(DATABASE, taken, NOW).detail
    young = changed(DATABASE, backup_within=4 * 3600.0, backup=None)
    fresh = completed_review(changed(environment, database=young), environment.hosts, a_review(backup=last), Impact(), NOW)
    assert (fresh.backs_up, fresh.fresh, assess_backup(young, fresh, NOW).status) == (False, True, "passed")
    old = changed(young, backup_within=3600.0)
    stale = completed_review(changed(environment, database=old), environment.hosts, a_review(backup=last), Impact(), NOW)
    assert assess_backup(old, stale, NOW).blocks
    assert [
        step.kind
        for step in plan_release(changed(environment, database=old), environment.hosts, NEW, frozenset(), stale).steps
        if step.place and not step.about
    ] == []


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
    assert assess_migrations(unknown, Impact()).blocks
    assert "does not say which files" in assess_migrations(Review(known=False, listed=False), Impact()).detail
    assert not assess_migrations(unknown, Impact(migration="no")).blocks
    environment = changed(an_environment(2), database=DATABASE)
    assert not completed_review(environment, environment.hosts, unknown, Impact(), NOW).runs
    assert completed_review(environment, environment.hosts, unknown, Impact(migration="yes"), NOW).runs
    assert not completed_review(environment, environment.hosts, a_review(), Impact(migration="no"), NOW).runs
    elsewhere = completed_review(changed(environment, migrate_on="web09"), environment.hosts, a_review(), Impact(), NOW)
    assert assess_migrations(elsewhere, Impact()).blocks


def test_whether_the_code_before_runs_is_said_by_the_files_first():
    ok, breaks, silent = (Migration(SafeText("m"), said) for said in ("ok", "breaks", ""))
    assert known_old_code((ok, ok), Impact(old_code="breaks")) == "ok"
    assert known_old_code((ok, breaks), Impact(old_code="ok")) == "breaks"
    assert known_old_code((ok, silent), Impact()) == "unknown"
    assert known_old_code((silent,), Impact(old_code="ok")) == "ok"


@pytest.mark.parametrize(
    ("old_code", "reversible", "blocks"), [("ok", False, False), ("breaks", True, False), ("breaks", False, True), ("unknown", True, True)]
)
def test_the_way_back_needs_code_that_runs_on_the_new_schema(old_code, reversible, blocks):
    check = Check("way-back", SafeText("Way back"), "passed", detail=SafeText("3 hosts know it"))
    assert with_schema(check, Review(runs=True, old_code=old_code, reversible=reversible)).blocks is blocks
    assert with_schema(check, Review()) == check


def test_people_are_told_that_it_did_not_go_and_that_nothing_was_changed():
    simulation = a_run(lambda step, attempt: "failed" if step.kind == "migrate" else "done")
    assert "Migration: yes" in before(simulation.state).body
    simulation.run()
    assert "the migration failed: failed; no host was changed" in after(simulation.state).body


SHOP = an_environment(2)
NONE, YES, NO = Impact(), Impact(migration="yes"), Impact(migration="no")
BACK = Migration(SafeText("db/1.down.sql"), is_back=True)
LAST = Backup("r0", "2026-11-24T09:00:00Z", "db01", SafeText("/b/x.dump"), 5 * 2**20, SafeText("read by pg_restore"))
SAID = "of 2026-11-24 09:00 UTC (3h ago), 5.0 MiB, /b/x.dump on db01, read by pg_restore"
OWN = Database("postgres", url="postgresql://db/shop", migrate=Command("up"))
LOOKED = DumpLook("db01", SafeText("/d"), free=9 * 2**20, size=2**20, dumper=16, server=16)


@pytest.mark.parametrize(
    ("database", "review", "impact", "is_so"),
    [
        (DATABASE, a_review(), NONE, True),
        (DATABASE, a_review(), YES, True),
        (DATABASE, a_review(), NO, False),
        (DATABASE, a_review(known=False), NONE, False),
        (DATABASE, a_review(known=False), YES, True),
        (DATABASE, Review(), NONE, False),
        (DATABASE, Review(), YES, True),
        (DATABASE, Review(migrations=(BACK,)), NONE, False),
        (Database("postgres"), a_review(), YES, False),
        (None, a_review(), YES, False),
    ],
    ids=["a new file", "said", "denied", "not known", "not known, said", "nothing new", "nothing new, said", "a way back alone", "no command", "no database"],
)
def test_whether_a_release_migrates(database, review, impact, is_so):
    assert migrates(database, review, impact) is is_so


def test_a_file_that_takes_another_back_is_no_migration():
    assert forward(Review(migrations=(*FILES, BACK))) == FILES


@pytest.mark.parametrize(
    ("backup", "within", "fresh"),
    [(None, 3600.0, False), (LAST, 0.0, False), (LAST, 3 * 3600.0, True), (LAST, 3 * 3600.0 - 1, False), (LAST, 1e9, True), (LAST, -1.0, False)],
    ids=["none", "each has its own", "just fresh", "just too old", "fresh", "never"],
)
def test_a_backup_is_fresh_as_long_as_the_file_says(backup, within, fresh):
    assert is_fresh(backup, within, NOW) is fresh


@pytest.mark.parametrize(
    ("database", "review", "impact", "expected"),
    [
        (DATABASE, a_review(), NONE, {"runs": True, "where": "web01", "fresh": False, "backs_up": True, "old_code": "unknown", "reversible": False}),
        (changed(DATABASE, revert=Command("down")), a_review(), NONE, {"reversible": True}),
        (changed(DATABASE, backup=None), a_review(), NONE, {"backs_up": False}),
        (changed(DATABASE, backup_within=4 * 3600.0), a_review(backup=LAST), NONE, {"fresh": True, "backs_up": False}),
        (changed(DATABASE, backup_within=60.0), a_review(backup=LAST), NONE, {"fresh": False, "backs_up": True}),
        (OWN, a_review(dump=LOOKED), NONE, {"backs_up": True}),
        (OWN, a_review(dump=changed(LOOKED, free=0)), NONE, {"backs_up": False}),
        (OWN, a_review(), NONE, {"backs_up": False}),
        (DATABASE, a_review(is_first=True), Impact(old_code="breaks"), {"old_code": "ok"}),
        (DATABASE, a_review(), Impact(old_code="breaks"), {"old_code": "breaks"}),
        (DATABASE, a_review(), NO, {"runs": False, "where": ""}),
        (None, a_review(runs=True), NONE, {"runs": False}),
    ],
    ids=["the usual", "reversible", "no backup", "fresh", "stale", "own dump", "no room", "not looked at", "first", "breaks", "denied", "no database"],
)
def test_what_follows_for_the_run(database, review, impact, expected):
    environment = changed(SHOP, database=database)
    found = completed_review(environment, environment.hosts, review, impact, NOW)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("migrate_on", "hosts", "where"),
    [("", 2, "web01"), ("web02", 2, "web02"), ("web09", 2, ""), ("", 0, ""), ("web02", 1, "")],
    ids=["the first", "the named", "not in the run", "no hosts", "left out"],
)
def test_the_host_that_migrates_is_one_of_the_run_s(migrate_on, hosts, where):
    environment = changed(SHOP, database=DATABASE, migrate_on=migrate_on)
    assert completed_review(environment, environment.hosts[:hosts], a_review(), NONE, NOW).where == where


def steps(database, review, **more):
    return database_steps(changed(SHOP, database=database), review, "rel", ("prepare",), **more)


RUNS = a_review(runs=True, where="web02", backs_up=True)


def test_a_backup_and_then_the_migration():
    backup, migrate = steps(changed(DATABASE, backup=Command("dump", timeout=60), migrate=Command("up", timeout=100), lock_tries=3, lock_timeout=10), RUNS)
    assert (backup.name, backup.kind, backup.phase, backup.place, backup.needs, backup.release, backup.timeout) == (
        "database/backup", "backup", "prepare", "web02", ("prepare",), "rel", 60
    )  # fmt: skip
    assert (migrate.name, migrate.kind, migrate.phase, migrate.place, migrate.needs, migrate.release) == (
        "database/migrate", "migrate", "prepare", "web02", ("database/backup",), "rel"
    )  # fmt: skip
    assert (backup.title, migrate.title) == ("back the database up on web02", "migrate the database on web02: up")
    assert migrate.timeout == 100 + 3 * 10 + 2 * 15
    assert (backup.command, migrate.command) == (Command("dump", timeout=60), Command("up", timeout=100))
    assert not backup.changes
    assert not backup.about


@pytest.mark.parametrize(("tries", "timeout", "seconds"), [(1, 5.0, 5), (5, 5.0, 85), (2, 0.5, 16)])
def test_all_tries_at_a_lock_with_their_pauses(tries, timeout, seconds):
    assert waiting_at_most(changed(DATABASE, lock_tries=tries, lock_timeout=timeout)) == seconds


def test_another_database_than_postgresql_is_not_waited_for():
    (migrate,) = steps(Database("command", migrate=Command("up", timeout=100)), changed(RUNS, backs_up=False, fresh=True))
    assert (migrate.timeout, migrate.needs) == (100, ("prepare",))


@pytest.mark.parametrize(
    ("database", "review", "more", "kinds"),
    [
        (DATABASE, RUNS, {}, ["backup", "migrate"]),
        (DATABASE, changed(RUNS, backs_up=False, fresh=True), {}, ["migrate"]),
        (DATABASE, changed(RUNS, backs_up=False), {}, []),
        (DATABASE, changed(RUNS, backs_up=False), {"unbacked": True}, ["migrate"]),
        (changed(DATABASE, backup=None), RUNS, {}, []),
        (changed(DATABASE, backup=None), RUNS, {"unbacked": True}, ["migrate"]),
        (DATABASE, changed(RUNS, runs=False), {}, []),
        (DATABASE, changed(RUNS, where=""), {}, []),
        (changed(DATABASE, migrate=None), RUNS, {}, []),
        (None, RUNS, {}, []),
    ],
    ids=["both", "fresh", "no backup", "overridden", "no command for one", "no command, overridden", "does not run", "nowhere", "no migration", "no database"],
)
def test_no_migration_without_a_backup_before_it(database, review, more, kinds):
    assert [step.kind for step in steps(database, review, **more)] == kinds


def test_where_the_backup_is_made_and_how_it_is_called():
    elsewhere = changed(OWN, host=Host("db01"))
    (backup, migrate) = steps(elsewhere, changed(RUNS, dump=LOOKED))
    assert (backup.title, backup.place, migrate.needs) == ("back the database up on db01: pg_dump to /d", "web02", (BACKUP,))
    assert steps(changed(elsewhere, backup=Command("mine")), changed(RUNS, dump=LOOKED))[0].title == "back the database up on db01"


def a_state(migrate="", revert="", review=None, **fields):
    done = ({MIGRATE: StepState(migrate)} if migrate else {}) | ({REVERT: StepState(revert)} if revert else {})
    return RunState(**{"run": "r1", "kind": "deploy", "steps": done, "review": review, "release": Release(NEW, SafeText("v2"), "b" * 40), **fields})


BREAKS, FINE, UNKNOWN = (Review(runs=True, where="web02", old_code=said) for said in ("breaks", "ok", "unknown"))


@pytest.mark.parametrize(
    ("state", "is_so"),
    [(a_state(), False), (a_state("done"), True), (a_state("failed"), False), (a_state("running"), False), (a_state("unknown"), False), (a_state("done", "done"), False),
     (a_state("done", "failed"), True), (a_state("done", "running"), True)],
)  # fmt: skip
def test_a_database_is_migrated_from_the_migration_to_its_end_or_its_way_back(state, is_so):
    assert is_migrated(state) is is_so


@pytest.mark.parametrize(
    ("state", "needs", "left"),
    [
        (a_state("done", review=FINE), False, "the database stays migrated"),
        (
            a_state("done", review=BREAKS),
            True,
            "the database stays migrated: the code before does not run on the migrated schema, and nothing takes the migration back",
        ),
        (a_state("done", review=UNKNOWN), True, "the database stays migrated: not known whether the code before runs on the migrated schema"),
        (a_state("done"), True, "the database stays migrated"),
        (a_state("failed", review=BREAKS), False, ""),
        (a_state("done", "done", review=BREAKS), False, ""),
        (a_state(), False, ""),
    ],
    ids=["fine", "breaks", "unknown", "no review", "failed", "taken back", "none"],
)
def test_hosts_go_back_by_themselves_only_to_code_that_runs(state, needs, left):
    assert needs_person(state) is needs
    assert left_words(state) == left


REVERTS = changed(DATABASE, revert=Command("down", timeout=50))


@pytest.mark.parametrize(
    ("database", "state", "reverts"),
    [
        (REVERTS, a_state("done", review=BREAKS), True),
        (REVERTS, a_state("done", review=FINE), False),
        (REVERTS, a_state("done", review=UNKNOWN), False),
        (REVERTS, a_state("done"), False),
        (REVERTS, a_state("failed", review=BREAKS), False),
        (REVERTS, a_state("done", "done", review=BREAKS), False),
        (REVERTS, a_state("done", review=BREAKS, release=None), False),
        (DATABASE, a_state("done", review=BREAKS), False),
        (None, a_state("done", review=BREAKS), False),
    ],
    ids=["breaks", "fine", "unknown", "no review", "not migrated", "taken back", "no release", "no command", "no database"],
)
def test_a_migration_is_taken_back_where_that_is_needed_and_possible(database, state, reverts):
    assert bool(revert_step(changed(SHOP, database=database), state)) is reverts


def test_the_step_that_takes_a_migration_back():
    (step,) = revert_step(changed(SHOP, database=changed(REVERTS, lock_tries=2)), a_state("done", review=BREAKS))
    assert (step.name, step.kind, step.phase, step.place, step.release, step.title) == (
        "database/revert", "revert", "rollback", "web02", NEW, "take the migration back on web02: down"
    )  # fmt: skip
    assert (step.timeout, step.command) == (50 + 2 * 5 + 15, REVERTS.revert)
    (other,) = revert_step(changed(SHOP, database=Database("command", revert=Command("down", timeout=50))), a_state("done", review=BREAKS))
    assert other.timeout == 50


@pytest.mark.parametrize(
    ("database", "state", "status", "detail", "remedy"),
    [
        (REVERTS, a_state("done", review=BREAKS), "warning", "the migration of run r1 is taken back first, and with it what was written there", ""),
        (DATABASE, a_state("done", review=FINE), "passed", "it stays as run r1 left it: the database stays migrated: the code before runs on it", ""),
        (
            DATABASE, a_state("done", review=BREAKS), "warning",
            "it stays as run r1 left it: the code before does not run on the migrated schema, and nothing takes the migration back", "mend it by hand",
        ),
        (
            DATABASE, a_state("done", review=UNKNOWN, backup=LAST), "warning",
            "it stays as run r1 left it: not known whether the code before runs on the migrated schema", "deploy restore production --run r1",
        ),
        (DATABASE, a_state("done"), "warning", "it stays as run r1 left it: not known whether the code before runs on the migrated schema", "mend it by hand"),
    ],
    ids=["taken back", "fine", "breaks", "unknown, with a backup", "no review"],
)  # fmt: skip
def test_what_becomes_of_the_database_in_a_roll_back_of_its_own(database, state, status, detail, remedy):
    check = assess_schema_back(state, changed(SHOP, database=database))
    assert (check.id, check.title, check.status, check.detail, check.remedy, check.blocking) == ("migrations", "Database", status, detail, remedy, False)


RESTORES = Database("command", restore=Command("mine", timeout=70))


@pytest.mark.parametrize(
    ("environment", "hosts", "place", "title"),
    [
        (changed(SHOP, database=RESTORES), 2, "web01", "bring the database back on web01 from the backup of r1"),
        (changed(SHOP, database=RESTORES, migrate_on="web02"), 2, "web02", "bring the database back on web02 from the backup of r1"),
        (changed(SHOP, database=RESTORES, migrate_on="web02"), 1, "web01", "bring the database back on web01 from the backup of r1"),
        (changed(SHOP, database=changed(RESTORES, host=Host("db01"))), 2, "web01", "bring the database back on db01 from the backup of r1"),
    ],
    ids=["the first", "the named", "the named is not there", "the database's host"],
)
def test_a_restore_is_one_step_that_changes_what_is_in_service(environment, hosts, place, title):
    plan = plan_restore(environment, environment.hosts[:hosts], "r1", None)
    (step,) = plan.steps
    assert (step.name, step.kind, step.phase, step.place, step.title, step.timeout, step.changes) == (RESTORE, "restore", "release", place, title, 70, True)
    assert (plan.strategy, plan.waves) == ("restore", (("web01", "web02")[:hosts],))
    assert plan.digest
    assert step.command == RESTORES.restore


@pytest.mark.parametrize(("database", "hosts"), [(None, 2), (DATABASE, 2), (RESTORES, 0)], ids=["no database", "no command", "no hosts"])
def test_what_cannot_be_restored_has_no_step(database, hosts):
    plan = plan_restore(changed(SHOP, database=database), SHOP.hosts[:hosts], "r1", LAST)
    assert (plan.steps, plan.strategy, plan.waves) == ((), "restore", (("web01", "web02")[:hosts],))


def test_a_dump_of_the_console_s_own_is_brought_back_from_where_it_lies():
    dump = changed(LAST, path=SafeText("/var/backups/shop.dump"), proof=SafeText("read by pg_restore"))
    (step,) = plan_restore(changed(SHOP, database=Database("postgres", url="postgresql://db01/shop")), SHOP.hosts, "r1", dump).steps
    assert step.command is not None
    assert "/var/backups/shop.dump" in step.command.run


RESTORED_BY_ITSELF = "by itself the console restores only a dump that pg_restore has read, by the database's url"


@pytest.mark.parametrize(
    ("database", "backup", "kept", "status", "detail", "remedy"),
    [
        (None, LAST, True, "failed", "the file names no database", "[environments.ENV.database]"),
        (RESTORES, None, True, "failed", "run r1 took no backup; the report of each run names its own", "deploy history ENV"),
        (DATABASE, LAST, True, "failed", f"the file names no command that restores, and {RESTORED_BY_ITSELF}; run r1 took {SAID}", "[environments.ENV.database] restore = …"),
        (
            changed(OWN, host=Host("db02")), LAST, True, "failed", "the backup lies on db01, and the file names db02 now",
            '[environments.ENV.database] host = "db01", or restore = …',
        ),
        (changed(OWN, host=Host("db01")), LAST, True, "passed", f"{SAID}; it comes back in one transaction, and what the database has had since goes", ""),
        (changed(RESTORES, host=Host("db02")), LAST, True, "passed", SAID, ""),
        (
            OWN, LAST, False, "failed", "/b/x.dump is not there any more on db01: copy it back to there, or restore another run's, which its report names", "deploy history ENV",
        ),
        (RESTORES, LAST, SafeText("no route"), "warning", f"{SAID}; not known whether it is still there: no route", "mend db01 first"),
    ],
    ids=["no database", "no backup", "no command", "another host", "the same host", "a command, another host", "gone", "not known"],
)  # fmt: skip
def test_whether_a_backup_can_be_restored(database, backup, kept, status, detail, remedy):
    check = assess_restore(database, "r1", backup, NOW, kept)
    assert (check.id, check.title, check.status, check.detail, check.remedy) == ("backup", "Backup to restore", status, detail, remedy)
    assert check.blocking is (status != "warning")


EXAMPLE = 'backup = "pg_dump -Fc -f /var/backups/shop-{run}.dump shop", or --override backup=REASON'


@pytest.mark.parametrize(
    ("database", "review", "status", "detail", "remedy"),
    [
        (DATABASE, Review(), "skipped", "no migration; none is known", ""),
        (DATABASE, Review(backup=LAST), "skipped", f"no migration; the last is {SAID}", ""),
        (DATABASE, RUNS, "passed", "the plan takes one before it migrates; none is known", ""),
        (DATABASE, changed(RUNS, dump=LOOKED), "passed", "the plan takes one before it migrates; none is known", ""),
        (
            OWN, changed(RUNS, dump=LOOKED), "passed",
            "the plan takes one before it migrates (pg_dump on db01 to /d: the database has 1.0 MiB, 9.0 MiB are free there); none is known", "",
        ),
        (
            changed(DATABASE, backup_within=4 * 3600.0), changed(RUNS, backs_up=False, fresh=True, backup=LAST), "passed",
            f"the last is {SAID}, 4h old at most is fresh enough", "",
        ),
        (
            Database("postgres", migrate=Command("up")), changed(RUNS, backs_up=False), "failed",
            "no backup before the migration: the file names neither a command for one nor a url to dump by; none is known",
            f"[environments.ENV.database] url = …, or {EXAMPLE}",
        ),
        (
            Database("command", migrate=Command("up")), changed(RUNS, backs_up=False, backup=LAST), "failed",
            f"no backup before the migration: the file names no command for one; the last is {SAID}", f"[environments.ENV.database] {EXAMPLE}",
        ),
        (
            OWN, changed(RUNS, backs_up=False, dump=changed(LOOKED, free=0)), "failed",
            "no backup before the migration: no room for a dump: the database has 1.0 MiB, and 0 B are free for /d on db01; none is known",
            "make room there, or name a command that backs it up (backup = … in [environments.ENV.database]), or --override backup=REASON",
        ),
    ],
    ids=["no migration", "no migration, a backup", "taken", "taken, by a command", "taken, by the console", "fresh", "nothing to dump by", "another kind", "no room"],
)  # fmt: skip
def test_whether_there_is_a_backup_before_a_migration(database, review, status, detail, remedy):
    check = assess_backup(database, review, NOW)
    assert (check.id, check.title, check.status, check.detail, check.remedy) == ("backup", "Backup", status, detail, remedy)
    assert check.blocking is (status != "skipped")


@pytest.mark.parametrize(
    ("backup", "now", "words"),
    [
        (LAST, NOW, SAID),
        (LAST, None, "of 2026-11-24 09:00 UTC, 5.0 MiB, /b/x.dump on db01, read by pg_restore"),
        (Backup("r", "2026-11-24T12:00:30Z"), NOW, "of 2026-11-24 12:00 UTC (0s ago)"),
        (Backup("r", "2026-11-24T11:59:59.600000Z", "db01"), NOW, "of 2026-11-24 11:59 UTC (0s ago)"),
        (Backup("r", "2026-11-24T11:58:30+00:00", size=9), NOW, "of 2026-11-24 11:58 UTC (1m30s ago), 9 B"),
    ],
    ids=["whole", "no clock", "ahead of the clock", "less than a second", "no file"],
)
def test_a_backup_in_words(backup, now, words):
    assert backup_words(backup, now) == words


MANY = tuple(Migration(SafeText(f"db/{number}.sql")) for number in range(1, 10))


@pytest.mark.parametrize(
    ("review", "impact", "status", "detail"),
    [
        (Review(), NONE, "passed", "none in this release"),
        (Review(migrations=(BACK,)), NONE, "passed", "none in this release"),
        (Review(known=False), NONE, "passed", "none in this release"),
        (
            Review(known=False, listed=False), NONE, "failed",
            "not known which are new: the file does not say which files are migrations: [environments.ENV.database] migrations",
        ),
        (
            a_review(known=False), NONE, "failed",
            "not known which are new: 1 migration file in the commit, and not every host says what is live, or what is live is no commit of the repository",
        ),
        (a_review(known=False, is_first=True), NONE, "failed", "not known which are new: 1 migration file in the commit, and nothing is live yet"),
        (a_review(known=False), NO, "warning", "1 in the commit: db/1.sql; not run: --migration no"),
        (a_review(), NO, "warning", "1 new: db/1.sql; not run: --migration no"),
        (a_review(), NONE, "warning", "1 new: db/1.sql; not run: the file names no command that migrates"),
        (Review(), YES, "warning", "declared; no new file was found to be read; not run: the file names no command that migrates"),
        (a_review(runs=True), NONE, "failed", "the host that migrates is no part of this run"),
        (a_review(runs=True, where="web01"), NONE, "passed", "1 new: db/1.sql; they run on web01"),
        (Review(runs=True, where="web01"), YES, "warning", "declared; no new file was found to be read; they run on web01"),
        (a_review(runs=True, where="web01", problems=(SafeText("no table was read"),)), NONE, "warning", "1 new: db/1.sql; no table was read; they run on web01"),
        (
            a_review(runs=True, where="web01", migrations=(changed(FILES[0], findings=(LintFinding(3, "x", SafeText("slow")),)),)), NONE, "warning",
            "1 new: db/1.sql; db/1.sql:3: slow; they run on web01",
        ),
        (
            Review(migrations=MANY, runs=True, where="web01"), NONE, "passed",
            "9 new: db/1.sql, db/2.sql, db/3.sql, db/4.sql, db/5.sql, db/6.sql and 3 more; they run on web01",
        ),
    ],
    ids=["none", "a way back alone", "not known, none", "not listed", "not known", "first", "denied, not known", "denied", "no command", "declared, no command", "nowhere",
         "one", "declared", "a problem", "a finding", "many"],
)  # fmt: skip
def test_what_is_said_of_the_migrations(review, impact, status, detail):
    check = assess_migrations(review, impact)
    assert (check.id, check.title, check.status, check.detail, check.blocking) == (
        "migrations",
        "Migrations",
        status,
        detail,
        status != "warning" or "not run" not in detail,
    )
    assert bool(check.remedy) is (status == "failed")


SCHEMA = [
    (Review(), "the database is not migrated", None),
    (Review(runs=True, is_first=True, old_code="ok"), "the database stays migrated: no code before it uses it", True),
    (Review(runs=True, old_code="ok"), "the database stays migrated: the code before runs on it", True),
    (
        Review(runs=True, old_code="breaks", reversible=True),
        "the code before does not run on the migrated schema: a person's rollback takes the migration back first, and with it what was written there", True,
    ),
    (Review(runs=True, old_code="breaks"), "the code before does not run on the migrated schema, and nothing takes the migration back", False),
    (Review(runs=True, old_code="unknown", reversible=True), "not known whether the code before runs on the migrated schema", False),
    (Review(runs=True), "not known whether the code before runs on the migrated schema", False),
]  # fmt: skip


@pytest.mark.parametrize(("review", "words", "is_safe"), SCHEMA, ids=["none", "first", "ok", "reversible", "breaks", "unknown", "not said"])
def test_the_way_back_of_the_hosts_with_the_database_over_it(review, words, is_safe):
    good = Check("way-back", SafeText("Way back"), "passed", detail=SafeText("3 hosts know it"))
    bad = Check("way-back", SafeText("Way back"), "failed", detail=SafeText("damaged"), remedy=SafeText("mend it"))
    remedy = "a line `-- old-code: ok` in the migration, --old-code ok, or --override way-back=REASON"
    assert schema_words(review) == words
    if is_safe is None:
        assert with_schema(good, review) == good
    elif is_safe:
        assert with_schema(good, review) == changed(good, detail=SafeText(f"3 hosts know it; {words}"))
        assert with_schema(bad, review) == changed(bad, detail=SafeText(f"damaged; {words}"))
    else:
        assert with_schema(good, review) == changed(good, status="failed", detail=SafeText(words), remedy=SafeText(remedy))
        assert with_schema(bad, review) == changed(bad, detail=SafeText(f"damaged; {words}"), remedy=SafeText(f"mend it; {remedy}"))
