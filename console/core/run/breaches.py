"""What follows from metrics above their limits: no other host begins, a person is asked, hosts go back by themselves. Pure.

Whether a metric is above its limit is decided in `core/thresholds/`, and is in the run's state.
"""

from collections.abc import Iterator
from itertools import chain

from console.core.database_state import needs_person
from console.core.kinds.kind_table import kind_of
from console.core.run.pauses import is_paused_for
from console.core.run.ready_steps import own_steps
from console.core.traffic.bluegreen_sides import is_bluegreen
from console.core.traffic.shares import ALL
from console.core.words.threshold_words import numbers_words
from console.model.commands import AnyCommand, Continue
from console.model.plan import Step
from console.model.state import RunState
from console.model.thresholds import Breached, Crossed, ThresholdState
from console.safe_text import SafeText


def is_judged(state: RunState) -> bool:
    """Whether thresholds are judged now: from the first switch on, until the run closes or goes back."""
    return state.phase == "running" and state.switched > 0 and kind_of(state).makes_release and not state.tally.closing


def untouched_before(state: RunState) -> tuple[str, ...]:
    """Return the hosts of which the time before the first change says how they were without the release.

    Where another engine took the run up, that time ends where it did so: hosts that had been changed by then are left out.
    """
    return tuple(host.name for host in state.hosts.values() if not (host.touched and host.since < state.changed_at))


def over(state: RunState) -> Iterator[ThresholdState]:
    """What is above its limit and holds the run up: nobody has gone on in spite of it. The worst first."""
    found = (known for known in state.thresholds.values() if known.is_over and not known.tolerated and known.threshold.then != "warn")
    return iter(sorted(found, key=lambda known: (not known.is_breached, known.threshold.then != "rollback")))


def blocking_breach(state: RunState) -> ThresholdState | None:
    """What keeps other hosts from beginning, and the run from its end; None: nothing does. What only warns keeps hosts alone: they could begin now."""
    if not is_judged(state):
        return None
    return next(over(state), None) or next((known for known in _warned_of(state) if _more_may_begin(state)), None)


def _warned_of(state: RunState) -> Iterator[ThresholdState]:
    return (known for known in state.thresholds.values() if known.is_breached and not known.tolerated and known.threshold.then == "warn")


def _more_may_begin(state: RunState) -> bool:
    """Whether more requests would meet the release now, if nothing held that up."""
    tally = state.tally
    lanes = (step for name in tally.ready for step in tally.lanes[name].ready)
    return any(_exposes_more(state, step) for step in chain(own_steps(state, tally.own_ready), lanes))


def _exposes_more(state: RunState, step: Step) -> bool:
    """Whether with that step more requests meet the release: other hosts begin, new ones get a larger share, or the traffic moves to the side that has it."""
    if step.kind == "wave":
        return True
    if step.kind == "weigh":
        return step.phase == "release" and not step.about and step.share < ALL
    return is_bluegreen(state) and (step.phase, step.kind) in (("release", "admit"), ("verify", "drain"))


def told_of(state: RunState, seen: int) -> tuple[str, ...]:
    """Return the keys of what is above its limit and a person who says "continue" was told of: what that answer is for, beside a pause.

    `seen`: the last event that the person's screen had shown, 0 on the command line. That one answers the pause that stands, and what it was made for.
    """
    return tuple(key for key, known in state.thresholds.items() if known.is_over and _was_told(state, known, seen))


def _was_told(state: RunState, known: ThresholdState, seen: int) -> bool:
    if seen:
        return known.over <= seen
    return state.pausing is None or (state.pausing.by is not None and known.held_by_person)


def still_holds(command: AnyCommand, state: RunState) -> SafeText:
    """Return what holds a run that was told to go on, as the answer says it; empty: nothing does."""
    known = blocking_breach(state) if isinstance(command, Continue) else None
    if known is None:
        return SafeText("")
    words = f"the pause is over, and no host begins: {numbers_words(known.threshold, known.verdict)}"
    return SafeText(f"{words}; to go on in spite of it: deploy continue {state.run}")


def goes_back_for(state: RunState) -> ThresholdState | None:
    """What takes every host back now, by itself; None: nothing does.

    Not where a person holds it, in a network's pause, nor where the database may not suit the code before: then a person is asked.
    """
    if not _takes_back_by_itself(state):
        return None
    return next((known for known in over(state) if _rolls_back(known) and isinstance(known.verdict, Breached)), None)


def counting_down(state: RunState) -> ThresholdState | None:
    """What will take every host back unless a person holds it, or it gets better; None: nothing will."""
    if state.aborting or not _takes_back_by_itself(state):
        return None
    return next((known for known in over(state) if _rolls_back(known) and isinstance(known.verdict, Crossed)), None)


def _takes_back_by_itself(state: RunState) -> bool:
    return is_judged(state) and kind_of(state).returns and not needs_person(state) and not is_paused_for(state, "network")


def _rolls_back(known: ThresholdState) -> bool:
    return known.threshold.then == "rollback" and not known.held_by_person


def waits_for_metrics(state: RunState, step: Step) -> bool:
    """Whether that step is not begun while something is above its limit: other hosts, more traffic for new ones, and the end of the run."""
    return (step.phase == "close" or _exposes_more(state, step)) and blocking_breach(state) is not None
