"""What happened and what hosts printed, as one list of lines: steps are chapters, verdicts and people stand out. Pure."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from console.as_typed import as_typed
from console.core.analysis.sequential import judged
from console.core.logs.levels import level_in
from console.core.run.evolve import evolve
from console.core.run.sentences import kind_words, kinds_in_words, sentence
from console.core.words.sizes import counted, counted_hosts
from console.model import events as ev
from console.model.log_kinds import LOG_STEP, LogLevel
from console.model.state import RunState
from console.ports.feed import Output
from console.views.filter import FilterSubject
from console.views.styled_text import Tone
from console.views.times import seconds_in_words, wall_clock

_TONE_LEVELS: dict[Tone, LogLevel] = {"bad": "error", "unknown": "error", "warn": "warn", "owed": "warn"}
_KIND_TONES: dict[LogLevel, Tone] = {"error": "bad", "warn": "warn"}


class LogLine(NamedTuple):
    """One line of the log. `rule`: it opens a chapter and is drawn through to the edge.

    `is_new_kind`: only hosts with the new release have printed such a line.
    """

    at: str
    where: str
    text: str
    tone: Tone = "plain"
    rule: bool = False
    is_new_kind: bool = False


def _title(state: RunState, step: str) -> str:
    found = state.index.get(step)
    return str(found.title) if found else step


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def pause_words(event: ev.Paused) -> str:
    """Return why a run was paused, and by whom where the reason does not say it."""
    reason = str(event.reason)
    words = reason if reason.startswith("paused") else f"paused: {reason}"
    return words if event.by is None or event.by.name in reason else f"{words} ({event.by})"


def _decided(event: ev.Decided) -> LogLine:
    if event.go:
        return LogLine(event.at, "", f"GO by {event.by}", "accent")
    what = "not decided" if event.interrupted else f"no-go by {event.by}"
    return LogLine(event.at, "", "; ".join((what, *event.reasons)), "warn")


def _people(event: ev.Event) -> LogLine | None:
    match event:
        case ev.Decided():
            return _decided(event)
        case ev.Paused():
            return LogLine(event.at, "", pause_words(event), "warn")
        case ev.ReleaseSent():
            return LogLine(event.at, "", sentence(event), "dim")
        case ev.Continued() | ev.HelmTaken() | ev.OperatorJoined() | ev.PersonCalled() | ev.AnnouncementSent() | ev.ReleasePacked() | ev.ChangesListed():
            return LogLine(event.at, "", sentence(event), "accent")
        case ev.AbortAsked():
            after = ", then the last release goes back" if event.then_back else ", everything stays as it is" if event.leave else ""
            return LogLine(event.at, "", f"abort requested by {event.by}{after}", "back")
        case ev.RollbackBegan():
            return LogLine(event.at, "", f"rolling back: {event.reason}" + (f" ({event.by})" if event.by else ""), "back", rule=True)
        case ev.NoteAdded():
            return LogLine(event.at, "", f"note by {event.by}: {event.text}", "accent")
        case ev.CommandRefused():
            return LogLine(event.at, "", f"{event.command} by {event.by} was refused: {event.message}", "warn")
        case ev.TakenUp():
            return LogLine(event.at, "", f"a new engine took the run over for {event.by}", "accent")
    return None


def _shared_record(event: ev.Event) -> LogLine | None:
    match event:
        case ev.RecordLost():
            return LogLine(event.at, "", sentence(event), "bad")
        case ev.RecordRegained():
            return LogLine(event.at, "", sentence(event), "good")
    return None


def _canary(event: ev.Event) -> LogLine | None:
    match event:
        case ev.Promoted() | ev.WindowExtended() | ev.Superseded():
            return LogLine(event.at, "", sentence(event), "accent")
        case ev.BaselineTaken():
            return LogLine(event.at, "", sentence(event), "dim")
        case ev.ThresholdBreached():
            return LogLine(event.at, "", sentence(event), "bad")
        case ev.ThresholdCrossed():
            return LogLine(event.at, "", sentence(event), "warn")
        case ev.ThresholdRecovered():
            return LogLine(event.at, "", sentence(event), "good")
        case ev.ThresholdJudged():
            unclear: dict[str, Tone] = {"Unmeasured": "unknown", "BadBefore": "warn"}
            return LogLine(event.at, "", sentence(event), unclear.get(type(event.verdict).__name__, "dim"))
        case ev.AnalysisSeen():
            tones: dict[str, Tone] = {"worse": "bad", "not-worse": "good", "inconclusive": "plain"}
            return LogLine(event.at, "", sentence(event), tones[judged(event.readings)])
    return None


def _log_kinds(event: ev.LogKindsSeen) -> tuple[LogLine, ...]:
    """How many kinds are only on new hosts, and a line of each that is told for the first time; nothing where only the counts have grown."""
    words = kinds_in_words(event.total) if event.total else "no kind of line is only on new hosts"
    head = f"log: {words}, {event.read:,} lines against {event.compared:,} of old hosts"
    fresh = [kind for kind in event.kinds if kind.key in event.fresh]
    rows = tuple(LogLine(event.at, kind.host, kind_words(kind), _KIND_TONES.get(kind.level, "plain"), is_new_kind=True) for kind in fresh)
    problems = tuple(LogLine(event.at, "", str(problem), "warn") for problem in event.problems)
    heads = (LogLine(event.at, "", head, "strong" if fresh else "dim", is_new_kind=True),) if fresh or not event.total else ()
    return (*heads, *rows, *problems)


def _hosts(event: ev.Event) -> LogLine | None:
    match event:
        case ev.HostReturning():
            return LogLine(event.at, event.host, f"goes back alone: {event.reason}", "back")
        case ev.HostSkipped():
            return LogLine(event.at, event.host, f"skipped by {event.by}" + (f": {event.reason}" if event.reason else ""), "warn")
        case ev.HostRetried():
            return LogLine(event.at, event.host, f"tried again by {event.by}", "accent")
        case ev.HostOwed():
            return LogLine(event.at, event.host, f"owed: {event.reason}", "owed")
        case ev.HostForgiven():
            return LogLine(event.at, event.host, "forgiven", "dim")
        case ev.LinkLost():
            return LogLine(event.at, event.host, "connection lost; what runs there continues" + _because(event.detail), "unknown")
        case ev.LinkRestored():
            return LogLine(event.at, event.host, "answers again", "good")
        case ev.LocksRefused():
            return LogLine(event.at, event.host, f"locked by {event.holder.by}" + _because(event.holder.reason), "bad")
        case ev.HostSeen(problem=problem) if problem:
            return LogLine(event.at, event.host, str(problem), "bad")
    return None


def _weights(event: ev.WeightsChanged) -> LogLine | None:
    if event.mark == "setting":
        return None
    return LogLine(event.at, "", sentence(event), "bad" if event.mark == "unread" else "warn" if event.theirs else "accent")


def _traffic(event: ev.Event) -> LogLine | None:
    if isinstance(event, ev.WeightsChanged):
        return _weights(event)
    if not isinstance(event, ev.TrafficChanged) or event.mark == "draining":
        return None
    tones: dict[str, Tone] = {"left": "warn", "overdue": "warn", "unread": "bad"}
    return LogLine(event.at, event.host, sentence(event).removeprefix(f"{event.host} at "), "warn" if event.cut else tones.get(event.mark, "dim"))


def _steps(event: ev.Event, state: RunState) -> tuple[LogLine, ...]:
    match event:
        case ev.StepStarted():
            again = f", attempt {event.attempt}" if event.attempt > 1 else ""
            return (LogLine(event.at, event.host, _title(state, event.step) + again, "strong", rule=True),)
        case ev.StepFinished(status="done"):
            return ()
        case ev.StepFinished():
            told = f"{_title(state, event.step)}: {event.status}" + (f", exit {event.code}" if event.code is not None else "")
            told += f" after {seconds_in_words(event.seconds)}" + (f": {event.detail}" if event.detail else "")
            mild = event.status == "cancelled" or not _is_fatal(state, event.step)
            tone: Tone = "unknown" if event.status in ("unknown", "unreachable") else "warn" if mild else "bad"
            hint = (LogLine(event.at, event.host, as_typed(event.hint), "accent"),) if event.hint else ()
            return (LogLine(event.at, event.host, told, tone), *hint)
        case ev.HostFailed():
            return (LogLine(event.at, event.host, f"{event.condition}: {event.reason}", "bad" if event.condition == "failed" else "unknown"),)
        case ev.GateJudged():
            tones: dict[str, Tone] = {"passed": "good", "failed": "bad", "inconclusive": "warn", "error": "unknown"}
            seen = f", saw {event.seen}" if event.seen else ""
            passes = f"{event.passes} of {event.needed} in a row after {seconds_in_words(event.seconds)}"
            if not event.blocking and event.verdict != "passed":
                return (LogLine(event.at, event.host, f"warning: {event.check}: {event.verdict}{seen}; hosts share it, and are back without it", "warn"),)
            told = f"{event.check}: {event.verdict}, {passes}{seen}"
            return (LogLine(event.at, event.host, told, tones[event.verdict]),)
        case ev.CriticalJudged():
            tones = {"passed": "good", "failed": "bad" if event.blocking else "warn", "error": "unknown"}
            return (LogLine(event.at, event.host, sentence(event).removeprefix(f"{event.host}: "), tones[event.verdict]),)
    return ()


def _is_fatal(state: RunState, step: str) -> bool:
    return step not in state.index or state.index[step].fatal


def _run(event: ev.Event) -> LogLine | None:
    match event:
        case ev.RunOpened():
            told = f"{event.kind} of {event.app} to {event.environment}, asked for by {event.by}"
            return LogLine(event.at, "", told, "strong", rule=True)
        case ev.RevisionResolved():
            return LogLine(event.at, "", f"{event.revision.version} is {event.revision.commit[:7]}  {event.revision.subject}".rstrip())
        case ev.CheckReported():
            tones: dict[str, Tone] = {"passed": "good", "failed": "bad", "error": "unknown", "warning": "warn"}
            told = f"{event.check.title}: {event.check.status}" + (f", {event.check.detail}" if event.check.detail else "")
            return LogLine(event.at, "", told, tones.get(event.check.status, "dim"))
        case ev.CheckAcknowledged():
            return LogLine(event.at, "", f"{event.check}: ticked off by {event.by}", "good")
        case ev.PlanMade():
            return LogLine(event.at, "", f"planned: {event.plan.strategy}, {counted(len(event.plan.waves), 'wave')}, {counted(event.size, 'step')}")
        case ev.LocksTaken():
            return LogLine(event.at, "", f"locked for this run: {counted_hosts(len(event.hosts)) if event.hosts else 'every host'}", "dim")
        case ev.LocksReleased():
            return LogLine(event.at, "", sentence(event), "warn" if event.left else "dim")
        case ev.TicketClosed():
            return LogLine(event.at, "", sentence(event), "warn" if event.problem else "good")
        case ev.RunEnded():
            tone: Tone = "good" if event.exit == 0 else "back" if event.exit == 4 else "warn" if event.exit in (3, 8, 9) else "bad"
            told = f"{event.outcome}, exit {event.exit}" + (f": {event.reason}" if event.reason else "")
            return LogLine(event.at, "", told, tone, rule=True)
    return None


def printed_line(item: Output) -> LogLine:
    """Return the line that a host printed: for a step, or in the application's log, of which only new kinds are passed on."""
    return LogLine(item.at, item.host, str(item.text), is_new_kind=item.step == LOG_STEP)


def log_lines(item: ev.AnyEvent | Output, state: RunState) -> tuple[LogLine, ...]:
    """Return the lines that an event or a piece of output adds. `state` is the one after the event."""
    if isinstance(item, Output):
        return (printed_line(item),)
    if isinstance(item, ev.LogKindsSeen):
        return _log_kinds(item)
    one = _run(item) or _people(item) or _hosts(item) or _traffic(item) or _canary(item) or _shared_record(item)
    return (one,) if one else _steps(item, state)


def chapter_lines(events: Sequence[ev.AnyEvent], host: str = "") -> list[LogLine]:
    """Return what happened in a run as lines, by time: of one host, or all of it."""
    state, found = RunState(), list[LogLine]()
    for event in events:
        state = evolve(state, event)
        found += [entry for entry in log_lines(event, state) if not host or entry.where == host]
    return sorted(found, key=lambda entry: entry.at)


def level_of(entry: LogLine) -> LogLevel:
    """Return how bad a line is: by its tone where the console wrote it, else by the first level that its words name."""
    if entry.tone != "plain":
        return _TONE_LEVELS.get(entry.tone, "info")
    return level_in(entry.text)


def subject_of(entry: LogLine) -> FilterSubject:
    """Return what a filter looks at."""
    return FilterSubject(entry.where, entry.text, level_of(entry), is_new_kind=entry.is_new_kind)


def plain_line(entry: LogLine, zone: tzinfo | None) -> str:
    """Return a line as text to copy or to write into a file."""
    return f"{wall_clock(entry.at, zone) or '--:--:--'} {entry.where or '-'} {entry.text}"


def newest_that_fit(lines: Sequence[str], limit: int) -> Sequence[str]:
    """Return the last lines that have room in so many bytes, each with its line break."""
    size = 0
    for index in range(len(lines) - 1, -1, -1):
        size += len(lines[index].encode()) + 1
        if size > limit:
            return lines[index + 1 :]
    return lines
