"""What links to hosts allow: how many commands at once, and when hosts that lost theirs together lost them to the network. Pure."""

from collections.abc import Iterable, Iterator

from console.model.fleet import Environment
from console.model.state import HostState, RunState

FEW_SESSIONS = 3
"""A host that takes fewer commands at once gives no live numbers: one stays for work, and one for what a person asks meanwhile."""
NETWORK_HOSTS = 3
"""So many hosts within so many seconds: the network."""
NETWORK_SECONDS = 10.0


def lost_together(environment: Environment, state: RunState) -> tuple[str, ...]:
    """Return the hosts whose links were lost as a network loses them, and do not stand yet: three or more at once, or all behind a jump host."""
    for group, least in _groups(environment, state):
        together = _within(host for host in group if not host.linked and host.lost)
        if len(together) >= least:
            return tuple(sorted(host.name for host in together))
    return ()


def _groups(environment: Environment, state: RunState) -> Iterator[tuple[list[HostState], int]]:
    behind: dict[str, list[HostState]] = {}
    for host in environment.hosts:
        jump, known = host.jump or environment.ssh.jump, state.hosts.get(host.name)
        if known is not None and jump not in ("", host.name) and known.condition not in ("left-out", "unreachable"):
            behind.setdefault(jump, []).append(known)
    yield list(state.hosts.values()), NETWORK_HOSTS
    yield from ((hosts, len(hosts)) for hosts in behind.values() if len(hosts) > 1)


def _within(hosts: Iterable[HostState]) -> list[HostState]:
    """Return the most hosts that were lost within the network's time of each other."""
    lost = sorted(hosts, key=lambda host: host.lost)
    runs = ([late for late in lost[index:] if late.lost - early.lost <= NETWORK_SECONDS] for index, early in enumerate(lost))
    return max(runs, key=len, default=[])
