"""The draft of a post-mortem as sections: the sequence and its gaps, numbers, output, what was left to do, and the questions. Pure."""

from console.core.words.sizes import counted, counted_hosts
from console.core.words.threshold_words import amount
from console.views.document_blocks import Block, Paragraph, Point, Points, Prompts, Quote, Section, TableGrid
from console.views.plan_words import names_in_words
from console.views.post_mortem import QUESTIONS, PostMortem
from console.views.report_contents import LogExcerpt, WholeReport
from console.views.times import fine_seconds, seconds_in_words

NAMED = 8
DRAFT = "Drafted from the run's record. Each moment says whether it was recorded or is inferred; what it means is for people to say."


def post_mortem_sections(whole: WholeReport) -> tuple[tuple[Section, ...], tuple[Section, ...]]:
    """Return the sections that stand at the front, and the one at the end that is left to people; none of either for a run that went well."""
    case = whole.post_mortem
    if case is None:
        return (), ()
    first = (
        Section("sequence", "Post-mortem, a draft", (Paragraph(DRAFT, "dim"), *_sequence(case), *_exposure(whole, case))),
        Section("numbers", "The numbers that decided", (Points(tuple(Point(words) for words in case.numbers)),) if case.numbers else ()),
        Section("left-to-do", "What was left to do", (Points(tuple(Point(words) for words in case.left)),) if case.left else ()),
        Section("log", "Log around the failure", tuple(_quote(excerpt) for excerpt in whole.excerpts)),
    )
    return first, (Section("questions", "For people to answer", (Prompts(QUESTIONS),)),)


def _sequence(case: PostMortem) -> tuple[Block, ...]:
    rows = tuple((one.name, one.at[11:23].rstrip("Z"), _gap(one.gap), one.words, one.source) for one in case.moments)
    return (TableGrid(("Moment", "At, UTC", "After", "What", "Source"), rows, numbers=frozenset({2})),) if rows else ()


def _gap(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"+{seconds * 1000:.0f} ms" if seconds < 1 else f"+{fine_seconds(seconds)}"


def _exposure(whole: WholeReport, case: PostMortem) -> tuple[Block, ...]:
    """For how long hosts ran what was taken back, and how many of their requests failed meanwhile."""
    if not case.exposed:
        return ()
    total, hosts = sum(case.exposed.values()), tuple(case.exposed)
    longest = max(case.exposed, key=lambda name: case.exposed[name])
    words = (
        f"Exposed: {counted_hosts(len(hosts))} of {len(whole.report.hosts)} ({names_in_words(hosts, NAMED)}), "
        f"{seconds_in_words(total)} of host time in all, the longest {longest} with {seconds_in_words(case.exposed[longest])}. "
        f"Counted from the first change on a host to the end of its way back. {_failed(whole, case)}"
    )
    return (Paragraph(words),)


def _failed(whole: WholeReport, case: PostMortem) -> str:
    counted_on = {host: found for host, found in (whole.metrics.bad if whole.metrics else {}).items() if host in case.exposed}
    if not counted_on:
        return "How many requests failed was not counted."
    requests, failed = (sum(found[place] for found in counted_on.values()) for place in (0, 1))
    missing = len(case.exposed) - len(counted_on)
    share = f" ({amount('error_rate', failed / requests)})" if requests else ""
    return f"{failed:,} of {requests:,} requests failed there until the way back began{share}" + (
        f"; {counted_hosts(missing)} not counted." if missing else "."
    )


def _quote(excerpt: LogExcerpt) -> Quote:
    title = f"{excerpt.host or 'The console'}: the last {counted(len(excerpt.lines), 'line')} until {excerpt.until[11:19]} UTC"
    return Quote(title, tuple(f"{one.at[11:23].rstrip('Z')} {one.text}" for one in excerpt.lines))
