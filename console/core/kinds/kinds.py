"""Finds a kind of run by its name. Pure; what is said of a kind stands in its own file."""

from typing import Final

from console.core.kinds.catch_up import CATCH_UP
from console.core.kinds.exec import EXEC
from console.core.kinds.kind import Kind, OnFailure
from console.core.kinds.maintenance import MAINTENANCE
from console.core.kinds.release import RELEASE
from console.core.kinds.restart import RESTART
from console.core.kinds.restore import RESTORE
from console.core.kinds.rollback import ROLLBACK
from console.model.request import RunKind
from console.model.state import RunState

KINDS: Final[dict[RunKind, Kind]] = {kind.name: kind for kind in (RELEASE, ROLLBACK, RESTART, RESTORE, CATCH_UP, EXEC, MAINTENANCE)}


def kind_of(run: RunState) -> Kind:
    """What is said of the kind of that run."""
    return KINDS[run.kind]


def on_failure(run: RunState) -> OnFailure:
    """What a failure beyond the budget does in this run, also in one that an earlier version opened."""
    return kind_of(run).failure_rule(run.on_failure)


def looked_at_with(run: RunState) -> str:
    """The command that shows again what such a run was refused for."""
    return kind_of(run).looked_at_with.format(environment=run.environment)


def goes_back(kind: RunKind) -> bool:
    """Whether a host of such a run may be taken back to what it had before it."""
    return KINDS[kind].returns
