"""What a run needs now: steps to start, things that have become true, when to look again. Pure.

The engine calls it after every event and carries out what it says. A run that is not over always gets an effect, a time, or a question from here,
unless a step runs.
"""

from collections.abc import Iterable, Iterator

from console.core.database_state import needs_person
from console.core.host_conditions import FORWARD, STRANDED
from console.core.kinds.kind_table import kind_of, on_failure
from console.core.plan.return_plan import plan_admission, plan_return, plan_rollback, stays_forward
from console.core.run.breaches import goes_back_for, waits_for_metrics
from console.core.run.closing import close, end, is_closing, make_way, misplaced_hosts
from console.core.run.failure_budget import failed_without_host, is_network, is_nobody_left, is_tripped, trip_reason
from console.core.run.network_loss import lost_together
from console.core.run.pauses import pause_rule
from console.core.run.ready_steps import (
    hosts_in,
    own_steps,
    ready_in_pause,
    ready_steps,
    ready_to_return,
    ready_to_serve_again,
    ready_to_stay_forward,
    ready_while_paused,
    runs,
)
from console.core.traffic.bluegreen_sides import leaves_nobody
from console.core.words.shortened_list import shortened
from console.core.words.sizes import counted, counted_hosts
from console.core.words.threshold_words import breach_words
from console.model.configured_environment import Environment
from console.model.effects import AskPerson, CancelStep, Effect, RecordEvent, StartStep, TakeLocks, TakeOut, WakeAt
from console.model.events import HostReturning, Paused, RollbackBegan, StepFinished, StepStarted
from console.model.plan import Step, Steps
from console.model.state import HostCondition, RunState, StepState
from console.safe_text import SafeText

ROUNDING = 1.0
"""Seconds by which a step may seem to have ended too late: it is told in rounded ones."""


def decide(environment: Environment, state: RunState, now: float, since: int = -1) -> tuple[Effect, ...]:
    """Return what should happen now. `now` is on the boot-time clock, in seconds.

    `since`: the event after which this engine asked last, and did what the answer said; -1: never. What is to be cancelled for a rollback is said once.
    """
    if state.phase == "ended":
        return ()
    if state.go is False or state.locked_by:
        return (end(environment, state),)
    if state.phase in ("preflight", "deciding"):
        return (AskPerson("decision"),) if state.phase == "deciding" else ()
    if state.phase == "locking":
        return (end(environment, state) if state.aborting else TakeLocks(),)
    if orphaned := tuple(_go_on_with_orphaned(state)):
        return orphaned
    if state.superseded_by:
        return tuple(make_way(environment, state))
    going = _roll_back(environment, state, now, since) if state.phase == "rolling-back" else _go_forward(environment, state, now)
    misplaced = misplaced_hosts(environment, state)
    return (*((TakeOut(misplaced),) if misplaced else ()), *going)


def _go_on_with_orphaned(state: RunState) -> Iterator[Effect]:
    """Before anything new starts: go on with each step that ran when its engine ended, as the same attempt, and so learn what became of it."""
    tally = state.tally
    steps = (*own_steps(state, tally.own_running), *(step for name in tally.orphaned for step in tally.lanes[name].running))
    for step in steps:
        known = state.step_state(step)
        if known.orphaned:
            yield StartStep(step, known.attempt)


def _go_forward(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    """A run that is not on its way back. What stands first goes first: an abort, a breach, a failure, a lost network, a held step, a pause."""
    if state.aborting:
        yield from _abort(environment, state, now)
        return
    cut = lost_together(environment, state)
    if (breach := goes_back_for(state)) and not (cut or (is_tripped(state) and is_network(environment, state))):
        why = SafeText(breach_words(breach.threshold, breach.verdict))
        yield RecordEvent(RollbackBegan(plan=plan_rollback(environment, state), reason=why, cause="threshold"))
        return
    rule = pause_rule(state)
    if is_tripped(state) and not (rule and rule.tolerates) and not is_closing(state):
        yield from _trip(environment, state, now)
        return
    if state.pausing is None and not kind_of(state).is_return and (pause := _pause_of(state, cut)):
        yield from _wait_for_person(environment, state, now, pause)
        return
    if state.pausing:
        yield from _send_back(environment, state, frozenset({"skipped"}))
        yield from _starts(state, now, ready_while_paused(state))
        return
    sending_back = tuple(_send_back(environment, state, frozenset({"skipped"}) if needs_person(state) else STRANDED))
    yield from sending_back
    if any(isinstance(effect, RecordEvent) for effect in sending_back):
        return
    if kind_of(state).makes_release and not state.changed and is_nobody_left(state):
        yield from _stop(environment, state, now)
        return
    effects = tuple(_starts(state, now, (step for step in ready_steps(state) if step.about or not sending_back)))
    yield from effects
    if not effects and not runs(state):
        yield from close(environment, state)


def _pause_of(state: RunState, cut: tuple[str, ...]) -> Paused | None:
    """The pause that follows from how things are now. `cut`: hosts whose links were lost together."""
    if cut:
        words = f"{shortened(cut, 4)} lost their links at once, which points at the network"
        return Paused(reason=SafeText(words), cause="network")
    if held := _held(state):
        return Paused(reason=held, cause="traffic")
    return Paused(reason=state.unshared, cause="record") if state.unshared else None


def _wait_for_person(environment: Environment, state: RunState, now: float, pause: Paused) -> Iterator[Effect]:
    """Pause the run; one that nobody is asked in begins nothing new, and ends once hosts that are being updated have come to their gate."""
    if kind_of(state).waits_for_people:
        yield RecordEvent(pause)
        return
    finishing = tuple(_starts(state, now, ready_in_pause(state, pause.cause)))
    yield from finishing or _stop(environment, state, now)


def _held(state: RunState) -> SafeText | None:
    """What could not be done, and is done again once somebody continues."""
    tally = state.tally
    first = next((step for name in tally.with_held_step for step in state.lanes[name] if state.step_state(step).status == "held"), None)
    first = first or next(iter(own_steps(state, tally.own_held)), None)
    if first is None:
        return None
    more = len(tally.with_held_step) + len(tally.own_held) - 1
    why = str(state.step_state(first).detail)
    words = why if first.about and first.about in why else f"{first.title}: {why}"
    return SafeText(words + (f"; and {counted(more, 'step')} more" if more else ""))


def _starts(state: RunState, now: float, ready: Iterable[Step]) -> Iterator[Effect]:
    """Start those steps; a wave begins with its pauses, and a step that waits for metrics has a person asked."""
    for step in ready:
        if waits_for_metrics(state, step):
            yield AskPerson("breach")
        elif step.kind == "wave":
            yield from _begin_wave(state, step, now)
        elif leaves_nobody(state, step):
            yield from _not_drained(state, step)
        else:
            yield StartStep(step, state.step_state(step).attempt + 1)


def _not_drained(state: RunState, step: Step) -> Iterator[Effect]:
    """Let a host keep its requests. One that was to rest has not done so; one that is tried again, or goes back to how it served, is restarted with them."""
    attempt = state.step_state(step).attempt + 1
    yield RecordEvent(StepStarted(step=step.name, host=step.about, attempt=attempt))
    words, status = SafeText("not drained: no other host gets requests"), "failed" if step.phase != "release" and step.fatal else "done"
    yield RecordEvent(StepFinished(step=step.name, host=step.about, attempt=attempt, status=status, detail=words))  # type: ignore[arg-type] # they are statuses


def _begin_wave(state: RunState, step: Step, now: float) -> Iterator[Effect]:
    """Begin a wave, unless the run pauses after so many hosts, or the pause between two waves is not over. For a wave that nobody is left of nothing waits."""
    if not _anybody_left(state, step):
        yield from _passed(step)
        return
    done = len(hosts_in(state, frozenset({"new"})))
    asks = state.pause_after and not state.passed_pause and kind_of(state).waits_for_people
    if asks and done >= state.pause_after and step.wave > 1:
        yield RecordEvent(Paused(reason=SafeText(f"pause after {counted_hosts(done)} (pause_after)"), cause="pause-after"))
        return
    ready_at = step.pause and step.pause + max((_ended_at(state, need) for need in step.needs), default=0.0)
    if now < ready_at < now + step.pause + ROUNDING:  # an end that lies further ahead is on the clock of another boot, and is not waited for
        yield WakeAt(ready_at)
        return
    yield from _passed(step)


def _anybody_left(state: RunState, wave: Step) -> bool:
    """Whether a host of the wave is still to change."""
    waves = state.plan.waves if state.plan else ()
    names = waves[wave.wave - 1] if 0 < wave.wave <= len(waves) else ()
    return not names or any(state.hosts[name].condition in FORWARD for name in names if name in state.hosts)


def _passed(step: Step) -> Iterator[Effect]:
    yield RecordEvent(StepStarted(step=step.name))
    yield RecordEvent(StepFinished(step=step.name))


def _ended_at(state: RunState, name: str) -> float:
    step = state.index.get(name)
    known = state.step_state(step) if step else StepState()
    return known.started + known.seconds


def _trip(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    """What follows where too much failed: what the file says; a network that failed, and a migrated database, wait for a person."""
    alone = failed_without_host(state)
    reason, rule = trip_reason(state), "rollback" if alone and alone.kind == "analysis" else on_failure(state)
    if state.changed and is_network(environment, state) and kind_of(state).waits_for_people:
        yield RecordEvent(Paused(reason=SafeText(f"{reason}; several hosts were lost at once, which points at the network"), cause="network"))
    elif state.changed and rule == "rollback" and needs_person(state):
        words = f"{reason}; not rolled back automatically: the database is migrated, and the previous code may not run on the new schema"
        yield RecordEvent(Paused(reason=SafeText(words), cause="failure"))
    elif rule == "pause" and state.changed:
        yield RecordEvent(Paused(reason=reason, cause="failure"))
    elif rule == "rollback" and state.changed:
        yield RecordEvent(RollbackBegan(plan=plan_rollback(environment, state), reason=reason, cause="failure"))
    else:
        yield from _stop(environment, state, now)


def _stop(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    """Leave every host as it is, once what runs has ended and whoever was told to go back has; the window need not be over."""
    returning = tuple(_goes_on_returning(environment, state, now))
    yield from returning
    own = own_steps(state, state.tally.own_running)
    yield from (CancelStep(step, state.step_state(step).attempt) for step in own if step.kind in ("monitor", "analysis", "critical", "manual"))
    if not returning and not runs(state):
        yield from close(environment, state)


def _send_back(environment: Environment, state: RunState, conditions: frozenset[HostCondition]) -> Iterator[Effect]:
    """Have hosts that are in one of those conditions go back alone, once nothing runs on them; what runs on a skipped one is ended."""
    if not kind_of(state).returns:
        return
    for name in state.tally.stranded & hosts_in(state, conditions):
        host, running = state.hosts[name], state.tally.lanes[name].running
        if host.condition == "skipped" and running:
            yield from (CancelStep(step, state.step_state(step).attempt) for step in running)
        elif not running:
            yield RecordEvent(HostReturning(host=name, reason=host.detail, steps=Steps(plan_return(environment, state, name))))


def _abort(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    """End what goes forward; then every changed host goes back, or all stays as it is, as the person said."""
    if serving_again := tuple(_serve_again(environment, state)):
        yield from serving_again
        return
    if finishing := tuple(_starts(state, now, ready_to_serve_again(state))):
        yield from finishing
        return
    if runs(state) or not (state.aborting == "back" and state.changed and kind_of(state).returns):
        yield from _stop(environment, state, now)
    else:
        plan = plan_rollback(environment, state)
        yield RecordEvent(RollbackBegan(plan=plan, reason=SafeText("aborted"), cause="abort"))


def _serve_again(environment: Environment, state: RunState) -> Iterator[Effect]:
    """Where no host goes back: have those return to the traffic whose balancer did not do what it was told."""
    if kind_of(state).returns or state.aborting == "leave":
        return
    for name in state.tally.with_held_step:
        yield RecordEvent(HostReturning(host=name, reason=SafeText("aborted"), steps=Steps(plan_admission(environment, state, name))))


def _goes_on_returning(environment: Environment, state: RunState, now: float) -> Iterator[Effect]:
    """Let a host that was already told to go back come there: it is called skipped, or returning, so it has to be. Where all go back, it goes with them."""
    if state.aborting == "back":
        return
    yield from _send_back(environment, state, frozenset({"skipped"}))
    yield from _starts(state, now, ready_to_return(state))


def _roll_back(environment: Environment, state: RunState, now: float, since: int) -> Iterator[Effect]:
    """End what still goes forward, and begin with hosts on which nothing runs any more. Who cannot go back comes to its end forward."""
    if state.back is None:
        return
    tally = state.tally
    own = [step for step in own_steps(state, tally.own_running) if step.phase != "rollback"]
    if state.cancels > since:
        ended = (name for name in tally.forward if not stays_forward(state, state.hosts[name]))
        there = (step for name in ended for step in tally.lanes[name].running if step.phase != "rollback")
        yield from (CancelStep(step, state.step_state(step).attempt) for step in (*own, *there))
    ready = (*ready_to_return(state), *ready_to_stay_forward(state))
    starts = tuple(_starts(state, now, (step for step in ready if step.about or not own)))
    yield from starts
    if not starts and not runs(state):
        yield from close(environment, state)
