"""Which steps may begin and how far every host is, kept up to date by what an event changes. Pure.

`with_host` and `with_step` are the only writers of hosts and steps; each looks at one lane and at the steps that wait for it, never at the fleet.
`recounted` looks at everything, where a plan or a rollback begins. Between `uncounted` and `recounted` hosts and steps alone are written.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from console.core.database_state import KINDS
from console.core.host_conditions import FORWARD, MISPLACED, STAYED_OLD, STRANDED
from console.core.kinds.kind_table import kind_of
from console.core.plan.graph import open_needs, waiting_of
from console.core.plan.return_plan import goes_back, is_back, stays_forward
from console.model.host_set import HostSet
from console.model.paged_table import Table
from console.model.plan import Phase, Step
from console.model.state import PENDING, HostState, RunState, StepState
from console.model.tally import LaneTally, Tally
from console.model.values import changed

OWN_FAILURES = frozenset({"failed", "unknown", "cancelled", "unreachable"})
"""Statuses of a step about no host that fail the run."""
UNBEGUN = frozenset({"pending", "held"})
UNSETTLED = UNBEGUN | {"running"}


def phases_in_play(state: RunState, host: HostState) -> tuple[Phase, ...]:
    """The phases whose steps about that host are still to be done as the host and the run are now; one that is back may have a hook before it."""
    if host.condition == "returning" or (host.condition in STAYED_OLD and is_back(state, host)):
        return ("rollback",)
    if host.condition not in FORWARD:
        return ()
    found: tuple[Phase, ...] = ("prepare", "release", "verify")
    if state.back is not None:
        found = ("release",) if stays_forward(state, host) else ()
    found = (*found, "rollback") if kind_of(state).is_return else found
    return (*found, "close") if host.condition == "new" else found


def lets_begin(state: RunState, need: Step) -> bool:
    """Whether a step that needs this one may begin: it is settled; what is done to the database has to be done, whatever else is tolerated."""
    if need.kind == "mark":
        return not state.tally.open.get(need.name, 0)
    return state.step_state(need).status == "done" if need.kind in KINDS else is_settled(state, need)


def is_settled(state: RunState, step: Step) -> bool:
    """Whether nothing more is expected of a step: it ended, or is about a host that it is not to be done for any more."""
    status = state.step_state(step).status
    if status in UNBEGUN and step.about in state.hosts:
        return step.phase not in phases_in_play(state, state.hosts[step.about])
    return status not in UNSETTLED


def with_host(state: RunState, name: str, **fields: Any) -> RunState:  # noqa: ANN401 (fields of HostState)
    """Return the state with those fields of a host changed, and what follows from that for what may begin. Unknown hosts change nothing."""
    before = state.hosts.get(name)
    if before is None:
        return state
    after = changed(before, **fields)
    if state.tally.stale:
        return changed(state, hosts=state.hosts.put(name, after))
    state = _recount_host(changed(state, hosts=state.hosts.put(name, after)), after)
    if before.condition == after.condition:
        return state
    conditions = state.tally.conditions
    left = conditions[before.condition].put(name, there=False)
    joined = conditions.get(after.condition, state.tally.nobody).put(name, there=True)
    moved = {**conditions, before.condition: left, after.condition: joined}
    return changed(state, tally=changed(state.tally, conditions=moved if left else {which: hosts for which, hosts in moved.items() if hosts}))


def with_step(state: RunState, step: Step, known: StepState) -> RunState:
    """Return the state with that step so far."""
    host = state.hosts.get(step.about)
    if host is not None:
        return with_host(state, host.name, steps={**host.steps, step.name: known})
    if state.tally.stale:
        return changed(state, steps=state.steps.put(step.name, known))
    was_open = not lets_begin(state, step)
    begun = step.phase == "close" and state.step_state(step).status != "pending"
    state = changed(state, steps=state.steps.put(step.name, known))
    tally = state.tally
    closing = tally.closing + (step.phase == "close" and known.status != "pending") - begun
    state = _recount_own_step(changed(state, tally=changed(tally, closing=closing)), step)
    return _recount_needs(state, (step.name,), were_open=was_open, are_open=not lets_begin(state, step))


def uncounted(state: RunState) -> RunState:
    """Return the state without its tally, which is not kept until it is `recounted`."""
    return state if state.tally.stale else changed(state, tally=_STALE)


_STALE: Final = Tally(stale=True)


def counted(state: RunState) -> RunState:
    """Return the state with a tally that holds."""
    return recounted(state) if state.tally.stale else state


def recounted(state: RunState) -> RunState:
    """Return the state with its tally counted anew, from everything that it holds."""
    index = dict(state.index.items())
    waiting = waiting_of(index)
    open_now = open_needs(index, waiting, lambda step: lets_begin(state, step))
    nobody = HostSet(state.hosts)
    own = [step for step in index.values() if step.about not in state.hosts and step.kind != "mark"]
    conditions: dict[str, list[str]] = {}
    for host in state.hosts.values():
        conditions.setdefault(host.condition, []).append(host.name)
    state = changed(state, tally=Tally(
        nobody=nobody, conditions={condition: nobody.only(names) for condition, names in conditions.items()}, waiting=waiting, open=Table(open_now),
        closing=sum(step.phase == "close" and state.step_state(step).status != "pending" for step in own),
    ))  # fmt: skip
    state = changed(state, tally=_with_every_lane(state))
    for step in own:
        state = _recount_own_step(state, step)
    return state


def _with_every_lane(state: RunState) -> Tally:
    """The tally with every lane looked at: as `_with_lane` for each, without a tally for each."""
    tally = state.tally
    found = [(host, _lane(state, host)) for host in state.hosts.values()]

    def those(there: Callable[[HostState, LaneTally], object]) -> HostSet:
        return tally.nobody.only(host.name for host, lane in found if there(host, lane))

    return changed(
        tally,
        lanes=Table((host.name, lane) for host, lane in found),
        closing=tally.closing + sum(lane.closing for _, lane in found),
        **{name: those(there) for name, there in _MEMBERS.items()},
    )


def _recount_those(state: RunState, hosts: Iterable[str], own: Iterable[Step]) -> RunState:
    """Look at those lanes again, of which steps elsewhere need the same as before, and at those steps about no host."""
    for name in hosts:
        host = state.hosts[name]
        state = changed(state, tally=_with_lane(state.tally, host, _lane(state, host)))
    for step in own:
        state = _recount_own_step(state, step)
    return state


def _recount_host(state: RunState, host: HostState) -> RunState:
    """Look at one lane again, and at the steps elsewhere that it holds up or lets begin."""
    before = state.tally.lanes[host.name]
    lane = _lane(state, host)
    state = changed(state, tally=_with_lane(state.tally, host, lane))
    if before.needed_elsewhere == lane.needed_elsewhere:
        return state
    state = _recount_needs(state, tuple(name for name in before.needed_elsewhere if name not in lane.needed_elsewhere), were_open=True, are_open=False)
    return _recount_needs(state, tuple(name for name in lane.needed_elsewhere if name not in before.needed_elsewhere), were_open=False, are_open=True)


def _lane(state: RunState, host: HostState) -> LaneTally:
    tally, steps, in_play = state.tally, state.lanes.get(host.name, ()), phases_in_play(state, host)
    open_steps, running, closing, has_way, is_held = list[Step](), list[Step](), 0, False, False
    for step in steps:
        status = host.steps.get(step.name, PENDING).status
        closing += step.phase == "close" and status != "pending"
        has_way = has_way or step.phase == "rollback"
        if status == "running":
            running.append(step)
        elif status in UNBEGUN and step.phase in in_play:
            open_steps.append(step)
            is_held = is_held or status == "held"
    first = () if running else tuple(open_steps[:1])
    ready = tuple(step for step in first if host.steps.get(step.name, PENDING).status == "pending" and not tally.open.get(step.name, 0))
    return LaneTally(
        ready, tuple(running), tuple(step.name for step in (*open_steps, *running) if step.name in tally.waiting),
        any(host.steps[step.name].orphaned for step in running), closing, is_held,
        _is_stranded(state, host, has_way=has_way, runs=bool(running)),
    )  # fmt: skip


def _is_stranded(state: RunState, host: HostState, *, has_way: bool, runs: bool) -> bool:
    if host.condition not in STRANDED:
        return False
    if host.condition == "skipped" and runs:
        return True
    is_to_begin = not has_way or (host.condition == "skipped" and not is_back(state, host))
    return host.touched and is_to_begin and goes_back(state, host.name)


def _is_misplaced(host: HostState) -> bool:
    is_meant = host.condition in MISPLACED and (host.touched or host.condition == "owed")
    return is_meant and not host.is_out and not any(seen.mark == "unread" for seen in host.traffic.values())


_MEMBERS: Final[dict[str, Callable[[HostState, LaneTally], object]]] = {
    "failed_once": lambda host, _: host.failed_once,
    "failed_unseen": lambda host, _: host.failed_once and not host.tolerated,
    "cut": lambda host, _: not host.linked and host.lost > 0,
    "running": lambda _, lane: lane.running,
    "forward": lambda _, lane: any(step.phase != "rollback" for step in lane.running),
    "orphaned": lambda _, lane: lane.orphaned,
    "ready": lambda _, lane: any(step.phase != "rollback" for step in lane.ready),
    "ready_back": lambda _, lane: any(step.phase == "rollback" for step in lane.ready),
    "stranded": lambda _, lane: lane.stranded,
    "with_held_step": lambda _, lane: lane.has_held_step,
    "misplaced": lambda host, _: _is_misplaced(host),
}
"""Sets of the tally, and which hosts are in each."""


def _with_lane(tally: Tally, host: HostState, lane: LaneTally) -> Tally:
    name, before = host.name, tally.lanes[host.name]
    return changed(
        tally,
        lanes=tally.lanes.put(name, lane),
        closing=tally.closing + lane.closing - before.closing,
        **{member: getattr(tally, member).put(name, there=bool(there(host, lane))) for member, there in _MEMBERS.items()},
    )


def _recount_own_step(state: RunState, step: Step) -> RunState:
    tally, known = state.tally, state.step_state(step)
    status, is_failed = known.status, known.status in OWN_FAILURES and step.fatal and not known.tolerated
    return changed(state, tally=changed(
        tally,
        own_running=_in_plan_order(state, tally.own_running, step.name, there=status == "running"),
        own_ready=_in_plan_order(state, tally.own_ready, step.name, there=status == "pending" and not tally.open.get(step.name, 0)),
        own_failed=_in_plan_order(state, tally.own_failed, step.name, there=is_failed),
        own_held=_in_plan_order(state, tally.own_held, step.name, there=status == "held"),
    ))  # fmt: skip


def _in_plan_order(state: RunState, names: tuple[str, ...], name: str, *, there: bool) -> tuple[str, ...]:
    """The names with that one, or without it; in the plan's order, as they are where everything is counted anew."""
    if there:
        return names if name in names else state.index.in_order((*names, name))
    return tuple(known for known in names if known != name) if name in names else names


def _recount_needs(state: RunState, needs: tuple[str, ...], *, were_open: bool, are_open: bool) -> RunState:
    """Count those needs in the steps elsewhere that have them, and look at the ones that may begin now, or may not any more."""
    if were_open == are_open:
        return state
    before, counts, by = state.tally.open, dict[str, int](), 1 if are_open else -1
    touched: dict[str, Step] = {}
    for need in needs:
        for step in state.tally.waiting.get(need, ()):
            counts[step.name] = counts.get(step.name, before[step.name]) + by
            touched[step.name] = step
    state = changed(state, tally=changed(state.tally, open=before.put_all(counts)))
    turned = [step for name, step in touched.items() if (before[name] == 0) != (counts[name] == 0)]
    hosts = dict.fromkeys(step.about for step in turned if step.about in state.hosts)
    own = [step for step in turned if step.about not in state.hosts]
    state = _recount_those(state, hosts, [step for step in own if step.kind != "mark"])
    for step in own:
        state = _recount_needs(state, (step.name,), were_open=were_open, are_open=are_open) if step.kind == "mark" else state
    return state
