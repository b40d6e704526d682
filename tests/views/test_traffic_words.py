"""A host at its balancers in words: while it is drained, held, out, and when requests were cut or nothing can be read back."""

import pytest

from console.core.plan.lanes import ASKING
from console.core.plan.planner import plan_release
from console.core.run.evolve import evolve, fold
from console.model import commands as cmd
from console.model import events as ev
from console.model.number_of_hosts import NumberOfHosts
from console.model.strategy import Canary
from console.model.values import changed
from console.safe_text import SafeText
from console.views.blocking_reason import waiting_line
from console.views.checklist import checklist
from console.views.fleet_rows import counts_in_words, host_words
from console.views.parting_lines import last_lines
from console.views.plain_lines import waited_for
from console.views.plan_words import blast_radius, plan_lines
from console.views.rollback_words import rollback_lines
from console.views.styled_text import text
from console.views.traffic_words import cut_words, drain_time, traffic_note, traffic_rows, unread_words
from tests.core.balanced import NAME, BalancedRun, a_balanced_run, balanced
from tests.core.builders import a_step
from tests.core.plans import failing, say, until_runs
from tests.core.simulation import NEW, opening
from tests.core.test_bluegreen import a_shift


def mark(run: BalancedRun, word: str, host: str = "web02", **fields: object) -> None:
    run.record(ev.TrafficChanged(host=host, balancer=NAME, mark=word, **fields))  # type: ignore[arg-type]


def draining(sessions: int | None = 3) -> BalancedRun:
    run = until_runs(a_balanced_run(3), "wave-2/web02/drain")
    mark(run, "drained", sessions=sessions)
    run.now += 4.0
    return run


def words(run: BalancedRun, host: str = "web02") -> tuple[str, str]:
    return host_words(run.state, run.state.hosts[host], run.now)


def test_a_drain_shows_how_many_requests_are_left_and_for_how_long():
    run = draining()
    assert words(run) == ("draining, 3 requests left", "4 s of 30 s")
    assert "web02 draining, 3 requests left, 4 s of 30 s" in text(waiting_line(run.state, run.now, 120))
    assert waited_for(run.state, run.now) == "web02 draining, 3 requests left, 4 s of 30 s"
    assert words(draining(1))[0] == "draining, 1 request left"
    assert words(draining(None))[0] == "draining"


def test_a_drain_that_is_held_says_what_waits_and_the_keys_that_help():
    run = a_balanced_run(3, lambda step, attempt: "held" if step.name == "wave-2/web02/drain" else "done")
    until_runs(run, "wave-2/web02/drain")
    mark(run, "overdue", sessions=2)
    run.says = lambda step: "2 requests still under way on web02 after 30 s (lb01/shop)"
    run.run()
    assert words(run)[0] == "held, 2 requests left"
    told = text(waiting_line(run.state, run.now, 160, "web02"))
    assert "Waiting for you: 2 requests still under way on web02 after 30 s (lb01/shop)" in told
    assert "c continue" in told
    assert "t retry" in told


def test_what_was_cut_stays_in_sight():
    run = draining()
    mark(run, "drained", sessions=0, cut=3)
    state = run.run()
    assert words(run)[0] == "new, 3 cut"
    assert cut_words(state) == "3 requests cut on web02"
    assert "3 requests cut on web02" in last_lines(state, run.now)


def test_a_failed_host_is_called_drained_and_one_that_was_out_before_says_so():
    run = a_balanced_run(3, failing("web02"), on_failure="stop", out=("web03",))
    state = run.run()
    assert traffic_note(state.hosts["web02"]) == "drained"
    assert words(run)[0] == "failed, drained"
    assert traffic_note(state.hosts["web03"]) == "out before"


def test_what_cannot_be_read_back_is_on_the_line_under_the_header():
    run = until_runs(a_balanced_run(3, on_failure="pause"), "wave-3/web03/switch")
    mark(run, "unread", "web01", detail=SafeText("no answer"))
    assert unread_words(run.state) == ""
    run.record(*(ev.HostFailed(host=name, condition="failed", reason=SafeText("unwell")) for name in ("web01", "web02")))
    assert unread_words(run.state) == f"web01 may still get requests at {NAME} (no answer)"
    assert text(waiting_line(run.state, run.now, 160)).startswith(f" web01 may still get requests at {NAME} (no answer); ")
    mark(run, "unread", "web02", detail=SafeText("no answer"))
    assert "and 1 more" in unread_words(run.state)
    assert unread_words(evolve(run.state, ev.TrafficChanged(host="web01", balancer=NAME, mark="drained"))).startswith("web02")


ROWS = [
    ("in", {}, "gets requests again"), ("left", {}, "out since before this run, and left so"), ("draining", {}, "is being drained"),
    ("drained", {"cut": 2}, "drained, 2 requests cut"), ("unread", {"detail": SafeText("no answer")}, "not known whether it gets requests: no answer"),
    ("overdue", {"sessions": 1}, "drained, with requests under way when time was over"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "fields", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_each_balancer_has_a_row_for_the_host(word: str, fields: dict[str, object], expected: str):
    run = a_balanced_run(2)
    mark(run, word, **fields)
    assert traffic_rows(run.state.hosts["web02"]) == (f"{NAME}: {expected}",)


def test_the_way_back_of_a_blue_green_release_is_to_move_the_traffic():
    run = until_runs(a_shift(), "close/web03/prune")
    said = [text(one) for one in rollback_lines(run.state, 120)]
    assert said[0].startswith("The traffic moves back to web01, web02: ")
    assert said[1] == "then   web03, web04 get no requests and keep what they have; nothing is restarted"
    assert "time   about 3 s" in said
    assert say(run, cmd.RollBack()) is None


def test_before_the_traffic_has_moved_it_stays_where_it_is():
    run = until_runs(a_shift(), "wave-1/web03/gate")
    assert text(rollback_lines(run.state, 120)[0]).startswith("The traffic stays at web01, web02: ")


def test_a_blue_green_release_says_before_and_after_it_which_side_gets_the_requests():
    run = a_shift()
    assert "goes to 2 hosts of production, which get no requests; once all are verified the traffic moves to them, and 2 stand by; " in blast_radius(run.state)
    assert any("moves to web03, web04 once all are verified; web01, web02 stand by" in text(row) for row in plan_lines(run.state, 120))
    run = until_runs(run, "close/web03/prune")
    assert counts_in_words(run.state) == "4 hosts: 2 new, 2 stand by"
    assert host_words(run.state, run.state.hosts["web01"], 0.0)[0] == "stands by"
    row = next(one for one in checklist(run.state, 0.0) if one.short == "DEPLOY")
    assert row.found == "2 of 2"


def test_a_drain_that_takes_longer_than_requests_may_says_that():
    step = a_step("wave-1/web01/drain", "drain", about="web01", timeout=10 + ASKING)
    assert [drain_time(step, spent) for spent in (4.0, 10.0, 23.0)] == ["4 s of 10 s", "10 s of 10 s", "23 s, over 10 s"]


@pytest.mark.parametrize(
    ("analysis", "words"), [(60.0, "; new hosts are judged against old ones at 10 % and 50 % of the traffic; every"), (0.0, "one at a time; every")]
)
def test_before_a_canary_by_weight_it_is_said_at_which_shares_new_hosts_are_judged(analysis: float, words: str):
    canary = Canary(by="weight", analysis=analysis, steps=(NumberOfHosts(share=0.1), NumberOfHosts(share=0.5)))
    environment = changed(balanced(4), strategy="canary", canary=canary)
    opened, *seen, made, _, _ = opening(balanced(4))
    loads = {environment.balancers[0].name: {host.name: 1 for host in environment.hosts}}
    plan = plan_release(environment, environment.hosts, NEW, frozenset(), loads=loads)
    assert words in blast_radius(fold([opened, *seen, changed(made, plan=plan)]))
