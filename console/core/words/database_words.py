"""A database in words: its backup, and what would become of its schema on the way back. Pure."""

from datetime import datetime

from console.core.words.durations import duration_words
from console.core.words.sizes import size_words
from console.model.database_facts import Backup, Review


def backup_words(backup: Backup, now: datetime | None = None) -> str:
    """A backup in words: when, how old, how big, where, how verified."""
    age = f" ({duration_words(max(0.0, round(seconds_old(backup, now))))} ago)" if now else ""
    size = f", {size_words(backup.size)}" if backup.size else ""
    path = f", {backup.path} on {backup.host}" if backup.path else ""
    return f"of {backup.at[:16].replace('T', ' ')} UTC{age}{size}{path}" + (f", {backup.proof}" if backup.proof else "")


def schema_words(review: Review) -> str:
    """What would become of the database on the way back."""
    if not review.runs:
        return "the database is not migrated"
    if review.is_first:
        return "the database stays migrated: no code before it uses it"
    if review.old_code == "ok":
        return "the database stays migrated: the code before runs on it"
    if review.old_code == "breaks" and review.reversible:
        return "the code before does not run on the migrated schema: a person's rollback takes the migration back first, and with it what was written there"
    if review.old_code == "breaks":
        return "the code before does not run on the migrated schema, and nothing takes the migration back"
    return "not known whether the code before runs on the migrated schema"


def seconds_old(backup: Backup, now: datetime) -> float:
    """Seconds since a backup was taken; below zero where the clocks of its host and of this machine differ."""
    return (now - datetime.fromisoformat(backup.at)).total_seconds()
