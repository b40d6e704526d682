"""The palette: everything that a key does, by its words."""

from hypothesis import given
from hypothesis import strategies as st

from console.model import commands as cmd
from console.model.state import RunState
from console.tui import keys
from console.tui.dialogs.dialog import Dialog
from console.tui.dialogs.palette import Palette
from console.tui.key_refusals import Place, Situation
from console.tui.widgets.picker import Picker
from tests.tui.scripted import an_app
from tests.tui.test_keys import kinds, press, running, settled

PLACES = st.sampled_from(keys.EVERYWHERE)


async def test_an_action_is_found_by_its_words_and_done():
    feed = running()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "colon", *"no other host", "enter")
        assert feed.said == [cmd.Pause()]
        await press(pilot, "ctrl+p", *"roll back", "enter")
        assert isinstance(pilot.app.screen, Dialog)
        assert kinds(feed) == ["Pause"]
        await press(pilot, "r")
        assert kinds(feed) == ["Pause", "RollBack"]


async def test_what_makes_no_sense_now_is_shown_with_the_reason_and_not_done():
    feed = running()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "colon", *"continue after")
        assert "it is not paused" in pilot.app.screen.query_one(Picker).shown
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Palette)
        await press(pilot, "escape")
        assert feed.said == []


@given(PLACES, st.text(max_size=12))
def test_what_is_found_belongs_to_the_place_and_has_the_words(place: Place, words: str):
    now = Situation(RunState(), place=place)
    found = keys.found_actions(words, now)
    assert all(place in action.places for action in found)
    ready = [keys.is_ready(action, now) for action in found]
    assert ready == sorted(ready, reverse=True)


@given(PLACES)
def test_no_key_means_two_things_at_once(place: Place):
    """Several actions may share a key only where at most one of them makes sense."""
    for read_only in (False, True):
        now = Situation(RunState(), place=place, read_only=read_only)
        ready = [key for action in keys.ACTIONS if place in action.places and keys.is_ready(action, now) for key in action.keys]
        assert len(ready) == len(set(ready))
        assert not set(ready) & keys.NEVER_BOUND
