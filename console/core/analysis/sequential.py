"""Is a new release worse than the old one, is it not, or can that not be said yet: an anytime-valid test that takes one block after another. Pure.

- Worse: evidence against "the rate of bad requests is at most the old hosts'" has reached one over the false alarms that are allowed.
- Not worse: evidence against "it is at least R times the old hosts'" has, or against "it is the limit at least".
- The ratios that the same data do not reject are an interval, which may be shown at every moment.

What evidence is, and where it comes from, is in `core/analysis/evidence.py`. Work is by block, never by what came before it.
"""

import math
from collections.abc import Iterable

from console.core.analysis.dispersion import dispersion, together
from console.core.analysis.evidence import (
    expected_log_factor,
    log_factor,
    log_factor_of_limit,
    log_mean,
    rate_so_far,
    times_odds,
)
from console.model.analysis import Block, Criteria, Reading, Sequence, Verdict
from console.model.values import changed

ABOVE = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
"""Alternatives to "at most r times", as multiples of r, of the odds: so no rate exceeds 1."""
BELOW = (0.125, 0.25, 0.375, 0.5, 0.65, 0.8)
"""Alternatives to "at least r", as multiples of r of the odds; for r = 2: 0.25, 0.5, 0.75, 1, 1.3 and 1.6 times the old hosts'."""
OF_LIMIT = (0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.7)
"""Alternatives to "the rate is the limit at least", as shares of it."""
STEPS = 12
"""Ratios that are tried for the interval between one power of ten and the next."""
RATIOS = tuple(round(10 ** (power / STEPS), 3) for power in range(-STEPS, STEPS + STEPS // 3 + 1))
"""From 0.1 to 21.5, 1 among them."""

_Sums = tuple[float, ...]


def begun(criteria: Criteria, *, interval: bool = True) -> Sequence:
    """Return the sequence before its first block. Without `interval` only the verdict is worked out, which takes a twentieth of the time."""
    ratios = RATIOS if interval else ()
    return Sequence(
        at_most=dict.fromkeys(sorted({*ratios, 1.0}), (0.0,) * len(ABOVE)),
        at_least=dict.fromkeys(sorted({*ratios, criteria.not_worse}), (0.0,) * len(BELOW)),
    )


def taken(sequence: Sequence, block: Block) -> Sequence:
    """Return the sequence with one more block."""
    total = together((sequence.total, block))
    if not block.new or not block.old:
        return changed(sequence, total=total)
    b = rate_so_far(sequence.total.old_bad, sequence.total.old)

    def more(against: dict[float, _Sums], alternatives: tuple[float, ...]) -> dict[float, _Sums]:
        return {
            ratio: tuple(known + _factor(block, times_odds(b, ratio * one), b, ratio, one) for known, one in zip(sums, alternatives, strict=True))
            for ratio, sums in against.items()
        }

    return Sequence(total, more(sequence.at_most, ABOVE), more(sequence.at_least, BELOW))


def _factor(block: Block, a: float, b: float, ratio: float, side: float) -> float:
    """What one alternative makes of the block; nothing where it is no alternative, as rates have an end at 1."""
    is_outside = a > ratio * b if side > 1.0 else a < ratio * b
    return log_factor(block, a, b, ratio) if is_outside else 0.0


def verdict_of(sequence: Sequence, criteria: Criteria) -> Verdict:
    """Return what is shown by now."""
    phi = _phi(sequence)
    if log_mean(sequence.at_most[1.0], phi) >= _needed(criteria.false_alarm):
        return "worse"
    is_shown = log_mean(sequence.at_least[criteria.not_worse], phi) >= _needed(criteria.missed)
    return "not-worse" if is_shown or _is_below_limit(sequence, criteria, phi) else "inconclusive"


def reading_of(sequence: Sequence, criteria: Criteria, metric: str) -> Reading:
    """Return all that can be said by now."""
    total, phi, verdict = sequence.total, _phi(sequence), verdict_of(sequence, criteria)
    low, high = interval_of(sequence, criteria)
    blocks = None if verdict != "inconclusive" else blocks_more(sequence, criteria)
    return Reading(
        metric=metric, verdict=verdict, new=total.new, new_bad=total.new_bad, old=total.old, old_bad=total.old_bad, low=low, high=high,
        wanted=criteria.not_worse, limit=criteria.limit, dispersion=phi,
        more=None if blocks is None else math.ceil(blocks * total.new), seconds=None if blocks is None else blocks * total.seconds,
    )  # fmt: skip


def interval_of(sequence: Sequence, criteria: Criteria) -> tuple[float | None, float | None]:
    """Return the least and the greatest ratio of the rates that the blocks do not reject; None: there is no bound yet."""
    phi = _phi(sequence)
    low = high = None
    for ratio, sums in sequence.at_most.items():
        if log_mean(sums, phi) < _needed(criteria.false_alarm):
            break
        low = ratio
    for ratio, sums in reversed(sequence.at_least.items()):
        if log_mean(sums, phi) < _needed(criteria.missed):
            break
        high = ratio
    return low, high


def blocks_more(sequence: Sequence, criteria: Criteria) -> float | None:
    """Return how many times as much as was seen so far has to follow until there is a verdict, at present rates; None: it would not come.

    Unless the new hosts' rate is above what is allowed, both sides are taken to have the rate of all requests together.
    """
    total, phi = sequence.total, _phi(sequence)
    if not total.new or not total.old:
        return None
    b = rate_so_far(total.old_bad, total.old)
    pooled = rate_so_far(total.new_bad + total.old_bad, total.new + total.old)
    own = rate_so_far(total.new_bad, total.new)
    found = [_until(sequence.at_least[criteria.not_worse], BELOW, total, (pooled, pooled), b, criteria.not_worse, criteria.missed, phi)]
    if own > b * criteria.not_worse:
        found = [_until(sequence.at_most[1.0], ABOVE, total, (own, b), b, 1.0, criteria.false_alarm, phi)]
    elif criteria.limit:
        found.append(_until_below_limit(total, pooled, criteria, phi))
    return min((one for one in found if one is not None), default=None)


def judged(metrics: Iterable[Reading]) -> Verdict:
    """Return what the metrics say together: one that is worse is enough, and all must be shown not to be."""
    verdicts = {one.verdict for one in metrics}
    return "worse" if "worse" in verdicts else "not-worse" if verdicts == {"not-worse"} else "inconclusive"


def _phi(sequence: Sequence) -> float:
    return dispersion(sequence.total.spread, sequence.total.expected)


def _needed(risk: float) -> float:
    return -math.log(risk)


def _of_limit(bad: int, requests: float, limit: float) -> _Sums:
    return tuple(log_factor_of_limit(bad, int(requests), limit * share, limit) for share in OF_LIMIT)


def _is_below_limit(sequence: Sequence, criteria: Criteria, phi: float) -> bool:
    total = sequence.total
    return bool(criteria.limit and total.new) and log_mean(_of_limit(total.new_bad, total.new, criteria.limit or 0.0), phi) >= _needed(criteria.missed)


def _until(sums: _Sums, alternatives: _Sums, total: Block, rates: tuple[float, float], b: float, ratio: float, risk: float, phi: float) -> float | None:
    """How many times the total has to follow until the first alternative alone brings the evidence there."""
    needed = (_needed(risk) + math.log(len(sums))) * phi
    growth = (expected_log_factor(total, rates, (times_odds(b, ratio * one), b), ratio) for one in alternatives)
    return min((max(0.0, needed - known) / gain for known, gain in zip(sums, growth, strict=True) if gain > 0.0), default=None)


def _until_below_limit(total: Block, rate: float, criteria: Criteria, phi: float) -> float | None:
    limit = criteria.limit or 0.0
    needed = (_needed(criteria.missed) + math.log(len(OF_LIMIT))) * phi
    sums = _of_limit(total.new_bad, total.new, limit)
    growth = (
        total.new * (rate * math.log(share) + (1.0 - rate) * (math.log1p(-limit * share) - math.log1p(-limit))) for share in OF_LIMIT
    )  # fmt: skip
    return min((max(0.0, needed - known) / gain for known, gain in zip(sums, growth, strict=True) if gain > 0.0), default=None)
