"""A restart: the application is restarted host by host, each behind its gate; its release stays. Pure."""

from console.core.checks.balancers import assess_balancers, shown_only
from console.core.checks.fleet import assess_fleet, assess_live, assess_lock, overridden
from console.core.kinds.preflight_result import PreflightResult
from console.core.plan.planner import plan_restart
from console.core.plan.strategies.rolling import waves_of
from console.model.checks import Check
from console.model.plan import Plan


def checks(found: PreflightResult) -> tuple[Check, ...]:
    """The verdicts on the fleet, and that a release is live on every host."""
    fleet = assess_fleet(found.facts, 0, 0, found.environment.rolling.max_failures, leave_out="hosts")
    traffic = assess_balancers(found.environment, found.hosts, found.balancers, waves_of(found.environment.rolling.batch, found.hosts), found.out)
    traffic = traffic if any(check.firm for check in traffic) else shown_only(traffic)
    return overridden((*fleet, assess_lock(found.spoken, found.run), assess_live(found.spoken), *traffic), found.request.overrides)


def plan(found: PreflightResult) -> Plan:
    """Every host that was reached, in the waves of the file: a restart is no faster than a release."""
    return plan_restart(found.environment, found.hosts, found.current, found.out, weights=bool(found.weights))
