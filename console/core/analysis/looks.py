"""What was counted between two looks at the same counters. Pure.

Only what belongs together is subtracted: counters of one incarnation, that have not gone back, of a host that both looks have. A host for which that is
not so is on neither side of that block. A look that failed as a whole makes the next block a longer one.
"""

from collections.abc import Collection, Iterable

from console.core.analysis.dispersion import block_of
from console.model.analysis import Block
from console.model.traffic import ServerCounts
from console.safe_text import SafeText

UNSTABLE = SafeText("looks meet different processes, so counters cannot be compared (workers without a common registry?)")
LIVES = 20
"""Lives of a process that are remembered, to tell a restart from workers that take turns."""
Look = dict[str, ServerCounts]
"""By host."""


def look_of(counts: Iterable[ServerCounts]) -> Look:
    """Return one look: several servers of one host, behind several balancers, are added."""
    found: Look = {}
    for one in counts:
        known = found.get(one.host)
        found[one.host] = one if known is None else ServerCounts(
            one.host, f"{known.incarnation} {one.incarnation}", known.requests + one.requests, known.bad + one.bad
        )  # fmt: skip
    return found


def block_between(before: Look, after: Look, new: Collection[str], old: Collection[str], seconds: float) -> Block:
    """Return what hosts with the new and with the old release counted in between."""

    def side(hosts: Collection[str]) -> dict[str, tuple[int, int]]:
        both = ((before.get(name), after.get(name)) for name in hosts)
        return {now.host: _between(then, now) for then, now in both if then and now and _belong(then, now)}

    return block_of(side(new), side(old), seconds)


def _belong(then: ServerCounts, now: ServerCounts) -> bool:
    return then.incarnation == now.incarnation and now.requests >= then.requests and now.bad >= then.bad


def _between(then: ServerCounts, now: ServerCounts) -> tuple[int, int]:
    """Requests and bad ones. A request that reached no process may be counted as bad alone."""
    bad = now.bad - then.bad
    return max(bad, now.requests - then.requests), bad


def is_unstable(incarnations: Iterable[str]) -> bool:
    """Whether a host's incarnations go back to one that was over: each look meets another process, and no two can be subtracted."""
    over: set[str] = set()
    last = ""
    for one in incarnations:
        if one in over and one != last:
            return True
        over.add(one)
        last = one
    return False


class Lives:
    """The lives of one host's process, as looks meet them."""

    def __init__(self) -> None:
        self._met: list[str] = []

    def meet(self, life: str) -> bool:
        """Take the life that a look met, and return whether each look meets another one (`UNSTABLE`)."""
        if not self._met or self._met[-1] != life:
            self._met = [*self._met, life][-LIVES:]
        return is_unstable(self._met)
