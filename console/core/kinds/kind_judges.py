"""Finds what judges and plans a run, by its kind. Pure; each kind's checks and plan stand in its own file.

Only a pre-flight needs them. Whoever follows a run does not load them: what else there is to say of a kind is in `core/kinds/kind_table.py`.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from console.core.kinds import catch_up, exec, maintenance, release, restart, restore, rollback  # noqa: A004 (a kind of run)
from console.core.kinds.preflight_result import PreflightResult
from console.model.checks import Check
from console.model.plan import Plan
from console.model.request import RunKind


class Judge(NamedTuple):
    """What one kind of run has of its own in a pre-flight."""

    checks: Callable[[PreflightResult], tuple[Check, ...]]
    """The verdicts on the fleet and on what the run does. Configured checks come beside them."""
    plan: Callable[[PreflightResult], Plan]


JUDGES: Final[dict[RunKind, Judge]] = {
    "deploy": Judge(release.checks, release.plan),
    "rollback": Judge(rollback.checks, rollback.plan),
    "restart": Judge(restart.checks, restart.plan),
    "restore": Judge(restore.checks, restore.plan),
    "catch-up": Judge(catch_up.checks, catch_up.plan),
    "exec": Judge(exec.checks, exec.plan),
    "maintenance": Judge(maintenance.checks, maintenance.plan),
}
