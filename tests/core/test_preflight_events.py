"""What a pre-flight's findings are in the record: hosts as they were seen, traffic and weights that an earlier run left, verdicts, and the plan with its way back."""

import pytest

from console.core.kinds.preflight_events import events_of, plan_of, seen
from console.core.rollback_targets import Targets
from console.errors import NoGo
from console.model.configured_environment import Environment
from console.model.database_facts import Review
from console.model.environment_record import Live
from console.model.events import CheckReported, DatabaseReviewed, Event, HostSeen, PlanMade, RevisionResolved, TrafficChanged, WeightsChanged
from console.model.host_facts import HostFacts, HostRelease
from console.model.plan import ReturnTarget
from console.model.request import Request, RunKind
from console.model.traffic import BalancerProblem, BalancerSeen, OwnWeight, ServerTraffic
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import NAME, balanced
from tests.core.simulation import NEW, OLD
from tests.core.test_kind_table import DATABASE, FLEET, MIGRATES, ON_NEW, ON_OLD, RELEASE, REVISION, a_fleet, away, found
from tests.core.test_kind_table import seen as fact

BALANCED = balanced(3)
THREE = ("web01", "web02", "web03")

HOSTS = [
    ("a release is live", fact("web01"), HostSeen(host="web01", release=OLD, version=SafeText("v1"))),
    ("none is live yet", fact("web01", current="", releases=()), HostSeen(host="web01")),
    ("one is live whose folder says nothing of its version", fact("web01", current="r7"), HostSeen(host="web01", release="r7")),
    ("it is away", away("web01"), HostSeen(host="web01", problem=SafeText("no route"))),
    ("a newer one lies beside it", fact("web01", releases=(ON_OLD, ON_NEW)), HostSeen(host="web01", release=OLD, version=SafeText("v1"))),
]


@pytest.mark.parametrize(("facts", "event"), [pytest.param(*row[1:], id=row[0]) for row in HOSTS])
def test_a_host_is_recorded_as_it_was_seen(facts: HostFacts, event: HostSeen):
    assert seen(facts) == event


def kinds_of(events: list[Event]) -> list[type[Event]]:
    """The kinds of those events, each once, in the order in which they come."""
    return list(dict.fromkeys(type(event) for event in events))


ORDER = [
    ("a release", found(), [HostSeen, RevisionResolved, CheckReported]),
    ("a release with a database", found(**MIGRATES), [HostSeen, DatabaseReviewed, RevisionResolved, CheckReported]),
    ("a restart", found("restart", revision=None, release=None), [HostSeen, CheckReported]),
    ("a release whose name is not known yet", found(release=None), [HostSeen, CheckReported]),
    ("an exec", found("exec", revision=None, release=None), [HostSeen]),
    ("a catch-up", found("catch-up", catches_up=Live(RELEASE, "d1"), revision=None), [HostSeen, CheckReported]),
]


@pytest.mark.parametrize(("inputs", "kinds"), [pytest.param(*row[1:], id=row[0]) for row in ORDER])
def test_what_was_seen_comes_before_what_it_is_worth(inputs, kinds: list[type[Event]]):
    assert kinds_of(list(events_of(inputs))) == kinds


def test_every_host_is_told_of_in_the_order_of_the_fleet_the_silent_ones_too():
    events = [event for event in events_of(found(facts=a_fleet(web02=away("web02")))) if isinstance(event, HostSeen)]
    assert [(event.host, str(event.problem)) for event in events] == [("web01", ""), ("web02", "no route"), ("web03", "")]


LIVE = [
    ("one version everywhere", a_fleet(), ["v1"]),
    ("the one of most hosts comes first", a_fleet(web01=fact("web01", current=NEW, releases=(ON_OLD, ON_NEW))), ["v1", "v2"]),
    (
        "of two alike the first by name",
        (fact("web01"), fact("web02", current=NEW, releases=(ON_OLD, ON_NEW)), away("web03")),
        ["v1", "v2"],
    ),
    ("a host without a release has none", a_fleet(web01=fact("web01", current="", releases=())), ["v1"]),
    ("nothing is live", tuple(fact(name, current="", releases=()) for name in THREE), []),
    ("a release without a name is told as it is", tuple(fact(name, releases=(HostRelease(OLD),)) for name in THREE), [""]),
]


@pytest.mark.parametrize(("facts", "versions"), [pytest.param(*row[1:], id=row[0]) for row in LIVE])
def test_the_versions_that_are_live_stand_with_the_commit(facts: tuple[HostFacts, ...], versions: list[str]):
    (event,) = (event for event in events_of(found(facts=facts)) if isinstance(event, RevisionResolved))
    assert (event.revision, event.release, list(map(str, event.live))) == (REVISION, RELEASE, versions)


def test_what_is_known_of_the_database_is_recorded_as_it_is():
    review = Review(runs=True, where="web01", backs_up=True)
    (event,) = (event for event in events_of(found(environment=changed(FLEET, database=DATABASE), review=review)) if isinstance(event, DatabaseReviewed))
    assert event.review == review


def test_what_to_type_has_the_environment_s_name():
    inputs = found(environment=BALANCED, balancers=())
    (check,) = (event.check for event in events_of(inputs) if isinstance(event, CheckReported) and event.check.id == "balancer")
    assert check.remedy == "deploy check production"


def looking(**servers: str) -> BalancerSeen:
    """A balancer's look at the three hosts: each is in, but as it says."""
    return BalancerSeen(NAME, tuple(ServerTraffic(name, name, servers.get(name, "in"), True) for name in THREE))  # type: ignore[arg-type]


TRAFFIC = [
    ("all are in", looking(), {}, []),
    ("somebody took one out", looking(web02="drained"), {}, [("web02", "left")]),
    ("somebody put one into maintenance", looking(web02="out"), {}, [("web02", "left")]),
    ("a run before this one took it out", looking(web02="drained"), {"web02": frozenset({NAME})}, [("web02", "drained")]),
    ("it did so at another balancer", looking(web02="drained"), {"web02": frozenset({"lb9/shop"})}, [("web02", "left")]),
    ("two are out, one of them by a run", looking(web01="out", web03="drained"), {"web03": frozenset({NAME})}, [("web01", "left"), ("web03", "drained")]),
    ("a run took it out, and it is in again", looking(), {"web02": frozenset({NAME})}, []),
]


@pytest.mark.parametrize(("look", "drained", "marks"), [pytest.param(*row[1:], id=row[0]) for row in TRAFFIC])
def test_hosts_that_get_no_requests_now_are_told_apart_by_who_took_them_out(look: BalancerSeen, drained, marks: list[tuple[str, str]]):
    events = [event for event in events_of(found(environment=BALANCED, balancers=(look,), drained=drained)) if isinstance(event, TrafficChanged)]
    assert [(event.host, event.mark) for event in events] == marks
    assert all(event.balancer == NAME for event in events)


def test_a_balancer_that_did_not_answer_says_of_nobody_that_it_is_out():
    inputs = found(environment=BALANCED, balancers=(BalancerProblem(NAME, SafeText("no answer")),))
    assert not [event for event in events_of(inputs) if isinstance(event, TrafficChanged)]


def test_a_host_that_the_run_does_not_change_is_not_told_of():
    inputs = found("restart", facts=(fact("web01"),), environment=BALANCED, request=Request(hosts="web01"), balancers=(looking(web02="out"),))
    assert not [event for event in events_of(inputs) if isinstance(event, TrafficChanged)]


@pytest.mark.parametrize(("kind", "puts_back"), [("deploy", True), ("rollback", True), ("restart", True), ("catch-up", False), ("exec", False)])
def test_weights_that_a_run_before_left_are_recorded_where_this_one_puts_them_back(kind: RunKind, puts_back: bool):
    own = {"web01": OwnWeight(100, 10, 100)}
    inputs = found(
        kind, environment=BALANCED, balancers=(looking(),), weights={NAME: own}, targets=Targets(dict.fromkeys(THREE, OLD)), catches_up=Live(RELEASE, "d1")
    )
    assert [event for event in events_of(inputs) if isinstance(event, WeightsChanged)] == [WeightsChanged(balancer=NAME, mark="set", own=own)] * puts_back


def planned(inputs) -> PlanMade | None:
    return next((event for event in plan_of(inputs, {"switch": 2.0}) if isinstance(event, PlanMade)), None)


WAYS = [
    ("each goes back to what it has", a_fleet(), [ReturnTarget(name, OLD, SafeText("v1"), commit="a" * 40) for name in THREE]),
    (
        "a first release is taken off again",
        tuple(fact(name, current="", releases=()) for name in THREE),
        [ReturnTarget(name, reason=SafeText("no release yet: stopped and removed")) for name in THREE],
    ),
]


@pytest.mark.parametrize(("facts", "ways"), [pytest.param(*row[1:], id=row[0]) for row in WAYS])
def test_a_plan_comes_with_where_each_host_would_go_back_to(facts: tuple[HostFacts, ...], ways: list[ReturnTarget]):
    event = planned(found(facts=facts))
    assert event is not None
    assert list(event.way_back) == ways
    assert event.usual == {"switch": 2.0}
    assert event.plan.waves == tuple((name,) for name in THREE)


def test_a_way_back_is_planned_with_where_it_goes():
    facts = tuple(fact(name, current=NEW, releases=(ON_OLD, ON_NEW)) for name in THREE)
    event = planned(found("rollback", facts=facts, targets=Targets(dict.fromkeys(THREE, OLD)), revision=None, release=None))
    assert event is not None
    assert [(way.host, way.release) for way in event.way_back] == [(name, OLD) for name in THREE]
    assert {step.phase for step in event.plan.steps} == {"rollback"}


NO_PLAN: list[tuple[str, Environment, tuple[HostFacts, ...]]] = [
    ("nobody was reached", FLEET, tuple(away(name) for name in THREE)),
    ("which side is live is not known", changed(FLEET, strategy="bluegreen"), a_fleet()),
]


@pytest.mark.parametrize(("environment", "facts"), [pytest.param(*row[1:], id=row[0]) for row in NO_PLAN])
def test_where_nobody_is_to_change_there_is_no_plan(environment: Environment, facts: tuple[HostFacts, ...]):
    assert planned(found(environment=environment, facts=facts)) is None


def test_without_a_release_there_is_nothing_to_plan_with():
    with pytest.raises(NoGo, match="no release to plan with"):
        planned(found(release=None))


@pytest.mark.parametrize("silent", THREE)
def test_a_host_that_is_away_has_no_steps_and_a_way_back_that_is_none(silent: str):
    event = planned(found(facts=a_fleet(**{silent: away(silent)})))
    assert event is not None
    assert silent not in {step.about for step in event.plan.steps}
    assert {way.host: way.release for way in event.way_back}[silent] == ""
