"""What may begin, runs, and is counted, found by looking at every step of a run: the slow truth that the kept counts are held against."""

from console.core.database_state import KINDS
from console.model.plan import Step
from console.model.state import RunState

FORWARD = {"old", "updating", "new"}


def in_play(state: RunState, step: Step) -> bool:
    """Whether a step about a host of the run is still to be done."""
    condition = state.hosts[step.about].condition
    if step.phase == "rollback":
        return (
            condition in ("returning", "back")
            or (condition == "skipped" and has_returned(state, step.about))
            or (state.kind == "rollback" and condition in FORWARD)
        )
    if step.phase == "close":
        return condition == "new"
    if state.back is not None:
        return step.phase == "release" and ends_forward(state, step.about)
    return condition in FORWARD


def has_returned(state: RunState, name: str) -> bool:
    """Whether all of the host's way back is done that may not fail."""
    way = [step for step in state.lanes[name] if step.phase == "rollback"]
    return bool(way) and all(state.step_state(step).status == "done" for step in way if step.fatal)


def ends_forward(state: RunState, name: str) -> bool:
    """Whether a host in the middle of its update has nothing to go back to, and nothing stands against its coming to the end of that."""
    host, way = state.hosts[name], state.way(name)
    begun = [step for step in state.lanes[name] if step.changes and state.step_state(step).attempt]
    is_only_drained = bool(begun) and {step.kind for step in begun} == {"drain"}
    if host.condition != "updating" or not host.touched or way is None or way.possible or (host.before and is_only_drained):
        return False
    serves_alone = state.plan is not None and state.plan.strategy in ("rolling", "canary")
    return serves_alone and all(step.kind != "weigh" for step in state.lanes[name])


def is_settled(state: RunState, step: Step) -> bool:
    """Whether nothing more is expected of a step."""
    status = state.step_state(step).status
    if status in ("pending", "held"):
        return step.about in state.hosts and not in_play(state, step)
    return status != "running"


def lets_begin(state: RunState, need: Step) -> bool:
    """Whether a step that needs this one may begin."""
    if need.kind == "mark":
        return all(lets_begin(state, state.index[one]) for one in need.needs if one in state.index)
    return state.step_state(need).status == "done" if need.kind in KINDS else is_settled(state, need)


def is_ready(state: RunState, step: Step) -> bool:
    """Whether a step may begin."""
    if step.kind == "mark":
        return False
    if state.step_state(step).status != "pending" or (step.about in state.hosts and not in_play(state, step)):
        return False
    if step.about in state.hosts and not is_next(state, step):
        return False
    return all(lets_begin(state, state.index[need]) for need in step.needs if need in state.index)


def is_next(state: RunState, step: Step) -> bool:
    """Whether nothing runs on the step's host, and nothing that comes before it there is still to be done."""
    lane = state.lanes.get(step.about, ())
    before = lane[: lane.index(step)]
    waits = any(state.step_state(other).status in ("pending", "held") and in_play(state, other) for other in before)
    return not waits and not any(state.step_state(other).status == "running" for other in lane)


def ready_steps(state: RunState) -> set[str]:
    """The steps that may begin, by name."""
    return {step.name for step in state.index.values() if is_ready(state, step)}


def running_steps(state: RunState) -> set[str]:
    """The steps that run, by name."""
    return {step.name for step in state.index.values() if state.step_state(step).status == "running"}
