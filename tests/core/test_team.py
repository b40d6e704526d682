"""The people that a release needs: others than the starter, each counted once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.team import assess_team, needed_operators, others
from console.model.declared_impact import Impact
from console.model.request import Person

ADA = Person("ada", 1000)
PEOPLE = st.lists(st.builds(Person, st.sampled_from(["ada", "lin", "max"]), st.integers(1000, 1004), st.text(max_size=5)))


def test_breaking_or_risky_asks_for_one_more():
    assert needed_operators(0, Impact()) == 0
    assert needed_operators(0, Impact(breaking="yes")) == 1
    assert needed_operators(0, Impact(risk="high")) == 1
    assert needed_operators(2, Impact(risk="high")) == 2


def test_a_second_terminal_of_the_starter_is_nobody_else():
    check = assess_team(1, ADA, [Person("ada", 1000, "on /dev/pts/9")])
    assert (check.status, check.blocks) == ("waiting", True)
    assert "deploy attach" in check.remedy
    assert assess_team(1, ADA, [Person("lin", 1002)]).status == "passed"


@given(PEOPLE, st.integers(0, 4))
def test_it_passes_where_enough_uids_besides_the_starter_are_there(joined: list[Person], needed: int):
    check = assess_team(needed, ADA, joined)
    assert check.blocks == (len({person.uid for person in joined} - {1000}) < needed)
    assert len(others(ADA, joined)) == len({person.uid for person in joined} - {1000})


LIN, MAX = Person("lin", 1002), Person("max", 1003)
JOIN, HOW = "deploy attach", "; they join from a login of their own, or --override team=REASON"
TEAMS = [
    ("nobody needed, nobody there", 0, [], ("skipped", "nobody else is needed", "", False)),
    ("nobody needed, the starter twice", 0, [ADA], ("skipped", "nobody else is needed", "", False)),
    ("nobody needed, one there", 0, [LIN], ("passed", "with lin", "", False)),
    ("one needed, one there", 1, [LIN], ("passed", "with lin", "", True)),
    ("one needed, two there", 1, [MAX, LIN], ("passed", "with lin, max", "", True)),
    ("two needed, two there", 2, [MAX, LIN], ("passed", "with lin, max", "", True)),
    ("one needed, nobody there", 1, [], ("waiting", f"1 more operator is needed, 0 joined{HOW}", JOIN, True)),
    ("two needed, one there", 2, [LIN], ("waiting", f"2 more operators are needed, 1 joined: lin{HOW}", JOIN, True)),
    ("two needed, the same one twice", 2, [LIN, LIN], ("waiting", f"2 more operators are needed, 1 joined: lin{HOW}", JOIN, True)),
    ("three needed, two there", 3, [MAX, LIN], ("waiting", f"3 more operators are needed, 2 joined: lin, max{HOW}", JOIN, True)),
]


@pytest.mark.parametrize(("needed", "joined", "found"), [pytest.param(*row[1:], id=row[0]) for row in TEAMS])
def test_a_verdict_on_who_is_there(needed: int, joined: list[Person], found: tuple[object, ...]):
    check = assess_team(needed, ADA, joined)
    assert (check.id, check.title) == ("team", "Team is there")
    assert (check.status, str(check.detail), str(check.remedy), check.blocking) == found


@pytest.mark.parametrize(
    ("required", "impact", "needed"),
    [
        (0, Impact(), 0), (1, Impact(), 1), (3, Impact(), 3), (0, Impact(breaking="yes"), 1), (0, Impact(breaking="no"), 0), (0, Impact(risk="high"), 1),
        (0, Impact(risk="medium"), 0), (3, Impact(breaking="yes", risk="high"), 3), (0, Impact(breaking="yes", risk="high"), 1), (0, Impact(migration="yes"), 0),
    ],
)  # fmt: skip
def test_so_many_are_needed(required: int, impact: Impact, needed: int):
    assert needed_operators(required, impact) == needed


def test_of_one_person_s_terminals_the_last_is_named():
    assert others(ADA, [Person("lin", 1002, "a"), Person("lin", 1002, "b")]) == (Person("lin", 1002, "b"),)


def test_people_of_another_machine_are_told_apart_by_their_names():
    lin, lin_elsewhere, ada_elsewhere, eve = Person("lin", 1002), Person("lin"), Person("ada"), Person("eve")
    assert others(ADA, [ada_elsewhere, lin, lin_elsewhere, eve]) == (lin_elsewhere, eve)
    assert others(ada_elsewhere, [ADA, lin]) == (lin,)
