"""A host's condition on the screen: its mark, its word, and what it is called where no run goes on. Pure."""

from console.core.words.threshold_words import metric_name
from console.model.state import HostCondition, HostState, RunState
from console.views.progress import Newest
from console.views.styled_text import MarkName, Span, mark

WORDS: dict[HostCondition, tuple[MarkName, str]] = {
    "old": ("waiting", "old"),
    "updating": ("busy", "updating"),
    "new": ("done", "new"),
    "returning": ("back", "going back"),
    "back": ("back", "back"),
    "failed": ("failed", "failed"),
    "unreachable": ("failed", "unreachable"),
    "unknown": ("unknown", "unknown"),
    "skipped": ("skipped", "skipped"),
    "owed": ("owed", "owed"),
    "left-out": ("skipped", "left out"),
}

FILTERED: dict[HostCondition, str] = {condition: words.replace(" ", "-") for condition, (_, words) in WORDS.items()}
STATES = tuple(FILTERED.values())
"""What `state:` may name in a filter of the fleet, each as one word: `going-back`."""

AT_REST: dict[HostCondition, str] = {"unknown": "drift", "unreachable": "not reached", "failed": "not healthy", "old": "not verified"}


def condition_words(condition: HostCondition) -> tuple[MarkName, str]:
    """Mark and word of a host's condition."""
    return WORDS[condition]


def _above(state: RunState) -> dict[str, str]:
    """New hosts that a metric above its limit was measured on, each with what it is called."""
    over = (known for known in state.thresholds.values() if known.is_over) if state.phase in ("running", "rolling-back") else ()
    named = ((state.hosts.get(host), known.threshold.metric) for known in over for host in known.verdict.hosts)
    return {host.name: metric_name(metric) for host, metric in named if host is not None and host.condition == "new"}


above: Newest[RunState, dict[str, str]] = Newest(_above)
"""(state) to the new hosts that a metric above its limit was measured on: a host that passed its gate is not well for that."""


def host_mark(state: RunState, host: HostState) -> Span:
    """Return the mark of a host as it is now."""
    if is_cut(host):
        return mark("unknown")
    if host.name in above(state):
        return mark("failed")
    if host.condition == "old" and is_busy(host):
        return mark("busy")
    return mark(WORDS[host.condition][0])


def is_cut(host: HostState) -> bool:
    """Return whether a host that was reached has no link now. One that is said to be lost anyway needs no other word."""
    return not host.linked and host.condition not in ("unreachable", "unknown", "failed", "owed", "left-out")


def is_busy(host: HostState) -> bool:
    """Return whether a step runs on the host now."""
    ran = host.steps.get(host.step)
    return ran is not None and ran.status == "running"
