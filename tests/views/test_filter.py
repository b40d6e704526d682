"""What can be typed into `/`, and what it keeps."""

import fnmatch
import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from console.views.filter import LEVELS, Filter, FilterSubject, parse

STATES = ("old", "new", "failed")
texts = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=30)
subjects = st.builds(FilterSubject, st.from_regex(r"[a-z]{1,4}[0-9]{0,3}", fullmatch=True), texts, st.sampled_from(LEVELS), st.sampled_from(STATES))
plain_words = st.from_regex(r"[a-z0-9.]{1,6}", fullmatch=True)
WEB = FilterSubject("web07", "Restarting shop.service", "info", "failed")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", True), ("restart", True), ("RESTART shop", True), ("restart absent", False), ("!absent", True), ("!restart", False), ("!!restart", True),
        ("/rest.*service$/", True), ("/^shop/", False), ("!/^shop/", True), ("host:web*", True), ("host:web0?", True), ("host:web", False),
        ("host:db*,web07", True), ("!host:web*", False), ("level:info", True), ("level:warn", False), ("!level:error", True), ("failed", True),
        ("state:failed", True), ("state:new", False), ("new", False), ('"restarting shop"', True), ('"shop restarting"', False), ("web07", True),
        ("/web0[5-9]/", True), ("/[[w]eb/", True), ("host:", True), ("!", True),
    ],
)  # fmt: skip
def test_what_is_kept(typed: str, kept: bool):
    found = parse(typed, STATES)
    assert not found.problem
    assert found.keeps(WEB) is kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [("/(/", "not a valid regular expression"), ("/var/log", "no closing /"), ('"open', "no closing"), ("level:loud", "expected one of debug"), ("state:gone", "expected one of old"),
     ("a /[/ b", "not a valid regular expression"), ("/a{9999}/", "not a valid regular expression")],
)  # fmt: skip
def test_what_cannot_be_read_is_said_and_keeps_everything(typed: str, words: str):
    found = parse(typed, STATES)
    assert words in found.problem
    assert found.keeps(WEB)
    assert not found


def test_the_log_has_no_states():
    assert "is for the fleet" in parse("state:failed").problem


@given(st.text(max_size=40), subjects)
def test_whatever_is_typed_is_read_or_refused(typed: str, subject: FilterSubject):
    found = parse(typed, STATES)
    assert isinstance(found.keeps(subject), bool)
    assert not (found.problem and found.terms)


@given(st.lists(plain_words, max_size=4), subjects)
def test_every_word_must_match(words: list[str], subject: FilterSubject):
    both = (subject.text + "\n" + subject.host).lower()
    assert parse(" ".join(words), STATES).keeps(subject) is all(word in both or word == subject.state for word in words)


@given(st.sampled_from(["shop", "/s.op/", "host:w*", "level:warn", "state:new", '"a b"']), subjects)
def test_not_turns_it_round(term: str, subject: FilterSubject):
    assert parse(f"!{term}", STATES).keeps(subject) is not parse(term, STATES).keeps(subject)


@given(st.from_regex(r"[a-z0-9*?]{1,6}", fullmatch=True), subjects)
def test_wildcards_are_those_of_a_shell(glob: str, subject: FilterSubject):
    assert parse(f"host:{glob}").keeps(subject) is fnmatch.fnmatchcase(subject.host, glob)


@given(st.text("ab.*+?|^ ", min_size=1, max_size=8).filter(str.strip), subjects)
def test_a_regex_finds_what_python_finds(source: str, subject: FilterSubject):
    found = parse(f"/{source}/")
    try:
        pattern = re.compile(source, re.IGNORECASE)
    except re.error:
        assume(False)
    assume(not found.problem)
    assert found.keeps(subject) is bool(pattern.search(subject.text) or pattern.search(subject.host))


def test_an_empty_one_leaves_nothing_out():
    assert not Filter()
    assert Filter().keeps(WEB)


@pytest.mark.parametrize("bad", [r"/(a+)+$/", r"/(\w+\s?)*$!/", r"/.*.*.*.*.*=/"])
def test_a_regex_that_would_hang_filters_a_whole_log_in_time(bad: str):
    lines = [FilterSubject("web01", "a" * 200 + "!" + str(number)) for number in range(2000)]
    began = time.process_time()
    wanted = parse(bad)
    assert not any(wanted.keeps(one) for one in lines)
    assert time.process_time() - began < 5.0


@pytest.mark.parametrize(("typed", "kept"), [("kind:new", [True, False]), ("!kind:new", [False, True]), ("kind:new refused", [False, False])])
def test_lines_of_new_kinds_alone(typed: str, kept: list[bool]):
    found = parse(typed)
    assert [found.keeps(FilterSubject("web01", "no stock", is_new_kind=new)) for new in (True, False)] == kept


def test_what_kind_may_name():
    assert "expected new" in parse("kind:old").problem
    assert "is for the log" in parse("kind:new", STATES).problem
