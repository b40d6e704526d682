"""A rollback as a run of its own: each host goes to the release that it had before, or to one that was named. Nothing but a lock holds it up. Pure."""

from collections.abc import Collection
from datetime import datetime

from console.core.checks.balancers import assess_balancers, shown_only
from console.core.checks.database import assess_schema_back
from console.core.checks.fleet import assess_fleet, assess_lock, assess_way_back, spoken_of
from console.core.kinds.preflight_result import PreflightResult, unanswered
from console.core.plan.database_plan import revert_step
from console.core.plan.maintenance_steps import page_on, shows_page
from console.core.plan.return_plan import better_way, plan_way_back, shipped_again, way_to
from console.core.plan.shift_plan import plan_shift_back
from console.core.traffic.serving import is_balanced, serving
from console.core.words.durations import duration_words
from console.core.words.moments import moment_words
from console.model.checks import Check
from console.model.host import Host
from console.model.host_facts import HostFacts
from console.model.plan import Plan, ReturnTarget
from console.model.traffic import BalancerSeen
from console.model.values import changed
from console.safe_text import SafeText


def checks(found: PreflightResult) -> tuple[Check, ...]:
    """What the fleet is like is shown, and holds no rollback up: hosts that are not reached are owed, the others go back now."""
    facts, environment = found.facts, found.environment
    ways = tuple(destination(found, fact) for fact in facts if not fact.problem and fact.host in found.targets.goes_to)
    fleet = assess_fleet(facts, 0, 0, allowed_failures=len(facts), leave_out="hosts")
    shown = tuple(changed(check, blocking=False) for check in fleet)
    schema = (assess_schema_back(found.undoes, environment),) if found.undoes else ()
    spoken = spoken_of(facts, len(facts))
    remedy = shipped_again(ways, environment.name) or f"deploy rollback {environment.name} --to RELEASE"
    lock, goes = assess_lock(without_notes(spoken), found.run), assess_way_back(ways, len(ways), unanswered(spoken), remedy)
    goes = changed(goes, blocking=goes.status != "error" and not any(way.possible for way in ways), firm=True)
    traffic = shown_only(assess_balancers(environment, found.hosts, found.balancers, (), found.out))
    goes = _unknown_release(found, _old_side(found, goes))
    return (*shown, changed(lock, blocking=lock.status != "error"), goes, *schema, *traffic)


def _old_side(found: PreflightResult, goes: Check) -> Check:
    """What is said of the way back to a side that stood by: its hosts have another release now, or its time is over and it is started anew."""
    targets, keep = found.targets, found.environment.bluegreen.keep_old
    if not targets.leaving:
        return goes
    hint = f"deploy {found.environment.name} --version RELEASE"
    other = [name for name, release in targets.goes_to.items() if found.current.get(name, release) not in ("", release)]
    if other:
        words = f"{', '.join(other[:4])}: another release is live there now; release the version to go back to, to that side again"
        return Check("way-back", SafeText("Way back"), "failed", detail=SafeText(words), remedy=SafeText(hint), firm=True)
    if not _is_over(found) or goes.status not in ("passed", "warning"):
        return goes
    words = (
        f"the old side was kept ready until {duration_words(keep)} after {moment_words(targets.since)}: it is restarted and verified before it gets requests"
    )
    return changed(goes, status="warning", detail=SafeText("; ".join(filter(None, (words, str(goes.detail))))))


def _unknown_release(found: PreflightResult, goes: Check) -> Check:
    """Refuse to undo what this machine knows of, while the shared record is away, where another one has released since."""
    believed, goes_to = found.targets.believed, found.targets.goes_to
    other = [f"{host}: {live}" for host, live in found.current.items() if host in believed and live not in ("", believed[host], goes_to.get(host, ""))]
    if not other:
        return goes
    words = f"another machine released since this one did, and the shared record does not answer: live are {', '.join(other[:4])}"
    return changed(
        goes, status="failed", blocking=True, detail=SafeText(words), remedy=SafeText(f"deploy rollback {found.environment.name} --to RELEASE"), firm=True
    )


def _is_over(found: PreflightResult) -> bool:
    """Whether the time is over for which the old side of a blue/green release was to be ready."""
    since, keep = found.targets.since, found.environment.bluegreen.keep_old
    return bool(found.targets.leaving and since) and (found.now - datetime.fromisoformat(since)).total_seconds() > keep


def without_notes(facts: tuple[HostFacts, ...]) -> tuple[HostFacts, ...]:
    """The hosts without persons' notes: a note closes an environment to releases, and to nothing that recovers it."""
    return tuple(changed(fact, closed=None) for fact in facts)


def destination(found: PreflightResult, fact: HostFacts) -> ReturnTarget:
    """Where a host goes, and whether it can."""
    target = fact.current if fact.host in found.targets.untouched else found.targets.goes_to.get(fact.host, "")
    if fact.problem:
        return ReturnTarget(fact.host, target, possible=False, reason=fact.problem)
    return way_to(fact, target) if target else ReturnTarget(fact.host)


def plan(found: PreflightResult) -> Plan:
    """Every host that has somewhere to go, and can; a migration is taken back first, where that is declared."""
    stays = {fact.host for fact in found.facts if not destination(found, fact).possible}
    targets = {host.name: target for host in found.hosts if host.name not in stays and (target := _still_to_go(found, host)) is not None}
    before = revert_step(found.environment, found.undoes) if found.undoes else ()
    if found.targets.leaving:
        reached = {host.name for host in found.hosts}
        first = tuple(step for step in before if step.place in reached)
        return plan_shift_back(found.environment, targets, found.targets.leaving & reached, first, gated=True, restarts=_is_over(found))
    is_recreated = (found.targets.strategy or found.environment.strategy) == "recreate"
    how = "halves" if found.request.halves else "at-once" if found.request.at_once or is_recreated else _preferred(found, targets)
    first = tuple(step for step in before if step.place in targets)
    together = is_recreated and how != "halves"
    page = bool(targets) and together and shows_page(found.environment, "recreate", None)
    if page:
        on = page_on(found.environment, (), back=True)
        first = (on, *(changed(step, needs=(*step.needs, on.name)) for step in first))
    return plan_way_back(found.environment, targets, how, first, out=found.out, together=together, page=page, weights=bool(found.weights))


def _preferred(found: PreflightResult, targets: Collection[str]) -> str:
    serve = {name for seen in found.balancers if isinstance(seen, BalancerSeen) for name in serving(seen)}
    is_drained = any(is_balanced(found.environment, name) for name in targets)
    return better_way(len(targets), len(serve | set(targets)), is_drained=is_drained)


def _still_to_go(found: PreflightResult, host: Host) -> str | None:
    """The release that a host goes to; None where it goes nowhere, or is there already and was verified by the run that took it there."""
    target = found.targets.goes_to.get(host.name)
    return None if target == found.current[host.name] and host.name in found.targets.there_already else target
