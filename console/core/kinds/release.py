"""A release: a commit is brought to the fleet in waves, and taken back by itself where the file says so. Pure."""

from console.core.analysis.judged_metrics import judged_metrics
from console.core.checks.announcement import assess_announcement
from console.core.checks.balancers import assess_balancers, assess_sides
from console.core.checks.branch_and_work_tree import assess_behind, assess_branch, assess_tree
from console.core.checks.calendar import assess_closed, assess_freeze
from console.core.checks.database import assess_backup, assess_migrations, with_schema
from console.core.checks.direction import assess_direction
from console.core.checks.fleet import assess_fleet, assess_lock, assess_way_back, overridden, spoken_of
from console.core.checks.staging import assess_staging, expected_content
from console.core.checks.team import assess_team, needed_operators
from console.core.kinds.preflight_result import PreflightResult, unanswered
from console.core.plan.critical_steps import never_tried
from console.core.plan.maintenance_steps import shows_page
from console.core.plan.planner import plan_release
from console.core.plan.return_plan import way_back
from console.core.plan.strategies.canary import parts_of
from console.core.plan.strategies.order import Waves
from console.core.plan.strategies.rolling import waves_of
from console.core.traffic.bluegreen_sides import BLUEGREEN, Sides
from console.errors import NoGo
from console.model.checks import Check
from console.model.configured_environment import Environment
from console.model.database_facts import Review
from console.model.plan import Plan
from console.model.release_facts import Release, Revision
from console.model.values import changed
from console.safe_text import SafeText


def checks(found: PreflightResult) -> tuple[Check, ...]:
    """The verdicts on the commit, the calendar, the people, the fleet and the database. Raises NoGo where no commit is known."""
    environment, request, revision = found.environment, found.request, found.revision
    if revision is None:
        raise NoGo("there is no commit to release")
    ways = tuple(way_back(fact) for fact in found.returning)
    live = sum(bool(fact.current) for fact in found.returning)
    judged = (
        assess_branch(environment.branches, environment.release_tags, revision),
        assess_tree(revision),
        assess_behind(revision, environment.protected, environment.repository),
        assess_direction(revision, spoken_of(found.in_use, environment.rolling.max_failures), found.relations, found.attempts),
        assess_closed(environment.closed, found.local, request.hotfix),
        assess_freeze(environment.freezes, found.local, request.hotfix),
        *_staging(found),
        *assess_fleet(found.facts, *found.shipped, environment.rolling.max_failures, leave_out="without"),
        assess_lock(found.spoken, found.run, found.ceding),
        *_traffic(found),
        *_database(found),
        with_schema(assess_way_back(ways, live, unanswered(found.spoken)), found.review or Review()),
        *_untried(found),
        assess_announcement(environment.announce, request.impact),
        assess_team(needed_operators(environment.team_required, request.impact), found.by, found.joined),
    )
    return overridden(judged, request.overrides)


def _untried(found: PreflightResult) -> tuple[Check, ...]:
    """The critical paths that this release tries nowhere; no verdict where it tries each."""
    untried = never_tried(found.environment, found.strategy, found.hosts)
    if not untried:
        return ()
    words = "; ".join(f"{name} is not tried: {why.words}" for name, why in untried.items())
    remedy = 'at = ["canary", "end"] tries it with every strategy' if any(why.is_for_canaries for why in untried.values()) else ""
    return (Check("critical", SafeText("Critical paths"), "warning", blocking=False, detail=SafeText(words), remedy=SafeText(remedy)),)


def _traffic(found: PreflightResult) -> tuple[Check, ...]:
    """The verdict on the balancers; for a blue/green release on its sides too."""
    environment = found.environment
    judged = assess_balancers(environment, found.hosts, found.balancers, _together(found), found.out)
    if found.strategy != BLUEGREEN or any(check.blocks for check in judged):
        return judged
    chosen = {host.name for host in found.hosts} | {name for name, _ in found.request.without}
    away = {fact.host for fact in found.facts if fact.problem}
    return (assess_sides(environment, found.sides, chosen, away=away, is_first=not any(found.current.values())),)


def _together(found: PreflightResult) -> Waves:
    """Hosts that are out of the traffic at the same time."""
    environment, hosts = found.environment, found.hosts
    if found.strategy == "canary":
        return tuple(wave for part in parts_of(environment, hosts, found.loads) for wave in part)
    return waves_of(environment.rolling.batch, hosts) if found.strategy == "rolling" else ()


def release_of_commit(run: str, revision: Revision) -> Release:
    """The release that a run makes of a commit; its id, the folder on hosts, is the run's time and the commit."""
    return Release(f"{run.split('-', maxsplit=1)[0]}-{revision.commit[:7]}", revision.version, revision.commit)


def _staging(found: PreflightResult) -> tuple[Check, ...]:
    environment = found.environment
    if not environment.requires or found.made is None:
        return ()
    return (assess_staging(environment.requires, environment.requires_within, found.made, found.verified, found.now, found.fared_there),)


def _database(found: PreflightResult) -> tuple[Check, ...]:
    database = found.environment.database
    if database is None or found.review is None:
        return ()
    return (assess_backup(database, found.review, found.now), assess_migrations(found.review, found.request.impact))


def plan(found: PreflightResult) -> Plan:
    """Ship, migrate, waves, close. Raises NoGo where no release is known."""
    if found.release is None:
        raise NoGo("there is no release to plan with")
    unbacked = any(check == "backup" for check, _ in found.request.overrides)
    review = found.review or Review()
    environment = _planned_by(found)
    page = shows_page(environment, environment.strategy, found.request.impact.downtime)
    return plan_release(
        environment, found.changing, found.release.id, found.first, review, unbacked=unbacked, expects=_expected(found), out=found.out, page=page,
        loads=found.loads, weights=bool(found.weights), aside=frozenset(found.sides.serving if isinstance(found.sides, Sides) else ()),
    )  # fmt: skip


def _planned_by(found: PreflightResult) -> Environment:
    """The environment with the strategy that was asked for. Raises NoGo where a canary that the file does not know has nothing to judge by."""
    environment = changed(found.environment, strategy=found.strategy)
    if environment.strategy == "canary" and environment.canary.analysis and len(found.hosts) > 1 and not judged_metrics(environment):
        hint = 'an HAProxy as balancer, or metrics.error_rate; analysis = "0s" in the canary\'s table goes on without'
        raise NoGo("a canary has nothing to judge new hosts by: no balancer counts requests, and no metrics are configured", hint)
    return environment


def _expected(found: PreflightResult) -> str:
    """The digest that the release must have, where another commit was verified in its place; empty: any."""
    if found.made is None or any(check == "staging" for check, _ in found.request.overrides):
        return ""
    return expected_content(found.made, found.verified)
