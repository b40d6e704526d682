"""Searches that end in time: they find what `re` finds, and no pattern is slow."""

import contextlib
import re
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from console.views.regex import Regex, Unreadable

atoms = st.sampled_from(["a", "b", "B", ".", r"\d", r"\w", r"\S", "[ab]", "[^a]", "[]x]", r"[a-c\d]", r"\.", "ä", "1", "_", " ", r"\x41", "^", "$", r"\b", r"\B"])
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("|".join),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{2}", "{1,2}", "{,2}", "{0,}"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        inner.map(lambda one: f"({one})"),
    ),
    max_leaves=6,
)


@given(patterns, st.text("abBA1_ .xäß", max_size=12))
@settings(max_examples=500, deadline=None)
def test_it_finds_what_re_finds(pattern: str, text: str):
    assume(text or r"\B" not in pattern)
    try:
        found = re.compile(pattern, re.IGNORECASE).search(text)
    except re.error:
        assume(False)
    assert Regex(pattern).search(text) == (found is not None)


@given(st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_is_a_pattern_or_a_sentence(pattern: str):
    with contextlib.suppress(Unreadable):
        assert Regex(pattern).search("some text 127.0.0.1") == (re.search(pattern, "some text 127.0.0.1", re.IGNORECASE) is not None)


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(a|a)*$", r"(a|aa)+$", r"(.*)*x", r"(\w+\s?)*$!", r".*.*.*.*.*.*=", r"([a-z]+)*[0-9]", r"(a?){60}a{60}", r"^(([a-z])+.)+[A-Z]([a-z])+$"]
)
def test_what_would_hang_is_searched_for_in_no_time(pattern: str):
    regex, began = Regex(pattern), time.perf_counter()
    for line in ("a" * 5000 + "!", "aaaa bbbb " * 500, "a" * 60):
        regex.search(line)
    assert time.perf_counter() - began < 2.0


@pytest.mark.parametrize(
    ("pattern", "why"),
    [(r"(?=a)b", "look-around"), (r"(a)\1", "back references"), ("(?i)a", "flags"), ("a*+", "possessive"), ("(" * 60 + ")" * 60, "groups"), ("a{9999}", "times"), ("a{0,500}", "deep"),
     ("(a{100}){100}", "too long"), ("(a", "missing )"), ("[a", "character set")],
)  # fmt: skip
def test_what_is_not_searched_for_says_why(pattern: str, why: str):
    with pytest.raises(Unreadable, match=re.escape(why)):
        Regex(pattern)


def test_too_much_work_is_given_up_and_finds_nothing(monkeypatch):
    monkeypatch.setattr("console.views.regex.WORK", 20_000)
    monkeypatch.setattr("console.views.regex.REMEMBERED", 10)
    regex = Regex(r"(a|b)*a(a|b){14}c")
    for number in range(2000):
        regex.search(f"{number:b}".replace("0", "a").replace("1", "b") * 3)
    assert regex.given_up
    assert not regex.search("a" * 15 + "c")
