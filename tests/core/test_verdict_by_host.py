"""A verdict is made of what was measured on each host that it speaks of: no answer is never a pass, and nothing is said of no hosts."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.fleet import KEY_KINDS, LOGIN_KINDS, assess_fleet, assess_live, assess_lock, assess_way_back, spoken_of
from console.core.checks.verdict_by_host import NOBODY, Answers, HostMeasure, NotKnown, Unknown, Wrong, fleet_check, measured
from console.core.plan.return_plan import way_back
from console.model.checks import Check
from console.model.host_facts import HostFacts, HostRelease, LockHolder
from console.ports.hosts import ProblemKind
from console.safe_text import SafeText
from tests.core.builders import looks as looks_at

SEEN = st.one_of(st.just(""), st.just("full"), st.just(Unknown("cannot be read")))
looks = st.lists(SEEN, max_size=6).map(lambda found: tuple(HostMeasure(f"web{number:02}", one) for number, one in enumerate(found, 1)))
facts = st.lists(
    st.builds(
        HostFacts, host=st.just(""), problem=st.sampled_from([SafeText(""), SafeText(""), SafeText("no")]), problem_kind=st.sampled_from(get_args(ProblemKind)),
        free=st.sampled_from([None, 0, 2**40]), clock_skew=st.sampled_from([None, 0.0, 9.0, 900.0]), current=st.sampled_from(["", "r1"]),
        missing_tools=st.sampled_from([(), (SafeText("tar"),)]), sudo_refused=st.sampled_from([(), (SafeText("sudo x"),)]),
        lock=st.sampled_from([None, LockHolder(SafeText("bo"), run="r0")]), releases=st.just((HostRelease("r1"),)),
    ),
    max_size=5,
).map(lambda found: tuple(HostFacts(**{**{name: getattr(one, name) for name in one.__struct_fields__}, "host": f"web{number:02}"}) for number, one in enumerate(found, 1)))  # fmt: skip


def verdicts(found: tuple[HostFacts, ...], allowed: int) -> dict[str, Check]:
    spoken = spoken_of(found, allowed)
    ways = tuple(way_back(fact) for fact in spoken if not fact.problem)
    checks = (
        *assess_fleet(found, 2**20, 10, allowed), assess_lock(spoken, "r9"),
        assess_way_back(ways, len(ways), tuple(fact for fact in spoken if fact.problem)),
    )  # fmt: skip
    return {check.id: check for check in checks}


@given(looks)
def test_a_pass_is_made_of_an_answer_from_each_host(seen: tuple[HostMeasure, ...]):
    check = fleet_check("x", "X", seen, "mend it")
    if check.status == "passed":
        assert seen
        assert all(look.found == "" for look in seen)
        assert check.detail == ("on 1 host" if len(seen) == 1 else f"on {len(seen)} hosts")
    elif any(look.found == "full" for look in seen):
        assert (check.status, check.remedy) == ("failed", "mend it")
    else:
        assert check.status == "error"
    for look in seen:
        assert check.status == "passed" or not look.found or look.host in check.detail or len(seen) > 5


@pytest.mark.parametrize(
    ("seen", "comes_to"),
    [
        ((), NotKnown()),
        ((HostMeasure("a", ""),), Answers("a")),
        ((HostMeasure("a", ""), HostMeasure("b", "")), Answers("a", ("b",))),
        ((HostMeasure("a", Unknown("why")),), NotKnown((("a", "why"),))),
        ((HostMeasure("a", ""), HostMeasure("b", Unknown("why"))), NotKnown((("b", "why"),), 1)),
        ((HostMeasure("a", "full"), HostMeasure("b", Unknown("why")), HostMeasure("c", "")), Wrong((("a", "full"),), (("b", "why"),))),
    ],
)  # fmt: skip
def test_what_looks_come_to(seen: tuple[HostMeasure, ...], comes_to: object):
    found = measured(seen)
    assert (type(found), found) == (type(comes_to), comes_to)


@given(facts, st.integers(0, 5))
def test_no_verdict_passes_without_each_host_s_answer_and_none_speaks_of_no_hosts(found: tuple[HostFacts, ...], allowed: int):
    spoken = spoken_of(found, allowed)
    checks = verdicts(found, allowed)
    for check in (*checks.values(), assess_live(spoken)):
        assert not re.search(r"\b0 (of|hosts?)\b", check.detail), check
        assert check.detail
        if check.status in ("passed", "warning") and check.id not in ("reach", "key", "login"):
            assert spoken
            assert not any(fact.problem for fact in spoken), check
    assert checks["reach"].status != "passed" or (found and all(not fact.problem or fact.problem_kind in (*KEY_KINDS, *LOGIN_KINDS) for fact in found))
    assert checks["login"].status != "passed" or (spoken and not any(fact.problem for fact in spoken))
    if any(fact.clock_skew is None for fact in spoken if not fact.problem):
        assert checks["clock"].status in ("error", "failed")


@given(facts, st.integers(0, 5))
def test_whatever_is_not_known_blocks_somewhere(found: tuple[HostFacts, ...], allowed: int):
    checks = verdicts(found, allowed)
    if any(check.status == "error" for check in checks.values()):
        assert any(check.blocks for check in checks.values())


@pytest.mark.parametrize("kind", get_args(ProblemKind))
def test_a_host_that_was_not_asked_is_an_error_everywhere_and_blocks_once(kind: str):
    found = (HostFacts("web01", free=2**40, current="r1", releases=(HostRelease("r1"),)), HostFacts("web02", problem=SafeText("no"), problem_kind=kind))
    checks = verdicts(found, 0)
    assert {checks[name].status for name in ("sudo", "tools", "space", "clock", "lock", "way-back")} == {"error"}
    assert all("web02: not asked" in checks[name].detail and "nothing wrong on 1 other" in checks[name].detail for name in ("sudo", "space", "lock"))
    assert [check.id for check in checks.values() if check.blocks] == ["key" if kind in KEY_KINDS else "login" if kind in LOGIN_KINDS else "reach"]


def test_a_host_that_may_be_missing_is_no_part_of_what_is_said():
    found = (HostFacts("web01", free=2**40, current="r1", releases=(HostRelease("r1"),)), HostFacts("web02", problem=SafeText("no"), problem_kind="late"))
    checks = verdicts(found, 1)
    assert (checks["reach"].status, {checks[name].status for name in ("sudo", "tools", "space", "clock", "lock", "way-back")}) == ("warning", {"passed"})
    assert (checks["tools"].detail, checks["lock"].detail) == ("on 1 host", "no run and no person holds a host (on 1 host)")
    assert {check.detail for check in verdicts(found[1:], 1).values() if check.id != "reach"} == {NOBODY}


def unknown(why: str = "cannot be read") -> Unknown:
    return Unknown(why)


MANY = looks_at(**{f"w{number}": "full" for number in range(7)})
CHECKS = [
    ("no host", (), ("error", "no host could be asked", "")),
    ("one that is well", looks_at(a=""), ("passed", "on 1 host", "")),
    ("two that are well", looks_at(a="", b=""), ("passed", "on 2 hosts", "")),
    ("one that is not well", looks_at(a="full"), ("failed", "a: full", "mend it")),
    ("one of two that is not well", looks_at(a="", b="full"), ("failed", "b: full", "mend it")),
    ("two for the same reason", looks_at(a="full", b="full"), ("failed", "a, b: full", "mend it")),
    ("two for two reasons", looks_at(a="full", b="broken", c="full"), ("failed", "a, c: full; b: broken", "mend it")),
    ("one that is not known", looks_at(a=unknown()), ("error", "a: cannot be read", "")),
    ("one that is not known beside one that is well", looks_at(a=unknown(), b=""), ("error", "a: cannot be read; nothing wrong on 1 other", "")),
    ("one that is not known beside two that are well", looks_at(a=unknown(), b="", c=""), ("error", "a: cannot be read; nothing wrong on 2 others", "")),
    ("one that is not known beside one that is not well", looks_at(a=unknown(), b="full"), ("failed", "b: full; not known: a: cannot be read", "mend it")),
    ("two that are not known for two reasons", looks_at(a=unknown("x"), b=unknown("y"), c="full"), ("failed", "c: full; not known: a: x; b: y", "mend it")),
    ("seven for the same reason", MANY, ("failed", "w0, w1, w2, w3, w4 and 2 more: full", "mend it")),
    ("five for the same reason", MANY[:5], ("failed", "w0, w1, w2, w3, w4: full", "mend it")),
    ("five reasons", looks_at(a="1", b="2", c="3", d="4", e="5"), ("failed", "a: 1; b: 2; c: 3; d: 4; e: 5", "mend it")),
    ("seven reasons", looks_at(a="1", b="2", c="3", d="4", e="5", f="6", g="7"), ("failed", "a: 1; b: 2; c: 3; d: 4; e: 5; and 2 more", "mend it")),
]


@pytest.mark.parametrize(("seen", "found"), [pytest.param(*row[1:], id=row[0]) for row in CHECKS])
def test_a_check_of_what_was_measured(seen: tuple[HostMeasure, ...], found: tuple[str, str, str]):
    check = fleet_check("x", "X", seen, "mend it")
    assert (check.id, check.title, check.blocking) == ("x", "X", True)
    assert (check.status, str(check.detail), str(check.remedy)) == found


@pytest.mark.parametrize("status", ["failed", "warning", "error"])
def test_what_is_wrong_has_the_status_that_it_is_given(status: str):
    assert fleet_check("x", "X", looks_at(a="full"), wrong=status).status == status  # type: ignore[arg-type]
    assert fleet_check("x", "X", looks_at(a=""), wrong=status).status == "passed"  # type: ignore[arg-type]


def test_where_nothing_helps_nothing_is_to_be_typed():
    assert fleet_check("x", "X", looks_at(a="full")).remedy == ""


def test_what_is_right_has_words_of_its_own():
    seen: list[Answers] = []

    def words(answers: Answers) -> str:
        seen.append(answers)
        return f"{answers.number} of them"

    assert fleet_check("x", "X", looks_at(a="", b="", c=""), right=words).detail == "3 of them"
    assert seen == [Answers("a", ("b", "c"))]


@given(looks)
def test_nobody_is_forgotten(seen: tuple[HostMeasure, ...]):
    found = measured(seen)
    hosts = [look.host for look in seen]
    match found:
        case Answers(first, others):
            assert [first, *others] == hosts
            assert found.number == len(hosts)
        case Wrong(wrong, not_known):
            assert {name for name, _ in (*wrong, *not_known)} <= set(hosts)
            assert wrong == tuple((look.host, look.found) for look in seen if look.found == "full")
        case NotKnown(not_known, answered):
            assert len(not_known) + answered == len(hosts)
