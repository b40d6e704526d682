"""How an event changes the state of a run. The only writer of state; total: an event that does not fit changes nothing but its place.

A state is never changed: `evolve` makes another. Only `fold`, which shows nobody what lies between, writes into a dict of hosts that is its own.
It knows nothing of where events come from.
"""

from collections.abc import Callable, Iterable
from typing import Any

from console.core.checks.configured import ticked
from console.core.kinds.table import kind_of
from console.model import events as ev
from console.model.checks import Check
from console.model.plan import Step
from console.model.state import Act, HostCondition, HostState, Pausing, RunState, StepState
from console.model.values import changed
from console.text import SafeText

ENDINGS: dict[str, HostCondition] = {"failed": "failed", "unknown": "unknown", "unreachable": "unreachable", "cancelled": "failed"}


def evolve(state: RunState, event: ev.Event) -> RunState:
    """Return the state after the event."""
    change = _CHANGES.get(type(event))
    after = _with_act(change(state, event) if change else state, event)
    return changed(after, seq=event.seq or after.seq, at=event.at or after.at, mono=event.mono or after.mono, boot=event.boot or after.boot)


class _Own(dict[str, HostState]):
    """The hosts of a state that nobody but a fold has seen: they may be written into."""


def fold(events: Iterable[ev.Event], state: RunState | None = None) -> RunState:
    """Return what all those events add up to: the same as `evolve` one after another, without a copy of the fleet for each."""
    result = state or RunState()
    for event in events:
        if type(result.hosts) is not _Own:
            result = changed(result, hosts=_Own(result.hosts))
        result = evolve(result, event)
    return changed(result, hosts=dict(result.hosts))


def _with_act(state: RunState, event: ev.Event) -> RunState:
    """Note who did it: a later one who acts on what was there before is told."""
    by = getattr(event, "by", None)
    subject, words = _ACTS.get(type(event), ("", ""))
    if by is None or not subject:
        return state
    names = {"host": getattr(event, "host", ""), "check": getattr(event, "check", "")}
    act = Act(event.seq, event.at, by, words.format(**names))
    return changed(state, acts={**state.acts, subject.format(**names): act})


def _with_host(state: RunState, name: str, **fields: Any) -> RunState:  # noqa: ANN401 (fields of HostState)
    host = state.hosts.get(name)
    if host is None:
        return state
    fresh = changed(host, **fields)
    if type(state.hosts) is _Own:
        state.hosts[name] = fresh
        return state
    return changed(state, hosts={**state.hosts, name: fresh})


def _with_step(state: RunState, step: Step, step_state: StepState) -> RunState:
    host = state.hosts.get(step.about)
    if host is None:
        return changed(state, steps={**state.steps, step.name: step_state})
    return _with_host(state, step.about, steps={**host.steps, step.name: step_state})


def _with_steps_known(state: RunState, steps: tuple[Step, ...]) -> RunState:
    fresh = {step.name: step for step in steps}
    by_host: dict[str, list[Step]] = {}
    for step in steps:
        if step.about:
            by_host.setdefault(step.about, []).append(step)
    lanes = dict(state.lanes)
    for host, added in by_host.items():
        kept = tuple(step for step in lanes.get(host, ()) if step.name not in fresh)
        lanes[host] = (*kept, *added)
    return changed(state, index={**state.index, **fresh}, lanes=lanes)


def _opened(state: RunState, event: ev.RunOpened) -> RunState:
    hosts = {name: HostState(name=name, since=event.mono) for name in event.hosts}
    for name, reason in event.request.without:
        if name in hosts:
            hosts[name] = changed(hosts[name], condition="left-out", detail=type(hosts[name].detail)(reason))
    return RunState(
        run=event.run, kind=event.kind, app=event.app, environment=event.environment, protected=event.protected, path=event.path,
        by=event.by, request=event.request, opened_at=event.at, opened=event.mono, on_failure=event.on_failure,
        max_failures=event.max_failures, pause_after=event.pause_after, hosts=hosts,
    )  # fmt: skip


def _resolved(state: RunState, event: ev.RevisionResolved) -> RunState:
    return changed(state, revision=event.revision, release=event.release, live=event.live)


def _checked(state: RunState, event: ev.CheckReported) -> RunState:
    is_ticked = any(known.id == event.check.id and known.by for known in state.checks)
    return state if is_ticked and event.check.is_open else changed(state, checks=_with_check(state.checks, event.check))


def _acknowledged(state: RunState, event: ev.CheckAcknowledged) -> RunState:
    known = next((check for check in state.checks if check.id == event.check), None)
    check = ticked(event.check, known.title if known else SafeText(event.check), str(event.by), event.at, blocking=known.blocking if known else True)
    return changed(state, checks=_with_check(state.checks, check))


def _with_check(checks: tuple[Check, ...], check: Check) -> tuple[Check, ...]:
    if any(known.id == check.id for known in checks):
        return tuple(check if known.id == check.id else known for known in checks)
    return (*checks, check)


def _seen(state: RunState, event: ev.HostSeen) -> RunState:
    if event.problem:
        return _with_host(state, event.host, condition="unreachable", failed_once=True, linked=False, since=event.mono, detail=event.problem)
    after = _with_host(
        state, event.host, release=event.release, version=event.version, before=event.release, before_version=event.version
    )  # fmt: skip
    host = after.hosts.get(event.host)
    if host is None or host.condition != "unreachable":
        return after
    return _with_host(after, event.host, condition="old", failed_once=False, linked=True, since=event.mono, detail=event.problem)


def _planned(state: RunState, event: ev.PlanMade) -> RunState:
    bare = changed(state, plan=event.plan, way_back=event.way_back, usual=event.usual, index={}, lanes={}, phase="deciding")
    return _with_steps_known(bare, event.plan.steps)


def _decided(state: RunState, event: ev.Decided) -> RunState:
    return changed(
        state, go=event.go, decided_by=event.by, reasons=event.reasons, decided=event.mono, interrupted=event.interrupted,
        phase="locking" if event.go else state.phase,
    )  # fmt: skip


def _locked(state: RunState, event: ev.LocksTaken) -> RunState:
    return changed(state, epoch=event.epoch, held=(*state.held, *event.hosts), phase="running" if state.phase == "locking" else state.phase)


def _released(state: RunState, event: ev.LocksReleased) -> RunState:
    left = {**state.locks_left, **{one.host: one.why for one in event.left}}
    held = tuple(name for name in state.held if name not in event.hosts)
    return changed(state, held=held, locks_left={name: why for name, why in left.items() if name not in event.hosts})


def _lock_refused(state: RunState, event: ev.LocksRefused) -> RunState:
    who = event.holder.run or event.holder.by
    return changed(state, locked_by=type(event.holder.by)(f"{event.host} is held by {who}"), locking_run=event.holder.run)


def _started(state: RunState, event: ev.StepStarted) -> RunState:
    step = state.index.get(event.step)
    if step is None:
        return state
    fresh = StepState(status="running", attempt=event.attempt, started=event.mono, started_at=event.at)
    known = state.step_state(step)
    is_settled_only = known.status == "running"
    if known.unsettled and known.attempt == event.attempt and known.started:
        fresh = changed(fresh, started=known.started, started_at=known.started_at)
    host = state.hosts.get(step.about)
    touched = step.changes or (host.touched if host else False)
    after = _with_host(_with_step(state, step, fresh), step.about, step=step.name, touched=touched)
    if host and step.phase == "release" and host.condition != "updating" and not is_settled_only:
        after = _with_host(after, step.about, condition="updating", since=event.mono)
    if host and step.phase == "rollback" and host.condition != "returning":
        after = _with_host(after, step.about, condition="returning", since=event.mono)
    return changed(after, changed=after.changed or step.changes, answered=False)


def _finished(state: RunState, event: ev.StepFinished) -> RunState:
    step = state.index.get(event.step)
    if step is None:
        return state
    known = state.step_state(step)
    if event.attempt != known.attempt or known.status not in ("running", "unknown"):
        return state
    if event.status == "failed" and step.command and event.attempt <= step.command.retries:
        return _with_step(state, step, changed(known, status="pending", unsettled=False, detail=event.detail))
    done = changed(
        known,
        status=event.status,
        seconds=event.seconds,
        code=event.code,
        detail=event.detail,
        hint=event.hint,
        tail=event.tail,
        unsettled=False,
    )
    after = _with_step(state, step, done)
    if step.about not in state.hosts:
        return after
    return _host_done(after, step, event) if event.status == "done" else _host_ended_badly(after, step, event)


def _host_done(state: RunState, step: Step, event: ev.StepFinished) -> RunState:
    if step.kind in ("switch", "remove"):
        state = _with_host(state, step.about, release=step.release, version=_version_of(state, step))
    if not _is_last(state, step):
        return state
    if step.phase == "release" and state.hosts[step.about].condition in ("returning", "skipped"):
        return state
    if step.phase == "rollback":
        return _with_host(state, step.about, condition=_condition_back(state.hosts[step.about]), since=event.mono)
    return _with_host(state, step.about, condition="new", since=event.mono, detail=event.detail)


def _version_of(state: RunState, step: Step) -> SafeText:
    if state.release and step.release == state.release.id:
        return state.release.version
    targets = (way.version for way in state.way_back if way.host == step.about and way.release == step.release)
    return next(targets, state.hosts[step.about].before_version)


def _condition_back(host: HostState) -> HostCondition:
    return "skipped" if host.skipped else "back"


def _is_last(state: RunState, step: Step) -> bool:
    if step.phase not in ("release", "rollback"):
        return False
    mine = [known for known in state.lanes.get(step.about, ()) if known.phase == step.phase]
    return all(state.step_state(known).status in ("done", "void") or not known.fatal for known in mine)


def _host_ended_badly(state: RunState, step: Step, event: ev.StepFinished) -> RunState:
    if step.phase == "close" and event.lost:
        return _fell(state, ev.HostFailed(host=step.about, condition="unreachable", reason=event.detail, mono=event.mono))
    if not step.fatal:
        return _host_done(state, step, event) if _is_last(state, step) else state
    if step.phase in ("release", "prepare"):
        kept = state.hosts[step.about].condition in ("skipped", "returning")
        if kept or (event.status == "cancelled" and (state.back or state.aborting)):
            return state
        return _with_host(state, step.about, condition=ENDINGS[event.status], failed_once=True, since=event.mono, detail=event.detail)
    if step.phase == "rollback":
        condition = "unreachable" if event.lost and event.status == "failed" else ENDINGS[event.status]
        return _with_host(state, step.about, condition=condition, skipped=False, since=event.mono, detail=event.detail)
    return state


def _add_steps(state: RunState, steps: tuple[Step, ...]) -> RunState:
    after = _with_steps_known(state, steps)
    for step in steps:
        known = after.step_state(step)
        if known.status != "pending":
            after = _with_step(after, step, changed(known, status="pending"))
    return after


def _returning(state: RunState, event: ev.HostReturning) -> RunState:
    after = _add_steps(state, event.steps)
    return _with_host(after, event.host, condition="returning", since=event.mono, detail=event.reason)


def _skipped(state: RunState, event: ev.HostSkipped) -> RunState:
    detail = type(event.reason)(f"skipped by {event.by.name}")
    return _with_host(state, event.host, condition="skipped", skipped=True, failed_once=False, since=event.mono, detail=detail)


def _retried(state: RunState, event: ev.HostRetried) -> RunState:
    host = state.hosts.get(event.host)
    if host is None:
        return state
    fell = _fell_later(state, host)
    went_back = state.back is None and not kind_of(state).is_return and any(step.phase == "rollback" for step in state.lanes.get(event.host, ()))
    steps = {
        name: changed(known, status="pending") if _again(state, name, known, went_back=went_back, fell=fell) else known for name, known in host.steps.items()
    }
    again = any(known.status == "pending" and state.index[name].phase == "release" for name, known in steps.items() if name in state.index)
    condition: HostCondition = "returning" if state.back else "new" if fell and not again else "updating" if host.touched else "old"
    after = _with_host(
        state, event.host, steps=steps, condition=condition, failed_once=False, skipped=False, since=event.mono, detail=type(host.detail)("")
    )  # fmt: skip
    return _without_return(after, event.host) if went_back else after


def _without_return(state: RunState, host: str) -> RunState:
    lane = tuple(step for step in state.lanes[host] if step.phase != "rollback")
    index = {name: step for name, step in state.index.items() if step.about != host or step.phase != "rollback"}
    return changed(state, index=index, lanes={**state.lanes, host: lane})


def _fell_later(state: RunState, host: HostState) -> bool:
    """Whether the host did all that it was asked, and fell after that."""
    mine = [step for step in state.lanes.get(host.name, ()) if step.phase == "release"]
    return host.condition != "back" and bool(mine) and all(state.step_state(step).status == "done" or not step.fatal for step in mine)


def _again(state: RunState, name: str, known: StepState, *, went_back: bool, fell: bool) -> bool:
    step = state.index.get(name)
    if step is None:
        return False
    ended_badly = known.status in ("failed", "unknown", "cancelled", "unreachable")
    return ended_badly or (step.phase == "release" and (went_back or (fell and step.kind in ("restart", "gate"))))


def _owed(state: RunState, event: ev.HostOwed) -> RunState:
    return _with_host(state, event.host, condition="owed", since=event.mono, detail=event.reason)


def _forgiven(state: RunState, event: ev.HostForgiven) -> RunState:
    return _with_host(state, event.host, condition="left-out", since=event.mono, detail=type(event.reason)(f"forgiven: {event.reason}"))


def _fell(state: RunState, event: ev.HostFailed) -> RunState:
    """What stands for nothing else: a host that is on its way back, or was skipped meanwhile, is judged by that."""
    host = state.hosts.get(event.host)
    if host is None or host.condition not in ("new", "back"):
        return state
    failed = host.failed_once or host.condition == "new"
    return _with_host(state, event.host, condition=event.condition, failed_once=failed, since=event.mono, detail=event.reason)


def _answered(state: RunState, event: ev.HostsAnswered) -> RunState:
    for name in event.hosts:
        host = state.hosts.get(name)
        state = state if host is None or host.linked else _with_host(state, name, linked=True, lost=0.0)
    return changed(state, answered=True)


def _link_lost(state: RunState, event: ev.LinkLost) -> RunState:
    return _with_host(state, event.host, linked=False, lost=event.mono)


def _link_restored(state: RunState, event: ev.LinkRestored) -> RunState:
    return _with_host(state, event.host, linked=True, lost=0.0)


def _paused(state: RunState, event: ev.Paused) -> RunState:
    passed = state.passed_pause or event.cause == "pause-after"
    return changed(state, pausing=Pausing(event.reason, event.cause, event.mono, event.by), passed_pause=passed)


def _continued(state: RunState, event: ev.Continued) -> RunState:
    state = changed(state, hosts={name: changed(host, lost=0.0) if host.lost else host for name, host in state.hosts.items()})
    if state.pausing and state.pausing.cause in ("failure", "network"):
        failed = sum(host.failed_once for host in state.hosts.values())
        return changed(state, pausing=None, tolerated=failed, tolerates_steps=True)
    return changed(state, pausing=None)


def _abort_asked(state: RunState, event: ev.AbortAsked) -> RunState:
    return changed(state, aborting="leave" if event.leave else "back", pausing=None)


def _rollback_began(state: RunState, event: ev.RollbackBegan) -> RunState:
    after = _add_steps(state, event.plan.steps)
    for name in {step.about for step in event.plan.steps}:
        after = _with_host(after, name, condition="returning", since=event.mono)
    return changed(after, back=event.plan, back_reason=event.reason, back_cause=event.cause, phase="rolling-back", pausing=None)


def _noted(state: RunState, event: ev.NoteAdded) -> RunState:
    return changed(state, notes=(*state.notes, (event.at, event.by.name, event.text)))


def _changes_listed(state: RunState, event: ev.ChangesListed) -> RunState:
    return changed(state, changes=event.subjects, migrations=event.migrations if event.known else ())


def _reviewed(state: RunState, event: ev.DatabaseReviewed) -> RunState:
    return changed(state, review=event.review)


def _packed(state: RunState, event: ev.ReleasePacked) -> RunState:
    return changed(state, content=event.content)


def _backed_up(state: RunState, event: ev.BackupTaken) -> RunState:
    return changed(state, backup=event.backup)


def _announced(state: RunState, event: ev.AnnouncementSent) -> RunState:
    return changed(state, announced=event.told, untold=event.problems) if event.moment == "before" else changed(state, told_end=event.told)


def _operator_joined(state: RunState, event: ev.OperatorJoined) -> RunState:
    return changed(state, joined=(*state.joined, event.by))


def _helm_taken(state: RunState, event: ev.HelmTaken) -> RunState:
    return changed(state, helm=event.by)


def _taken_up(state: RunState, event: ev.TakenUp) -> RunState:
    def unsettle(steps: dict[str, StepState]) -> dict[str, StepState]:
        kept = {"unsettled": True} if state.boot in ("", event.boot) else {"unsettled": True, "started": 0.0}
        return {name: changed(known, **kept) if known.status == "running" else known for name, known in steps.items()}

    hosts = {name: changed(host, steps=unsettle(host.steps)) for name, host in state.hosts.items()}
    pausing = state.pausing
    if pausing is None and state.phase == "running" and not state.aborting:
        words = type(state.reason)(f"the engine was replaced by {event.by.name}'s; what was running is being settled")
        pausing = Pausing(words, "taken-up", event.mono, None)
    return changed(state, hosts=hosts, steps=unsettle(state.steps), epoch=event.epoch, pausing=pausing)


def _ended(state: RunState, event: ev.RunEnded) -> RunState:
    return changed(
        state, phase="ended", exit=event.exit, outcome=event.outcome, reason=event.reason, hint=event.hint, ended_at=event.at, pausing=None,
        held=event.held,
    )  # fmt: skip


_CHANGES: dict[type[ev.Event], Callable[[RunState, Any], RunState]] = {
    ev.RunOpened: _opened,
    ev.RevisionResolved: _resolved,
    ev.CheckReported: _checked,
    ev.CheckAcknowledged: _acknowledged,
    ev.HostSeen: _seen,
    ev.PlanMade: _planned,
    ev.Decided: _decided,
    ev.LocksTaken: _locked,
    ev.LocksRefused: _lock_refused,
    ev.StepStarted: _started,
    ev.StepFinished: _finished,
    ev.HostReturning: _returning,
    ev.HostSkipped: _skipped,
    ev.HostRetried: _retried,
    ev.HostOwed: _owed,
    ev.HostForgiven: _forgiven,
    ev.HostFailed: _fell,
    ev.HostsAnswered: _answered,
    ev.LinkLost: _link_lost,
    ev.LinkRestored: _link_restored,
    ev.Paused: _paused,
    ev.Continued: _continued,
    ev.AbortAsked: _abort_asked,
    ev.RollbackBegan: _rollback_began,
    ev.NoteAdded: _noted,
    ev.HelmTaken: _helm_taken,
    ev.OperatorJoined: _operator_joined,
    ev.ChangesListed: _changes_listed,
    ev.DatabaseReviewed: _reviewed,
    ev.ReleasePacked: _packed,
    ev.BackupTaken: _backed_up,
    ev.AnnouncementSent: _announced,
    ev.TakenUp: _taken_up,
    ev.RunEnded: _ended,
    ev.LocksReleased: _released,
}

_ACTS: dict[type[ev.Event], tuple[str, str]] = {
    ev.Decided: ("go", "decided"),
    ev.CheckAcknowledged: ("check {check}", "ticked {check} off"),
    ev.Paused: ("pause", "paused it"),
    ev.Continued: ("pause", "continued it"),
    ev.AbortAsked: ("end", "aborted it"),
    ev.RollbackBegan: ("end", "rolls it back"),
    ev.HostSkipped: ("host {host}", "skipped {host}"),
    ev.HostRetried: ("host {host}", "tried {host} again"),
}
"""What each kind of event that somebody causes is about, and what it is called."""
