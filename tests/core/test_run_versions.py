"""From what a run goes, and to what, is said alike everywhere: also in blue/green, where half of the hosts have a release that nobody gets."""

import pytest

from console.adapters.journal.summary_from_events import summary_after
from console.core.environment.record import trimmed
from console.core.plan.planner import plan_release
from console.core.plan.run_versions import rollback_goal, versions_before
from console.core.plan.shift_plan import plan_shift_back
from console.core.rollback_targets import targets_before
from console.core.run.evolve import fold
from console.model import events as ev
from console.model.plan import Plan, ReturnTarget, Steps
from console.model.release_facts import Release, Revision
from console.model.values import changed
from console.safe_text import SafeText
from console.views.history_words import change_words
from console.views.report_contents import versions_of
from console.views.run_standing import from_to
from console.views.styled_text import text
from tests.core.balanced import NAME, balanced
from tests.core.simulation import NEW, OLD, opening

HOSTS = ("web01", "web02", "web03", "web04")
SIDES = [(HOSTS[:2], HOSTS[2:]), (HOSTS[2:], HOSTS[:2])]


def moved_back(serves: tuple[str, ...], rests: tuple[str, ...]) -> list[ev.Event]:
    """The events of a rollback that moves the traffic from v2 to v1, which stands by."""
    had = {name: (OLD, SafeText("v1")) if name in serves else (NEW, SafeText("v2")) for name in HOSTS}
    opened, *_, go, locks = opening(balanced(4), "rollback")
    seen = (ev.HostSeen(host=name, release=release, version=version) for name, (release, version) in had.items())
    made = ev.PlanMade(
        plan=plan_shift_back(balanced(4), serves, rests), way_back=tuple(ReturnTarget(name, release, version) for name, (release, version) in had.items())
    )
    out = (ev.TrafficChanged(host=name, balancer=NAME, mark="drained") for name in rests)
    return [opened, *seen, made, go, locks, *out, ev.RunEnded(exit=0, outcome="rolled-back")]


@pytest.mark.parametrize(("serves", "rests"), SIDES)
def test_the_traffic_goes_back_to_the_release_of_the_side_that_serves_again(serves, rests):
    events = moved_back(serves, rests)
    before, after = fold(events[:-1]), fold(events)
    assert text(from_to(before)) == "v2 → v1"
    assert text(from_to(after)) == "back on v1 (not v2)"
    assert versions_of(after) == ("v2", "v1")
    summary = summary_after("r1", None, tuple(events))
    assert summary is not None
    assert change_words(summary) == "v2 → v1"


@pytest.mark.parametrize(("serves", "rests"), SIDES)
def test_who_rolls_back_once_more_is_told_what_serves(serves, rests):
    state = changed(fold(moved_back(serves, rests)), ended_at="2026-01-01T23:30:00Z", changed=True)
    found = targets_before([trimmed(state)], HOSTS)
    assert str(found.message).startswith("already back on v1 since 2026-01-01 23:30 UTC")


WAYS = (ReturnTarget("web01", NEW), ReturnTarget("web02", OLD, possible=False), ReturnTarget("web03", OLD), ReturnTarget("web04"))


@pytest.mark.parametrize(
    ("ways", "waves", "host"),
    [
        (WAYS, (("web03",),), "web03"), (WAYS, (), "web01"), (WAYS[1:], (), "web03"), (WAYS[1:2], (), "web02"), (WAYS[3:], (), ""), ((), (), ""),
    ],
)  # fmt: skip
def test_hosts_that_the_plan_takes_back_come_before_those_that_have_a_way_and_those_that_have_none(ways, waves, host):
    goal = rollback_goal(ways, Plan("rollback", waves, Steps()))
    assert (goal.host if goal else "") == host


def test_without_a_plan_the_first_way_says_it():
    assert rollback_goal(WAYS, None) == WAYS[0]


def test_a_release_to_the_idle_side_goes_from_what_the_live_side_has():
    environment = changed(balanced(4), strategy="bluegreen")
    opened, *seen, _, go, locks = opening(balanced(4))
    ways = tuple(ReturnTarget(name, OLD, SafeText("v2" if name in HOSTS[:2] else "v1")) for name in HOSTS)
    resolved = ev.RevisionResolved(
        revision=Revision("b" * 40, SafeText("v3")), release=Release(NEW, SafeText("v3"), "b" * 40), live=(SafeText("v2"), SafeText("v1"))
    )
    made = ev.PlanMade(plan=plan_release(environment, environment.hosts[:2], NEW, frozenset()), way_back=ways)
    events = [opened, resolved, *seen, made, go, locks]
    assert text(from_to(fold(events))) == "v1 → v3"
    assert versions_of(fold(events)) == ("v1", "v3")
    summary = summary_after("r1", None, tuple(events))
    assert summary is not None
    assert change_words(summary) == "v1 → v3"
    ended = fold([*events, ev.RunEnded(exit=4, outcome="rolled-back")])
    assert text(from_to(ended)) == "back on v1 (not v3)"


def test_elsewhere_users_had_what_was_live():
    live = (SafeText("v2"), SafeText("v1"))
    ways = (ReturnTarget("web01", OLD, SafeText("v1")),)
    assert versions_before(ways, Plan("rolling", (("web02",),), Steps()), live) == live
    assert versions_before(ways, None, live) == live
    assert versions_before((), Plan("bluegreen", (("web02",),), Steps()), live) == live


@pytest.mark.parametrize(("code", "unchanged", "asked"), [(4, True, "nobody"), (4, False, ""), (0, True, "")])
def test_a_line_of_the_history_says_that_nothing_had_to_be_taken_back(code, unchanged, asked):
    opened, *_ = opening(balanced(2))
    summary = summary_after("r1", None, (opened, ev.RunEnded(exit=code, outcome="rolled-back", unchanged=unchanged)))
    assert summary is not None
    assert summary.asked == asked
