"""When hosts that lost theirs together lost them to the network. Pure."""

from collections.abc import Iterable, Iterator

from console.core.host_conditions import OUT_OF_REACH
from console.model.configured_environment import Environment
from console.model.host_set import HostSet
from console.model.state import HostState, RunState

FEWEST_TOGETHER = 2
"""Fewer hosts behind a jump host than these are no sign of its network."""
NETWORK_HOSTS = 3
"""So many hosts within so many seconds: the network."""
NETWORK_SECONDS = 10.0


def lost_together(environment: Environment, state: RunState) -> tuple[str, ...]:
    """Return the hosts whose links were lost as a network loses them, and do not stand yet: three or more at once, or all behind a jump host."""
    cut = state.tally.cut
    if len(cut) < FEWEST_TOGETHER:
        return ()
    for group, least in _groups(environment, state):
        together = _within(state.hosts[name] for name in group & cut)
        if len(together) >= least:
            return tuple(sorted(host.name for host in together))
    return ()


def _groups(environment: Environment, state: RunState) -> Iterator[tuple[HostSet, int]]:
    """Hosts that a network may lose together, and how many at once are that. Of jump hosts, those that no host behind them answers over any more."""
    tally = state.tally
    yield tally.cut, NETWORK_HOSTS
    away = tally.nobody
    for condition in OUT_OF_REACH:
        away = away | tally.conditions.get(condition, tally.nobody)
    for names in environment.behind_jumps.values():
        if all(name in tally.cut or name in away or name not in state.hosts for name in names):
            group = tally.nobody.only(names) - away
            if len(group) >= FEWEST_TOGETHER:
                yield group, len(group)


def _within(hosts: Iterable[HostState]) -> list[HostState]:
    """Return the most hosts that were lost within the network's time of each other."""
    lost = sorted(hosts, key=lambda host: host.lost)
    best, begin = (0, 0), 0
    for end, late in enumerate(lost, 1):
        while late.lost - lost[begin].lost > NETWORK_SECONDS:
            begin += 1
        best = max(best, (end - begin, -begin))
    return lost[-best[1] : -best[1] + best[0]]
