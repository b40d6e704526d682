"""Silence is news only where signs of life are known to come."""

from console.views.staleness import Staleness


def test_silence_is_news_once_three_signs_are_missing():
    signs = Staleness(10.0)
    signs.comes_every(2.0)
    assert signs.silence(16.0) == 0.0
    assert signs.silence(17.0) == 7.0
    signs.heard(17.0)
    assert signs.silence(18.0) == 0.0


def test_without_a_promise_silence_says_nothing():
    assert Staleness(0.0).silence(1000.0) == 0.0
