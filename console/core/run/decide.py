"""What a run needs now: steps to start, things that have become true, when to look again. Pure.

The engine calls it after every event and carries out what it says. A run that is not over always gets an effect, a time, or a question from here,
unless a step runs.
"""

from collections.abc import Iterator

from console.core.checks.database import KINDS, needs_person
from console.core.kinds.table import kind_of, on_failure
from console.core.plan.return_plan import can_return, plan_return, plan_rollback
from console.core.run.links import NETWORK_HOSTS, NETWORK_SECONDS, lost_together
from console.core.run.outcome import conclude
from console.core.words.sizes import counted
from console.model.effects import AskHosts, AskPerson, CancelStep, Effect, RecordEvent, StartStep, TakeLocks, WakeAt
from console.model.events import HostOwed, HostReturning, Paused, RollbackBegan, RunEnded, StepFinished, StepStarted
from console.model.fleet import Environment
from console.model.plan import Step, Steps
from console.model.state import HostState, RunState, StepState
from console.text import SafeText

FORWARD = frozenset({"old", "updating", "new"})
LOST = frozenset({"unreachable", "unknown"})


def decide(environment: Environment, state: RunState, now: float) -> tuple[Effect, ...]:
    """Return what should happen now. `now` is on the boot-time clock, in seconds."""
    if state.phase == "ended":
        return ()
    if state.go is False or state.locked_by:
        return (_end(state),)
    if state.phase in ("preflight", "deciding"):
        return (AskPerson("decision"),) if state.phase == "deciding" else ()
    if state.phase == "locking":
        return (TakeLocks(),)
    settling = tuple(_settling(state))
    if settling:
        return settling
    turn = _roll_back if state.phase == "rolling-back" else _go_forward
    return tuple(turn(environment, state, now))


def failures(state: RunState) -> int:
    """Hosts that count against the failure budget."""
    return sum(host.failed_once for host in state.hosts.values())


def is_tripped(state: RunState) -> bool:
    """Whether more went wrong than the budget allows."""
    if kind_of(state).is_return:
        return False
    return failures(state) > max(state.max_failures, state.tolerated) or _failed_without_host(state) is not None


def is_settled(state: RunState, step: Step) -> bool:
    """Whether nothing more is expected of the step."""
    status = state.step_state(step).status
    if status in ("running", "pending"):
        return status == "pending" and step.about in state.hosts and not _in_play(state, step)
    return True


def running_steps(state: RunState) -> tuple[Step, ...]:
    """Steps that run now."""
    hosts = (
        state.index[name]
        for host in state.hosts.values()
        for name, known in host.steps.items()
        if known.status == "running" and name in state.index
    )
    own = (state.index[name] for name, known in state.steps.items() if known.status == "running" and name in state.index)
    return (*own, *hosts)


def _settling(state: RunState) -> Iterator[Effect]:
    for step in running_steps(state):
        known = state.step_state(step)
        if known.unsettled:
            yield StartStep(step, known.attempt, settle=True)


def _in_play(state: RunState, step: Step) -> bool:
    condition = state.hosts[step.about].condition
    if step.phase == "rollback":
        return condition == "returning" or (kind_of(state).is_return and condition in FORWARD)
    if step.phase == "close":
        return condition == "new"
    return condition in FORWARD and state.back is None


def _is_ready(state: RunState, step: Step) -> bool:
    if state.step_state(step).status != "pending":
        return False
    if step.about in state.hosts and not _in_play(state, step):
        return False
    return all(_lets_begin(state, state.index[need]) for need in step.needs if need in state.index)


def _lets_begin(state: RunState, need: Step) -> bool:
    """Whether a step that needs this one may begin: it is settled; what is done to the database has to be done, whatever else is tolerated."""
    return state.step_state(need).status == "done" if need.kind in KINDS else is_settled(state, need)


def _go_forward(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    if state.aborting:
        yield from _abort(environment, state, now)
        return
    if is_tripped(state) and not (state.pausing and state.pausing.cause in ("failure", "network")) and not _is_closing(state):
        yield from _trip(environment, state)
        return
    cut = not kind_of(state).is_return and state.pausing is None and lost_together(environment, state)
    if cut:
        words = f"{', '.join(cut[:4])}{f' and {len(cut) - 4} more' if len(cut) > 4 else ''} lost their links at once, which points at the network"
        yield RecordEvent(Paused(reason=SafeText(words), cause="network"))
        return
    if state.pausing:
        yield from _send_back(environment, state, frozenset({"skipped"}))
        yield from _starts(state, now, (*_returns(state), *_under_way(state)))
        return
    returning = tuple(_send_back(environment, state, frozenset({"skipped"} if needs_person(state) else {"failed", "skipped"})))
    if returning:
        yield from returning
        return
    steps = tuple(state.index.values())
    effects = tuple(_starts(state, now, steps))
    yield from effects
    if not effects and not running_steps(state):
        yield from _close(state)


def _is_closing(state: RunState) -> bool:
    """Whether the release is verified and the run only tidies up: a host that is lost now is owed, and takes no other host back with it."""
    return any(step.phase == "close" and state.step_state(step).status != "pending" for step in state.index.values())


def _returns(state: RunState) -> tuple[Step, ...]:
    return tuple(step for step in state.index.values() if step.phase == "rollback")


def _under_way(state: RunState) -> tuple[Step, ...]:
    """What is still to be done on hosts that are being updated when a person's pause comes: no host is left between its switch and its gate."""
    if state.pausing is None or state.pausing.cause not in ("operator", "pause-after"):
        return ()
    updating = {host.name for host in state.hosts.values() if host.condition == "updating"}
    return tuple(step for step in state.index.values() if step.phase == "release" and step.about in updating)


def _starts(state: RunState, now: float, steps: tuple[Step, ...]) -> Iterator[Effect]:
    for step in steps:
        if not _is_ready(state, step):
            continue
        if step.kind == "wave":
            yield from _begin_wave(state, step, now)
        else:
            yield StartStep(step, state.step_state(step).attempt + 1)


def _begin_wave(state: RunState, step: Step, now: float) -> Iterator[Effect]:
    done = sum(host.condition == "new" for host in state.hosts.values())
    if state.pause_after and not state.passed_pause and done >= state.pause_after and step.wave > 1:
        yield RecordEvent(Paused(reason=SafeText(f"pause after {counted(done, 'host')}, as the file says"), cause="pause-after"))
        return
    ready_at = max((_ended_at(state, need) for need in step.needs), default=0.0) + step.pause
    if step.pause and now < ready_at:
        yield WakeAt(ready_at)
        return
    yield RecordEvent(StepStarted(step=step.name))
    yield RecordEvent(StepFinished(step=step.name))


def _ended_at(state: RunState, name: str) -> float:
    step = state.index.get(name)
    known = state.step_state(step) if step else StepState()
    return known.started + known.seconds


def _trip(environment: Environment, state: RunState) -> Iterator[Effect]:
    reason, rule = _trip_reason(state), on_failure(state)
    if state.changed and _is_network(environment, state):
        yield RecordEvent(Paused(reason=SafeText(f"{reason}; several hosts were lost at once, which points at the network"), cause="network"))
    elif state.changed and rule == "rollback" and needs_person(state):
        words = f"{reason}; nothing goes back by itself: the database is migrated, and the code before is not known to run on it"
        yield RecordEvent(Paused(reason=SafeText(words), cause="failure"))
    elif rule == "pause" and state.changed:
        yield RecordEvent(Paused(reason=reason, cause="failure"))
    elif rule == "rollback" and state.changed:
        yield RecordEvent(RollbackBegan(plan=plan_rollback(environment, state), reason=reason, cause="failure"))
    else:
        yield from _stop(state)


def _stop(state: RunState) -> Iterator[Effect]:
    """Leave every host as it is, once what runs has ended; the window need not be over."""
    running = running_steps(state)
    yield from (CancelStep(step, state.step_state(step).attempt) for step in running if step.kind == "monitor")
    if not running:
        yield from _close(state)


def _trip_reason(state: RunState) -> SafeText:
    alone = _failed_without_host(state)
    if alone:
        return SafeText(f"{alone.title} failed: {state.step_state(alone).detail}")
    names = [f"{host.name} ({host.detail or host.condition})" for host in state.hosts.values() if host.failed_once]
    return SafeText(f"{len(names)} failed, {state.max_failures} allowed: {', '.join(names[:4])}")


def _failed_without_host(state: RunState) -> Step | None:
    if state.tolerates_steps:
        return None
    bad = (name for name, known in state.steps.items() if known.status in ("failed", "unknown", "cancelled"))
    return next((state.index[name] for name in bad if name in state.index), None)


def _is_network(environment: Environment, state: RunState) -> bool:
    if lost_together(environment, state):
        return True
    lost = sorted(host.since for host in state.hosts.values() if host.failed_once and host.condition in LOST)
    return any(late - early <= NETWORK_SECONDS for early, late in zip(lost, lost[NETWORK_HOSTS - 1 :], strict=False))


def _send_back(environment: Environment, state: RunState, conditions: frozenset[str]) -> Iterator[Effect]:
    if not kind_of(state).returns:
        return
    for host in state.hosts.values():
        if host.condition not in conditions:
            continue
        running = _running_on(state, host)
        if host.condition == "skipped" and running:
            yield from (CancelStep(step, state.step_state(step).attempt) for step in running)
        elif host.touched and can_return(state, host.name) and not _has_return(state, host) and not running:
            yield RecordEvent(HostReturning(host=host.name, reason=host.detail, steps=Steps(plan_return(environment, state, host.name))))


def _running_on(state: RunState, host: HostState) -> tuple[Step, ...]:
    return tuple(step for step in state.lanes.get(host.name, ()) if state.step_state(step).status == "running")


def _has_return(state: RunState, host: HostState) -> bool:
    return any(step.phase == "rollback" for step in state.lanes.get(host.name, ()))


def _abort(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    if state.aborting == "leave" and (returning := tuple(_goes_on_returning(environment, state, now))):
        yield from returning
        return
    if running_steps(state) or not (state.aborting == "back" and state.changed and kind_of(state).returns):
        yield from _stop(state)
    else:
        plan = plan_rollback(environment, state)
        yield RecordEvent(RollbackBegan(plan=plan, reason=SafeText("aborted"), cause="abort"))


def _goes_on_returning(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    """Let a host that was already told to go back come there: it is called skipped, so it has to be."""
    yield from _send_back(environment, state, frozenset({"skipped"}))
    yield from _starts(state, now, _returns(state))


def _roll_back(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    if state.back is None:
        return
    forward = [step for step in running_steps(state) if step.phase != "rollback"]
    yield from (CancelStep(step, state.step_state(step).attempt) for step in forward)
    busy = {step.about for step in forward}
    ready = tuple(step for step in state.back.steps if step.about not in busy)
    starts = tuple(_starts(state, now, ready))
    yield from starts
    if not starts and not running_steps(state):
        yield from _close(state)


def _close(state: RunState) -> Iterator[Effect]:
    owed = [HostOwed(host=host.name, reason=host.detail or SafeText(host.condition)) for host in state.hosts.values() if _is_lost(state, host)]
    owed += [HostOwed(host=host.name, reason=_why_behind(host)) for host in _behind_for_good(state)]
    settled = tuple(host.name for host in state.hosts.values() if host.touched and host.condition in ("new", "back"))
    if owed:
        yield from map(RecordEvent, owed)
    elif settled and not state.answered:
        yield AskHosts(settled)
    else:
        yield _end(state)


def _is_lost(state: RunState, host: HostState) -> bool:
    return host.condition in LOST and (host.touched or kind_of(state).is_return)


def _behind_for_good(state: RunState) -> Iterator[HostState]:
    """Hosts that were left out of a release which is live now, or were not reached for it."""
    goes_on = kind_of(state).makes_release and state.back is None and not state.aborting and (_is_closing(state) or not is_tripped(state))
    if goes_on and any(host.condition == "new" for host in state.hosts.values()):
        yield from (host for host in state.hosts.values() if host.condition == "left-out" or (host.condition in LOST and not host.touched))


def _why_behind(host: HostState) -> SafeText:
    return SafeText(f"left out: {host.detail}" if host.condition == "left-out" else f"not reached: {host.detail or host.condition}")


def _end(state: RunState) -> RecordEvent:
    code, outcome, reason, hint = conclude(state)
    return RecordEvent(RunEnded(exit=int(code), outcome=outcome, reason=SafeText(reason), hint=SafeText(hint), held=state.held))
