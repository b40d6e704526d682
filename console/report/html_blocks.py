"""The blocks of a report as HTML. Pure. Every word from a run goes through `told`."""

from collections.abc import Mapping

from console.report.html_text import classed, told
from console.views.document_blocks import Block, Drawing, FactRows, Moments, Paragraph, Point, Points, Prompts, Quote, TableGrid, TimelineEntry
from console.views.times import clock_span


def block_html(block: Block, drawings: Mapping[str, str]) -> str:
    """Return one block. `drawings`: the plots that there are, by their names."""
    match block:
        case Paragraph(words=words, tone=tone):
            return f"<p{classed('', tone)}>{told(words)}</p>"
        case FactRows(rows=rows):
            facts = "".join(f"<div><dt>{told(name)}</dt><dd>{_fact(name, words)}</dd></div>" for name, words in rows if words)
            return f'<dl class="facts">{facts}</dl>'
        case Points(rows=points):
            return f"<ul>{''.join(map(_point, points))}</ul>"
        case TableGrid():
            return _grid(block)
        case Moments(rows=moments):
            return f'<ol class="moments">{"".join(map(_moment, moments))}</ol>'
        case Quote(title=title, lines=lines):
            return f"<figure><figcaption>{told(title)}</figcaption>{_quoted(lines)}</figure>"
        case Prompts(rows=questions):
            return "".join(f'<div class="prompt"><h3>{told(title)}</h3><p>{told(prompt)}</p></div>' for title, prompt in questions)
        case Drawing(name=name):
            return drawings.get(name, "")


def _fact(name: str, words: str) -> str:
    return f"<code>{told(words)}</code>" if name in ("Run", "Next", "Command") else f"<bdi>{told(words)}</bdi>"


def _point(point: Point) -> str:
    lead = f"<strong>{told(point.lead)}</strong> " if point.lead else ""
    more = "".join(f'<div class="more">{told(words)}</div>' for words in point.more)
    return f"<li{classed('', point.tone)}>{lead}<bdi>{told(point.words)}</bdi>{more}{_quoted(point.quoted)}</li>"


def _quoted(lines: tuple[str, ...]) -> str:
    inside = "\n".join(f"<bdi>{told(one)}</bdi>" for one in lines)
    return f'<pre tabindex="0">{inside}</pre>' if lines else ""


def _grid(grid: TableGrid) -> str:
    head = "".join(f"<th{_number(grid, column)}>{told(words)}</th>" for column, words in enumerate(grid.head))
    tones = grid.tones or ("plain",) * len(grid.rows)
    rows = "".join(
        f"<tr{classed('', tone)}>{''.join(_cell(grid, column, words) for column, words in enumerate(row))}</tr>"
        for row, tone in zip(grid.rows, tones, strict=True)
    )
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(grid: TableGrid, column: int, words: str) -> str:
    """A cell; it carries its column's name, which stands beside it where the page is narrow."""
    return f'<td{_number(grid, column)} data-column="{told(grid.head[column])}"><bdi>{told(words)}</bdi></td>'


def _number(grid: TableGrid, column: int) -> str:
    return ' class="n"' if column in grid.numbers else ""


def _moment(moment: TimelineEntry) -> str:
    host = f"<b><bdi>{told(moment.host)}</bdi></b> " if moment.host else ""
    clock = f'<time>{told(moment.at[11:19] or "--:--:--")}</time><span class="at">{told(clock_span(moment.seconds))}</span>'
    return f"<li{classed('chapter' if moment.chapter else '', moment.tone)}>{clock}<span>{host}<bdi>{told(moment.words)}</bdi></span></li>"
