"""A host at its balancers, in words: how far its drain is, who took it out, what was cut, what could not be read back. Pure."""

from console.core.host_conditions import MISPLACED
from console.core.plan.lanes import ASKING
from console.core.words.sizes import counted
from console.model.plan import Step
from console.model.state import HostState, RunState
from console.safe_text import SafeText
from console.views.times import seconds_in_words


def drain_words(host: HostState) -> str:
    """`draining, 3 requests left`."""
    left = sum(seen.sessions or 0 for seen in host.traffic.values() if seen.mark in ("drained", "overdue"))
    return f"draining, {counted(left, 'request')} left" if left else "draining"


def held_words(host: HostState) -> str:
    """`held, 2 requests left`."""
    return drain_words(host).replace("draining", "held", 1)


def drain_time(step: Step, spent: float) -> str:
    """`4 s of 30 s`: how long a host is being drained, and how long requests may take; `41 s, over 30 s` where its balancer takes longer to say so."""
    allowed = max(0.0, step.timeout - ASKING)
    return f"{seconds_in_words(spent)}{' of' if spent <= allowed else ', over'} {seconds_in_words(allowed)}"


def traffic_note(host: HostState) -> str:
    """Why a host that is at rest gets no requests, or how many were cut there; empty: nothing of that."""
    cut = sum(seen.cut for seen in host.traffic.values())
    if not host.is_out:
        return f"{cut} cut" if cut else ""
    left = [name for name, seen in host.traffic.items() if seen.mark == "left"]
    return "out before" if len(left) == len(host.traffic) else "drained"


def traffic_rows(host: HostState) -> tuple[str, ...]:
    """What is known of the host at each balancer, a sentence each."""
    words = {
        "in": "gets requests again", "left": "out since before this run, and left so", "draining": "is being drained", "drained": "drained",
        "overdue": "drained, with requests under way when time was over", "unread": "not known whether it gets requests",
    }  # fmt: skip
    rows = []
    for name, seen in host.traffic.items():
        cut = f", {counted(seen.cut, 'request')} cut" if seen.cut else ""
        rows.append(f"{name}: {words[seen.mark]}{cut}" + (f": {seen.detail}" if seen.detail else ""))
    return tuple(rows)


def unread_words(state: RunState) -> str:
    """The hosts that are to get no requests, where it could not be read back that they get none; empty: there are none."""
    meant = (host for host in state.hosts.values() if host.traffic and host.condition in MISPLACED)
    found = [(host, name, seen) for host in meant for name, seen in host.traffic.items() if seen.mark == "unread"]
    if not found:
        return ""
    host, name, seen = found[0]
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{host.name} may still get requests at {name}{more} ({seen.detail})"


def new_share(state: RunState) -> float | None:
    """The part of the traffic that hosts with the new release get by weight: the smallest over all balancers; None: it does not go by weight now."""
    return min((known.share for known in state.weights.values() if known.share is not None), default=None)


def weights_left_words(state: RunState) -> tuple[str, ...]:
    """The balancers whose weights are not as they were before, a sentence each."""
    return tuple(
        f"{counted(len(known.own), 'server')} of {SafeText(name)} {'does' if len(known.own) == 1 else 'do'} not have the weight from before the run"
        for name, known in state.weights.items() if known.own
    )  # fmt: skip


def cut_words(state: RunState) -> str:
    """How many requests the run cut, and where; empty: none."""
    cut = {host.name: number for host in state.hosts.values() if (number := sum(seen.cut for seen in host.traffic.values()))}
    return f"{counted(sum(cut.values()), 'request')} cut on {', '.join(cut)}" if cut else ""
