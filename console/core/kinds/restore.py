"""A restore: the database is brought back from the backup of a run, while every host is held and none is changed. Pure."""

from console.core.checks.database import assess_restore
from console.core.checks.fleet import assess_fleet, assess_lock
from console.core.kinds.preflight_result import PreflightResult
from console.core.kinds.rollback import without_notes
from console.core.plan.database_plan import plan_restore
from console.model.checks import Check
from console.model.plan import Plan
from console.model.values import changed


def checks(found: PreflightResult) -> tuple[Check, ...]:
    """What the fleet is like is shown; a lock and a backup that is not there hold it up."""
    shown = (changed(check, blocking=False) for check in assess_fleet(found.facts, 0, 0, found.environment.rolling.max_failures))
    restored = assess_restore(found.environment.database, found.request.ref, found.backup, found.now, found.kept)
    return (*shown, assess_lock(without_notes(found.spoken), found.run), restored)


def plan(found: PreflightResult) -> Plan:
    """One step on the database; none where no command brings it back."""
    return plan_restore(found.environment, found.hosts, found.request.ref, found.backup)
