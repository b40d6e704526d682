"""`m`, then `m` again: maintenance mode by an explicit verb on what was just read."""

import pytest

from console.errors import NoGo
from console.model.maintenance_mode import Maintenance, MaintenanceSeen, PlaceSeen
from console.safe_text import SafeText
from console.tui.dialogs.maintenance_question import MaintenanceDialog, MessageDialog
from console.tui.run.run_screen import RunScreen
from console.tui.widgets.line_view import LineView
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import ScriptedEnvironment, a_board, eventually
from tests.tui.test_home_screen import at_home, head, message, read
from tests.tui.test_keys import press

KEPT = Maintenance(SafeText("lin"), SafeText("2026-11-24T11:00:00Z"), SafeText("upgrade"))


def shown(pilot) -> str:
    return "\n".join(one.shown for one in pilot.app.screen.query(LineView).results(LineView))


def listening(pilot) -> bool:
    """The question is there, and its keys answer it."""
    return isinstance(pilot.app.screen, MaintenanceDialog) and pilot.app.screen.listens


async def asked(pilot) -> None:
    await press(pilot, "m")
    await eventually(pilot, lambda: listening(pilot) and "read" in shown(pilot))


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (20, 6)])
async def test_m_and_m_switch_it_on_by_the_verb_that_is_shown(size):
    client = ScriptedEnvironment()
    async with at_home(client).run_test(size=size) as pilot:
        await eventually(pilot, lambda: "reading" not in head(pilot))
        await press(pilot, "m")
        await eventually(pilot, lambda: listening(pilot))
        if size[0] >= 80:
            assert "ON for 12 hosts; read" in shown(pilot)
            assert "ago: off" in shown(pilot)
        await press(pilot, "m")
        await eventually(pilot, lambda: ("maintenance", "on", "", 0.0, "off") in client.asked)
        if size[0] >= 80:
            await eventually(pilot, lambda: "maintenance is on; same as: deploy maintenance production on" in message(pilot))


async def test_message_and_end_go_with_it_and_enter_is_cancel():
    client = ScriptedEnvironment()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await asked(pilot)
        await press(pilot, "enter")
        assert not isinstance(pilot.app.screen, MaintenanceDialog)
        await asked(pilot)
        await press(pilot, "e")
        await press(pilot, "w")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, MessageDialog))
        await press(pilot, *"back soon")
        await pilot.pause(0.05)
        await press(pilot, "enter")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, MaintenanceDialog) and "back soon" in shown(pilot))
        assert "15m" in shown(pilot)
        await press(pilot, "m")
        await eventually(pilot, lambda: ("maintenance", "on", "back soon", 900.0, "off") in client.asked)
        assert [one for one in client.asked if one[:1] == ("maintenance",)] == [("maintenance", "on", "back soon", 900.0, "off")]  # type: ignore[index]


async def test_while_it_is_on_home_says_so_and_the_key_means_off():
    on = MaintenanceSeen("on", (PlaceSeen("web01", "on"),), KEPT, "2026-11-24T12:00:00Z")
    client = ScriptedEnvironment(current=a_board(maintenance="on", maintained=on), maintained=on)
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        assert "maintenance on: by lin since" in head(pilot)
        assert "upgrade" in head(pilot)
        await asked(pilot)
        assert "OFF for 1 host; read" in shown(pilot)
        await press(pilot, "m")
        await eventually(pilot, lambda: ("maintenance", "off", "", 0.0, on.mark) in client.asked)


async def test_of_a_mixed_fleet_a_person_says_which_and_what_missed_it_is_named():
    mixed = MaintenanceSeen("mixed", (PlaceSeen("web01", "on"), PlaceSeen("web02", "unknown", why=SafeText("no route"))), KEPT)
    client = ScriptedEnvironment(maintained=mixed, missed=("web02: no route",))
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, "m")
        await eventually(pilot, lambda: listening(pilot) and "web02: not known: no route" in shown(pilot))
        await press(pilot, "m")
        assert isinstance(pilot.app.screen, MaintenanceDialog)
        await press(pilot, "f")
        await eventually(pilot, lambda: "maintenance is off: web02: no route" in message(pilot))


async def test_what_cannot_be_read_is_said():
    client = ScriptedEnvironment()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        client.blocked = NoGo("shop has no maintenance page", "[app.commands] maintenance_on")
        await press(pilot, "m")
        await eventually(pilot, lambda: "shop has no maintenance page" in message(pilot))


async def test_it_works_beside_a_run_and_not_from_a_console_that_only_looks():
    client, feed = ScriptedEnvironment(), ScriptedFeed()
    async with an_app(feed, client=client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await asked(pilot)
        await press(pilot, "m")
        await eventually(pilot, lambda: ("maintenance", "on", "", 0.0, "off") in client.asked)
    async with at_home(client, read_only=True).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, "m")
        assert "read-only" in message(pilot)


async def test_keys_that_come_before_the_state_was_read_switch_nothing_and_ask_once():
    client = ScriptedEnvironment()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        client.reads.clear()
        await pilot.press("m", "m", "m")
        assert not [one for one in client.asked if one[:1] == ("maintenance",)]  # type: ignore[index]
        client.reads.set()
        await eventually(pilot, lambda: listening(pilot))
        await press(pilot, "escape")
        await pilot.pause(0.1)
        assert not isinstance(pilot.app.screen, MaintenanceDialog)
        assert not [one for one in client.asked if one[:1] == ("maintenance",)]  # type: ignore[index]
