"""How an event changes the state of a run. The only writer of state; total: an event that does not fit changes nothing but its place.

A state is never changed: `evolve` makes another. What an event changes of hosts and steps is in `core/run/host_events.py`, a new try of a host in
`core/run/retries.py`. It knows nothing of where events come from.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from console.core.checks.configured import ticked
from console.core.kinds.kind_table import kind_of
from console.core.run import host_events as on_hosts
from console.core.run import retries
from console.core.run.other_boot import on_clock_of_another_boot
from console.core.run.pauses import is_paused_for, pause_rule
from console.core.run.step_tally import counted, recounted, uncounted, with_host, with_step
from console.model import events as ev
from console.model.checks import Check
from console.model.paged_table import Table
from console.model.plan import Plan, Steps
from console.model.state import Act, AnalysisState, BackNext, CriticalTry, HostState, Pausing, RunState
from console.model.thresholds import ThresholdState
from console.model.traffic import BalancerWeights
from console.model.values import changed
from console.safe_text import SafeText


def evolve(state: RunState, event: ev.Event) -> RunState:
    """Return the state after the event."""
    change = _CHANGES.get(type(event))
    after = _with_act(change(state, event) if change else state, event)
    return changed(after, seq=event.seq or after.seq, at=event.at or after.at, mono=event.mono or after.mono, boot=event.boot or after.boot)


def fold(events: Iterable[ev.Event], state: RunState | None = None) -> RunState:
    """Return what all those events add up to. What is counted is counted once, at the end, and before an event whose change depends on it."""
    state = state or RunState()
    for event in events:
        state = evolve(counted(state) if type(event) in _ON_COUNTS else uncounted(state), event)
    return counted(state)


def _with_act(state: RunState, event: ev.Event) -> RunState:
    """Note who did it: a later one who acts on what was there before is told."""
    by = getattr(event, "by", None)
    subject, words = _ACTS.get(type(event), ("", ""))
    if by is None or not subject:
        return state
    names = {"host": getattr(event, "host", ""), "check": getattr(event, "check", "")}
    act = Act(event.seq, event.at, by, words.format(**names))
    return changed(state, acts=state.acts.put(subject.format(**names), act))


def _opened(state: RunState, event: ev.RunOpened) -> RunState:
    hosts = {name: HostState(name=name, since=event.mono) for name in event.hosts}
    opened = RunState(
        run=event.run, kind=event.kind, app=event.app, environment=event.environment, protected=event.protected, path=event.path,
        by=event.by, request=event.request, opened_at=event.at, opened=event.mono, on_failure=event.on_failure,
        max_failures=event.max_failures, pause_after=event.pause_after, hosts=Table(hosts),
    )  # fmt: skip
    opened = recounted(opened)
    for name, reason in event.request.without:
        opened = on_hosts.turn(opened, name, "left out", event.mono, detail=SafeText(reason))
    return opened


def _resolved(state: RunState, event: ev.RevisionResolved) -> RunState:
    return changed(state, revision=event.revision, release=event.release, live=event.live)


def _checked(state: RunState, event: ev.CheckReported) -> RunState:
    is_ticked = any(known.id == event.check.id and known.by for known in state.checks)
    return state if is_ticked and event.check.is_open else changed(state, checks=_with_check(state.checks, event.check))


def _acknowledged(state: RunState, event: ev.CheckAcknowledged) -> RunState:
    if event.step:
        return changed(state, ticks={**state.ticks, event.step: event.by}, pausing=None if is_paused_for(state, "manual") else state.pausing)
    known = next((check for check in state.checks if check.id == event.check), None)
    check = ticked(event.check, known.title if known else SafeText(event.check), str(event.by), event.at, blocking=known.blocking if known else True)
    return changed(state, checks=_with_check(state.checks, check))


def _with_check(checks: tuple[Check, ...], check: Check) -> tuple[Check, ...]:
    if any(known.id == check.id for known in checks):
        return tuple(check if known.id == check.id else known for known in checks)
    return (*checks, check)


def _steps_planned(state: RunState, event: ev.StepsPlanned) -> RunState:
    return changed(state, drafted=Steps((*state.drafted, *event.steps)))


def _whole(state: RunState, event: ev.PlanMade | ev.RollbackBegan) -> Plan:
    """The event's plan, with the pieces that came ahead of it."""
    return changed(event.plan, steps=Steps((*state.drafted, *event.plan.steps))) if event.ahead else event.plan


def _planned(state: RunState, event: ev.PlanMade) -> RunState:
    plan = _whole(state, event)
    ways = {way.host: way for way in reversed(event.way_back)}
    bare = changed(
        state, plan=plan, drafted=Steps(), way_back=event.way_back, ways=ways, usual=event.usual, index=Table(), lanes=Table(), phase="deciding",
    )  # fmt: skip
    return recounted(on_hosts.with_steps_known(bare, plan.steps))


def _decided(state: RunState, event: ev.Decided) -> RunState:
    return changed(
        state, go=event.go, decided_by=event.by, reasons=event.reasons, decided=event.mono, interrupted=event.interrupted,
        phase="locking" if event.go else state.phase,
    )  # fmt: skip


def _locked(state: RunState, event: ev.LocksTaken) -> RunState:
    return changed(state, epoch=event.epoch, locked_hosts=(*state.locked_hosts, *event.hosts), phase="running" if state.phase == "locking" else state.phase)


def _released(state: RunState, event: ev.LocksReleased) -> RunState:
    left = {**state.locks_left, **{one.host: one.why for one in event.left}}
    free = frozenset(event.hosts)
    held = tuple(name for name in state.locked_hosts if name not in free)
    return changed(state, locked_hosts=held, locks_left={name: why for name, why in left.items() if name not in free})


def _lock_refused(state: RunState, event: ev.LocksRefused) -> RunState:
    who = event.holder.run or event.holder.by
    return changed(state, locked_by=type(event.holder.by)(f"{event.host} is held by {who}"), locking_run=event.holder.run)


def _baselines(state: RunState, event: ev.BaselineTaken) -> RunState:
    return changed(state, baselines=event.metrics)


def _threshold_changed(state: RunState, event: ev.ThresholdChanged) -> RunState:
    threshold = event.threshold
    known = state.thresholds.get(threshold.key)
    after = ThresholdState(threshold, event.verdict, event.mono)
    if known is not None and after.is_over:
        after = changed(after, held_by_person=known.held_by_person, tolerated=known.tolerated)
    if after.is_over:
        after = changed(after, over=known.over if known is not None and known.is_over else event.seq)
    if after.is_breached:
        after = changed(after, breached=known.breached if known is not None and known.is_breached else event.seq)
    return changed(state, thresholds={**state.thresholds, threshold.key: after})


def _seen_to(state: RunState, keys: Collection[str], **fields: bool) -> RunState:
    """Those that are above their limits were seen by a person, who pauses or goes on."""
    seen = {key for key, known in state.thresholds.items() if known.is_over and key in keys}
    if not seen:
        return state
    return changed(state, thresholds={key: changed(known, **fields) if key in seen else known for key, known in state.thresholds.items()})


def _window_extended(state: RunState, event: ev.WindowExtended) -> RunState:
    return changed(state, window=state.window + event.seconds)


def _superseded(state: RunState, event: ev.Superseded) -> RunState:
    if state.phase != "running" or state.aborting:
        return state
    return changed(state, superseded_by=event.by_run, superseded_hosts=frozenset(event.hosts), pausing=None)


def _paused(state: RunState, event: ev.Paused) -> RunState:
    passed = state.passed_pause or event.cause == "pause-after"
    after = _seen_to(state, state.thresholds, held_by_person=True) if event.by is not None else state
    return changed(after, pausing=Pausing(event.reason, event.cause, event.mono, event.by), passed_pause=passed)


def _continued(state: RunState, event: ev.Continued) -> RunState:
    keys = state.thresholds if event.in_spite_of is None else event.in_spite_of
    state = _seen_to(changed(state, continued=event.mono), keys, tolerated=True)
    rule = pause_rule(state)
    if rule is not None and rule.forgets_links:
        for name in state.tally.cut:
            state = with_host(state, name, lost=0.0)
    if rule is not None and rule.tolerates:
        return changed(_tolerated(state), pausing=None)
    if is_paused_for(state, "traffic"):
        return changed(retries.gone_on(state), pausing=None)
    return changed(state, pausing=None)


def _tolerated(state: RunState) -> RunState:
    """A person goes on with what has failed by now, and with nothing that fails later on."""
    for name in state.tally.failed_unseen:
        state = with_host(state, name, tolerated=True)
    for name in state.tally.own_failed:
        state = with_step(state, state.index[name], changed(state.steps[name], tolerated=True))
    return state


def _record_lost(state: RunState, event: ev.RecordLost) -> RunState:
    return changed(state, unshared=event.reason)


def _record_regained(state: RunState, event: ev.RecordRegained) -> RunState:
    return changed(state, unshared=SafeText(""))


def _abort_asked(state: RunState, event: ev.AbortAsked) -> RunState:
    follows = BackNext(event.by, event.then_back, event.why) if event.then_back else None
    return changed(state, aborting="leave" if event.leave else "back", pausing=None, back_next=follows)


def _rollback_began(state: RunState, event: ev.RollbackBegan) -> RunState:
    plan = _whole(state, event)
    after = on_hosts.with_steps_added(changed(state, drafted=Steps()), plan.steps)
    after = on_hosts.turned_together(after, dict.fromkeys(step.about for step in plan.steps), "told to go back", event.mono)
    why = event.why or SafeText("")
    return recounted(changed(
        after, back=plan, back_reason=event.reason, back_cause=event.cause, back_why=why, cancels=event.seq, phase="rolling-back", pausing=None,
    ))  # fmt: skip


def _analysed(state: RunState, event: ev.AnalysisSeen) -> RunState:
    known = state.analyses.get(event.step, AnalysisState())
    blocks = {metric: (*known.blocks.get(metric, ()), *more) for metric, more in event.blocks.items()}
    seen = changed(known, blocks={**known.blocks, **blocks}, readings=event.readings or known.readings, problems=event.problems)
    return changed(state, analyses={**state.analyses, event.step: seen})


def _log_kinds(state: RunState, event: ev.LogKindsSeen) -> RunState:
    return changed(state, log_kinds=event.kinds, log_kinds_total=event.total, log_problems=event.problems)


def _critical(state: RunState, event: ev.CriticalJudged) -> RunState:
    tried = CriticalTry(event.path, event.host, event.verdict, event.where, event.seen, event.seconds)
    others = tuple(one for one in state.critical.get(event.step, ()) if one.host != event.host)
    return changed(state, critical={**state.critical, event.step: (*others, tried)})


def _promoted(state: RunState, event: ev.Promoted) -> RunState:
    seen = changed(state.analyses.get(event.step, AnalysisState()), promoted=True)
    return changed(state, analyses={**state.analyses, event.step: seen}, pausing=None, continued=event.mono)


def _weighed(state: RunState, event: ev.WeightsChanged) -> RunState:
    known = BalancerWeights(event.mark, event.own, event.share, event.theirs, event.detail)
    return changed(state, weights={**state.weights, event.balancer: known})


def _noted(state: RunState, event: ev.NoteAdded) -> RunState:
    noted = changed(state, notes=(*state.notes, (event.at, event.by.name, event.text)))
    return changed(noted, back_why=event.text) if event.about == "rollback" else noted


def _changes_listed(state: RunState, event: ev.ChangesListed) -> RunState:
    return changed(state, changes=event.subjects, migrations=event.migrations if event.known else ())


def _reviewed(state: RunState, event: ev.DatabaseReviewed) -> RunState:
    return changed(state, review=event.review)


def _packed(state: RunState, event: ev.ReleasePacked) -> RunState:
    return changed(state, content=event.content)


def _sent(state: RunState, event: ev.ReleaseSent) -> RunState:
    return changed(state, sending=event)


def _backed_up(state: RunState, event: ev.BackupTaken) -> RunState:
    return changed(state, backup=event.backup)


def _maintained(state: RunState, event: ev.MaintenanceChanged) -> RunState:
    return changed(state, maintenance=event.now)


def _announced(state: RunState, event: ev.AnnouncementSent) -> RunState:
    if event.moment == "before":
        return changed(state, announced=event.told, untold=event.problems, posted=event.posted)
    return changed(state, told_end=event.told)


def _operator_joined(state: RunState, event: ev.OperatorJoined) -> RunState:
    return changed(state, joined=(*state.joined, event.by))


def _helm_taken(state: RunState, event: ev.HelmTaken) -> RunState:
    return changed(state, helm=event.by)


def _taken_up(state: RunState, event: ev.TakenUp) -> RunState:
    rebooted = state.boot not in ("", event.boot)
    after = on_hosts.orphaned(state, rebooted=rebooted)
    if rebooted:
        after = on_clock_of_another_boot(after, event.mono)
    pausing = after.pausing
    if pausing is None and state.phase in ("locking", "running") and not state.aborting and kind_of(state).waits_for_people:
        words = SafeText(f"the engine was replaced by {event.by.name}'s; what was running is settled first")
        pausing = Pausing(words, "taken-up", event.mono, None)
    return changed(after, epoch=event.epoch, epoch_before=state.epoch, pausing=pausing)


def _ended(state: RunState, event: ev.RunEnded) -> RunState:
    return changed(
        state, phase="ended", exit=event.exit, outcome=event.outcome, reason=event.reason, hint=event.hint, ended_at=event.at, pausing=None,
        locked_hosts=event.held, ticket="open" if event.ticket else "",
    )  # fmt: skip


def _ticket_closed(state: RunState, event: ev.TicketClosed) -> RunState:
    return changed(state, ticket="failed" if event.problem else "closed", ticket_problem=event.problem)


_CHANGES: dict[type[ev.Event], Callable[[RunState, Any], RunState]] = {
    ev.RunOpened: _opened,
    ev.RevisionResolved: _resolved,
    ev.CheckReported: _checked,
    ev.CheckAcknowledged: _acknowledged,
    ev.HostSeen: on_hosts.seen,
    ev.StepsPlanned: _steps_planned,
    ev.PlanMade: _planned,
    ev.Decided: _decided,
    ev.LocksTaken: _locked,
    ev.LocksRefused: _lock_refused,
    ev.StepStarted: on_hosts.started,
    ev.StepFinished: on_hosts.finished,
    ev.CriticalJudged: _critical,
    ev.AnalysisSeen: _analysed,
    ev.LogKindsSeen: _log_kinds,
    ev.Promoted: _promoted,
    ev.BaselineTaken: _baselines,
    ev.ThresholdJudged: _threshold_changed,
    ev.ThresholdCrossed: _threshold_changed,
    ev.ThresholdBreached: _threshold_changed,
    ev.ThresholdRecovered: _threshold_changed,
    ev.WindowExtended: _window_extended,
    ev.Superseded: _superseded,
    ev.GateJudged: on_hosts.judged,
    ev.HostReturning: on_hosts.returning,
    ev.HostSkipped: on_hosts.skipped,
    ev.HostRetried: retries.retried,
    ev.HostOwed: on_hosts.owed,
    ev.HostForgiven: on_hosts.forgiven,
    ev.HostFailed: on_hosts.fell,
    ev.HostsAnswered: on_hosts.answered,
    ev.LinkLost: on_hosts.link_lost,
    ev.LinkRestored: on_hosts.link_restored,
    ev.TrafficChanged: on_hosts.traffic_changed,
    ev.WeightsChanged: _weighed,
    ev.RecordLost: _record_lost,
    ev.RecordRegained: _record_regained,
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
    ev.ReleaseSent: _sent,
    ev.BackupTaken: _backed_up,
    ev.MaintenanceChanged: _maintained,
    ev.AnnouncementSent: _announced,
    ev.TakenUp: _taken_up,
    ev.RunEnded: _ended,
    ev.LocksReleased: _released,
    ev.TicketClosed: _ticket_closed,
}

_ON_COUNTS = frozenset({ev.Continued, ev.HostRetried, ev.TakenUp})
"""Events whose change depends on what is counted (`RunState.tally`)."""

_ACTS: dict[type[ev.Event], tuple[str, str]] = {
    ev.Decided: ("go", "decided"),
    ev.CheckAcknowledged: ("check {check}", "ticked {check} off"),
    ev.Paused: ("pause", "paused it"),
    ev.Continued: ("pause", "continued it"),
    ev.Promoted: ("promotion", "promoted it"),
    ev.WindowExtended: ("window", "extended the monitoring window"),
    ev.AbortAsked: ("end", "aborted it"),
    ev.Superseded: ("end", "released the next version"),
    ev.RollbackBegan: ("end", "rolled it back"),
    ev.HostSkipped: ("host {host}", "skipped {host}"),
    ev.HostRetried: ("host {host}", "tried {host} again"),
}
"""What each kind of event that somebody causes is about, and what it is called."""
