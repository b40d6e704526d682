"""What `deploy status` says of an environment and its hosts: what runs where, read from the hosts now, and what the record knows. As JSON's plain values."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from console.core.environment.record_queries import drained_hosts, failed_run, healthy_hosts, owed_now
from console.core.host_selection import chosen_hosts
from console.engine.context import QueryContext
from console.engine.maintenance.change import read_maintenance
from console.engine.queries.inspect import look_at
from console.engine.queries.lock_and_unlock import holder_row, note_seen
from console.engine.queries.traffic_drift import drifted, readmitted
from console.model.configured_environment import Environment
from console.model.environment_record import EnvironmentRecord
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
    record, _ = await fleet.known()
    (maintained, _), again = await asyncio.gather(read_maintenance(fleet, facts), readmitted(fleet, record))
    return {
        "environment": environment.name, "maintenance": maintained.state, "maintenance_by": maintained.kept,
        "locked_by": holder_row(held) if held else None, "run": await fleet.open_run() or None,
        "last_run": _run_row(record.last), "failed": _run_row(failed_run(record)), "age": 0.0,
        "hosts": host_rows(environment, record, drifted(facts, again), again),
        "owed": list(owed_now(record, fleet.unpaid)), "record": _record_row(fleet),
    }  # fmt: skip


def host_rows(environment: Environment, record: EnvironmentRecord, facts: Sequence[HostFacts], again: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return what `status` says of each of those hosts, in their order. `again`: hosts that get requests though a run took them out."""
    healthy, drained = healthy_hosts(record, environment, facts), drained_hosts(record).difference(again)
    return [{**_status_row(fact, healthy[fact.host]), "drained": fact.host in drained} for fact in facts]


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
