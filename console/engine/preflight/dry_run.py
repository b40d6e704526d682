"""A pre-flight that is no run: what a release would find, do and say, as events. For `check` and for the screen that prepares one. Changes nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from console.core.host_selection import chosen_hosts
from console.core.plan.shift_plan import ways_back
from console.core.run.evolve import fold
from console.core.run.ticket import close_words, closes_ticket
from console.core.words.announcement_words import NO_RUN, before
from console.core.words.database_words import schema_words
from console.core.words.threshold_words import limit_words, threshold_words
from console.engine.context import QueryContext
from console.engine.preflight.configured_checks import ticks
from console.engine.preflight.findings import prepare
from console.engine.preflight.input_from_record import input_of
from console.exit_codes import Exit
from console.model.checks import Check
from console.model.configured_environment import Environment
from console.model.events import Event, RunOpened, stamped
from console.model.request import Person, Request
from console.model.state import RunState
from console.model.values import changed
from console.wire.codec import from_plain


async def answer_preview(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> tuple[Event, ...]:
    """Say what a run would find and do."""
    return await rehearsed(fleet, from_plain(dict(argument), Request), person)


async def answer_check(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> object:
    """Say what a release would find and do, as the contract's result."""
    events = await rehearsed(fleet, from_plain({**argument, "kind": "deploy"}, Request), person)
    state = await asyncio.to_thread(fold, events)
    return {**check_result(state), "ticket": _ticket(fleet.environment, state)}


async def rehearsed(fleet: QueryContext, request: Request, person: Person) -> tuple[Event, ...]:
    """Return the events of the pre-flight. Raises ConsoleError for what ends it at once."""
    now, environment = fleet.clock.now(), fleet.environment
    inputs = replace(await input_of(fleet, request, f"{now:%Y%m%dT%H%M%SZ}-check"), by=person, ticked=ticks(environment, request, person, now))
    opened = RunOpened(
        run="", kind=request.kind, app=environment.app, environment=environment.name, protected=environment.protected, by=person, request=request,
        config_digest="", hosts=tuple(host.name for host in chosen_hosts(environment, request)), path=environment.path,
    )  # fmt: skip
    at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    found = [opened, *[event async for event in prepare(inputs)]]
    return tuple(stamped(event, number, at, fleet.clock.mono(), fleet.clock.boot) for number, event in enumerate(found, 1))


def check_result(state: RunState) -> dict[str, Any]:
    """What a pre-flight has found as the contract's result."""
    blocking = [check for check in state.checks if check.blocks]
    code = check_exit(blocking, planned=state.plan is not None)
    back = ways_back(state)
    ways: list[dict[str, Any]] = [{"host": way.host, "release": way.release or None, "possible": way.possible} for way in back.returning]
    ways += [{"host": name, "release": None, "possible": True, "rests": True} for name in back.resting]
    schema = schema_words(state.review) if state.review else None
    steps = [{"id": step.name, "phase": step.phase, "title": step.title, "host": step.about or None} for step in (state.plan.steps if state.plan else ())]
    thresholds = state.plan.thresholds if state.plan else ()
    limits = [{"metric": one.metric, "limits": limit_words(one), "then": one.then, "title": threshold_words(one)} for one in thresholds]
    return {
        "type": "result",
        "exit": int(code),
        "decision": "go" if code is Exit.DONE else "no-go",
        "version": state.revision.version if state.revision else None,
        "commit": state.revision.commit if state.revision else None,
        "checks": [_check_row(check) for check in state.checks],
        "plan": {"strategy": state.plan.strategy if state.plan else None, "steps": steps, "thresholds": limits},
        "rollback": {"possible": bool(ways) and all(way["possible"] for way in ways), "hosts": ways, "database": schema},
        "announcement": _announcement(state),
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


def _ticket(environment: Environment, state: RunState) -> str | None:
    """How the ticket would be closed once the release is live; None: no ticket would be."""
    if environment.ticket is None or state.revision is None or not closes_ticket(environment, state, int(Exit.DONE)):
        return None
    return close_words(environment.ticket.close, changed(state, run=NO_RUN))


def _announcement(state: RunState) -> dict[str, str] | None:
    """What people would be told; None where nobody is."""
    if state.revision is None or not any(check.id == "announcement" and check.status == "passed" for check in state.checks):
        return None
    return before(state)._asdict()
