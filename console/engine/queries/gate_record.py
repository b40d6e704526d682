"""What gates said last of each host, by the record of the newest runs. Knows the journal; what that comes to is `core.checks.health_at_rest`'s."""

from collections.abc import Iterable, Iterator
from itertools import islice

from console.core.checks.health_at_rest import Said, is_healthy
from console.core.plan.lanes import gates_of
from console.engine.queries.ended_runs import ACTED, BACK, gates_in
from console.errors import ConsoleError
from console.model.debt import Debt
from console.model.fleet import Environment
from console.model.host_facts import HostFacts
from console.ports.journal import Journal, RunSummary

RUNS = 20
"""Runs that worked on hosts, among which a host's last one is sought."""
CHANGING = frozenset({"deploy", "rollback", "restart", "catch-up"})


def gates_said(journal: Journal, environment: Environment) -> dict[str, Said]:
    """What the last run that worked on each host said of it; a record that cannot be read says nothing well."""
    hosts = frozenset(host.name for host in environment.hosts)
    gated = frozenset(host.name for host in environment.hosts if gates_of(environment, host))
    found: dict[str, Said] = {}
    try:
        for run in islice(_working(journal, environment), RUNS):
            found = {**gates_in(journal, run.run, gated, ended=run.outcome is not None), **found}
            if hosts <= found.keys():
                break
    except ConsoleError:
        return dict.fromkeys(hosts, "unknown")
    return found


def _working(journal: Journal, environment: Environment) -> Iterator[RunSummary]:
    """The runs that worked on hosts, or may do so now, newest first."""
    runs = journal.runs(environment.app, environment.name, limit=BACK)
    return (run for run in runs if run.kind in CHANGING and (run.exit is None or run.exit in ACTED))


def healthy_hosts(journal: Journal, environment: Environment, facts: Iterable[HostFacts], owed: Iterable[Debt]) -> dict[str, bool | None]:
    """Whether what is live on each host is well; None: nobody can say."""
    said, owing = gates_said(journal, environment), frozenset(debt.host for debt in owed)
    return {fact.host: is_healthy(fact, said.get(fact.host), owed=fact.host in owing) for fact in facts}
