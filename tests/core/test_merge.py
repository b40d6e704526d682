"""Two chains of one run: what a machine wrote alone, against what the record has."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.journal_merge import Merge, judge_merge


def chain(*events: str) -> list[str]:
    """The hashes of events, each made of all before."""
    return [hashlib.sha256("\0".join(events[: end + 1]).encode()).hexdigest() for end in range(len(events))]


@pytest.mark.parametrize(
    ("here", "there", "held", "merge"),
    [
        ("", "", False, Merge("whole", 0)),
        ("abc", "abc", False, Merge("whole", 3)),
        ("abc", "abc", True, Merge("whole", 3)),
        ("abc", "a", False, Merge("ahead", 1)),
        ("abc", "", False, Merge("ahead", 0)),
        ("abc", "a", True, Merge("held", 1)),
        ("a", "abc", False, Merge("behind", 1)),
        ("", "abc", True, Merge("behind", 0)),
        ("abc", "axc", False, Merge("forked", 1)),
        ("abc", "axc", True, Merge("forked", 1)),
        ("ab", "axcd", False, Merge("forked", 1)),
        ("xbc", "abc", False, Merge("forked", 0)),
    ],
)
def test_what_stands_here_against_what_stands_there(here, there, held, merge):
    assert judge_merge(chain(*here), chain(*there), held=held) == merge


WORDS = st.lists(st.sampled_from("ab"), max_size=6)


@given(WORDS, WORDS, WORDS)
def test_only_the_missing_end_of_the_same_run_is_handed_in_and_the_record_keeps_its_order(same, mine, theirs):
    here, there = chain(*same, *mine), chain(*same, *theirs)
    merge = judge_merge(here, there, held=False)
    assert here[: merge.common] == there[: merge.common]
    assert merge.common >= len(same)
    after = [*there, *here[merge.common :]] if merge.standing == "ahead" else there
    assert after[: len(there)] == there
    assert (merge.standing == "forked") == (here != after[: len(here)])
    assert judge_merge(here, there, held=True).standing in (merge.standing, "held")
