"""What an environment is now, by the record: what owed hosts are brought to, and when nobody can say."""

import pytest

from console.core.rollback_targets import Targets, targets_before
from console.errors import Problem
from console.model.environment_record import Live, Unclear
from console.model.release_facts import Release
from console.model.request import Request
from console.model.state import HostState, RunState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.newest_first import live_release, open_debts

V1, V2 = Release("20260101T000000Z-aaaaaaa", SafeText("v1"), "a" * 40), Release("20260102T000000Z-bbbbbbb", SafeText("v2"), "b" * 40)


def a_run(kind="deploy", code=0, release=V2, hosts="", changed=True, content="", before="", **conditions):
    """Each host: (condition, release it is on)."""
    states = {name: HostState(name, condition=condition, release=on, before=before or V1.id, touched=True) for name, (condition, on) in conditions.items()}
    outcome = {0: "succeeded", 8: "succeeded", 4: "rolled-back", 5: "failed"}[code]
    return RunState(run=f"{kind}-{code}", kind=kind, exit=code, outcome=outcome, phase="ended", changed=changed, hosts=states, content=content, go=True,
                    release=release if kind in ("deploy", "catch-up") else None, request=Request(kind=kind, hosts=hosts))  # fmt: skip


FIRST = a_run(release=V1, content="c1", web01=("new", V1.id), web02=("new", V1.id))
SECOND = a_run(code=8, content="c2", web01=("new", V2.id), web02=("owed", V1.id))
UNDONE = a_run(code=4, web01=("back", V1.id), web02=("back", V1.id))
BACK = a_run("rollback", 5, web01=("back", V1.id), web02=("owed", V2.id))


def test_the_last_release_that_is_live_is_what_the_environment_is():
    assert live_release([FIRST]) == Live(V1, "c1")
    assert live_release([SECOND, FIRST]) == Live(V2, "c2")
    assert live_release([a_run("restart", web01=("new", V2.id)), SECOND, FIRST]) == Live(V2, "c2")
    assert live_release([a_run("catch-up", web02=("new", V2.id)), SECOND, FIRST]) == Live(V2, "c2")
    assert live_release([a_run(hosts="web01", web01=("new", "x")), SECOND]) == Live(V2, "c2")
    assert live_release([a_run(code=4, changed=False, web01=("failed", V1.id)), SECOND]) == Live(V2, "c2")


def test_after_a_way_back_it_is_what_the_others_went_back_to_and_never_an_older_state_of_the_owed_one():
    assert live_release([UNDONE, FIRST]) == Live(V1, "c1")
    assert live_release([BACK, a_run(web01=("new", V2.id), web02=("new", V2.id)), FIRST]) == Live(V1, "c1")
    assert live_release([BACK]) == Live(Release(V1.id, SafeText(""), ""))


def test_where_hosts_were_left_apart_or_the_database_came_back_a_person_is_asked():
    apart = a_run(code=5, web01=("new", V2.id), web02=("old", V1.id))
    assert live_release([apart, FIRST]) == Unclear("run deploy-5 left its hosts on different releases")
    assert isinstance(live_release([a_run(code=5, web01=("unknown", V2.id))]), Unclear)
    restored = a_run("restore", 0, changed=False, web01=("old", V2.id))
    assert isinstance(live_release([restored, SECOND]), Unclear)
    assert live_release([SECOND, restored]) == Live(V2, "c2")
    assert live_release([]) == Unclear("no release run is known here")


def test_a_rollback_that_owes_a_host_is_gone_on_with_and_never_undone():
    second = a_run(web01=("new", V2.id), web02=("new", V2.id))
    again = targets_before([a_run("rollback", 5, before=V2.id, web01=("back", V1.id), web02=("owed", V2.id)), second, FIRST], ("web01", "web02"))
    assert again == Targets({"web01": V1.id, "web02": V1.id}, frozenset({"web01"}), frozenset())
    paid = [a_run("catch-up", before=V2.id, web02=("new", V1.id)), a_run("rollback", 5, web01=("back", V1.id), web02=("owed", V2.id)), second, FIRST]
    found = targets_before(paid, ("web01", "web02"))
    assert isinstance(found, Problem)
    assert found.message.startswith("already back on")


CAUGHT_UP = a_run("catch-up", web02=("new", V2.id))


def test_a_catch_up_pays_and_is_undone_with_the_release_that_it_paid_for():
    hosts = frozenset({"web01", "web02"})
    assert [debt.host for debt in open_debts([SECOND, FIRST], hosts)] == ["web02"]
    assert open_debts([CAUGHT_UP, SECOND, FIRST], hosts) == ()
    second = a_run(code=8, web01=("new", V2.id), web02=("owed", V1.id))
    untouched = {**second.hosts, "web02": HostState("web02", condition="owed", release=V1.id)}
    found = targets_before(
        [CAUGHT_UP, RunState(**{**{f: getattr(second, f) for f in second.__struct_fields__}, "hosts": untouched}), FIRST], ("web01", "web02")
    )
    assert found == Targets({"web01": V1.id, "web02": V1.id}, frozenset(), frozenset())


THIRD = Release("20260103T000000Z-ccccccc", SafeText("v3"), "c" * 40)
RESTORED = a_run("restore", 0, changed=False, web01=("old", V2.id))
APART = "run deploy-5 left its hosts on different releases"
LIVES = [
    ("no run", [], Unclear("no release run is known here")),
    ("a release", [FIRST], Live(V1, "c1")),
    ("a release with a host behind", [SECOND, FIRST], Live(V2, "c2")),
    ("a release with a host that was skipped", [a_run(code=8, content="c2", web01=("new", V2.id), web02=("skipped", V1.id)), FIRST], Live(V2, "c2")),
    ("a failed rollback that names a release too", [changed(BACK, release=V2, exit=8), FIRST], Live(V1, "c1")),
    ("a release of some hosts alone", [a_run(hosts="web01", web01=("new", V2.id))], Unclear("no release run is known here")),
    ("a rollback of some hosts", [changed(BACK, request=Request(kind="rollback", hosts="web01")), SECOND], Live(V2, "c2")),
    ("a release that changed nothing", [a_run(code=5, changed=False, web01=("failed", V1.id)), FIRST], Live(V1, "c1")),
    ("a release without a name", [changed(a_run(web01=("new", V2.id)), release=None)], Live(Release(V2.id, SafeText(""), ""))),
    *((f"a {kind}", [a_run(kind, web01=("new", V2.id)), FIRST], Live(V1, "c1")) for kind in ("restart", "catch-up", "exec")),
    ("a restore", [RESTORED, SECOND], Unclear("the database was brought back by run restore-0: what runs on it now is for a person to say")),
    ("a restore that nobody said GO to", [changed(RESTORED, go=False), SECOND], Live(V2, "c2")),
    ("a release after a restore", [SECOND, RESTORED], Live(V2, "c2")),
    ("a release that went back", [UNDONE, SECOND, FIRST], Live(V1, "c1")),
    ("a release that went back to what nobody knows", [UNDONE], Live(Release(V1.id, SafeText(""), ""))),
    ("a rollback with a host that is owed", [BACK, FIRST], Live(V1, "c1")),
    ("a rollback with a host that was left out", [a_run("rollback", 0, web01=("back", V1.id), web02=("left-out", V2.id)), FIRST], Live(V1, "c1")),
    ("the run that shipped it, not a later one", [UNDONE, a_run(release=THIRD, content="c3", web01=("new", THIRD.id)), FIRST], Live(V1, "c1")),
    ("hosts on two releases", [a_run(code=5, web01=("new", V2.id), web02=("old", V1.id)), FIRST], Unclear(APART)),
    ("hosts that are all on it though it failed", [a_run(code=5, content="c2", web01=("new", V2.id), web02=("new", V2.id))], Live(V2, "c2")),
    *(
        (f"a host that is {condition}", [a_run(code=5, web01=(condition, V2.id)), FIRST], Unclear(APART))
        for condition in ("unknown", "failed", "unreachable", "updating", "returning")
    ),
    *((f"hosts that are {condition}", [a_run(code=5, web01=(condition, V1.id)), FIRST], Live(V1, "c1")) for condition in ("back", "old", "skipped", "new")),
    ("no host that says it", [a_run(code=5, web01=("owed", V1.id)), FIRST], Unclear(APART)),
    ("hosts on no release", [a_run(code=5, web01=("old", ""))], Unclear(APART)),
]


@pytest.mark.parametrize(("runs", "live"), [pytest.param(*row[1:], id=row[0]) for row in LIVES])
def test_what_the_environment_is_after(runs, live):
    assert live_release(runs) == live
