"""Which run left an environment unverified: until a run has verified what it left, and no longer."""

import pytest

from console.core.environment.verification import unverified_forgiven
from console.model.environment_record import Unverified
from console.model.fleet_snapshot import LastRun
from console.model.plan import ReturnTarget
from console.model.request import Request
from console.model.state import HostState, RunState
from tests.core.newest_first import failed_run


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
    ways = (ReturnTarget("web01", "r1"), ReturnTarget("web02", "r1", possible=False))
    left = RunState(run="rollback", kind="rollback", phase="ended", exit=5, hosts={"web01": there, "web02": stays}, way_back=ways)
    assert failed_run((left,)) is left
    assert failed_run((run("again", 0, "web02", web02="new"), left)) is None


STATES = ("failed", "unknown", "unreachable", "owed", "updating", "returning")


@pytest.mark.parametrize("condition", STATES)
def test_a_host_that_ended_so_is_unverified_until_it_is_verified(condition: str):
    left = run("left", 5, web01="new", web02=condition)
    assert failed_run((run("other", 0, "web01", web01="new"), left)) is left
    assert failed_run((run("same", 0, "web02", web02="new"), left)) is None


@pytest.mark.parametrize("condition", ["new", "back"])
def test_a_host_is_verified_by_a_run_that_left_it(condition: str):
    assert failed_run((run("later", 5, "web02", web02=condition, web03="failed"), run("left", 5, web02="failed"))).run == "later"  # type: ignore[union-attr]
    assert failed_run((run("later", 0, "web02", web02=condition), run("left", 5, web02="failed"))) is None


@pytest.mark.parametrize("condition", ["old", "skipped", "left-out", *STATES])
def test_a_host_is_not_verified_by_a_run_that_left_it_otherwise(condition: str):
    left = run("left", 5, web02="failed")
    assert failed_run((run("later", 0, "web02", web02=condition), left)) is left


@pytest.mark.parametrize(("code", "speaks"), [(0, True), (4, True), (8, True), (1, False), (3, False), (6, False), (130, False)])
def test_a_run_of_all_hosts_speaks_for_all_where_it_ended_well(code: int, speaks: bool):
    left = run("left", 5, web02="failed")
    assert failed_run((run("later", code, web01="new"), left)) is (None if speaks else left)
    assert failed_run((run("later", code, "web01", web01="new"), left)) is left


@pytest.mark.parametrize("code", [0, 1, 3, 4, 6, 8, 130])
def test_only_a_run_that_failed_leaves_anything_unverified(code: int):
    assert failed_run((run("only", code, web01="failed"),)) is None


def test_no_run_at_all_left_nothing():
    assert failed_run(()) is None


def left_by(name: str, **hosts: tuple[str, ...]) -> Unverified:
    return Unverified(LastRun(name, "deploy", "failed", 5), **{"hosts": ("web01", "web02", "web03"), **hosts})


FORGIVEN = [
    ("one of two", left_by("r1", bad=("web01", "web02")), "r1", "web01", left_by("r1", bad=("web02",), stayed=("web01",))),
    ("the only one counts as left as it was", left_by("r1", bad=("web01",)), "r1", "web01", left_by("r1", stayed=("web01",))),
    (
        "one beside another that was left as it was", left_by("r1", bad=("web01",), stayed=("web03",)), "r1", "web01",
        left_by("r1", stayed=("web03", "web01")),
    ),
    ("one that is known as left already", left_by("r1", bad=("web01",), stayed=("web01",)), "r1", "web01", left_by("r1", stayed=("web01",))),
    ("of another run", left_by("r1", bad=("web01",)), "r2", "web01", left_by("r1", bad=("web01",))),
    ("of a host that the run left well", left_by("r1", bad=("web01",)), "r1", "web02", left_by("r1", bad=("web01",))),
    ("of another run's host", left_by("r1", bad=("web01",)), "r2", "web02", left_by("r1", bad=("web01",))),
    ("the last one that no run has verified", left_by("r1", bad=("web01",), good=("web01",)), "r1", "web01", None),
]  # fmt: skip


@pytest.mark.parametrize(("before", "run_", "host", "after"), [pytest.param(*row[1:], id=row[0]) for row in FORGIVEN])
def test_a_debt_that_is_forgiven_leaves_its_host_as_one_that_stayed(before: Unverified, run_: str, host: str, after: Unverified | None):
    assert unverified_forgiven((before,), run_, host) == ((after,) if after else ())


def test_what_other_runs_left_stays():
    first, second = left_by("r1", bad=("web01",)), left_by("r2", bad=("web01", "web02"))
    assert unverified_forgiven((first, second), "r2", "web01") == (first, left_by("r2", bad=("web02",), stayed=("web01",)))
    assert unverified_forgiven((), "r2", "web01") == ()
