"""What a run has left behind: hosts that are owed something, hosts out of their traffic, a maintenance page, locks, its ticket. Pure."""

from typing import NamedTuple

from console.as_typed import as_typed
from console.core.run.outcome import lock_problems
from console.core.run.ticket import ticket_problems
from console.core.words.moments import moment_words
from console.core.words.sizes import counted_hosts
from console.model.state import RunState
from console.safe_text import SafeText
from console.views.plan_words import names_in_words
from console.views.traffic_words import weights_left_words

NAMED = 12
_OUT = ("drained", "overdue", "draining")


class LeftOpen(NamedTuple):
    """One thing that is still to be done when the run has ended, and what to type."""

    kind: str
    words: str
    hint: str = ""


def left_open(state: RunState) -> tuple[LeftOpen, ...]:
    """Return what was left, as of the run's end: a later run may have mended it."""
    owed = _owed(state)
    out = [LeftOpen("owed", words, f"deploy status {state.environment}") for words in owed[:NAMED]]
    out += [LeftOpen("owed", f"and {counted_hosts(len(owed) - NAMED, 'no other', 'more host')}")] if len(owed) > NAMED else []
    marks: dict[str, list[str]] = {}
    for name, host in state.hosts.items():
        for balancer, seen in host.traffic.items():
            words = "is drained" if seen.mark in _OUT else "is not known to get requests" if seen.mark == "unread" else ""
            if words:
                marks.setdefault(f"{words} at {SafeText(balancer)}", []).append(name)
    out += [LeftOpen("traffic", f"{names_in_words(tuple(names), NAMED)} {words}", f"deploy status {state.environment}") for words, names in marks.items()]
    out += [LeftOpen("traffic", f"{words}: the next run puts it back", f"deploy check {state.environment}") for words in weights_left_words(state)]
    if state.maintenance:
        out.append(
            LeftOpen("maintenance", f"the maintenance page is on since {moment_words(state.maintenance.since)}", f"deploy maintenance {state.environment} off")
        )
    out += [LeftOpen("lock", problem.message, as_typed(problem.hint)) for problem in lock_problems(state)]
    return (*out, *(LeftOpen("ticket", problem.message, as_typed(problem.hint)) for problem in ticket_problems(state)))


def _owed(state: RunState) -> list[str]:
    owed = (host for host in state.hosts.values() if host.condition == "owed")
    return [f"{host.name} is owed what its environment is on" + (f": {host.detail}" if host.detail else "") for host in owed]
