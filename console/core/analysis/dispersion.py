"""How much more the hosts of one side differ from each other than independent requests would have them. Pure.

Requests fail together: one bad client hits one host. Pearson's chi-square between hosts that have the same release, over its degrees of freedom, says how
much; sums of its numerators and denominators are kept, so that blocks with few bad requests weigh little. Only hosts of the same side and the same block are
compared: neither the time of day nor a bad release adds to it. Dividing the logarithm of a likelihood by it is the quasi-likelihood of Wedderburn (1974).
"""

from collections.abc import Iterable, Mapping

from console.model.analysis import Block
from console.model.values import changed

Counts = Mapping[str, tuple[int, int]]
"""By host: its requests, and how many of them were bad."""


def block_of(new: Counts, old: Counts, seconds: float) -> Block:
    """Return what hosts with the new and with the old release counted in the same time."""
    (requests, bad, spread, expected), (old_requests, old_bad, old_spread, old_expected) = _side(new.values()), _side(old.values())
    return Block(seconds, requests, bad, old_requests, old_bad, spread + old_spread, expected + old_expected)


def _side(counts: Iterable[tuple[int, int]]) -> tuple[int, int, float, float]:
    seen = [(requests, bad) for requests, bad in counts if requests]
    requests, bad = sum(n for n, _ in seen), sum(k for _, k in seen)
    if len(seen) < 2 or not bad or bad == requests:
        return requests, bad, 0.0, 0.0
    rate = bad / requests
    spread = sum((k - n * rate) ** 2 / n for n, k in seen)
    return requests, bad, spread, (len(seen) - 1) * rate * (1.0 - rate) * requests / (requests - 1)


def dispersion(spread: float, expected: float) -> float:
    """Return how many independent requests one counts for, as far as those sums say; at least 1, and 1 where nothing is known."""
    return max(1.0, spread / expected) if expected else 1.0


def together(blocks: Iterable[Block]) -> Block:
    """Return what all those blocks counted."""
    total = Block()
    for one in blocks:
        total = changed(
            total, seconds=total.seconds + one.seconds, new=total.new + one.new, new_bad=total.new_bad + one.new_bad, old=total.old + one.old,
            old_bad=total.old_bad + one.old_bad, spread=total.spread + one.spread, expected=total.expected + one.expected,
        )  # fmt: skip
    return total
