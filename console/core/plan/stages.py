"""Hosts that change in step with each other: none begins the next stage before all have ended this one. Pure; which stages there are is the caller's."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from console.core.plan.lanes import chained
from console.model.plan import Phase, Step
from console.safe_text import SafeText

Stages = tuple[tuple[Step, ...], ...]
"""One host's steps, by stage."""


class Staged(NamedTuple):
    """The steps of all hosts with the marks between them, and the last one of each host."""

    steps: tuple[Step, ...]
    ends: tuple[str, ...]


def in_stages(hosts: Sequence[Stages], needs: Callable[[int], tuple[str, ...]], phase: Phase, titles: tuple[str, ...]) -> Staged:
    """Lay the stages out behind each other. `needs`: what the host of that place waits for first; `titles`: what each mark between two stages says."""
    if not hosts:
        return Staged((), ())
    steps: list[Step] = []
    last: dict[int, str] = {}
    mark: tuple[str, ...] = ()
    for stage in range(len(titles) + 1):
        for place, host in enumerate(hosts):
            before = (*mark, last[place]) if place in last else (*mark, *needs(place))
            chain = chained(host[stage], before)
            steps.extend(chain)
            if chain:
                last[place] = chain[-1].name
        if stage < len(titles):
            name = f"{'back' if phase == 'rollback' else 'recreate'}/stage-{stage + 1}"
            steps.append(Step(name, "mark", phase, SafeText(titles[stage]), needs=tuple(last.values()) or mark, timeout=0.0, idempotent=True))
            mark = (name,)
    return Staged(tuple(steps), tuple(last.values()))
