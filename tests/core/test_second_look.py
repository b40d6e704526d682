"""Between what was shown and GO: only a verdict, a plan or a target that is another one now is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.second_look import SHOWN, changes_since
from console.model.checks import Check
from console.model.events import CheckReported, Event, HostSeen, PlanMade
from console.model.plan import Plan, ReturnTarget
from console.safe_text import SafeText
from tests.core.builders import a_check, a_state, a_step

OLD_PLAN = Plan("rolling", (("web01", "web02"), ("web03",)), (a_step("a"), a_step("b")), "aaaaaaaabbbb")
NEW_PLAN = Plan("rolling", (("web01",),), (a_step("a"),), "cccccccddddd")


def shown(*checks: Check, plan: Plan | None = OLD_PLAN, ways: tuple[ReturnTarget, ...] = ()):
    return a_state("old", checks=checks, plan=plan, way_back=ways)


def reported(*checks: Check) -> list[Event]:
    return [CheckReported(check=check) for check in checks]


def planned(plan: Plan = OLD_PLAN, *ways: ReturnTarget) -> list[Event]:
    return [PlanMade(plan=plan, way_back=ways)]


SAME = [
    ("nothing", shown(), []),
    ("the same verdict", shown(a_check("passed")), reported(a_check("passed"))),
    ("the same verdict in other words", shown(a_check("failed", detail="1 GiB free")), reported(a_check("failed", detail="2 GiB free"))),
    ("the same plan", shown(), planned()),
    ("the first plan", shown(plan=None), planned()),
    ("the same target", shown(ways=(ReturnTarget("web01", "r0"),)), planned(OLD_PLAN, ReturnTarget("web01", "r0"))),
    (
        "the same target under another version",
        shown(ways=(ReturnTarget("web01", "r0", SafeText("v1")),)),
        planned(OLD_PLAN, ReturnTarget("web01", "r0", SafeText("v2"))),
    ),
    ("a target of a host that was not there", shown(), planned(OLD_PLAN, ReturnTarget("web09", "r0"))),
    ("a host that was looked at", shown(), [HostSeen(host="web01", release="r7")]),
]


@pytest.mark.parametrize(("state", "found"), [pytest.param(*row[1:], id=row[0]) for row in SAME])
def test_what_is_as_it_was_is_not_said(state, found):
    assert changes_since(state, found) == ()


OTHER = [
    ("a check that fails now", shown(a_check("passed")), reported(a_check("failed", detail="full")), "Room: failed, was passed (full)"),
    ("a check that passes now", shown(a_check("failed")), reported(a_check("passed", detail="on 3 hosts")), "Room: passed, was failed (on 3 hosts)"),
    ("a check that was not made", shown(a_check("passed", "tools")), reported(a_check("warning", detail="tight")), "Room: warning, was not checked (tight)"),
    ("another plan", shown(), planned(NEW_PLAN), "the plan: 1 host in 1 steps, was 3 hosts in 2 steps; digest ccccccc, was aaaaaaa"),
    (
        "another target",
        shown(ways=(ReturnTarget("web01", "r0", SafeText("v1")),)),
        planned(OLD_PLAN, ReturnTarget("web01", "r7", SafeText("v7"))),
        "web01 would go back to v7, was v1",
    ),
    (
        "a target without a version",
        shown(ways=(ReturnTarget("web01", "r0"),)),
        planned(OLD_PLAN, ReturnTarget("web01", "r7")),
        "web01 would go back to r7, was r0",
    ),
    (
        "a target that is gone",
        shown(ways=(ReturnTarget("web01", "r0"),)),
        planned(OLD_PLAN, ReturnTarget("web01")),
        "web01 would go back to nothing (stop and remove), was r0",
    ),
]


@pytest.mark.parametrize(("state", "found", "words"), [pytest.param(*row[1:], id=row[0]) for row in OTHER])
def test_what_is_another_is_said_with_what_it_was(state, found, words: str):
    assert changes_since(state, found) == (words,)


def test_a_verdict_is_compared_with_its_own_check():
    state = shown(a_check("passed", "tools", "Tools"), a_check("failed", "space"))
    assert changes_since(state, reported(a_check("failed", "space"))) == ()
    assert changes_since(state, reported(a_check("failed", "tools", "Tools"))) == ("Tools: failed, was passed ()",)


def test_all_that_one_plan_changes_is_said_in_its_order():
    state = shown(a_check("passed"), ways=(ReturnTarget("web01", "r0"), ReturnTarget("web02", "r0")))
    found = reported(a_check("failed")) + planned(NEW_PLAN, ReturnTarget("web01", "r1"), ReturnTarget("web02", "r1"))
    assert [words.split(":")[0].split(" would")[0] for words in changes_since(state, found)] == ["Room", "the plan", "web01", "web02"]


@given(st.integers(0, 12))
def test_five_are_said_and_the_rest_counted(number: int):
    found = reported(*(a_check("failed", f"check{one}", f"Check {one}") for one in range(number)))
    said = changes_since(shown(), found)
    assert len(said) == min(number, SHOWN + 1)
    assert all(words.startswith(f"Check {one}: failed") for one, words in enumerate(said[:SHOWN]))
    assert said[SHOWN:] == ((f"and {number - SHOWN} more",) if number > SHOWN else ())
    assert all(isinstance(words, SafeText) for words in said)
