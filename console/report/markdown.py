"""A run's report as Markdown, for a ticket or a wiki. Pure. What came from outside is escaped: nothing in it becomes markup of this text.

Owns how blocks are written; what belongs into a report is decided in `views/report_layout.py`.
"""

import re

from console.as_typed import as_typed
from console.safe_text import SafeText
from console.views.document_blocks import Block, Drawing, FactRows, Moments, Paragraph, Point, Points, Prompts, Quote, Section, TableGrid, TimelineEntry
from console.views.report_contents import WholeReport, title_of
from console.views.report_layout import report_sections
from console.views.times import clock_span

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def escaped(words: object) -> str:
    """Return words that stand in the text as they are."""
    return _MARKUP.sub(r"\\\1", SafeText(str(words)))


def markdown(whole: WholeReport) -> str:
    """Return the whole report; times are UTC."""
    parts = [f"# {escaped(title_of(whole))}"]
    parts += [_section(section) for section in report_sections(whole) if not section.folded]
    run = whole.report.state.run
    parts += [f"Every event, each check, each host and the plots: `{as_typed(f'deploy report {run} --format html')}`"] if run else []
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> str:
    head = [f"## {escaped(section.title)}"] if section.title else []
    return "\n\n".join([*head, *(text for block in section.blocks if (text := _block(block)))])


def _block(block: Block) -> str:
    match block:
        case Paragraph(words=words):
            return escaped(words)
        case FactRows(rows=rows):
            return "\n".join(f"- {name}: {_said(name, words)}" for name, words in rows if words)
        case Points(rows=points):
            return "\n".join(row for point in points for row in _point(point))
        case TableGrid():
            return _grid(block)
        case Moments(rows=moments):
            return "\n".join(map(_moment, moments))
        case Quote(title=title, lines=lines):
            return "\n".join([f"{escaped(title)}:", *_quoted(lines, 4)]).rstrip()
        case Prompts(rows=questions):
            return "\n\n".join(f"### {escaped(title)}\n\n{escaped(prompt)}\n\n-" for title, prompt in questions)
        case Drawing():
            return ""


def _said(name: str, words: str) -> str:
    return f"`{words}`" if name in ("Run", "Next") and "`" not in words else escaped(words)


def _point(point: Point) -> list[str]:
    lead = escaped(point.lead) if point.lead[-1:] in (":", ";", "") else f"**{escaped(point.lead)}**"
    out = [f"- {' '.join(part for part in (lead, escaped(point.words)) if part)}"]
    out += [f"  - {escaped(words)}" for words in point.more]
    return [*out, *(_quoted(point.quoted, 6) if point.quoted else [])]


def _quoted(lines: tuple[str, ...], indent: int) -> list[str]:
    """Lines as they are, as code."""
    return ["", *(f"{' ' * indent}{SafeText(line)}".rstrip() for line in lines), ""]


def _grid(grid: TableGrid) -> str:
    rules = ["---:" if column in grid.numbers else "---" for column in range(len(grid.head))]
    rows = [grid.head, rules, *grid.rows]
    return "\n".join(f"| {' | '.join(row if row is rules else map(escaped, row))} |" for row in rows)


def _moment(moment: TimelineEntry) -> str:
    words = f"**{escaped(moment.words)}**" if moment.chapter else f"{escaped(moment.host)} {escaped(moment.words)}".strip()
    return f"{'' if moment.chapter else '  '}- {moment.at[11:19] or '--:--:--'} ({clock_span(moment.seconds)}) {words}"
