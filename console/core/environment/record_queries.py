"""Answers from the record of an environment: debts and what happens next to each, healthy hosts, locks that were left. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from console.core.checks.health_at_rest import is_healthy, said_of
from console.core.environment.verification import is_open
from console.core.plan.lanes import gates_of
from console.core.run.usual_times import usual_by_kind
from console.model.configured_environment import Environment
from console.model.debt import Debt
from console.model.environment_record import EnvironmentRecord, HostRecord, Live, Unclear
from console.model.fleet_snapshot import LastRun
from console.model.host_facts import HostFacts
from console.model.values import changed
from console.safe_text import SafeText


class Leftover(NamedTuple):
    """Hosts that a run which has ended may still hold."""

    run: str
    hosts: tuple[str, ...]


def debts_of(record: EnvironmentRecord) -> tuple[Debt, ...]:
    """Return what is owed, newest run first."""
    return tuple(one.debt for one in record.debts.owed)


def owed_now(record: EnvironmentRecord, unpaid: str = "") -> tuple[Debt, ...]:
    """Return what is owed, and what happens next to each. `unpaid`: why this engine brings no host up to date; empty: it does."""
    return tuple(changed(debt, next=SafeText(_next_of(debt, record.live, unpaid))) for debt in debts_of(record))


def _next_of(debt: Debt, live: Live | Unclear, unpaid: str) -> str:
    if isinstance(live, Unclear):
        return f"a person must decide which release it gets: {live.words}"
    if unpaid:
        return f"it gets {live.release.version or live.release.id} with the next release; not by itself: {unpaid}"
    when = "with the next release, or when it reconnects" if debt.left_out else "once it answers again"
    return f"it gets {live.release.version or live.release.id} {when}"


def failed_run(record: EnvironmentRecord) -> LastRun | None:
    """Return the newest run that left the environment unverified, and that none has made good since."""
    return next((one.run for one in reversed(record.unverified) if is_open(one)), None)


def leftovers(record: EnvironmentRecord, hosts: Iterable[str]) -> tuple[Leftover, ...]:
    """Return what runs that have ended may still hold of those hosts; a run that came after has taken their locks away."""
    found: dict[str, list[str]] = {}
    for name in hosts:
        host = record.hosts.get(name)
        if host is not None and host.lock_left:
            found.setdefault(host.locked_by, []).append(name)
    return tuple(Leftover(run, tuple(sorted(names))) for run, names in sorted(found.items(), reverse=True))


def drained_hosts(record: EnvironmentRecord) -> frozenset[str]:
    """Return the hosts that a run took out of a balancer's traffic, and none has put back: they stand by, or were left so."""
    return frozenset(name for name, host in record.hosts.items() if host.drained)


def healthy_hosts(record: EnvironmentRecord, environment: Environment, facts: Iterable[HostFacts]) -> dict[str, bool | None]:
    """Return whether what is live on each host is well, by what it showed and by what runs said of it last; None: nobody can say."""
    owing = {debt.host for debt in debts_of(record)}
    gated = {host.name for host in environment.hosts if gates_of(environment, host)}
    found: dict[str, bool | None] = {}
    for fact in facts:
        said = said_of(record.hosts.get(fact.host, HostRecord()).verdict, has_gate=fact.host in gated)
        found[fact.host] = is_healthy(fact, said, owed=fact.host in owing)
    return found


def usual_seconds(record: EnvironmentRecord) -> dict[str, float]:
    """Return how long each kind of step took in the last runs."""
    return usual_by_kind(record.usual)
