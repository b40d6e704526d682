"""What trying a host again comes to: what happened to it, whether that helps, which of its steps are done again, what it is called meanwhile. Pure.

One table for whoever asks and for what is made of it: `core/run/command_refusals.py` refuses by it, `retried` changes the state by it. What a run that waited
for traffic goes on with is here too.
"""

from typing import Final, Literal, NamedTuple

from console.core.host_conditions import IN_BETWEEN, RETRIABLE, Cause
from console.core.kinds.kind_table import kind_of
from console.core.run.host_events import UNFAILED, turn
from console.core.run.pauses import is_paused_for
from console.core.run.step_tally import with_host, with_step
from console.core.traffic.bluegreen_sides import standing_by
from console.model import events as ev
from console.model.state import HostState, RunState, StepState
from console.model.values import changed
from console.safe_text import SafeText

Happened = Literal[
    "waits for traffic", "goes on", "stopped on its way back", "nothing left on its way back", "nothing failed", "never reached", "taken back alone",
    "fell at its end", "failed half-way", "failed untouched",
]  # fmt: skip
Again = Literal["what was held", "what ended badly", "restart and gate", "all from its wave on"]


class Try(NamedTuple):
    """What a new try is: the steps that are done again, and why the host changes; None: it goes on with what it is at."""

    again: Again
    cause: Cause | None
    useless: str = ""
    """Why nobody has it tried again; the rest is what older versions made of it, whose records say that it was."""


NOTHING: Final = "{host} is {condition}: there is nothing to try again"

TRIES: Final[dict[Happened, Try]] = {
    "waits for traffic": Try("what was held", None),
    "goes on": Try("what ended badly", "retried half-way", "{host} is still being {doing}: wait for its end"),
    "stopped on its way back": Try("what ended badly", "retried on its way back"),
    "nothing left on its way back": Try("what ended badly", "retried on its way back", NOTHING),
    "nothing failed": Try("what ended badly", "retried untouched", NOTHING),
    "never reached": Try("what ended badly", "retried untouched", "{host} was not reached before the run began, and has no steps in it: a later run takes it"),
    "taken back alone": Try("all from its wave on", "retried half-way"),
    "fell at its end": Try("restart and gate", "retried half-way"),
    "failed half-way": Try("what ended badly", "retried half-way"),
    "failed untouched": Try("what ended badly", "retried untouched"),
}

_ENDED_BADLY: Final = frozenset({"failed", "unknown", "cancelled", "unreachable", "held"})
_DOING: Final = {"updating": "updated", "returning": "taken back"}


def happened(state: RunState, host: HostState) -> Happened:
    """What became of a host, as far as a new try is concerned."""
    if host.condition == "updating" and host.name in state.tally.with_held_step:
        return "waits for traffic"
    if host.condition in IN_BETWEEN:
        return "goes on"
    if goes_back_now(state):
        return _on_its_way_back(state, host)
    if host.condition not in RETRIABLE and not (host.condition == "back" and host.failed_once):
        return "nothing failed"
    lane = state.lanes.get(host.name, ())
    if not lane:
        return "never reached"
    if any(step.phase == "rollback" for step in lane):
        return "taken back alone"
    if _did_all(state, host):
        return "fell at its end"
    return "failed half-way" if host.touched else "failed untouched"


def goes_back_now(state: RunState) -> bool:
    """Whether all hosts go back, or the run is a way back itself."""
    return state.phase == "rolling-back" or kind_of(state).is_return


def _on_its_way_back(state: RunState, host: HostState) -> Happened:
    """A host that is back, or was never to go, has nothing left of it."""
    way = (step for step in state.lanes.get(host.name, ()) if step.phase == "rollback" and step.fatal)
    if host.condition not in RETRIABLE or not any(state.step_state(step).status in _ENDED_BADLY for step in way):
        return "nothing left on its way back"
    return "stopped on its way back"


def useless_words(state: RunState, host: HostState) -> str:
    """Return why it makes no sense to try that host again, by what happened to it; empty: it does."""
    return TRIES[happened(state, host)].useless.format(host=host.name, condition=host.condition, doing=_DOING.get(host.condition, ""))


_TO_SERVE: Final = frozenset({"gate", "weigh", "admit"})
"""Kinds of the steps by which a host gets requests."""


def retried(state: RunState, event: ev.HostRetried) -> RunState:
    """What did not end well on a host is to be done again; one that went back alone takes the release from the wave's beginning."""
    host = state.hosts.get(event.host)
    if host is None:
        return state
    what = happened(state, host)
    found = TRIES[what]
    if found.cause is None:
        return _tried_again(state, host.name, waits=True)
    steps = {
        name: changed(known, status="pending") if name in event.anew or _again(state, name, known, found.again) else known for name, known in host.steps.items()
    }
    after = turn(state, host.name, _cause(state, host, found, steps), event.mono, steps=steps, **UNFAILED, skipped=False, detail=SafeText(""))
    is_taken = what == "taken back alone" and after.hosts[host.name] is not host
    after = _without_return(after, host.name) if is_taken else after
    return _leaving_again(after) if state.back is None else after


def steps_anew(state: RunState, name: str) -> tuple[str, ...]:
    """The steps that ended well and are done anew where a host is tried again that had requests: it was taken out as it failed, and comes back behind its gate.
    One that fell later restarts, so it is drained first."""
    host = state.hosts.get(name)
    found = TRIES[happened(state, host)] if host else None
    if found is None or found.cause is None:
        return ()
    phase = "rollback" if goes_back_now(state) else "release"
    kinds = _TO_SERVE | {"drain"} if found.again == "restart and gate" else _TO_SERVE
    mine = [step for step in state.lanes.get(name, ()) if step.phase == phase and step.kind in kinds and state.step_state(step).status == "done"]
    return tuple(step.name for step in mine) if any(step.kind == "admit" for step in mine) else ()


def _leaving_again(state: RunState) -> RunState:
    """The side that stands by leaves after all, where it had to stay as nobody of the other one got requests."""
    stayed = (step for name in standing_by(state) for step in state.lanes.get(name, ()) if step.phase == "verify" and state.step_state(step).status == "failed")
    for step in stayed:
        state = with_step(state, step, changed(state.step_state(step), status="pending"))
    return state


def _cause(state: RunState, host: HostState, found: Try, steps: dict[str, StepState]) -> Cause:
    """In a run that is a way back itself there is no other condition for it; where nothing is to be done again, the host stands as it is."""
    assert found.cause is not None
    if found.again == "restart and gate" and not any(known.status == "pending" for known in _released(state, steps)):
        return "retried as it stands"
    if found.cause == "retried on its way back" and state.back is None:
        return "retried half-way" if host.touched else "retried untouched"
    return found.cause


def _released(state: RunState, steps: dict[str, StepState]) -> list[StepState]:
    return [known for name, known in steps.items() if (step := state.index.get(name)) and step.phase == "release"]


def _without_return(state: RunState, host: str) -> RunState:
    lane = state.lanes[host]
    gone = [step.name for step in lane if step.phase == "rollback"]
    return changed(state, index=state.index.without(gone), lanes=state.lanes.put(host, tuple(step for step in lane if step.phase != "rollback")))


def _did_all(state: RunState, host: HostState) -> bool:
    """Whether the host did all that it was asked, and fell after that."""
    mine = [step for step in state.lanes.get(host.name, ()) if step.phase == "release"]
    return bool(mine) and all(state.step_state(step).status == "done" or not step.fatal for step in mine)


def _again(state: RunState, name: str, known: StepState, again: Again) -> bool:
    step = state.index.get(name)
    if step is None:
        return False
    if known.status in _ENDED_BADLY and step.fatal:
        return True
    return step.phase == "release" and (again == "all from its wave on" or (again == "restart and gate" and step.kind in ("restart", "gate")))


def gone_on(state: RunState) -> RunState:
    """What was held is done again; requests that were still under way when time was over are ended."""
    for name in state.tally.with_held_step:
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
    is_over = is_paused_for(after, "traffic") and not after.tally.with_held_step and not after.tally.own_held
    return changed(after, pausing=None) if is_over else after
