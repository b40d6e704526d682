"""What a run did to its database, for its report: the backup, the migration with its times, the files, and how large the tables are that they touch. Pure."""

from typing import NamedTuple

from console.core.database_state import BACKUP, MIGRATE, RESTORE, REVERT, left_words
from console.core.migrations.review import brief_words, forward, pointed_out, table_words, unread_words
from console.core.words.database_words import backup_words
from console.core.words.shortened_list import shortened
from console.core.words.sizes import counted
from console.model.database_facts import Review
from console.model.state import RunState
from console.safe_text import SafeText
from console.views.times import seconds_in_words

NAMED = 20
"""Files and tables that are named."""


class Fact(NamedTuple):
    """One thing that is told, under its name."""

    name: str
    words: SafeText


def database_facts(state: RunState) -> tuple[Fact, ...]:
    """Return what is told; nothing where the run had nothing to do with a database."""
    review = state.review or Review()
    steps = [Fact(name, _step(state, step)) for name, step in (("Backup step", BACKUP), ("Migration", MIGRATE), ("Taken back", REVERT), ("Restore", RESTORE))
             if step in state.index or step in state.steps]  # fmt: skip
    if not steps and not review.migrations:
        return ()
    backup = [Fact("Backup", SafeText(backup_words(state.backup)))] if state.backup else _unbacked(review)
    files = [Fact("Files", _named([str(one.path) for one in forward(review)], "new file" if review.known else "file"))] if review.migrations else []
    found = [Fact("Found", SafeText(words)) for words in (*pointed_out(review), *unread_words(review), *map(str, review.problems), *brief_words(review))]
    left = left_words(state)
    return (*backup, *steps, *files, *_tables(review), *found, *([Fact("Afterwards", SafeText(left))] if left else []))


def _unbacked(review: Review) -> list[Fact]:
    if not review.runs:
        return []
    words = f"the last one was fresh enough: {backup_words(review.backup)}" if review.backup and review.fresh else "none was taken"
    return [Fact("Backup", SafeText(words))]


def _step(state: RunState, name: str) -> SafeText:
    title, step = str(state.index[name].title) if name in state.index else name, state.steps.get(name)
    if step is None or step.status == "pending":
        return SafeText(f"{title}: not begun")
    began = f" at {step.started_at[11:19]} UTC" if step.started_at else ""
    took = f", in {seconds_in_words(step.seconds)}" if step.seconds else ""
    return SafeText(f"{title}: {step.status}{began}{took}" + (f": {step.detail}" if step.detail else ""))


def _tables(review: Review) -> list[Fact]:
    there = sorted((table for table in review.tables if table.exists), key=lambda table: -table.size)
    return [Fact("Table", SafeText(f"{table.name}: {table_words(table)}")) for table in there[:NAMED]]


def _named(names: list[str], kind: str) -> SafeText:
    return SafeText(f"{counted(len(names), kind)}: {shortened(names, NAMED)}")
