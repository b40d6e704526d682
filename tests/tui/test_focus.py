"""Arrows work at once, on every screen, without tab first."""

import pytest

from console.model import events as ev
from console.tui.history.record_screen import RecordScreen
from console.tui.history.runs_screen import RunsScreen
from console.tui.host.host_screen import HostScreen
from console.tui.widgets.log_panel import LogPanel
from tests.core.simulation import ADA
from tests.tui.past_runs import a_client
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import eventually
from tests.tui.test_home_screen import at_home, read
from tests.tui.test_keys import press, running


def focus(pilot) -> str:
    return (pilot.app.screen.focused and pilot.app.screen.focused.id) or ""


async def into_the_run(feed: ScriptedFeed, pilot) -> None:
    await eventually(pilot, lambda: pilot.app.run_screen and pilot.app.run_screen.state.phase == "deciding")
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.go_on("wave-1/web01/gate")
    await eventually(pilot, lambda: pilot.app.run_screen.has_class("during"))
    await pilot.pause(0.2)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_fleet_has_the_arrows_once_a_run_that_was_opened_before_go_has_begun(size):
    feed = ScriptedFeed(3)
    async with an_app(feed).run_test(size=size) as pilot:
        await into_the_run(feed, pilot)
        await eventually(pilot, lambda: focus(pilot) == "fleet")
        before = pilot.app.run_screen.host
        await press(pilot, "down")
        await eventually(pilot, lambda: pilot.app.run_screen.host != before)


async def test_before_go_the_arrows_scroll_the_log_and_who_reads_there_is_left_alone():
    feed = ScriptedFeed(60)
    async with an_app(feed).run_test(size=(80, 16)) as pilot:
        await eventually(pilot, lambda: focus(pilot) == "log" and len(pilot.app.screen.query_one(LogPanel).book) > 2)
        await press(pilot, "up")
        await eventually(pilot, lambda: not pilot.app.screen.query_one(LogPanel).following)
        await into_the_run(feed, pilot)
        assert focus(pilot) == "log"


async def test_home_a_record_and_a_host_have_a_focus():
    async with at_home(a_client()).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        assert focus(pilot) == "runs"
        await press(pilot, "enter")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RecordScreen) and focus(pilot) == "report")
    feed = ScriptedFeed(3)
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await into_the_run(feed, pilot)
        await press(pilot, "enter")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, HostScreen) and focus(pilot) == "steps")


@pytest.mark.parametrize("key", ["tab", "shift+tab"])
async def test_who_types_a_filter_keeps_the_keys(key: str):
    async with at_home(a_client()).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, "l")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunsScreen) and pilot.app.screen.runs)
        await press(pilot, "slash", *"rol", key, *"led", "enter")
        assert pilot.app.screen.words == "rolled"
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.run_screen and pilot.app.run_screen.state.run)
        await press(pilot, "slash", *"re", "shift+tab")
        pilot.app.screen.set_focus(pilot.app.run_screen.log_panel)  # as by the mouse
        await press(pilot, *"st")
        assert pilot.app.run_screen.field.words == "rest"


async def test_the_host_that_a_key_acts_on_is_marked_while_the_panels_stand_still():
    async with an_app(running(hosts=12)).run_test(size=(120, 36)) as pilot:
        await eventually(pilot, lambda: pilot.app.run_screen and focus(pilot) == "fleet")
        await press(pilot, "space", "down", "down")
        screen = pilot.app.run_screen
        assert screen.host == "web04"
        assert screen.panels.fleet._host == "web04"
