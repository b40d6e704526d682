"""Maintenance mode in words."""

import pytest

from console.model.maintenance_mode import Maintenance, MaintenanceSeen, PlaceSeen
from console.safe_text import SafeText
from console.views.maintenance_summary import equivalent_words, mending, odd_places, place_hint, place_words, question_words, seen_lines, since_words, verb_for

KEPT = Maintenance(SafeText("ada"), SafeText("2026-11-24T12:00:00Z"), SafeText("upgrade"), SafeText("2026-11-24T13:00:00Z"))


def seen(state, *shown: str, kept: Maintenance | None = None, balancers: int = 0, at: str = "2026-11-24T12:00:00Z") -> MaintenanceSeen:
    places = [PlaceSeen(f"web{number:02}", one, why=SafeText("no route" if one == "unknown" else "")) for number, one in enumerate(shown, start=1)]  # type: ignore[arg-type]
    return MaintenanceSeen(state, (*places, *(PlaceSeen(f"lb{number}/shop", "off", is_balancer=True) for number in range(balancers))), kept, at)


def test_the_question_says_the_verb_how_many_and_what_was_read_when():
    assert question_words("on", seen("off", *["off"] * 12), "2026-11-24T12:00:01Z") == "ON for 12 hosts; read 1 s ago: off"
    assert question_words("off", seen("on", "on", kept=KEPT, balancers=1), "2026-11-24T12:00:00Z") == "OFF for 1 host and 1 balancer; read 0 s ago: on"


@pytest.mark.parametrize(("state", "verb"), [("on", "off"), ("off", "on"), ("mixed", None), ("unknown", None)])
def test_no_verb_follows_from_what_is_not_clear(state, verb):
    assert verb_for(seen(state, "on")) == verb


def test_places_that_are_not_as_the_others_are_named():
    mixed = seen("mixed", "on", "off", "unknown", kept=KEPT)
    assert [place_words(place) for place in odd_places(mixed)] == ["web02: off", "web03: not known: no route"]
    assert seen_lines(mixed)[0] == ("maintenance is mixed (3 hosts) by ada since 2026-11-24 12:00 UTC, until 2026-11-24 13:00 UTC: upgrade")
    assert not odd_places(seen("off", "off", "off"))


def test_an_end_that_is_past_is_said_to_be():
    assert since_words(KEPT, "2026-11-24T13:30:00Z", lambda at: at[11:16]) == "by ada since 12:00, its time was over 13:00: upgrade"


def test_what_mends_a_mixed_fleet_is_what_was_meant():
    assert mending("production", seen("mixed", "on", "off", kept=KEPT)) == "deploy maintenance production on"
    assert mending("production", seen("mixed", "on", "off", kept=KEPT, at="2026-11-24T14:00:00Z")) == "deploy maintenance production off"
    assert mending("production", seen("mixed", "half", "off")) == "deploy maintenance production off"
    assert not mending("production", seen("on", "on"))


def test_a_place_that_gave_no_answer_is_not_to_be_switched_off():
    silent, half = seen("unknown", "off", "unknown"), seen("mixed", "half", "unknown", "off")
    assert not mending("production", silent)
    assert [place_hint("production", half, place).rpartition(" ")[0] for place in half.places] == [
        "deploy maintenance production",
        "deploy check",
        "deploy maintenance production",
    ]


def test_the_command_line_that_does_the_same():
    assert equivalent_words("production", "on", "It's down", 5400.0) == "deploy maintenance production on --message 'It'\"'\"'s down' --for 1h30m"
    assert equivalent_words("production", "off", "", 0.0) == "deploy maintenance production off"
