"""Which sections a run's report has, in which order, with which titles, and what a good run leaves out. Pure; how it is written down is `report`'s.

What stands in each section is in `report_section_bodies`, for a post-mortem in `post_mortem_sections`.
"""

from console.views.document_blocks import Moments, Section
from console.views.post_mortem_sections import post_mortem_sections
from console.views.report_contents import WholeReport
from console.views.report_section_bodies import (
    check_blocks,
    critical_blocks,
    database_blocks,
    decision_blocks,
    event_blocks,
    failure_blocks,
    host_blocks,
    left_blocks,
    log_blocks,
    metric_blocks,
    note_blocks,
    summary_blocks,
    time_blocks,
    told_blocks,
)

FEW = 6
"""Hosts of a good run that are still listed each; of more, the summary says enough."""


def report_sections(whole: WholeReport) -> tuple[Section, ...]:
    """Return the sections that have something to tell. The first one has no title: it is the summary."""
    first, last = post_mortem_sections(whole)
    found = (
        Section("summary", "", summary_blocks(whole)),
        *first,
        Section("decision", "Decision", decision_blocks(whole)),
        Section("timeline", "Timeline", (Moments(whole.highlights),) if whole.highlights else ()),
        Section("failures", "Failures", failure_blocks(whole)),
        Section("critical", "Critical paths", critical_blocks(whole)),
        Section("log kinds", "Log lines only on new hosts", log_blocks(whole)),
        Section("times", "Plan against what happened", time_blocks(whole)),
        Section("metrics", "Metrics, before and after", metric_blocks(whole)),
        Section("hosts", "Hosts at the end", host_blocks(whole), folded=whole.is_quiet and len(whole.report.hosts) > FEW),
        Section("database", "Database", database_blocks(whole)),
        Section("announcement", "Announcement", told_blocks(whole)),
        Section("notes", "Notes", note_blocks(whole)),
        Section("left", "Left open", left_blocks(whole)),
        *last,
        Section("checks", "Checks at the decision", check_blocks(whole), folded=True),
        Section("events", "All events", event_blocks(whole), folded=True),
    )
    return tuple(section for section in found if section.blocks)
