"""Which hosts are owed a release: no later run has brought them to what the environment is. Pure; updated when a run ends."""

from console.core.kinds.kind_table import kind_of
from console.model.debt import Debt
from console.model.environment_record import Debts, OwedHost
from console.model.state import HostState, RunState

OWING = frozenset({5, 8})
"""Exit codes of runs that may leave a debt."""


def debts_after(before: Debts, state: RunState, number: int) -> Debts:
    """Return what is owed once that run has ended. `number`: its place in the record.

    A release that a host has taken pays what was owed to it before, and so does a rollback. What a release left out is not owed any more once
    that release is undone as a whole: then the environment is what the host is. What such a release had paid is owed again.
    """
    known = _undone(before) if _undoes(state) else before.owed
    pays = {host.name for host in state.hosts.values() if _is_paid(state, host)}
    paid = tuple(one for one in known if one.debt.host in pays)
    kept = tuple(one for one in known if one.debt.host not in pays)
    owed = _newest_first((*_opened(state, number), *kept))
    if state.kind in ("restart", "catch-up"):
        return Debts(owed, (*before.paid, *paid), before.since)
    return Debts(owed, paid, number)


def forgiven(before: Debts, run: str, host: str) -> Debts:
    """Return what is owed once a person has closed what that run owes that host."""

    def without(debts: tuple[OwedHost, ...]) -> tuple[OwedHost, ...]:
        return tuple(one for one in debts if (one.debt.run, one.debt.host) != (run, host))

    return Debts(without(before.owed), without(before.paid), before.since)


def _opened(state: RunState, number: int) -> tuple[OwedHost, ...]:
    left_out = {name for name, _ in state.request.without}
    return tuple(
        OwedHost(number, Debt(host.name, state.run, host.detail, state.ended_at, left_out=host.name in left_out))
        for host in state.hosts.values()
        if host.condition == "owed"
    )


def _undone(before: Debts) -> tuple[OwedHost, ...]:
    """What is owed once the last release, and the catch-ups since, are undone."""
    kept = (one for one in before.owed if not (one.debt.left_out and one.number >= before.since))
    return _newest_first((*kept, *before.paid))


def _newest_first(debts: tuple[OwedHost, ...]) -> tuple[OwedHost, ...]:
    return tuple(sorted(debts, key=lambda one: -one.number))


def _is_paid(state: RunState, host: HostState) -> bool:
    return host.condition == kind_of(state).pays


def _undoes(state: RunState) -> bool:
    return state.kind == "rollback" and state.exit == 0 and not state.request.ref and not state.request.hosts
