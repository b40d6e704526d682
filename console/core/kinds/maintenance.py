"""Maintenance mode, switched by a person or at its end: on record as a run that goes on beside the others. It has no pre-flight and no plan. Pure."""

from console.core.kinds.kind import Kind, KindWords, NoReturn, Unsteered
from console.core.kinds.preflight_result import Found
from console.model.checks import Check
from console.model.plan import Plan, Steps


def checks(_: Found) -> tuple[Check, ...]:
    """None: nothing holds it up."""
    return ()


def plan(found: Found) -> Plan:
    """One wave of its hosts without a step: pages are switched at once, by no plan."""
    return Plan("maintenance", (tuple(host.name for host in found.hosts),), Steps())


MAINTENANCE = Kind(
    "maintenance", KindWords("MAINTENANCE", "maintenance", "DONE"), checks, plan, no_return=NoReturn("maintenance mode changes no release"),
    unsteered=Unsteered("maintenance mode is switched at once, and takes no command", "deploy maintenance {environment}"),
    looked_at_with="deploy maintenance {environment}",
)  # fmt: skip
