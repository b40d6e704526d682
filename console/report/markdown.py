"""A run's report as Markdown, for a ticket or a wiki. Pure. What came from outside is escaped: nothing in it becomes markup of this text.

Owns the words around the values; what belongs into a report is decided in `views/run_report.py`.
"""

import re

from console.model.request import ASIDE
from console.text import SafeText
from console.views.run_report import Failure, HostPart, Report, SentAnnouncement, TimelineEntry
from console.views.run_summary import downtime_words, outcome_words
from console.views.times import clock_span, seconds_in_words

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def escaped(words: object) -> str:
    """Return words that stand in the text as they are."""
    return _MARKUP.sub(r"\\\1", SafeText(str(words)))


def markdown(report: Report) -> str:
    """Return the whole report; times are UTC."""
    sections = (
        ("", _head(report)),
        ("Decision", _decision(report)),
        ("Failures", [line for failure in report.failures for line in _failure(failure)]),
        ("Database", [f"- {fact.name}: {escaped(fact.words)}" for fact in report.database]),
        ("Announcement", _announced(report)),
        ("Notes", [f"- {_clock(at)} {escaped(by)}: {escaped(words)}" for at, by, words in report.state.notes]),
        ("Timeline", _timeline(report.timeline)),
        ("Hosts", _hosts(report.hosts)),
    )
    parts = ["\n".join([*([f"## {title}", ""] if title else []), *lines]) for title, lines in sections if lines]
    return "\n\n".join(parts) + "\n"


def _clock(at: str) -> str:
    return at[11:19] or "--:--:--"


def _head(report: Report) -> list[str]:
    state = report.state
    words = outcome_words(state)[0].capitalize() if state.phase == "ended" else f"Has not ended ({state.phase})"
    revision = state.revision
    facts = [
        ("Run", f"`{state.run}`"),
        ("What", f"{state.kind}{f' ({state.plan.strategy})' if state.plan else ''} to {escaped(state.environment)}, {len(report.hosts)} hosts"),
        ("Command", escaped(state.request.command)),
        ("Version", f"{escaped(revision.version)}, commit `{revision.commit[:12]}`: {escaped(revision.subject)}" if revision else ""),
        ("Before", ", ".join(map(escaped, state.live))),
        ("Who", escaped(state.by)),
        ("When", f"{state.opened_at[:10]} {_clock(state.opened_at)} UTC, {clock_span(report.seconds)} long"),
        ("Service", downtime_words(state, state.mono)),
        ("Outcome", f"**{words}**" + (f", exit {state.exit}" if state.exit is not None else "")),
        ("Why", escaped(state.reason)),
        ("Next", f"`{state.hint}`" if state.hint else ""),
    ]
    title = "# " + (" ".join(escaped(one) for one in (state.app, state.environment, report.version) if one) or "No run") + f": {words.lower()}"
    return [title, "", *(f"- {name}: {value}" for name, value in facts if value)]


def _decision(report: Report) -> list[str]:
    made = report.decision
    if made is None:
        return [] if report.state.kind in ASIDE else ["None was made."]
    what = "**Not decided**, ended" if made.interrupted else f"**{'GO' if made.go else 'No-go'}** by {escaped(made.by)}"
    out = [f"{what} at {_clock(made.at)} UTC."]
    listed = [f"- {escaped(reason)}" for reason in made.reasons]
    listed += [f"- Overruled {escaped(check)}: {escaped(why)}" for check, why in made.overrides]
    listed += [f"- Hotfix: {escaped(made.hotfix)}"] if made.hotfix else []
    wrong = [check for check in report.state.checks if check.status not in ("passed", "skipped")]
    listed += [f"- Check {escaped(check.title)}: {check.status}" + (f", {escaped(check.detail)}" if check.detail else "") for check in wrong]
    return [*out, *([""] if listed else []), *listed]


def _announced(report: Report) -> list[str]:
    out = [row for one in report.told for row in _told(one)]
    if report.notes and not any(one.moment == "before" for one in report.told):
        out = ["- Nobody was told; the release notes that were written:", *_quoted(report.notes), *out]
    return out


def _told(told: SentAnnouncement) -> list[str]:
    who = ", ".join(map(escaped, told.channels)) or "nobody"
    head = f"- {_clock(told.at)} Told {who}: **{escaped(told.title)}**"
    return [head, *(f"  - not taken by {escaped(problem)}" for problem in told.problems), *_quoted(told.body)]


def _quoted(lines: tuple[str, ...]) -> list[str]:
    """Lines as they are, as code below a point of a list."""
    return ["", *(f"      {line}".rstrip() for line in lines), ""]


def _failure(failure: Failure) -> list[str]:
    code = f", exit {failure.code}" if failure.code is not None else ""
    where = f"{escaped(failure.host)}, " if failure.host else ""
    out = [f"- {_clock(failure.at)} **{where}{escaped(failure.step)}** {failure.status}{code} after {seconds_in_words(failure.seconds)}"]
    out[0] += f": {escaped(failure.detail)}" if failure.detail else ""
    out += [f"  Next: {escaped(failure.hint)}"] if failure.hint else []
    return [*out, *(["", *(f"      {line}" for line in failure.tail), ""] if failure.tail else [])]


def _timeline(moments: tuple[TimelineEntry, ...]) -> list[str]:
    out = []
    for moment in moments:
        words = f"**{escaped(moment.words)}**" if moment.chapter else f"{escaped(moment.host)} {escaped(moment.words)}".strip()
        out.append(f"{'' if moment.chapter else '  '}- {_clock(moment.at)} ({clock_span(moment.seconds)}) {words}")
    return out


def _hosts(hosts: tuple[HostPart, ...]) -> list[str]:
    rows = [
        f"| {escaped(host.host)} | {escaped(host.before or '–')} | {escaped(host.after or '–')} | {host.state} | "
        f"{seconds_in_words(host.seconds) if host.seconds else '–'} | {escaped(', '.join(map(str, host.lost)))} | {escaped(host.detail)} |"
        for host in hosts
    ]
    return ["| Host | Before | After | State | Time | Longest, or later than the others | Detail |", "| --- | --- | --- | --- | --- | --- | --- |", *rows]
