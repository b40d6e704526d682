"""Which run left an environment unverified: until a run has verified what it left, and no longer."""

import pytest

from console.core.verification import failed_run
from console.model.plan import WayBack
from console.model.request import Request
from console.model.state import HostState, RunState


def run(name: str, exit: int, hosts: str = "", **conditions: str) -> RunState:  # noqa: A002 (the state's name)
    states = {host: HostState(host, condition=condition) for host, condition in conditions.items()}  # type: ignore[arg-type]
    return RunState(run=name, phase="ended", exit=exit, request=Request(hosts=hosts), hosts=states)


BAD = run("bad", 5, web01="back", web02="owed")


@pytest.mark.parametrize(("newer", "failed"), [
    ((), "bad"),
    ((run("catch-up", 0, "web02", web02="new"),), ""),
    ((run("other", 0, "web01", web01="new"),), "bad"),
    ((run("again", 5, "web02", web02="failed"),), "again"),
    ((run("all", 0, web01="new", web02="new"),), ""),
    ((run("back", 4, web01="back", web02="back"),), ""),
    ((run("behind", 8, web01="new", web02="owed"),), ""),
    ((run("worse", 5, web01="failed", web02="back"),), "worse"),
])  # fmt: skip
def test_what_failed_is_shown_until_its_hosts_are_verified(newer: tuple[RunState, ...], failed: str):
    found = failed_run((*newer, BAD, run("first", 0, web01="new", web02="new")))
    assert (found.run if found else "") == failed


def test_a_run_that_failed_on_no_host_is_made_good_by_all():
    hook = run("hook", 5, web01="new", web02="new")
    assert failed_run((run("one", 0, "web01", web01="new"), hook)) is hook
    assert failed_run((run("one", 0, "web01", web01="new"), run("two", 0, "web02", web02="new"), hook)) is None


def test_what_a_rollback_left_as_it_was_is_made_good_by_that_host_alone():
    left = run("rollback", 5, web01="back", web02="old")
    assert failed_run((run("other", 0, "web01", web01="new"), left)) is left
    assert failed_run((run("again", 0, "web02", web02="new"), left)) is None


def test_a_rollback_that_found_a_host_there_already_asks_no_more_of_it():
    there, stays = HostState("web01", condition="old", release="r1"), HostState("web02", condition="old", release="r2")
    ways = (WayBack("web01", "r1"), WayBack("web02", "r1", possible=False))
    left = RunState(run="rollback", kind="rollback", phase="ended", exit=5, hosts={"web01": there, "web02": stays}, way_back=ways)
    assert failed_run((left,)) is left
    assert failed_run((run("again", 0, "web02", web02="new"), left)) is None
