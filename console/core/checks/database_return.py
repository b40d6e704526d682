"""What is so of the database when a run's hosts go back: migrated or not, what becomes of that, and on whose word. Pure.

Nothing is said of what the application's own commands do to a database: the console does not see it.
"""

from typing import NamedTuple

from console.core.database_state import MIGRATE, REVERT
from console.model.database_facts import Review
from console.model.state import RunState, StepState


class SchemaBack(NamedTuple):
    """The database on the way back. `is_safe`: the code before is known to run on what will be there."""

    words: str
    is_safe: bool


def _safe(words: str) -> SchemaBack:
    return SchemaBack(words, is_safe=True)


def _unsafe(words: str) -> SchemaBack:
    return SchemaBack(words, is_safe=False)


def schema_back(state: RunState) -> SchemaBack:
    """Return what is so of the database, should the run's hosts go back now."""
    if not _has_migration(state):
        return _safe("this run has no migration; what install, restart and hooks do to a database is not known here")
    done = state.steps.get(MIGRATE, StepState()).status
    if done == "done":
        return _migrated(state, state.review or Review(runs=True, old_code="unknown"))
    if done in ("pending", "void", "unreachable"):
        return _safe("not migrated: the migration did not begin")
    if done == "failed":
        return _safe("not migrated: the migration failed, and the schema is as it was")
    return _unsafe(f"not known: the migration {'is still running' if done == 'running' else 'did not come to a known end'}")


def _has_migration(state: RunState) -> bool:
    return MIGRATE in state.steps or MIGRATE in state.index


def _migrated(state: RunState, review: Review) -> SchemaBack:
    head = f"migrated on {review.where} by this run" if review.where else "migrated by this run"
    reverted = state.steps.get(REVERT, StepState()).status
    if reverted == "done":
        return _safe(f"{head}, and the migration was taken back")
    if reverted not in ("pending", "void"):
        return _unsafe(f"{head}; taking the migration back {'is under way' if reverted == 'running' else f'ended {reverted}'}")
    if review.old_code == "ok":
        return _safe(f"{head}, and stays migrated: the code before runs on it ({declared_by(state)})")
    if review.old_code == "breaks" and review.reversible:
        words = f"{head}; the migration is taken back first, with what was written since: the code before does not run on it"
        return _safe(f"{words} ({declared_by(state)})")
    if review.old_code == "breaks":
        words = f"{head}, and nothing takes that back (no revert command): the code before does not run on it ({declared_by(state)})"
        return _unsafe(words)
    kept = "it stays migrated" + (", the revert command is not run for that" if review.reversible else ", and there is no revert command")
    return _unsafe(f"{head}; not known whether the code before runs on it ({declared_by(state)}): {kept}")


def declared_by(state: RunState) -> str:
    """On whose word it is known, or not, how the code before runs on the schema after."""
    review = state.review
    said = [(migration.path, migration.old_code) for migration in review.migrations] if review else []
    breaking = [path for path, old_code in said if old_code == "breaks"]
    if breaking:
        return f"{breaking[0]} says so" if len(breaking) == 1 else f"{len(breaking)} migration files say so"
    if said and all(old_code == "ok" for _, old_code in said):
        return "its migration file says so" if len(said) == 1 else "its migration files say so"
    answer = state.request.impact.old_code
    if answer == "unknown":
        return f"{state.by.name} answered so"
    return f"{state.by.name} declared it" if answer else "nobody declared it"
