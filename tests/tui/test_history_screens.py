"""Runs, a record, a replay: every key, on an environment in memory."""

import asyncio

import pytest

from console.core.run.evolve import fold
from console.errors import UsageFault
from console.tui.dialogs.dialog import Dialog, TextDialog
from console.tui.history.compare_screen import CompareScreen
from console.tui.history.record_screen import RecordScreen
from console.tui.history.replay_screen import ReplayScreen
from console.tui.history.runs_screen import PAGE, RunsScreen
from console.tui.home.home_screen import HomeScreen
from console.tui.run.run_screen import RunScreen
from console.tui.widgets.line_view import LineView, ScrolledLines
from console.tui.widgets.log_panel import LogPanel
from tests.tui.past_runs import a_client
from tests.tui.scripted import ScriptedFeed
from tests.tui.scripted_environment import ScriptedEnvironment, a_board, a_summary, eventually
from tests.tui.test_home_screen import a_client_after_a_release, at_home, message, read, rolled_back
from tests.tui.test_keys import press

SIZES = [(80, 24), (120, 36), (200, 50), (60, 20), (20, 4)]


def shows(pilot, kind: type) -> bool:
    return isinstance(pilot.app.screen, kind)


def top(pilot) -> str:
    return str(pilot.app.screen.query_one("#headline", LineView).shown)


async def to_runs(pilot) -> RunsScreen:
    await read(pilot)
    await press(pilot, "l")
    await eventually(pilot, lambda: shows(pilot, RunsScreen) and pilot.app.screen.runs)
    return pilot.app.screen


async def to_record(pilot) -> RecordScreen:
    await to_runs(pilot)
    await press(pilot, "enter")
    await eventually(pilot, lambda: shows(pilot, RecordScreen) and pilot.app.screen.report and len(pilot.app.screen.query_one(LogPanel).book))
    return pilot.app.screen


async def to_replay(pilot) -> ReplayScreen:
    await to_record(pilot)
    await press(pilot, "v")
    await eventually(pilot, lambda: shows(pilot, ReplayScreen))
    return pilot.app.screen


def report(pilot) -> str:
    return str(pilot.app.screen.query_one("#report", ScrolledLines).shown)


async def test_last_weeks_rollback_is_found_by_keys():
    async with at_home(a_client()).run_test(size=(80, 24)) as pilot:
        runs = await to_runs(pilot)
        await press(pilot, "slash", *"rolled", "enter")
        await eventually(pilot, lambda: [run.run for run in runs.runs] == ["r-0001"])
        await press(pilot, "down", "up", "enter")
        await eventually(pilot, lambda: shows(pilot, RecordScreen) and pilot.app.screen.report)
        assert "ROLLED BACK" in top(pilot)
        assert "no such table" in report(pilot)


async def test_runs_are_read_a_page_at_a_time_and_never_all():
    client = a_client(runs=PAGE * 5)
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        runs = await to_runs(pilot)
        assert len(runs.runs) == PAGE
        assert "50 and more runs" in top(pilot)
        await press(pilot, "end")
        await eventually(pilot, lambda: len(runs.runs) == 2 * PAGE)
        await press(pilot, "end")
        await eventually(pilot, lambda: len(runs.runs) == 3 * PAGE)
        asked = [one for one in client.asked if isinstance(one, tuple) and one[0] == "history"]
        assert max(one[1] for one in asked) == PAGE
        assert len({run.run for run in runs.runs}) == 3 * PAGE


async def test_words_that_no_run_has_are_said_and_escape_lists_all():
    async with at_home(a_client()).run_test(size=(80, 24)) as pilot:
        runs = await to_runs(pilot)
        await press(pilot, "slash", *"nothing", "enter")
        await eventually(pilot, lambda: runs.runs == () and "only with nothing" in top(pilot))
        await press(pilot, "escape")
        await eventually(pilot, lambda: len(runs.runs) == 4)
        await press(pilot, "slash", *"r-0002")
        await eventually(pilot, lambda: len(runs.runs) == 1)
        await press(pilot, "escape")
        await eventually(pilot, lambda: len(runs.runs) == 4)
        await press(pilot, "q")
        await eventually(pilot, lambda: shows(pilot, HomeScreen))


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_of_the_past_fits_every_size(size):
    async with at_home(a_client()).run_test(size=size) as pilot:
        await to_record(pilot)
        await press(pilot, "4", "4", "1", "1")
        assert top(pilot)
        await press(pilot, "v")
        await eventually(pilot, lambda: shows(pilot, ReplayScreen))
        await press(pilot, "end", "q", "q", "q")
        await eventually(pilot, lambda: shows(pilot, HomeScreen))


async def test_home_opens_the_record_of_the_chosen_run():
    async with at_home(a_client()).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await press(pilot, "down", "down", "enter")
        await eventually(pilot, lambda: shows(pilot, RecordScreen) and pilot.app.screen.report)
        assert pilot.app.screen.run.run == "r-0001"
        await press(pilot, "q")
        await eventually(pilot, lambda: shows(pilot, HomeScreen))


async def test_a_run_that_goes_on_is_joined_from_the_list():
    feed = ScriptedFeed()
    client = ScriptedEnvironment(current=a_board(run="r9"), runs=(a_summary("r9", None),), feed=feed)
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await to_runs(pilot)
        await press(pilot, "enter")
        await eventually(pilot, lambda: shows(pilot, RunScreen))
        assert "r9" in client.asked


async def test_an_interrupted_run_is_read_and_says_how_it_goes_on():
    class Alone(ScriptedEnvironment):
        async def attach(self, run: str):
            raise UsageFault(f"run {run} is carried by no engine", f"deploy resume {run}")

    client = Alone(runs=(a_summary("r9", None),), records={"r9": a_client().records["r-live"][:20]})
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await to_runs(pilot)
        await press(pilot, "enter")
        await eventually(pilot, lambda: shows(pilot, RecordScreen) and pilot.app.screen.report)
        assert "deploy resume r9" in message(pilot)
        assert "no event on record since" in report(pilot)


async def test_a_record_tells_what_who_why_and_where_time_went():
    async with at_home(a_client()).run_test(size=(120, 36)) as pilot:
        await to_record(pilot)
        told = report(pilot)
        for words in ("who       ada", "overridden space: it is enough", "hotfix basket", "Friday, and yet", "wave 2 of 3: web02", "v1.0.0 → v1.1.0"):
            assert words in told, words


async def test_a_records_log_is_read_back_page_by_page():
    async with at_home(a_client()).run_test(size=(80, 24)) as pilot:
        record = await to_record(pilot)
        log = record.query_one(LogPanel)
        outputs = lambda: [one.text for one in log.book.lines if one.text.startswith("line ")]  # noqa: E731
        assert outputs() == [f"line {number}" for number in range(700, 1200)]
        for held in (1000, 1200):
            await press(pilot, "4", "home", "home", "4")
            await eventually(pilot, lambda held=held: len(outputs()) == held)
        assert outputs() == [f"line {number}" for number in range(1200)]
        assert any(one.rule for one in log.book.lines)


async def test_a_records_log_is_filtered():
    async with at_home(a_client()).run_test(size=(80, 24)) as pilot:
        record = await to_record(pilot)
        log = record.query_one(LogPanel)
        await press(pilot, "slash", *"119", "enter")
        assert all("119" in one.text for one in log.book.lines)
        await press(pilot, "escape")
        assert len(log.book.lines) > 400
        await press(pilot, "slash", *"119", "escape")
        assert len(log.book.lines) > 400


async def test_r_and_r_roll_back_the_last_release_from_its_record_and_no_other():
    client = a_client()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        record = await to_record(pilot)
        await eventually(pilot, lambda: record._is_last)
        await press(pilot, "r")
        assert shows(pilot, Dialog)
        await press(pilot, "escape")
        assert not rolled_back(client)
        await press(pilot, "r", "r")
        await eventually(pilot, lambda: ("r-live", "at-once") in client.asked)


async def test_a_release_that_is_not_the_last_is_not_rolled_back():
    client = a_client()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await to_runs(pilot)
        await press(pilot, "down", "enter")
        await eventually(pilot, lambda: shows(pilot, RecordScreen) and pilot.app.screen.report)
        await press(pilot, "r")
        assert "a later run changed the fleet" in message(pilot)
        assert not rolled_back(client)


# -- two runs ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (200, 50), (20, 6)])
async def test_a_marked_run_and_another_one_are_shown_side_by_side(size):
    async with at_home(a_client()).run_test(size=size) as pilot:
        runs = await to_runs(pilot)
        await press(pilot, "equals_sign")
        assert runs.marked == runs.runs[0]
        await press(pilot, "equals_sign")
        assert runs.marked is None
        await press(pilot, "b", "down", "down", "b")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, CompareScreen) and pilot.app.screen.sides)
        compared = pilot.app.screen
        assert [side.report.state.outcome for side in compared.sides] == ["rolled-back", "succeeded"], "the earlier one stands left, whatever the clocks said"
        if size[0] >= 80:
            assert "ROLLED BACK" in "".join("".join(span.text for span in one) for one in compared.query_one("#compared")._lines)
        await press(pilot, "q")
        assert pilot.app.screen is runs
        await press(pilot, "escape")
        assert runs.marked is None


async def test_a_record_that_cannot_be_read_is_said_beside_the_other():
    client = a_client()

    async def broken(run: str) -> tuple[()]:
        raise UsageFault("the journal cannot be read", "deploy doctor")

    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await to_runs(pilot)
        client.record = broken  # type: ignore[method-assign,assignment]
        await press(pilot, "b", "down", "b")
        await eventually(pilot, lambda: "the journal cannot be read" in str(pilot.app.screen.query_one("#message").shown))


# -- replay -----------------------------------------------------------------------------------------------------------------------


async def test_a_replay_is_wound_by_event_chapter_beginning_and_end():
    client = a_client()
    events = client.records["r-live"]
    async with at_home(client).run_test(size=(120, 36)) as pilot:
        replay = await to_replay(pilot)
        shown = lambda place: replay.replay_feed.place == place and replay.state == fold(events[:place])  # noqa: E731
        await press(pilot, "end")
        await eventually(pilot, lambda: shown(len(events)))
        await press(pilot, "left", "left")
        await eventually(pilot, lambda: shown(len(events) - 2))
        await press(pilot, "right")
        await eventually(pilot, lambda: shown(len(events) - 1))
        await press(pilot, "home")
        await eventually(pilot, lambda: shown(0))
        chapters = replay.replay_feed.recording.chapters
        for chapter in chapters[:3]:
            await press(pilot, "right_square_bracket")
            await eventually(pilot, lambda chapter=chapter: shown(chapter.place + 1))
        await press(pilot, "left_square_bracket")
        await eventually(pilot, lambda: shown(chapters[1].place + 1))
        assert "REPLAY" in top(pilot)
        log = replay.query_one(LogPanel)
        assert log.book.lines[-1].at == events[chapters[1].place].at


async def test_a_replay_plays_stops_and_changes_its_speed():
    async with at_home(a_client()).run_test(size=(120, 36)) as pilot:
        replay = await to_replay(pilot)
        assert replay.playback.playing
        await press(pilot, "home")
        assert not replay.playback.playing
        for _ in range(4):
            await press(pilot, "greater_than_sign")
        assert replay.playback.speed == 20
        await press(pilot, "less_than_sign")
        assert replay.playback.speed == 10
        await press(pilot, *["less_than_sign"] * 5)
        assert replay.playback.speed == 1
        await press(pilot, "space")
        assert replay.playback.playing
        await eventually(pilot, lambda: replay.replay_feed.place > 0)
        await press(pilot, "space")
        stood = replay.replay_feed.place
        await pilot.pause(0.5)
        assert replay.replay_feed.place == stood


async def test_keys_that_would_act_say_that_it_is_a_replay():
    client = a_client()
    async with at_home(client).run_test(size=(120, 36)) as pilot:
        replay = await to_replay(pilot)
        await press(pilot, "end")
        for key in ("r", "p", "c", "x", "t", "a", "g", "w", "d", "m", "h", "R", "B", "ctrl+r"):
            replay.unsay()
            await press(pilot, key)
            assert "this is a replay" in message(pilot), key
            assert shows(pilot, ReplayScreen)
        assert not rolled_back(client)
        await press(pilot, "question_mark")
        assert shows(pilot, TextDialog)
        await press(pilot, "escape", "q")
        assert shows(pilot, RecordScreen)


async def test_a_host_is_opened_in_a_replay_with_the_runs_own_time():
    async with at_home(a_client()).run_test(size=(120, 36)) as pilot:
        replay = await to_replay(pilot)
        await press(pilot, "home", *["right_square_bracket"] * 4)
        await eventually(pilot, lambda: replay.state.changed or replay.state.phase == "running")
        await press(pilot, "down", "enter")
        assert shows(pilot, TextDialog)
        assert abs(replay.time.now - replay.state.mono) < 1


async def test_r_on_the_list_of_runs_asks_about_the_release_that_is_live():
    client = a_client_after_a_release()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await to_runs(pilot)
        await eventually(pilot, lambda: pilot.app.shell.rollback_target)
        await press(pilot, "r", "r")
        await eventually(pilot, lambda: (client.runs[0].run, "at-once") in client.asked)


async def test_the_choice_stays_with_its_run_when_another_one_begins():
    client = a_client(runs=10)
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        runs = await to_runs(pilot)
        await press(pilot, "down", "down")
        chosen = runs.runs[2].run
        client.runs = (a_summary("r-new"), *client.runs)
        await press(pilot, "u")
        await eventually(pilot, lambda: runs.runs[0].run == "r-new")
        await press(pilot, "enter")
        await eventually(pilot, lambda: shows(pilot, RecordScreen))
        assert pilot.app.screen.run.run == chosen


async def test_a_later_run_is_not_spoken_of_before_the_list_of_runs_was_read():
    client, may = a_client(), asyncio.Event()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await to_runs(pilot)
        real = client.history

        async def slow(*which: object):
            await may.wait()
            return await real(*which)  # type: ignore[arg-type]

        client.history = slow  # type: ignore[method-assign]
        await press(pilot, "enter")
        await eventually(pilot, lambda: shows(pilot, RecordScreen) and pilot.app.screen.report)
        await press(pilot, "r")
        assert "the last run is still being read" in message(pilot)
        may.set()
        await eventually(pilot, lambda: pilot.app.screen.situation.knows_last)


async def test_a_record_that_is_not_read_by_a_mistake_of_the_console_says_so():
    client = a_client()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await to_runs(pilot)

        async def broken(run: str) -> None:
            raise ZeroDivisionError("no such")

        client.record = broken  # type: ignore[method-assign,assignment]
        await press(pilot, "enter")
        await eventually(
            pilot, lambda: shows(pilot, RecordScreen) and "a mistake of the console (ZeroDivisionError: no such)" in " ".join(message(pilot).split())
        )
