"""Sizes and counts as people read them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.words.shortened_list import shortened
from console.core.words.sizes import bytes_of, counted, counted_hosts, size_words

SOURCES = Path(__file__).parents[2] / "console"
UNITS = {"B": 0, "KiB": 1, "MiB": 2, "GiB": 3, "TiB": 4}


@pytest.mark.parametrize(("number", "words"), [(0, "no host"), (1, "1 host"), (2, "2 hosts")])
def test_hosts_are_counted_and_none_are_no_number(number: int, words: str):
    assert counted_hosts(number) == words
    assert counted_hosts(number, "nobody", "touched host") == ("nobody" if number == 0 else words.replace("host", "touched host"))


def test_every_sentence_that_counts_hosts_counts_them_so():
    """`3 of 12 hosts` says what it means where it is 0."""
    found = [place for file in sorted(SOURCES.rglob("*.py")) for place in _counting(file)]
    assert found == []


def _counting(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "counted" and file.name != "sizes.py":
            words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            if any(str(word).endswith("host") for word in words):
                yield f"{file}:{node.lineno}"
        if isinstance(node, ast.JoinedStr):
            for before, number, after in zip([None, *node.values], node.values, node.values[1:], strict=False):
                counts = isinstance(number, ast.FormattedValue) and isinstance(after, ast.Constant) and re.match(r" (?!of )(\w+ )?hosts?\b", str(after.value))
                if counts and not (isinstance(before, ast.Constant) and re.search(r"(of|to) $", str(before.value))):
                    yield f"{file}:{node.lineno}"


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 hosts"), (1, "1 host"), (2, "2 hosts"), (1000, "1000 hosts"), (-1, "-1 hosts")],
)
def test_one_is_the_only_count_without_an_s(count: int, words: str):
    assert counted(count, "host") == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (10 * 1024, "10 KiB"), (98 * 1024, "98 KiB"), (1023 * 1024, "1023 KiB"),
        (1024**2, "1.0 MiB"), (3 * 2**19, "1.5 MiB"), (98 * 2**20, "98 MiB"), (2**30, "1.0 GiB"), (40 * 2**30, "40 GiB"), (2**40, "1.0 TiB"),
        (2**50, "1024 TiB"), (5000 * 2**40, "5000 TiB"),
    ],
)  # fmt: skip
def test_a_size_has_the_unit_that_fits(count: int, words: str):
    assert size_words(count) == words


@given(st.integers(0, 2**60))
def test_what_is_shown_is_within_one_in_twenty_of_what_is_so(count: int):
    number, unit = size_words(count).split()
    assert float(number) * 1024 ** UNITS[unit] == pytest.approx(count, rel=0.05)


@given(st.integers(0, 2**50))
def test_a_number_is_never_long(count: int):
    assert len(size_words(count).split()[0]) <= 4


def test_a_size_is_read_as_it_is_typed() -> None:
    assert [bytes_of(text) for text in ("20MiB", "2 GB", "1.5KiB", "7B", "", "20", "-1B", "20 M", "x", "٣MiB")] == [20 * 2**20, 2 * 10**9, 1536, 7, *[None] * 6]


@pytest.mark.parametrize(("names", "most", "between", "words"), [
    ((), 2, ", ", ""), (("a",), 2, ", ", "a"), (("a", "b"), 2, ", ", "a, b"), (("a", "b", "c"), 2, ", ", "a, b and 1 more"),
    (("a is", "b is", "c is", "d is"), 2, "; ", "a is; b is; and 2 more"),
])  # fmt: skip
def test_of_a_long_list_the_first_are_named_and_the_rest_is_counted(names, most, between, words):
    assert shortened(names, most, between) == words
