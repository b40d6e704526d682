"""A sentence for every event: the same words in plain lines, in the log's chapters and in reports. Pure."""

from collections.abc import Callable
from typing import Any

from console.as_typed import as_typed
from console.core.migrations.review import forward, pointed_out, unread_words
from console.core.plan.marks import WINDOW
from console.core.thresholds.pieces import together
from console.core.traffic.shares import share_words
from console.core.words.canary_words import reading_words
from console.core.words.database_words import backup_words, schema_words
from console.core.words.durations import duration_words
from console.core.words.moments import moment_words
from console.core.words.shipping_words import sending_words
from console.core.words.sizes import counted, counted_hosts, size_words
from console.core.words.threshold_words import amount, metric_name, numbers_words, recovery_words, verdict_words
from console.model import events as ev
from console.model.declared_impact import Impact
from console.model.log_kinds import LogKind
from console.model.maintenance_mode import Maintenance
from console.model.thresholds import Crossed
from console.safe_text import SafeText

NAMED = 6
"""Servers whose weights a sentence names."""


def sentence(event: ev.Event) -> str:
    """What happened, in one line."""
    words = _SENTENCES.get(type(event))
    return words(event) if words else type(event).__name__


def maintenance_words(now: Maintenance) -> str:
    """Who shows users a maintenance page, since when, until when, and what it says."""
    until = f" until {moment_words(now.until)}" if now.until else ""
    return f"by {now.by} since {moment_words(now.since)}{until}" + (f": {now.message}" if now.message else "")


def impact_words(impact: Impact) -> str:
    """What was said about a release; empty: nothing."""
    downtime = "" if impact.downtime is None else duration_words(impact.downtime) if impact.downtime else "none"
    answers = (
        ("migration", impact.migration), ("downtime", downtime), ("breaking changes", impact.breaking), ("risk", impact.risk), ("old code", impact.old_code),
    )  # fmt: skip
    words = ", ".join(f"{title} {answer}" for title, answer in answers if answer)
    notes = f"notes: {SafeText(impact.notes)}" if impact.notes else ""
    return "; ".join(filter(None, (words, notes)))


def _opened(event: ev.RunOpened) -> str:
    said = impact_words(event.request.impact)
    words = f"run {event.run}: {event.kind} of {event.app} to {event.environment} by {event.by.name}, {counted_hosts(len(event.hosts))}"
    return words + (f"; declared: {said}" if said else "")


def _check(event: ev.CheckReported) -> str:
    check = event.check
    remedy = f" ({as_typed(check.remedy)})" if check.blocks and check.remedy else ""
    return f"check {check.title}: {check.status}{': ' + check.detail if check.detail else ''}{remedy}"


def _seen(event: ev.HostSeen) -> str:
    return f"{event.host}: {event.problem}" if event.problem else f"{event.host} has {event.version or event.release or 'no release'}"


def _decided(event: ev.Decided) -> str:
    if event.go:
        return f"GO by {event.by.name}"
    return f"no-go: {'; '.join(event.reasons)}"


def _finished(event: ev.StepFinished) -> str:
    words = f"{event.step}: {event.status} after {event.seconds:.1f} s"
    detail = f": {event.detail}" if event.detail else ""
    hint = f" (next: {as_typed(event.hint)})" if event.hint else ""
    tail = "".join(f"\n         | {line}" for line in event.tail)
    return words + detail + hint + tail


def _gate(event: ev.GateJudged) -> str:
    warns = "" if event.blocking or event.verdict == "passed" else "warning: "
    return f"{event.host}: {warns}{event.check} {event.verdict}: {event.seen}, {event.passes} of {event.needed} in a row, {event.seconds:.1f} s"


def _critical(event: ev.CriticalJudged) -> str:
    verdicts = {"passed": "passed", "failed": "failed", "error": "could not be measured"}
    where = f" at {event.where}" if event.where else ""
    tries = f", in {event.tries} tries" if event.tries > 1 else ""
    warns = "" if event.blocking or event.verdict == "passed" else "warning: "
    on = f"{event.host}: " if event.host else ""
    return f"{on}{warns}critical path {event.path} {verdicts[event.verdict]}{where}: {event.seen}, {event.seconds:.1f} s{tries}"


def _analysis(event: ev.AnalysisSeen) -> str:
    problems = "".join(f"; {problem}" for problem in event.problems)
    return f"{reading_words(event.readings)}{problems}"


def kinds_in_words(total: int) -> str:
    """`3 kinds of line only on new hosts`: what the log's title and the sentence say."""
    return f"{counted(total, 'kind')} of line only on new hosts"


def kind_words(kind: LogKind) -> str:
    """Return a kind's sample, and how often it came where."""
    where = f"on {counted_hosts(kind.hosts)}" if kind.hosts > 1 else f"on {kind.host}"
    return f"{kind.sample} ({'once' if kind.count == 1 else f'{kind.count:,} times'} {where})"


def _log_kinds(event: ev.LogKindsSeen) -> str:
    fresh = [kind for kind in event.kinds if kind.key in event.fresh] or list(event.kinds[:1])
    what = f"log: {kinds_in_words(event.total)}" if event.total else "log: no kind of line is only on new hosts"
    samples = "".join(f"; {kind.level}: {kind_words(kind)}" for kind in fresh)
    return what + samples + "".join(f"; {problem}" for problem in event.problems)


def _baselines(event: ev.BaselineTaken) -> str:
    words = []
    for metric, by_host in event.metrics.items():
        mean = together(by_host.values())
        words.append(f"{metric_name(metric)} {amount(metric, mean.value)}" if mean else f"{metric_name(metric)} not measured")
    return "before the release: " + (", ".join(words) or "nothing was measured")


def _threshold(event: ev.ThresholdChanged) -> str:
    words = verdict_words(event.threshold, event.verdict)
    if isinstance(event.verdict, Crossed) and event.threshold.then == "rollback":
        left = duration_words(max(1.0, round(event.verdict.due - event.mono))) if event.mono else "seconds"
        return f"{words}; hosts go back in {left} unless the run is paused"
    return words


def _reason(event: Any) -> str:  # noqa: ANN401 (any event with a reason)
    return f": {event.reason}" if event.reason else ""


def _reviewed(event: ev.DatabaseReviewed) -> str:
    review = event.review
    kind = "new migration" if review.known else "migration of the commit"
    words = f"database: {counted(len(forward(review)), kind)}" if forward(review) else "database: no new migration file"
    return "; ".join((words, schema_words(review), *pointed_out(review), *unread_words(review), *review.problems))


def _changes(event: ev.ChangesListed) -> str:
    if not event.known:
        return f"not known what is new; the commit has {counted(len(event.migrations), 'migration')}"
    migrations = f", {counted(len(event.migrations), 'new migration')}" if event.migrations else ""
    return f"{counted(len(event.subjects), 'commit')}{migrations}"


def _maintenance(event: ev.MaintenanceChanged) -> str:
    words = f"maintenance is on: {maintenance_words(event.now)}" if event.now else f"maintenance is off{_by(event)}"
    return "; ".join((words, *(f"not so: {one}" for one in event.missed)))


def _released(event: ev.LocksReleased) -> str:
    rest = len(event.hosts) - len(event.handed)
    handed = f"locks of {counted_hosts(len(event.handed))} are handed over to run {event.to_run}" if event.handed else ""
    freed = f"locks are released on {counted_hosts(rest)}" if rest else ""
    return "; ".join((*filter(None, (handed, freed)), *(f"{one.host}: its lock is not released: {one.why}" for one in event.left))) or "no lock was held"


def _traffic(event: ev.TrafficChanged) -> str:
    words = {
        "in": "gets requests again", "left": "was out before this run, and is left so", "draining": "draining", "drained": "drained",
        "overdue": "drained, and time is over", "unread": "not known whether it gets requests",
    }  # fmt: skip
    left = f", {counted(event.sessions, 'request')} under way" if event.sessions and event.mark in ("drained", "overdue", "left") else ""
    cut = f", {counted(event.cut, 'request')} cut" if event.cut else ""
    return f"{event.host} at {event.balancer}: {words[event.mark]}{left}{cut}" + (f": {event.detail}" if event.detail else "")


def _weights(event: ev.WeightsChanged) -> str:
    own = ", ".join(f"{name} {one.now} (was {one.before})" for name, one in list(event.own.items())[:NAMED])
    more = f" and {len(event.own) - NAMED} more" if len(event.own) > NAMED else ""
    words = {
        "setting": f"sets weights: {own}{more}", "restored": "every server has its own weight again", "unread": "not known what its servers weigh",
        "set": f"{share_words(event.share)} of the traffic goes to new hosts" if event.share is not None else f"weights are {own}{more}",
    }[event.mark]  # fmt: skip
    theirs = "".join(f"; {name} weighs {weight}, which somebody else has set" for name, weight in event.theirs.items())
    return f"{event.balancer}: {words}{theirs}" + (f": {event.detail}" if event.detail else "")


def _ticket(event: ev.TicketClosed) -> str:
    if event.problem:
        return f"the ticket is not closed after {event.tries} {'try' if event.tries == 1 else 'tries'} of {event.close}: {event.problem}"
    return f"ticket closed by {event.close}"


def _metrics(keys: tuple[str, ...]) -> str:
    """What is above its limit, by the keys of its thresholds."""
    return ", ".join(dict.fromkeys(metric_name(key.partition(" ")[0]) for key in keys)) + " above its limit"


def _going_back(hosts: int) -> str:
    return f"rolling back {counted_hosts(hosts, 'what was changed')}"


def _by(event: Any) -> str:  # noqa: ANN401 (any event with a person)
    return f" by {event.by.name}" if event.by else ""


def _regained(event: ev.RecordRegained) -> str:
    has = f", and has {counted(event.events, 'event')} that it lacked, in their order" if event.events else ""
    return f"the shared record answers again{has}"


_SENTENCES: dict[type[ev.Event], Callable[[Any], str]] = {
    ev.RunOpened: _opened,
    ev.RevisionResolved: lambda event: f"version {event.revision.version}, commit {event.revision.commit[:12]}: {event.revision.subject}",
    ev.CheckReported: _check,
    ev.CheckAcknowledged: lambda event: f"check {event.check}: ticked off{_by(event)}",
    ev.HostSeen: _seen,
    ev.StepsPlanned: lambda event: f"planned: {counted(len(event.steps), 'step')} of a long plan",
    ev.PlanMade: lambda event: f"plan: {event.plan.strategy}, {counted(len(event.plan.waves), 'wave')}, {counted(event.size, 'step')}",
    ev.Decided: _decided,
    ev.LocksReleased: _released,
    ev.LocksTaken: lambda event: (
        (f"{len(event.hosts)} {'host is' if len(event.hosts) == 1 else 'hosts are'}" if event.hosts else "every host to change is") + " locked for this run"
    ),
    ev.LocksRefused: lambda event: f"{event.host} is held by {event.holder.run or event.holder.by}",
    ev.StepStarted: lambda event: f"{event.step}: started" + (f", attempt {event.attempt}" if event.attempt > 1 else ""),
    ev.StepFinished: _finished,
    ev.GateJudged: _gate,
    ev.CriticalJudged: _critical,
    ev.AnalysisSeen: _analysis,
    ev.LogKindsSeen: _log_kinds,
    ev.Promoted: lambda event: (
        f"monitoring window ended by {event.by.name}{_reason(event)}"
        if event.step == WINDOW
        else f"promoted by {event.by.name}: the release goes on{_reason(event)}"
    ),
    ev.WindowExtended: lambda event: f"monitoring window made {duration_words(event.seconds)} longer by {event.by.name}{_reason(event)}",
    ev.Superseded: lambda event: f"makes way for run {event.by_run}, at its GO by {event.by.name}",
    ev.BaselineTaken: _baselines,
    ev.ThresholdJudged: _threshold,
    ev.ThresholdCrossed: _threshold,
    ev.ThresholdBreached: _threshold,
    ev.ThresholdRecovered: lambda event: f"{recovery_words(event.threshold, event.verdict)}: {numbers_words(event.threshold, event.verdict)}",
    ev.HostReturning: lambda event: f"{event.host} goes back alone: {event.reason}",
    ev.HostSkipped: lambda event: f"{event.host} is skipped{_by(event)}",
    ev.HostRetried: lambda event: f"{event.host} is tried again{_by(event)}",
    ev.HostOwed: lambda event: f"{event.host} is owed: {event.reason}",
    ev.HostForgiven: lambda event: f"{event.host} is forgiven{_by(event)}: {event.reason}",
    ev.HostFailed: lambda event: f"{event.host} is {event.condition}: {event.reason}",
    ev.HostsAnswered: lambda event: f"{counted_hosts(len(event.hosts))} still {'answer' if len(event.hosts) > 1 else 'answers'}",
    ev.LinkLost: lambda event: f"{event.host}: link lost" + (f": {event.detail}" if event.detail else ""),
    ev.LinkRestored: lambda event: f"{event.host}: answers again",
    ev.TrafficChanged: _traffic,
    ev.WeightsChanged: _weights,
    ev.RecordLost: lambda event: f"{event.reason}; nothing new starts, hosts can go back; what happens is written down in {event.kept_in}",
    ev.RecordRegained: _regained,
    ev.Paused: lambda event: f"paused: {event.reason}",
    ev.Continued: lambda event: f"continued{_by(event)}" + (f", in spite of {_metrics(event.in_spite_of)}" if event.in_spite_of else ""),
    ev.AbortAsked: lambda event: (
        f"abort{_by(event)}" + (", everything stays as it is" if event.leave else "") + (", then the last release goes back" if event.then_back else "")
    ),
    ev.RollbackBegan: lambda event: f"{_going_back(sum(map(len, event.plan.waves)))}: {event.reason}",
    ev.OperatorJoined: lambda event: f"{event.by} joined",
    ev.HelmTaken: lambda event: f"{event.by} has the helm",
    ev.ChangesListed: _changes,
    ev.DatabaseReviewed: _reviewed,
    ev.ReleaseSent: sending_words,
    ev.ReleasePacked: lambda event: f"packed: {event.files} files, {size_words(event.size)}, content {event.content[:12]}",
    ev.BackupTaken: lambda event: f"backup {backup_words(event.backup)}",
    ev.MaintenanceChanged: _maintenance,
    ev.AnnouncementSent: lambda event: "; ".join((f"told {', '.join(event.told) or 'nobody'}: {event.title}", *event.problems)),
    ev.PersonCalled: lambda event: "; ".join((f"called {', '.join(event.told) or 'nobody'}", *event.problems)),
    ev.TicketClosed: _ticket,
    ev.NoteAdded: lambda event: f"note{_by(event)}: {event.text}",
    ev.CommandRefused: lambda event: f"{event.command}{_by(event)} was refused: {event.message}",
    ev.TakenUp: lambda event: f"a new engine took the run over for {event.by} (epoch {event.epoch})",
    ev.RunEnded: lambda event: f"{event.outcome} (exit {event.exit})" + (f": {event.reason}" if event.reason else ""),
}
