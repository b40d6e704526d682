"""The announcement of a release that is prepared: read, written, and sent as it was read."""

import pytest
from textual import events
from textual.widgets import TextArea

from console.core.words.announcement_words import before
from console.errors import NoGo
from console.model import events as ev
from console.model.checks import Check
from console.model.values import changed
from console.safe_text import SafeText
from console.tui.dialogs.dialog import Dialog, TextDialog
from console.tui.dialogs.go_dialog import GoByName
from console.tui.dialogs.text_editor import TextEditor
from console.tui.prepare.prepare_screen import PrepareScreen
from console.tui.run.run_screen import RunScreen
from tests.tui.scripted import ScriptedFeed
from tests.tui.scripted_environment import ScriptedEnvironment, eventually
from tests.tui.test_prepare_screen import form, in_form, message, prepared, preparing, requests


def a_client(subjects: tuple[str, ...] = ("feat: basket", "fix: prices"), **more: object) -> ScriptedEnvironment:
    client = ScriptedEnvironment(suggested="v1.1.0", **more)  # type: ignore[arg-type]
    client.feed.record(
        ev.ChangesListed(subjects=tuple(map(SafeText, subjects))),
        ev.CheckReported(check=Check("announcement", SafeText("Announcement"), "passed", detail=SafeText("2 channels are told at GO"))),
    )
    return client


async def read(pilot, words: str = "") -> TextDialog:
    """Wait until the announcement is read, with those words in it."""
    await eventually(pilot, lambda: isinstance(pilot.app.screen, TextDialog) and pilot.app.screen.query("#dialog-words") and words in pilot.app.screen.shown)
    return pilot.app.screen


async def written(pilot) -> TextArea:
    await eventually(pilot, lambda: isinstance(pilot.app.screen, TextEditor))
    return pilot.app.screen.query_one(TextArea)


@pytest.mark.parametrize("size", [(80, 24), (200, 50), (40, 10), (20, 4)])
async def test_it_is_read_word_for_word_with_its_channels(size):
    client = a_client(hosts := ("feat: basket " + "and more " * 12, "fix: prices"))
    async with preparing(client).run_test(size=size) as pilot:
        screen = await prepared(pilot)
        await pilot.press("w")
        reading = await read(pilot, "slack://")
        message = before(changed(screen.preview.answer.state, request=screen.preview.request))
        shown = "".join(reading.shown.split())
        assert "".join(message.title.split()) in shown
        assert "".join(message.body.split()) in shown
        assert "slack://****/,json://ops.example/hook" in shown
        assert "madefrom2commits" in shown
        assert hosts


async def test_where_nobody_is_told_it_says_what_to_write():
    async with preparing(a_client(told_by=())).run_test(size=(80, 24)) as pilot:
        await prepared(pilot)
        await pilot.press("w")
        reading = await read(pilot, "nobody: no channel is configured")
        assert "[environments.production.announce] to =" in reading.shown


async def test_channels_that_cannot_be_asked_about_say_why():
    client = a_client()
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        await prepared(pilot)
        client.blocked = NoGo("the engine is gone", "deploy status")
        await pilot.press("w")
        await read(pilot, "not known: the engine is gone; deploy status")


async def test_what_is_written_is_what_is_shown_and_asked_for():
    client = a_client()
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot)
        await in_form(pilot, 10)
        await pilot.press("enter")
        await read(pilot, "- basket")
        await pilot.press("e")
        area = await written(pilot)
        assert area.text == "New:\n- basket\nMended:\n- prices"
        await pilot.press("enter", *"q r g", "ctrl+o")
        await read(pilot, "q r g")
        assert "written here, 5 lines" in pilot.app.screen.shown
        await pilot.press("escape")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, PrepareScreen))
        assert "--notes FILE" in message(pilot)
        assert "announce  written here, 5 lines" in form(pilot).shown
        assert len(requests(client)) == 1
        await pilot.press("g")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, GoByName))
        assert requests(client)[-1].impact.notes == "New:\n- basket\nMended:\n- prices\nq r g"
        assert screen.preview.request == requests(client)[-1]


async def test_a_paste_is_text_and_acts_on_nothing():
    client = a_client()
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        await prepared(pilot)
        await pilot.press("w", "e")
        area = await written(pilot)
        await pilot.press("ctrl+a")
        pilot.app.post_message(events.Paste("First\r\nsecond\rq\tg\n"))
        await eventually(pilot, lambda: "second" in area.text)
        await pilot.press("ctrl+o")
        reading = await read(pilot, "second")
        assert "First" in reading.shown
        assert len(requests(client)) == 1
        await pilot.press("e")
        assert "\x0d" not in (await written(pilot)).text


async def test_escape_leaves_and_what_was_written_is_not_lost_unasked():
    async with preparing(a_client()).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot)
        await pilot.press("w", "e")
        await written(pilot)
        await pilot.press("escape")
        await read(pilot, "made from 2 commits")
        await pilot.press("e")
        area = await written(pilot)
        await pilot.press("x", "escape")
        await eventually(pilot, lambda: type(pilot.app.screen) is Dialog)
        await pilot.press("escape")
        assert (await written(pilot)) is area
        await pilot.press("escape", "d")
        await read(pilot, "made from 2 commits")
        assert screen.preview.request.impact.notes == ""
        await pilot.press("e", "x", "escape", "t")
        await read(pilot, "written here")
        assert screen.preview.request.impact.notes.endswith("pricesx")


async def test_empty_notes_are_refused_where_there_is_something_to_tell():
    async with preparing(a_client()).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot)
        await pilot.press("w", "e")
        area = await written(pilot)
        area.clear()
        await pilot.press("ctrl+o")
        await eventually(pilot, lambda: "cannot be empty" in pilot.app.screen.query_one("#dialog-title").shown)
        await pilot.press(*"why", "ctrl+o")
        await read(pilot, "why")
        assert screen.preview.request.impact.notes == "why"


async def test_the_notes_from_the_commits_come_back_and_the_written_ones_too():
    async with preparing(a_client()).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot)
        await pilot.press("w", "e", *"!", "ctrl+o")
        await read(pilot, "written here")
        await pilot.press("g")
        await read(pilot, "made from 2 commits")
        assert screen.preview.request.impact.notes == ""
        await pilot.press("g")
        await read(pilot, "written here")
        assert screen.preview.request.impact.notes.endswith("!")


async def test_notes_belong_to_the_version_that_they_were_written_for():
    client = a_client()
    async with preparing(client).run_test(size=(120, 36)) as pilot:
        screen = await prepared(pilot)
        await pilot.press("w", "e", *"!", "ctrl+o", "escape")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, PrepareScreen) and screen.preview.request.impact.notes)
        await pilot.press("down")
        await eventually(pilot, lambda: requests(client)[-1].ref == "v1.0.0")
        assert requests(client)[-1].impact.notes == ""
        await pilot.press("up")
        await eventually(pilot, lambda: requests(client)[-1].ref == "v1.1.0")
        assert requests(client)[-1].impact.notes.endswith("!")


async def test_who_only_looks_on_reads_and_writes_nothing():
    async with preparing(a_client(), read_only=True).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.screen.query("#footer"))
        pilot.app.push_screen(PrepareScreen(pilot.app.shell, pilot.app.shell.client))
        await eventually(pilot, lambda: isinstance(pilot.app.screen, PrepareScreen) and not pilot.app.screen.preview.answer.asking)
        await pilot.press("w")
        reading = await read(pilot, "- basket")
        await pilot.press("e")
        await pilot.pause(0.1)
        assert pilot.app.screen is reading


async def test_ctrl_r_rolls_back_over_the_text_and_the_text_stays():
    from tests.core.simulation import ADA

    feed = ScriptedFeed()
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.go_on("")
    client = a_client()
    from tests.tui.scripted import an_app

    async with an_app(feed, client=client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and pilot.app.screen.state.phase == "ended")
        await pilot.press("d")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, PrepareScreen) and not pilot.app.screen.preview.answer.asking)
        await pilot.press("w", "e")
        area = await written(pilot)
        await pilot.press("z", "ctrl+r")
        await eventually(pilot, lambda: type(pilot.app.screen) is Dialog)
        await pilot.press("escape")
        assert (await written(pilot)) is area
        assert area.text.endswith("z")
