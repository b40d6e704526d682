"""The checklist's line about people: who was told of a release, and who was not."""

import pytest

from console.core.run.evolve import evolve
from console.model import events as ev
from console.model.checks import Check, CheckStatus
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeLines, SafeText
from console.views.checklist import checklist


def a_run(team: CheckStatus = "skipped", announcement: CheckStatus = "passed") -> RunState:
    checks = (Check("team", SafeText("Team"), team, detail=SafeText("1 more")), Check("announcement", SafeText("A"), announcement, detail=SafeText("no way")))
    return RunState(kind="deploy", phase="deciding", checks=checks)


def told(state: RunState, *channels: str, problems: tuple[str, ...] = ()) -> RunState:
    names, said = tuple(map(SafeText, channels)), tuple(map(SafeText, problems))
    return evolve(state, ev.AnnouncementSent(moment="before", title=SafeText("v2"), body=SafeLines("v2 goes"), told=names, problems=said))


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (a_run(), ("waiting", "at GO")), (changed(a_run(), phase="ended"), ("skipped", "nobody notified")),
        (told(a_run(), "json://x"), ("done", "1 channel notified")), (told(a_run(), "a", "b"), ("done", "2 channels notified")),
        (told(a_run(), problems=("json://x: 503",)), ("failed", "1 of 1 channel not notified")),
        (told(a_run(), "a", problems=("b: 503",)), ("failed", "1 of 2 channels not notified")),
        (a_run(announcement="failed"), ("failed", "no way")), (a_run(announcement="skipped"), ("skipped", "skipped")),
        (told(a_run(announcement="overridden"), problems=("b: 503",)), ("skipped", "overridden")),
        (told(a_run(team="waiting"), "a"), ("busy", "1 more")),
    ],
)  # fmt: skip
def test_it_says_who_was_told_and_who_was_not(state: RunState, found: tuple[str, str]):
    row = next(row for row in checklist(state, 0.0) if row.title == "Team notified")
    assert (row.state, row.found) == found
