"""What is owed: opened by a run, paid by a later one, void when the release that left a host out is undone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.debt import Debt
from console.model.request import Request
from console.model.state import HostState, RunState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.newest_first import open_debts

HOSTS = frozenset({"web01", "web02"})


def a_run(run, kind="deploy", code=0, without=(), ref="", **conditions):
    hosts = {name: HostState(name, condition=condition, detail=SafeText("why")) for name, condition in conditions.items()}
    return RunState(run=run, kind=kind, exit=code, phase="ended", hosts=hosts, request=Request(kind=kind, without=without, ref=ref))


def owed(*newest_first):
    return [(debt.host, debt.run) for debt in open_debts(newest_first, HOSTS)]


LEFT_OUT = a_run("r1", code=8, without=(("web02", "broken"),), web01="new", web02="owed")
LOST = a_run("r1", code=5, web01="back", web02="owed")
RELEASE = a_run("r2", web01="new", web02="new")
BACK = a_run("r3", "rollback", web01="back")


def test_a_host_is_owed_until_a_later_release_has_it():
    assert owed(LOST) == [("web02", "r1")]
    assert owed(a_run("r2", web01="new", web02="old"), LOST) == [("web02", "r1")]
    assert owed(a_run("r2", code=4, web01="back", web02="back"), LOST) == [("web02", "r1")], "it has what it had, and that was behind"
    assert owed(a_run("r2", "restart", web01="new", web02="new"), LOST) == [("web02", "r1")], "a restart changes no release"
    assert owed(RELEASE, LOST) == []
    assert owed(a_run("r2", "rollback", ref="v1", web01="back", web02="back"), LOST) == []


def test_a_forgiven_host_is_owed_no_more_by_that_run_alone():
    forgiven = a_run("r2", code=8, web01="new", web02="left-out")
    assert owed(forgiven) == []
    assert owed(forgiven, LOST) == [("web02", "r1")]


def test_undoing_the_release_that_left_a_host_out_leaves_no_debt():
    assert owed(LEFT_OUT) == [("web02", "r1")]
    assert owed(BACK, LEFT_OUT) == []
    assert owed(a_run("r4", "restart", web01="new"), BACK, LEFT_OUT) == []
    assert owed(a_run("r3", "rollback", ref="v0", web01="back"), LEFT_OUT) == [("web02", "r1")]
    before = a_run("r0", code=8, without=(("web02", "broken"),), web01="new", web02="owed")
    assert owed(BACK, LEFT_OUT, before) == [("web02", "r0")]


def test_a_release_that_was_undone_pays_nothing():
    assert owed(a_run("r3", "rollback", web01="back"), a_run("r2", web01="new", web02="new"), LOST) == [("web02", "r1")]


PAYING = [
    ("nothing", [], []),
    ("a run that owes nothing", [a_run("r1", web01="new", web02="new")], []),
    ("a host that is owed", [a_run("r1", code=8, web01="new", web02="owed")], [("web02", "r1")]),
    ("a host of another environment", [a_run("r1", code=8, job01="owed", web01="owed")], [("web01", "r1")]),
    ("two hosts", [a_run("r1", code=5, web01="owed", web02="owed")], [("web01", "r1"), ("web02", "r1")]),
    ("a debt of two runs, the newest first", [a_run("r2", code=5, web02="owed"), a_run("r1", code=5, web02="owed")], [("web02", "r2"), ("web02", "r1")]),
    ("a debt that a deploy paid", [a_run("r2", web02="new"), a_run("r1", code=5, web02="owed")], []),
    ("a debt that a catch-up paid", [a_run("r2", "catch-up", web02="new"), a_run("r1", code=5, web02="owed")], []),
    ("a debt that a rollback paid", [a_run("r2", "rollback", ref="v1", web02="back"), a_run("r1", code=5, web02="owed")], []),
    ("a debt that a deploy did not pay by going back", [a_run("r2", code=4, web02="back"), a_run("r1", code=5, web02="owed")], [("web02", "r1")]),
    ("a debt that a rollback did not pay by being new", [a_run("r2", "rollback", ref="v1", web02="new"), a_run("r1", code=5, web02="owed")], [("web02", "r1")]),
    ("a debt that a restart does not pay", [a_run("r2", "restart", web02="new"), a_run("r1", code=5, web02="owed")], [("web02", "r1")]),
    ("a debt that an exec does not pay", [a_run("r2", "exec", web02="new"), a_run("r1", code=5, web02="owed")], [("web02", "r1")]),
    ("a debt that a restore does not pay", [a_run("r2", "restore", web02="new"), a_run("r1", code=5, web02="owed")], [("web02", "r1")]),
    ("a debt that is paid before it was made", [a_run("r2", code=5, web02="owed"), a_run("r1", web02="new")], [("web02", "r2")]),
    ("another host's payment", [a_run("r2", web01="new"), a_run("r1", code=5, web02="owed")], [("web02", "r1")]),
    ("a release that was left out and undone", [BACK, LEFT_OUT], []),
    ("a release that was left out and undone, with restarts since", [a_run("r5", "restart"), a_run("r4", "restart"), BACK, LEFT_OUT], []),
    ("a release that was left out and undone, with a restart between", [BACK, a_run("r2", "restart", web01="new"), LEFT_OUT], []),
    ("a release that was left out and undone, with a catch-up between", [BACK, a_run("r2", "catch-up", web01="new"), LEFT_OUT], []),
    ("a release that was left out, undone after another deploy", [BACK, a_run("r2", web01="new"), LEFT_OUT], [("web02", "r1")]),
    ("a rollback that failed undoes nothing", [a_run("r3", "rollback", code=5, web01="back"), LEFT_OUT], [("web02", "r1")]),
    ("a rollback to a named release undoes nothing", [a_run("r3", "rollback", ref="v0", web01="back"), LEFT_OUT], [("web02", "r1")]),
    ("a host that was lost and undone is owed", [BACK, a_run("r1", code=8, web01="new", web02="owed")], [("web02", "r1")]),
    ("a host that an undone release brought is not paid by it", [BACK, RELEASE, LOST], [("web02", "r1")]),
]


@pytest.mark.parametrize(("runs", "debts"), [pytest.param(*row[1:], id=row[0]) for row in PAYING])
def test_what_is_owed_after(runs, debts):
    assert owed(*runs) == debts


def test_a_rollback_of_some_hosts_undoes_no_release():
    some = changed(BACK, request=changed(BACK.request, hosts="web01"))
    assert owed(some, LEFT_OUT) == [("web02", "r1")]


def test_a_debt_says_why_and_since_when_and_whether_a_person_made_it():
    (left,) = open_debts([changed(LEFT_OUT, ended_at="2026-11-24T12:00:00Z")], HOSTS)
    assert left == Debt("web02", "r1", SafeText("why"), "2026-11-24T12:00:00Z", left_out=True)
    (lost,) = open_debts([LOST], HOSTS)
    assert lost == Debt("web02", "r1", SafeText("why"), "", left_out=False)
    (other,) = open_debts([a_run("r1", code=8, without=(("web01", "x"),), web02="owed")], HOSTS)
    assert not other.left_out


def test_one_host_that_is_paid_does_not_end_the_reading():
    assert owed(a_run("r2", web01="new"), a_run("r1", code=5, web02="owed")) == [("web02", "r1")]


conditions = st.dictionaries(st.sampled_from(["web01", "web02", "job01"]), st.sampled_from(["new", "owed", "back", "old"]))
runs = st.lists(
    st.builds(
        lambda kind, code, hosts: a_run("r", kind, code, **hosts), st.sampled_from(["deploy", "restart", "catch-up"]), st.sampled_from([0, 5, 8]), conditions
    )
)


@given(runs)
def test_a_debt_is_owed_to_the_environment_s_own_hosts_in_the_order_of_runs(newest_first):
    named = [changed(run, run=f"r{len(newest_first) - number}") for number, run in enumerate(newest_first)]
    found = owed(*named)
    assert {host for host, _ in found} <= HOSTS
    assert [int(run[1:]) for _, run in found] == sorted((int(run[1:]) for _, run in found), reverse=True)


@given(runs)
def test_a_release_that_every_host_took_pays_everything(newest_first):
    assert owed(a_run("r99", web01="new", web02="new"), *newest_first) == []


@given(runs)
def test_a_run_more_before_the_others_takes_no_debt_away(newest_first):
    assert set(owed(*newest_first)) <= set(owed(*newest_first, a_run("r0", code=5, web01="owed")))
