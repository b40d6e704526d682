"""Runs that are over, on a screen: the lines on top of their list, and one run's report as lines. Pure."""

from datetime import tzinfo

from console.as_typed import as_typed
from console.core.kinds.kind_table import kind_of
from console.core.run.outcome import next_words
from console.core.words.sizes import counted_hosts
from console.model.run_summary import ASIDE
from console.safe_text import SafeText
from console.views.document_blocks import TimelineEntry
from console.views.environment_title import environment_title
from console.views.report_from_events import Failure, HostPart, Report, SentAnnouncement, checks_in_words
from console.views.run_standing import from_to, outcome_words, standing
from console.views.styled_text import Line, MarkName, Span, by_room, cell, clipped, line, mark, sectioned
from console.views.times import clock_span, day_and_time, seconds_in_words, wall_clock

_HOST_MARKS: dict[str, MarkName] = {
    "new": "done", "old": "back", "failed": "failed", "unreachable": "unknown", "unknown": "unknown", "owed": "owed", "skipped": "skipped",
}  # fmt: skip


def runs_lines(app: str, environment: str, words: str, held: int, width: int, *, protected: bool, more: bool, read: bool, marked: str = "") -> tuple[Line, ...]:
    """The lines on top of the list of runs: whose they are, and what of them is listed."""
    count = f"{held}{' and more' if more else ''} {'run' if held == 1 and not more else 'runs'}, newest first"
    parts = ((0, environment_title(app, environment, protected=protected)), (1, line(Span("runs", "strong"))), (2, line(Span(count if read else "", "dim"))))
    filtered = line(Span(" only with ", "dim"), Span(words, "accent"), Span("   esc", "accent"), Span(" lists all", "dim"))
    if marked:
        chosen = line(Span(" = ", "selected"), f" {marked}", Span("   = on another run", "accent"), " compares", Span("   esc", "accent"), " lets go")
        return by_room(parts, width), clipped(chosen, width)
    return by_room(parts, width), filtered if words else line(Span(" enter opens one, / finds", "dim"))


def record_lines(report: Report, width: int, zone: tzinfo | None) -> tuple[Line, ...]:
    """The lines on top of a record: what, how it ended, when, how long, who; and why."""
    state = report.state
    what = line(Span(f"{state.kind} ")) if not kind_of(state).makes_release else ()
    parts = (
        (0, environment_title(state.app, state.environment, protected=state.protected)),
        (0, (*what, *from_to(state))),
        (1, (standing(state),)),
        (4, line(Span(day_and_time(state.opened_at, zone), "dim"))),
        (3, line(clock_span(report.seconds))),
        (5, line(Span(f"by {state.by}", "dim"))),
    )
    why = line(Span(f" {state.reason}" if state.reason else f" run {state.run}", "warn" if state.reason else "dim"))
    return by_room(parts, width), clipped(why, width)


def report_lines(report: Report, width: int, zone: tzinfo | None) -> tuple[Line, ...]:
    """The whole report, section by section."""
    sections = (
        ("What", _what(report, zone)), ("Decision", _decision(report, zone)), ("Outcome", _outcome(report, zone)),
        ("Failures", tuple(one for failure in report.failures for one in _failure(failure, zone))),
        ("Database", tuple(_fact(fact.name.lower(), str(fact.words)) for fact in report.database)),
        ("Announcement", _announced(report, zone)),
        ("Notes", tuple(line(Span(f"{wall_clock(at, zone)} {by}: ", "dim"), str(words)) for at, by, words in report.state.notes)),
        ("Timeline", tuple(_moment(moment, zone) for moment in report.timeline)),
        ("Hosts", _hosts(report.hosts)),
    )  # fmt: skip
    return sectioned(sections, width)


def _fact(name: str, *words: str | Span) -> Line:
    return line(Span(cell(name, 10), "dim"), *words)


def _what(report: Report, zone: tzinfo | None) -> tuple[Line, ...]:
    state = report.state
    revision, strategy = state.revision, state.plan.strategy if state.plan else ""
    hosts = counted_hosts(len(report.hosts))
    facts = [
        _fact("run", state.run),
        _fact("who", f"{state.by}" + (f" ({SafeText(state.by.claims)})" if state.by.claims else "")),
        _fact("when", f"{day_and_time(state.opened_at, zone)}, {clock_span(report.seconds)} long"),
        _fact("what", f"{strategy if strategy.startswith(state.kind) else f'{state.kind} {strategy}'.strip()}, {hosts} of {state.environment}"),
    ]
    if state.request.command:
        facts.append(_fact("command", SafeText(state.request.command)))
    if revision:
        facts.append(_fact("version", Span(f"{revision.version} ", "strong"), f"{revision.commit[:12]}  {revision.subject}"))
    if state.live:
        facts.append(_fact("before", ", ".join(map(str, state.live))))
    return tuple(facts)


def _decision(report: Report, zone: tzinfo | None) -> tuple[Line, ...]:
    made = report.decision
    if made is None:
        return () if report.state.kind in ASIDE else (line(Span("none was made", "dim")),)
    verdict = Span("GO", "good") if made.go else Span("no-go", "warn")
    said = line(Span("not decided", "warn"), ", ended") if made.interrupted else line(verdict, f" by {made.by}")
    out = [line(*said, f" at {wall_clock(made.at, zone)}")]
    out += [line("  ", reason) for reason in made.reasons]
    out += [line(Span("overridden ", "warn"), Span(check, "strong"), f": {why}") for check, why in made.overrides]
    out += [line(Span("hotfix ", "warn"), made.hotfix)] if made.hotfix else []
    checks = report.state.checks
    wrong = [check for check in checks if check.status not in ("passed", "skipped")]
    out += [line(Span(words, "dim"))] if (words := checks_in_words(checks)) else []
    out += [line("  ", Span(f"{check.title}: {check.status}", "warn"), f" {check.detail}") for check in wrong]
    return tuple(out)


def _outcome(report: Report, zone: tzinfo | None) -> tuple[Line, ...]:
    state = report.state
    if state.phase != "ended":
        return (line(standing(state), f", no event on record since {wall_clock(state.at, zone)}"),)
    words, tone = outcome_words(state)
    out = [line(Span(words.capitalize(), tone), f" at {wall_clock(state.ended_at, zone)}, exit {state.exit}")]
    out += [line("  ", str(state.reason))] if state.reason else []
    out += [line("  next: ", Span(as_typed(following), "accent"))] if (following := next_words(state)) else []
    return tuple(out)


def _announced(report: Report, zone: tzinfo | None) -> tuple[Line, ...]:
    """What people were told, as it was sent; the notes that were written, where nobody was told before the release."""
    out = [row for one in report.told for row in _told(one, zone)]
    if report.notes and not any(one.moment == "before" for one in report.told):
        out = [line(Span("nobody was notified; the release notes:", "dim")), *(line("  ", words) for words in report.notes), *out]
    return tuple(out)


def _told(told: SentAnnouncement, zone: tzinfo | None) -> tuple[Line, ...]:
    who = ", ".join(told.channels) or "nobody"
    head = line(Span(f"{wall_clock(told.at, zone)} ", "dim"), "told ", Span(who, "accent"), ": ", Span(told.title, "strong"))
    wrong = tuple(line("  ", Span(f"! {problem}", "warn")) for problem in told.problems)
    return (head, *wrong, *(line("  ", words or " ") for words in told.body))


def _failure(failure: Failure, zone: tzinfo | None) -> tuple[Line, ...]:
    code = f", exit {failure.code}" if failure.code is not None else ""
    where = Span(f"{failure.host} " if failure.host else "", "accent")
    told = f"{failure.step} {failure.status}{code} after {seconds_in_words(failure.seconds)}"
    head = line(Span(f"{wall_clock(failure.at, zone)} ", "dim"), where, Span(told, "bad"))
    detail = [line("  ", failure.detail)] if failure.detail else []
    hint = [line("  next: ", Span(as_typed(failure.hint), "accent"))] if failure.hint else []
    return (head, *detail, *(line(Span(f"  | {words}", "dim")) for words in failure.tail), *hint)


def _moment(moment: TimelineEntry, zone: tzinfo | None) -> Line:
    head = line(Span(f"{wall_clock(moment.at, zone):8} ", "dim"), Span(f"{clock_span(moment.seconds):>7} ", "dim"))
    if moment.chapter:
        return (*head, *line(Span("── ", "dim"), Span(moment.words, moment.tone)))
    return (*head, *line("   ", Span(f"{moment.host} " if moment.host else "", "accent"), Span(moment.words, moment.tone)))


def _hosts(hosts: tuple[HostPart, ...]) -> tuple[Line, ...]:
    names = min(24, max((len(host.host) for host in hosts), default=0))
    states = max((len(host.state) for host in hosts), default=0)
    versions = min(28, max((len(_versions(host)) for host in hosts), default=0))
    return tuple(_host(host, names, states, versions) for host in hosts)


def _versions(host: HostPart) -> str:
    return host.after if host.after == host.before or not host.before else f"{host.before} → {host.after or 'nothing'}"


def _host(host: HostPart, names: int, states: int, versions: int) -> Line:
    sign = mark(_HOST_MARKS.get(host.state, "waiting"))
    took = f"{seconds_in_words(host.seconds) if host.seconds else '':>6}"
    late = any(one.is_late for one in host.spent)
    lost = Span("  " + ", ".join(map(str, host.lost)), "warn" if late else "dim")
    detail = Span(f"  {host.detail}" if host.detail else "", "dim" if host.state in ("new", "old") else "warn")
    return line(sign, f" {cell(host.host, names)}  {cell(host.state, states)}  {cell(_versions(host), versions)} {took}", lost, detail)
