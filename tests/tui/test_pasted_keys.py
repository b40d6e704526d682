"""Which keys are taken for a person's, and when they act. Times are seconds."""

import pytest
from textual import events

from console.tui import keys
from console.tui.terminal.pasted_keys import KeyBurst
from tests.tui.test_keys import an_app, press, running, settled


def arrived(*came: tuple[str, float], harmless: str = "?↓") -> tuple[list[str], KeyBurst[str]]:
    """Which keys acted before anything settled, of keys that came at those times."""
    burst, acted = KeyBurst[str](), list[str]()
    for key, at in came:
        if key in harmless and burst.may_pass(at):
            acted.append(key)
        else:
            burst.take(key, at)
    return acted, burst


def test_a_key_that_only_shows_acts_at_once_and_one_that_acts_is_held():
    acted, burst = arrived(("?", 1.0), ("r", 1.1))
    assert acted == ["?"]
    assert burst.settle() == ("r",)


def test_no_key_overtakes_one_that_is_held():
    acted, burst = arrived(("r", 1.0), ("↓", 1.001), ("r", 1.002))
    assert acted == []
    assert burst.settle() == ("r", "↓", "r")


@pytest.mark.parametrize(("pasted", "some_acted"), [("?????r", True), ("??rrrr", True), ("rrrr?r", False), ("↓↓↓↓↓↓↓↓r", True)])
def test_six_keys_at_once_are_a_paste_and_none_that_acts_does_anything(pasted: str, some_acted: bool):
    acted, burst = arrived(*((key, 1.0) for key in pasted))
    assert set(acted) <= set("?↓")
    assert "r" not in burst.settle()
    assert burst.dropped > 0
    assert burst.some_acted is some_acted


def test_whoever_held_an_arrow_down_over_a_slow_line_has_moved_as_far_as_it_was_held():
    acted, burst = arrived(*(("↓", 1.0) for _ in range(30)))
    assert (len(acted), burst.dropped) == (30, 0)


async def test_what_was_dropped_is_said_even_where_no_key_was_held_before():
    feed = running()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        said: list[str] = []
        pilot.app.say = lambda words, tone="plain": said.append(words)
        for name in ("down", "down", "down", "down", "down", "x"):
            key = events.Key(name, None)
            key.time = 1.0
            await pilot.app.on_event(key)
        await settled(pilot)
        assert feed.said == []
        assert said == ["keys came faster than a person presses them: those that act did nothing"]


def test_what_follows_a_paste_at_once_belongs_to_it():
    acted, burst = arrived(*((key, 1.0) for key in "rrrrrr"), ("?", 1.05), ("r", 1.1))
    assert acted == []
    assert burst.settle() == ()
    assert burst.dropped == 8


def test_a_key_held_down_is_no_paste():
    acted, _ = arrived(*(("↓", 1.0 + 0.03 * number) for number in range(100)))
    assert len(acted) == 100


async def test_on_a_screen_help_opens_without_a_wait_and_a_roll_back_does_not():
    feed = running()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        situation = pilot.app.screen.situation
        assert [key for key in ("question_mark", "2", "down", "plus") if not keys.only_shows(key, situation)] == []
        assert [key for key in ("r", "p", "a", "x", "q", "enter", "slash", "colon", "escape", "space", "W") if keys.only_shows(key, situation)] == []
        below = len(pilot.app.screen_stack)
        await press(pilot, "question_mark")
        assert len(pilot.app.screen_stack) == below + 1
