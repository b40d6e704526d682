"""Durations as people type them, and as they are shown: what is shown can be typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.words.durations import duration_words, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90), ("1m", 60), ("2h", 7200), ("3d", 259_200), ("1w", 604_800), ("500ms", 0.5), ("0s", 0), ("1.5h", 5400), ("0.25s", 0.25),
        ("1h30m", 5400), ("1d2h3m4s5ms", 93_784.005), ("1m1m", 120), ("30m1h", 5400), ("007s", 7), ("999999999ms", 999_999.999), ("1.123456s", 1.123456), ("36500d", 3_153_600_000),
    ],
)  # fmt: skip
def test_a_duration_is_read(text: str, seconds: float):
    assert seconds_of(text) == pytest.approx(seconds)
    assert isinstance(seconds_of(text), float)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "90",
        "s",
        "-5s",
        "+5s",
        "5 s",
        " 5s",
        "5s ",
        "5S",
        "5y",
        "1h30",
        "1.s",
        ".5s",
        "1..5s",
        "1,5s",
        "5s\n",
        "1h 30m",
        "1234567890s",
        "1.1234567s",
        "٣s",
        "5sec",
        "nan",
        "36501d",
        "100000000d",
        "36500d1s",
    ],
)
def test_what_is_no_duration_is_none(text: str):
    assert seconds_of(text) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"), (0.0004, "0s"), (0.0006, "1ms"), (0.5, "500ms"), (1, "1s"), (1.5, "1s500ms"), (59.9996, "1m"), (60, "1m"), (300, "5m"), (3599, "59m59s"),
        (3600, "1h"), (5400, "1h30m"), (3661.001, "1h1m1s1ms"), (86_400, "24h"), (360_000, "100h"),
    ],
)  # fmt: skip
def test_a_duration_is_shown_as_it_is_typed_without_empty_units(seconds: float, words: str):
    assert duration_words(seconds) == words


@given(st.integers(0, 10**12))
def test_what_is_shown_can_be_typed_and_means_the_same(milliseconds: int):
    assert round((seconds_of(duration_words(milliseconds / 1000)) or 0) * 1000) == milliseconds


@given(st.lists(st.tuples(st.integers(0, 10**3), st.sampled_from(["ms", "s", "m", "h", "d", "w"])), min_size=1, max_size=5))
def test_parts_are_added_up_in_any_order(parts: list[tuple[int, str]]):
    alone = [seconds_of(f"{number}{unit}") for number, unit in parts]
    assert seconds_of("".join(f"{number}{unit}" for number, unit in parts)) == pytest.approx(sum(one or 0 for one in alone))
