"""A run's plan against what happened: the time of the whole, and by kind of step how many there were, how they ended, and what they took. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from console.model import events as ev
from console.model.plan import Step
from console.model.state import RunState, StepState
from console.views.blocking_reason import step_words
from console.views.progress import is_late, whole_seconds
from console.views.recording import Recording

NOT_DONE = ("failed", "unknown", "unreachable", "held", "cancelled")
"""Statuses of a step that was begun and did not end well."""


@dataclass(frozen=True, slots=True)
class StepKindTimes:
    """One kind of step. Times are in seconds; `usual`: what it took on a host in runs before this one, None: not known."""

    words: str
    planned: int
    done: int
    failed: int
    usual: float | None
    median: float | None
    longest: float | None
    longest_on: str = ""

    @property
    def not_begun(self) -> int:
        """How many of them were never begun."""
        return self.planned - self.done - self.failed

    @property
    def is_late(self) -> bool:
        """Whether it clearly took longer than usual, on the half of the hosts or more."""
        return self.median is not None and is_late(self.median, self.usual)


@dataclass(frozen=True, slots=True)
class SlowStep:
    """A step that took long. `usual` as above."""

    words: str
    host: str
    seconds: float
    usual: float | None

    @property
    def is_late(self) -> bool:
        """Whether it clearly took longer than usual."""
        return is_late(self.seconds, self.usual)


@dataclass(frozen=True, slots=True)
class WholeTime:
    """What a run was to take from GO to its end, and what it took, in seconds."""

    planned: float | None
    """By what runs before this one took, with its own pauses and its monitoring window; None: they do not tell."""
    took: float
    paused: float
    """So much of it stood still, for a person or another reason."""


def whole_time(recording: Recording, state: RunState) -> WholeTime | None:
    """Return the run's time from GO to its end; None where it had no GO, or has not ended."""
    moments = zip(recording.events, recording.times, strict=True)
    go = next(((place, at) for place, (event, at) in enumerate(moments) if isinstance(event, ev.Decided) and event.go), None)
    if go is None or state.phase != "ended":
        return None
    place, began = go
    return WholeTime(whole_seconds(recording.state_at(place)), recording.seconds_to_end - began, sum(end - at for at, end in recording.pauses))


def kind_words(step: Step) -> str:
    """Return what a kind of step is called, told apart from the same on the way back."""
    return step_words(step) + (" (rollback)" if step.phase == "rollback" else "")


def step_times(state: RunState) -> tuple[StepKindTimes, ...]:
    """Return each kind of step in the order of the plan, the ones of a rollback after it."""
    found: dict[str, list[tuple[Step, StepState]]] = {}
    for step, known in _steps(state):
        found.setdefault(kind_words(step), []).append((step, known))
    return tuple(_times(words, steps, state) for words, steps in found.items())


def slowest_steps(state: RunState, most: int = 5) -> tuple[SlowStep, ...]:
    """Return the steps that took the most time, the longest first; the watch at the end is no step that could be faster."""
    took = [SlowStep(kind_words(step), step.about, known.seconds, _usual(step, state)) for step, known in _steps(state) if step.kind != "monitor"]
    took.sort(key=lambda one: -one.seconds)
    least = max(0.1, took[0].seconds / 10) if took else 0.0
    return tuple(one for one in took[:most] if one.seconds >= least)


def _steps(state: RunState) -> Iterable[tuple[Step, StepState]]:
    return ((step, state.step_state(step)) for step in state.index.values() if step.kind not in ("wave", "mark"))


def _times(words: str, steps: list[tuple[Step, StepState]], state: RunState) -> StepKindTimes:
    ended = [(known.seconds, step.about) for step, known in steps if known.status == "done" or known.status in NOT_DONE]
    longest, host = max(ended, default=(None, ""), key=lambda pair: pair[0])
    done = sum(known.status == "done" for _, known in steps)
    failed = sum(known.status in NOT_DONE for _, known in steps)
    middle = median(seconds for seconds, _ in ended) if ended else None
    return StepKindTimes(words, len(steps), done, failed, _usual(steps[0][0], state), middle, longest, host)


def _usual(step: Step, state: RunState) -> float | None:
    return state.usual.get(step.kind) if step.about else None
