"""What earlier runs say to a new one: how long steps usually take, and whether a commit was verified elsewhere. Reads the journal, a few runs at a time."""

from collections.abc import Callable

from console.core.evolve import fold
from console.core.usual import usual_by_kind
from console.errors import ConsoleError
from console.model.database import Backup
from console.model.events import BackupTaken
from console.model.state import RunState
from console.ports.journal import Journal

PAST = 5
"""Runs whose steps say how long steps usually take."""
LOOKED_AT = 200
"""Runs of another environment among which a commit's verification is sought."""

Verifications = Callable[[str, str], tuple[RunState, ...]]
"""(environment, commit): the runs of that commit there, newest first."""


def usual_seconds(journal: Journal, app: str, environment: str) -> dict[str, float]:
    """How long each kind of step took in the last runs; a record that cannot be read holds no release up."""
    ended = [one.run for one in journal.runs(app, environment, limit=PAST * 4) if one.outcome]
    try:
        return usual_by_kind(fold(journal.read(run)) for run in ended[:PAST])
    except ConsoleError:
        return {}


def backup_of(journal: Journal, run: str) -> Backup | None:
    """The backup that a run took; a record that cannot be read knows of none."""
    try:
        taken = [event.backup for event in journal.of_type(run, BackupTaken) if isinstance(event, BackupTaken)]
    except ConsoleError:
        return None
    return taken[-1] if taken else None


def last_backup(journal: Journal, app: str, environment: str) -> Backup | None:
    """The last backup that a run took; a record that cannot be read knows of none."""
    try:
        for one in journal.runs(app, environment, limit=LOOKED_AT):
            taken = [event.backup for event in journal.of_type(one.run, BackupTaken) if isinstance(event, BackupTaken)] if one.kind == "deploy" else []
            if taken:
                return taken[-1]
    except ConsoleError:
        return None
    return None


def verifications(journal: Journal, app: str) -> Verifications:
    """Return what finds the runs of a commit in another environment. It raises ConsoleError where the record cannot be read."""

    def found(environment: str, commit: str) -> tuple[RunState, ...]:
        runs = journal.runs(app, environment, limit=LOOKED_AT)
        return tuple(fold(journal.read(one.run)) for one in runs if one.kind == "deploy" and one.commit and commit.startswith(one.commit))

    return found
