"""How a run ends: total over every state, and never better than what is known of the hosts."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.outcome import conclude, host_rows
from console.errors import Exit
from console.model.plan import Plan, WayBack
from console.model.request import Request
from console.model.state import HostCondition, HostState, RunState, StepState
from console.model.values import changed
from console.text import SafeText

OUTCOMES = {
    Exit.DONE: {"succeeded", "rolled-back"},
    Exit.CONSOLE_FAILED: {"error"},
    Exit.NO_GO: {"no-go"},
    Exit.ROLLED_BACK: {"rolled-back"},
    Exit.FAILED: {"failed"},
    Exit.LOCKED: {"locked"},
    Exit.LIVE_BUT_BEHIND: {"succeeded"},
    Exit.INTERRUPTED: {"interrupted"},
}
STATES = {"old", "new", "failed", "unreachable", "unknown", "owed", "skipped"}


def a_state(*conditions: str, **fields: object) -> RunState:
    hosts = {
        f"web{number:02}": HostState(f"web{number:02}", condition=condition, touched=condition != "old")  # type: ignore[arg-type]
        for number, condition in enumerate(conditions, 1)
    }
    return RunState(run="r1", environment="production", hosts=hosts, **{"go": True, "changed": True, "kind": "deploy", **fields})  # type: ignore[arg-type]


steps = st.dictionaries(st.sampled_from(["pack", "monitor"]), st.builds(StepState, status=st.sampled_from(["done", "pending", "failed", "unknown"])))
hosts = st.lists(
    st.builds(
        HostState, name=st.just(""), condition=st.sampled_from(get_args(HostCondition)), touched=st.booleans(), failed_once=st.booleans(),
        steps=st.dictionaries(st.just("s"), st.builds(StepState, status=st.sampled_from(["done", "failed", "unknown"]))),
    ),
    max_size=5,
)  # fmt: skip
states = st.builds(
    lambda found, **fields: RunState(run="r1", environment="production", hosts={str(n): host for n, host in enumerate(found)}, **fields),
    hosts, kind=st.sampled_from(["deploy", "rollback", "restart"]), go=st.sampled_from([None, True, False]), changed=st.booleans(),
    aborting=st.sampled_from(["", "back", "leave"]), back=st.sampled_from([None, Plan("rollback", (), ())]), interrupted=st.booleans(),
    max_failures=st.integers(0, 3), locked_by=st.sampled_from([SafeText(""), SafeText("web01 is held by r0")]), steps=steps,
)  # fmt: skip


@given(states)
def test_every_state_has_an_end_that_the_contract_names(state: RunState):
    code, outcome, _, _ = conclude(state)
    assert outcome in OUTCOMES[code]


@given(states)
def test_done_is_never_said_of_a_host_that_is_not(state: RunState):
    code, _, _, _ = conclude(state)
    if code != Exit.DONE:
        return
    wanted = {"back", "left-out", "skipped"} if state.kind == "rollback" else {"new"}
    assert {host.condition for host in state.hosts.values()} <= wanted


@given(states)
def test_back_is_never_said_of_a_touched_host_that_is_not(state: RunState):
    code, _, _, _ = conclude(state)
    if code == Exit.ROLLED_BACK and state.changed:
        assert all(host.condition in ("back", "skipped") for host in state.hosts.values() if host.touched)


@given(states)
def test_behind_is_said_only_of_hosts_that_are_known(state: RunState):
    code, _, _, _ = conclude(state)
    if code == Exit.LIVE_BUT_BEHIND:
        conditions = {host.condition for host in state.hosts.values()}
        assert "new" in conditions
        assert not conditions & {"unknown", "updating", "returning"}


@given(states)
def test_after_a_change_nothing_ends_as_if_there_had_been_none(state: RunState):
    code, _, _, _ = conclude(state)
    if state.changed and state.go is not False and not state.locked_by:
        assert code in (Exit.DONE, Exit.ROLLED_BACK, Exit.FAILED, Exit.LIVE_BUT_BEHIND)


@given(states)
def test_a_restart_ends_as_restarts_do(state: RunState):
    if state.kind == "restart" and state.changed and state.go and not state.locked_by:
        assert conclude(state)[0] in (Exit.DONE, Exit.FAILED, Exit.LIVE_BUT_BEHIND)


@given(states)
def test_hosts_are_named_as_the_contract_does(state: RunState):
    assert {row["state"] for row in host_rows(state)} <= STATES


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (a_state("new", "new"), Exit.DONE),
        (a_state("new", "left-out"), Exit.LIVE_BUT_BEHIND),
        (a_state("new", "skipped"), Exit.LIVE_BUT_BEHIND),
        (a_state("new", request=Request(without=(("web09", "burnt"),))), Exit.LIVE_BUT_BEHIND),
        (a_state("new", "unknown", max_failures=1), Exit.FAILED),
        (a_state("back", "back", "old", back=Plan("rollback", (), ())), Exit.ROLLED_BACK),
        (a_state("back", "owed", back=Plan("rollback", (), ())), Exit.FAILED),
        (a_state("new", "old", aborting="leave"), Exit.FAILED),
        (a_state("back", "back", kind="rollback"), Exit.DONE),
        (a_state("back", "owed", kind="rollback"), Exit.FAILED),
        (a_state("old", "old", kind="rollback", changed=False), Exit.FAILED),
        (a_state("old", changed=False, go=False), Exit.NO_GO),
        (a_state("old", changed=False, go=False, interrupted=True), Exit.INTERRUPTED),
        (a_state("old", changed=False, aborting="back"), Exit.INTERRUPTED),
        (a_state("skipped", "skipped", changed=False), Exit.INTERRUPTED),
        (a_state("old", changed=False, locked_by=SafeText("web01 is held by r0")), Exit.LOCKED),
    ],
)
def test_an_end(state: RunState, code: Exit):
    assert conclude(state)[0] == code


def test_a_host_that_is_owed_to_after_an_unknown_step_is_not_known():
    state = a_state("new", "owed", max_failures=1)
    unknown = HostState("web02", condition="owed", touched=True, failed_once=True, steps={"restart": StepState(status="unknown")})
    assert conclude(RunState(**{**_fields(state), "hosts": {**state.hosts, "web02": unknown}}))[0] == Exit.FAILED


def _fields(state: RunState) -> dict[str, object]:
    return {name: getattr(state, name) for name in state.__struct_fields__}


def test_a_rollback_that_found_a_host_where_it_was_to_go_is_done():
    ways = (WayBack("web01", "r1", SafeText("v1")), WayBack("web02", "r1", SafeText("v1")))
    there = HostState("web01", condition="old", release="r1")
    back = HostState("web02", condition="back", release="r1")
    done = changed(a_state(kind="rollback", way_back=ways), hosts={"web01": there, "web02": back})
    assert conclude(done)[0] == Exit.DONE
    elsewhere = changed(there, release="r2")
    assert conclude(changed(done, hosts={"web01": elsewhere, "web02": back}))[0] == Exit.FAILED


def test_a_host_that_is_not_reached_stays_as_it_is_and_not_on_nothing():
    way = WayBack("web01", reason=SafeText("the login is refused"), possible=False)
    state = changed(a_state(kind="rollback", way_back=(way,)), hosts={"web01": HostState("web01", condition="owed")})
    assert conclude(state)[2] == "not back: web01 stays as it is, which is not known: the login is refused"
    known = changed(state, hosts={"web01": HostState("web01", condition="owed", release="r2")})
    assert conclude(known)[2] == "not back: web01 stays on r2: the login is refused"


def test_a_rollback_that_a_host_did_not_follow_says_what_to_type_about_it():
    damaged = WayBack("web01", "r1", SafeText("v1"), possible=False, reason=SafeText("1 file differs"))
    folder = WayBack("web02", "r1", possible=False, reason=SafeText("current is a folder"), hint=SafeText("mv current releases/adopted"))
    hosts = {name: HostState(name, condition="old", release="r2") for name in ("web01", "web02")}
    state = changed(a_state(kind="rollback", way_back=(damaged, folder)), hosts=hosts)
    again = f"deploy {state.environment} --version v1 --hosts web01 --override direction=REASON"
    assert conclude(state)[3] == f"{again}; on web02: mv current releases/adopted"
