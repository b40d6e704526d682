"""Moments in sentences."""

import pytest

from console.core.words.moments import moment_words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-24T12:04:09.123Z", "2026-11-24 12:04 UTC"),
        ("2026-11-24T12:04:09Z", "2026-11-24 12:04 UTC"),
        ("2026-11-24T12:04:09+01:00", "2026-11-24T12:04:09+01:00"),
        ("12:04", "12:04"),
        ("", ""),
    ],
)
def test_a_moment_is_said_to_the_minute_and_what_is_none_as_it_stands(at: str, words: str):
    assert moment_words(at) == words
