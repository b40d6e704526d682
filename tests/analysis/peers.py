"""The rules that other deployers judge a canary by, for comparison: nothing of the console uses them."""

import math
from collections.abc import Sequence
from statistics import NormalDist

from console.model.analysis import Block

CONFIDENCE = 0.98
THRESHOLD = 0.01
WINDOW = 30.0
FEWEST = 3
"""Points of each side that a rank test needs to say anything at that confidence."""


def mann_whitney(blocks: Sequence[Block]) -> bool:
    """Whether a Mann-Whitney U test on the rates of the blocks (98 %, two-sided, ties and continuity corrected) calls the new hosts' higher."""
    seen = [one for one in blocks if one.new and one.old]
    if len(seen) < FEWEST:
        return False
    new, old = [one.new_bad / one.new for one in seen], [one.old_bad / one.old for one in seen]
    z = z_of_ranks(new, old)
    return z > NormalDist().inv_cdf(1.0 - (1.0 - CONFIDENCE) / 2.0)


def z_of_ranks(first: Sequence[float], second: Sequence[float]) -> float:
    """Return how far the first sample's rank sum is above what chance gives, in standard deviations."""
    n, m = len(first), len(second)
    ordered = sorted([(value, True) for value in first] + [(value, False) for value in second])
    ranks, ties, place = 0.0, 0.0, 0
    while place < n + m:
        end = place
        while end < n + m and ordered[end][0] == ordered[place][0]:
            end += 1
        ranks += (place + 1 + end) / 2.0 * sum(is_first for _, is_first in ordered[place:end])
        ties += (end - place) ** 3 - (end - place)
        place = end
    u = ranks - n * (n + 1) / 2.0
    variance = n * m / 12.0 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    if variance <= 0.0:
        return 0.0
    return (u - n * m / 2.0 - 0.5) / math.sqrt(variance)


def over_threshold(blocks: Sequence[Block]) -> bool:
    """Whether more than 1 % of the requests to new hosts in the last 30 s were bad."""
    window: list[Block] = []
    for one in reversed(blocks):
        if sum(block.seconds for block in window) >= WINDOW:
            break
        window.append(one)
    requests = sum(one.new for one in window)
    return sum(one.seconds for one in window) >= WINDOW and requests > 0 and sum(one.new_bad for one in window) > THRESHOLD * requests
