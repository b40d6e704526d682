"""When a release makes way for a newer one, and what that one is told of it. Pure.

It does in its monitoring window alone: the release is live on every host that takes part, and nothing is left to do but to watch. A metric above its limit
is no hindrance: the newer release may be what mends it.
"""

from console.core.host_conditions import AT_REST, IN_BETWEEN, STRANDED, UNWELL
from console.core.kinds.kind_table import kind_of
from console.core.plan.maintenance_steps import left_on
from console.core.plan.marks import WINDOW
from console.core.run.breaches import over
from console.core.run.failure_budget import is_tripped
from console.core.run.monitoring_window import window_step
from console.core.run.pauses import pause_rule
from console.core.run.ready_steps import running_steps
from console.core.words.threshold_words import breach_words
from console.model.host_facts import Ceding
from console.model.state import RunState
from console.safe_text import SafeText

WATCHING = frozenset({"monitor", "critical", "manual"})
"""Kinds of steps that change nothing, and go on in the window."""


def makes_way(state: RunState) -> bool:
    """Whether the run ends, and hands its locks over, once a newer release has its GO."""
    step = window_step(state)
    if step is None or state.step_state(step).status != "running" or not kind_of(state).makes_release:
        return False
    rule = pause_rule(state)
    if state.superseded_by or state.aborting or (rule is not None and not rule.may_be_superseded):
        return False
    if left_on(state) or state.has_weights or is_tripped(state):
        return False
    return not _works_on_hosts(state)


def _works_on_hosts(state: RunState) -> bool:
    """Whether something is done to a host, or is about to be: it goes back alone, is tried again, or nobody knows what is on it."""
    if not all(running.kind in WATCHING for running in running_steps(state)):
        return True
    tally = state.tally
    if any(tally.lanes[name].ready for name in tally.ready | tally.ready_back):
        return True
    if any(state.hosts[name].condition in STRANDED for name in tally.stranded):
        return True
    return any(host.touched and host.condition in IN_BETWEEN | UNWELL for host in state.hosts.values())


def is_about_to_end(state: RunState) -> bool:
    """Whether its window is over and it only tidies up, or it was told to make way: it is waited for."""
    if state.superseded_by and state.phase == "running":
        return True
    if state.phase != "running" or not kind_of(state).makes_release or state.pausing is not None or state.aborting:
        return False
    watch = state.index.get(WINDOW)
    is_watched = watch is not None and state.step_state(watch).status == "done"
    return is_watched or state.tally.closing > 0


def ceding(state: RunState) -> Ceding | None:
    """Return what a newer release's pre-flight is told of the run that makes way for it; None: it makes way for none."""
    if is_about_to_end(state):
        return Ceding(state.run, ends=True)
    if not makes_way(state):
        return None
    worst = next(over(state), None)
    words = breach_words(worst.threshold, worst.verdict) if worst else "it is paused" if state.pausing else ""
    return Ceding(state.run, SafeText(words))


def not_as_seen(old: RunState, new: RunState) -> tuple[str, ...]:
    """Return the hosts which the older run has changed since the newer one looked: what it would take for their way back is not that any more."""
    known = ((name, host.release, new.hosts.get(name)) for name, host in old.hosts.items() if host.touched and host.condition in AT_REST)
    return tuple(name for name, release, seen in known if seen is not None and seen.release and seen.release != release)
