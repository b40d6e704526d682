"""Which hosts are owed something: what no later run has made of them what the environment is. Pure; runs come in as states, newest first."""

from collections.abc import Iterable

from console.model.debt import Debt
from console.model.state import HostState, RunState

OWING = frozenset({5, 8})
"""Exit codes of runs that may leave a debt."""


def open_debts(states: Iterable[RunState], hosts: frozenset[str]) -> tuple[Debt, ...]:
    """Return what is owed to those hosts, in the order of runs, newest first. Reads no more states than it takes to know.

    A release that a host has taken pays what was owed to it before, and so does a rollback. What a release left out is not owed any more once
    that release is undone as a whole: then the environment is what the host is.
    """
    paid: set[str] = set()
    found: list[Debt] = []
    undone = False
    for state in states:
        takes_back, undone = undone, undone and state.kind in ("restart", "catch-up")
        for host in state.hosts.values():
            if host.name in paid or host.name not in hosts:
                continue
            if host.condition == "owed" and not (takes_back and _was_left_out(state, host)):
                found.append(Debt(host.name, state.run, host.detail, state.ended_at, left_out=_was_left_out(state, host)))
            elif _is_paid(state, host) and not takes_back:
                paid.add(host.name)
        if hosts <= paid:
            break
        undone = undone or _undoes(state)
    return tuple(found)


def _was_left_out(state: RunState, host: HostState) -> bool:
    return any(name == host.name for name, _ in state.request.without)


def _is_paid(state: RunState, host: HostState) -> bool:
    return (host.condition == "new" and state.kind in ("deploy", "catch-up")) or (host.condition == "back" and state.kind == "rollback")


def _undoes(state: RunState) -> bool:
    return state.kind == "rollback" and state.exit == 0 and not state.request.ref and not state.request.hosts
