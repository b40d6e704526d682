"""A run's report as one HTML file: nothing is loaded, nothing is run, and what came from outside is text. Pure.

Owns the page around the sections; blocks are written in `html_blocks`, plots in the modules named for them, the style stands in `page_style`.
"""

from console.report.html_blocks import block_html
from console.report.html_text import told
from console.report.lane_plot import lane_plot
from console.report.metric_plot import metric_plot
from console.report.page_style import STYLE
from console.report.time_plot import time_plot
from console.views.document_blocks import Section
from console.views.report_contents import WholeReport, title_of, tone_of
from console.views.report_layout import report_sections
from console.views.run_standing import outcome_words

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for the page: its own style, and nothing else."""


def html_page(whole: WholeReport) -> str:
    """Return the page; times are UTC."""
    title = told(title_of(whole))
    sections = report_sections(whole)
    drawings = _drawings(whole)
    body = "".join(_section(section, drawings) for section in sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>{_head(whole)}{_contents(sections)}</header>\n"
        f"<main>{body}</main>\n<footer>Written by deploy-console from the record of the run. All times are UTC.</footer>\n</body>\n</html>\n"
    )


def _head(whole: WholeReport) -> str:
    state = whole.report.state
    before, to = whole.versions
    words = outcome_words(state)[0] if state.phase == "ended" else f"not ended: {state.phase}"
    way = f"<bdi>{told(before)}</bdi> → <bdi>{told(to)}</bdi>" if before and to else f"<bdi>{told(to or before or state.kind)}</bdi>"
    place = f"{told(state.app)} <span>·</span> {told(state.environment)} <span>·</span> {told(state.kind)}"
    return f'<p class="place">{place}</p><h1>{way} <span class="outcome t-{tone_of(whole)}">{told(words.lower())}</span></h1>'


def _contents(sections: tuple[Section, ...]) -> str:
    links = "".join(f'<a href="#{section.key}">{told(section.title)}</a>' for section in sections if section.title)
    return f'<nav aria-label="Contents">{links}</nav>'


def _section(section: Section, drawings: dict[str, str]) -> str:
    inside = "".join(block_html(block, drawings) for block in section.blocks)
    if section.folded:
        return f'<details id="{section.key}"><summary><h2>{told(section.title)}</h2></summary>{inside}</details>\n'
    head = f"<h2>{told(section.title)}</h2>" if section.title else ""
    return f'<section id="{section.key}">{head}{inside}</section>\n'


def _drawings(whole: WholeReport) -> dict[str, str]:
    out = {"step times": time_plot(whole.kinds)}
    if whole.lanes is not None:
        out["lanes"] = lane_plot(whole.lanes)
    if whole.metrics is not None:
        out["metrics"] = metric_plot(whole.metrics)
    return out
