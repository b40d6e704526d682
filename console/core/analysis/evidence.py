"""Evidence against a statement on two rates of bad requests, block by block. It may be looked at after every block, for as long as anybody likes. Pure.

A block of `na` requests with `ka` bad ones on one side, and `nb` with `kb` on the other, multiplies the evidence by the likelihood of an alternative
`(a, b)`, over that of the point `(a0, b0)` nearest to it (by the block's Kullback-Leibler divergence) that the statement "new is r times old" allows:

    a0 = r b0   and   na (a - a0) (1 - b0) + nb (b - b0) (1 - a0) = 0        (for r = 1: both are the weighted mean of a and b)

If the statement is true the evidence ever reaches 1/alpha with a probability of alpha at most (Ville's inequality), however often one looks; the rates
may wander from block to block, as long as they do so together. That needs the pairs of rates that the statement allows to be a convex set. "At most r times"
and "at least r times" are, for rates; for odds the second is not, for r above 1: two sides that nearly always fail would be evidence that new is not worse.
At the rates of a service that works, odds and rates are the same. The evidence is the mean over a few alternatives, each fixed before its block is seen.

Sources: Turner, Ly, Gruenwald, "Generic e-variables for exact sequential k-sample tests that allow for optional stopping", Journal of Statistical Planning
and Inference 230 (2024), arXiv 2106.02693; for ratios, convexity and intervals Turner, Gruenwald, "Anytime-valid confidence intervals for contingency tables
and beyond", arXiv 2203.09785. Monitoring releases by such tests: Lindon, Sanden, Shirikian, "Rapid regression detection in software deployments through
sequential testing", KDD 2022, arXiv 2205.14762.
"""

import math

from console.model.analysis import Block

LEAST_RATE = 1e-6
MOST_RATE = 0.5
"""Bounds of the old hosts' rate in an alternative."""
PRIOR_BAD = 0.5
PRIOR_REQUESTS = 50.0
"""What the old hosts' rate is taken to be before anything was seen: half a bad request of fifty, soon outweighed."""


def times_odds(rate: float, ratio: float) -> float:
    """Return the rate whose odds are `ratio` times those of `rate`."""
    return ratio * rate / (1.0 + (ratio - 1.0) * rate)


def rate_so_far(bad: int, requests: int) -> float:
    """Return the rate of bad requests that alternatives are made of."""
    return min(MOST_RATE, max(LEAST_RATE, (bad + PRIOR_BAD) / (requests + PRIOR_REQUESTS)))


def nearest_allowed(a: float, b: float, na: int, nb: int, ratio: float) -> tuple[float, float]:
    """Return the rates of which the first is `ratio` times the second that are nearest to (a, b).

    The condition is a quadratic in b0; of its two roots the one that leaves both rates below 1, in the form without cancellation for small rates.
    """
    total = na * a + nb * b
    middle = na * (a + ratio) + nb * (ratio * b + 1.0)
    root = math.sqrt(max(0.0, middle * middle - 4.0 * ratio * (na + nb) * total))
    b0 = 2.0 * total / (middle + root)
    return ratio * b0, b0


def log_factor(block: Block, a: float, b: float, ratio: float) -> float:
    """Return the natural logarithm of what a block multiplies the evidence against "new is `ratio` times old" by, for the alternative (a, b)."""
    if not block.new or not block.old:
        return 0.0
    a0, b0 = nearest_allowed(a, b, block.new, block.old, ratio)
    return _log_ratio(block.new_bad, block.new, a, a0) + _log_ratio(block.old_bad, block.old, b, b0)


def _log_ratio(bad: int, requests: int, rate: float, null: float) -> float:
    return bad * math.log(rate / null) + (requests - bad) * (math.log1p(-rate) - math.log1p(-null))


def log_factor_of_limit(bad: int, requests: int, rate: float, limit: float) -> float:
    """Return the same for one side alone, against "the rate is `limit`"."""
    return _log_ratio(bad, requests, rate, limit)


def expected_log_factor(block: Block, rates: tuple[float, float], alternative: tuple[float, float], ratio: float) -> float:
    """Return what `log_factor` comes to on average for blocks of that size, where the rates are those."""
    a, b = alternative
    a0, b0 = nearest_allowed(a, b, block.new, block.old, ratio)
    sides = ((block.new, rates[0], a, a0), (block.old, rates[1], b, b0))
    return sum(requests * (rate * math.log(alt / null) + (1.0 - rate) * (math.log1p(-alt) - math.log1p(-null))) for requests, rate, alt, null in sides)


def log_mean(logs: tuple[float, ...], dispersion: float) -> float:
    """Return the logarithm of the mean of the evidences with those logarithms, each divided by the dispersion; minus infinity where there are none."""
    if not logs:
        return -math.inf
    greatest = max(logs) / dispersion
    return greatest + math.log(sum(math.exp(one / dispersion - greatest) for one in logs) / len(logs))
