"""The versions to choose from, with what CI and the required environment say of each."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from console.adapters.system_clock import SystemClock
from console.errors import UsageFault
from console.model import events as ev
from console.model.checks import Check
from console.model.fleet_snapshot import Candidate, CiMark, Verified
from console.safe_text import SafeText
from console.tui.prepare.prepare_screen import PrepareScreen
from console.tui.widgets.picker import Picker
from console.views.styled_text import text, width
from console.views.version_list import Marks, candidate_row
from tests.tui.scripted_environment import CANDIDATES, ScriptedEnvironment, eventually
from tests.tui.test_prepare_screen import head, prepared, preparing

COMMITS = [one.commit for one in CANDIDATES]
STATES = ("passed", "failed", "waiting", "error")
WORDS = ("✓ green", "! red", "◐ pending", "? unmeasured")


class Dated(SystemClock):
    """The day on which the versions were verified; waits go on as they do."""

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class HeldStation(ScriptedEnvironment):
    """Says nothing of CI before a test lets it."""

    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def ci(self, candidate: Candidate) -> CiMark:
        mark = await super().ci(candidate)
        await self.free.wait()
        return mark


def marked(**more: object) -> dict[str, object]:
    marks = {commit: CiMark(commit, state) for commit, state in zip(COMMITS, STATES, strict=True)}
    return {
        "marks": marks,
        "verified_there": Verified("staging", {COMMITS[0]: "2026-11-24T09:00:00Z", COMMITS[1]: "2026-11-01T09:00:00Z"}, (COMMITS[1],)),
        **more,
    }


def versions(pilot) -> Picker:
    return pilot.app.screen.query_one("#versions", Picker)


def asked(client: ScriptedEnvironment) -> list[str]:
    return [one[1] for one in client.asked if isinstance(one, tuple) and one[0] == "ci"]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_every_state_of_ci_has_a_mark_and_a_word(size):
    async with preparing(ScriptedEnvironment(**marked()), clock=Dated()).run_test(size=size) as pilot:
        await prepared(pilot)
        await eventually(pilot, lambda: all(words in versions(pilot).shown for words in (*WORDS, "never")))
        rows = versions(pilot).shown.split("\n")
        for row, words in zip(rows, WORDS, strict=True):
            assert words in row
        assert "CI, staging" in str(versions(pilot).border_title)
        assert "! 23 d" in rows[1]
        assert "– never" in rows[3]
        assert "live" in rows[2]


async def test_the_list_opens_and_filters_while_ci_says_nothing():
    client = HeldStation(**marked())
    async with preparing(client).run_test(size=(120, 36)) as pilot:
        screen = await prepared(pilot)
        await eventually(pilot, lambda: "staging" in str(versions(pilot).border_title))
        assert "CI" not in str(versions(pilot).border_title)
        assert len(asked(client)) == 1
        await pilot.press("slash", *"ada", "enter")
        await eventually(pilot, lambda: len(versions(pilot).shown.split("\n")) == 2)
        client.free.set()
        await eventually(pilot, lambda: "! red" in versions(pilot).shown)
        await eventually(pilot, lambda: "GO is open" in head(pilot))
        assert str(screen.chosen.ref) == "v1.1.0"


async def test_only_what_is_seen_is_asked_about_and_each_once():
    many = tuple(Candidate(SafeText(f"v{number}"), f"{number:040}", is_tag=True) for number in range(150))
    client = ScriptedEnvironment(candidates_there=many, marks={one.commit: CiMark(one.commit, "passed") for one in many})
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        await prepared(pilot)
        rows = versions(pilot).content_size.height
        await eventually(pilot, lambda: len(asked(client)) == rows)
        await pilot.pause(0.3)
        assert sorted(asked(client)) == [one.commit for one in many[:rows]]
        await pilot.press("end")
        await eventually(pilot, lambda: len(asked(client)) == 2 * rows)
        await pilot.press("home")
        await pilot.pause(0.3)
        assert len(asked(client)) == 2 * rows


async def test_without_such_checks_there_is_no_column_and_one_question():
    client = ScriptedEnvironment()
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        await prepared(pilot)
        await eventually(pilot, lambda: asked(client))
        await pilot.pause(0.3)
        assert len(asked(client)) == 1
        assert str(versions(pilot).border_title).split() == ["1", "Versions", "4"]


async def test_an_engine_that_does_not_know_the_question_holds_nothing_up():
    client = ScriptedEnvironment()

    async def unknown(*_: object) -> CiMark:
        raise UsageFault("an engine of this version does not know 'ci'", "deploy engine stop")

    client.ci = client.verified = unknown  # type: ignore[method-assign, assignment]
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        await prepared(pilot)
        await pilot.pause(0.3)
        assert isinstance(pilot.app.screen, PrepareScreen)
        assert "engine" not in head(pilot)


async def test_what_is_not_asked_is_learnt_from_the_pre_flight():
    client = ScriptedEnvironment(marks={commit: CiMark(commit, "unasked") for commit in COMMITS})
    client.feed.record(ev.CheckReported(check=Check("ci", SafeText("ci"), "passed", detail=SafeText("2 jobs"), kind="github")))
    async with preparing(client).run_test(size=(120, 36)) as pilot:
        await prepared(pilot)
        await eventually(pilot, lambda: "✓ green" in versions(pilot).shown.split("\n")[0] and "not asked" in versions(pilot).shown.split("\n")[1])


@pytest.mark.parametrize("cells", range(16, 120, 7))
def test_marks_never_make_a_row_wider_than_its_room(cells: int):
    marks = Marks(Verified("staging", dict.fromkeys(COMMITS, "2026-11-24T09:00:00Z"), (COMMITS[1],)), marked()["marks"], True, "2026-11-24T12:00:00Z")
    rows = [candidate_row(one, False, cells, None, marks) for one in CANDIDATES]
    assert all(width(row) <= cells for row in rows)
    if cells >= 36:
        assert all(word in text(row) for row, word in zip(rows, WORDS, strict=True))
