"""What stands in each section of a report: summary, decision, failures, times, metrics, hosts, critical paths, database, what people were told. Pure."""

from collections.abc import Iterator

from console.as_typed import as_typed
from console.core.run.outcome import next_words
from console.core.run.sentences import kind_words, sentence
from console.core.words.sizes import counted, counted_hosts, with_capital
from console.model.plan import Step
from console.model.run_summary import ASIDE
from console.model.state import CriticalTry, RunState
from console.views.document_blocks import Block, Drawing, FactRows, Moments, Paragraph, Point, Points, TableGrid, TimelineEntry
from console.views.kept_metrics import KeptMetrics, When, name_of, value_words
from console.views.report_contents import WholeReport, summary_sentence, tone_of
from console.views.report_from_events import Failure, HostPart, SentAnnouncement, checks_in_words
from console.views.styled_text import Tone
from console.views.times import clock_span, fine_seconds, seconds_in_words

FAILURES = 20
"""Failures that are told with their output."""
EVENTS = 4000
"""Events that are listed in full; of more, the first and the last."""
HOSTS = 40
"""Hosts that are listed; of more, those first that did not end as they should, then the ones that lost time."""
_KIND_TONES: dict[str, Tone] = {"error": "bad", "warn": "warn"}
_TONES: dict[str, Tone] = {"failed": "bad", "unreachable": "unknown", "unknown": "unknown", "owed": "owed", "skipped": "warn"}


def summary_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """The whole run in a sentence, and what is looked for first: which run, who, when, why it ended so, what to type next."""
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


def decision_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """GO or no-go, what was overruled for it, and the checks that had not passed."""
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


def failure_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """Each step that did not end well, with the end of its output."""
    failures = whole.report.failures
    rows = [_failure(failure) for failure in failures[:FAILURES]]
    rows += [Point(f"and {len(failures) - FAILURES} more, among the events")] if len(failures) > FAILURES else []
    return (Points(tuple(rows)),) if rows else ()


def _failure(failure: Failure) -> Point:
    code = f", exit {failure.code}" if failure.code is not None else ""
    where = f"{failure.host}, " if failure.host else ""
    took = f" after {seconds_in_words(failure.seconds)}" if failure.seconds else ""
    words = f"{failure.status}{code}{took}" + (f": {failure.detail}" if failure.detail else "")
    more = (f"Next: {as_typed(failure.hint)}",) if failure.hint else ()
    return Point(words, f"{failure.at[11:19]} {where}{failure.step}", "bad", more, tuple(map(str, failure.tail)))


def log_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """Kinds of lines in the application's log that only hosts with the new release have printed, and whose log was not read."""
    state = whole.report.state
    rows = tuple(Point(kind_words(kind), kind.level, _KIND_TONES.get(kind.level, "plain")) for kind in state.log_kinds)
    more = state.log_kinds_total - len(rows)
    rows += (Point(f"and {counted(more, 'more kind')}, less bad or less often"),) if more > 0 else ()
    rows += tuple(Point(str(problem), tone="warn") for problem in state.log_problems)
    return (Points(rows),) if rows else ()


def time_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """The plan by kind of step, where the time went, and the slowest steps."""
    if not any(one.done or one.failed for one in whole.kinds):
        return ()
    rows = tuple(
        (one.words, str(one.planned), f"{one.done}" + (f", {one.failed} failed" if one.failed else ""), _span(one.usual), _span(one.median),
         _span(one.longest) + (f", {one.longest_on}" if one.longest_on and one.planned > 1 else ""))
        for one in whole.kinds
    )  # fmt: skip
    tones: tuple[Tone, ...] = tuple("bad" if one.failed else "warn" if one.is_late else "dim" if not one.done else "plain" for one in whole.kinds)
    grid = TableGrid(("Step", "Planned", "Done", "Usual", "Median", "Longest"), rows, tones, frozenset({1, 3, 4}))
    late = [one for one in whole.slowest if one.is_late]
    chosen = late if whole.is_quiet else whole.slowest
    slow = ", ".join(f"{one.words}{f' on {one.host}' if one.host else ''} {fine_seconds(one.seconds)}" + _usual(one.usual) for one in chosen)
    title = "Later than usual" if whole.is_quiet else "Slowest steps"
    known = () if any(one.usual is not None for one in whole.kinds) else (Paragraph("No earlier run tells what is usual here.", "dim"),)
    return (*_whole_time(whole), grid, *((Paragraph(f"{title}: {slow}."),) if slow else ()), *known, Drawing("step times"), Drawing("lanes"))


def _whole_time(whole: WholeReport) -> tuple[Block, ...]:
    """The whole run, from GO to its end, against what was planned."""
    time = whole.time
    if time is None:
        return ()
    paused = f", of which it was paused for {fine_seconds(time.paused)}" if time.paused else ""
    took = f"from GO to the end it took {fine_seconds(time.took)}{paused}"
    if time.planned is None:
        return (Paragraph(f"{with_capital(took)}; what it should have taken is not known: no run before it did all of this.", "dim"),)
    difference = time.took - time.planned
    words = "as planned" if abs(difference) < max(1.0, time.planned / 20) else f"{fine_seconds(abs(difference))} {'longer' if difference > 0 else 'shorter'}"
    return (Paragraph(f"Planned were {fine_seconds(time.planned)}; {took}: {words}.", "warn" if difference > max(3.0, time.planned / 2) else "plain"),)


def _span(seconds: float | None) -> str:
    return "–" if seconds is None else fine_seconds(seconds)


def _usual(seconds: float | None) -> str:
    return "" if seconds is None else f" (usual {fine_seconds(seconds)})"


def metric_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """CPU, memory and load of the changed hosts; where no numbers were kept, that."""
    if whole.lanes is None:
        return ()
    if whole.metrics is None:
        return () if whole.is_quiet else (Paragraph("No numbers of the machines were kept of this run: nothing is drawn.", "dim"),)
    return (*_means(whole.metrics), Drawing("metrics"))


def _means(kept: KeptMetrics) -> tuple[Block, ...]:
    columns: tuple[When, ...] = ("before", "on the new release", "after the rollback")
    used = [column for column in columns if any(column in means for means in kept.means.values())]
    rows = tuple((name_of(kind), *(value_words(kind, means[column]) if column in means else "–" for column in used)) for kind, means in kept.means.items())
    told = Paragraph(f"Means of the hosts that were changed, from {counted(kept.samples, 'sample')} of {counted_hosts(kept.hosts)}.", "dim")
    return (told, TableGrid(("", *(column.capitalize() for column in used)), rows, numbers=frozenset(range(1, len(used) + 1)))) if rows else ()


def host_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """Each host: what it had, what it has, how it ended, and where its time went."""
    hosts = sorted(whole.report.hosts, key=_rank) if len(whole.report.hosts) > HOSTS else list(whole.report.hosts)
    shown, rest = hosts[:HOSTS], len(hosts) - HOSTS
    rows = tuple(
        (host.host, host.before or "–", host.after or "–", host.state, seconds_in_words(host.seconds) if host.seconds else "–",
         ", ".join(map(str, host.lost)), host.detail if host.detail != "done" else "")
        for host in shown
    )  # fmt: skip
    tones: tuple[Tone, ...] = tuple(_TONES.get(host.state, "plain") for host in shown)
    grid = TableGrid(("Host", "Before", "After", "State", "Time", "Longest, or later than the others", "Detail"), rows, tones, frozenset({4}))
    return (grid, *((Paragraph(_rest_words(hosts[HOSTS:])),) if rest > 0 else ())) if rows else ()


def _rest_words(rest: list[HostPart]) -> str:
    bad = sum(host.state in _TONES for host in rest)
    return f"and {counted_hosts(len(rest), 'no more host', 'more host')}" + (
        f", {bad} of them not as they should be" if bad else ", which ended as they should"
    )


def _rank(host: HostPart) -> tuple[bool, bool, float]:
    return host.state not in _TONES, not any(one.is_late for one in host.spent), -host.seconds


def critical_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """What each critical path came to, and when; of many hosts where it passed one row."""
    state, rows = whole.report.state, list[tuple[str, ...]]()
    tones: list[Tone] = []
    for step in state.index.values():
        tries = state.critical.get(step.name, ())
        when = f"after wave {step.wave}" if step.wave else "at the end"
        for told, tone in _tries(tries) if step.kind == "critical" else _ticks(state, step) if step.kind == "manual" else ():
            rows.append((step.path, when, *told))
            tones.append(tone)
    return (TableGrid(("path", "when", "on", "verdict", "seen"), tuple(rows), tuple(tones)),) if rows else ()


def _tries(tries: tuple[CriticalTry, ...]) -> Iterator[tuple[tuple[str, str, str], Tone]]:
    passed = [one for one in tries if one.verdict == "passed"]
    if passed:
        on = passed[0].host or "the console" if len(passed) == 1 else counted_hosts(len(passed))
        yield (on, "passed", str(passed[0].seen)), "good"
    for one in tries:
        if one.verdict != "passed":
            verdict = "failed" if one.verdict == "failed" else "could not be measured"
            yield (one.host or "the console", verdict, ": ".join(filter(None, (str(one.where), str(one.seen))))), "bad"


def _ticks(state: RunState, step: Step) -> Iterator[tuple[tuple[str, str, str], Tone]]:
    known = state.step_state(step)
    if known.status != "pending":
        yield ("a person", "ticked off" if known.status == "done" else "not ticked off", str(known.detail)), "good" if known.status == "done" else "warn"


def database_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """The backup, the migration and what they touched."""
    rows = tuple(Point(str(fact.words), f"{fact.name}:") for fact in whole.report.database)
    return (Points(rows),) if rows else ()


def told_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """What people were told, word for word; the notes that were written, where nobody was told before the release."""
    report = whole.report
    rows = [row for one in report.told for row in _told(one)]
    if report.notes and not any(one.moment == "before" for one in report.told):
        rows = [Point("the release notes that were written:", "Nobody was told;", quoted=report.notes), *rows]
    return (Points(tuple(rows)),) if rows else ()


def _told(told: SentAnnouncement) -> list[Point]:
    who = ", ".join(told.channels) or "nobody"
    return [Point(told.title, f"{told.at[11:19]} Told {who}:", more=tuple(f"not taken by {problem}" for problem in told.problems), quoted=told.body)]


def check_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """Each check of the pre-flight, as it was at the decision."""
    checks = whole.report.state.checks
    tones: dict[str, Tone] = {"passed": "good", "failed": "bad", "error": "unknown", "warning": "warn", "overridden": "warn", "waiting": "warn"}
    rows = tuple((str(check.title), check.status, "yes" if check.blocking else "no", str(check.detail)) for check in checks)
    return (TableGrid(("Check", "Result", "Blocks", "What was found"), rows, tuple(tones.get(check.status, "dim") for check in checks)),) if rows else ()


def note_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """What people wrote into the record."""
    rows = tuple(Point(str(words), f"{at[11:19]} {by}:") for at, by, words in whole.report.state.notes)
    return (Points(rows),) if rows else ()


def left_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """What is still to be done, each with what to type."""
    rows = tuple(Point(one.words, tone="warn", more=(f"Next: {as_typed(one.hint)}",) if one.hint else ()) for one in whole.left)
    told = Paragraph("As of this run's end; a later run may have mended it.")
    return (Points(rows), told) if rows else ()


def event_blocks(whole: WholeReport) -> tuple[Block, ...]:
    """Every event as a sentence; of very many, the first and the last."""
    recording = whole.recording
    pairs = tuple(zip(recording.events, recording.times, strict=True))
    half = EVENTS // 2
    shown = pairs if len(pairs) <= EVENTS else (*pairs[:half], *pairs[-half:])
    rows = tuple(TimelineEntry(event.at, seconds, getattr(event, "host", ""), sentence(event)) for event, seconds in shown)
    told = f"{counted(len(pairs), 'event')}" + (f", the first and the last {half} of them" if len(pairs) > EVENTS else "")
    told += f"; as JSON: {as_typed(f'deploy events {whole.report.state.run}')}"
    return (Paragraph(told), Moments(rows)) if rows else ()
