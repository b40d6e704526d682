"""Home, by keys, on an environment in memory."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from console.adapters.system_clock import SetClock
from console.errors import EngineLost, NoGo, Problem, UsageFault
from console.model import events as ev
from console.model.fleet_snapshot import FleetSnapshot, SnapshotHost
from console.model.values import changed
from console.safe_text import SafeText
from console.tui.app import ConsoleApp
from console.tui.dialogs.dialog import Dialog
from console.tui.home.home_screen import HomeScreen
from console.tui.home.resting_environment import LATE
from console.tui.prepare.prepare_screen import PrepareScreen
from console.tui.run.run_screen import RunScreen
from console.tui.widgets.fleet_panel import FleetPanel
from console.tui.widgets.line_view import LineView
from console.tui.widgets.picker import Picker
from tests.core.simulation import ADA
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import ScriptedEnvironment, a_board, a_summary, eventually
from tests.tui.test_keys import kinds, press, running


def at_home(client: ScriptedEnvironment, **more: object) -> ConsoleApp:
    return an_app(None, client=client, **more)


def head(pilot) -> str:
    return "\n".join(one.shown for one in pilot.app.screen.query("#headline").results(LineView))


def message(pilot) -> str:
    return pilot.app.screen.query_one("#message", LineView).shown


def rolled_back(client: ScriptedEnvironment) -> bool:
    return any(isinstance(one, tuple) and one[0] != "history" for one in client.asked)


async def read(pilot) -> None:
    """Wait until the hosts were read."""
    await eventually(pilot, lambda: "shop" in head(pilot))


def ended_release() -> ScriptedFeed:
    feed = ScriptedFeed()
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.go_on("")
    return feed


def a_client_after_a_release(**fields: object) -> ScriptedEnvironment:
    done = ended_release()
    run = done.run.state.run
    return ScriptedEnvironment(runs=(a_summary(run),), records={run: tuple(done.run.events)}, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50), (60, 20), (20, 4)])
async def test_home_names_what_is_live_where_and_how_runs_ended(size):
    client = a_client_after_a_release()
    async with at_home(client).run_test(size=size) as pilot:
        await read(pilot)
        assert "PRODUCTION" in head(pilot)
        if size[1] >= 20:
            assert "v1.0.0" in head(pilot)
            assert "succeeded" in pilot.app.screen.query_one(Picker).shown


async def test_what_is_not_as_it_should_be_stands_on_top():
    drifted = (*a_board(2).hosts, SnapshotHost("web03", version=SafeText("v1.0.0"), drift=SafeText("app.txt was changed by hand")))
    client = ScriptedEnvironment(current=a_board(hosts=0, run=""))
    client.current = changed(client.current, hosts=drifted)
    async with at_home(client).run_test(size=(120, 36)) as pilot:
        await read(pilot)
        assert "drift on web03: app.txt was changed by hand" in head(pilot)


async def test_enter_joins_the_run_that_goes_on_and_q_comes_back_home():
    feed = ScriptedFeed()
    client = ScriptedEnvironment(current=a_board(run="r1"), feed=feed)
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, "enter")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert "r1" in client.asked
        await press(pilot, "q")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
    assert pilot.app.return_value is None or pilot.app.return_value.exit == 0


async def test_enter_joins_the_release_that_was_opened_beside_one_in_its_window():
    opened = (replace(a_summary("r2"), outcome=None), replace(a_summary("r1"), outcome=None))
    client = ScriptedEnvironment(current=a_board(run="r1"), feed=ScriptedFeed(), runs=opened)
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, "enter")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
    assert [asked for asked in client.asked if asked in ("r1", "r2")] == ["r2"]


async def test_r_and_r_roll_the_last_release_back_and_enter_does_not():
    client = a_client_after_a_release()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.screen.rest.last.changed)
        await press(pilot, "r")
        assert isinstance(pilot.app.screen, Dialog)
        await press(pilot, "enter")
        assert not rolled_back(client)
        await press(pilot, "r", "r")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert (client.runs[0].run, "at-once") in client.asked


@dataclass
class SlowRecord(ScriptedEnvironment):
    """Answers with a run's record once it may."""

    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def record(self, run: str) -> tuple[ev.AnyEvent, ...]:
        await self.answers.wait()
        return await super().record(run)


async def test_r_before_the_last_run_was_read_does_not_say_that_there_is_none():
    done = a_client_after_a_release()
    client = SlowRecord(runs=done.runs, records=done.records)
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.screen.rest.runs)
        await press(pilot, "r")
        assert message(pilot).strip() == "the last run is still being read: r again in a moment"
        client.answers.set()
        await eventually(pilot, lambda: pilot.app.screen.rest.last.changed)
        await press(pilot, "r", "r")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen))


async def test_one_who_only_looks_on_rolls_nothing_back():
    client = a_client_after_a_release()
    async with at_home(client, read_only=True).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.screen.rest.last.changed)
        await press(pilot, "r", "r", "d")
        assert isinstance(pilot.app.screen, HomeScreen)
        assert not rolled_back(client)


async def test_what_cannot_be_read_is_said_with_what_to_type():
    client = ScriptedEnvironment(blocked=NoGo("the engine is gone", "deploy engine list"))
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: "! not read: the engine is gone" in head(pilot) and "next: deploy engine list" in message(pilot))


@pytest.mark.parametrize("size", [(80, 24), (20, 4)], ids=str)
async def test_what_was_read_before_is_old_news_while_nothing_is_read_and_none_once_it_is(size):
    client = a_client_after_a_release()
    async with at_home(client).run_test(size=size) as pilot:
        await eventually(pilot, lambda: pilot.app.screen.rest.board)
        client.blocked = NoGo("no engine")
        await press(pilot, "u")
        await eventually(pilot, lambda: "! not read" in head(pilot))
        assert "nothing runs" not in head(pilot)
        client.blocked = None
        await press(pilot, "u")
        await eventually(pilot, lambda: "not read" not in head(pilot))


async def test_numbers_that_stop_are_asked_for_again_and_the_hosts_are_said_to_be_unread_for_how_long():
    client, clock = ScriptedEnvironment(), SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC), 100.0)
    asked, real = [], client.numbers

    async def numbers():
        asked.append(1)
        if len(asked) == 1:
            raise EngineLost("no engine")
        async for item in real():
            yield item

    client.numbers = numbers  # type: ignore[method-assign]
    async with an_app(None, clock, client=client).run_test(size=(120, 36)) as pilot:
        await read(pilot)
        await eventually(pilot, lambda: "no numbers: no engine" in message(pilot))
        never = asyncio.Event()
        client.board = never.wait  # type: ignore[method-assign,assignment]
        await press(pilot, "u")
        await clock.advance(LATE + 5)
        await eventually(pilot, lambda: "no numbers" not in message(pilot) and len(asked) == 2)
        await eventually(pilot, lambda: "! the hosts have not been read for 35 s" in head(pilot))


async def test_r_joins_the_run_that_goes_on_and_asks_for_its_way_back():
    done, feed = a_client_after_a_release(), running("wave-3/web03/gate")
    client = ScriptedEnvironment(current=a_board(run="r9"), runs=(a_summary("r9", None), *done.runs), records=done.records, feed=feed)
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, "r")
        await eventually(pilot, lambda: isinstance(pilot.app.page, RunScreen) and isinstance(pilot.app.screen, Dialog) and pilot.app.screen.listens)
        assert client.asked.count("r9") == 1
        await press(pilot, "r")
        assert kinds(feed) == ["RollBack"]


async def test_r_asks_about_a_run_that_has_ended_though_the_hosts_have_not_answered_since():
    """Nobody carries it any more, so that it could not be joined: the way back would be withheld for as long as a host does not answer."""
    done = a_client_after_a_release()
    (ended,) = done.runs
    client = SlowHosts(current=a_board(run=ended.run), runs=(replace(ended, outcome=None, ended=None),), records=done.records)
    client.answers.set()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        client.answers.clear()
        client.runs = done.runs
        await press(pilot, "u")
        await eventually(pilot, lambda: pilot.app.page.rest.behind)
        await press(pilot, "r")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        assert isinstance(pilot.app.page, HomeScreen)
        assert ended.run not in client.asked
        client.answers.set()


async def test_a_frozen_view_stands_still_and_goes_on():
    client = ScriptedEnvironment()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, "space")
        client.current = changed(client.current, run="r9")
        await press(pilot, "u")
        assert "r9" not in head(pilot)
        await press(pilot, "space")
        await eventually(pilot, lambda: "r9" in head(pilot))


async def test_an_interrupted_run_says_how_it_goes_on():
    client = ScriptedEnvironment(runs=(replace(a_summary("r5"), outcome=None, ended=None),))
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: "r5 was interrupted: deploy resume" in head(pilot))


@pytest.mark.parametrize("key", ["R", "B", "s"])
async def test_a_key_that_needs_a_host_leads_to_the_fleet(key: str):
    async with at_home(a_client_after_a_release()).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, key)
        assert "choose a host with the arrows, then press the same key" in message(pilot)
        await press(pilot, "down")
        assert message(pilot).strip() == ""
        assert pilot.app.page.situation.host == "web01"


async def test_a_file_that_was_changed_to_nonsense_is_said_and_nothing_is_prepared():
    client = a_client_after_a_release()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        client.broken = UsageFault("hosts.toml has 1 problem", problems=(Problem("not TOML: Expected '='", file="hosts.toml", line=3),))
        await press(pilot, "d")
        assert "hosts.toml:3: not TOML: Expected '='" in message(pilot)
        assert isinstance(pilot.app.screen, HomeScreen)
        client.broken = None
        await press(pilot, "d")
        assert isinstance(pilot.app.screen, PrepareScreen)


async def test_e_goes_to_another_environment():
    client = ScriptedEnvironment()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, "e", "down", "enter")
        assert ("beside", "staging") in client.asked
        await eventually(pilot, lambda: "staging" in head(pilot))
        assert "PRODUCTION" not in head(pilot)


@dataclass
class SlowHosts(ScriptedEnvironment):
    """Hosts that answer when the test lets them."""

    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def board(self) -> FleetSnapshot:
        await self.answers.wait()
        return await super().board()


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_hosts_that_are_not_read_yet_are_not_counted(size: tuple[int, int]):
    client = SlowHosts()
    async with at_home(client).run_test(size=size) as pilot:
        await eventually(pilot, lambda: pilot.app.screen.query_one(FleetPanel).shown.strip() == "reading the hosts …")
        fleet = pilot.app.screen.query_one(FleetPanel)
        assert str(fleet.border_title).strip() == "Fleet"
        client.answers.set()
        await eventually(pilot, lambda: "3" in str(fleet.border_title))


async def test_hosts_that_were_read_before_a_run_ended_are_not_called_quiet():
    client = SlowHosts()
    client.answers.set()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: "all quiet" in head(pilot))
        client.answers.clear()
        done = ended_release()
        run = done.run.state.run
        client.runs, client.records[run] = (a_summary(run),), tuple(done.run.events)
        await press(pilot, "u")
        await eventually(pilot, lambda: "a run has ended since the hosts were read" in head(pilot))
        assert pilot.app.screen.rest.last.run == run
        client.answers.set()
        await eventually(pilot, lambda: "all quiet" in head(pilot))


async def test_a_run_that_has_begun_since_the_hosts_were_read_is_not_called_interrupted():
    client = SlowHosts()
    client.answers.set()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: "all quiet" in head(pilot))
        client.answers.clear()
        client.runs = (a_summary("r7", None),)
        await press(pilot, "u")
        await eventually(pilot, lambda: "run r7 has begun since the hosts were read" in head(pilot))
        client.answers.set()
        await eventually(pilot, lambda: "run r7 was interrupted: deploy resume" in head(pilot))


@pytest.mark.parametrize(("outcome", "lines"), [
    (None, ("run r1 is open. Come back: deploy attach r1",)),
    ("succeeded", ()),
])  # fmt: skip
async def test_who_leaves_home_while_a_run_is_open_is_told_how_to_come_back(outcome: str | None, lines: tuple[str, ...]):
    client = ScriptedEnvironment(runs=(a_summary("r1", outcome),))
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await pilot.press("q")
        await eventually(pilot, lambda: pilot.app.return_value is not None)
        assert (pilot.app.return_value.exit, pilot.app.return_value.lines) == (0, lines)


async def test_who_comes_back_home_is_given_the_numbers_of_the_time_between():
    client, clock = a_client_after_a_release(), SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC), 100.0)
    async with an_app(None, clock, client=client).run_test(size=(120, 36)) as pilot:
        await read(pilot)
        await eventually(pilot, lambda: client.numbers_asked == [(3600.0, "")])
        await press(pilot, "question_mark", "escape")
        assert client.numbers_asked == [(3600.0, "")]
        before = pilot.app.page.rest.numbers
        await press(pilot, "l")
        await clock.advance(60)
        await press(pilot, "q")
        await eventually(pilot, lambda: client.numbers_asked == [(3600.0, "")] * 2)
        assert pilot.app.page.rest.numbers is not before


async def test_what_ends_by_a_mistake_of_the_screen_is_said():
    client = ScriptedEnvironment(current=a_board(run="r1"))

    async def broken(run: str) -> None:
        raise ZeroDivisionError("no [/b] such")

    client.attach = broken  # type: ignore[method-assign,assignment]
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, "enter")
        await eventually(pilot, lambda: "a mistake of the console (ZeroDivisionError: no [/b] such)" in " ".join(message(pilot).split()))
