"""Sizes and counts as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.words.sizes import bytes_of, counted, size_words

UNITS = {"B": 0, "KiB": 1, "MiB": 2, "GiB": 3, "TiB": 4}


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
    assert [bytes_of(text) for text in ("20MiB", "2 GB", "1.5KiB", "7B", "", "20", "-1B", "20 M", "x")] == [20 * 2**20, 2 * 10**9, 1536, 7, *[None] * 5]
