"""The people that a release needs: others than the starter, each counted once."""

from hypothesis import given
from hypothesis import strategies as st

from console.core.team import assess_team, needed_operators, others
from console.model.impact import Impact
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
