"""What is kept of a run beside its events, as its report needs it: the machines' numbers, and what steps printed up to a failure.

Reads the state folder alone.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from console.model import events as ev

if TYPE_CHECKING:
    from console.ports.feed import Sample
    from console.views.report_contents import LogExcerpt

PAGE = 5000
"""Samples that are read at once."""
EXCERPTS = 4
"""Hosts whose log is told."""
LINES = 25
"""Lines of each."""
_BAD = ("failed", "unknown", "unreachable")


def samples_of(state: str, run: str) -> "Iterator[Sample]":
    """Every sample of a run in the order of time; none where none was kept."""
    from console.adapters.logs.sample_log import SampleLog

    log, after = SampleLog(state, run), ""
    while (page := log.page(after, PAGE)).samples:
        yield from page.samples
        after = page.after


def excerpts_of(state: str, run: str, events: Sequence[ev.AnyEvent]) -> "tuple[LogExcerpt, ...]":
    """The last lines that were printed on the hosts that failed first, each until its failure; a host whose log is gone or empty is left out."""
    from console.adapters.logs.run_log import RunLog
    from console.views.report_contents import LogExcerpt

    log, moments = RunLog(state, run), dict[str, str]()
    for event in events:
        if (isinstance(event, ev.StepFinished) and event.status in _BAD) or isinstance(event, ev.HostFailed):
            moments.setdefault(event.host, event.at)
    found = ((host, at, log.page(host, f"@{at}", LINES).lines) for host, at in list(moments.items())[:EXCERPTS] if host)
    return tuple(LogExcerpt(host, at, lines) for host, at, lines in found if lines)
