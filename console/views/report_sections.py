"""A run's report in sections: what is told, in which order, and what a good run leaves out. Pure; how it is written down is `report`'s."""

from collections import Counter

from console.core.run.outcome import next_words
from console.core.run.sentences import sentence
from console.core.words.sizes import counted, counted_hosts, with_capital
from console.model.run_summary import ASIDE
from console.typed import as_typed
from console.views.post_mortem_sections import case_sections
from console.views.report_blocks import Block, FactRows, Moments, Paragraph, Point, Points, Section, TableGrid
from console.views.report_evidence import (
    critical_blocks,
    database_blocks,
    failure_blocks,
    host_blocks,
    log_blocks,
    metric_blocks,
    time_blocks,
    told_blocks,
)
from console.views.run_report import TimelineEntry, checks_in_words
from console.views.run_standing import outcome_words
from console.views.styled_text import Tone
from console.views.times import clock_span
from console.views.whole_report import WholeReport

FEW = 6
"""Hosts of a good run that are still listed each; of more, the summary says enough."""
EVENTS = 4000
"""Events that are listed in full; of more, the first and the last."""


def report_sections(whole: WholeReport) -> tuple[Section, ...]:
    """Return the sections that have something to tell. The first one has no title: it is the summary."""
    first, last = case_sections(whole)
    found = (
        Section("summary", "", _summary(whole)),
        *first,
        Section("decision", "Decision", _decision(whole)),
        Section("timeline", "Timeline", (Moments(whole.highlights),) if whole.highlights else ()),
        Section("failures", "Failures", failure_blocks(whole)),
        Section("critical", "Critical paths", critical_blocks(whole)),
        Section("log kinds", "Log lines only on new hosts", log_blocks(whole)),
        Section("times", "Plan against what happened", time_blocks(whole)),
        Section("metrics", "Metrics, before and after", metric_blocks(whole)),
        Section("hosts", "Hosts at the end", host_blocks(whole), folded=whole.is_quiet and len(whole.report.hosts) > FEW),
        Section("database", "Database", database_blocks(whole)),
        Section("announcement", "Announcement", told_blocks(whole)),
        Section("notes", "Notes", _notes(whole)),
        Section("left", "Left open", _left(whole)),
        *last,
        Section("checks", "Checks at the decision", _checks(whole), folded=True),
        Section("events", "All events", _events(whole), folded=True),
    )
    return tuple(section for section in found if section.blocks)


def title_of(whole: WholeReport) -> str:
    """Return the report's title: the application, the environment, the version and how it ended."""
    state = whole.report.state
    words = outcome_words(state)[0].lower() if state.phase == "ended" else f"has not ended ({state.phase})"
    return (" ".join(str(one) for one in (state.app, state.environment, whole.versions[1]) if one) or "No run") + f": {words}"


def tone_of(whole: WholeReport) -> Tone:
    """Return the tone of the run's outcome; a warning while there is none."""
    return outcome_words(whole.report.state)[1] if whole.report.state.phase == "ended" else "warn"


def summary_sentence(whole: WholeReport) -> str:
    """Return the whole run in a sentence or three, with its numbers."""
    report, state = whole.report, whole.report.state
    before, to = whole.versions
    way = f", from {before} to {to}" if before and to else f", to {to}" if to else f" of {before}" if before else ""
    strategy = f"{state.plan.strategy} " if state.plan and state.plan.strategy != state.kind and state.kind not in state.plan.strategy else ""
    what = f"{strategy}{state.kind} on {state.environment}{way}, {counted_hosts(len(report.hosts))}"
    ended = outcome_words(state)[0].lower() if state.phase == "ended" else f"not ended, {state.phase}"
    code = f" (exit {state.exit})" if state.exit is not None else ""
    parts = [f"{with_capital(what)}: {ended} after {clock_span(report.seconds)}{code}.", *_host_words(whole)]
    parts += [f"{whole.origin.words}."] if whole.origin.how else []
    return " ".join(parts)


def _host_words(whole: WholeReport) -> list[str]:
    """On what the hosts are now, those that most are on first."""
    if whole.report.state.kind in ASIDE or not whole.report.hosts:
        return []
    counts = Counter((host.after or "no known release", host.state) for host in whole.report.hosts)
    words = [f"{count} on {after}" + (f" ({state})" if state not in ("new", "old") else "") for (after, state), count in counts.most_common(5)]
    return [f"Hosts at the end: {', '.join(words)}."]


def _summary(whole: WholeReport) -> tuple[Block, ...]:
    state, report = whole.report.state, whole.report
    revision = state.revision
    rows = (
        ("Run", state.run),
        ("Command", str(state.request.command)),
        ("Commit", f"{revision.commit[:12]}: {revision.subject}" if revision else ""),
        ("Who", str(state.by)),
        ("When", f"{state.opened_at[:10]} {state.opened_at[11:19]} UTC, {clock_span(report.seconds)} long" if state.opened_at else ""),
        ("Ticket", {"closed": "closed", "open": "still to be closed", "failed": f"not closed: {state.ticket_problem}"}.get(state.ticket, "")),
        ("Why it ended so", "" if whole.origin.reason == str(state.reason) else str(state.reason)),
        ("Next", as_typed(next_words(state))),
    )
    return (Paragraph(summary_sentence(whole), tone_of(whole)), FactRows(rows))


def _decision(whole: WholeReport) -> tuple[Block, ...]:
    made, state = whole.report.decision, whole.report.state
    if made is None:
        return () if state.kind in ASIDE or not state.run else (Paragraph("None was made."),)
    what = "Not decided, ended" if made.interrupted else f"{'GO' if made.go else 'No-go'} by {made.by}"
    rows = [Point(reason) for reason in made.reasons]
    rows += [Point(why, f"Overruled {check}:", "warn") for check, why in made.overrides]
    rows += [Point(made.hotfix, "Hotfix:", "warn")] if made.hotfix else []
    wrong = [check for check in state.checks if check.status not in ("passed", "skipped")]
    rows += [Point(str(check.detail), f"Check {check.title}: {check.status}", "warn") for check in wrong]
    counts = f" {words}." if (words := checks_in_words(state.checks)) else ""
    return (Paragraph(f"{what} at {made.at[11:19]} UTC.{counts}"), *((Points(tuple(rows)),) if rows else ()))


def _checks(whole: WholeReport) -> tuple[Block, ...]:
    checks = whole.report.state.checks
    tones: dict[str, Tone] = {"passed": "good", "failed": "bad", "error": "unknown", "warning": "warn", "overridden": "warn", "waiting": "warn"}
    rows = tuple((str(check.title), check.status, "yes" if check.blocking else "no", str(check.detail)) for check in checks)
    return (TableGrid(("Check", "Result", "Blocks", "What was found"), rows, tuple(tones.get(check.status, "dim") for check in checks)),) if rows else ()


def _notes(whole: WholeReport) -> tuple[Block, ...]:
    rows = tuple(Point(str(words), f"{at[11:19]} {by}:") for at, by, words in whole.report.state.notes)
    return (Points(rows),) if rows else ()


def _left(whole: WholeReport) -> tuple[Block, ...]:
    rows = tuple(Point(one.words, tone="warn", more=(f"Next: {as_typed(one.hint)}",) if one.hint else ()) for one in whole.left)
    told = Paragraph("As of this run's end; a later run may have mended it.")
    return (Points(rows), told) if rows else ()


def _events(whole: WholeReport) -> tuple[Block, ...]:
    recording = whole.recording
    pairs = tuple(zip(recording.events, recording.times, strict=True))
    half = EVENTS // 2
    shown = pairs if len(pairs) <= EVENTS else (*pairs[:half], *pairs[-half:])
    rows = tuple(TimelineEntry(event.at, seconds, getattr(event, "host", ""), sentence(event)) for event, seconds in shown)
    told = f"{counted(len(pairs), 'event')}" + (f", the first and the last {half} of them" if len(pairs) > EVENTS else "")
    told += f"; as JSON: {as_typed(f'deploy events {whole.report.state.run}')}"
    return (Paragraph(told), Moments(rows)) if rows else ()
