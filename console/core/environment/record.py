"""The record of an environment, kept as the events of its runs come: what is live where, what is owed, how the last runs ended, and the like. Pure.

Each rule has a module of its own: `debts`, `live_release` and `verification` here, `direction`, `staging` and `health_at_rest` in `core/checks`,
`usual_times` in `core/run`. This module applies them.
Runs are taken in the order in which they end. If an older run ends after a newer one, the record must be rebuilt (`is_late`).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from console.core.checks.direction import attempts_after
from console.core.checks.health_at_rest import verdicts
from console.core.checks.staging import released_of
from console.core.database_state import MIGRATE, REVERT, is_migrated
from console.core.environment.debts import debts_after, forgiven
from console.core.environment.live_release import live_after
from console.core.environment.verification import unverified_after, unverified_forgiven
from console.core.host_conditions import LOST
from console.core.kinds.kind_table import kind_of
from console.core.run.breaches import blocking_breach
from console.core.run.usual_times import seconds_by_kind
from console.core.traffic.bluegreen_sides import is_bluegreen
from console.exit_codes import Exit
from console.model import events as ev
from console.model.environment_record import EnvironmentRecord, HostRecord, OpenRun
from console.model.fleet_snapshot import LastRun
from console.model.paged_table import Table
from console.model.plan import Steps
from console.model.run_summary import ASIDE
from console.model.state import RunState
from console.model.values import changed

ACTED: Final = frozenset({Exit.DONE, Exit.ROLLED_BACK, Exit.FAILED, Exit.LIVE_BUT_BEHIND})
"""Exit codes of runs that did something to hosts."""
RUNS = 5
"""Runs whose steps say how long steps usually take."""
RELEASES = 200
"""Release runs that the record keeps."""
_HostChange = Callable[[HostRecord], HostRecord]
_TELLS_RELEASE = (ev.RevisionResolved, ev.PlanMade, ev.ReleasePacked, ev.RunEnded)


def recorded(record: EnvironmentRecord, number: int, events: tuple[ev.AnyEvent, ...], state: RunState) -> EnvironmentRecord:
    """Return the environment's record after events of one run. `number`: the run's position over all runs; `state`: the run's state after these events."""
    if not state.run or state.kind in ASIDE:
        return record
    record = _with_hosts(changed(record, app=state.app, environment=state.environment), events, state)
    for event in events:
        if isinstance(event, ev.BackupTaken) and state.kind == "deploy":
            record = changed(record, backup=event.backup)
        elif isinstance(event, ev.TicketClosed):
            record = changed(record, tickets=tuple(run for run in record.tickets if run != state.run))
        elif isinstance(event, ev.RunEnded) and event.ticket:
            record = changed(record, tickets=(*record.tickets, state.run))
        elif isinstance(event, ev.HostForgiven) and state.phase == "ended":
            record = _forgiven(record, event, state)
        elif isinstance(event, ev.WeightsChanged):
            record = _weighed(record, event)
    if state.kind == "deploy" and any(isinstance(event, _TELLS_RELEASE) for event in events):
        record = _with_release(record, state, number)
    if any(isinstance(event, ev.RunEnded) for event in events):
        return _ended(record, state, number)
    return record if state.phase == "ended" else _open(record, state)


def is_late(record: EnvironmentRecord, number: int, events: Iterable[ev.AnyEvent], state: RunState) -> bool:
    """Whether a run that worked on hosts ends after one that was opened later: then the record must be rebuilt in the order of runs."""
    return number < record.newest and state.kind not in ASIDE and state.exit in ACTED and any(isinstance(event, ev.RunEnded) for event in events)


def trimmed(state: RunState) -> RunState:
    """Return what a later rollback needs of an ended run: where its hosts were and are, what it released, and whether its migration is still there.

    Its plan, checks and steps are left out; of a blue/green release it is known which hosts it changed.
    """
    hosts = Table((name, changed(host, steps={}, step="", since=0.0, lost=0.0)) for name, host in state.hosts.items())
    return RunState(
        run=state.run, kind=state.kind, app=state.app, environment=state.environment, by=state.by, request=state.request, phase=state.phase,
        revision=state.revision, release=state.release, content=state.content, review=state.review, backup=state.backup, way_back=state.way_back,
        steps=Table((name, state.steps[name]) for name in (MIGRATE, REVERT) if name in state.steps), hosts=hosts, changed=state.changed, go=state.go,
        exit=state.exit, outcome=state.outcome, ended_at=state.ended_at,
        plan=changed(state.plan, steps=Steps()) if state.plan and is_bluegreen(state) else None,
    )  # fmt: skip


def is_undoable(state: RunState) -> bool:
    """Whether a rollback has to know that run: it may have put another release on a host."""
    return state.phase == "ended" and kind_of(state).changes_release and (state.changed or state.exit in ACTED)


def _open(record: EnvironmentRecord, state: RunState) -> EnvironmentRecord:
    breach = blocking_breach(state)
    waits = state.pausing is not None or state.phase == "deciding" or (breach is not None and breach.is_breached)
    now = OpenRun(state.run, state.kind, waits)
    if now in record.open:
        return record
    if any(one.run == now.run for one in record.open):
        return changed(record, open=tuple(now if one.run == now.run else one for one in record.open))
    return changed(record, open=(now, *record.open))


def _ended(record: EnvironmentRecord, state: RunState, number: int) -> EnvironmentRecord:
    last = LastRun(state.run, state.kind, state.outcome, state.exit, state.ended_at)
    record = changed(record, open=tuple(one for one in record.open if one.run != state.run), attempts=attempts_after(record.attempts, state))
    if number > record.last_number:
        record = changed(record, last=last, last_number=number)
    took = seconds_by_kind(state)
    if took:
        record = changed(record, usual=(took, *record.usual)[:RUNS])
    record = changed(record, live=live_after(record.live, state, reversed(record.released.values())), migrated=_migrated_after(record.migrated, state))
    if state.exit not in ACTED:
        return record
    return changed(
        _with_hosts_seen(record, state), newest=max(number, record.newest), debts=debts_after(record.debts, state, number),
        unverified=unverified_after(record.unverified, state, last),
    )  # fmt: skip


def _migrated_after(before: RunState | None, state: RunState) -> RunState | None:
    """The run whose migration is still there while its release may be taken back."""
    if state.kind == "rollback" and state.exit == 0:
        return None
    if state.kind == "deploy" and (state.changed or is_migrated(state)):
        return changed(trimmed(state), hosts=Table(), way_back=()) if is_migrated(state) else None
    return before


def _forgiven(record: EnvironmentRecord, event: ev.HostForgiven, state: RunState) -> EnvironmentRecord:
    debts, unverified = forgiven(record.debts, state.run, event.host), unverified_forgiven(record.unverified, state.run, event.host)
    return changed(record, debts=debts, unverified=unverified)


def _weighed(record: EnvironmentRecord, event: ev.WeightsChanged) -> EnvironmentRecord:
    """The next run puts back what this one leaves."""
    others = {name: own for name, own in record.weights.items() if name != event.balancer}
    return changed(record, weights={**others, event.balancer: event.own} if event.own else others)


def _with_release(record: EnvironmentRecord, state: RunState, number: int) -> EnvironmentRecord:
    released = {**record.released, state.run: released_of(state, number)}
    return changed(record, released=dict(list(released.items())[-RELEASES:]))


def _with_hosts_seen(record: EnvironmentRecord, state: RunState) -> EnvironmentRecord:
    """What hosts are on at a run's end, as far as it knows."""
    known = (host for host in state.hosts.values() if host.touched and host.condition not in LOST)
    return _changed_hosts(record, ((host.name, _sets(release=host.release, version=host.version, run=state.run)) for host in known))


def _with_hosts(record: EnvironmentRecord, events: tuple[ev.AnyEvent, ...], state: RunState) -> EnvironmentRecord:
    said = verdicts(events) if kind_of(state).changes_hosts else {}
    changes = (change for event in events for change in _host_changes(event, state.run))
    return _changed_hosts(record, (*changes, *((host, _sets(verdict=verdict)) for host, verdict in said.items())))


def _host_changes(event: ev.AnyEvent, run: str) -> Iterator[tuple[str, _HostChange]]:
    match event:
        case ev.HostSeen() if not event.problem:
            yield event.host, _sets(release=event.release, version=event.version, run=run)
        case ev.LocksTaken():
            yield from ((name, _sets(locked_by=run, lock_left=False)) for name in event.hosts)
        case ev.RunEnded():
            yield from ((name, _where_locked_by(run, locked_by=run, lock_left=True)) for name in event.held)
        case ev.LocksReleased():
            gone = (*event.hosts, *(one.host for one in event.left if one.unsettled))
            yield from ((name, _where_locked_by(run, locked_by="", lock_left=False)) for name in gone)
        case ev.TrafficChanged() if event.mark != "left":
            yield event.host, _drained(event.balancer, there=event.mark != "in")
        case _:
            return


def _sets(**fields: Any) -> _HostChange:  # noqa: ANN401 (fields of HostRecord)
    return lambda host: changed(host, **fields)


def _drained(balancer: str, *, there: bool) -> _HostChange:
    """Add that balancer to those that a run took the host out of, or take it away from them."""

    def change(host: HostRecord) -> HostRecord:
        rest = tuple(name for name in host.drained if name != balancer)
        return changed(host, drained=(*rest, balancer) if there else rest)

    return change


def _where_locked_by(run: str, **fields: Any) -> _HostChange:  # noqa: ANN401
    """Change the host only while that run is the last one that took its lock."""
    return lambda host: changed(host, **fields) if host.locked_by == run else host


def _changed_hosts(record: EnvironmentRecord, changes: Iterable[tuple[str, _HostChange]]) -> EnvironmentRecord:
    fresh: dict[str, HostRecord] = {}
    for name, change in changes:
        fresh[name] = change(fresh.get(name) or record.hosts.get(name) or HostRecord())
    return changed(record, hosts={**record.hosts, **fresh}) if fresh else record
