"""The database restored from the record of the run that backed it up."""

import pytest

from console.model import events as ev
from console.model.database_facts import Backup
from console.model.events import AnyEvent
from console.model.request import Request
from console.safe_text import SafeText
from console.tui.dialogs.dialog import TypingDialog
from console.tui.dialogs.restore_dialog import RestoreByName
from console.tui.history.record_screen import RecordScreen
from console.tui.history.runs_screen import RunsScreen
from console.tui.run.run_screen import RunScreen
from tests.core.simulation import ADA
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import ScriptedEnvironment, a_summary, eventually
from tests.tui.test_prepare_screen import message

BACKUP = Backup("r1", "2026-01-02T11:00:00Z", "web01", SafeText("/backups/r1.dump"), 4_500_000, SafeText("read by pg_restore"))


def a_past(*, backup: bool = True) -> ScriptedFeed:
    feed = ScriptedFeed()
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1), *([ev.BackupTaken(backup=BACKUP)] if backup else []))
    feed.go_on("")
    return feed


def a_client(events: tuple[AnyEvent, ...]) -> ScriptedEnvironment:
    return ScriptedEnvironment(runs=(a_summary("r1"),), records={"r1": events})


async def on_record(pilot) -> RecordScreen:
    await eventually(pilot, lambda: pilot.app.screen.query("#runs") and "r1" not in message(pilot) and pilot.app.screen.rest.last.run)
    await pilot.press("l")
    await eventually(pilot, lambda: isinstance(pilot.app.screen, RunsScreen) and pilot.app.screen.runs)
    await pilot.press("enter")
    await eventually(pilot, lambda: isinstance(pilot.app.screen, RecordScreen) and pilot.app.screen.report)
    return pilot.app.screen


def dialog_words(pilot) -> str:
    return " ".join(pilot.app.screen.query_one("#dialog-body").shown.split())


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_it_says_what_is_lost_and_wants_the_name(size):
    client = a_client(tuple(a_past().run.events))
    async with an_app(None, client=client).run_test(size=size) as pilot:
        await on_record(pilot)
        await pilot.press("D")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RestoreByName) and "is lost" in dialog_words(pilot))
        for words in ("/backups/r1.dump on web01", "since then is lost for good", "No host changes its release", "Type production"):
            assert words in dialog_words(pilot)
        await pilot.press(*"staging", "enter")
        await pilot.pause(0.1)
        assert isinstance(pilot.app.screen, RestoreByName)
        await pilot.press("escape")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RecordScreen))
        assert not [one for one in client.asked if isinstance(one, Request)]
        await pilot.press("D")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RestoreByName))
        await pilot.press(*"production")
        await pilot.pause(0.1)
        await pilot.press("enter")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert client.asked[-1] == Request(kind="restore", ref="r1", yes=True)
        assert "same as: deploy restore production --run r1" in message(pilot)


async def test_a_run_without_a_backup_says_so():
    async with an_app(None, client=a_client(tuple(a_past(backup=False).run.events))).run_test(size=(80, 24)) as pilot:
        await on_record(pilot)
        await pilot.press("D")
        await eventually(pilot, lambda: "this run took no backup" in message(pilot))
        assert not isinstance(pilot.app.screen, TypingDialog)


async def test_who_only_looks_on_restores_nothing():
    async with an_app(None, client=a_client(tuple(a_past().run.events)), read_only=True).run_test(size=(80, 24)) as pilot:
        await on_record(pilot)
        await pilot.press("D")
        await eventually(pilot, lambda: "this console is read-only" in message(pilot))


async def test_the_palette_has_it_and_a_run_that_has_just_ended_too():
    feed = a_past()
    client = a_client(tuple(feed.run.events))
    async with an_app(feed, client=client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and pilot.app.screen.state.phase == "ended")
        await pilot.press("colon")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, TypingDialog))
        await pilot.press(*"restore database")
        await pilot.pause(0.1)
        await pilot.press("enter")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RestoreByName))


async def test_while_a_run_goes_on_nothing_is_restored():
    feed = ScriptedFeed()
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1), ev.BackupTaken(backup=BACKUP))
    async with an_app(feed, client=a_client(())).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and pilot.app.screen.state.backup)
        await pilot.press("D")
        await eventually(pilot, lambda: "a run goes on" in message(pilot))
