"""When a run's lock on hosts is stale, so that it may be broken: its run is dead, or counts as dead. Pure; who asks hosts and breaks locks is not known here.

The engine that carries a run says on each host every `HEARTBEAT` seconds that it lives. Its lock is stale where that engine is known to be gone, where nobody
carries the run by the record, or else once it has said nothing there for `DEAD_AFTER` seconds by the host's own clock.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from console.errors import Locked, UsageFault
from console.model.host_facts import HostFacts

HEARTBEAT: Final = 10.0
"""Seconds between two heartbeats on each host."""
DEAD_AFTER: Final = 60.0
"""Seconds without a heartbeat after which a run counts as dead, where it is not known that nobody carries it."""
ANY_AGE: Final = -1e9
"""The same for a run of this record that nobody carries: it is dead, whatever the host's clock says."""


class StaleLock(NamedTuple):
    """A lock that may be broken: the hosts that have it, and the epoch of those whose engine is known to be gone, by host."""

    hosts: tuple[str, ...]
    gone: dict[str, str]


def stale_lock(facts: Iterable[HostFacts], run: str, dead_after: float, environment: str, *, is_ours: bool) -> StaleLock:
    """Return the lock of that run where it is stale. `dead_after`: `DEAD_AFTER` or `ANY_AGE`; `is_ours`: this record has the run, so an engine that is gone
    tells. Raises Locked where the run may be alive, and UsageFault where it holds no host but others do."""
    held = [(fact.host, fact.lock) for fact in facts if fact.lock]
    hosts = tuple(host for host, lock in held if lock.run == run)
    gone = {host: lock.epoch for host, lock in held if is_ours and lock.run == run and lock.is_gone}
    alive = [(host, lock.heartbeat_age) for host, lock in held if lock.run == run and host not in gone and lock.heartbeat_age < dead_after]
    if alive:
        host, age = min(alive, key=lambda each: each[1])
        raise Locked(
            f"run {run} may be alive on another machine: {host} heard from it {age:.0f} s ago, and it counts as dead after {dead_after:.0f} s: say this again "
            f"in {dead_after - age:.0f} s, or end it where it was started, by abort",
            f"deploy unlock {environment} --run {run} --reason TEXT",
        )
    others = sorted({lock.run or str(lock.by) for _, lock in held})
    if others and not hosts:
        raise UsageFault(f"run {run} holds no host: {', '.join(others)} does", f"deploy unlock {environment} --run {others[0]} --reason TEXT")
    return StaleLock(hosts, gone)
