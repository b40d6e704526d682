"""What is owed, read from the record, and how a debt is closed without being paid. Knows the journal and the hosts' locks; no plans, no screens."""

import asyncio
from collections.abc import Mapping
from typing import Any

from console.core.environment.record_queries import debts_of
from console.engine.context import QueryContext
from console.errors import NoGo, UsageFault
from console.model import commands as cmd
from console.model.request import Person
from console.safe_text import SafeText

UNLOCK = 15.0
"""Seconds that a host whose debt is closed has to give its lock back; one that does not is gone, as was said."""


async def answer_forgive(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> object:
    """Close every debt of a host, in the record of each run that owes it, and let go of its lock where it still answers."""
    name, reason = str(argument["host"]), SafeText(str(argument["reason"]))
    record = await fleet.journal.environment(fleet.environment.app, fleet.environment.name)
    owed = [debt for debt in debts_of(record) if debt.host == name]
    if not owed:
        raise UsageFault(f"nothing is owed to {name}; status shows what is owed", "deploy status")
    for debt in owed:
        answer = await fleet.submit(debt.run, cmd.Forgive(host=name, reason=reason), person)
        if isinstance(answer, cmd.Refusal):
            raise NoGo(str(answer.message), str(answer.hint))
    problems = [await _let_go(fleet, debt.run, name) for debt in owed]
    return {"host": name, "runs": [debt.run for debt in owed], "unlocked": not any(problems), "problem": next(filter(None, problems), "")}


async def _let_go(fleet: QueryContext, run: str, name: str) -> str:
    """Release what the run still holds there; why not, where it cannot be."""
    host = fleet.environment.host(name)
    if host is None:
        return f"{name} is not in {fleet.environment.file or 'hosts.toml'} any more: a lock that it may hold stays on it"
    try:
        async with asyncio.timeout(UNLOCK):
            problem = await fleet.outside.locks.clear(host, fleet.environment.path_on(host), run)
    except TimeoutError:
        return f"{name} does not answer within {UNLOCK:.0f} s: a lock that it may hold stays on it"
    return f"a lock that {name} may hold stays on it: {problem.message}" if problem else ""
