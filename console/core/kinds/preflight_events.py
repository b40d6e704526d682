"""What a pre-flight found, as the events that its run records: hosts as they are, verdicts, the plan. Pure; who looked is not known here."""

from collections.abc import Iterator

from console.core.checks.fleet import named
from console.core.kinds.kind_judges import JUDGES
from console.core.kinds.kind_table import KINDS
from console.core.kinds.preflight_result import PreflightResult
from console.core.kinds.rollback import destination
from console.core.plan.return_plan import way_back
from console.core.traffic.serving import out_of
from console.errors import Problem
from console.model.events import CheckReported, DatabaseReviewed, Event, HostSeen, PlanMade, RevisionResolved, TrafficChanged, WeightsChanged
from console.model.host_facts import HostFacts
from console.safe_text import SafeText


def events_of(found: PreflightResult) -> Iterator[Event]:
    """What was found of hosts, of the commit and of the database, and every verdict on that."""
    yield from (seen(fact) for fact in found.facts)
    yield from _out_of_traffic(found)
    yield from _weights_left(found)
    if found.review is not None:
        yield DatabaseReviewed(review=found.review)
    if found.revision and found.release:
        yield RevisionResolved(revision=found.revision, release=found.release, live=_live(found.in_use))
    for check in JUDGES[found.request.kind].checks(found):
        yield CheckReported(check=named(check, found.environment.name))


def _out_of_traffic(found: PreflightResult) -> Iterator[TrafficChanged]:
    """The hosts that get no requests now: those that somebody else took out, and those that a run before this one did."""
    chosen = {fact.host for fact in found.facts}
    for name, balancers in out_of(found.balancers).items():
        ours = found.ours.get(name, frozenset())
        for balancer in sorted(balancers) if name in chosen else ():
            yield TrafficChanged(host=name, balancer=balancer, mark="drained" if balancer in ours else "left")


def _weights_left(found: PreflightResult) -> Iterator[WeightsChanged]:
    """Weights that a run before this one set, and did not put back."""
    if found.request.kind in ("deploy", "rollback", "restart"):
        yield from (WeightsChanged(balancer=name, mark="set", own=dict(own)) for name, own in found.weights.items())


def plan_of(found: PreflightResult, usual: dict[str, float]) -> Iterator[Event]:
    """The plan, with where each host would go back to; nothing where no host is to change. `usual`: seconds that steps took in runs before."""
    if not found.changing or isinstance(found.sides, Problem):
        return
    is_return = KINDS[found.request.kind].is_return
    ways = tuple(destination(found, fact) if is_return else way_back(fact) for fact in found.facts)
    yield PlanMade(plan=JUDGES[found.request.kind].plan(found), way_back=ways, usual=usual)


def seen(fact: HostFacts) -> HostSeen:
    """What a host had before the run."""
    release = fact.release(fact.current)
    return HostSeen(host=fact.host, release=fact.current, version=release.version if release else SafeText(""), problem=fact.problem)


def _live(facts: tuple[HostFacts, ...]) -> tuple[SafeText, ...]:
    versions = [release.version for fact in facts if (release := fact.release(fact.current))]
    return tuple(sorted(set(versions), key=lambda version: (-versions.count(version), version)))
