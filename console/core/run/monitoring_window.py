"""The monitoring window: how long it is, what is left of it, and whether it is over. Pure.

It begins behind the last host's gate, and anew behind that of one that is tried again in it. People make it longer or end it; while a metric is above its
limit it does not end.
"""

from console.core.plan.marks import WINDOW, WINDOW_GRACE
from console.core.run.breaches import blocking_breach
from console.model.plan import Step
from console.model.state import AnalysisState, RunState, StepState


def window_step(state: RunState) -> Step | None:
    """Return the step that watches the fleet, where it is still to come or goes on; None: there is none, or it is over."""
    step = state.index.get(WINDOW)
    is_open = step is not None and state.phase == "running" and state.step_state(step).status in ("pending", "running")
    return step if is_open else None


def window_that_runs(state: RunState) -> str:
    """Return the name of the step that watches the fleet now; empty: none does, or a person has ended it."""
    step = window_step(state)
    if step is None or state.step_state(step).status != "running" or is_ended(state, step):
        return ""
    return step.name


def is_ended(state: RunState, step: Step) -> bool:
    """Whether a person has ended the window."""
    return state.analyses.get(step.name, AnalysisState()).promoted


def is_watched(state: RunState) -> bool:
    """Whether the fleet was watched to the window's end: who takes the release now is watched by nobody."""
    step = state.index.get(WINDOW)
    return step is not None and state.step_state(step).status not in ("pending", "running")


def window_seconds(state: RunState, step: Step) -> float:
    """Return how long the window is, with what people have added."""
    return max(0.0, step.timeout - WINDOW_GRACE) + state.window


def window_left(state: RunState, step: Step, now: float) -> float:
    """Return how many seconds of it are left; 0: its time is over. It is counted from the last host that took the release, also where one is tried again."""
    if is_ended(state, step):
        return 0.0
    known: StepState = state.step_state(step)
    began = max(known.started, state.taken_late)
    return max(0.0, window_seconds(state, step) - (now - began if known.started else 0.0))


def window_gone(state: RunState, step: Step, now: float) -> float:
    """Return how many seconds of it have gone by."""
    return window_seconds(state, step) - window_left(state, step, now)


def is_over(state: RunState, step: Step, now: float) -> bool:
    """Whether hosts give their last word now. While a host is tried again it does not end."""
    return window_left(state, step, now) <= 0.0 and blocking_breach(state) is None and not takes_late(state)


def takes_late(state: RunState) -> bool:
    """Whether a host takes the release while the others that have it are watched."""
    return bool(state.tally.conditions.get("updating"))
