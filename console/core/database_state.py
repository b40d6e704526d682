"""What a run has done to its database, by its steps: whether it has migrated, and what that means for the way back. Pure."""

from console.core.words.database_words import schema_words
from console.model.configured_environment import Environment
from console.model.host_commands import Command
from console.model.state import RunState, StepState

BACKUP, MIGRATE, REVERT, RESTORE = "database/backup", "database/migrate", "database/revert", "database/restore"
"""Names of steps."""
KINDS = frozenset({"backup", "migrate", "revert", "restore"})
"""Kinds of steps that what needs them does not begin without."""


def is_migrated(state: RunState) -> bool:
    """Whether the run has migrated the database, and has not taken that back."""
    return _status(state, MIGRATE) == "done" and _status(state, REVERT) != "done"


def _status(state: RunState, name: str) -> str:
    return state.steps.get(name, StepState()).status


def needs_person(state: RunState) -> bool:
    """Whether no host goes back by itself: the database is migrated, and the code before is not known to run on it."""
    return is_migrated(state) and (state.review is None or state.review.old_code != "ok")


def left_words(state: RunState) -> str:
    """What stays of the database when every host is on what it had; empty: nothing was done to it."""
    if not is_migrated(state):
        return ""
    return f"the database stays migrated: {schema_words(state.review)}" if needs_person(state) and state.review else "the database stays migrated"


def revert_command(environment: Environment, state: RunState) -> Command | None:
    """The command that takes the run's migration back before any host goes back; None: that is not needed, or not possible."""
    review, database = state.review, environment.database
    is_wanted = is_migrated(state) and review is not None and review.old_code == "breaks"
    return database.revert if is_wanted and database is not None and state.release is not None else None
