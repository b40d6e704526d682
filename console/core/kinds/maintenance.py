"""Maintenance mode, switched by a person or at its end: on record as a run that goes on beside the others. It has no pre-flight and no plan. Pure."""

from console.core.kinds.preflight_result import PreflightResult
from console.model.checks import Check
from console.model.plan import Plan, Steps


def checks(_: PreflightResult) -> tuple[Check, ...]:
    """None: nothing holds it up."""
    return ()


def plan(found: PreflightResult) -> Plan:
    """One wave of its hosts without a step: pages are switched at once, by no plan."""
    return Plan("maintenance", (tuple(host.name for host in found.hosts),), Steps())
