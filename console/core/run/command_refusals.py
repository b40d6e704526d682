"""Which commands a run takes now, and why it refuses the others: what may be done when, and what to type instead. The one place of that. Pure.

`accept` asks it, and so does whatever offers an act: keys (`tui/key_refusals.py`), questions, the headline. Who sits at a screen, and what a command becomes,
is not known here.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from console.core.checks.configured import shown
from console.core.checks.fleet import blocking_reasons
from console.core.host_conditions import IN_BETWEEN, KEEPS_OLD
from console.core.kinds.kind_table import kind_of, looked_at_with
from console.core.plan.return_plan import goes_back, touched_hosts
from console.core.run.breaches import blocking_breach, counting_down
from console.core.run.canary_verdict import analysis_that_runs
from console.core.run.closing import is_closing
from console.core.run.critical_path_verdict import open_ticks
from console.core.run.failure_budget import is_tripped, trip_reason
from console.core.run.monitoring_window import is_ended, is_watched, window_step, window_that_runs
from console.core.run.pauses import is_paused_for, pause_rule
from console.core.run.retries import goes_back_now, useless_words
from console.core.traffic.bluegreen_sides import is_last_new, standing_by
from console.core.words.durations import duration_words
from console.core.words.threshold_words import numbers_words
from console.model import commands as cmd
from console.model.commands import Refusal
from console.model.request import Person
from console.model.state import Act, HostState, RunState
from console.safe_text import SafeText

_SUBJECTS: dict[type[cmd.RunCommand], tuple[str, ...]] = {
    cmd.Pause: ("pause",), cmd.Continue: ("pause",), cmd.Promote: ("promotion", "pause"), cmd.Extend: ("window",),
    cmd.Skip: ("host {host}",), cmd.Retry: ("host {host}",),
}  # fmt: skip
"""What a command acts on, where it matters whether somebody else did so first: a promotion ends a pause too. A roll back never waits for that."""
LONGEST = 86400.0
"""Seconds that the monitoring window is made longer by, at most."""
_UNDECIDED = ("preflight", "deciding")


class Alternative(NamedTuple):
    """Something to type instead. `says`: the command that the run is told by it, where that is one: it is named only while the run takes that."""

    words: str
    says: cmd.AnyCommand | None = None


class Denial(NamedTuple):
    """Why a command is refused, and what may help instead, the best first."""

    message: str
    ways: tuple[Alternative, ...] = ()
    ended: bool = False


_ABORT, _LEAVE, _ROLL_BACK = (
    Alternative("deploy abort", cmd.Abort()),
    Alternative("deploy abort --leave", cmd.Abort(leave=True)),
    Alternative("deploy rollback", cmd.RollBack()),
)


def may(command: cmd.AnyCommand, state: RunState, by: Person | None = None) -> Refusal | None:
    """Return why the command is refused; None: it is taken. `by`: who says it; None: anybody. What it names to type instead is taken now."""
    denial = _denial(command, state, by)
    return Refusal(SafeText(denial.message), SafeText(first_taken(denial.ways, state)), ended=denial.ended) if denial else None


def first_taken(ways: tuple[Alternative, ...], state: RunState) -> str:
    """Return the first of those that the run would take, in words; where it takes none, what shows the run. Empty: there are no ways."""
    taken = (way.words for way in ways if way.says is None or _denial(way.says, state, None) is None)
    return next(taken, _watch(state).words) if ways else ""


def ways_on(state: RunState) -> tuple[Alternative, ...]:
    """Return what to type so that a run goes on that waits for a person, the best first."""
    waiting = next(iter(open_ticks(state)), "")
    tick = (Alternative(f"deploy ack {shown(waiting)} {state.run}", cmd.Acknowledge(check=waiting)),) if waiting and is_paused_for(state, "manual") else ()
    promote = (Alternative(f"deploy promote {state.run}", cmd.Promote()),) if is_paused_for(state, "inconclusive") else ()
    return (*tick, *promote, _continue_way(state))


def _continue_way(state: RunState) -> Alternative:
    return Alternative(f"deploy continue {state.run}", cmd.Continue())


def _watch(state: RunState) -> Alternative:
    return Alternative(f"deploy attach {state.run}")


def _back(state: RunState) -> Alternative:
    return Alternative(f"deploy rollback {state.environment}", cmd.RollBack())


def _denial(command: cmd.AnyCommand, state: RunState, by: Person | None) -> Denial | None:
    if state.phase == "ended" and not isinstance(command, cmd.Note | cmd.Forgive):
        return Denial(f"run {state.run} has ended: {state.outcome}", (_after_the_end(command, state),), ended=True)
    if state.superseded_by and not isinstance(command, cmd.Note | cmd.Forgive):
        return Denial(f"run {state.run} makes way for run {state.superseded_by}", (_after_the_end(command, state),), ended=True)
    unsteered = kind_of(state).unsteered
    if unsteered and not isinstance(command, cmd.Note | cmd.Forgive):
        return _no(unsteered.words, unsteered.hint.format(environment=state.environment))
    if command.expects and command.expects != state.seq and isinstance(command, cmd.Decide):
        return _no("the run has changed since that was on the screen", f"deploy attach {state.run}")
    return _who_was_first(command, state) or _RULES[type(command)](command, state, by)


def _after_the_end(command: cmd.AnyCommand, state: RunState) -> Alternative:
    """What to type where the run has ended meanwhile: a rollback is a run of its own then."""
    return Alternative(f"deploy rollback {state.environment}" if isinstance(command, cmd.RollBack) else f"deploy report {state.run}")


def left_live(state: RunState) -> bool:
    """Whether a run that has ended left its release live, and there was one before it: a rollback of its own can undo it."""
    return kind_of(state).returns and state.exit in (0, 5, 8) and any(host.before for host in state.hosts.values())


def ended_instead(state: RunState) -> cmd.Abort | None:
    """Return what ends a run that has nothing to take back where somebody wants it back; None: it is rolled back, or refuses that.

    A release that has changed nothing yet leaves every host on what it has; once a restart has ended, the last release goes back by a run of its own.
    """
    said = cmd.Abort(leave=True) if state.kind == "restart" else cmd.Abort() if state.kind == "deploy" and state.go and not state.changed else None
    return said if said is not None and may(said, state) is None else None


def _who_was_first(command: cmd.AnyCommand, state: RunState) -> Denial | None:
    """Refuse what was meant for something that somebody else has dealt with since its sender looked."""
    host = getattr(command, "host", "")
    acts = (state.acts.get(subject.format(host=host)) for subject in _SUBJECTS.get(type(command), ()))
    act = next((act for act in acts if act is not None and act.seq > command.expects), None)
    if not command.expects or act is None:
        return None
    return _no(f"{_first(act)}: the run has gone on since you looked", f"deploy attach {state.run}")


def _first(act: Act) -> str:
    return f"{act.by.name} was first and {act.words}" + (f" at {act.at[11:19]} UTC" if act.at else "")


def _told(message: str, act: Act | None) -> str:
    return f"{message}: {_first(act)}" if act else message


def _no(message: str, *ways: Alternative | str) -> Denial:
    return Denial(message, tuple(Alternative(way) if isinstance(way, str) else way for way in ways if way))


def _decide(command: cmd.Decide, state: RunState, by: Person | None) -> Denial | None:
    if state.phase != "deciding" or state.go is not None:
        return _no(_told("there is nothing to decide now", state.acts.get("go")), f"deploy attach {state.run}")
    return _go(command, state) if command.go else None


def _go(command: cmd.Decide, state: RunState) -> Denial | None:
    if blocking := blocking_reasons(state.checks):
        return _no(f"GO is refused: {'; '.join(blocking)}", looked_at_with(state))
    if state.plan and command.digest and command.digest != state.plan.digest:
        return _no("the plan is not the one that was shown", f"deploy attach {state.run}")
    if state.protected and not state.request.yes and command.typed != state.environment:
        return _no(f"{state.environment} is protected: its name has to be typed", f"type {state.environment}")
    return None


def _acknowledge(command: cmd.Acknowledge, state: RunState, by: Person | None) -> Denial | None:
    """A check that the pre-flight has not come to may be ticked off already: whether there is one of that name is for the file to say."""
    if command.check in open_ticks(state):
        return None
    if state.phase not in _UNDECIDED or state.go is not None or not kind_of(state).makes_release:
        return _no(_told("there is nothing to tick off now", state.acts.get("go")), f"deploy attach {state.run}")
    check = next((check for check in state.checks if check.id == command.check), None)
    if check is not None and check.by:
        return _no(_told(f"{command.check} is ticked off already", state.acts.get(f"check {command.check}")))
    return None if check is None or check.is_open else _no(f"{command.check} waits for no tick: it is {check.status}")


def _pause(command: cmd.Pause, state: RunState, by: Person | None) -> Denial | None:
    if goes_back_now(state):
        return _no("a rollback cannot be paused")
    if state.phase != "running":
        return _no("nothing runs yet that could be paused", _ABORT)
    if state.pausing and counting_down(state) is None:
        return _no(f"paused already: {state.pausing.reason}", *ways_on(state))
    return _no("the run is being aborted") if state.aborting else None


def _continue(command: cmd.Continue, state: RunState, by: Person | None) -> Denial | None:
    if state.unshared:
        return _unshared(state)
    if is_paused_for(state, "manual") and (waiting := next(iter(open_ticks(state)), "")):
        return _no(f"it waits for a person to try the critical path {waiting}", *ways_on(state)[:1])
    if 0 < command.expects < state.last_failure and _would_tolerate(state):
        return _no(f"something has failed since you looked: {trip_reason(state)}", _watch(state))
    if state.pausing is not None or (blocking_breach(state) is not None and not state.aborting):
        return None
    ends = [act for subject in ("pause", "promotion", "end") if (act := state.acts.get(subject))]
    return _no(_told("it is not paused", max(ends, key=lambda act: act.seq, default=None)))


def _would_tolerate(state: RunState) -> bool:
    """Whether who continues goes on in spite of something that failed."""
    rule = pause_rule(state)
    return rule is not None and rule.tolerates and bool(state.tally.failed_unseen or state.tally.own_failed)


def _unshared(state: RunState) -> Denial:
    return _no(f"nothing new starts before the shared record answers again: {state.unshared}", _back(state))


def _promote(command: cmd.Promote, state: RunState, by: Person | None) -> Denial | None:
    if not analysis_that_runs(state) and not window_that_runs(state):
        words = "no canary is being judged now, and no monitoring window goes on"
        return _no(_told(words, state.acts.get("promotion")), f"deploy attach {state.run}")
    if state.aborting:
        return _no("the run is being aborted")
    if state.unshared:
        return _unshared(state)
    if known := blocking_breach(state):
        words = f"a metric is above its limit: {numbers_words(known.threshold, known.verdict)}; roll back, or continue"
        return _no(words, _back(state), _continue_way(state))
    rule = pause_rule(state)
    if rule is not None and not rule.ends_by_promote:
        return _no(f"the run is paused: {state.pausing.reason if state.pausing else ''}", *ways_on(state))
    return None


def _extend(command: cmd.Extend, state: RunState, by: Person | None) -> Denial | None:
    if not 0.0 < command.seconds <= LONGEST:
        return _no(f"the monitoring window is made longer by a time above zero, {duration_words(LONGEST)} at most")
    step = window_step(state)
    if step is None or is_ended(state, step):
        return _no(_told("no monitoring window goes on or is still to come", state.acts.get("promotion")), f"deploy attach {state.run}")
    return _no("the run is being aborted") if state.aborting else None


def _abort(command: cmd.Abort, state: RunState, by: Person | None) -> Denial | None:
    if command.then_back and state.kind != "restart":
        return _no("only a restart is ended so that the last release goes back: a release goes back itself", _back(state))
    if state.go is None:
        return None
    if not state.go:
        return _no(_told("the run ends without a GO", state.acts.get("go")))
    if command.expects:
        return _no("GO was given meanwhile: the run goes on; abort ends it all the same", _ABORT)
    if goes_back_now(state):
        return _no("a rollback cannot be aborted")
    return _no(_told("the run is being aborted already", state.acts.get("end"))) if state.aborting else None


def _roll_back(command: cmd.RollBack, state: RunState, by: Person | None) -> Denial | None:
    if goes_back_now(state):
        return _no(_told("the rollback is under way", state.acts.get("end")))
    if why := kind_of(state).no_return:
        return _no(why.words, Alternative(why.hint.format(environment=state.environment), why.says))
    if not state.changed:
        return _no("no host has been changed yet, so there is nothing to roll back", _ABORT)
    touched = frozenset(touched_hosts(state))
    gone = [back for back in state.way_back if back.host in touched and not goes_back(state, back.host)]
    if gone and len(gone) == len(touched):
        return _no(f"no host has a release to go back to: {gone[0].host}: {gone[0].reason}", _LEAVE)
    return None


def _skip(command: cmd.Skip, state: RunState, by: Person | None) -> Denial | None:
    host = state.hosts.get(command.host)
    if host is None:
        return _unknown_host(command.host, state)
    if state.phase != "running" or not kind_of(state).returns:
        return _no("a host can be skipped or rolled back only while a release is running")
    if host.condition in KEEPS_OLD:
        return _no(_told(f"{host.name} is {host.condition}: there is nothing to skip", state.acts.get(f"host {host.name}")))
    if host.name in standing_by(state):
        return _no(f"{host.name} stands by on the side that keeps its release: there is nothing to skip")
    if host.condition == "new":
        return _take_back(state, host)
    return None if not host.touched or goes_back(state, host.name) else _no_way(state, host)


def _no_way(state: RunState, host: HostState) -> Denial:
    way = state.way(host.name)
    return _no(f"{host.name} has no release to go back to" + (f": {way.reason}" if way else ""), _LEAVE)


def _take_back(state: RunState, host: HostState) -> Denial | None:
    """A host that has the release already goes back alone, where it has something to go back to."""
    if state.aborting:
        return _no("the run is being aborted: every host goes back, or all stays as it is")
    if is_last_new(state, host.name):
        return _no(f"{host.name} is the last host that the traffic has moved to: it can only go back together with the whole run", _ROLL_BACK)
    way = state.way(host.name)
    if way is None or not way.possible:
        return _no_way(state, host)
    if not host.before:
        return _no(f"{host.name} had no release before this one: it can only go back together with the whole run", _ROLL_BACK)
    return None


def _retry(command: cmd.Retry, state: RunState, by: Person | None) -> Denial | None:
    host = state.hosts.get(command.host)
    if host is None:
        return _unknown_host(command.host, state)
    if state.phase not in ("running", "rolling-back"):
        return _no("there is no run in which the host could be tried again")
    if useless := useless_words(state, host):
        return _no(_told(useless, state.acts.get(f"host {host.name}")))
    if state.aborting:
        return _no("the run is being aborted: nothing new starts")
    running = state.tally.lanes[host.name].running
    if running:
        return _no(f"{running[0].title} has not ended yet: wait for its end")
    return None if goes_back_now(state) else _forward_again(state, host)


def _forward_again(state: RunState, host: HostState) -> Denial | None:
    """Whether the run still brings a host forward that failed: it would be begun, seen to its end, and watched like the others. One under way goes on."""
    rule = pause_rule(state)
    if not (rule and rule.tolerates) and is_tripped(state, without=host.name):
        return _no(f"the run ends as it is: {trip_reason(state)}", f"deploy attach {state.run}")
    if not kind_of(state).waits_for_people and (state.tally.own_held or set(state.tally.with_held_step) - {host.name}):
        return _no("the run ends as it is: a balancer did not do what it was told, and nobody is asked in it", f"deploy attach {state.run}")
    if host.condition in IN_BETWEEN:
        return None
    if state.unshared:
        return _unshared(state)
    if is_closing(state) or is_watched(state):
        return _no(f"the release is verified, and {host.name} would take it with nobody watching: the next run takes it", f"deploy attach {state.run}")
    return None


def _unknown_host(name: str, state: RunState) -> Denial:
    return _no(f"{name} is no host of this run", "hosts: " + ", ".join(list(state.hosts)[:12]))


def _note(command: cmd.Note, state: RunState, by: Person | None) -> Denial | None:
    if command.about == "rollback" and not goes_or_went_back(state):
        return _no(f"run {state.run} does not go back, so there is no reason to be said", f"deploy note TEXT {state.run}")
    return None


def goes_or_went_back(state: RunState) -> bool:
    """Whether the run takes, or took, hosts back."""
    return state.back is not None or kind_of(state).is_return


def lacks_reason(state: RunState) -> bool:
    """Whether a person has it taken back, and nobody has said why."""
    if not goes_or_went_back(state) or state.back_why or state.request.reason:
        return False
    return state.back is None or state.back_cause == "key"


def _take_helm(command: cmd.TakeHelm, state: RunState, by: Person | None) -> Denial | None:
    return _no("you have the helm already") if by is not None and state.driver == by else None


def _forgive(command: cmd.Forgive, state: RunState, by: Person | None) -> Denial | None:
    host = state.hosts.get(command.host)
    return _no(f"run {state.run} owes {command.host} nothing") if host is None or host.condition != "owed" else None


_RULES: dict[type, Callable[[Any, RunState, Person | None], Denial | None]] = {
    cmd.Decide: _decide,
    cmd.Acknowledge: _acknowledge,
    cmd.Pause: _pause,
    cmd.Continue: _continue,
    cmd.Promote: _promote,
    cmd.Extend: _extend,
    cmd.Abort: _abort,
    cmd.RollBack: _roll_back,
    cmd.Skip: _skip,
    cmd.Retry: _retry,
    cmd.Note: _note,
    cmd.TakeHelm: _take_helm,
    cmd.Forgive: _forgive,
}
