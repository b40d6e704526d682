"""What comes late, when somebody has gone on: a no-go that is delivered, a question that another console answered, a dialog that no key has just asked for."""

import asyncio

import pytest

from console.model import events as ev
from console.model.checks import Check
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.values import changed
from console.safe_text import SafeText
from console.tui.dialogs.dialog import Dialog, TextDialog, TypingDialog, is_dialog
from console.tui.dialogs.maintenance_question import MaintenanceDialog
from console.tui.feed_follower import FeedFollower
from console.tui.home.home_screen import HomeScreen
from console.tui.run.run_screen import RunScreen
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import ScriptedEnvironment, a_board, eventually
from tests.tui.test_helm import message
from tests.tui.test_home_screen import at_home, read
from tests.tui.test_keys import kinds, press, running, settled

WAITS = Check("Support knows", SafeText("Support knows"), "waiting", detail=SafeText("Told?"), kind="manual")


class SlowAnswers(ScriptedFeed):
    """A run that takes a command once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()

    async def submit(self, command: AnyCommand) -> Accepted | Refusal:
        await self.may_answer.wait()
        return await super().submit(command)


@pytest.mark.parametrize(("key", "seen"), [("q", HomeScreen), ("question_mark", TextDialog)], ids=["home", "help"])
async def test_a_no_go_that_is_delivered_late_takes_its_own_page_away_and_never_the_program(key: str, seen: type):
    feed = SlowAnswers()
    client = ScriptedEnvironment(current=a_board(run="r1"), feed=feed)
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, "enter")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and pilot.app.screen.state.plan)
        await pilot.press("q")
        await eventually(pilot, lambda: "leaving: no-go" in message(pilot))
        await pilot.press(key)
        await eventually(pilot, lambda: isinstance(pilot.app.screen, seen))
        feed.may_answer.set()
        await settled(pilot)
        assert feed.run.state.go is False
        assert isinstance(pilot.app.screen, HomeScreen)
        assert pilot.app.return_value is None


async def test_what_was_chosen_from_a_list_that_is_old_by_now_is_refused_with_the_reason():
    feed = ScriptedFeed()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        feed.record(ev.CheckReported(check=WAITS))
        await settled(pilot)
        await press(pilot, "colon", *"tick a manual")
        feed.record(ev.CheckReported(check=changed(WAITS, status="passed")))
        await settled(pilot)
        await press(pilot, "enter")
        assert "no manual check is waiting to be ticked off" in message(pilot)
        assert pilot.app.is_running


async def test_a_question_that_is_answered_elsewhere_under_another_dialog_goes_once_it_is_seen():
    feed = ScriptedFeed()
    async with an_app(feed).run_test(size=(120, 36)) as pilot:
        feed.record(ev.CheckReported(check=WAITS))
        await settled(pilot)
        await press(pilot, "k")
        over = Dialog("over it", ())
        pilot.app.shell.push(over)
        feed.record(ev.CheckReported(check=changed(WAITS, status="passed")))
        await settled(pilot)
        assert pilot.app.screen is over
        await press(pilot, "escape")
        feed.record(ev.CheckReported(check=changed(WAITS, status="passed")))
        await settled(pilot)
        assert not is_dialog(pilot.app.screen)
        assert not feed.said


async def test_go_is_not_asked_of_who_types_and_a_key_that_was_under_way_does_not_answer_it():
    feed = ScriptedFeed(protected=False)
    plan = feed.run.events.pop()
    async with at_home(ScriptedEnvironment(feed=feed)).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        screen = RunScreen(pilot.app.shell, FeedFollower(feed, pilot.app.shell.clock), asks="go")
        pilot.app.shell.push(screen)
        await eventually(pilot, lambda: screen.is_mounted and screen.state.phase == "preflight" and screen.state.run)
        await press(pilot, "slash", "n")
        feed.run.events.append(plan)
        feed._news.set()
        await eventually(pilot, lambda: screen.state.phase == "deciding")
        await press(pilot, "g", "i", "g")
        assert screen.field.words == "ngig"
        await pilot.press("escape")
        await eventually(pilot, lambda: is_dialog(pilot.app.screen))
        asked = pilot.app.screen
        await eventually(pilot, lambda: asked.listens)
        asked.come_unasked()  # as it opened, however slow this machine was since
        for key in ("g", "enter"):
            await pilot.press(key)
        await settled(pilot)
        assert (kinds(feed), pilot.app.screen) == ([], asked)
        asked.listens = True
        await press(pilot, "g")
        assert kinds(feed) == ["Decide"]


async def test_maintenance_that_was_read_meanwhile_does_not_take_the_keys_of_who_types():
    feed = running()
    client = ScriptedEnvironment(feed=feed)
    client.reads.clear()
    async with an_app(feed, client=client).run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await pilot.press("m")
        await eventually(pilot, lambda: "reading what every host" in message(pilot))
        await pilot.press("w")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, TypingDialog))
        client.reads.set()
        await eventually(pilot, lambda: "maintenance was read: off; m asks about it" in pilot.app.page.message.shown)
        await press(pilot, *"some more")
        assert not any(isinstance(one, MaintenanceDialog) for one in pilot.app.screen_stack)
        assert not [one for one in client.asked if isinstance(one, tuple) and one[0] == "maintenance"]
