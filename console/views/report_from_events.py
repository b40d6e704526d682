"""What a run's events alone say of it, as values: decision, timeline, hosts, what failed, what people were told. Pure; any beginning of a run has one.

The screen's report is made of it, and so is the written one (`report_contents`). How it is written down is the screen's and `report`'s.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from console.core.run.evolve import fold
from console.core.run.outcome import host_rows
from console.core.words.sizes import counted
from console.model import events as ev
from console.model.checks import Check
from console.model.state import RunState
from console.safe_text import SafeText
from console.views.blocking_reason import step_words
from console.views.database_report import Fact, database_facts
from console.views.document_blocks import TimelineEntry
from console.views.log_lines import log_lines
from console.views.recording import Recording
from console.views.times import seconds_in_words


@dataclass(frozen=True, slots=True)
class Decision:
    """GO or no-go, and what was overruled for it."""

    go: bool
    by: str
    at: str
    overrides: tuple[tuple[str, str], ...] = ()
    hotfix: str = ""
    reasons: tuple[str, ...] = ()
    interrupted: bool = False
    """Nobody said it: the one who would decide was gone, or the engine."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one kind of step took on a host, in seconds; `usual` is the other hosts' median, where there are others."""

    words: str
    seconds: float
    usual: float | None = None
    attempts: int = 1

    @property
    def is_late(self) -> bool:
        """Whether time was lost here."""
        return self.attempts > 1 or (self.usual is not None and self.seconds > max(2 * self.usual, self.usual + 3))

    def __str__(self) -> str:
        usual = f"usual {seconds_in_words(self.usual)}" if self.usual is not None and self.is_late else ""
        tries = f"{self.attempts} attempts" if self.attempts > 1 else ""
        more = ", ".join(part for part in (usual, tries) if part)
        return f"{self.words} {seconds_in_words(self.seconds)}" + (f" ({more})" if more else "")


@dataclass(frozen=True, slots=True)
class HostPart:
    """One host: what it had, what it has, and where its time went, the longest first."""

    host: str
    before: str
    after: str
    state: str
    seconds: float
    spent: tuple[Spent, ...] = ()
    detail: str = ""

    @property
    def lost(self) -> tuple[Spent, ...]:
        """Where it was later than the others, or the longest step where it was not."""
        return tuple(one for one in self.spent if one.is_late) or self.spent[:1]


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that did not end well, with the last lines of its output."""

    at: str
    host: str
    step: str
    status: str
    code: int | None
    seconds: float
    detail: str = ""
    hint: str = ""
    tail: tuple[SafeText, ...] = ()


@dataclass(frozen=True, slots=True)
class SentAnnouncement:
    """What people were told, word for word: before the first change, or after the last; and which channels took it."""

    at: str
    moment: str
    title: str
    body: tuple[str, ...]
    channels: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is told of a run."""

    state: RunState
    seconds: float
    decision: Decision | None
    timeline: tuple[TimelineEntry, ...]
    hosts: tuple[HostPart, ...]
    failures: tuple[Failure, ...]
    told: tuple[SentAnnouncement, ...] = ()
    database: tuple[Fact, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The release notes that a person wrote; none where they were made from the commits."""
        return tuple(self.state.request.impact.notes.split("\n")) if self.state.request.impact.notes else ()

    @property
    def version(self) -> str:
        """What was released; empty where nothing was."""
        return str(self.state.revision.version) if self.state.revision else ""


def checks_in_words(checks: Sequence[Check]) -> str:
    """Return how many checks passed, and how many were skipped: what was not asked has not passed. Empty: none was made."""
    if not checks:
        return ""
    passed, skipped = (sum(check.status == status for check in checks) for status in ("passed", "skipped"))
    return f"{passed} of {counted(len(checks), 'check')} passed" + (f", {skipped} skipped" if skipped else "")


def report_of(events: Sequence[ev.AnyEvent]) -> Report:
    """Return the report of a run, from all its events or from the first so many."""
    state, recording = fold(events), Recording(events)
    hosts, failures = _hosts(events, state), _failures(events, state)
    return Report(state, recording.seconds_to_end, _decision(events), _timeline(recording, state), hosts, failures, _told(events), database_facts(state))


def _decision(events: Sequence[ev.AnyEvent]) -> Decision | None:
    said = next((event for event in reversed(events) if isinstance(event, ev.Decided)), None)
    if said is None:
        return None
    overrides = tuple((check, SafeText(why)) for check, why in said.overrides)
    return Decision(said.go, str(said.by), said.at, overrides, str(said.hotfix), tuple(map(str, said.reasons)), said.interrupted)


def _told(events: Sequence[ev.AnyEvent]) -> tuple[SentAnnouncement, ...]:
    return tuple(
        SentAnnouncement(event.at, event.moment, str(event.title), tuple(event.body.split("\n")), tuple(map(str, event.told)), tuple(map(str, event.problems)))
        for event in events if isinstance(event, ev.AnnouncementSent)
    )  # fmt: skip


def _timeline(recording: Recording, state: RunState) -> tuple[TimelineEntry, ...]:
    chapters = {chapter.place: chapter for chapter in recording.chapters}
    out: list[TimelineEntry] = []
    for place, (event, seconds) in enumerate(zip(recording.events, recording.times, strict=True)):
        chapter = chapters.get(place)
        if chapter:
            out.append(TimelineEntry(event.at, seconds, "", chapter.words, chapter.tone, chapter=True))
        elif _is_told(event):
            out.extend(TimelineEntry(event.at, seconds, one.where, one.text, one.tone) for one in log_lines(event, state))
    return tuple(out)


def _is_told(event: ev.AnyEvent) -> bool:
    match event:
        case ev.StepStarted() | ev.StepsPlanned() | ev.LocksTaken() | ev.NoteAdded() | ev.GateJudged(verdict="passed") | ev.CriticalJudged(verdict="passed"):
            return False
        case ev.LocksReleased():
            return bool(event.left)
        case ev.CheckReported():
            return event.check.status not in ("passed", "skipped", "waiting")
    return True


def _hosts(events: Sequence[ev.AnyEvent], state: RunState) -> tuple[HostPart, ...]:
    spent = _spent(events, state)
    out = []
    for row in host_rows(state):
        name = row["host"]
        host = state.hosts.get(name)
        mine = tuple(sorted(spent.get(name, ()), key=lambda one: -one.seconds))
        before = str(host.before_version or host.before) if host else ""
        detail = str(host.detail) if host else ""
        out.append(HostPart(name, before, row["version"] or row["release"] or "", row["state"], sum(one.seconds for one in mine), mine, detail))
    return tuple(out)


def _spent(events: Sequence[ev.AnyEvent], state: RunState) -> dict[str, list[Spent]]:
    took: dict[tuple[str, str, str], list[ev.StepFinished]] = {}
    for event in events:
        step = state.index.get(event.step) if isinstance(event, ev.StepFinished) and event.host else None
        if step and isinstance(event, ev.StepFinished):
            words = step_words(step) + (" on the way back" if step.phase == "rollback" else "")
            took.setdefault((event.host, step.phase, words), []).append(event)
    seconds = {key: sum(one.seconds for one in ran) for key, ran in took.items()}
    usual: dict[tuple[str, str], list[float]] = {}
    for (_, *kind), value in sorted(seconds.items(), key=lambda pair: pair[1]):
        usual.setdefault((kind[0], kind[1]), []).append(value)
    out: dict[str, list[Spent]] = {}
    for (host, phase, words), ran in took.items():
        mine = seconds[host, phase, words]
        tries = max(len(list(same)) for _, same in groupby(sorted(one.step for one in ran)))
        out.setdefault(host, []).append(Spent(words, mine, _median_of_others(usual[phase, words], mine), tries))
    return out


def _median_of_others(values: list[float], mine: float) -> float | None:
    """Return the median of sorted values without that one; None when there is no other."""
    left = len(values) - 1
    if left < 1:
        return None
    own = bisect_left(values, mine)
    low, high = (values[place + (place >= own)] for place in ((left - 1) // 2, left // 2))
    return (low + high) / 2


def _failures(events: Sequence[ev.AnyEvent], state: RunState) -> tuple[Failure, ...]:
    out = []
    for event in events:
        if isinstance(event, ev.StepFinished) and event.status not in ("done", "cancelled"):
            step = state.index.get(event.step)
            title = str(step.title) if step else event.step
            out.append(Failure(event.at, event.host, title, event.status, event.code, event.seconds, str(event.detail), str(event.hint), event.tail))
        if isinstance(event, ev.HostFailed):
            out.append(Failure(event.at, event.host, "health after its gate", event.condition, None, 0.0, str(event.reason), "", ()))
    return tuple(out)
