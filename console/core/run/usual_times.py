"""How long steps usually take, from runs that have ended. Pure."""

from collections.abc import Iterable, Mapping
from statistics import median

from console.model.state import RunState

KEPT = 200
"""Hosts of a run whose seconds are kept for each kind of step: of more, an even selection from the fastest to the slowest."""


def seconds_by_kind(state: RunState) -> dict[str, tuple[float, ...]]:
    """Return the seconds that each kind of step took on a host, where it ended well, in order."""
    took: dict[str, list[float]] = {}
    for host in state.hosts.values():
        for name, ran in host.steps.items():
            if ran.status == "done" and name in state.index:
                took.setdefault(state.index[name].kind, []).append(ran.seconds)
    return {kind: tuple(sorted(seconds)[:: 1 + (len(seconds) - 1) // KEPT]) for kind, seconds in took.items()}


def usual_by_kind(runs: Iterable[Mapping[str, tuple[float, ...]]]) -> dict[str, float]:
    """Return the median seconds of each kind of step over those runs."""
    took: dict[str, list[float]] = {}
    for run in runs:
        for kind, seconds in run.items():
            took.setdefault(kind, []).extend(seconds)
    return {kind: round(median(seconds), 3) for kind, seconds in took.items()}
