"""Blue/green: which side is live, what a release does to each, and the way back, which restarts nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from console.core.checks.balancers import assess_sides
from console.core.environment.live_release import live_after
from console.core.environment.record import recorded, trimmed
from console.core.kinds.kind_judges import JUDGES
from console.core.kinds.preflight_events import events_of, plan_of
from console.core.kinds.preflight_result import PreflightResult
from console.core.plan.planner import plan_release
from console.core.plan.shift_plan import plan_shift_back
from console.core.rollback_targets import Targets, targets_before
from console.core.run.evolve import fold
from console.core.run.outcome import host_rows
from console.core.traffic.bluegreen_sides import Sides, sides_of
from console.errors import Problem
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_environment import Environment
from console.model.environment_record import EnvironmentRecord, Live
from console.model.host import Host
from console.model.host_facts import HostFacts, HostRelease
from console.model.release_facts import Release, Revision
from console.model.request import Person, Request
from console.model.state import RunState
from console.model.traffic import BalancerProblem, BalancerSeen, ServerTraffic
from console.model.values import changed
from console.safe_text import SafeText
from console.views.fleet_rows import host_words
from console.views.plain_lines import decision_lines
from console.views.return_words import way_back_lines
from console.views.styled_text import text
from tests.core.balanced import NAME, BalancedRun, balanced
from tests.core.plans import comes_after, failing, named, say, until, until_runs
from tests.core.simulation import NEW, OLD, opening

BLUE, GREEN = ("web01", "web02"), ("web03", "web04")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def two_sides(**fields: object) -> Environment:
    bare = balanced(4, **fields)
    hosts = tuple(changed(host, color="blue" if host.name in BLUE else "green") for host in bare.hosts)
    return changed(bare, hosts=hosts, strategy="bluegreen")


def a_shift(ending=lambda step, attempt: "done", **fields: object) -> BalancedRun:
    """A release to green while blue is live, after GO."""
    environment = two_sides(**fields)
    opened, *seen, made, go, locks = opening(changed(environment, strategy="rolling"))
    run = BalancedRun(environment, ending, serves=set(BLUE))
    plan = plan_release(environment, environment.hosts[2:], NEW, frozenset())
    out = (ev.TrafficChanged(host=name, balancer=NAME, mark="drained") for name in GREEN)
    run.record(opened, *seen, *out, changed(made, plan=plan), go, locks)
    return run


def restarts(run: BalancedRun) -> list[str]:
    return [event.step for event in run.events if isinstance(event, ev.StepStarted) and event.step.endswith("restart")]


def looks(serve: tuple[str, ...], out: tuple[str, ...] = (), down: tuple[str, ...] = ()) -> tuple[BalancerSeen, ...]:
    servers = tuple(ServerTraffic(name, name, "drained" if name in out else "in", name not in down) for name in (*serve, *out, *down))
    return (BalancerSeen(NAME, servers),)


def test_the_idle_side_changes_out_of_the_traffic_and_then_the_traffic_moves():
    run = a_shift()
    plan = run.state.plan
    assert (plan.strategy, plan.waves) == ("bluegreen", (GREEN,))
    assert {"wave-1/web03/gate", "wave-1/web04/gate"} <= comes_after(plan, "shift/web03/admit")
    assert {"shift/web03/admit", "shift/web04/admit"} <= comes_after(plan, "shift/web01/drain")
    assert "shift/web01/drain" in comes_after(plan, "close/web03/prune")
    assert not named(plan, "shift/web01/drain").changes
    state = run.run()
    assert (state.exit, state.outcome, run.serves, run.changed_in_service) == (Exit.DONE, "succeeded", set(GREEN), [])
    assert [state.hosts[name].condition for name in (*BLUE, *GREEN)] == ["old", "old", "new", "new"]


def test_at_no_time_fewer_hosts_serve_than_one_side_has():
    run = a_shift()
    least = []
    run.watch = lambda state: least.append(len(run.serves))
    run.run()
    assert min(least) == 2


def test_a_side_that_is_not_verified_gets_no_requests_and_the_live_one_is_not_touched():
    run = a_shift(failing("web04"))
    state = run.run()
    assert (state.exit, run.serves) == (Exit.ROLLED_BACK, set(BLUE))
    assert len(restarts(run)) == 2
    assert not any(state.hosts[name].touched for name in BLUE)


@pytest.mark.parametrize("step", ["shift/web03/admit", "shift/web01/drain", "close/web03/prune"])
def test_the_way_back_moves_the_traffic_and_restarts_nothing(step):
    run = until_runs(a_shift(), step)
    before = len(restarts(run))
    assert say(run, cmd.RollBack()) is None
    state = run.run()
    assert (state.exit, state.outcome, run.serves) == (Exit.ROLLED_BACK, "rolled-back", set(BLUE))
    assert len(restarts(run)) == before
    assert state.back.strategy == "rollback traffic"


def test_hosts_that_are_idle_after_it_are_called_by_the_release_that_they_have():
    run = until_runs(a_shift(), "close/web03/prune")
    say(run, cmd.RollBack())
    state = run.run()
    assert [(row["state"], row["release"]) for row in host_rows(state)] == [("old", OLD), ("old", OLD), ("new", NEW), ("new", NEW)]
    assert [host_words(state, state.hosts[name], 0.0)[0] for name in ("web03", "web04")] == ["idle, no requests"] * 2
    untouched = until_runs(a_shift(), "wave-1/web03/switch")
    say(untouched, cmd.RollBack())
    assert {row["state"] for row in host_rows(untouched.run()) if row["release"] == OLD} == {"old"}


def test_the_old_side_serves_before_the_new_one_leaves():
    run = until_runs(a_shift(), "close/web03/prune")
    say(run, cmd.RollBack())
    assert {"back/web01/admit", "back/web02/admit"} <= comes_after(run.state.back, "back/web03/drain")
    assert run.state.index["back/web03/drain"].fatal


def test_a_host_of_the_new_side_that_fails_within_the_budget_stays_out():
    run = a_shift(failing("web04"), max_failures=1)
    state = run.run()
    assert state.exit == Exit.LIVE_BUT_BEHIND
    assert run.serves == {"web03"}
    assert [step.kind for step in state.lanes["web04"] if step.phase == "rollback"] == ["drain"]


def least(run: BalancedRun) -> int:
    """How few hosts get requests at any time from now on to its end."""
    found = [len(run.serves)]
    run.watch = lambda state: found.append(len(run.serves))
    run.run()
    return min(found)


def test_a_side_that_failed_as_a_whole_takes_no_traffic_from_the_other_whatever_the_budget():
    run = a_shift(failing(*GREEN), max_failures=2)
    assert (least(run), run.serves, run.state.exit) == (2, set(BLUE), Exit.ROLLED_BACK)
    run = a_shift(failing(*GREEN), max_failures=2, on_failure="pause")
    run.run()
    assert say(run, cmd.Continue()) is None
    assert (least(run), run.serves, run.state.exit) == (2, set(BLUE), Exit.FAILED)
    assert {str(run.state.hosts[name].steps[f"shift/{name}/drain"].detail) for name in BLUE} == {"not drained: no other host gets requests"}


def test_a_side_that_is_skipped_as_a_whole_takes_no_traffic_from_the_other():
    run = until_runs(a_shift(), "wave-1/web03/restart")
    assert [say(run, cmd.Skip(host=name)) for name in GREEN] == [None, None]
    assert (least(run), run.serves) == (2, set(BLUE))


def test_the_side_that_had_to_stay_leaves_once_a_host_of_the_other_one_is_tried_again():
    environment = changed(two_sides(max_failures=2, on_failure="pause"), monitor=60.0)
    run = BalancedRun(
        environment, lambda step, attempt: "failed" if step.kind == "gate" and step.phase == "release" and attempt == 1 else "done", serves=set(BLUE)
    )
    opened, *seen, made, go, locks = opening(changed(environment, strategy="rolling"))
    out = (ev.TrafficChanged(host=name, balancer=NAME, mark="drained") for name in GREEN)
    run.record(opened, *seen, *out, changed(made, plan=plan_release(environment, environment.hosts[2:], NEW, frozenset())), go, locks)
    until(run, lambda run: run.state.pausing is not None)
    assert say(run, cmd.Continue()) is None
    until_runs(run, "verify/monitor")
    until(run, lambda run: run.state.hosts["web03"].condition == "back")
    assert (run.serves, say(run, cmd.Retry(host="web03"))) == (set(BLUE), None)
    assert (least(run), run.serves) == (1, {"web03"})


def test_a_host_that_stands_by_and_is_not_known_to_be_out_is_named_and_nothing_is_called_done():
    run = a_shift()
    told = run._told
    run._told = lambda step, status: "unknown" if step.name == "shift/web01/drain" else told(step, status)
    state = run.run()
    assert (state.exit, state.outcome, run.serves) == (Exit.LIVE_BUT_BEHIND, "succeeded", {"web01", *GREEN})
    assert str(state.reason) == "not known to be out of the traffic, on the side that stands by: web01"


def test_where_the_way_back_can_put_nobody_in_the_new_side_goes_on_serving():
    def ending(step, attempt):
        return "failed" if step.phase == "rollback" and step.kind == "admit" else "done"

    run = until_runs(a_shift(ending), "close/web03/prune")
    assert say(run, cmd.RollBack()) is None
    assert (least(run), run.serves, run.state.exit) == (2, set(GREEN), Exit.FAILED)


FALLEN = [("rollback", Exit.ROLLED_BACK, BLUE), ("stop", Exit.FAILED, GREEN)]


@pytest.mark.parametrize(("rule", "code", "serve"), FALLEN)
def test_where_the_last_host_that_the_traffic_moved_to_falls_no_budget_lets_the_run_go_on(rule, code, serve):
    environment = changed(two_sides(max_failures=3, on_failure=rule), monitor=60.0)
    run = BalancedRun(environment, lambda step, attempt: "done", serves=set(BLUE))
    opened, *seen, made, go, locks = opening(changed(environment, strategy="rolling"))
    out = (ev.TrafficChanged(host=name, balancer=NAME, mark="drained") for name in GREEN)
    run.record(opened, *seen, *out, changed(made, plan=plan_release(environment, environment.hosts[2:], NEW, frozenset())), go, locks)
    until_runs(run, "verify/monitor")
    run.record(ev.HostFailed(host="web03", condition="failed", reason=SafeText("unwell")))
    run.turn()
    assert run.serves == {"web04"}
    run.record(ev.HostFailed(host="web04", condition="failed", reason=SafeText("unwell")))
    assert (least(run), run.serves >= {serve[-1]}, run.state.exit) == (1, True, code)
    if code == Exit.ROLLED_BACK:
        assert run.serves == set(BLUE)
        assert str(run.state.reason) == "2 failed, and nobody is left where the traffic has moved to: web03 (unwell), web04 (unwell)"


def test_the_last_host_that_the_traffic_moved_to_goes_back_with_the_whole_run_alone_and_one_that_stands_by_cannot_be_skipped():
    run = until_runs(a_shift(), "close/web03/prune")
    assert say(run, cmd.Skip(host="web03")) is None
    refused = say(run, cmd.Skip(host="web04"))
    assert (str(refused.message), str(refused.hint)) == (
        "web04 is the last host that the traffic has moved to: it can only go back together with the whole run",
        "deploy rollback",
    )
    refused = say(run, cmd.Skip(host="web01"))
    assert str(refused.message) == "web01 stands by on the side that keeps its release: there is nothing to skip"
    assert run.run().exit == Exit.LIVE_BUT_BEHIND
    assert run.serves == {"web04"}


def test_those_that_fell_keep_their_requests_while_the_other_side_is_leaving():
    run = until_runs(a_shift(max_failures=3, on_failure="stop"), "shift/web01/drain")
    assert say(run, cmd.Skip(host="web03")) is None
    refused = say(run, cmd.Skip(host="web04"))
    assert refused is not None
    for name in GREEN:
        run.record(ev.HostFailed(host=name, condition="failed", reason=SafeText("unwell")))
    assert least(run) >= 1
    assert run.serves & set(GREEN)


def fail_in_the_window(run: BalancedRun, environment: Environment) -> None:
    """Release to the green side as if it were the fleet, and have both of its hosts fail while they are watched."""
    opened, *seen, made, go, locks = opening(changed(environment, strategy="rolling"))
    out = (ev.TrafficChanged(host=name, balancer=NAME, mark="drained") for name in GREEN)
    run.record(opened, *seen, *out, changed(made, plan=plan_release(environment, environment.hosts[2:], NEW, frozenset())), go, locks)
    until_runs(run, "verify/monitor")
    for name in GREEN:
        run.record(ev.HostFailed(host=name, condition="failed", reason=SafeText("unwell")))
    run.turn()


def test_the_last_one_that_is_tried_again_is_restarted_with_its_requests():
    environment = changed(two_sides(max_failures=3, on_failure="pause"), monitor=60.0)
    run = BalancedRun(environment, lambda step, attempt: "done", serves=set(BLUE))
    fail_in_the_window(run, environment)
    assert run.state.pausing is not None
    assert say(run, cmd.Retry(host="web04")) is None
    assert say(run, cmd.Continue()) is None
    assert least(run) >= 1
    assert str(run.state.hosts["web04"].steps["wave-1/web04/drain"].detail) == "not drained: no other host gets requests"
    assert run.state.hosts["web04"].condition == "new"


def test_one_that_is_tried_again_is_drained_where_a_host_of_the_other_side_still_serves():
    environment = changed(two_sides(max_failures=3, on_failure="pause"), monitor=60.0)
    run = BalancedRun(environment, lambda step, attempt: "done", serves=set(BLUE))
    told = run._told
    run._told = lambda step, status: "unknown" if step.name == "shift/web02/drain" else told(step, status)
    fail_in_the_window(run, environment)
    assert [say(run, one) for one in (cmd.Retry(host="web04"), cmd.Continue())] == [None, None]
    until(run, lambda run: run.state.hosts["web04"].condition == "new")
    assert str(run.state.hosts["web04"].steps["wave-1/web04/drain"].detail) == "done"


def test_before_the_traffic_moves_a_host_is_drained_as_planned_though_nobody_knows_of_the_other_side():
    run = a_first_shift(lambda step, attempt: "held" if step.name == "aside/web04/drain" and attempt == 1 else "done", max_failures=2)
    unseen = BalancedRun(run.environment, run.ending, serves={*BLUE, *GREEN})
    unseen.record(*(changed(one, problem=SafeText("no answer")) if isinstance(one, ev.HostSeen) and one.host in BLUE else one for one in run.events))
    until(unseen, lambda run: run.state.pausing is not None)
    assert say(unseen, cmd.Continue()) is None
    until_runs(unseen, "wave-1/web03/switch")
    assert unseen.serves == set(BLUE)


def test_a_host_that_is_tried_again_gets_no_requests_before_its_gate_and_is_changed_behind_its_drain():
    for plan in (a_shift().state.plan, a_first_shift().state.plan):
        assert "wave-1/web04/gate" in named(plan, "shift/web04/admit").needs
    assert "aside/web04/drain" in named(a_first_shift().state.plan, "wave-1/web04/drain").needs


def test_a_first_release_has_no_side_to_go_back_to():
    run = a_shift(failing("web04"))
    bare = BalancedRun(run.environment, run.ending, serves=set(BLUE))
    bare.record(*(changed(event, release="") if isinstance(event, ev.HostSeen) else event for event in run.events))
    assert until(bare, lambda run: run.state.back is not None).state.back.strategy != "rollback traffic"


SAME = dict.fromkeys((*BLUE, *GREEN), OLD)
SIDES = [
    ("blue serves", looks(BLUE, GREEN), SAME, Sides("blue", "green")),
    ("green serves", looks(GREEN, BLUE), SAME, Sides("green", "blue")),
    ("one of blue serves", looks(("web01",), GREEN, ("web02",)), SAME, Sides("blue", "green")),
    ("both are in, and only blue is well", looks(BLUE, (), GREEN), SAME, Sides("blue", "green")),
    ("nobody is well, and green is out", looks((), GREEN, BLUE), SAME, Sides("blue", "green")),
    ("there was never a release", looks((), (), (*BLUE, *GREEN)), {}, Sides("green", "blue")),
    ("both serve alike", looks((*BLUE, *GREEN)), SAME, Sides("blue", "green", GREEN)),
    ("more of green serve", looks(("web02", *GREEN), ("web01",)), SAME, Sides("green", "blue", ("web02",))),
    (
        "both serve, and differ", looks((*BLUE, "web03"), ("web04",)), {**SAME, "web03": NEW},
        "both sides get requests at lb01.example.net/shop, and have different releases (blue: web01, web02; green: web03); take the hosts of one color out there, or use --strategy rolling",
    ),
    ("nobody serves", looks((), (*BLUE, *GREEN)), SAME, "which side is live is not known: no host gets requests at lb01.example.net/shop; put the hosts of one color into its traffic there"),
    ("a balancer is away", (BalancerProblem(NAME, SafeText("no answer")),), SAME, "which side is live is not known: a balancer did not answer"),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "released", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SIDES])
def test_which_side_is_live_is_what_the_balancers_say(seen, released, expected):
    found = sides_of(two_sides(), seen, released)
    if isinstance(expected, Sides):
        assert found == expected
    else:
        assert isinstance(found, Problem)
        assert found.message == expected.replace("lb01.example.net/shop", NAME)
        assert "deploy" in found.hint


def test_the_hint_for_sides_that_differ_keeps_the_strategy_that_was_asked_for():
    found = sides_of(changed(two_sides(), strategy="rolling"), looks((*BLUE, *GREEN)), {**SAME, "web03": NEW})
    assert isinstance(found, Problem)
    assert found.hint == "deploy production --strategy bluegreen"


def a_first_shift(ending=lambda step, attempt: "done", **fields: object) -> BalancedRun:
    """A release to green while both sides serve, after GO."""
    environment = two_sides(**fields)
    opened, *seen, made, go, locks = opening(changed(environment, strategy="rolling"))
    run = BalancedRun(environment, ending, serves={*BLUE, *GREEN})
    plan = plan_release(environment, environment.hosts[2:], NEW, frozenset(), aside=frozenset(GREEN))
    run.record(opened, *seen, changed(made, plan=plan), go, locks)
    return run


def test_where_both_sides_serve_one_is_drained_first_and_nothing_changes_while_it_serves():
    run = a_first_shift()
    plan = run.state.plan
    assert {"aside/web03/drain", "aside/web04/drain"} <= comes_after(plan, "wave-1/web03/switch")
    state = run.run()
    assert (state.exit, run.serves, run.changed_in_service) == (Exit.DONE, set(GREEN), [])


@pytest.mark.parametrize(
    "step",
    ["aside/web03/drain", "aside/web04/drain", "wave-1/web03/switch", "wave-1/web03/gate", "shift/web03/admit", "shift/web01/drain", "close/web03/prune"],
)
def test_the_way_back_of_a_first_shift_has_both_sides_serve_as_before(step):
    run = until_runs(a_first_shift(), step)
    assert say(run, cmd.RollBack()) is None
    state = run.run()
    assert (state.exit, run.serves) == (Exit.ROLLED_BACK, {*BLUE, *GREEN})
    assert len({step.name for step in state.back.steps}) == len(state.back.steps)
    assert {state.hosts[name].release for name in (*BLUE, *GREEN)} == {OLD}
    assert run.changed_in_service == []


def test_a_first_shift_that_fails_goes_back_to_both_sides():
    run = a_first_shift(failing("web04"))
    assert (run.run().exit, run.serves) == (Exit.ROLLED_BACK, {*BLUE, *GREEN})


def test_the_check_says_which_side_is_drained():
    check = assess_sides(two_sides(), Sides("blue", "green", GREEN), {*BLUE, *GREEN})
    assert (check.status, str(check.detail)) == (
        "warning",
        "both sides get requests: green (web03, web04) is drained, gets the release, and then the traffic; blue serves alone meanwhile, and one side alone from then on",
    )


def test_before_the_first_release_of_all_nobody_is_said_to_serve_meanwhile():
    environment = two_sides()
    facts = tuple(HostFacts(host.name) for host in environment.hosts)
    found = PreflightResult(environment, Request(), "r1", NOW, NOW, facts, revision=Revision("b" * 40, SafeText("v1")), balancers=looks((*BLUE, *GREEN)))
    (check,) = [one for one in JUDGES["deploy"].checks(found) if one.id == "balancer"]
    words = "and then the traffic; no host has a release yet, so nothing serves until then, and one side alone from then on"
    assert (check.status, str(check.detail).partition(", gets the release, ")[2]) == ("warning", words)


FILES = [
    ("no balancer", {"balancers": ()}, "blue/green needs a balancer that moves the traffic, and the file names none"),
    ("no color", {"hosts": (Host("web01", color="blue"), Host("web02"))}, "blue/green needs a color for each host; without one: web02"),
    ("one color", {"hosts": (Host("web01", color="blue"),)}, "blue/green has two colors; the hosts have blue"),
    ("three", {"hosts": tuple(Host(color, color=color) for color in ("a", "b", "c"))}, "blue/green has two colors; the hosts have a, b, c"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "words"), [pytest.param(*row[1:], id=row[0]) for row in FILES])
def test_a_file_without_two_sides_is_a_no_go_with_what_to_write(fields, words):
    found = sides_of(changed(two_sides(), **fields), looks(BLUE, GREEN), {})
    assert isinstance(found, Problem)
    assert found.message == words
    assert "--strategy rolling" in found.hint


def found_of(environment: Environment, balancers, **fields: object) -> PreflightResult:
    facts = tuple(HostFacts(host.name, current=OLD, releases=(HostRelease(OLD),)) for host in environment.hosts)
    return PreflightResult(environment, Request(), "r2", NOW, NOW, facts, balancers=balancers, **fields)  # type: ignore[arg-type]


def test_the_idle_side_is_what_changes_and_being_out_is_no_reason_to_leave_it_out():
    found = found_of(two_sides(), looks(BLUE, GREEN))
    assert [host.name for host in found.changing] == list(GREEN)
    assert found.out == {}
    rolling = found_of(changed(two_sides(), strategy="rolling"), looks(BLUE, GREEN))
    assert [host.name for host in rolling.changing] == [*BLUE, *GREEN]
    assert set(rolling.out) == set(GREEN)


def ended_shift():
    run = a_shift()
    run.run()
    return trimmed(changed(run.state, ended_at="2026-01-01T23:30:00Z"))


def test_the_record_of_it_says_where_the_traffic_goes_back_to():
    targets = targets_before([ended_shift()], (*BLUE, *GREEN))
    assert targets == Targets(dict.fromkeys(BLUE, OLD), untouched=frozenset(GREEN), leaving=frozenset(GREEN), since="2026-01-01T23:30:00Z")


def rolled_back(**fields: object):
    environment = changed(two_sides(), **fields)
    targets = targets_before([ended_shift()], (*BLUE, *GREEN))
    return found_of(environment, looks(GREEN, BLUE), targets=targets, drained=dict.fromkeys(BLUE, frozenset({NAME})))


def test_a_rollback_after_the_run_asks_for_health_moves_the_traffic_and_restarts_nothing():
    found = changed_request(rolled_back())
    plan = JUDGES["rollback"].plan(found)
    assert [step.name for step in plan.steps if step.kind != "mark"] == [
        "back/web01/gate", "back/web01/admit", "back/web02/gate", "back/web02/admit", "back/web03/drain", "back/web04/drain",
    ]  # fmt: skip
    assert not [check for check in JUDGES["rollback"].checks(found) if check.blocks]


def changed_request(found: PreflightResult, **fields: object) -> PreflightResult:
    return PreflightResult(**{**found.__dict__, "request": Request(kind="rollback"), **fields})


def test_after_keep_old_the_old_side_is_restarted_and_verified_before_it_serves():
    late = changed_request(rolled_back(), now=NOW + timedelta(hours=2))
    (check,) = [check for check in JUDGES["rollback"].checks(late) if check.id == "way-back"]
    assert (check.status, check.blocks) == ("warning", False)
    words = "the old side was kept ready until 1h after 2026-01-01 23:30 UTC: it is restarted and verified before it gets requests"
    assert str(check.detail).startswith(words)
    steps = [step.name for step in JUDGES["rollback"].plan(late).steps if step.about == "web01"]
    assert steps == ["back/web01/restart", "back/web01/gate", "back/web01/admit"]


def test_where_the_old_side_has_another_release_it_is_refused_with_what_to_type():
    found = rolled_back()
    other = tuple(changed(fact, current=NEW, releases=(HostRelease(NEW), HostRelease(OLD))) if fact.host == "web01" else fact for fact in found.facts)
    blocking = [check for check in JUDGES["rollback"].checks(changed_request(found, facts=other)) if check.blocks]
    assert [str(check.detail) for check in blocking] == ["web01: another release is live there now; release the version to go back to, to that side again"]
    assert str(blocking[0].remedy) == "deploy production --version RELEASE"


def test_the_environment_is_what_the_side_that_serves_has():
    run = until_runs(a_shift(), "close/web03/prune")
    say(run, cmd.RollBack())
    run.run()
    assert live_after(Live(Release(OLD, SafeText("v1"), "")), run.state, ()) == Live(Release(OLD, SafeText(""), ""))


@pytest.mark.parametrize(("serve", "stays"), [((), GREEN), (("web02",), ())])
def test_a_rollback_of_its_own_takes_no_host_out_while_nobody_of_the_old_side_serves(serve: tuple[str, ...], stays: tuple[str, ...]):
    environment = two_sides()
    run = BalancedRun(environment, lambda step, attempt: "failed" if step.kind == "gate" and step.about not in serve else "done", serves=set(GREEN))
    opened, *seen, made, go, locks = opening(changed(environment, strategy="rolling"), "rollback")
    plan = plan_shift_back(environment, BLUE, GREEN, gated=True)
    out = (ev.TrafficChanged(host=name, balancer=NAME, mark="drained") for name in BLUE)
    run.record(opened, *(changed(one, release=NEW) if one.host in GREEN else one for one in seen), *out, changed(made, plan=plan), go, locks)
    assert (least(run) >= 1, run.serves, run.state.exit) == (True, {*serve, *stays}, Exit.FAILED)
    assert {name for name in GREEN if str(run.state.hosts[name].detail) == "not drained: no other host gets requests"} == set(stays)


@pytest.mark.parametrize("moment", ["wave-1/web03/gate", "shift/web01/drain", "close/web03/prune"])
def test_a_host_that_stands_by_cannot_be_skipped_as_it_keeps_its_release(moment: str):
    run = until_runs(a_shift(), moment)
    said = say(run, cmd.Skip(host="web01"))
    assert said is not None
    assert said.message == "web01 stands by on the side that keeps its release: there is nothing to skip"
    assert (run.run().exit, run.serves) == (Exit.DONE, set(GREEN))


def released(version: str, commit: str) -> HostFacts:
    return HostFacts("", current=version, releases=(HostRelease(version, SafeText(version), commit),))


GONE_BACK = {**dict.fromkeys(BLUE, released("v1", "a" * 40)), **dict.fromkeys(GREEN, released("v3", "c" * 40))}
"""The live side has v1; the idle one v3, which was taken back."""


def judged(serve: tuple[str, ...], out: tuple[str, ...], had: dict[str, HostFacts], **fields: object):
    """The verdicts on a release of v2, by their ids, and what is known before GO."""
    environment = two_sides()
    facts = tuple(changed(had.get(host.name, HostFacts("")), host=host.name) for host in environment.hosts)
    revision = Revision("b" * 40, SafeText("v2"))
    relations = {"a" * 40: "newer", "c" * 40: "older"}
    found = PreflightResult(environment, Request(), "r2", NOW, NOW, facts, revision=revision, relations=relations, balancers=looks(serve, out), **fields)
    return {check.id: check for check in JUDGES["deploy"].checks(found)}, found


def test_a_release_goes_forward_from_what_users_have_and_not_from_what_the_idle_side_was_left_with():
    checks, found = judged(BLUE, GREEN, GONE_BACK)
    assert (checks["direction"].status, str(checks["direction"].detail)) == ("passed", "newer than v1, live on 2 hosts")
    assert [fact.host for fact in found.in_use] == list(BLUE)
    back, _ = judged(GREEN, BLUE, GONE_BACK)
    assert str(back["direction"].detail).startswith("v2 is older than v3, live on 2 hosts")


def test_what_only_the_idle_side_had_is_not_said_to_be_live():
    _, found = judged(BLUE, GREEN, GONE_BACK, release=Release("r2", SafeText("v2"), "b" * 40))
    (resolved,) = [event for event in events_of(found) if isinstance(event, ev.RevisionResolved)]
    assert resolved.live == ("v1",)


def before_go(serve: tuple[str, ...], out: tuple[str, ...], had: dict[str, HostFacts]):
    checks, found = judged(serve, out, had, release=Release("r2", SafeText("v2"), "b" * 40))
    bare = two_sides()
    opened = ev.RunOpened(
        run="r2", kind="deploy", app=bare.app, environment=bare.name, protected=False, by=Person("ada"), request=Request(), config_digest="",
        hosts=tuple(host.name for host in bare.hosts), path=bare.path,
    )  # fmt: skip
    return checks["way-back"], fold([opened, *events_of(found), *plan_of(found, {})])


def told(state) -> str:
    return " ".join(" ".join(text(row) for row in way_back_lines(state, 200)).split())


def test_before_go_the_idle_side_is_not_said_to_go_back_as_the_traffic_alone_does():
    first_of_green = {name: fact for name, fact in GONE_BACK.items() if name in BLUE}
    for had in (GONE_BACK, first_of_green):
        check, state = before_go(BLUE, GREEN, had)
        assert (check.status, str(check.detail)) == ("passed", "2 hosts know the release they return to")
        assert told(state) == "way back ↶ v1 web01, web02 ↶ no requests web03, web04 keep what they have"
        assert decision_lines(state)[-2:] == ("  back to v1: web01, web02", "  back without requests, on what they have: web03, web04")


def test_before_the_first_release_of_all_the_side_that_is_left_alone_is_not_said_to_be_removed():
    check, state = before_go((), (*BLUE, *GREEN), {})
    assert str(check.detail) == "first release on 2 hosts: the way back is to stop and remove it"
    assert told(state) == "way back ↶ stopped and removed (first release) web01, web02"


def test_an_idle_host_whose_release_is_unknown_blocks_still():
    broken = changed(GONE_BACK["web03"], current="v9", current_broken=SafeText("it dangles"))
    check, _ = before_go(BLUE, GREEN, {**GONE_BACK, "web03": broken})
    assert check.blocks


def test_the_first_shift_says_that_hosts_which_serve_go_back_to_what_they_had():
    same = dict.fromkeys((*BLUE, *GREEN), GONE_BACK["web01"])
    _, state = before_go((*BLUE, *GREEN), (), same)
    assert told(state) == "way back ↶ v1 web01 … web04 (4 hosts)"


@pytest.mark.parametrize("chosen", ["", "web03"])
def test_a_restart_does_not_bring_the_side_that_stands_by_into_the_traffic(chosen: str):
    """It did: users got the release that was rolled back, beside the one that serves."""
    drained = dict.fromkeys(GREEN, frozenset({NAME}))
    whole = found_of(two_sides(), looks(BLUE, GREEN), drained=drained)
    request = Request(kind="restart", hosts=chosen)
    facts = tuple(fact for fact in whole.facts if chosen in ("", fact.host))
    found = PreflightResult(**{**whole.__dict__, "request": request, "facts": facts})
    assert [found.out.get(name) for name in GREEN] == [frozenset({NAME})] * 2
    titles = [step.title for step in JUDGES["restart"].plan(found).steps if step.about == "web03" and step.kind in ("drain", "admit")]
    assert titles == [f"web03 is out of {NAME} already", f"web03 stays out of {NAME}, as it was before"]
    marks = {event.host: event.mark for event in events_of(found) if isinstance(event, ev.TrafficChanged)}
    assert marks == {fact.host: "left" for fact in facts if fact.host in GREEN}


def test_a_restart_returns_what_a_run_left_out_of_the_side_that_serves_and_of_other_strategies():
    drained = {"web02": frozenset({NAME}), **dict.fromkeys(GREEN, frozenset({NAME}))}
    restart = {"request": Request(kind="restart")}
    serves = found_of(two_sides(), looks(("web01",), ("web02", *GREEN)), drained=drained)
    assert set(PreflightResult(**{**serves.__dict__, **restart}).out) == set(GREEN)
    rolling = found_of(changed(two_sides(), strategy="rolling"), looks(BLUE, GREEN), drained=drained)
    assert PreflightResult(**{**rolling.__dict__, **restart}).out == {}


def test_the_record_keeps_that_a_run_took_a_host_out_which_a_later_run_leaves_so():
    record, seen = EnvironmentRecord(), []
    for mark in ("drained", "left", "in", "left"):
        event = ev.TrafficChanged(host="web03", balancer=NAME, mark=mark)
        record = recorded(record, 1, (event,), RunState(run="r1", environment="production", kind="restart", phase="running"))
        seen.append(record.hosts["web03"].drained)
    assert seen == [(NAME,), (NAME,), (), ()]


def test_a_side_of_which_a_host_is_not_reached_is_told_with_what_leaves_it_out():
    """Nobody gave --hosts, and was told to leave that out."""
    found = found_of(
        changed(two_sides(), rolling=changed(two_sides().rolling, max_failures=1)), looks(BLUE, GREEN), revision=Revision("b" * 40, SafeText("v2"))
    )
    facts = tuple(HostFacts(fact.host, problem=SafeText("no route"), problem_kind="unreachable") if fact.host == "web03" else fact for fact in found.facts)
    (check,) = [one for one in JUDGES["deploy"].checks(PreflightResult(**{**found.__dict__, "facts": facts})) if one.id == "balancer"]
    assert (check.blocks, str(check.detail)) == (True, "a blue/green release is one of both sides; not reached: web03")
    assert str(check.remedy) == "mend it, or --without web03=REASON"


def a_shift_beside_an_owed_host() -> BalancedRun:
    """A release to green; of blue, which serves, an earlier run has taken web01 out: it is owed, and has another release than web02."""
    run = a_shift()
    run.before = frozenset({"web01"})
    run.serves.discard("web01")
    run.record(ev.TrafficChanged(host="web01", balancer=NAME, mark="left"))
    return run


def test_a_host_that_was_owed_on_the_side_that_serves_is_left_out_of_the_traffic():
    drained = {"web01": frozenset({NAME}), **dict.fromkeys(GREEN, frozenset({NAME}))}
    found = found_of(two_sides(), looks(("web02",), ("web01", *GREEN)), drained=drained, revision=Revision("b" * 40, SafeText("v2")))
    assert found.out == {"web01": frozenset({NAME})}
    assert {event.host: event.mark for event in events_of(found) if isinstance(event, ev.TrafficChanged)}["web01"] == "left"


def test_the_way_back_gives_requests_to_hosts_that_had_them_before_the_run_alone():
    """It waited half a minute for a host that was dead before, while the release that was taken back went on serving; alive, it would have served another release."""
    run = until_runs(a_shift_beside_an_owed_host(), "close/web03/prune")
    say(run, cmd.RollBack())
    state = run.run()
    assert (state.exit, run.serves) == (Exit.ROLLED_BACK, {"web02"})


def test_a_rollback_after_it_does_not_bring_that_host_in_either():
    run = a_shift_beside_an_owed_host()
    run.run()
    ended = trimmed(changed(run.state, ended_at="2026-01-01T23:30:00Z"))
    targets = targets_before([ended], (*BLUE, *GREEN))
    assert (targets.goes_to, targets.leaving) == ({"web02": OLD}, frozenset(GREEN))
