"""The test of new hosts against old ones: by closed forms, exact expectations and properties. How often it errs is in `test_analysis_errors.py`."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.analysis.dispersion import block_of, dispersion, together
from console.core.analysis.evidence import (
    expected_log_factor,
    log_factor,
    log_factor_of_limit,
    log_mean,
    nearest_allowed,
    rate_so_far,
    times_odds,
)
from console.core.analysis.sequential import RATIOS, begun, blocks_more, interval_of, judged, reading_of, taken, verdict_of
from console.model.analysis import Block, Criteria, Reading

rates = st.floats(1e-6, 0.9)
sizes = st.integers(1, 100_000)
ratios = st.floats(0.05, 50.0)
CRITERIA = Criteria()


def logit(rate: float) -> float:
    """The logarithm of a rate's odds."""
    return math.log(rate) - math.log1p(-rate)


def after(*blocks: Block, criteria: Criteria = CRITERIA) -> Reading:
    """What those blocks come to."""
    sequence = begun(criteria)
    for block in blocks:
        sequence = taken(sequence, block)
    return reading_of(sequence, criteria, "error_rate")


def binomial(k: int, n: int, p: float) -> float:
    """The probability of k of n."""
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


def divergence(a: float, b: float, na: int, nb: int, a0: float, b0: float) -> float:
    """How far a block is from those rates, in nats; the less the nearer."""
    return -sum(n * (rate * math.log(null) + (1 - rate) * math.log1p(-null)) for n, rate, null in ((na, a, a0), (nb, b, b0)))


@given(rates, rates, sizes, sizes, ratios)
def test_the_nearest_point_is_what_a_search_finds(a: float, b: float, na: int, nb: int, ratio: float) -> None:
    low, high = 0.0, min(1.0, 1.0 / ratio)
    for _ in range(200):
        middle = (low + high) / 2
        slope = na * (a - ratio * middle) * (1 - middle) + nb * (b - middle) * (1 - ratio * middle)
        low, high = (middle, high) if slope > 0 else (low, middle)
    a0, b0 = nearest_allowed(a, b, na, nb, ratio)
    assert a0 == ratio * b0
    assert 0 < a0 < 1
    assert 0 < b0 < 1
    assert b0 == pytest.approx(low, rel=1e-6)


@given(st.floats(1e-3, 0.9), st.floats(1e-3, 0.9), st.integers(1, 1000), st.integers(1, 1000), st.floats(0.1, 10.0), st.floats(0.5, 0.99))
def test_no_other_point_is_nearer(a: float, b: float, na: int, nb: int, ratio: float, off: float) -> None:
    a0, b0 = nearest_allowed(a, b, na, nb, ratio)
    least = divergence(a, b, na, nb, a0, b0)
    for other in (b0 * off, b0 + (min(1.0, 1.0 / ratio) - b0) * (1 - off)):
        assert divergence(a, b, na, nb, ratio * other, other) >= least - 1e-9 * abs(least)


@given(rates, rates, sizes, sizes)
def test_for_equal_rates_it_is_their_weighted_mean(a: float, b: float, na: int, nb: int) -> None:
    mean = (na * a + nb * b) / (na + nb)
    assert nearest_allowed(a, b, na, nb, 1.0) == pytest.approx((mean, mean))


def average(na: int, nb: int, alternative: tuple[float, float], ratio: float, truth: tuple[float, float]) -> float:
    """The mean over every outcome of what a block multiplies the evidence by."""
    return sum(
        binomial(ka, na, truth[0]) * binomial(kb, nb, truth[1]) * math.exp(log_factor(Block(1.0, na, ka, nb, kb), *alternative, ratio))
        for ka in range(na + 1)
        for kb in range(nb + 1)
    )


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(("times", "b"), list(product([0.2, 0.6, 1.5, 5.0], [0.01, 0.1, 0.19])))
@pytest.mark.parametrize(("na", "nb"), [(3, 5), (8, 4)])
def test_the_evidence_of_a_block_is_one_at_most_on_average_where_the_statement_is_true(ratio: float, times: float, b: float, na: int, nb: int) -> None:
    """Summed over every outcome: the property of an e-value that Ville's inequality needs, also for rates far from those of the alternative."""
    alternative = (ratio * times * b if ratio * times * b < 1 else times_odds(b, ratio * times), b)
    within = (1.0, 1.2, 2.0) if times < 1 else (1.0, 0.8, 0.3)
    for truth in (0.001, 0.05, 0.3, 0.49, 0.9):
        for more in within:
            if ratio * more * truth <= 1:
                assert average(na, nb, alternative, ratio, (ratio * more * truth, truth)) <= 1.0 + 1e-9


def test_the_expected_growth_is_the_mean_over_every_outcome() -> None:
    block, rates, alternative = Block(1.0, 4, 0, 6, 0), (0.3, 0.1), (0.4, 0.12)
    mean = sum(binomial(ka, 4, 0.3) * binomial(kb, 6, 0.1) * log_factor(Block(1.0, 4, ka, 6, kb), *alternative, 1.0) for ka in range(5) for kb in range(7))
    assert expected_log_factor(block, rates, alternative, 1.0) == pytest.approx(mean)


def test_evidence_against_a_limit_is_the_ratio_of_two_binomials() -> None:
    expected = math.log(binomial(2, 50, 0.005) / binomial(2, 50, 0.01))
    assert log_factor_of_limit(2, 50, 0.005, 0.01) == pytest.approx(expected)


def test_evidence_that_is_averaged_does_not_overflow() -> None:
    assert log_mean((5000.0, 0.0), 1.0) == pytest.approx(5000.0 - math.log(2))
    assert log_mean((5000.0, 0.0), 10.0) == pytest.approx(500.0 - math.log(2))
    assert log_mean((-5000.0,), 1.0) == -5000.0
    assert log_mean((), 1.0) == -math.inf


@pytest.mark.parametrize(("bad", "requests", "rate"), [(0, 0, 0.01), (0, 50, 0.005), (10, 9950, 0.00105), (0, 10**9, 1e-6), (900, 1000, 0.5)])
def test_the_old_hosts_rate_begins_weakly_and_stays_within_bounds(bad: int, requests: int, rate: float) -> None:
    assert rate_so_far(bad, requests) == pytest.approx(rate)


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), min_size=1, max_size=6), st.floats(0.001, 0.4))
def test_without_requests_on_both_sides_nothing_is_shown(counts: list[tuple[int, int]], share: float) -> None:
    blocks = [Block(1.0, new, int(new * share), 0, 0) for new, _ in counts] + [Block(1.0, 0, 0, old, int(old * share)) for _, old in counts]
    found = after(*blocks)
    assert (found.verdict, found.low, found.high) == ("inconclusive", None, None)


# What blocks of 10 s come to: (new, bad, old, bad) each, how many of them, the verdict.
TABLE = [
    ((100, 5, 900, 1), 1, "worse"),
    ((100, 5, 900, 1), 2, "worse"),
    ((10, 1, 90, 0), 2, "inconclusive"),
    ((10, 1, 90, 0), 4, "worse"),
    ((1000, 1, 9000, 9), 2, "inconclusive"),
    ((1000, 1, 9000, 9), 30, "not-worse"),
    ((1000, 20, 9000, 180), 2, "not-worse"),
    ((1000, 2, 9000, 9), 10, "inconclusive"),
    ((1000, 2, 9000, 9), 30, "worse"),
    ((100, 0, 900, 0), 60, "inconclusive"),
    ((0, 0, 900, 1), 60, "inconclusive"),
    ((100, 100, 900, 900), 1, "not-worse"),
    ((100, 60, 900, 270), 1, "worse"),
]


@pytest.mark.parametrize(("counts", "times", "verdict"), TABLE)
def test_verdicts(counts: tuple[int, int, int, int], times: int, verdict: str) -> None:
    assert after(*[Block(10.0, *counts)] * times).verdict == verdict


def test_a_quiet_release_goes_on_by_the_limit() -> None:
    blocks = [Block(10.0, 100, 0, 900, 0)] * 6
    assert after(*blocks).verdict == "inconclusive"
    assert after(*blocks, criteria=Criteria(limit=0.01)).verdict == "not-worse"


def test_the_limit_needs_no_old_hosts() -> None:
    blocks = [Block(10.0, 100, 0, 0, 0)] * 6
    assert after(*blocks, criteria=Criteria(limit=0.01)).verdict == "not-worse"


def test_a_release_that_is_worse_is_worse_below_the_limit_too() -> None:
    assert after(*[Block(10.0, 1000, 5, 9000, 1)] * 10, criteria=Criteria(limit=0.5)).verdict == "worse"


def test_a_fault_that_hits_both_sides_is_no_evidence() -> None:
    quiet, outage = Block(10.0, 100, 0, 900, 1), Block(10.0, 100, 60, 900, 540)
    assert after(*[quiet] * 5, *[outage] * 5).verdict != "worse"


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 30), st.integers(0, 900), st.integers(0, 30)), min_size=1, max_size=12))
def test_verdict_and_interval_agree(counts: list[tuple[int, int, int, int]]) -> None:
    found = after(*(Block(1.0, new, min(ka, new), old, min(kb, old)) for new, ka, old, kb in counts))
    if found.low is not None and found.low >= 1.0:
        assert found.verdict == "worse"
    if found.high is not None and found.high <= CRITERIA.not_worse:
        assert found.verdict in ("not-worse", "worse")
    assert found.low is None or found.high is None or found.low <= found.high
    assert (found.more is None) == (found.seconds is None)
    assert found.more is None or found.more >= 0


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 30), st.integers(1, 900), st.integers(0, 30)), min_size=1, max_size=8))
def test_the_interval_does_not_hang_on_the_verdicts_own_statements(counts: list[tuple[int, int, int, int]]) -> None:
    blocks = [Block(1.0, new, min(ka, new), old, min(kb, old)) for new, ka, old, kb in counts]
    whole, bare = begun(CRITERIA), begun(CRITERIA, interval=False)
    for block in blocks:
        whole, bare = taken(whole, block), taken(bare, block)
    assert verdict_of(whole, CRITERIA) == verdict_of(bare, CRITERIA)


def test_the_interval_narrows_around_the_truth() -> None:
    widths = []
    for times in (5, 20, 80):
        found = after(*[Block(10.0, 1000, 15, 9000, 90)] * times)
        assert found.low is not None and found.high is not None  # noqa: PT018
        assert found.low <= 1.5 <= found.high
        widths.append(found.high / found.low)
    assert widths == sorted(widths, reverse=True)


def test_what_is_missing_comes_true() -> None:
    block, sequence, criteria = Block(10.0, 1000, 1, 9000, 9), begun(CRITERIA), CRITERIA
    for _ in range(4):
        sequence = taken(sequence, block)
    more = blocks_more(sequence, criteria)
    assert more is not None
    left = 0
    while verdict_of(sequence, criteria) == "inconclusive":
        sequence, left = taken(sequence, block), left + 1
    assert left == pytest.approx(more * 4, rel=0.35)


def test_what_is_missing_to_a_fault_is_little() -> None:
    found = after(Block(1.0, 10, 1, 90, 0))
    assert found.verdict == "inconclusive"
    assert found.more is not None
    assert found.more < 300


def test_the_time_that_is_missing_goes_with_the_requests() -> None:
    found = after(Block(10.0, 1000, 1, 9000, 9))
    assert found.more is not None
    assert found.seconds == pytest.approx(found.more / 100, rel=0.01)


# Hosts of a side (requests, bad), and what the dispersion is.
SPREAD = [
    ([(100, 1), (100, 1), (100, 1)], 1.0),
    ([(100, 0), (100, 10)], 10.469),
    ([(1000, 10), (1000, 30)], 10.199),
    ([(100, 0), (100, 1)], 1.0),
    ([(100, 5)], 1.0),
    ([], 1.0),
    ([(0, 0), (100, 5)], 1.0),
    ([(100, 100), (100, 100)], 1.0),
]


@pytest.mark.parametrize(("hosts", "phi"), SPREAD)
def test_dispersion(hosts: list[tuple[int, int]], phi: float) -> None:
    block = block_of({}, {f"h{place}": counts for place, counts in enumerate(hosts)}, 1.0)
    assert dispersion(block.spread, block.expected) == pytest.approx(phi, rel=1e-3)


def test_a_release_that_is_bad_on_all_new_hosts_spreads_nothing() -> None:
    block = block_of({"a": (100, 50), "b": (100, 50)}, {"c": (100, 1), "d": (100, 1)}, 1.0)
    assert (block.new, block.new_bad, block.old, block.old_bad, block.spread) == (200, 100, 200, 2, 0.0)


def test_blocks_are_added() -> None:
    assert together([Block(1.0, 1, 2, 3, 4, 5.0, 6.0), Block(2.0, 10, 20, 30, 40, 50.0, 60.0)]) == Block(3.0, 11, 22, 33, 44, 55.0, 66.0)


def test_bursts_on_one_host_are_weak_evidence() -> None:
    bare = Block(10.0, 300, 12, 1800, 18)
    assert after(bare).verdict == "worse"
    burst = block_of({"a": (100, 12), "b": (100, 0), "c": (100, 0)}, {**{f"o{place}": (200, 0) for place in range(8)}, "o8": (200, 18)}, 10.0)
    assert after(burst).verdict == "inconclusive"
    assert after(burst).dispersion > 10


JUDGED = [
    (["worse", "not-worse"], "worse"),
    (["inconclusive", "worse"], "worse"),
    (["not-worse", "not-worse"], "not-worse"),
    (["not-worse", "inconclusive"], "inconclusive"),
    ([], "inconclusive"),
]


@pytest.mark.parametrize(("verdicts", "together_"), JUDGED)
def test_several_metrics(verdicts: list[str], together_: str) -> None:
    assert judged(Reading(verdict=one) for one in verdicts) == together_  # type: ignore[arg-type]


def test_two_sides_that_fail_nearly_always_do_not_show_that_new_is_not_twice_as_bad() -> None:
    """With odds in the place of rates this very block would: the statement would allow no convex set."""
    assert after(*[Block(10.0, 1000, 1, 9000, 9)] * 2, Block(10.0, 1000, 960, 9000, 4320)).verdict == "worse"


def test_one_is_among_the_ratios() -> None:
    assert 1.0 in RATIOS
    assert list(RATIOS) == sorted(set(RATIOS))
    assert interval_of(begun(CRITERIA), CRITERIA) == (None, None)


GOOD_ENOUGH = Criteria(limit=0.005)


def rounds(number: int, *, of: Block, criteria: Criteria = GOOD_ENOUGH) -> Reading:
    return after(*[of] * number, criteria=criteria)


@pytest.mark.parametrize(
    ("block", "estimates"),
    [
        (Block(10.0, 200, 0, 200, 0), (93, 50, 29)), (Block(10.0, 300, 0, 2000, 3), (77, 48)),
    ],
    ids=["no error", "errors on old hosts"],
)  # fmt: skip
def test_where_few_errors_are_good_enough_the_rest_is_estimated_by_that(block: Block, estimates: tuple[int, ...]) -> None:
    """Seconds after each look, at the rates by then; the verdict comes when they are over."""
    found = [rounds(seen, of=block).seconds for seen in range(1, len(estimates) + 1)]
    assert [None if one is None else round(one) for one in found] == list(estimates)
    assert rounds(len(estimates) + 1, of=block).verdict == "not-worse"


def test_where_the_new_rate_is_above_the_limit_no_end_is_promised_by_it() -> None:
    block = Block(10.0, 1000, 20, 1000, 20)
    assert rounds(2, of=block).seconds == rounds(2, of=block, criteria=CRITERIA).seconds


def test_a_reading_says_all_that_was_counted() -> None:
    reading = after(Block(10.0, 1000, 3, 9000, 20), criteria=Criteria(3.0, limit=0.001))
    assert (reading.metric, reading.new, reading.new_bad, reading.old, reading.old_bad) == ("error_rate", 1000, 3, 9000, 20)
    assert (reading.wanted, reading.limit, reading.dispersion) == (3.0, 0.001, 1.0)


@pytest.mark.parametrize("total", [Block(10.0, 100, 1, 0, 0), Block(10.0, 0, 0, 100, 1)])
def test_one_side_alone_promises_no_end(total: Block) -> None:
    assert blocks_more(taken(begun(GOOD_ENOUGH), total), GOOD_ENOUGH) is None
