"""Which steps of a host are to be done again when a person tries it again, or when a run goes on that waited for traffic. Pure.

Whether a person may is in `core/run/rules.py`.
"""

from console.core.conditions import Cause
from console.core.kinds.kinds import kind_of
from console.core.run.counting import with_host, with_step
from console.core.run.host_events import UNFAILED, turn
from console.core.run.pauses import is_paused_for
from console.model import events as ev
from console.model.state import HostState, RunState, StepState
from console.model.values import changed
from console.text import SafeText


def retried(state: RunState, event: ev.HostRetried) -> RunState:
    """What did not end well on a host is to be done again; one that went back alone takes the release from the wave's beginning."""
    host = state.hosts.get(event.host)
    if host is None:
        return state
    if host.condition == "updating" and event.host in state.tally.held:
        return _tried_again(state, event.host, waits=True)
    fell_later = _fell_later(state, host)
    lane = state.lanes.get(event.host, ())
    went_back = state.back is None and not kind_of(state).is_return and any(step.phase == "rollback" for step in lane)
    steps = {
        name: changed(known, status="pending") if _again(state, name, known, went_back=went_back, fell_later=fell_later) else known
        for name, known in host.steps.items()
    }
    again = any(known.status == "pending" and state.index[name].phase == "release" for name, known in steps.items() if name in state.index)
    cause: Cause = (
        "retried on its way back" if state.back else "retried as it stands" if fell_later and not again
        else "retried half-way" if host.touched else "retried untouched"
    )  # fmt: skip
    after = turn(state, event.host, cause, event.mono, steps=steps, **UNFAILED, skipped=False, detail=SafeText(""))
    return _without_return(after, event.host) if went_back and after.hosts[event.host] is not host else after


def _without_return(state: RunState, host: str) -> RunState:
    lane = state.lanes[host]
    gone = [step.name for step in lane if step.phase == "rollback"]
    return changed(state, index=state.index.without(gone), lanes=state.lanes.put(host, tuple(step for step in lane if step.phase != "rollback")))


def _fell_later(state: RunState, host: HostState) -> bool:
    """Whether the host did all that it was asked, and fell after that."""
    mine = [step for step in state.lanes.get(host.name, ()) if step.phase == "release"]
    return host.condition != "back" and bool(mine) and all(state.step_state(step).status == "done" or not step.fatal for step in mine)


def _again(state: RunState, name: str, known: StepState, *, went_back: bool, fell_later: bool) -> bool:
    step = state.index.get(name)
    if step is None:
        return False
    ended_badly = known.status in ("failed", "unknown", "cancelled", "unreachable", "held") and step.fatal
    return ended_badly or (step.phase == "release" and (went_back or (fell_later and step.kind in ("restart", "gate"))))


def gone_on(state: RunState) -> RunState:
    """What was held is done again; requests that were still under way when time was over are ended."""
    for name in state.tally.held:
        state = _tried_again(state, name, waits=False)
    for name in state.tally.own_held:
        state = with_step(state, state.index[name], changed(state.steps[name], status="pending"))
    return state


def _tried_again(state: RunState, name: str, *, waits: bool) -> RunState:
    """Do what was held on a host again, and nothing else. `waits`: what is still under way there has its time once more; else it is cut."""
    host = state.hosts[name]
    steps = {step: changed(known, status="pending") if known.status == "held" else known for step, known in host.steps.items()}
    overdue = any(seen.mark == "overdue" for seen in host.traffic.values())
    after = with_host(state, name, steps=steps, cuts=overdue and not waits)
    is_over = is_paused_for(after, "traffic") and not after.tally.held and not after.tally.own_held
    return changed(after, pausing=None) if is_over else after
