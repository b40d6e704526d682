"""The last line of the checklist: whether people were told how the run ended."""

import pytest

from console.core.run.evolve import evolve
from console.model import events as ev
from console.model.checks import Check
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeLines, SafeText
from console.views.checklist import checklist

TOLD = RunState(kind="deploy", phase="running", checks=(Check("announcement", SafeText("Announcement"), "passed"),))
ENDED = changed(TOLD, phase="ended", exit=0, announced=(SafeText("json://x"),))


def after(*channels: str) -> ev.AnnouncementSent:
    return ev.AnnouncementSent(moment="after", title=SafeText("it ended"), body=SafeLines("so"), told=tuple(map(SafeText, channels)))


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (changed(TOLD, checks=()), ("skipped", "not yet")), (changed(ENDED, checks=()), ("skipped", "nobody notified")),
        (changed(TOLD, checks=(Check("announcement", SafeText("A"), "skipped"),)), ("skipped", "no channel")),
        (TOLD, ("waiting", "at the end")), (ENDED, ("waiting", "being sent")), (changed(ENDED, announced=()), ("skipped", "nothing to announce")),
        (evolve(ENDED, after("json://x")), ("done", "1 channel")), (evolve(ENDED, after()), ("failed", "0 channels")),
    ],
)  # fmt: skip
def test_it_says_who_was_told(state: RunState, found: tuple[str, str]):
    row = checklist(state, 0.0)[-1]
    assert (row.state, row.found) == found
    assert row.title == "Success announced"


def test_what_was_told_of_a_failure_is_no_success_that_was_announced():
    row = checklist(evolve(changed(ENDED, exit=4), after("json://x")), 0.0)[-1]
    assert (row.state, row.title, row.found) == ("skipped", "Success announced", "not a success; 1 channel notified")
