"""When more failed than may fail, and what a run leaves at its end: who is owed, who is asked a last time, and which steps go on until then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.closing import close, end, is_closing, make_way
from console.core.run.failure_budget import failed_without_host, is_network, is_tripped, trip_reason
from console.core.run.outcome import conclude
from console.core.run.ready_steps import changing_steps, hosts_in, own_steps, ready_steps, ready_to_return, ready_while_paused, running_steps, runs
from console.model import commands as cmd
from console.model.effects import AskHosts, CancelStep, RecordEvent
from console.model.events import HostFailed, HostOwed, RunEnded
from console.model.plan import Plan, Steps
from console.model.request import RunKind
from console.model.state import HostState, RunState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import a_host_in, a_state, a_step, counted, ended, hosts_of, paused
from tests.core.plans import a_run, run_of, runs_now, say, until, until_runs
from tests.core.simulation import an_environment

FLEET = an_environment(4)


def failed(number: int, **fields: object) -> HostState:
    return a_host_in("failed", f"web{number:02}", failed_once=True, **fields)


def with_failed(count: int, tolerated: int = 0, **fields: object) -> RunState:
    hosts = (failed(number, tolerated=number <= tolerated) for number in range(1, count + 1))
    return a_state(hosts=hosts_of(*hosts, a_host_in("new", "web09")), phase="running", **fields)


def with_step(kind: str, status: str, *, tolerated: bool = False) -> RunState:
    step = a_step("database/migrate" if kind == "migrate" else f"wave-1/{kind}", kind, "prepare")
    return a_state("new", index={step.name: step}, steps={step.name: ended(status, "exit 1", tolerated=tolerated)})


BUDGETS = [
    ("nobody failed", with_failed(0), 0, False),
    ("one failed, none may", with_failed(1), 1, True),
    ("one failed, one may", with_failed(1, max_failures=1), 1, False),
    ("two failed, one may", with_failed(2, max_failures=1), 2, True),
    ("two failed, and a person went on with two", with_failed(2, tolerated=2, max_failures=1), 2, False),
    ("a third one fails after that", with_failed(3, tolerated=2, max_failures=1), 3, True),
    ("one failed, and a person went on with fewer than the file allows", with_failed(1, tolerated=1, max_failures=2), 1, False),
    ("what goes back goes to its end", with_failed(2, kind="rollback"), 2, False),
    ("a migration failed", with_step("migrate", "failed"), 0, True),
    ("a migration of which nobody saw the end", with_step("migrate", "unknown"), 0, True),
    ("a person went on with the step that failed", with_step("analysis", "failed", tolerated=True), 0, False),
    ("a migration is done", with_step("migrate", "done"), 0, False),
]


@pytest.mark.parametrize(("state", "count", "tripped"), [pytest.param(*row[1:], id=row[0]) for row in BUDGETS])
def test_whether_more_failed_than_may_fail(state: RunState, count: int, tripped: bool):
    assert (len(state.tally.failed_once), is_tripped(state)) == (count, tripped)


REASONS = [
    ("one host", with_failed(1), "1 failed, 0 allowed: web01 (failed)"),
    ("with what it said", a_state(hosts=hosts_of(failed(1, detail=SafeText("HTTP 503")))), "1 failed, 0 allowed: web01 (HTTP 503)"),
    ("four hosts are named", with_failed(5, max_failures=2), "5 failed, 2 allowed: web01 (failed), web02 (failed), web03 (failed), web04 (failed)"),
    ("a step of the run, with its title", with_step("migrate", "failed"), "database/migrate failed: exit 1"),
    ("an analysis, in its own words", with_step("analysis", "failed"), "exit 1"),
]


@pytest.mark.parametrize(("state", "words"), [pytest.param(*row[1:], id=row[0]) for row in REASONS])
def test_the_reason_names_what_failed(state: RunState, words: str):
    assert trip_reason(state) == words


def test_a_step_of_the_run_that_failed_is_found_until_a_person_goes_on():
    found = failed_without_host(with_step("migrate", "failed"))
    assert found is not None
    assert found.kind == "migrate"
    assert failed_without_host(with_step("migrate", "failed", tolerated=True)) is None
    assert failed_without_host(with_failed(3)) is None


def lost(*since: float, condition: str = "unreachable") -> RunState:
    hosts = (a_host_in(condition, f"web{number:02}", failed_once=True, since=at) for number, at in enumerate(since, 1))
    return a_state(hosts=hosts_of(*hosts), phase="running")


NETWORKS = [
    ("nobody is lost", lost(), False),
    ("two at once", lost(1.0, 1.0), False),
    ("three at once", lost(1.0, 1.0, 1.0), True),
    ("three within ten seconds", lost(1.0, 6.0, 11.0), True),
    ("three within eleven", lost(1.0, 6.0, 12.0), False),
    ("the last three of four", lost(1.0, 50.0, 55.0, 60.0), True),
    ("three that failed and answer", lost(1.0, 1.0, 1.0, condition="failed"), False),
    ("three of which nothing is known", lost(1.0, 1.0, 1.0, condition="unknown"), True),
]


@pytest.mark.parametrize(("state", "network"), [pytest.param(*row[1:], id=row[0]) for row in NETWORKS])
def test_whether_it_is_the_network_that_failed(state: RunState, network: bool):
    assert is_network(FLEET, state) is network


GONE = a_host_in("unreachable", "web01", detail=SafeText("no answer"))
UNTOUCHED = changed(GONE, touched=False)
NEW = a_host_in("new", "web02")
LEFT_OUT = a_host_in("left-out", "web03", touched=False, detail=SafeText("disk is broken"))
OWED: list[tuple[str, RunKind, tuple[HostState, ...], dict[str, object], list[tuple[str, str]]]] = [
    ("nobody where all are new", "deploy", (NEW,), {}, []),
    ("a host that was changed and is lost", "deploy", (GONE, NEW), {}, [("web01", "no answer")]),
    ("a lost host that said nothing", "deploy", (changed(GONE, detail=SafeText("")), NEW), {}, [("web01", "unreachable")]),
    ("a host that was never reached, once the release is live", "deploy", (UNTOUCHED, NEW), {}, [("web01", "not reached: no answer")]),
    ("not where no host has the release", "deploy", (UNTOUCHED, a_host_in("old", "web02")), {}, []),
    ("a host that was left out by name", "deploy", (NEW, LEFT_OUT), {}, [("web03", "left out: disk is broken")]),
    ("not where the run was aborted", "deploy", (NEW, LEFT_OUT), {"aborting": "leave"}, []),
    ("not in a restart: it brings no release", "restart", (NEW, LEFT_OUT), {}, []),
    ("a lost host of a restart that was changed", "restart", (GONE, NEW), {}, [("web01", "no answer")]),
    ("a host that is not back, reached or not", "rollback", (UNTOUCHED, a_host_in("back", "web02")), {}, [("web01", "no answer")]),
    ("a host that failed is no host that is lost", "deploy", (a_host_in("failed", "web01"), NEW), {}, []),
]


@pytest.mark.parametrize(("kind", "hosts", "fields", "owed"), [pytest.param(*row[1:], id=row[0]) for row in OWED])
def test_who_is_owed_at_the_end(kind: RunKind, hosts: tuple[HostState, ...], fields: dict[str, object], owed: list[tuple[str, str]]):
    state = a_state(hosts=hosts_of(*hosts), phase="running", kind=kind, answered=True, max_failures=9, **fields)
    effects = [effect.event for effect in close(FLEET, state) if isinstance(effect, RecordEvent)]
    assert [(event.host, str(event.reason)) for event in effects if isinstance(event, HostOwed)] == owed
    assert any(isinstance(event, RunEnded) for event in effects) is not bool(owed), "first they are owed, then the run ends"


LAST = [
    ("hosts that are new", (NEW,), ("web02",)),
    ("hosts that are back", (a_host_in("back", "web01"), NEW), ("web01", "web02")),
    ("not one that failed", (a_host_in("failed", "web01"), NEW), ("web02",)),
    ("not one that nothing was done on", (a_host_in("back", "web01", touched=False), NEW), ("web02",)),
]


@pytest.mark.parametrize(("hosts", "asked"), [pytest.param(*row[1:], id=row[0]) for row in LAST])
def test_who_is_asked_a_last_time(hosts: tuple[HostState, ...], asked: tuple[str, ...]):
    state = a_state(hosts=hosts_of(*hosts), phase="running", max_failures=9)
    assert list(close(FLEET, state)) == [AskHosts(asked)]
    assert list(close(FLEET, changed(state, answered=True))) == [end(FLEET, changed(state, answered=True))]


def test_a_run_tidies_up_from_its_first_closing_step_on():
    assert not is_closing(until_runs(a_run(2), "wave-2/web02/gate").state)
    assert is_closing(until_runs(a_run(2), "close/web01/prune").state)
    assert is_closing(until_runs(a_run(1), "close/web01/prune").state), "by one step"


def test_a_run_that_makes_way_ends_what_runs_first():
    run = until_runs(a_run(2), "wave-2/web02/restart")
    assert [effect.step.name for effect in make_way(FLEET, run.state) if isinstance(effect, CancelStep)] == ["wave-2/web02/restart"]
    still = a_state("new", phase="running")
    assert list(make_way(FLEET, still)) == [end(FLEET, still)]


def test_what_a_question_waits_for_is_not_what_a_person_does_or_watches():
    steps = {kind: a_step(f"wave-1/{kind}", kind) for kind in ("analysis", "manual", "migrate")}
    state = a_state("old", index={step.name: step for step in steps.values()}, steps={step.name: ended("running") for step in steps.values()})
    assert {step.kind for step in running_steps(state)} == {"analysis", "manual", "migrate"}
    assert [step.kind for step in changing_steps(state)] == ["migrate"]
    assert runs(state)
    assert not runs(a_state("old"))
    assert own_steps(state, ("wave-1/manual",)) == (steps["manual"],)


def test_a_person_s_pause_brings_hosts_under_way_to_their_gate_and_another_one_does_not():
    run = until_runs(a_run(2), "wave-1/web01/restart")
    run.finish(running_steps(run.state)[0])
    for cause, names in (("operator", ["wave-1/web01/gate"]), ("traffic", ["wave-1/web01/gate"]), ("failure", []), ("network", [])):
        assert [step.name for step in ready_while_paused(changed(run.state, pausing=paused(cause=cause)))] == names
    assert [step.name for step in ready_steps(run.state)] == ["wave-1/web01/gate"]
    assert list(ready_to_return(run.state)) == []


@given(
    st.lists(st.sampled_from(["old", "new", "failed", "unknown", "back", "owed"]), min_size=1, max_size=8), st.sets(st.sampled_from(["old", "new", "failed"]))
)
def test_hosts_in_some_conditions_are_those_hosts_in_the_order_of_the_fleet(conditions: list[str], wanted: set[str]):
    state = counted(a_state(*conditions))
    assert list(hosts_in(state, frozenset(wanted))) == [host.name for host in state.hosts.values() if host.condition in wanted]  # type: ignore[arg-type]


def test_nothing_runs_once_a_run_has_ended():
    run = a_run(2)
    run.run()
    assert runs_now(run) == []
    assert list(ready_steps(run.state)) == []


def test_a_run_that_stops_in_its_window_tells_of_the_host_that_failed_and_not_of_the_window_that_it_cancelled():
    run = until_runs(run_of(changed(an_environment(3, on_failure="stop"), monitor=600.0)), "verify/monitor")
    run.record(HostFailed(host="web02", condition="failed", reason=SafeText("web: HTTP 500")))
    state = run.run()
    assert (state.exit, state.outcome) == (5, "failed")
    assert state.reason == "web02 failed (web: HTTP 500)"


def test_of_two_steps_about_no_host_the_one_that_failed_is_told_of():
    steps = {name: a_step(name, kind, "verify") for name, kind in (("verify/monitor", "monitor"), ("verify/critical-1", "critical"))}
    known = {"verify/monitor": ended("cancelled", "given up"), "verify/critical-1": ended("failed", "HTTP 500")}
    assert conclude(a_state("new", phase="running", index=steps, steps=known))[2] == "HTTP 500"
    assert conclude(a_state("new", phase="running", index=steps, steps={"verify/monitor": known["verify/monitor"]}))[2] == "given up"


def test_a_debt_that_is_forgiven_while_the_run_ends_stays_forgiven():
    run = until(
        a_run(3, lambda step, attempt: "unknown" if step.name == "wave-2/web02/restart" else "done", max_failures=1),
        lambda run: run.state.hosts["web02"].condition == "owed",
    )
    assert say(run, cmd.Forgive(host="web02", reason=SafeText("gone"))) is None
    assert run.run().hosts["web02"].condition == "left-out"
    assert len([event for event in run.events if isinstance(event, HostOwed)]) == 1


def test_a_release_that_failed_before_anything_was_changed_is_told_from_one_that_was_taken_back():
    early = end(FLEET, a_state("failed", changed=False)).event
    assert isinstance(early, RunEnded)
    assert (early.exit, early.outcome, early.unchanged) == (4, "rolled-back", True)
    late = end(FLEET, a_state("back", changed=True, back=Plan("rollback", (), Steps(())), back_reason=SafeText("web01 failed"))).event
    assert isinstance(late, RunEnded)
    assert (late.exit, late.unchanged) == (4, False)
