"""`deploy exec`: a command of a person's on hosts, on record as a run. It has no pre-flight and no plan, and ends with the console that runs it. Pure."""

from console.core.kinds.preflight_result import PreflightResult
from console.model.checks import Check
from console.model.plan import Plan, Steps


def checks(_: PreflightResult) -> tuple[Check, ...]:
    """None: what a person types is that person's affair."""
    return ()


def plan(found: PreflightResult) -> Plan:
    """One wave of its hosts without a step: what runs is the console's, and no step of a plan."""
    return Plan("exec", (tuple(host.name for host in found.hosts),), Steps())
