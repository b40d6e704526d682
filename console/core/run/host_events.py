"""What an event changes of a host and of its steps. Pure.

A host's condition changes by the table of `core/host_conditions.py` alone: what does not fit is kept as a misfit, and not obeyed.
"""

from collections.abc import Iterable
from typing import Any

from console.core.host_conditions import FELL, Cause, turned
from console.core.run.monitoring_window import window_that_runs
from console.core.run.step_tally import UNBEGUN, recounted, with_host, with_step
from console.model import events as ev
from console.model.plan import Step
from console.model.state import HostState, RunState, StepState
from console.model.traffic import HostTraffic
from console.model.values import changed
from console.safe_text import SafeText

_UPDATE: dict[str, Cause] = {
    "failed": "update failed", "unknown": "update unknown", "unreachable": "update unreachable", "cancelled": "update cancelled",
}  # fmt: skip
_RETURN: dict[str, Cause] = {
    "failed": "return failed", "unknown": "return unknown", "unreachable": "return unreachable", "cancelled": "return failed",
}  # fmt: skip
_MISFITS = 20
"""So many are kept, the last ones."""
FAILS = frozenset({"failed", "unknown", "unreachable"})
"""Statuses of a step that is told to who goes on in spite of it."""
UNFAILED: dict[str, bool] = {"failed_once": False, "tolerated": False}
"""A host counts as failed no more; should it fail again, that is for a person to see again."""


def turn(state: RunState, name: str, cause: Cause, since: float, **fields: Any) -> RunState:  # noqa: ANN401 (fields of HostState)
    """Return the state with what that cause makes of a host, and with those fields of it; a host that goes on with what it is at keeps all."""
    host = state.hosts.get(name)
    if host is None:
        return state
    to = turned(host.condition, cause)
    if to is None:
        return _misfit(state, host, cause)
    return with_host(state, name, condition=to, since=since, **fields) if to else state


def turned_together(state: RunState, names: Iterable[str], cause: Cause, since: float) -> RunState:
    """Return the state with what that cause makes of all those hosts. What follows from it is to be counted anew (`recounted`)."""
    after: dict[str, HostState] = {}
    for host in (state.hosts[name] for name in names if name in state.hosts):
        to = turned(host.condition, cause)
        if to is None:
            state = _misfit(state, host, cause)
        elif to:
            after[host.name] = changed(host, condition=to, since=since)
    return changed(state, hosts=state.hosts.put_all(after))


def _misfit(state: RunState, host: HostState, cause: Cause) -> RunState:
    """Keep that the record says what cannot be; it is not obeyed."""
    return changed(state, misfits=(*state.misfits[1 - _MISFITS :], f"after event {state.seq}: {host.name} was {host.condition}, and cannot be {cause}"))


def with_steps_known(state: RunState, steps: Iterable[Step]) -> RunState:
    """Return the state that knows those steps too; of the same name the new one counts."""
    fresh = {step.name: step for step in steps}
    by_host: dict[str, list[Step]] = {}
    for step in fresh.values():
        if step.about:
            by_host.setdefault(step.about, []).append(step)
    lanes = {
        host: (*(step for step in state.lanes.get(host, ()) if step.name not in fresh), *added) for host, added in by_host.items()
    }  # fmt: skip
    return changed(state, index=state.index.put_all(fresh), lanes=state.lanes.put_all(lanes))


def with_steps_added(state: RunState, steps: Iterable[Step]) -> RunState:
    """The same for steps that are to be done from their beginning, whatever was done of that name. They take the place of an older way back of their hosts."""
    steps = tuple(steps)
    after = with_steps_known(_without_older_way(state, steps), steps)
    for step in steps:
        known = after.step_state(step)
        if known.status != "pending":
            after = with_step(after, step, changed(known, status="pending"))
    return after


def _without_older_way(state: RunState, steps: tuple[Step, ...]) -> RunState:
    """Forget what is still to be done of another way back of those hosts: one alone weighs its host, one of all hosts does not."""
    fresh = {step.name for step in steps}
    gone: set[str] = set()
    lanes: dict[str, tuple[Step, ...]] = {}
    for name in dict.fromkeys(step.about for step in steps if step.about in state.lanes):
        lane = state.lanes[name]
        older = {step.name for step in lane if step.phase == "rollback" and step.name not in fresh and state.step_state(step).status in UNBEGUN}
        if older:
            gone |= older
            lanes[name] = tuple(step for step in lane if step.name not in older)
    return changed(state, index=state.index.without(gone), lanes=state.lanes.put_all(lanes)) if gone else state


def seen(state: RunState, event: ev.HostSeen) -> RunState:
    """What a host had before the run, or why it did not say."""
    if event.problem:
        return turn(state, event.host, "silent", event.mono, failed_once=True, linked=False, detail=event.problem)
    after = with_host(state, event.host, release=event.release, version=event.version, before=event.release, before_version=event.version)
    host = after.hosts.get(event.host)
    if host is None or host.condition != "unreachable":
        return after
    return turn(after, event.host, "answered", event.mono, **UNFAILED, linked=True, detail=event.problem)


def started(state: RunState, event: ev.StepStarted) -> RunState:
    """A step runs; the first of an update, or of a return, says so of its host."""
    step = state.index.get(event.step)
    if step is None:
        return state
    fresh = StepState(status="running", attempt=event.attempt, started=event.mono, started_at=event.at)
    known = state.step_state(step)
    if known.orphaned and known.attempt == event.attempt and known.started:
        fresh = changed(fresh, started=known.started, started_at=known.started_at)
    cancels = event.seq if state.back is not None and (step.phase != "rollback" or known.status == "running") else state.cancels
    state = changed(state, changed=state.changed or step.changes, answered=False, cancels=cancels)
    if step.changes and step.phase == "release":
        is_switch = step.kind == "switch" and not state.switched
        state = changed(state, changed_at=state.changed_at or event.mono, switched=event.mono if is_switch else state.switched)
    host = state.hosts.get(step.about)
    if host is None:
        return with_step(state, step, fresh)
    after = with_host(state, host.name, steps={**host.steps, step.name: fresh}, step=step.name, touched=step.changes or host.touched)
    if step.phase == "release" and host.condition != "updating" and known.status != "running":
        return turn(after, host.name, "update began", event.mono)
    if step.phase == "rollback" and host.condition != "returning":
        return turn(after, host.name, "return began", event.mono)
    return after


def judged(state: RunState, event: ev.GateJudged) -> RunState:
    """A check of a gate has passed, for a while already: the host served since then."""
    step = state.index.get(event.step)
    if step is None or not event.passing:
        return state
    known = state.step_state(step)
    passing = min(known.passing or event.passing, event.passing)
    return state if passing == known.passing else with_step(state, step, changed(known, passing=passing))


def finished(state: RunState, event: ev.StepFinished) -> RunState:
    """A step ended: it is tried again, or its host has come somewhere."""
    step = state.index.get(event.step)
    if step is None:
        return state
    known = state.step_state(step)
    if event.attempt != known.attempt or known.status not in ("running", "unknown"):
        return state
    if event.status == "failed" and step.command and event.attempt <= step.command.retries:
        return with_step(state, step, changed(known, status="pending", orphaned=False, detail=event.detail))
    done = changed(
        known, status=event.status, seconds=event.seconds, code=event.code, detail=event.detail, hint=event.hint, tail=event.tail, orphaned=False,
    )  # fmt: skip
    after = with_step(state, step, done)
    if step.fatal and event.status in FAILS:
        after = changed(after, last_failure=event.seq)
    if step.about not in state.hosts or event.status == "held":
        return after
    return _done(after, step, event) if event.status == "done" else _ended_badly(after, step, event)


def _done(state: RunState, step: Step, event: ev.StepFinished) -> RunState:
    """A step of a host is done: a switch makes its release live, the last step of an update or of a return settles the host."""
    if step.kind in ("switch", "remove"):
        state = with_host(state, step.about, release=step.release, version=_version_of(state, step))
    if not _is_last(state, step):
        return state
    if step.phase == "rollback":
        return turn(state, step.about, "return done for a skip" if state.hosts[step.about].skipped else "return done", event.mono)
    after = turn(state, step.about, "update done", event.mono, detail=event.detail)
    return changed(after, taken_late=event.mono) if window_that_runs(after) else after


def _version_of(state: RunState, step: Step) -> SafeText:
    """The name of the release that a step made live: the new one, the one of the way back, or what was before."""
    if state.release and step.release == state.release.id:
        return state.release.version
    way = state.way(step.about)
    return way.version if way and way.release == step.release else state.hosts[step.about].before_version


def _is_last(state: RunState, step: Step) -> bool:
    """Whether nothing of the step's phase is left to do on its host; what may fail is not waited for."""
    if step.phase not in ("release", "rollback"):
        return False
    mine = [known for known in state.lanes.get(step.about, ()) if known.phase == step.phase]
    return all(state.step_state(known).status in ("done", "void") or not known.fatal for known in mine)


def _ended_badly(state: RunState, step: Step, event: ev.StepFinished) -> RunState:
    """A step of a host failed, was cancelled, or nobody saw its end: what the host is then depends on where it was going."""
    if step.phase == "close" and event.lost:
        return fell(state, ev.HostFailed(host=step.about, condition="unreachable", reason=event.detail, mono=event.mono))
    if not step.fatal:
        return _done(state, step, event) if _is_last(state, step) else state
    if step.phase == "rollback":
        cause: Cause = "return unreachable" if event.lost and event.status == "failed" else _RETURN[event.status]
        return turn(state, step.about, cause, event.mono, skipped=False, detail=event.detail)
    if step.phase == "close":
        return _failed_late(state, step, event)
    if step.phase not in ("release", "prepare") or (event.status == "cancelled" and (state.back or state.aborting)):
        return state
    return turn(state, step.about, _UPDATE[event.status], event.mono, failed_once=True, detail=event.detail)


def _failed_late(state: RunState, step: Step, event: ev.StepFinished) -> RunState:
    """A command that a release must not end without did: its host has the release, was watched, and serves on; it counts as failed all the same."""
    host = state.hosts[step.about]
    if host.condition != "new" or event.status == "cancelled":
        return state
    return with_host(state, host.name, failed_once=True, detail=SafeText(f"{step.title}: {event.detail or event.status}"))


def returning(state: RunState, event: ev.HostReturning) -> RunState:
    """A host goes back alone, while the run goes on: its steps of the way back are added to its lane."""
    after = with_steps_added(state, event.steps)
    own = {step.name for step in event.steps}
    if any(need not in own for step in event.steps for need in step.needs):
        after = recounted(after)
    return turn(after, event.host, "told to go back", event.mono, detail=event.reason)


def skipped(state: RunState, event: ev.HostSkipped) -> RunState:
    """A host keeps, or gets back, its old release."""
    return turn(state, event.host, "skipped", event.mono, skipped=True, **UNFAILED, detail=SafeText(f"skipped by {event.by.name}"))


def owed(state: RunState, event: ev.HostOwed) -> RunState:
    """A host could not be brought up to date."""
    return turn(state, event.host, "owed", event.mono, detail=event.reason)


def forgiven(state: RunState, event: ev.HostForgiven) -> RunState:
    """What was owed to it is not owed any more."""
    return turn(state, event.host, "forgiven", event.mono, forgiven=True, detail=SafeText(f"forgiven: {event.reason}"))


def fell(state: RunState, event: ev.HostFailed) -> RunState:
    """A host that had come to where it was told to go is not well there."""
    host = state.hosts.get(event.host)
    failed = host is not None and (host.failed_once or host.condition == "new")
    state = changed(state, last_failure=event.seq) if failed else state
    return turn(state, event.host, FELL[event.condition], event.mono, failed_once=failed, detail=event.reason)


def answered(state: RunState, event: ev.HostsAnswered) -> RunState:
    """Hosts gave a last word: their links stand."""
    for name in event.hosts:
        host = state.hosts.get(name)
        state = state if host is None or host.linked else with_host(state, name, linked=True, lost=0.0)
    return changed(state, answered=True)


def traffic_changed(state: RunState, event: ev.TrafficChanged) -> RunState:
    """What a balancer does with a host."""
    host = state.hosts.get(event.host)
    if host is None:
        return state
    before = host.traffic.get(event.balancer)
    cut = event.cut + (before.cut if before else 0)
    seen = HostTraffic(event.mark, event.sessions, cut, event.detail)
    return with_host(state, event.host, traffic={**host.traffic, event.balancer: seen}, cuts=host.cuts and event.mark != "in")


def link_lost(state: RunState, event: ev.LinkLost) -> RunState:
    """A host's link is lost since then."""
    return with_host(state, event.host, linked=False, lost=event.mono)


def link_restored(state: RunState, event: ev.LinkRestored) -> RunState:
    """The host's link is up again; its condition stays what it was."""
    return with_host(state, event.host, linked=True, lost=0.0)


def orphaned(state: RunState, *, rebooted: bool) -> RunState:
    """What runs is orphaned: it was begun by an engine that has ended. `rebooted`: its boot-time clock is not this one's."""
    for name in state.tally.running:
        host = state.hosts[name]
        state = with_host(state, name, steps={step: _orphaned(known, rebooted=rebooted) for step, known in host.steps.items()})
    for name in state.tally.own_running:
        state = with_step(state, state.index[name], _orphaned(state.steps[name], rebooted=rebooted))
    return state


def _orphaned(known: StepState, *, rebooted: bool) -> StepState:
    if known.status != "running":
        return known
    return changed(known, orphaned=True, started=0.0) if rebooted else changed(known, orphaned=True)
