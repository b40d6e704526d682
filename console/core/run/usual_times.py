"""How long steps usually take, from runs that have ended. Pure."""

from collections.abc import Iterable
from statistics import median

from console.model.state import RunState


def usual_by_kind(states: Iterable[RunState]) -> dict[str, float]:
    """Return the median seconds that each kind of step took on a host, where it ended well."""
    took: dict[str, list[float]] = {}
    for state in states:
        for host in state.hosts.values():
            for name, ran in host.steps.items():
                if ran.status == "done" and name in state.index:
                    took.setdefault(state.index[name].kind, []).append(ran.seconds)
    return {kind: round(median(seconds), 3) for kind, seconds in took.items()}
