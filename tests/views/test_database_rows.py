"""What the screen says of a release's database: in the plan, on the way back, in the checklist."""

from console.core.database_state import BACKUP
from console.model.database_facts import Backup, Review
from console.model.plan import Plan, ReturnTarget, Step
from console.model.state import HostState, RunState, StepState
from console.model.values import changed
from console.safe_text import SafeText
from console.views.checklist import checklist
from console.views.plan_words import blast_radius, plan_lines
from console.views.return_words import way_back_lines
from console.views.rollback_words import rollback_lines

STEPS = (
    Step(BACKUP, "backup", "prepare", SafeText("back up"), place="web01"),
    Step("database/migrate", "migrate", "prepare", SafeText("migrate"), place="web01"),
)
STATE = RunState(
    kind="deploy", environment="production", plan=Plan("rolling", (("web01",),), STEPS), index={step.name: step for step in STEPS},
    review=Review(runs=True, old_code="unknown"),
)  # fmt: skip


def words(lines):
    return ["".join(span if isinstance(span, str) else span.text for span in one) for one in lines]


def test_the_plan_and_the_last_question_say_what_is_done_to_the_database():
    assert "database   backed up, then migrated, on web01" in words(plan_lines(STATE, 80))
    assert "the database is backed up, then migrated, on web01 first" in blast_radius(STATE)


def test_the_way_back_says_what_becomes_of_the_schema():
    assert any("not known whether the code before runs" in one for one in words(way_back_lines(STATE, 100)))
    assert not any("code before" in one for one in words(way_back_lines(changed(STATE, review=None), 100)))


def test_the_database_is_backed_up_once_the_backup_was_looked_at():
    def row(state):
        return next((one.state, one.found) for one in checklist(state, 5.0) if one.short == "backup")

    assert row(STATE) == ("waiting", "by the plan")
    assert row(changed(STATE, steps={BACKUP: StepState("running")}))[0] == "busy"
    assert row(changed(STATE, steps={BACKUP: StepState("failed")}))[0] == "failed"
    assert row(changed(STATE, backup=Backup("r", "2026-11-24T10:00:00Z", size=2048))) == ("done", "2.0 KiB")


def test_the_roll_back_dialog_says_what_is_so_of_the_database():
    host = HostState("web01", condition="new", before="r1", touched=True)
    ways = (ReturnTarget("web01", "r1", SafeText("v1")),)
    migrated = changed(STATE, hosts={"web01": host}, way_back=ways, steps={"database/migrate": StepState("done")})
    told = " ".join(" ".join(words(rollback_lines(migrated, 78))).split())
    assert "data migrated by this run; not known whether the code before runs on it (nobody declared it): it stays migrated" in told
    assert "has not changed it" not in told
    assert told.count("not known whether") == 1
    assert "not migrated: the migration did not begin" in " ".join(words(rollback_lines(changed(migrated, steps={}), 78)))
    assert all(len(one) <= 78 for one in words(rollback_lines(migrated, 78)))
