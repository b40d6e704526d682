"""Which questions of commands an engine answers beside its runs, and by what. Knows the contract's names."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from console.engine.catch_up.forgive import answer_forgive
from console.engine.context import QueryContext
from console.engine.maintenance.change import answer_maintenance, answer_maintenance_seen
from console.engine.preflight.dry_run import answer_check
from console.engine.queries.exec_and_logs import answer_exec, answer_logs
from console.engine.queries.fleet_status import answer_status
from console.engine.queries.lock_and_unlock import answer_break, answer_lock, answer_unlock
from console.engine.queries.pending_changes import answer_pending
from console.model.request import Person

ANSWERS: dict[str, Callable[[QueryContext, Mapping[str, Any], Person], Coroutine[Any, Any, object]]] = {
    "check": answer_check,
    "status": answer_status,
    "lock": answer_lock,
    "unlock": answer_unlock,
    "break-lock": answer_break,
    "forgive": answer_forgive,
    "exec": answer_exec,
    "logs": answer_logs,
    "pending": answer_pending,
    "maintenance": answer_maintenance,
    "maintenance-seen": answer_maintenance_seen,
}

CHANGES = frozenset({"lock", "unlock", "break-lock", "forgive", "maintenance"})
"""What changes hosts or the record: it is done to its end, also where who asked for it goes away meanwhile."""
