"""For how long something has been above a limit: gaps end nothing and do not count."""

import pytest

from console.core.thresholds.pieces import Piece, slots_of
from console.core.thresholds.time_above_limit import BreachStretch, stretch_of

HIGH, LOW = 1.0, 0.0


def pieces(text: str) -> list[Piece]:
    """A character a second up to the moment 100: `x` above the limit, `.` not, a blank a gap."""
    return [Piece("a", 100.0 - len(text) + at, 101.0 - len(text) + at, HIGH if sign == "x" else LOW, None, 0) for at, sign in enumerate(text) if sign != " "]


def found(text: str, width: float = 1.0) -> BreachStretch | None:
    slots = slots_of(pieces(text), 100.0, width)
    above = {number: sum(piece.value for piece in some) / len(some) > 0.4 for number, some in slots.items()}
    return stretch_of(slots, above.get, 100.0, width, lambda piece: piece.value > 0.4)


@pytest.mark.parametrize(
    ("text", "since", "seconds"),
    [
        ("x", 99.0, 1.0),
        ("xxx", 97.0, 3.0),
        (".xxx", 97.0, 3.0),
        ("xx.x", 99.0, 1.0),
        ("xx  x", 95.0, 3.0),
        ("x x x", 95.0, 3.0),
        (".  x", 99.0, 1.0),
        ("x  .x", 99.0, 1.0),
        ("  xx", 98.0, 2.0),
    ],
)
def test_a_stretch_goes_back_to_the_last_time_that_was_good(text, since, seconds):
    stretch = found(text)
    assert stretch is not None
    assert (stretch.since, stretch.seconds) == (since, seconds)


@pytest.mark.parametrize("text", ["", ".", "xxx.", "  ", "xxx . "])
def test_there_is_none_where_the_newest_time_is_good(text):
    assert found(text) is None


def test_a_breach_begins_within_its_oldest_slot():
    """The oldest slot of three seconds is above the limit by two of them."""
    stretch = found(".xxxxx", width=3.0)
    assert stretch == BreachStretch(95.0, 5.0, (0, 1))


def test_where_no_piece_alone_is_above_it_begins_with_the_slot():
    slots = slots_of(pieces("...xxx"), 100.0, 3.0)
    stretch = stretch_of(slots, {0: True, 1: True}.get, 100.0, 3.0, lambda _: False)
    assert stretch == BreachStretch(94.0, 6.0, (0, 1))


def test_a_slot_of_which_it_is_not_known_is_a_gap():
    slots = slots_of(pieces("xxx"), 100.0, 1.0)
    stretch = stretch_of(slots, {0: True, 1: None, 2: True}.get, 100.0, 1.0, lambda _: True)
    assert stretch == BreachStretch(97.0, 2.0, (0, 2))
