"""The moments of a failure in their order: first bad effect, first signal, verdict, decision, action, back, end, and the gaps between them. Pure.

Each says whether it was recorded or is inferred. A moment that the record does not have is left out.
"""

from dataclasses import dataclass, replace
from typing import Literal

from console.core.analysis.sequential import judged
from console.core.kinds.kind_table import kind_of
from console.core.run.sentences import sentence
from console.core.words.canary_words import reading_words
from console.core.words.sizes import counted_hosts
from console.model import events as ev
from console.model.request import Person
from console.model.state import RunState
from console.views.blocking_reason import step_words
from console.views.plan_words import names_in_words
from console.views.recording import Recording
from console.views.times import seconds_in_words

NAMED = 8
"""Hosts that are named in a sentence."""


@dataclass(frozen=True, slots=True)
class KeyMoment:
    """One moment of the sequence. `seconds` from the run's beginning; `gap`: from the moment before it, None for the first."""

    name: str
    at: str
    seconds: float
    words: str
    source: Literal["recorded", "inferred"] = "recorded"
    gap: float | None = None


def key_moments(recording: Recording, state: RunState) -> tuple[KeyMoment, ...]:
    """Return the moments in the order of time, each with the seconds since the one before."""
    ordered = sorted(_Sequence(recording, state).moments(), key=lambda one: one.seconds)
    before: list[float | None] = [None, *(one.seconds for one in ordered)]
    return tuple(one if last is None else replace(one, gap=one.seconds - last) for one, last in zip(ordered, before, strict=False))


class _Sequence:
    """Finds the moments of a run, each by the first event that has it."""

    def __init__(self, recording: Recording, state: RunState) -> None:
        self._all = tuple(zip(recording.events, recording.times, strict=True))
        self._state = state

    def moments(self) -> list[KeyMoment]:
        signal = next((place for place, (event, _) in enumerate(self._all) if shows_harm(event)), None)
        decision = next((place for place, (event, _) in enumerate(self._all) if self._decides(event)), None)
        found = [self._effect(signal), self._signal(signal), self._verdict(signal, decision), self._decision(decision), self._action(decision)]
        found += [self._back(), self._end()]
        return [one for one in found if one is not None]

    def _moment(self, place: int, name: str, words: str) -> KeyMoment:
        event, seconds = self._all[place]
        return KeyMoment(name, event.at, seconds, words)

    def _effect(self, signal: int | None) -> KeyMoment | None:
        """The change ahead of the first signal: on its host, else on the first host."""
        if signal is None:
            return None
        host = getattr(self._all[signal][0], "host", "")
        changes = [place for place in range(signal) if self._changes(place) and host in ("", self._on(place))]
        if not changes:
            return None
        place = changes[-1] if host else changes[0]
        event, seconds = self._all[place]
        step = self._state.index[getattr(event, "step", "")]
        words = f"{step.about}: {step_words(step)} began; nothing was wrong with that host on the record before"
        return KeyMoment("First bad effect, at the earliest", event.at, seconds, words, "inferred")

    def _changes(self, place: int) -> bool:
        event = self._all[place][0]
        return isinstance(event, ev.StepStarted) and event.step in self._state.index and self._state.index[event.step].changes

    def _on(self, place: int) -> str:
        return str(getattr(self._all[place][0], "host", ""))

    def _signal(self, place: int | None) -> KeyMoment | None:
        return None if place is None else self._moment(place, "First signal", self._harm_words(self._all[place][0]))

    def _verdict(self, signal: int | None, decision: int | None) -> KeyMoment | None:
        """The last failure that stood when it was decided; the first one where nothing was decided."""
        if signal is None:
            return None
        until = len(self._all) if decision is None else decision
        failures = [place for place in range(until) if self._fails(place)]
        if not failures:
            return None
        place = failures[0] if decision is None else failures[-1]
        budget = f"; {counted_hosts(self._state.max_failures, 'no failed host', 'failed host')} allowed" if not kind_of(self._state).is_return else ""
        return self._moment(place, "Verdict", self._harm_words(self._all[place][0]) + budget)

    def _fails(self, place: int) -> bool:
        event = self._all[place][0]
        return isinstance(event, ev.StepFinished | ev.HostFailed | ev.AnalysisSeen | ev.ThresholdBreached) and shows_harm(event)

    def _harm_words(self, event: ev.Event) -> str:
        match event:
            case ev.GateJudged():
                return f"{event.host}: {event.check} {event.verdict}, saw {event.seen or 'nothing'}, after {seconds_in_words(event.seconds)}"
            case ev.CriticalJudged():
                return sentence(event)
            case ev.StepFinished():
                step = self._state.index.get(event.step)
                what = f"{event.host}: {step_words(step)}" if step and event.host else str(step.title) if step else event.step
                return f"{what} {event.status} after {seconds_in_words(event.seconds)}" + (f": {event.detail}" if event.detail else "")
            case ev.HostFailed():
                return f"{event.host} {event.condition}: {event.reason}"
            case ev.ThresholdBreached():
                return sentence(event)
            case ev.AnalysisSeen():
                return f"new hosts were judged worse than old ones: {reading_words(event.readings)}"
        return type(event).__name__

    def _decides(self, event: ev.Event) -> bool:
        if isinstance(event, ev.RollbackBegan | ev.AbortAsked | ev.HostReturning):
            return True
        return kind_of(self._state).is_return and isinstance(event, ev.Decided)

    def _decision(self, place: int | None) -> KeyMoment | None:
        if place is None:
            return None
        match self._all[place][0]:
            case ev.RollbackBegan(by=by, reason=reason):
                words = f"roll back, {_asked(by, reason)}"
            case ev.AbortAsked(by=by, leave=leave):
                words = f"abort, asked for by {by}" + (", everything stays as it is" if leave else "")
            case ev.HostReturning(host=host, by=by, reason=reason):
                words = f"{host} goes back alone, {_asked(by, reason)}"
            case _:
                words = f"GO for the rollback, by {self._state.decided_by or self._state.by}"
        return self._moment(place, "Decision", words)

    def _action(self, decision: int | None) -> KeyMoment | None:
        """The first step that changes something after the decision."""
        if decision is None:
            return None
        place = next((place for place in range(decision, len(self._all)) if self._changes(place) and self._undoes(place)), None)
        if place is None:
            return None
        step = self._state.index[getattr(self._all[place][0], "step", "")]
        return self._moment(place, "Action", f"{step.about}: {step_words(step)} began")

    def _undoes(self, place: int) -> bool:
        step = self._state.index[getattr(self._all[place][0], "step", "")]
        return step.phase == "rollback" or kind_of(self._state).is_return

    def _back(self) -> KeyMoment | None:
        done = [place for place, (event, _) in enumerate(self._all) if isinstance(event, ev.StepFinished) and self._is_undo(event)]
        if not done:
            return None
        came = ("back", "new") if kind_of(self._state).is_return else ("back",)
        back = tuple(host.name for host in self._state.hosts.values() if host.condition in came)
        told = f"back: {names_in_words(back, NAMED)}" if back else "no host is known to be back"
        return self._moment(done[-1], "Back", f"the last step of the way back ended; {told}")

    def _is_undo(self, event: ev.StepFinished) -> bool:
        step = self._state.index.get(event.step)
        return step is not None and (step.phase == "rollback" or (kind_of(self._state).is_return and bool(step.about)))

    def _end(self) -> KeyMoment | None:
        place = next((place for place, (event, _) in enumerate(self._all) if isinstance(event, ev.RunEnded)), None)
        return None if place is None else self._moment(place, "End", f"{self._state.outcome}, exit {self._state.exit}")


def _asked(by: Person | None, reason: str) -> str:
    """Who or what had hosts go back, and why; the reason that is recorded may say who asked already."""
    if by is None:
        return f"by itself: {reason}"
    return reason if reason.startswith(f"asked for by {by.name}") else f"asked for by {by}: {reason}"


def shows_harm(event: ev.Event) -> bool:
    """Whether an event is a sign that something is wrong."""
    match event:
        case ev.GateJudged() | ev.CriticalJudged():
            return event.verdict != "passed"
        case ev.StepFinished():
            return event.status not in ("done", "cancelled")
        case ev.AnalysisSeen():
            return judged(event.readings) == "worse"
    return isinstance(event, ev.HostFailed | ev.ThresholdBreached)
