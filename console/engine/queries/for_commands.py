"""What an engine answers beside its runs: what runs where, what a release would do, and a person's note on the hosts. As JSON's plain values.

Knows the ports and the contract's names; nothing of runs that go on, but the id of the open one.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from console.core.environment.record_queries import drained_hosts, failed_run, healthy_hosts, owed_now
from console.core.host_selection import chosen_hosts
from console.engine.catch_up.forgive import answer_forgive
from console.engine.context import QueryContext as QueryContext  # noqa: PLC0414 (its place for those who look here)
from console.engine.maintenance.change import answer_maintenance, answer_maintenance_seen, read_maintenance
from console.engine.preflight.dry_run import answer_check
from console.engine.queries.exec_and_logs import answer_exec, answer_logs
from console.engine.queries.inspect import look_at
from console.engine.queries.lock_and_unlock import answer_break, answer_lock, answer_unlock, holder_row, note_seen
from console.engine.queries.pending_changes import answer_pending
from console.model.fleet_snapshot import LastRun
from console.model.host_facts import HostFacts
from console.model.request import Person, Request


async def answer_status(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> object:
    """Say what runs where, read from the hosts now."""
    environment = fleet.environment
    hosts = chosen_hosts(environment, Request(hosts=str(argument.get("hosts", ""))))
    facts = await look_at(fleet, hosts)
    held = next((holder for fact in facts if (holder := fact.lock or fact.closed)), None)
    await note_seen(fleet, facts)
    maintained, _ = await read_maintenance(fleet, facts)
    record, _ = await fleet.known()
    healthy = healthy_hosts(record, environment, facts)
    return {
        "environment": environment.name, "maintenance": maintained.state, "maintenance_by": maintained.kept,
        "locked_by": holder_row(held) if held else None, "run": await fleet.open_run() or None,
        "last_run": _run_row(record.last), "failed": _run_row(failed_run(record)), "age": 0.0,
        "hosts": [{**_status_row(fact, healthy[fact.host]), "drained": fact.host in drained_hosts(record)} for fact in facts],
        "owed": list(owed_now(record, fleet.unpaid)), "record": _record_row(fleet),
    }  # fmt: skip


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


def _record_row(fleet: QueryContext) -> dict[str, str] | None:
    """What is said of a record whose database is away; None: it is not."""
    outage = fleet.journal.outage
    return None if outage is None else {"problem": outage.reason, "kept_in": outage.kept_in}


def _run_row(run: LastRun | None) -> dict[str, Any] | None:
    """A run as `status` names it."""
    return None if run is None else {"run": run.run, "kind": run.kind, "outcome": run.outcome, "exit": run.exit, "ended": run.ended}


def _status_row(fact: HostFacts, healthy: bool | None) -> dict[str, Any]:
    live = fact.release(fact.current)
    return {
        "host": fact.host, "reachable": not fact.problem, "release": fact.current or None, "version": live.version if live else None,
        "commit": live.commit if live else None, "drift": fact.current_broken or fact.drift or None,
        "healthy": healthy, "problem": fact.problem,
    }  # fmt: skip
