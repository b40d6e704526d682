"""What a report says of a run's database."""

from console.core.run.evolve import fold
from console.model import events as ev
from console.model.database_facts import Backup, Migration, Review, TableFacts, Touch
from console.model.values import changed
from console.report.markdown import markdown
from console.report.objects import report_object
from console.safe_text import SafeText
from console.views.database_report import database_facts
from console.views.report_contents import whole_report
from tests.core.test_database import a_run
from tests.tui.past_runs import past_run

TOUCH = Touch(3, SafeText("ALTER TABLE orders ALTER x TYPE text"), "orders", "ACCESS EXCLUSIVE", "reads and writes", "rewrites it")
REVIEW = Review(
    runs=True, where="web01", old_code="ok", migrations=(Migration(SafeText("db/1_x.sql"), touches=(TOUCH,)),), tables=(TableFacts("orders", size=2**30, rows=10**6),),
)  # fmt: skip
BACKUP = Backup("r1", "2026-11-24T11:00:00Z", "db01", SafeText("/b/r1.dump"), 5 * 2**20, SafeText("read by pg_restore"))


def test_a_migrating_run_names_its_backup_its_migration_with_times_and_the_sizes():
    simulation = a_run(lambda step, attempt: "done")
    simulation.record(ev.DatabaseReviewed(review=REVIEW), ev.BackupTaken(backup=BACKUP))
    simulation.run()
    said = markdown(whole_report(tuple(simulation.events)))
    section = said.split("## Database")[1].split("\n## ")[0]
    assert "- Backup: of 2026-11-24 11:00 UTC, 5.0 MiB, /b/r1.dump on db01, read by pg\\_restore" in section
    assert "- Migration: migrate the database on web01: up: done" in section
    assert "- Files: 1 new file: db/1\\_x.sql" in section
    assert "- Table: orders: 1.0 GiB, about 1,000,000 rows" in section
    assert "rewrites it" in section
    assert "- Afterwards: the database stays migrated" in section
    assert [row["name"] for row in report_object(whole_report(tuple(simulation.events)))["database"]][:2] == ["Backup", "Backup step"]


def test_a_run_without_a_database_says_nothing_of_it():
    assert database_facts(fold(past_run())) == ()
    assert "## Database" not in markdown(whole_report(past_run()))


def test_a_migration_that_has_no_backup_says_so():
    simulation = a_run(lambda step, attempt: "done")
    simulation.record(ev.DatabaseReviewed(review=changed(REVIEW, fresh=False)))
    assert ("Backup", "none was taken") in [tuple(map(str, fact)) for fact in database_facts(simulation.state)]
