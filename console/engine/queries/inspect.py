"""A look at hosts, all at once: what stands on each. For questions to an engine; a pre-flight asks for more (`preflight`)."""

from console.engine.catch_up.leftover_locks import without_leftovers
from console.engine.context import QueryContext
from console.engine.pacing import on_each
from console.model.host import Host
from console.model.host_facts import HostFacts

LOOK = 30.0
"""Seconds that a host has to answer."""


async def look_at_all(fleet: QueryContext, hosts: tuple[Host, ...]) -> tuple[HostFacts, ...]:
    """Return what stands on those hosts, the locks of runs that have ended among it."""
    return tuple(await on_each(hosts, lambda host: fleet.outside.scout.look(fleet.environment, host, deadline=LOOK)))


async def look_at(fleet: QueryContext, hosts: tuple[Host, ...]) -> tuple[HostFacts, ...]:
    """Return what stands on those hosts, in their order; one that is not reached says why. The lock of a run that has ended is none."""
    return await without_leftovers(fleet.journal, await look_at_all(fleet, hosts))
