"""What is so of the database on the way back: by how the migration ended, what was declared, and by whom."""

from itertools import product

import pytest

from console.core.checks.database_return import declared_by, schema_back
from console.core.database_state import MIGRATE, REVERT
from console.model.database_facts import Migration, Review
from console.model.declared_impact import Impact
from console.model.plan import Step
from console.model.request import Person, Request
from console.model.state import RunState, StepState
from console.model.values import changed
from console.safe_text import SafeText

STEP = Step(MIGRATE, "migrate", "prepare", SafeText("migrate"), place="web01")


def a_run(status: str = "done", revert: str = "", *, answer: str = "", files: tuple[str, ...] = (), **review: object) -> RunState:
    migrations = tuple(Migration(SafeText(f"{number}.sql"), said) for number, said in enumerate(files, 1))  # type: ignore[arg-type]
    steps = {MIGRATE: StepState(status)} | ({REVERT: StepState(revert)} if revert else {})  # type: ignore[arg-type]
    return RunState(
        kind="deploy", environment="production", by=Person("ada"), request=Request(impact=Impact(old_code=answer)), index={MIGRATE: STEP}, steps=steps,  # type: ignore[arg-type]
        review=Review(runs=True, where="web01", migrations=migrations, **review),  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "words", "is_safe"),
    [
        (RunState(kind="deploy"), "this run has no migration", True),
        (a_run("pending"), "not migrated: the migration did not begin", True),
        (a_run("unreachable"), "not migrated: the migration did not begin", True),
        (a_run("failed"), "not migrated: the migration failed, and the schema is as it was", True),
        (a_run("unknown"), "not known: the migration did not come to a known end", False),
        (a_run("cancelled"), "not known: the migration did not come to a known end", False),
        (a_run("running"), "not known: the migration is still running", False),
        (a_run(old_code="ok", answer="ok"), "stays migrated: the code before runs on it (ada declared it)", True),
        (a_run(old_code="ok", files=("ok",)), "stays migrated: the code before runs on it (its migration file says so)", True),
        (a_run(old_code="breaks", reversible=True, files=("ok", "breaks")), "taken back first, with what was written since", True),
        (a_run(old_code="breaks", answer="breaks"), "nothing takes that back (no revert command)", False),
        (a_run(old_code="unknown", reversible=True), "not known whether the code before runs on it (nobody declared it): it stays migrated, the revert", False),
        (a_run(old_code="unknown", answer="unknown"), "(ada answered so): it stays migrated, and there is no revert command", False),
        (a_run(old_code="breaks", reversible=True, revert="done"), "the migration was taken back", True),
        (a_run(old_code="breaks", reversible=True, revert="unknown"), "taking the migration back ended unknown", False),
        (a_run(old_code="breaks", reversible=True, revert="running"), "taking the migration back is under way", False),
        (changed(a_run(), review=None), "not known whether the code before runs on it (nobody declared it)", False),
    ],
)  # fmt: skip
def test_what_is_so_of_the_database(state: RunState, words: str, is_safe: bool):
    found = schema_back(state)
    assert words in found.words
    assert found.is_safe is is_safe


def test_a_migration_that_took_effect_is_never_called_unchanged_and_no_doubt_is_called_safe():
    for status, old_code, reversible in product(("done", "unknown", "running", "cancelled"), ("", "ok", "breaks", "unknown"), (True, False)):
        found = schema_back(a_run(status, old_code=old_code, reversible=reversible))
        assert not found.words.startswith(("not migrated", "this run has no migration"))
        assert found.is_safe is (status == "done" and (old_code == "ok" or (old_code == "breaks" and reversible)))


@pytest.mark.parametrize(
    ("files", "answer", "words"),
    [
        (("breaks",), "ok", "1.sql says so"), (("breaks", "breaks"), "ok", "2 migration files say so"), (("ok", "ok"), "breaks", "its migration files say so"),
        (("ok", ""), "ok", "ada declared it"), (("", ""), "", "nobody declared it"), ((), "unknown", "ada answered so"),
    ],
)  # fmt: skip
def test_on_whose_word(files: tuple[str, ...], answer: str, words: str):
    assert declared_by(a_run(files=files, answer=answer)) == words


HEAD = "migrated on web01 by this run"


@pytest.mark.parametrize(
    ("state", "words", "is_safe"),
    [
        (RunState(kind="restart"), "this run has no migration; what install, restart and hooks do to a database is not known here", True),
        (RunState(kind="deploy", index={MIGRATE: STEP}), "not migrated: the migration did not begin", True),
        (RunState(kind="deploy", steps={MIGRATE: StepState("void")}), "not migrated: the migration did not begin", True),
        (a_run(old_code="ok", answer="ok"), f"{HEAD}, and stays migrated: the code before runs on it (ada declared it)", True),
        (
            a_run(old_code="breaks", reversible=True, answer="breaks"),
            f"{HEAD}; the migration is taken back first, with what was written since: the code before does not run on it (ada declared it)", True,
        ),
        (
            a_run(old_code="breaks", files=("breaks",)),
            f"{HEAD}, and nothing takes that back (no revert command): the code before does not run on it (1.sql says so)", False,
        ),
        (
            a_run(old_code="unknown"),
            f"{HEAD}; not known whether the code before runs on it (nobody declared it): it stays migrated, and there is no revert command", False,
        ),
        (
            a_run(old_code="unknown", reversible=True),
            f"{HEAD}; not known whether the code before runs on it (nobody declared it): it stays migrated, the revert command is not run for that", False,
        ),
        (a_run(old_code="breaks", revert="done"), f"{HEAD}, and the migration was taken back", True),
        (a_run(old_code="ok", revert="running"), f"{HEAD}; taking the migration back is under way", False),
        (a_run(old_code="ok", revert="failed"), f"{HEAD}; taking the migration back ended failed", False),
        (a_run(old_code="ok", revert="unreachable"), f"{HEAD}; taking the migration back ended unreachable", False),
        (a_run(old_code="ok", answer="ok", revert="pending"), f"{HEAD}, and stays migrated: the code before runs on it (ada declared it)", True),
        (a_run(old_code="ok", answer="ok", revert="void"), f"{HEAD}, and stays migrated: the code before runs on it (ada declared it)", True),
        (
            changed(a_run(answer="ok"), review=Review(runs=True, old_code="ok")),
            "migrated by this run, and stays migrated: the code before runs on it (ada declared it)", True,
        ),
    ],
    ids=["no migration", "planned", "void", "ok", "reversible", "breaks", "unknown", "unknown, reversible", "taken back", "under way", "failed", "unreachable",
         "to be taken back", "not to be taken back", "nowhere known"],
)  # fmt: skip
def test_the_database_on_the_way_back_in_words(state: RunState, words: str, is_safe: bool):
    assert schema_back(state) == (words, is_safe)


def test_nobody_declared_what_a_run_without_a_review_does():
    assert declared_by(changed(a_run(), review=None)) == "nobody declared it"
    assert declared_by(changed(a_run(answer="unknown"), review=None)) == "ada answered so"
