"""A catch-up: hosts that are owed something, and answer again, are brought up to date. The engine opens it by itself. Pure."""

from console.core.checks.balancers import assess_balancers
from console.core.checks.fleet import assess_fleet, assess_lock
from console.core.kinds.preflight_result import PreflightResult
from console.core.plan.planner import plan_catch_up
from console.errors import NoGo
from console.model.checks import Check
from console.model.plan import Plan


def checks(found: PreflightResult) -> tuple[Check, ...]:
    """The verdicts on the fleet and its locks; the release itself was judged when it was made."""
    live = found.catches_up
    on_disk = found.on_disk(live.release.id) if live else frozenset[str]()
    traffic = assess_balancers(found.environment, found.hosts, found.balancers, (), found.out)
    return (*assess_fleet(found.facts, *found.shipped, found.environment.rolling.max_failures, on_disk), assess_lock(found.spoken, found.run), *traffic)


def plan(found: PreflightResult) -> Plan:
    """Owed hosts to what the environment is. Raises NoGo where that is not known."""
    live = found.catches_up
    if live is None:
        raise NoGo("there is no release to plan with")
    return plan_catch_up(found.environment, found.hosts, live.release.id, found.on_disk(live.release.id), found.first, live.content, found.out)
