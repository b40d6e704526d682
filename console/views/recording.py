"""A run's events as a recording: when each came, in seconds from the first, and where chapters begin. Pure; whoever plays it has the clock."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from console.core.run.evolve import evolve, fold
from console.core.run.sentences import sentence
from console.model import events as ev
from console.model.plan import Step
from console.model.run_summary import ASIDE
from console.model.state import RunState
from console.views.log_lines import pause_words
from console.views.styled_text import Tone


class Chapter(NamedTuple):
    """A part of a run: the number of events before it, when it began, and what it is."""

    place: int
    at: str
    words: str
    tone: Tone = "strong"


class Recording:
    """The events of a run in their order. A place is how many of them have happened."""

    def __init__(self, events: Sequence[ev.AnyEvent]) -> None:
        self.events = tuple(events)
        self.times = times_of(self.events)
        self._walls = _rising(event.at for event in self.events)
        self.chapters = chapters_of(self.events)

    def __len__(self) -> int:
        """How many events there are."""
        return len(self.events)

    @property
    def seconds(self) -> float:
        """The run's length in seconds."""
        return self.times[-1] if self.times else 0.0

    @property
    def seconds_to_end(self) -> float:
        """Seconds until the run's end: a note that came later makes it no longer."""
        ends = (seconds for event, seconds in zip(self.events, self.times, strict=True) if isinstance(event, ev.RunEnded))
        return next(ends, self.seconds)

    @property
    def pauses(self) -> tuple[tuple[float, float], ...]:
        """When the run stood still: from and until, in seconds. One that goes on is not there."""
        out: list[tuple[float, float]] = []
        paused: float | None = None
        for event, seconds in zip(self.events, self.times, strict=True):
            if isinstance(event, ev.Paused) and paused is None:
                paused = seconds
            elif isinstance(event, ev.Continued | ev.RollbackBegan | ev.RunEnded) and paused is not None:
                out.append((paused, seconds))
                paused = None
        return tuple(out)

    def state_at(self, place: int) -> RunState:
        """Return what the events before that place add up to."""
        return fold(self.events[:place])

    def time_at(self, place: int) -> float:
        """Return the seconds from the first event to the last one before that place."""
        return self.times[place - 1] if place > 0 else 0.0

    def wall_at(self, seconds: float) -> float:
        """Return the moment (seconds since 1970) that many seconds after the first event."""
        place = max(0, self.place_at(seconds) - 1)
        return self._walls[place] + seconds - self.times[place] if self.times else 0.0

    def wall_of(self, at: str) -> float:
        """Return an RFC 3339 moment as seconds since 1970; the first event's where it is none."""
        try:
            return _moment(at).timestamp()
        except (ValueError, TypeError):
            return self._walls[0] if self._walls else 0.0

    def seconds_at(self, wall: float) -> float:
        """Return how many seconds after the first event a moment was (seconds since 1970): between the events that it stood between. Before it: below 0."""
        place = bisect_right(self._walls, wall) - 1
        if place < 0:
            return wall - self._walls[0] if self._walls else 0.0
        seconds = self.times[place] + wall - self._walls[place]
        return min(seconds, self.times[place + 1]) if place + 1 < len(self.times) else seconds

    def mono_at(self, wall: float) -> float:
        """Return a moment (seconds since 1970) on the clock of the event before it."""
        place = max(0, bisect_right(self._walls, wall) - 1)
        return self.events[place].mono + wall - self._walls[place] if self.events else 0.0

    def place_at(self, seconds: float) -> int:
        """Return how many events have happened so many seconds after the first."""
        return bisect_right(self.times, seconds)

    def chapter_at(self, place: int) -> Chapter | None:
        """Return the chapter that the last event before that place belongs to."""
        index = bisect_left([chapter.place for chapter in self.chapters], place) - 1
        return self.chapters[index] if index >= 0 else None

    def next_chapter(self, place: int) -> int:
        """Return the place at which the next chapter has begun; the end after the last."""
        return next((chapter.place + 1 for chapter in self.chapters if chapter.place >= place), len(self))

    def chapter_before(self, place: int) -> int:
        """Return the place at which this chapter had begun, or from there the one before; the beginning before the first."""
        return next((chapter.place + 1 for chapter in reversed(self.chapters) if chapter.place + 1 < place), 0)


def times_of(events: Sequence[ev.Event]) -> tuple[float, ...]:
    """Return the seconds of each event after the first; they never go back, whatever boots and wall clocks did."""
    times: list[float] = []
    for before, event in zip((None, *events), events, strict=False):
        times.append(times[-1] + _between(before, event) if before is not None else 0.0)
    return tuple(times)


def _between(before: ev.Event, after: ev.Event) -> float:
    if before.boot == after.boot and before.mono and after.mono:
        return max(0.0, after.mono - before.mono)
    try:
        return max(0.0, (_moment(after.at) - _moment(before.at)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _rising(moments: Iterable[str]) -> list[float]:
    """Moments as seconds since 1970 that never go back."""
    walls: list[float] = []
    for at in moments:
        before = walls[-1] if walls else 0.0
        try:
            walls.append(max(before, _moment(at).timestamp()))
        except (ValueError, TypeError):
            walls.append(before)
    return walls


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at.replace("Z", "+00:00"))


def chapters_of(events: Sequence[ev.AnyEvent]) -> tuple[Chapter, ...]:
    """Return the chapters of a run: pre-flight, decision, waves, pauses, the watch, the way back, the end."""
    state, found, wave = RunState(), [], 0
    for place, event in enumerate(events):
        if not isinstance(event, ev.StepStarted):
            state = evolve(state, event) if isinstance(event, ev.RunOpened | ev.StepsPlanned | ev.PlanMade | ev.RollbackBegan | ev.HostReturning) else state
            told = _chapter(event)
        else:
            step = state.index.get(event.step)
            told = _step_chapter(state, step, wave) if step else None
            wave = step.wave if step and told else wave
        if told:
            found.append(Chapter(place, event.at, *told))
    return tuple(found)


def _chapter(event: ev.AnyEvent) -> tuple[str, Tone] | None:
    match event:
        case ev.RunOpened():
            what = f"{event.kind} on {event.environment}" if event.kind in ASIDE else f"pre-flight of a {event.kind} to {event.environment}"
            return f"{what}, asked for by {event.by}", "strong"
        case ev.Decided(interrupted=True):
            return "not decided", "warn"
        case ev.Decided():
            return (f"GO by {event.by}", "accent") if event.go else (f"no-go by {event.by}", "warn")
        case ev.Paused():
            return pause_words(event), "warn"
        case ev.RecordLost() | ev.RecordRegained():
            return sentence(event), "bad" if isinstance(event, ev.RecordLost) else "good"
        case ev.Continued():
            return "continued" + (f" by {event.by}" if event.by else ""), "accent"
        case ev.TakenUp():
            return f"a new engine took the run over for {event.by}", "accent"
        case ev.RollbackBegan():
            return f"rolling back: {event.reason}" + (f" ({event.by})" if event.by else ""), "back"
        case ev.RunEnded():
            tone: Tone = "good" if event.exit == 0 else "back" if event.exit == 4 else "warn" if event.exit in (3, 8, 9) else "bad"
            return f"{event.outcome}, exit {event.exit}" + (f": {event.reason}" if event.reason else ""), tone
    return None


def _step_chapter(state: RunState, step: Step, wave: int) -> tuple[str, Tone] | None:
    if step.kind == "monitor":
        return "watching the health of every host", "strong"
    if step.phase == "release" and step.wave > wave and state.plan and step.wave <= len(state.plan.waves):
        hosts = state.plan.waves[step.wave - 1]
        named = ", ".join(hosts[:3]) + (f" … {hosts[-1]}" if len(hosts) > 3 else "")
        return f"wave {step.wave} of {len(state.plan.waves)}: {named}", "strong"
    return None
