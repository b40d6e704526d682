"""Locks that runs still had when they ended: told apart from locks that hold, removed, and recorded.

A run is over when the journal says so, and its lock stops nobody from then on. Knows the journal and the hosts' locks; no plans, no steps.
"""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from console.engine.queries.ended_runs import BACK
from console.errors import Exit
from console.model.events import LockLeft, LocksReleased, LocksTaken, RunEnded
from console.model.fleet import Environment, Host
from console.model.host_facts import HostFacts
from console.model.values import changed
from console.ports.hosts import Unreached
from console.ports.journal import Journal, RunSummary
from console.ports.lock import HostLock
from console.text import SafeText

PATIENCE = 10.0
"""Seconds that a host has to give its lock back."""
RUNS = 30
"""Runs that may have taken locks and are looked at, newest first; each host's last lock is among them, or was released long ago."""


class Leftover(NamedTuple):
    """Hosts that a run which has ended may still hold."""

    run: str
    hosts: tuple[str, ...]


def is_over(journal: Journal, run: str) -> bool:
    """Whether this record knows that the run has ended. Raises ConsoleError where it cannot be read."""
    return bool(run) and bool(journal.of_type(run, RunEnded))


def without_leftovers(journal: Journal, facts: Iterable[HostFacts]) -> tuple[HostFacts, ...]:
    """Return the facts without the locks of runs that have ended."""
    known = tuple(facts)
    over = {run for run in {fact.lock.run for fact in known if fact.lock} if is_over(journal, run)}
    return tuple(changed(fact, lock=None) if fact.lock and fact.lock.run in over else fact for fact in known)


def leftovers(journal: Journal, app: str, environment: str, hosts: Iterable[str]) -> tuple[Leftover, ...]:
    """Return what runs that have ended may still hold of those hosts; a run that came after has taken their locks away."""
    unseen, found = set(hosts), list[Leftover]()
    for one in islice(_locking(journal, app, environment), RUNS):
        if not unseen:
            break
        taken = {name for event in journal.of_type(one.run, LocksTaken) if isinstance(event, LocksTaken) for name in event.hosts} & unseen
        if taken and one.outcome is not None and (held := _still_held(journal, one.run) & taken):
            found.append(Leftover(one.run, tuple(sorted(held))))
        unseen -= taken
    return tuple(found)


def _locking(journal: Journal, app: str, environment: str) -> Iterator[RunSummary]:
    """The runs that may have taken locks: no commands, and none that was refused before."""
    runs = journal.runs(app, environment, limit=BACK)
    return (one for one in runs if one.kind != "exec" and one.exit not in (Exit.NO_GO, Exit.LOCKED))


def _still_held(journal: Journal, run: str) -> set[str]:
    """Hosts whose lock is to be released. Where something may still go on, whoever brings the host up to date takes it."""
    held = {name for event in journal.of_type(run, RunEnded) if isinstance(event, RunEnded) for name in event.held}
    for event in journal.of_type(run, LocksReleased):
        if isinstance(event, LocksReleased):
            held.difference_update(event.hosts, (one.host for one in event.left if one.unsettled))
    return held


async def release(locks: HostLock, environment: Environment, left: Leftover, keep: Iterable[LockLeft] = ()) -> LocksReleased:
    """Remove a run's locks, all at once, but those that are known to stay."""
    kept = {one.host: one for one in keep}
    hosts = [host for host in environment.hosts if host.name in left.hosts and host.name not in kept]
    answers = await asyncio.gather(*(_cleared(locks, environment, host, left.run) for host in hosts))
    stay = {**kept, **{host.name: LockLeft(host.name, why) for host, why in zip(hosts, answers, strict=True) if why is not None}}
    return LocksReleased(hosts=tuple(name for name in left.hosts if name not in stay), left=tuple(stay.values()))


async def _cleared(locks: HostLock, environment: Environment, host: Host, run: str) -> SafeText | None:
    try:
        async with asyncio.timeout(PATIENCE):
            problem: Unreached | None = await locks.clear(host, environment.path_on(host), run)
    except TimeoutError:
        return SafeText(f"no answer within {PATIENCE:.0f} s")
    return problem.message if problem else None
