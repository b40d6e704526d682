"""What an engine answers beside its runs: what runs where, what a release would do, and a person's note on the hosts. As JSON's plain values.

Knows the ports and the contract's names; nothing of runs that go on, but the id of the open one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from console.core.database import schema_words
from console.engine.asking import ticks
from console.engine.commands import answer_exec, answer_logs
from console.engine.debts import answer_forgive, debts_of
from console.engine.fleet import Fleet as Fleet  # noqa: PLC0414 (its place for those who look here)
from console.engine.locks import answer_break, answer_lock, answer_unlock, holder_row
from console.engine.past import last_backup, verifications
from console.engine.pending import answer_pending
from console.engine.prepare import Survey, chosen_hosts, prepare
from console.errors import Exit
from console.model.checks import Check
from console.model.events import CheckReported, DatabaseReviewed, Event, PlanMade, RevisionResolved
from console.model.facts import HostFacts
from console.model.request import Person, Request
from console.wire.codec import from_plain

LOOK = 30.0
"""Seconds that a host has to answer."""


async def answer_check(fleet: Fleet, argument: Mapping[str, Any], person: Person) -> object:
    """Say what a release would find and do; changes nothing."""
    now = fleet.clock.now()
    request = from_plain({**argument, "kind": "deploy"}, Request)
    survey = Survey(
        fleet.environment, request, fleet.outside.scout, fleet.outside.repository, fleet.outside.checks, now, fleet.zone, f"{now:%Y%m%dT%H%M%SZ}-check",
        verifications=verifications(fleet.journal, fleet.environment.app), by=person, ticked=ticks(fleet.environment, request, person, now),
        database=fleet.outside.database, backup=last_backup(fleet.journal, fleet.environment.app, fleet.environment.name),
    )  # fmt: skip
    return check_result([event async for event in prepare(survey)])


async def answer_status(fleet: Fleet, argument: Mapping[str, Any], person: Person) -> object:
    """Say what runs where, read from the hosts now."""
    environment = fleet.environment
    hosts = chosen_hosts(environment, Request(hosts=str(argument.get("hosts", ""))))
    facts = await asyncio.gather(*(fleet.outside.scout.look(environment, host, deadline=LOOK) for host in hosts))
    held = next((holder for fact in facts if (holder := fact.lock or fact.closed)), None)
    return {
        "environment": environment.name, "maintenance": "unknown", "locked_by": holder_row(held) if held else None, "run": fleet.run or None,
        "age": 0.0, "hosts": [_status_row(fact) for fact in facts],
        "owed": list(debts_of(fleet.journal, environment.app, environment.name)),
    }  # fmt: skip


ANSWERS: dict[str, Callable[[Fleet, Mapping[str, Any], Person], Awaitable[object]]] = {
    "check": answer_check,
    "status": answer_status,
    "lock": answer_lock,
    "unlock": answer_unlock,
    "break-lock": answer_break,
    "forgive": answer_forgive,
    "exec": answer_exec,
    "logs": answer_logs,
    "pending": answer_pending,
}


def check_result(events: Iterable[Event]) -> dict[str, Any]:
    """The pre-flight's events as the contract's result."""
    found = tuple(events)
    checks = list({event.check.id: event.check for event in found if isinstance(event, CheckReported)}.values())
    made = next((event for event in found if isinstance(event, PlanMade)), None)
    known = next((event.review for event in found if isinstance(event, DatabaseReviewed)), None)
    revision = next((event.revision for event in found if isinstance(event, RevisionResolved)), None)
    blocking = [check for check in checks if check.blocks]
    code = check_exit(blocking, planned=made is not None)
    ways = [{"host": way.host, "release": way.release or None, "possible": way.possible} for way in made.way_back] if made else []
    steps = [{"id": step.name, "phase": step.phase, "title": step.title, "host": step.host or None} for step in made.plan.steps] if made else []
    return {
        "type": "result",
        "exit": int(code),
        "decision": "go" if code is Exit.DONE else "no-go",
        "version": revision.version if revision else None,
        "commit": revision.commit if revision else None,
        "checks": [_check_row(check) for check in checks],
        "plan": {"strategy": made.plan.strategy if made else None, "steps": steps},
        "rollback": {"possible": bool(ways) and all(way["possible"] for way in ways), "hosts": ways, "database": schema_words(known) if known else None},
        "problems": [{"file": "", "line": 0, "key": "", "message": f"{check.title}: {check.detail}", "hint": check.remedy} for check in blocking],
    }


def check_exit(blocking: list[Check], *, planned: bool) -> Exit:
    """0 go, 6 where the lock is all that blocks, else 3."""
    if blocking and all(check.id == "lock" for check in blocking):
        return Exit.LOCKED
    return Exit.DONE if planned and not blocking else Exit.NO_GO


def _check_row(check: Check) -> dict[str, Any]:
    names = ("id", "title", "status", "blocking", "detail", "remedy", "since", "by")
    return {name: getattr(check, name) for name in names}


def _status_row(fact: HostFacts) -> dict[str, Any]:
    live = fact.release(fact.current)
    return {
        "host": fact.host, "reachable": not fact.problem, "release": fact.current or None, "version": live.version if live else None,
        "commit": live.commit if live else None, "drift": fact.drift or None, "healthy": live.healthy if live else None, "problem": fact.problem,
    }  # fmt: skip
