"""What a run needs now: steps to start, things that have become true, when to look again. Pure.

The engine calls it after every event and carries out what it says. A run that is not over always gets an effect, a time, or a question from here,
unless a step runs.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from console.core.checks.database import needs_person
from console.core.conditions import LOST, SETTLED, STRANDED
from console.core.kinds.kinds import kind_of, on_failure
from console.core.plan.return_plan import plan_admission, plan_return, plan_rollback
from console.core.run.breaches import goes_back_for, waits_for_metrics
from console.core.run.links import NETWORK_HOSTS, NETWORK_SECONDS, lost_together
from console.core.run.outcome import conclude
from console.core.run.ticket import closes_ticket
from console.core.serving import is_balanced
from console.core.words.sizes import counted
from console.core.words.threshold_words import breach_words
from console.model.effects import AskHosts, AskPerson, CancelStep, Effect, RecordEvent, StartStep, TakeLocks, TakeOut, WakeAt
from console.model.events import HostOwed, HostReturning, Paused, RollbackBegan, RunEnded, StepFinished, StepStarted
from console.model.fleet import Environment
from console.model.host_set import HostSet
from console.model.plan import Step, Steps
from console.model.state import HostCondition, HostState, RunState, StepState
from console.text import SafeText

ROUNDING = 1.0
"""Seconds by which a step may seem to have ended too late: it is told in rounded ones."""


def decide(environment: Environment, state: RunState, now: float, since: int = -1) -> tuple[Effect, ...]:
    """Return what should happen now. `now` is on the boot-time clock, in seconds.

    `since`: the event after which this engine asked last, and did what the answer said; -1: never. What is to be cancelled for a rollback is said once.
    """
    if state.phase == "ended":
        return ()
    if state.go is False or state.locked_by:
        return (_end(environment, state),)
    if state.phase in ("preflight", "deciding"):
        return (AskPerson("decision"),) if state.phase == "deciding" else ()
    if state.phase == "locking":
        return (TakeLocks(),)
    settling = tuple(_settling(state))
    if settling:
        return settling
    if state.superseded_by:
        return tuple(_make_way(environment, state))
    going = _roll_back(environment, state, now, since) if state.phase == "rolling-back" else _go_forward(environment, state, now)
    misplaced = _misplaced(environment, state)
    return (*((TakeOut(misplaced),) if misplaced else ()), *going)


def _misplaced(environment: Environment, state: RunState) -> tuple[str, ...]:
    """Hosts that are to get no requests, where a balancer sends them some, as far as is known."""
    return tuple(name for name in state.tally.misplaced if is_balanced(environment, name)) if environment.balancers else ()


def failures(state: RunState) -> int:
    """Hosts that count against the failure budget."""
    return len(state.tally.failed)


def is_tripped(state: RunState) -> bool:
    """Whether more went wrong than the budget allows."""
    if kind_of(state).is_return:
        return False
    return failures(state) > max(state.max_failures, state.tolerated) or _failed_without_host(state) is not None


def running_steps(state: RunState) -> tuple[Step, ...]:
    """The steps that were started and have not ended."""
    tally = state.tally
    return (*_own(state, tally.own_running), *(step for name in tally.running for step in tally.lanes[name].running))


def changing_steps(state: RunState) -> tuple[Step, ...]:
    """Those of them that a question waits for: an analysis goes on while a person thinks, and a critical path that a person tries is the question."""
    return tuple(step for step in running_steps(state) if step.kind not in ("analysis", "manual"))


def runs(state: RunState) -> bool:
    """Whether a step runs now."""
    return bool(state.tally.running or state.tally.own_running)


def _own(state: RunState, names: tuple[str, ...]) -> tuple[Step, ...]:
    return tuple(state.index[name] for name in names)


def _settling(state: RunState) -> Iterator[Effect]:
    tally = state.tally
    steps = (*_own(state, tally.own_running), *(step for name in tally.unsettled for step in tally.lanes[name].running))
    for step in steps:
        known = state.step_state(step)
        if known.unsettled:
            yield StartStep(step, known.attempt, settle=True)


def _go_forward(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    if state.aborting:
        yield from _abort(environment, state, now)
        return
    if breach := goes_back_for(state):
        why = SafeText(breach_words(breach.threshold, breach.verdict))
        yield RecordEvent(RollbackBegan(plan=plan_rollback(environment, state), reason=why, cause="threshold"))
        return
    if is_tripped(state) and not (state.pausing and state.pausing.cause in ("failure", "network")) and not _is_closing(state):
        yield from _trip(environment, state)
        return
    cut = not kind_of(state).is_return and state.pausing is None and lost_together(environment, state)
    if cut:
        words = f"{', '.join(cut[:4])}{f' and {len(cut) - 4} more' if len(cut) > 4 else ''} lost their links at once, which points at the network"
        yield RecordEvent(Paused(reason=SafeText(words), cause="network"))
        return
    if state.pausing is None and (held := _held(state)):
        yield RecordEvent(Paused(reason=held, cause="traffic"))
        return
    if state.pausing:
        yield from _send_back(environment, state, frozenset({"skipped"}))
        yield from _starts(state, now, _ready_while_paused(state))
        return
    returning = tuple(_send_back(environment, state, frozenset({"skipped"}) if needs_person(state) else STRANDED))
    if returning:
        yield from returning
        return
    effects = tuple(_starts(state, now, _ready(state)))
    yield from effects
    if not effects and not runs(state):
        yield from _close(environment, state)


def _held(state: RunState) -> SafeText | None:
    """What could not be done, and is done again once somebody continues."""
    tally = state.tally
    first = next((step for name in tally.held for step in state.lanes[name] if state.step_state(step).status == "held"), None)
    first = first or next(iter(_own(state, tally.own_held)), None)
    if first is None:
        return None
    more = len(tally.held) + len(tally.own_held) - 1
    why = str(state.step_state(first).detail)
    words = why if first.about and first.about in why else f"{first.title}: {why}"
    return SafeText(words + (f"; and {counted(more, 'step')} more" if more else ""))


def _is_closing(state: RunState) -> bool:
    """Whether the release is verified and the run only tidies up: a host that is lost now is owed, and takes no other host back with it."""
    return state.tally.closing > 0


def _ready(state: RunState) -> Iterator[Step]:
    tally = state.tally
    yield from _own(state, tally.own_ready)
    for name in tally.ready | tally.ready_back:
        yield from tally.lanes[name].ready


def _ready_to_return(state: RunState, hosts: HostSet) -> Iterator[Step]:
    """Of those hosts, and of the whole run."""
    tally = state.tally
    yield from (step for step in _own(state, tally.own_ready) if step.phase == "rollback")
    for name in tally.ready_back & hosts:
        yield from (step for step in tally.lanes[name].ready if step.phase == "rollback")


def _ready_while_paused(state: RunState) -> Iterator[Step]:
    """What goes on: hosts that go back, and what is still to be done on hosts that are being updated when a person's pause comes. No host is left
    between its switch and its gate."""
    tally = state.tally
    yield from _ready_to_return(state, tally.ready_back)
    if state.pausing is not None and state.pausing.cause in ("operator", "pause-after", "traffic"):
        for name in tally.ready & _hosts_in(state, frozenset({"updating"})):
            yield from (step for step in tally.lanes[name].ready if step.phase == "release")


def _hosts_in(state: RunState, conditions: frozenset[HostCondition]) -> HostSet:
    found = state.tally.nobody
    for condition in conditions:
        found = found | state.tally.conditions.get(condition, state.tally.nobody)
    return found


def _starts(state: RunState, now: float, ready: Iterable[Step]) -> Iterator[Effect]:
    for step in ready:
        if waits_for_metrics(state, step):
            yield AskPerson("breach")
        elif step.kind == "wave":
            yield from _begin_wave(state, step, now)
        else:
            yield StartStep(step, state.step_state(step).attempt + 1)


def _begin_wave(state: RunState, step: Step, now: float) -> Iterator[Effect]:
    done = len(_hosts_in(state, frozenset({"new"})))
    if state.pause_after and not state.passed_pause and done >= state.pause_after and step.wave > 1:
        yield RecordEvent(Paused(reason=SafeText(f"pause after {counted(done, 'host')} (pause_after)"), cause="pause-after"))
        return
    ready_at = step.pause and step.pause + max((_ended_at(state, need) for need in step.needs), default=0.0)
    if now < ready_at < now + step.pause + ROUNDING:  # an end that lies further ahead is on the clock of another boot, and is not waited for
        yield WakeAt(ready_at)
        return
    yield RecordEvent(StepStarted(step=step.name))
    yield RecordEvent(StepFinished(step=step.name))


def _ended_at(state: RunState, name: str) -> float:
    step = state.index.get(name)
    known = state.step_state(step) if step else StepState()
    return known.started + known.seconds


def _trip(environment: Environment, state: RunState) -> Iterator[Effect]:
    alone = _failed_without_host(state)
    reason, rule = _trip_reason(state), "rollback" if alone and alone.kind == "analysis" else on_failure(state)
    if state.changed and _is_network(environment, state):
        yield RecordEvent(Paused(reason=SafeText(f"{reason}; several hosts were lost at once, which points at the network"), cause="network"))
    elif state.changed and rule == "rollback" and needs_person(state):
        words = f"{reason}; not rolled back automatically: the database is migrated, and the previous code may not run on the new schema"
        yield RecordEvent(Paused(reason=SafeText(words), cause="failure"))
    elif rule == "pause" and state.changed:
        yield RecordEvent(Paused(reason=reason, cause="failure"))
    elif rule == "rollback" and state.changed:
        yield RecordEvent(RollbackBegan(plan=plan_rollback(environment, state), reason=reason, cause="failure"))
    else:
        yield from _stop(environment, state)


def _stop(environment: Environment, state: RunState) -> Iterator[Effect]:
    """Leave every host as it is, once what runs has ended; the window need not be over."""
    own = _own(state, state.tally.own_running)
    yield from (CancelStep(step, state.step_state(step).attempt) for step in own if step.kind in ("monitor", "analysis", "critical", "manual"))
    if not runs(state):
        yield from _close(environment, state)


def _trip_reason(state: RunState) -> SafeText:
    alone = _failed_without_host(state)
    if alone and alone.kind == "analysis":
        return state.step_state(alone).detail
    if alone:
        return SafeText(f"{alone.title} failed: {state.step_state(alone).detail}")
    failed = state.tally.failed
    names = [f"{name} ({state.hosts[name].detail or state.hosts[name].condition})" for name in islice(failed, 4)]
    return SafeText(f"{len(failed)} failed, {state.max_failures} allowed: {', '.join(names)}")


def _failed_without_host(state: RunState) -> Step | None:
    failed = state.tally.own_failed
    return state.index[failed[0]] if failed and not state.tolerates_steps else None


def _is_network(environment: Environment, state: RunState) -> bool:
    if lost_together(environment, state):
        return True
    lost = sorted(state.hosts[name].since for name in state.tally.failed & _hosts_in(state, LOST))
    return any(late - early <= NETWORK_SECONDS for early, late in zip(lost, lost[NETWORK_HOSTS - 1 :], strict=False))


def _send_back(environment: Environment, state: RunState, conditions: frozenset[HostCondition]) -> Iterator[Effect]:
    """Have hosts that are in one of those conditions go back alone, once nothing runs on them; what runs on a skipped one is ended."""
    if not kind_of(state).returns:
        return
    for name in state.tally.stranded & _hosts_in(state, conditions):
        host, running = state.hosts[name], state.tally.lanes[name].running
        if host.condition == "skipped" and running:
            yield from (CancelStep(step, state.step_state(step).attempt) for step in running)
        elif not running:
            yield RecordEvent(HostReturning(host=name, reason=host.detail, steps=Steps(plan_return(environment, state, name))))


def _abort(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    if state.aborting == "leave" and (returning := tuple(_goes_on_returning(environment, state, now))):
        yield from returning
        return
    if serving_again := tuple(_serve_again(environment, state)):
        yield from serving_again
        return
    if finishing := tuple(_starts(state, now, _ready_to_serve_again(state))):
        yield from finishing
        return
    if runs(state) or not (state.aborting == "back" and state.changed and kind_of(state).returns):
        yield from _stop(environment, state)
    else:
        plan = plan_rollback(environment, state)
        yield RecordEvent(RollbackBegan(plan=plan, reason=SafeText("aborted"), cause="abort"))


def _serve_again(environment: Environment, state: RunState) -> Iterator[Effect]:
    """Where no host goes back: have those return to the traffic whose balancer did not do what it was told."""
    if kind_of(state).returns or state.aborting == "leave":
        return
    for name in state.tally.held:
        yield RecordEvent(HostReturning(host=name, reason=SafeText("aborted"), steps=Steps(plan_admission(environment, state, name))))


def _ready_to_serve_again(state: RunState) -> Iterator[Step]:
    """Where no host goes back: what is still to be done on hosts that were taken out of the traffic, so that none is left out of it."""
    if kind_of(state).returns or state.aborting == "leave":
        return
    yield from _ready_to_return(state, state.tally.ready_back)
    for name in state.tally.ready & _hosts_in(state, frozenset({"updating"})):
        if state.hosts[name].traffic:
            yield from (step for step in state.tally.lanes[name].ready if step.phase == "release")


def _goes_on_returning(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    """Let a host that was already told to go back come there: it is called skipped, so it has to be."""
    yield from _send_back(environment, state, frozenset({"skipped"}))
    yield from _starts(state, now, _ready_to_return(state, state.tally.ready_back))


def _roll_back(environment: Environment, state: RunState, now: float, since: int) -> Iterator[Effect]:
    if state.back is None:
        return
    tally = state.tally
    own = [step for step in _own(state, tally.own_running) if step.phase != "rollback"]
    if state.cancels > since:
        there = (step for name in tally.forward for step in tally.lanes[name].running if step.phase != "rollback")
        yield from (CancelStep(step, state.step_state(step).attempt) for step in (*own, *there))
    ready = _ready_to_return(state, tally.ready_back - tally.forward)
    starts = tuple(_starts(state, now, (step for step in ready if step.about or not own)))
    yield from starts
    if not starts and not runs(state):
        yield from _close(environment, state)


def _close(environment: Environment, state: RunState) -> Iterator[Effect]:
    owed = _to_be_owed(state)
    settled = tuple(host.name for host in state.hosts.values() if host.touched and host.condition in SETTLED)
    if _misplaced(environment, state):
        return
    if owed:
        yield from map(RecordEvent, owed)
    elif settled and not state.answered:
        yield AskHosts(settled)
    else:
        yield _end(environment, state)


def _make_way(environment: Environment, state: RunState) -> Iterator[Effect]:
    """End in the monitoring window, for a newer release: nothing is asked or tidied up any more, and what is owed stays so."""
    if owed := _to_be_owed(state):
        yield from map(RecordEvent, owed)
        return
    yield from (CancelStep(step, state.step_state(step).attempt) for step in running_steps(state))
    if not runs(state):
        yield _end(environment, state)


def _to_be_owed(state: RunState) -> list[HostOwed]:
    """Hosts that the environment goes on without."""
    lost = [HostOwed(host=host.name, reason=host.detail or SafeText(host.condition)) for host in state.hosts.values() if _is_lost(state, host)]
    return lost + [HostOwed(host=host.name, reason=_why_behind(host)) for host in _behind_for_good(state)]


def _is_lost(state: RunState, host: HostState) -> bool:
    return host.condition in LOST and (host.touched or kind_of(state).is_return)


def _behind_for_good(state: RunState) -> Iterator[HostState]:
    """Hosts that were left out of a release which is live now, or were not reached for it."""
    goes_on = kind_of(state).makes_release and state.back is None and not state.aborting and (_is_closing(state) or not is_tripped(state))
    if goes_on and any(host.condition == "new" for host in state.hosts.values()):
        yield from (host for host in state.hosts.values() if host.condition == "left-out" or (host.condition in LOST and not host.touched))


def _why_behind(host: HostState) -> SafeText:
    return SafeText(f"left out: {host.detail}" if host.condition == "left-out" else f"not reached: {host.detail or host.condition}")


def _end(environment: Environment, state: RunState) -> RecordEvent:
    code, outcome, reason, hint = conclude(state)
    ticket = closes_ticket(environment, state, int(code))
    return RecordEvent(RunEnded(exit=int(code), outcome=outcome, reason=SafeText(reason), hint=SafeText(hint), held=state.held, ticket=ticket))
