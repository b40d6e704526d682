"""What follows from metrics above their limits: no other host begins, a person is asked, hosts go back by themselves. Pure.

Whether a metric is above its limit is decided in `core/thresholds/`, and is in the run's state.
"""

from collections.abc import Iterator

from console.core.checks.database import needs_person
from console.core.kinds.kinds import kind_of
from console.model.plan import Step
from console.model.state import RunState
from console.model.thresholds import Breached, Crossed, ThresholdState


def is_judged(state: RunState) -> bool:
    """Whether thresholds are judged now: from the first switch on, until the run closes or goes back."""
    return state.phase == "running" and state.switched > 0 and kind_of(state).makes_release and not state.tally.closing


def over(state: RunState) -> Iterator[ThresholdState]:
    """What is above its limit and holds the run up: nobody has gone on in spite of it. The worst first."""
    found = (known for known in state.thresholds.values() if known.is_over and not known.tolerated and known.threshold.then != "warn")
    return iter(sorted(found, key=lambda known: (not known.is_breached, known.threshold.then != "rollback")))


def holding(state: RunState) -> ThresholdState | None:
    """What keeps other hosts from beginning, and the run from its end; None: nothing does."""
    return next(over(state), None) if is_judged(state) else None


def goes_back_for(state: RunState) -> ThresholdState | None:
    """What takes every host back now, by itself; None: nothing does.

    Not where a person holds it, nor where the database may not suit the code before: then a person is asked.
    """
    if not is_judged(state) or not kind_of(state).returns or needs_person(state):
        return None
    return next((known for known in over(state) if _rolls_back(known) and isinstance(known.verdict, Breached)), None)


def counting_down(state: RunState) -> ThresholdState | None:
    """What will take every host back unless a person holds it, or it gets better; None: nothing will."""
    if not is_judged(state) or state.aborting or not kind_of(state).returns or needs_person(state):
        return None
    return next((known for known in over(state) if _rolls_back(known) and isinstance(known.verdict, Crossed)), None)


def _rolls_back(known: ThresholdState) -> bool:
    return known.threshold.then == "rollback" and not known.held


def waits_for_metrics(state: RunState, step: Step) -> bool:
    """Whether that step is not begun while something is above its limit: other hosts, and the end of the run."""
    return (step.kind == "wave" or step.phase == "close") and holding(state) is not None
