"""Whether a difference may be chance: what is shown, and what is not."""

import pytest

from console.core.thresholds.pieces import Piece
from console.core.thresholds.rate_evidence import exceeds, is_shown_above, is_shown_worse


def slots(rate: float, requests: int = 100, count: int = 3, hosts: int = 1):
    return {
        number: tuple(Piece(f"h{host}", 0.0, 1.0, rate, requests, round(requests * rate)) for host in range(hosts)) for number in range(count)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("new", "old", "ratio", "shown"),
    [
        (slots(0.3), slots(0.01), 1.0, True),
        (slots(0.3), slots(0.01), 1.5, True),
        (slots(0.3), slots(0.0), 1.5, True),
        (slots(0.3), slots(0.3), 1.0, False),
        (slots(0.3), slots(0.2), 1.5, False),
        (slots(0.02), slots(0.01), 1.5, False),
        (slots(0.5, requests=4, count=1), slots(0.0, requests=4, count=1), 1.5, False),
        (slots(0.3), {}, 1.0, False),
        ({}, slots(0.3), 1.0, False),
    ],
)
def test_new_against_old(new, old, ratio, shown):
    assert is_shown_worse(new, old, range(3), ratio) is shown


def test_only_the_slots_of_the_breach_count():
    new, old = slots(0.3, count=6), slots(0.0, count=6)
    few = {number: new[number] if number == 0 else slots(0.0)[0] for number in new}
    assert is_shown_worse(new, old, (0,), 1.5)
    assert not is_shown_worse(few, old, (1, 2, 3), 1.5)


def test_hosts_that_differ_among_themselves_show_less():
    """One bad host of four: with as many requests it is less certain that the release is the cause."""
    even = {0: tuple(Piece(f"n{host}", 0, 1, 0.04, 100, 4) for host in range(4))}
    one = {0: (Piece("n0", 0, 1, 0.16, 100, 16), *(Piece(f"n{host}", 0, 1, 0.0, 100, 0) for host in range(1, 4)))}
    old = {0: tuple(Piece(f"o{host}", 0, 1, 0.0, 100, 0) for host in range(4))}
    assert is_shown_worse(even, old, (0,), 1.0)
    assert not is_shown_worse(one, old, (0,), 1.0)


def test_pieces_of_one_host_are_its_own_and_no_second_host():
    parts = {0: (Piece("n0", 0, 1, 0.16, 100, 16), *(Piece("n0", at, at + 1, 0.0, 100, 0) for at in range(1, 4)))}
    old = {0: (Piece("o0", 0, 4, 0.0, 400, 0),)}
    assert is_shown_worse(parts, old, (0,), 1.0)


@pytest.mark.parametrize(
    ("bad", "requests", "rate", "shown"),
    [
        (30, 100, 0.01, True),
        (1, 20, 0.01, False),
        (2, 20, 0.01, False),
        (3, 20, 0.01, True),
        (0, 100, 0.0, False),
        (1, 100, 0.0, True),
        (30, 100, 0.3, False),
        (45, 100, 0.3, True),
        (43, 100, 0.3, False),
        (100, 100, 1.0, False),
        (100, 100, 1.4, False),
        (0, 0, 0.01, False),
    ],
)
def test_a_rate_above_one_that_is_fixed(bad, requests, rate, shown):
    assert is_shown_above(bad, requests, rate) is shown


@pytest.mark.parametrize(
    ("value", "limit", "above"),
    [
        (0.1 + 0.2, 0.3, False),
        (0.3001, 0.3, True),
        (0.3, 0.3, False),
        (0.0, 0.0, False),
        (1e-6, 0.0, True),
        (0.05000000074505806, 0.05, False),
        (5000.1, 5000.0, True),
        (0.29, 0.3, False),
    ],
)
def test_sums_of_floats_are_no_difference(value, limit, above):
    assert exceeds(value, limit) is above
