"""Locks that runs still had when they ended: told apart from locks that hold, removed, and recorded.

A run is over when the journal says so, and its lock stops nobody from then on. Knows the journal and the hosts' locks; no plans, no steps.
"""

import asyncio
from collections.abc import Iterable

from console.core.environment.record_queries import Leftover
from console.engine.pacing import on_each
from console.errors import ConsoleError
from console.model.configured_environment import Environment
from console.model.events import LockLeft, LocksReleased, RunEnded, RunOpened
from console.model.host import Host
from console.model.host_facts import HostFacts, LockHolder
from console.model.values import changed
from console.ports.hosts import Unreached
from console.ports.journal import Journal
from console.ports.lock import HostLock
from console.safe_text import SafeText

PATIENCE = 10.0
"""Seconds that a host has to give its lock back."""


async def is_over(journal: Journal, run: str) -> bool:
    """Whether this record knows that the run has ended. Raises ConsoleError where it cannot be read."""
    return bool(run) and bool(await journal.of_type(run, RunEnded))


async def is_known_over(journal: Journal, run: str) -> bool:
    """The same for one who asks for a lock: a record that cannot be read knows of no end."""
    try:
        return await is_over(journal, run)
    except ConsoleError:
        return False


async def without_leftovers(journal: Journal, facts: Iterable[HostFacts]) -> tuple[HostFacts, ...]:
    """Return the facts without the locks of runs that have ended; those that this record does not have are marked, and those that can be resumed here."""
    known = tuple(facts)
    runs = {fact.lock.run for fact in known if fact.lock and fact.lock.run}
    over = {run for run in runs if await is_over(journal, run)}
    ours = {run for run in runs - over if await journal.of_type(run, RunOpened)}
    return tuple(_seen(fact, fact.lock, over, ours) if fact.lock else fact for fact in known)


def _seen(fact: HostFacts, lock: LockHolder, over: set[str], ours: set[str]) -> HostFacts:
    is_ours = lock.run in ours
    marked = changed(lock, is_left=is_ours and lock.is_gone, is_unknown=bool(lock.run) and not is_ours)
    return changed(fact, lock=None if lock.run in over else marked)


async def release(locks: HostLock, environment: Environment, left: Leftover, keep: Iterable[LockLeft] = ()) -> LocksReleased:
    """Remove a run's locks, all at once, but those that are known to stay."""
    kept = {one.host: one for one in keep}
    hosts = [host for host in environment.hosts if host.name in left.hosts and host.name not in kept]
    answers = await on_each(hosts, lambda host: _cleared(locks, environment, host, left.run))
    stay = {**kept, **{host.name: LockLeft(host.name, why) for host, why in zip(hosts, answers, strict=True) if why is not None}}
    return LocksReleased(hosts=tuple(name for name in left.hosts if name not in stay), left=tuple(stay.values()))


async def _cleared(locks: HostLock, environment: Environment, host: Host, run: str) -> SafeText | None:
    try:
        async with asyncio.timeout(PATIENCE):
            problem: Unreached | None = await locks.clear(host, environment.path_on(host), run)
    except TimeoutError:
        return SafeText(f"no answer within {PATIENCE:.0f} s")
    return problem.message if problem else None
