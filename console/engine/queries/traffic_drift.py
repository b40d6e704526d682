"""Hosts that get requests although a run took them out of the traffic: a balancer forgets a drain in a reload, or somebody put them back. Reads only."""

import asyncio
from collections.abc import Mapping, Sequence

from console.core.traffic.serving import serving
from console.engine.context import QueryContext
from console.model.environment_record import EnvironmentRecord
from console.model.host_facts import HostFacts
from console.model.traffic import BalancerSeen
from console.model.values import changed
from console.safe_text import SafeText

PATIENCE = 3.0
"""Seconds that a balancer has to answer; one that does not is no sign that its hosts get requests."""


async def readmitted(fleet: QueryContext, record: EnvironmentRecord) -> dict[str, SafeText]:
    """Return by host what is to be said of those that get requests again. While a run goes on none does: it moves the traffic itself."""
    drained = {name: host.drained for name, host in record.hosts.items() if host.drained}
    asked = [balancer for balancer in fleet.outside.balancers if any(balancer.name in names for names in drained.values())]
    if not asked or await fleet.open_run():
        return {}
    looks = await asyncio.gather(*(balancer.look(deadline=PATIENCE) for balancer in asked))
    serves = {one.balancer: frozenset(serving(one)) for one in looks if isinstance(one, BalancerSeen)}
    again = {name: [where for where in names if name in serves.get(where, ())] for name, names in drained.items()}
    return {name: SafeText(f"gets requests at {', '.join(where)}, where a run took it out") for name, where in again.items() if where}


def drifted(facts: Sequence[HostFacts], again: Mapping[str, SafeText]) -> tuple[HostFacts, ...]:
    """Return the hosts with that as drift, ahead of what has changed on them."""
    if not again:
        return tuple(facts)
    return tuple(changed(fact, drift=_beside(again[fact.host], fact.drift)) if fact.host in again else fact for fact in facts)


def _beside(words: SafeText, drift: SafeText) -> SafeText:
    return SafeText(f"{words}; {drift}") if drift else words
