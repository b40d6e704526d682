"""Every key of the run screen, pressed by Pilot on a run behind the real core."""

import asyncio
import time

import pytest
from textual.events import Key

from console.model import commands as cmd
from console.model import events as ev
from console.safe_text import SafeText
from console.tui.app import ConsoleApp
from console.tui.dialogs.dialog import Dialog, TextDialog
from console.tui.host.host_screen import HostScreen
from console.tui.run.run_screen import RunScreen
from console.tui.widgets.line_view import LineView
from tests.core.simulation import ADA, Simulation, opening
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import ScriptedEnvironment, a_board, eventually

SIZES = [(80, 24), (120, 36), (200, 50), (60, 20), (20, 4)]


def running(until: str = "wave-2/web02/gate", hosts: int = 3) -> ScriptedFeed:
    feed = ScriptedFeed(hosts)
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.go_on(until)
    return feed


async def settled(pilot) -> None:
    """Wait until no key is held back, no answer is waited for, and all that came was shown, however slow the machine is."""
    until = time.monotonic() + 60.0
    await pilot.pause(0.15)
    while is_busy(pilot.app):
        assert time.monotonic() < until, "it never came to rest"
        await pilot.pause(0.02)
    await pilot.pause()


def is_busy(app: ConsoleApp) -> bool:
    if app.return_value is not None:
        return False
    followers = [screen.follower for screen in app.screen_stack if isinstance(screen, RunScreen)]
    return bool(app._burst._held or app._early or app.shell.is_busy or any(follower.changed for follower in followers))


async def press(pilot, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause(0.03)
        while pilot.app._burst._held:
            await pilot.pause(0.01)
    await settled(pilot)


def kinds(feed: ScriptedFeed) -> list[str]:
    return [type(command).__name__ for command in feed.said]


async def test_go_needs_the_name_typed_and_enter_alone_does_nothing():
    feed = ScriptedFeed()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "enter", "enter")
        assert kinds(feed) == []
        await press(pilot, *"production")
        await press(pilot, "enter")
        assert kinds(feed) == ["Decide"]
        assert feed.run.state.go is True


async def test_a_wrong_name_is_no_go_ahead():
    feed = ScriptedFeed()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "enter", *"prod", "enter")
        assert feed.run.state.go is None


async def test_what_blocks_keeps_go_closed():
    feed = ScriptedFeed(blocked=True)
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "enter", "g")
        assert not isinstance(pilot.app.screen, Dialog)
        assert kinds(feed) == []


async def test_roll_back_is_r_and_r_and_never_enter():
    feed = running()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "r", "enter")
        assert kinds(feed) == []
        await press(pilot, "escape", "r", "r")
        assert kinds(feed) == ["RollBack"]
        feed.go_on("")
        await settled(pilot)
        assert pilot.app.run_screen.way_out.exit_code() == 4


async def test_roll_back_of_a_run_that_ends_under_the_key_becomes_a_run_of_its_own():
    feed = running("wave-3/web03/gate")
    said = feed.submit

    async def too_late(command: cmd.AnyCommand) -> cmd.Accepted | cmd.Refusal:
        feed.go_on("")
        return await said(command)

    feed.submit = too_late  # type: ignore[method-assign]
    client = ScriptedEnvironment(feed=ScriptedFeed())
    async with an_app(feed, client=client).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "r", "r")
        await settled(pilot)
        assert client.asked == [(feed.run.state.run, "at-once")]


async def test_roll_back_in_halves_is_the_other_key():
    feed = running("wave-3/web03/gate")
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "r", "x")
        assert feed.said == [cmd.RollBack(how="halves")]


async def test_after_the_end_r_r_asks_for_a_run_of_its_own():
    feed = running("")
    client = ScriptedEnvironment(feed=ScriptedFeed())
    async with an_app(feed, client=client).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert feed.run.state.phase == "ended"
        await press(pilot, "r", "r")
        assert (client.asked, kinds(feed)) == ([("r1", "at-once")], [])
        assert pilot.app.run_screen.follower.feed is client.feed


async def test_roll_back_before_the_first_change_ends_the_release():
    feed = ScriptedFeed(protected=False)
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "r", "r")
        assert feed.said == [cmd.RollBack(), cmd.Abort()]
        feed.go_on("")
        await settled(pilot)
        assert (feed.run.state.exit, feed.run.state.changed) == (130, False)


async def test_a_reason_does_not_keep_a_release_from_ending_that_has_changed_nothing():
    feed = ScriptedFeed(protected=False)
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "r", "w", *"late")
        await press(pilot, "enter")
        await press(pilot, "r")
        assert kinds(feed) == ["RollBack", "Note", "Abort"]
        assert feed.run.state.notes[-1][2] == "late"


def restarting() -> ScriptedFeed:
    """A restart whose second host is at its gate."""
    feed = ScriptedFeed(protected=False)
    feed.run = Simulation(feed.environment, lambda step, attempt: "done", hour=12)
    feed.record(*opening(feed.environment, "restart"))
    feed.go_on("wave-2/web02/gate")
    return feed


async def test_a_roll_back_behind_a_restart_is_the_engines_and_leaving_says_so():
    feed, client = restarting(), ScriptedEnvironment(feed=ScriptedFeed())
    async with an_app(feed, client=client).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "r", "w", *"errors")
        await press(pilot, "enter")
        await pilot.press("r")
        await eventually(pilot, lambda: kinds(feed) == ["RollBack", "Abort"])
        assert feed.said[1] == cmd.Abort(leave=True, then_back="planned", why=SafeText("errors"))
        message = pilot.app.screen.query_one("#message", LineView)
        await eventually(pilot, lambda: "also without this screen" in message.shown and pilot.app.run_screen.state.back_next)
        await pilot.press("q")
        await eventually(pilot, lambda: pilot.app.return_value is not None)
        assert "then the last release goes back" in pilot.app.return_value.lines[0]
    assert client.asked == []


async def test_where_an_older_engine_does_not_hold_the_roll_back_one_is_told_to_stay_and_it_begins_from_here():
    feed, client = restarting(), ScriptedEnvironment(feed=ScriptedFeed())
    said = feed.submit

    async def older(command: cmd.AnyCommand) -> cmd.Accepted | cmd.Refusal:
        return await said(cmd.Abort(leave=command.leave) if isinstance(command, cmd.Abort) else command)

    feed.submit = older  # type: ignore[method-assign]
    async with an_app(feed, client=client).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "r")
        await pilot.press("r")
        message = pilot.app.screen.query_one("#message", LineView)
        await eventually(pilot, lambda: "stay here until it does" in " ".join(message.shown.split()))
        feed.go_on("")
        await eventually(pilot, lambda: client.asked == [("", "")])


@pytest.mark.parametrize("leaves", [False, True])
async def test_who_stays_sees_the_roll_back_once_the_restart_has_ended_and_who_went_home_begins_none(leaves: bool):
    feed, client = restarting(), ScriptedEnvironment(current=a_board(run="r1"), feed=ScriptedFeed())
    opened, client.feed = client.feed, feed
    async with an_app(None, client=client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.page and pilot.app.page.rest.goes_on)
        await press(pilot, "enter")
        await eventually(pilot, lambda: pilot.app.run_screen and pilot.app.run_screen.state.phase == "running")
        await press(pilot, "r")
        await pilot.press("r")
        await eventually(pilot, lambda: kinds(feed) == ["RollBack", "Abort"])
        client.feed = opened
        if leaves:
            await pilot.press("q")
            await eventually(pilot, lambda: pilot.app.run_screen is None and not pilot.app.shell.is_busy)
        feed.go_on("")
        if not leaves:
            await eventually(pilot, lambda: pilot.app.run_screen and pilot.app.run_screen.follower.feed is opened)
        assert (("", "") in client.asked) is not leaves


async def test_pause_continue_skip_retry_and_note_say_what_they_say():
    feed = running()
    async with an_app(feed).run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "p")
        assert feed.run.state.pausing is not None
        await press(pilot, "c")
        assert feed.run.state.pausing is None
        await press(pilot, "x", "x")
        skip = feed.said[-1]
        assert isinstance(skip, cmd.Skip)
        assert (skip.host, skip.expects > 0) == ("web02", True)
        await press(pilot, "w", *"seen", "enter")
        assert feed.run.state.notes[-1][2] == "seen"


@pytest.mark.parametrize(("key", "leave"), [("a", False), ("l", True)])
async def test_abort_asks_which(key: str, leave: bool):
    feed = running()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "a", key)
        assert feed.said == [cmd.Abort(leave=leave)]


async def test_an_abort_before_go_ends_the_run_and_one_that_go_overtook_ends_nothing():
    feed, overtaken = ScriptedFeed(protected=False), ScriptedFeed(protected=False)
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "a", "a")
        assert (feed.run.state.go, feed.run.state.interrupted) == (False, True)
    async with an_app(overtaken).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "a")
        overtaken.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
        await press(pilot, "a")
        assert kinds(overtaken) == ["Abort"]
        assert (overtaken.run.state.phase, overtaken.run.state.aborting) == ("running", "")


async def test_leaving_a_run_that_goes_on_detaches_and_before_go_it_is_a_no_go():
    feed = running()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "q")
    assert kinds(feed) == []
    assert pilot.app.return_value.exit == 7

    undecided = ScriptedFeed()
    async with an_app(undecided).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "q")
    assert undecided.run.state.go is False
    assert pilot.app.return_value.exit == 3


async def test_a_burst_of_keys_acts_on_nothing():
    feed = running()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await asyncio.gather(*(pilot.press(key) for key in "rrpaarrp"))
        await settled(pilot)
        assert kinds(feed) == []


async def test_who_only_looks_changes_nothing():
    feed = running()
    async with an_app(feed, read_only=True).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "p", "r", "r", "a", "a", "x", "x", "w")
        assert kinds(feed) == []


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_it_paints_at_every_size_whatever_the_outside_says(size: tuple[int, int]):
    feed = ScriptedFeed(40)
    async with an_app(feed).run_test(size=size) as pilot:
        await settled(pilot)
        feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
        feed.go_on("wave-5/web05/restart")
        await settled(pilot)
        await press(pilot, "1", "2", "3", "4", "escape", "question_mark")
        assert isinstance(pilot.app.screen, TextDialog)
        await press(pilot, "escape", "down", "enter")
        assert isinstance(pilot.app.screen, HostScreen)
        await press(pilot, "escape")
        assert "\x1b]52" not in pilot.app.export_screenshot()
        assert pilot.app.is_running


@pytest.mark.parametrize("keys", [("enter", "enter"), ("g", "escape"), ("g", "q"), ("enter", "escape", "question_mark", "escape")], ids=str)
async def test_keys_that_come_before_their_dialog_is_laid_out_wait_for_it(keys: tuple[str, ...]):
    feed = ScriptedFeed(protected=False)
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key in keys:
            pilot.app.post_message(Key(key, None))
        await settled(pilot)
        assert not isinstance(pilot.app.screen, Dialog)
        assert feed.said == []
    assert pilot.app.return_value is None


async def test_a_name_typed_before_its_field_is_there_stands_in_it():
    feed = ScriptedFeed()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        pilot.app.post_message(Key("g", None))
        await asyncio.sleep(0.03)
        for letter in "production":
            pilot.app.post_message(Key(letter, letter))
        await settled(pilot)
        await press(pilot, "enter")
        assert kinds(feed) == ["Decide"]


async def test_a_screen_that_fails_to_follow_says_so_and_what_to_type():
    feed = ScriptedFeed()
    feed.tell(None)  # type: ignore[arg-type]
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        shown = " ".join(" ".join("".join(part.text for part in strip) for strip in pilot.app.screen._compositor.render_strips()).split())
        assert "this screen stopped: q, then deploy attach" in shown
        assert "can't follow the run any more (AttributeError" in shown
        assert "the engine is gone" not in shown
