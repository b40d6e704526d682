"""Which steps of a plan wait for which. Pure; how far each is, is not known here.

A need within one host's lane is looked up where the lane is looked at; needs between lanes, and of steps about no host, are the graph's edges.
"""

from collections.abc import Callable, Mapping

from console.model.plan import Step

Waiting = dict[str, tuple[Step, ...]]
"""By a step's name: the steps elsewhere that need it."""


def waiting_of(index: Mapping[str, Step]) -> Waiting:
    """Return who waits for whom among all steps that a run knows."""
    found: dict[str, list[Step]] = {}
    for step in index.values():
        for need in step.needs:
            needed = index.get(need)
            if needed is not None and (needed.about != step.about or not step.about):
                found.setdefault(need, []).append(step)
    return {need: tuple(steps) for need, steps in found.items()}


def open_needs(index: Mapping[str, Step], waiting: Waiting, lets_begin: Callable[[Step], bool]) -> dict[str, int]:
    """Return how many needs elsewhere each step that has any still waits for. `lets_begin`: whether one that is no mark lets others begin."""
    known: dict[str, bool] = {}

    def begins(step: Step) -> bool:
        if step.kind != "mark":
            return lets_begin(step)
        if step.name not in known:
            known[step.name] = all(begins(index[need]) for need in step.needs if need in index)
        return known[step.name]

    counts: dict[str, int] = {}
    for need, steps in waiting.items():
        held = not begins(index[need])
        for step in steps:
            counts[step.name] = counts.get(step.name, 0) + held
    return counts
