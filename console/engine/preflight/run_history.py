"""What earlier runs say to a new one: how long steps usually take, and whether a commit was verified elsewhere. Reads the journal, a few runs at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from console.core.checks.direction import EarlierAttempt, bad_attempts
from console.core.run.usual_times import usual_by_kind
from console.engine.queries.ended_runs import state_of
from console.errors import ConsoleError
from console.model.database import Backup
from console.model.events import BackupTaken, ReleasePacked, RevisionResolved
from console.model.release import Revision
from console.model.state import RunState
from console.ports.journal import Journal

PAST = 5
"""Runs whose steps say how long steps usually take."""
LOOKED_AT = 200
"""Runs of another environment among which a commit's verification is sought."""


@dataclass(frozen=True)
class KnownCommit:
    """What the record says of a commit."""

    runs: tuple[RunState, ...] = ()
    """Runs in another environment that may have released the same, newest first."""
    contents: frozenset[str] = frozenset()
    """Digests of what was packed of it, in whichever environment."""


Verifications = Callable[[str, Revision], KnownCommit]
"""(environment, revision): what is known of it there."""


def usual_seconds(journal: Journal, app: str, environment: str) -> dict[str, float]:
    """How long each kind of step took in the last runs; a record that cannot be read holds no release up."""
    ended = [one.run for one in journal.runs(app, environment, limit=PAST * 4) if one.outcome]
    try:
        return usual_by_kind(state_of(journal, run) for run in ended[:PAST])
    except ConsoleError:
        return {}


def attempts(journal: Journal, app: str, environment: str) -> dict[str, EarlierAttempt]:
    """Return which commits were released there last without success, or were taken back; a record that cannot be read knows of none."""
    try:
        runs = journal.runs(app, environment, limit=LOOKED_AT)
    except ConsoleError:
        return {}
    return bad_attempts((one.run, one.kind, one.commit, one.outcome or "", one.ended or "") for one in runs)


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
    """Return what finds the runs of a commit, or of the same build, in another environment. It raises ConsoleError where the record cannot be read."""

    def found(environment: str, revision: Revision) -> KnownCommit:
        contents = _contents(journal, app, revision.commit)
        runs = [one for one in journal.runs(app, environment, limit=LOOKED_AT) if one.kind == "deploy" and one.commit]
        same = [one.run for one in runs if revision.commit.startswith(one.commit) or (one.outcome and _ships_same(journal, one.run, revision, contents))]
        return KnownCommit(tuple(state_of(journal, run) for run in same), contents)

    return found


def released_in(journal: Journal, run: str) -> Revision | None:
    """What a run released; None where it did not come so far. Raises ConsoleError."""
    return next((event.revision for event in journal.of_type(run, RevisionResolved) if isinstance(event, RevisionResolved)), None)


def packed_in(journal: Journal, run: str) -> frozenset[str]:
    """The digests of what a run packed. Raises ConsoleError."""
    return frozenset(event.content for event in journal.of_type(run, ReleasePacked) if isinstance(event, ReleasePacked))


def _contents(journal: Journal, app: str, commit: str) -> frozenset[str]:
    runs = [one.run for one in journal.runs(app, limit=LOOKED_AT) if one.commit and commit.startswith(one.commit)]
    return frozenset[str]().union(*(packed_in(journal, run) for run in runs))


def _ships_same(journal: Journal, run: str, revision: Revision, contents: frozenset[str]) -> bool:
    if packed_in(journal, run) & contents:
        return True
    released = released_in(journal, run) if revision.tree else None
    return released is not None and released.tree == revision.tree
