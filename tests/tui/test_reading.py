"""What a reader does on the run screen: filter, search, copy, save, freeze."""

from pathlib import Path

from console.tui.widgets.filter_line import FilterLine
from console.tui.widgets.fleet import Fleet
from console.tui.widgets.log import Log
from console.views.logbook import LogBook
from console.views.logs import LogLine
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.test_keys import kinds, press, running, settled


def entries(count: int, first: int = 0) -> tuple[LogLine, ...]:
    return tuple(
        LogLine(f"2026-01-02T12:{number // 60 % 60:02}:{number % 60:02}Z", f"web{number % 3 + 1:02}", f"{'error' if number % 10 == 0 else 'line'} {number}")
        for number in range(first, first + count)
    )


async def with_lines(pilot, count: int = 100) -> Log:
    await settled(pilot)
    log = pilot.app.run_screen.query_one(Log)
    log.clear()
    log.add(entries(count))
    log.focus()
    await settled(pilot)
    return log


def top_line(log: Log) -> str:
    return log.book.lines[round(log.scroll_y)].text


async def test_a_filter_is_typed_where_every_key_is_a_letter_and_escape_clears_it():
    feed = running()
    async with an_app(feed).run_test(size=(120, 36)) as pilot:
        log = await with_lines(pilot)
        await press(pilot, "slash", *"error", "space", "r", "p", "backspace", "backspace", "backspace", "enter")
        assert kinds(feed) == []
        assert log.book.filter.source == "error"
        assert len(log.book.lines) == 10
        assert "10 of 100 match error" in str(log.border_title)
        assert not pilot.app.run_screen.query_one(FilterLine).display
        await press(pilot, "escape")
        assert len(log.book.lines) == 100


async def test_a_regex_that_is_none_is_a_sentence():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        log = await with_lines(pilot)
        await press(pilot, "slash", *"/(/", "enter")
        assert "no regular expression" in str(pilot.app.run_screen.query_one("#message").shown)
        assert len(log.book.lines) == 100


async def test_the_fleet_has_the_same_filter():
    async with an_app(running(hosts=12)).run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        fleet = pilot.app.run_screen.query_one(Fleet)
        fleet.focus()
        await press(pilot, "slash", *"host:web1*", "enter")
        assert "3 of 12 match host:web1*" in str(fleet.border_title)
        assert "web10" in fleet.shown
        assert "web03" not in fleet.shown
        await press(pilot, "slash", "escape")
        assert "web03" in fleet.shown


async def test_a_search_keeps_every_line_and_n_goes_from_match_to_match():
    async with an_app(running()).run_test(size=(120, 36)) as pilot:
        log = await with_lines(pilot)
        await press(pilot, "slash", "tab", *"error", "enter", "N")
        assert len(log.book.lines) == 100
        assert log.current.text == "error 90"
        await press(pilot, "N")
        assert log.current.text == "error 80"
        await press(pilot, "n", "n")
        assert log.current.text == "error 0"


async def test_what_is_read_stays_while_lines_come_and_go():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        log = await with_lines(pilot)
        log.book = LogBook(most=200)
        log.add(entries(150))
        await press(pilot, "pageup", "pageup", "up")
        before, current = top_line(log), log.current.text
        log.add(entries(120, 150))
        await settled(pilot)
        assert (top_line(log), log.current.text) == (before, current)
        assert "120 new below" in str(log.border_title)
        assert "70 older ones let go" in str(log.border_subtitle)
        await press(pilot, "end")
        assert log.following
        log.add(entries(1, 300))
        await settled(pilot)
        assert log.current.text == "error 300"


async def test_a_wheel_up_stops_following_and_down_to_the_end_follows():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        log = await with_lines(pilot)
        log.scroll_relative(y=-5, animate=False)
        await settled(pilot)
        assert not log.following
        log.scroll_end(animate=False)
        await settled(pilot)
        assert log.following


async def test_y_copies_the_line_and_shift_y_what_the_filter_shows():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        await with_lines(pilot)
        await press(pilot, "up", "y")
        assert pilot.app.clipboard == "12:01:38 web03 line 98"
        await press(pilot, "slash", *"error", "enter", "Y")
        assert pilot.app.clipboard.splitlines()[0] == "12:00:00 web01 error 0"
        assert len(pilot.app.clipboard.splitlines()) == 10


async def test_the_log_is_written_into_a_file_and_never_over_one(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        await with_lines(pilot)
        await press(pilot, "W", *"out.txt", "enter")
        assert len((tmp_path / "out.txt").read_text().splitlines()) == 100
        await press(pilot, "W", *"out.txt", "enter")
        assert "is there already" in str(pilot.app.run_screen.query_one("#message").shown)


async def test_space_freezes_the_panels_while_keys_go_on():
    feed = running(hosts=12)
    async with an_app(feed).run_test(size=(120, 36)) as pilot:
        log = await with_lines(pilot)
        fleet = pilot.app.run_screen.query_one(Fleet)
        before, at = fleet.shown, top_line(log)
        await press(pilot, "space")
        feed.go_on("wave-7/web07/gate")
        log.add(entries(20, 100))
        await settled(pilot)
        message = str(pilot.app.run_screen.query_one("#message").shown)
        assert (fleet.shown, top_line(log)) == (before, at)
        assert "FROZEN" in message
        assert " events" in message
        await press(pilot, "p")
        assert feed.run.state.pausing is not None
        await press(pilot, "space")
        assert fleet.shown != before
        assert log.following


async def test_z_turns_times_to_utc_and_back():
    from zoneinfo import ZoneInfo

    async with an_app(running(), zone=ZoneInfo("Asia/Tokyo")).run_test(size=(80, 24)) as pilot:
        log = await with_lines(pilot)
        await press(pilot, "up", "y")
        assert pilot.app.clipboard.startswith("21:01:38")
        await press(pilot, "z", "y")
        assert pilot.app.clipboard.startswith("12:01:38")
        assert log.zone is not pilot.app.zone


async def test_before_the_first_line_it_reads_back_where_somebody_can():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        log = await with_lines(pilot)

        async def earlier(first: LogLine) -> tuple[LogLine, ...]:
            assert first is log.book.first
            return (LogLine("2026-01-02T11:00:00Z", "web01", "from the file"),)

        await press(pilot, "home", "up")
        assert "this is the first line" in str(pilot.app.run_screen.query_one("#message").shown)
        pilot.app.run_screen.reading.earlier = earlier
        await press(pilot, "up", "up")
        assert log.current.text == "from the file"


async def test_a_lasting_filter_also_meets_what_comes():
    async with an_app(ScriptedFeed()).run_test(size=(80, 24)) as pilot:
        log = await with_lines(pilot)
        await press(pilot, "slash", *"host:web02", "enter")
        log.add(entries(30, 100))
        await settled(pilot)
        assert len(log.book.lines) == 43
        assert log.current.text.endswith("127")


async def test_a_panel_gets_more_room_in_steps():
    async with an_app(running(hosts=12)).run_test(size=(80, 24)) as pilot:
        log = await with_lines(pilot)
        rows = [log.size.height]
        for key in ("plus", "plus", "underscore", "underscore"):
            await press(pilot, key)
            rows.append(log.size.height)
        assert rows[0] < rows[1] < rows[2]
        assert rows[3:] == [rows[1], rows[0]]
        pilot.app.run_screen.query_one(Fleet).focus()
        await press(pilot, "plus")
        assert pilot.app.run_screen.query_one(Fleet).size.height > 10
        assert log.size.height > 0
        await press(pilot, "escape")
        assert log.size.height == rows[0]


async def test_what_a_narrow_header_has_no_room_for_is_on_panel_one():
    async with an_app(running(hosts=12)).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "1")
        shown = pilot.app.run_screen.query_one("#checklist").shown
        assert "wave 2/12" in shown
        assert "people" in shown
