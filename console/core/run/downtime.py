"""How long a recreate took the service down: from the first host that was stopped to the first one that serves again, without a maintenance page. Pure.

Times are seconds on the boot-time clock, by the steps' own starts and ends. A run that went back may have been down twice; then both are added.
"""

from collections.abc import Iterable
from typing import NamedTuple

from console.core.plan.maintenance_steps import BACK_OFF, PAGE_OFF
from console.model.plan import Phase, Step
from console.model.state import RunState, StepState


class TimeDown(NamedTuple):
    """One time without service. `until` None: it lasts."""

    since: float
    until: float | None


def downtime(state: RunState, now: float) -> float | None:
    """Return the seconds without service so far; None where the run is none that stops every host, or has stopped none."""
    found = outages(state)
    return round(sum((one.until if one.until is not None else now) - one.since for one in found), 3) if found else None


def is_down(state: RunState) -> bool:
    """Whether no host serves now, by what the run has done."""
    return any(one.until is None for one in outages(state))


def outages(state: RunState) -> tuple[TimeDown, ...]:
    """Return the times without service, oldest first."""
    if state.plan is None or state.plan.strategy != "recreate":
        return ()
    forward = _outage(state, "release", PAGE_OFF)
    back = _outage(state, "rollback", BACK_OFF) if state.back else None
    if forward and back and (forward.until is None or forward.until > back.since):
        return (TimeDown(forward.since, back.until),)
    if forward and forward.until is None and state.back and back is None:
        return (TimeDown(forward.since, _serves(state, "rollback", BACK_OFF)),)
    return tuple(one for one in (forward, back) if one)


def _outage(state: RunState, phase: Phase, page: str) -> TimeDown | None:
    down = [known.started + known.seconds for step, known in _begun(state, phase) if step.kind == "stop" and known.status != "running"]
    if not any(step.kind == "stop" for step in _of_phase(state, phase)):
        down = [known.started for step, known in _begun(state, phase) if step.kind == "restart"]
    return TimeDown(min(down), _serves(state, phase, page)) if down else None


def _serves(state: RunState, phase: Phase, page: str) -> float | None:
    """When the first host passed its gate (where there is none: was started), and the page was gone."""
    gated = any(step.kind == "gate" for step in _of_phase(state, phase))
    kind = "gate" if gated else "restart"
    up = [known.started + known.seconds - known.passing for step, known in _begun(state, phase) if step.kind == kind and known.status == "done"]
    if not up:
        return None
    off = state.steps.get(page, StepState())
    if page not in state.index or off.status not in ("pending", "running", "done", "failed", "unknown"):
        return min(up)
    return max(min(up), off.started + off.seconds) if off.status == "done" else None


def _begun(state: RunState, phase: Phase) -> Iterable[tuple[Step, StepState]]:
    for step in _of_phase(state, phase):
        known = state.step_state(step)
        if known.attempt and known.started:
            yield step, known


def _of_phase(state: RunState, phase: Phase) -> Iterable[Step]:
    return (step for lane in state.lanes.values() for step in lane if step.phase == phase)
