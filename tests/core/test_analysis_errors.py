"""How often the canary's test errs, and how soon it speaks, by simulation with fixed seeds. `make analysis` prints more of it, on more runs."""

import math
from random import Random
from statistics import mean, pvariance

import pytest

from console.model.analysis import Criteria
from tests.analysis.peers import mann_whitney, over_threshold, z_of_ranks
from tests.analysis.simulation import alarms, goes_on
from tests.analysis.traffic import Traffic, binomial

SEED = 11


@pytest.mark.parametrize(("n", "p"), [(20, 0.3), (100, 0.001), (10_000, 0.02), (5000, 0.9), (7, 0.0), (3, 1.0)])
def test_the_draws_are_binomial(n: int, p: float) -> None:
    random = Random(SEED)
    drawn = [binomial(random, n, p) for _ in range(4000)]
    sigma = math.sqrt(n * p * (1 - p))
    assert mean(drawn) == pytest.approx(n * p, abs=5 * sigma / math.sqrt(4000))
    assert pvariance(drawn) == pytest.approx(sigma * sigma, rel=0.15, abs=1e-9)


def test_a_rank_sum_by_hand() -> None:
    """First 5, 7, 9 against 1, 2, 6: ranks 3, 5, 6, so U = 8 of 9; its mean 4.5, its variance 9 * 7 / 12."""
    assert z_of_ranks([5, 7, 9], [1, 2, 6]) == pytest.approx((8 - 4.5 - 0.5) / math.sqrt(9 * 7 / 12))
    assert z_of_ranks([1, 1], [1, 1]) == 0.0


def test_the_peers_rules_see_a_fault() -> None:
    bad = list(Traffic(100, 900, 0.05, 0.001).blocks(Random(SEED), 8))
    assert mann_whitney(bad)
    assert over_threshold(bad)
    assert not over_threshold(bad[:2])


# Equal rates: (rps new, rps old, rate). Ten minutes of blocks of 10 s.
@pytest.mark.parametrize(("new", "old", "rate"), [(10, 90, 0.001), (10, 90, 0.005), (30, 90, 0.02)])
def test_good_releases_are_taken_back_in_1_5_percent_at_most(new: float, old: float, rate: float) -> None:
    assert alarms(Traffic(new, old, rate, rate), 100, SEED).share <= 0.015


@pytest.mark.parametrize(("new", "old", "rate", "before", "within"), [(10, 90, 0.05, 0.001, 20), (1, 9, 0.05, 0.001, 140), (10, 90, 0.02, 0.001, 60)])
def test_a_fault_is_found_soon(new: float, old: float, rate: float, before: float, within: float) -> None:
    found = alarms(Traffic(new, old, rate, before), 40, SEED)
    assert found.share == 1.0
    assert found.seconds is not None
    assert found.seconds <= within


def test_bursts_are_no_faults() -> None:
    bursts = Traffic(60, 180, 0.005, 0.005, 3, 9, together=0.05)
    assert alarms(bursts, 60, SEED).share <= 0.05
    assert alarms(bursts, 60, SEED, dispersed=False).share > 0.2


def test_a_fault_is_found_in_bursts_too() -> None:
    found = alarms(Traffic(60, 180, 0.05, 0.001, 3, 9, together=0.01), 40, SEED)
    assert found.share == 1.0
    assert found.seconds is not None
    assert found.seconds <= 20


def test_a_good_release_goes_on_before_its_time_is_over() -> None:
    found = goes_on(Traffic(100, 900, 0.005, 0.005), 20, SEED, Criteria())
    assert found.share == 1.0
    assert found.seconds is not None
    assert found.seconds <= 60


def test_a_quiet_one_goes_on_by_its_limit() -> None:
    found = goes_on(Traffic(10, 90, 0.001, 0.001), 40, SEED, Criteria(limit=0.01))
    assert found.share > 0.9
    assert found.seconds is not None
    assert found.seconds <= 60


def test_one_that_is_twice_as_bad_is_seldom_passed() -> None:
    assert goes_on(Traffic(100, 900, 0.01, 0.005), 40, SEED, Criteria()).share <= 0.05
