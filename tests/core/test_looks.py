"""Two looks at counters, and what was counted in between."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.analysis.looks import LIVES, Lives, block_between, is_unstable, look_of
from console.model.analysis import Block
from console.model.traffic import ServerCounts


def counts(host: str, requests: int, bad: int, life: str = "1") -> ServerCounts:
    """What a host counted."""
    return ServerCounts(host, life, requests, bad)


def between(before: list[ServerCounts], after: list[ServerCounts]) -> tuple[int, int, int, int]:
    """New hosts are those called n1, n2; old ones o1, o2."""
    found = block_between(look_of(before), look_of(after), ("n1", "n2"), ("o1", "o2"), 2.0)
    assert found.seconds == 2.0
    return found.new, found.new_bad, found.old, found.old_bad


BEFORE = [counts("n1", 10, 1), counts("o1", 100, 2), counts("o2", 50, 0), counts("elsewhere", 5, 5)]
# What the second look found, and what follows: requests and bad ones of new hosts, and of old ones.
LOOKS = [
    ([counts("n1", 15, 2), counts("o1", 120, 3), counts("o2", 60, 0), counts("elsewhere", 50, 50)], (5, 1, 30, 1)),
    ([counts("n1", 15, 2), counts("o1", 120, 3)], (5, 1, 20, 1)),
    ([counts("n1", 15, 2), counts("o1", 120, 3), counts("o2", 10, 0)], (5, 1, 20, 1)),
    ([counts("n1", 15, 2, "2"), counts("o1", 120, 3), counts("o2", 60, 0)], (0, 0, 30, 1)),
    ([counts("n1", 15, 0), counts("o1", 120, 3), counts("o2", 60, 0)], (0, 0, 30, 1)),
    ([counts("n1", 10, 9), counts("o1", 100, 2), counts("o2", 50, 0)], (8, 8, 0, 0)),
    ([counts("n2", 15, 2)], (0, 0, 0, 0)),
    ([], (0, 0, 0, 0)),
]


@pytest.mark.parametrize(("after", "expected"), LOOKS)
def test_only_what_belongs_together_is_subtracted(after: list[ServerCounts], expected: tuple[int, int, int, int]) -> None:
    assert between(BEFORE, after) == expected


def test_servers_of_a_host_behind_several_balancers_are_added() -> None:
    look = look_of([counts("n1", 10, 1, "a"), counts("o1", 4, 0), counts("n1", 5, 2, "b")])
    assert look["n1"] == ServerCounts("n1", "a b", 15, 3)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8))
def test_blocks_one_after_another_are_one_long_block(steps: list[tuple[int, int]]) -> None:
    looks, requests, bad = [look_of([counts("n1", 0, 0), counts("o1", 0, 0)])], 0, 0
    for good, wrong in steps:
        requests, bad = requests + good + wrong, bad + wrong
        looks.append(look_of([counts("n1", requests, bad), counts("o1", requests, bad)]))
    pairs = pairwise(looks)
    each = [block_between(before, after, ("n1",), ("o1",), 1.0) for before, after in pairs]
    whole = block_between(looks[0], looks[-1], ("n1",), ("o1",), float(len(steps)))
    assert Block(float(len(each)), sum(one.new for one in each), sum(one.new_bad for one in each), whole.old, whole.old_bad) == whole


@pytest.mark.parametrize(
    ("lives", "unstable"), [([], False), (["1", "1", "1"], False), (["1", "1", "2", "2"], False), (["1", "2", "1"], True), (["1", "2", "3", "2"], True)]
)
def test_a_process_that_is_another_at_each_look(lives: list[str], unstable: bool) -> None:
    assert is_unstable(lives) is unstable


@pytest.mark.parametrize(
    ("met", "unstable"),
    [("aaa", [False] * 3), ("abc", [False] * 3), ("aba", [False, False, True]), ("aabba", [False] * 4 + [True])],
)
def test_looks_that_meet_another_process_each_time_are_told_from_restarts(met: str, unstable: list[bool]):
    lives = Lives()
    assert [lives.meet(life) for life in met] == unstable


def test_a_life_of_long_ago_is_forgotten():
    lives = Lives()
    assert not any(lives.meet(str(number)) for number in range(LIVES + 1))
    assert not lives.meet("0")
