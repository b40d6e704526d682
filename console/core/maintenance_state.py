"""What the answers of hosts and balancers add up to: whether users are shown a maintenance page. Pure.

A host is counted where it has a command `maintenance_on`, a balancer where it has `maintenance = true`. What gave no answer is never off.
"""

from collections.abc import Iterable

from console.core.words.moments import moment_words
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_facts import HostFacts
from console.model.maintenance_mode import Maintenance, MaintenanceState, PlaceSeen
from console.safe_text import SafeText

ON, OFF = "maintenance_on", "maintenance_off"


def hosts_with_page(environment: Environment) -> tuple[Host, ...]:
    """Return the hosts that have a maintenance page of their own."""
    return tuple(host for host in environment.hosts if environment.command(host, ON))


def balancers_with_page(environment: Environment) -> tuple[str, ...]:
    """Return the names of the balancers that show one."""
    return tuple(balancer.name for balancer in environment.balancers if balancer.maintenance)


def without_end(environment: Environment) -> tuple[str, ...]:
    """Return the hosts whose page could be shown and not taken away: they have no command `maintenance_off`."""
    return tuple(host.name for host in hosts_with_page(environment) if environment.command(host, OFF) is None)


def is_configured(environment: Environment) -> bool:
    """Whether there is anything that users could be shown."""
    return bool(hosts_with_page(environment) or balancers_with_page(environment))


def host_seen(fact: HostFacts) -> PlaceSeen:
    """Say what a host shows, by what the console left there when its commands ended well."""
    if fact.problem:
        return PlaceSeen(fact.host, "unknown", why=fact.problem, hint=fact.hint)
    left = fact.maintenance
    if left is None:
        return PlaceSeen(fact.host, "off")
    if left.state == "on":
        return PlaceSeen(fact.host, "on")
    verb = "on" if left.state == "turning-on" else "off"
    return PlaceSeen(
        fact.host, "half", why=SafeText(f"maintenance_{verb} was begun by {left.by} at {moment_words(left.since)} and is not known to have ended well")
    )


def state_of(places: Iterable[PlaceSeen], kept: Maintenance | None) -> MaintenanceState:
    """Return the state of all places together. `kept`: what is on record; while there is something, silence is no `off`."""
    shown = {place.shows for place in places}
    if shown <= {"off"}:
        return "off"
    if shown == {"on"}:
        return "on"
    if shown == {"unknown"} or (shown == {"off", "unknown"} and kept is None):
        return "unknown"
    return "mixed"


def left_on(facts: Iterable[HostFacts]) -> Maintenance | None:
    """Return who shows users a page by what stands on the hosts; None: no host says."""
    left = next((fact.maintenance for fact in facts if fact.maintenance and fact.maintenance.state == "on"), None)
    return Maintenance(left.by, left.since, left.message, left.until, left.run) if left else None
