"""How long steps take and how long a run still has: from this run's steps, else from what runs before it took. Pure; times are seconds.

What is found for a state is kept until another state comes: at thousands of hosts it is asked for several times a tick.
"""

from collections.abc import Callable, Mapping
from statistics import median
from typing import Generic, NamedTuple, TypeVar

from console.core.run.monitoring_window import window_left
from console.model.plan import Plan, Step
from console.model.state import RunState, StepState
from console.model.values import changed

Key = TypeVar("Key")
Found = TypeVar("Found")

_STAGES = {"prepare": 0, "release": 1, "rollback": 1, "verify": 2, "close": 3}
_SHORT: Mapping[str, float] = {"pack": 1.0, "prune": 1.0, "remove": 1.0}
"""What is taken for kinds that nothing is known of and that are soon over; without the others there is no estimate."""
_OPEN = ("pending", "running")
ASKED = 300
"""Hosts whose steps say how long a kind takes: the last ones that began."""
WATCHES = ("wave", "monitor", "analysis", "manual")
"""Steps that only watch, or wait for time or a person."""
_NO_MORE = ("failed", "unreachable", "unknown", "skipped", "owed", "left-out")


class Newest(Generic[Key, Found]):
    """Remembers what was found for the object that was asked about last."""

    def __init__(self, find: Callable[[Key], Found]) -> None:
        self._find = find
        self._held: tuple[Key, Found] | None = None

    def __call__(self, key: Key) -> Found:
        """Return what there is to find for that object."""
        if self._held is None or self._held[0] is not key:
            self._held = (key, self._find(key))
        return self._held[1]


def _running(state: RunState) -> tuple[tuple[Step, StepState], ...]:
    found = [(state.index[name], ran) for name, ran in state.steps.items() if ran.status == "running" and name in state.index]
    for host in state.hosts.values():
        ran = host.steps.get(host.step) if host.step else None
        if ran and ran.status == "running" and host.step in state.index:
            found.append((state.index[host.step], ran))
    return tuple(sorted((pair for pair in found if not _is_over(state, pair[0])), key=lambda pair: pair[1].started))


def _is_over(state: RunState, step: Step) -> bool:
    """Whether a step only watches, in a run that goes back: it is being ended, and nobody waits for it."""
    return state.phase == "rolling-back" and step.kind in WATCHES


running_steps: Newest[RunState, tuple[tuple[Step, StepState], ...]] = Newest(_running)
"""(state) to the steps that run now, longest first."""


def _taken(state: RunState) -> dict[str, float]:
    took: dict[str, list[float]] = {}
    index = state.index
    begun = [host for host in state.hosts.values() if host.steps]
    for host in begun[-ASKED:]:
        for name, ran in host.steps.items():
            if ran.status == "done" and name in index:
                took.setdefault(index[name].kind, []).append(ran.seconds)
    return {kind: median(seconds) for kind, seconds in took.items()}


taken: Newest[RunState, dict[str, float]] = Newest(_taken)
"""(state) to how long each kind of step took on the hosts of this run, in the middle."""


def is_late(spent: float, usual: float | None) -> bool:
    """Return whether a step that has run for so many seconds takes clearly longer than it usually does."""
    return usual is not None and spent > max(2 * usual, usual + 3)


def usual_seconds(state: RunState, kind: str) -> float | None:
    """How long steps of that kind took on this run's other hosts, else in runs before it; None when nothing is known."""
    return taken(state).get(kind, state.usual.get(kind))


class LaneProgress(NamedTuple):
    """One host's steps between two points that all hosts pass, and their kinds."""

    host: str
    steps: tuple[Step, ...]
    kinds: tuple[str, ...]


Stage = tuple[tuple[Step, ...], tuple[LaneProgress, ...]]
"""What happens between two such points: steps of no host, and each host's lane."""


def _stages(plan: Plan) -> tuple[Stage, ...]:
    found: dict[tuple[int, int], tuple[list[Step], dict[str, list[Step]]]] = {}
    for step in (step for step in plan.steps if step.kind != "mark"):
        alone, lanes = found.setdefault((_STAGES[step.phase], step.wave), ([], {}))
        (lanes.setdefault(step.about, []) if step.about else alone).append(step)
    return tuple(
        (tuple(alone), tuple(LaneProgress(host, tuple(steps), tuple(step.kind for step in steps)) for host, steps in lanes.items()))
        for _, (alone, lanes) in sorted(found.items())
    )


_stages_of: Newest[Plan, tuple[Stage, ...]] = Newest(_stages)


def left_seconds(state: RunState, now: float) -> float | None:
    """Return how long the run still has if all goes well. None: not running, paused, or a kind of step is yet unknown."""
    plan = state.back if state.phase == "rolling-back" else state.plan
    if plan is None or state.pausing or state.aborting or state.phase not in ("locking", "running", "rolling-back"):
        return None
    known = {**_SHORT, **state.usual, **taken(state)}
    total = 0.0
    for alone, lanes in _stages_of(plan):
        parts = [*(_step_left(state, step, state.steps.get(step.name), now, known) for step in alone), _longest(state, lanes, now, known)]
        for part in parts:
            if part is None:
                return None
            total += part
    return total


def whole_seconds(state: RunState) -> float | None:
    """Return how long a run that is not decided yet would take. None: a kind of step is yet unknown."""
    return left_seconds(changed(state, phase="locking"), state.mono)


def back_seconds(state: RunState) -> float | None:
    """Return how long the way back of a host usually takes, once it begins. None: not known yet."""
    known = {**state.usual, **taken(state)}
    parts = [known.get(kind) for kind in ("switch", "restart", "gate")]
    return None if None in parts else sum(part for part in parts if part is not None)


def _longest(state: RunState, lanes: tuple[LaneProgress, ...], now: float, known: Mapping[str, float]) -> float | None:
    """Return how long the slowest of these lanes still has; None when that is not known."""
    hosts, gone, longest = state.hosts, () if state.phase == "rolling-back" else _NO_MORE, 0.0
    whole: set[tuple[str, ...]] = set()
    for name, steps, kinds in lanes:
        host = hosts.get(name)
        if host is None or host.condition in gone:
            continue
        last = host.steps.get(steps[-1].name)
        if last is not None and last.status not in _OPEN:
            continue
        if steps[0].name not in host.steps:
            whole.add(kinds)
            continue
        parts = [_step_left(state, step, host.steps.get(step.name), now, known) for step in steps]
        if None in parts:
            return None
        longest = max(longest, sum(part for part in parts if part is not None))
    for kinds in whole:
        if not all(kind in known for kind in kinds):
            return None
        longest = max(longest, sum(known[kind] for kind in kinds))
    return longest


def _step_left(state: RunState, step: Step, ran: StepState | None, now: float, known: Mapping[str, float]) -> float | None:
    status = ran.status if ran else "pending"
    if status not in _OPEN:
        return 0.0
    if step.kind == "monitor":
        return window_left(state, step, now)
    timed = {"wave": step.pause, "analysis": step.timeout}
    whole = timed.get(step.kind, known.get(step.kind))
    if whole is None or ran is None or status == "pending":
        return whole
    return max(0.0, whole - (now - ran.started))
