"""A run's timeline in short: what a person would tell of it. Everything else stays in the list of all events. Pure."""

from console.core.analysis.sequential import judged
from console.core.words.sizes import counted
from console.model import events as ev
from console.model.plan import Step
from console.model.state import RunState
from console.views.blocking_reason import step_words
from console.views.document_blocks import TimelineEntry
from console.views.log_lines import LogLine, log_lines
from console.views.recording import Chapter, Recording

MOST = 80
"""Entries; of more, those in the middle are left out, and that is said."""
WAVES = 6
"""Waves that are told; of more, the first and the last few."""
_ALWAYS = (
    ev.AbortAsked, ev.HostReturning, ev.HostSkipped, ev.HostRetried, ev.HostOwed, ev.HostForgiven, ev.HostFailed, ev.LinkLost, ev.LinkRestored,
    ev.NoteAdded, ev.HelmTaken, ev.OperatorJoined, ev.CheckAcknowledged, ev.CommandRefused, ev.PersonCalled, ev.AnnouncementSent, ev.BackupTaken,
    ev.MaintenanceChanged, ev.LocksRefused, ev.Promoted, ev.TicketClosed,
    ev.RecordLost, ev.RecordRegained, ev.WindowExtended, ev.Superseded, ev.ThresholdCrossed, ev.ThresholdBreached, ev.ThresholdRecovered,
)  # fmt: skip
_DATABASE = ("backup", "migrate", "revert", "restore")


def highlights(recording: Recording, state: RunState) -> tuple[TimelineEntry, ...]:
    """Return what is told of the run, in its order."""
    chapters = {chapter.place: chapter for chapter in _told_chapters(recording)}
    choice = _Choice(recording, state)
    out: list[TimelineEntry] = []
    for place, (event, seconds) in enumerate(zip(recording.events, recording.times, strict=True)):
        if place in chapters:
            words = chapters[place].words.removesuffix(f": {state.back_reason}") if isinstance(event, ev.RunEnded) else chapters[place].words
            out.append(TimelineEntry(event.at, seconds, "", words, chapters[place].tone, chapter=True))
        out += choice.told(place, event, seconds)
    return _shortened(out)


def _told_chapters(recording: Recording) -> tuple[Chapter, ...]:
    """The chapters of a run; of many waves those in the middle are one."""
    waves = [chapter for chapter in recording.chapters if chapter.words.startswith("wave ")]
    between = waves[WAVES // 2 : -WAVES // 2] if len(waves) > WAVES else []
    dropped = {chapter.place for chapter in between[1:]}
    first = between[0].place if between else -1
    words = f"{counted(len(between), 'more wave')} until the last {WAVES // 2}"
    chapters = (chapter._replace(words=words, tone="plain") if chapter.place == first else chapter for chapter in recording.chapters)
    return tuple(chapter for chapter in chapters if chapter.place not in dropped)


class _Choice:
    """What of the events is told, one after the other."""

    def __init__(self, recording: Recording, state: RunState) -> None:
        self._state = state
        self._changed = False
        self._verdict = ""
        self._judged = {event.step for event in recording.events if isinstance(event, ev.GateJudged | ev.CriticalJudged) and event.verdict != "passed"}
        self._last_back = max((place for place, event in enumerate(recording.events) if self._is_back(event)), default=-1)

    def _is_back(self, event: ev.Event) -> bool:
        return isinstance(event, ev.StepFinished) and event.step in self._state.index and self._state.index[event.step].phase == "rollback"

    def told(self, place: int, event: ev.AnyEvent, seconds: float) -> list[TimelineEntry]:
        step = self._state.index.get(event.step) if isinstance(event, ev.StepStarted | ev.StepFinished | ev.GateJudged | ev.CriticalJudged) else None
        if isinstance(event, ev.StepStarted):
            return self._first_change(event, step, seconds)
        lines = self._lines(event) if self._is_told(event, step) else ()
        out = [TimelineEntry(event.at, seconds, one.where, one.text, one.tone) for one in lines]
        if isinstance(event, ev.StepFinished) and step and step.kind in _DATABASE and event.status == "done":
            out.append(TimelineEntry(event.at, seconds, event.host, f"{step_words(step)} done, in {event.seconds:.1f} s", "good"))
        if place == self._last_back and isinstance(event, ev.StepFinished) and event.status == "done":
            out.append(TimelineEntry(event.at, seconds, event.host, "last step of the rollback done", "back"))
        return out

    def _lines(self, event: ev.AnyEvent) -> list[LogLine]:
        """The lines of the log that tell of it: the first one; of new kinds of lines, each."""
        lines = log_lines(event, self._state)
        return [one._replace(text=f"only on new hosts: {one.text}") for one in lines if one.where] if isinstance(event, ev.LogKindsSeen) else list(lines[:1])

    def _first_change(self, event: ev.StepStarted, step: Step | None, seconds: float) -> list[TimelineEntry]:
        if self._changed or step is None or not step.changes:
            return []
        self._changed = True
        return [TimelineEntry(event.at, seconds, event.host, f"first change: {step_words(step)}", "strong")]

    def _is_told(self, event: ev.AnyEvent, step: Step | None) -> bool:
        match event:
            case ev.StepFinished():
                return event.status not in ("done", "cancelled") and not (step and step.name in self._judged)
            case ev.GateJudged() | ev.CriticalJudged():
                return event.verdict != "passed"
            case ev.LocksReleased():
                return bool(event.left)
            case ev.CheckReported():
                return event.check.status not in ("passed", "skipped", "waiting")
            case ev.TrafficChanged():
                return event.mark in ("left", "overdue", "unread") or event.cut > 0
            case ev.LogKindsSeen():
                return bool(event.fresh)
            case ev.WeightsChanged():
                return event.mark in ("restored", "unread") or bool(event.theirs)
            case ev.AnalysisSeen():
                verdict, self._verdict = self._verdict, judged(event.readings)
                return self._verdict not in (verdict, "inconclusive")
        return isinstance(event, _ALWAYS)


def _shortened(entries: list[TimelineEntry]) -> tuple[TimelineEntry, ...]:
    if len(entries) <= MOST:
        return tuple(entries)
    half = MOST // 2
    between = entries[half]
    left = TimelineEntry(between.at, between.seconds, "", f"{len(entries) - 2 * half} more entries are left out here; all of them are among the events", "dim")
    return (*entries[:half], left, *entries[-half:])
