"""What is owed: opened by a run, paid by a later one, void when the release that left a host out is undone."""

from console.core.debts import open_debts
from console.model.request import Request
from console.model.state import HostState, RunState
from console.text import SafeText

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


def test_no_more_runs_are_read_than_it_takes():
    def runs():
        yield RELEASE
        raise AssertionError("one too many")

    assert open_debts(runs(), HOSTS) == ()
