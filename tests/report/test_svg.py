"""The pieces of plots: scales stay within their room, ticks are round and told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.report.svg import Scale, box, text, tick_words, ticks

TICKS = [
    (0.0, 20.0, ("0 s", "5 s", "10 s", "15 s", "20 s")),
    (0.0, 2.3, ("0 s", "0.5 s", "1 s", "1.5 s", "2 s")),
    (3.0, 43.0, ("5 s", "10 s", "15 s", "20 s", "25 s", "30 s", "35 s", "40 s")),
    (0.0, 7200.0, ("0 s", "15:00", "30:00", "45:00", "1:00:00", "1:15:00", "1:30:00", "1:45:00", "2:00:00")),
]


@pytest.mark.parametrize(("low", "high", "words"), TICKS)
def test_ticks_are_round_and_told_apart(low: float, high: float, words: tuple[str, ...]):
    assert tuple(map(tick_words, ticks(low, high))) == words


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(-1e6, 2e6))
def test_what_is_drawn_stays_in_its_room(low: float, span: float, value: float):
    scale = Scale(low, low + span, 100.0, 900.0)
    assert 100.0 <= scale(value) <= 900.0
    assert all(low <= at <= low + span + 1e-6 for at in ticks(low, low + span))


def test_words_in_a_drawing_are_text():
    assert "<b>" not in text(1, 2, "<b>") + box(1, 2, 3, 4, "c", "<b>")
