"""Searches that end in time: they find what `re` finds, and no pattern is slow."""

import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.views.linear_regex import BadPattern, Regex
from tests.examples import examples

atoms = st.sampled_from(["a", "b", "B", ".", r"\d", r"\w", r"\S", "[ab]", "[^a]", r"[a-c\d]", r"\.", "1", "_", " ", r"\x41", "^", r"\b"])
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("|".join),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{2}", "{1,2}", "{0,}"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        inner.map(lambda one: f"({one})"),
    ),
    max_leaves=6,
)


@given(patterns, st.text("abBA1_ .x", max_size=12))
@examples(300)
def test_it_finds_what_re_finds(pattern: str, text: str):
    assert Regex(pattern).search(text) == (re.search(pattern, text, re.IGNORECASE) is not None)


@given(st.text(max_size=20), st.text(max_size=20))
@settings(deadline=None)
def test_whatever_is_typed_is_a_pattern_or_a_sentence(pattern: str, text: str):
    with contextlib.suppress(BadPattern):
        assert Regex(pattern).search(text) in (True, False)


def test_letters_beyond_ascii_are_found_in_either_case_and_halves_of_them_harm_nobody():
    assert Regex("Größe").search("die grÖße")
    assert Regex("a").search("\udc80a")
    with pytest.raises(BadPattern):
        Regex("\ud800")


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(.*)*x", r"(\w+\s?)*$!", r".*.*.*.*.*.*=", r"(a?){60}a{60}", "(" * 900 + ")" * 900])
def test_what_would_hang_is_searched_for_in_no_time(pattern: str):
    regex, began = Regex(pattern), time.process_time()
    for line in ("a" * 5000 + "!", "aaaa bbbb " * 500, "a" * 60):
        regex.search(line)
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(a)\1", "a*+", "a{9999}", "(a", "[a", "*"])
def test_what_is_not_searched_for_says_why(pattern: str):
    with pytest.raises(BadPattern, match=r"\w+ \w+|missing"):
        Regex(pattern)


def test_two_of_one_source_are_one():
    assert Regex("a+") == Regex("a+")
    assert Regex("a+") != Regex("a*")
