"""Which version users had before a run, and which one a rollback brings back, by where each host goes and what the plan changes. Pure; knows no run."""

from collections.abc import Sequence

from console.core.traffic.bluegreen_sides import BLUEGREEN
from console.model.plan import Plan, ReturnTarget
from console.safe_text import SafeText


def rollback_goal(way_back: Sequence[ReturnTarget], plan: Plan | None) -> ReturnTarget | None:
    """Return where the hosts go that the plan takes back first; None: no host goes anywhere.

    Hosts that keep what they have are in `way_back` too: where the traffic of a blue/green environment moves back, the side that is taken out.
    """
    first = plan.waves[0] if plan is not None and plan.waves else ()
    return min((way for way in way_back if way.release), key=lambda way: (way.host not in first, not way.possible), default=None)


def versions_before(way_back: Sequence[ReturnTarget], plan: Plan | None, live: tuple[SafeText, ...]) -> tuple[SafeText, ...]:
    """Return the versions that users had before a release. `live`: those on any host. What the side has that blue/green changes, nobody had."""
    if plan is None or plan.strategy != BLUEGREEN:
        return live
    changing = {name for wave in plan.waves for name in wave}
    return tuple(dict.fromkeys(way.version for way in way_back if way.host not in changing and way.version)) or live
