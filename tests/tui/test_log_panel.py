"""What a reader does on the run screen: filter, search, copy, save, freeze."""

import time
from pathlib import Path

from console.errors import UsageFault
from console.model.events import LogKindsSeen
from console.model.log_kinds import LogKind
from console.ports.feed import Output
from console.safe_text import SafeText
from console.tui.widgets.filter_line import FilterLine
from console.tui.widgets.fleet_panel import FleetPanel
from console.tui.widgets.log_panel import LogPanel
from console.views.log_lines import LogLine
from console.views.logbook import LogBook
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import ScriptedEnvironment, eventually
from tests.tui.test_keys import kinds, press, running, settled


def entries(count: int, first: int = 0) -> tuple[LogLine, ...]:
    return tuple(
        LogLine(f"2026-01-02T12:{number // 60 % 60:02}:{number % 60:02}Z", f"web{number % 3 + 1:02}", f"{'error' if number % 10 == 0 else 'line'} {number}")
        for number in range(first, first + count)
    )


async def with_lines(pilot, count: int = 100) -> LogPanel:
    await settled(pilot)
    log = pilot.app.run_screen.query_one(LogPanel)
    await eventually(pilot, lambda: log.display and log.size.height > 0)
    log.clear()
    log.add(entries(count))
    log.focus()
    await eventually(pilot, lambda: pilot.app.run_screen.focused is log)
    await settled(pilot)
    return log


def top_line(log: LogPanel) -> str:
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
        assert "not a valid regular expression" in str(pilot.app.run_screen.query_one("#message").shown)
        assert len(log.book.lines) == 100


async def test_the_fleet_has_the_same_filter():
    async with an_app(running(hosts=12)).run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        fleet = pilot.app.run_screen.query_one(FleetPanel)
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
        assert "70 older ones not loaded" in str(log.border_subtitle)
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
        fleet = pilot.app.run_screen.query_one(FleetPanel)
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
        assert log.zone is not pilot.app.shell.zone


async def test_a_regex_that_would_hang_holds_no_key_up():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        log = await with_lines(pilot)
        log.add(LogLine("2026-01-02T12:03:00Z", "web01", "a" * 3000 + "!") for _ in range(200))
        began = time.process_time()
        await press(pilot, "slash", *"/(a+)+$/", "enter")
        await settled(pilot)
        assert time.process_time() - began < 20
        assert log.book.lines == []
        await press(pilot, "escape", "slash", *r"/(?=a)/", "enter")
        assert "look-around" in str(pilot.app.run_screen.query_one("#message").shown)


def kept_of(feed: ScriptedFeed, count: int) -> ScriptedEnvironment:
    """An environment that has a log of that many lines from before what the screen was told, and the run's events."""
    run = feed.run.state.run
    logs = tuple(
        Output(
            f"2026-01-02T11:{number // 60000:02}:{number // 1000 % 60:02}.{number % 1000:03}Z", f"web0{number % 3 + 1}", "restart", SafeText(f"kept {number}")
        )
        for number in range(count)
    )
    return ScriptedEnvironment(feed=feed, logs={run: logs}, records={run: tuple(feed.run.events)})


async def joined_late(pilot, log: LogPanel) -> None:
    """The screen was told only the last lines: nothing of what is kept, and no event."""
    await eventually(pilot, lambda: len(log.book))
    await settled(pilot)
    log.clear()
    log.is_cut = True
    log.add(entries(50))
    log.focus()
    await settled(pilot)


async def test_before_the_first_line_it_reads_back_from_what_is_kept():
    feed = running()
    async with an_app(feed, client=kept_of(feed, 2500)).run_test(size=(80, 24)) as pilot:
        log = pilot.app.run_screen.query_one(LogPanel)
        await joined_late(pilot, log)
        await press(pilot, "home", "y")
        assert pilot.app.clipboard.endswith("error 0")
        await press(pilot, "up")
        await eventually(pilot, lambda: len(log.book) > 1000)
        assert log.current.text == "error 0"
        await press(pilot, "up", "up")
        assert log.current not in entries(50)
        for _ in range(4):
            await press(pilot, "home")
            await settled(pilot)
        assert log.book.first.text == "kept 0" or log.book.first.rule
        assert sum(one.text.startswith("kept") for one in log.book.held) == 2500
        assert len({one.text for one in log.book.held if one.text.startswith("kept")}) == 2500
        await press(pilot, "up", "end")
        assert len(log.book) == 50
        assert log.following


async def test_a_filter_reads_back_until_something_matches_and_says_when_nothing_does():
    feed = running()
    async with an_app(feed, client=kept_of(feed, 6000)).run_test(size=(80, 24)) as pilot:
        log = pilot.app.run_screen.query_one(LogPanel)
        await joined_late(pilot, log)
        await press(pilot, "slash", *'"kept 21"', "enter")
        await press(pilot, "up")
        await eventually(pilot, lambda: "kept 21" in log.shown)
        await press(pilot, "slash", *["backspace"] * 9, *"absent", "enter", "up")
        await eventually(pilot, lambda: "none matches" in str(pilot.app.run_screen.query_one("#message").shown))
        assert log.book.lines == []


async def test_a_search_reads_back_to_the_match_before():
    feed = running()
    async with an_app(feed, client=kept_of(feed, 6000)).run_test(size=(80, 24)) as pilot:
        log = pilot.app.run_screen.query_one(LogPanel)
        await joined_late(pilot, log)
        await press(pilot, "slash", "tab", *"/kept 21$/", "enter", "N")
        await eventually(pilot, lambda: log.current and log.current.text == "kept 21")
        await press(pilot, "N")
        await settled(pilot)
        assert log.current.text == "kept 21"


async def test_memory_is_bounded_and_what_was_let_go_is_read_again(monkeypatch):
    monkeypatch.setattr("console.tui.log_readback.PAGE", 50)
    monkeypatch.setattr("console.tui.log_readback.MOST", 200)
    feed = running()
    async with an_app(feed, client=kept_of(feed, 1000)).run_test(size=(80, 24)) as pilot:
        log = pilot.app.run_screen.query_one(LogPanel)
        await joined_late(pilot, log)
        for _ in range(12):
            await press(pilot, "home")
            await settled(pilot)
            assert len(log.book) <= 50 + 200 + 100
        assert log.book.gap_row is not None
        row = log.book.gap_row - 1
        newest = log.book.lines[row].text
        log._go_to(row)
        await press(pilot, "down")
        await eventually(pilot, lambda: log.book.lines[log.current_row + 1].text == f"kept {int(newest.split()[1]) + 1}")
        assert log.current.text == newest


async def test_a_record_that_cannot_be_read_is_said_and_keys_go_on():
    feed = running()
    client = kept_of(feed, 10)
    client.log = broken  # type: ignore[method-assign]
    async with an_app(feed, client=client).run_test(size=(80, 24)) as pilot:
        log = pilot.app.run_screen.query_one(LogPanel)
        await joined_late(pilot, log)
        await press(pilot, "home", "up")
        await eventually(pilot, lambda: "not read: no disk" in str(pilot.app.run_screen.query_one("#message").shown))
        await press(pilot, "down", "down")
        assert log.current.text == "line 2"


async def broken(*_: object):
    raise UsageFault("no disk")


async def test_without_a_record_the_first_line_is_the_first():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        await with_lines(pilot)
        await press(pilot, "home", "up")
        await eventually(pilot, lambda: "this is the first line" in str(pilot.app.run_screen.query_one("#message").shown))


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
        pilot.app.run_screen.query_one(FleetPanel).focus()
        await press(pilot, "plus")
        assert pilot.app.run_screen.query_one(FleetPanel).size.height > 10
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


async def test_errors_are_gone_to_one_by_one_and_round():
    async with an_app(running()).run_test(size=(120, 36)) as pilot:
        log = await with_lines(pilot)
        await press(pilot, "E")
        assert log.current is not None
        assert log.current.text == "error 90"
        await press(pilot, "E")
        assert log.current.text == "error 80"
        await press(pilot, "e")
        assert log.current.text == "error 90"
        await press(pilot, "e")
        assert log.current.text == "error 0"
        assert "other end" in str(pilot.app.run_screen.query_one("#message").shown)
        log.clear()
        log.add(entries(5, first=1))
        await press(pilot, "e")
        assert "no error among" in str(pilot.app.run_screen.query_one("#message").shown)


async def test_long_lines_are_wrapped_and_the_end_stays_the_end():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        log = await with_lines(pilot)
        await press(pilot, "4")
        long = [one._replace(text=f"{one.text} {'x' * 150} end") for one in entries(50)]
        log.clear()
        log.add(long)
        await press(pilot, "L")
        await settled(pilot)
        rows = [strip.text for strip in (log.render_line(y) for y in range(log.content_size.height))]
        await press(pilot, "4")
        await press(pilot, "4")
        await settled(pilot)
        assert log.following, "also where it had less room, and more again"
        filled = [row.strip() for row in rows if row.strip()]
        assert filled[-1].endswith("end")
        assert len(rows) - len(filled) < 4
        assert sum("error" in row or "line" in row for row in rows) < len(rows) / 2
        top = top_line(log)
        await press(pilot, "up", "up", "up")
        reading = log.current
        log.add(entries(200, first=100))
        await settled(pilot)
        assert log.current is reading
        assert log.book.lines[round(log.scroll_y)].text == top
        assert any(reading.text[:8] in log.render_line(y).text for y in range(log.content_size.height))
        await press(pilot, "L", "end")
        await settled(pilot)
        assert log.following


async def test_lines_of_new_kinds_are_shown_by_one_key_and_every_line_by_the_same():
    feed = running()
    async with an_app(feed).run_test(size=(120, 36)) as pilot:
        log = await with_lines(pilot)
        await press(pilot, "K")
        assert "no kind of log line" in str(pilot.app.run_screen.query_one("#message").shown)
        kind = LogKind("00ff", "error", SafeText("ERROR no stock for 12"), "web01", 2, 7)
        feed.record(LogKindsSeen(kinds=(kind,), total=1, fresh=("00ff",), read=9, compared=300))
        feed.tell(Output("2026-01-02T12:02:00Z", "web01", "log", SafeText("ERROR no stock for 13")))
        await eventually(pilot, lambda: "1 kind of line only on new hosts: K" in str(log.border_title))
        await press(pilot, "K")
        shown = [one.text for one in log.book.lines]
        assert "ERROR no stock for 12 (7 times on 2 hosts)" in shown
        assert "ERROR no stock for 13" in shown
        assert len(shown) == 3
        await press(pilot, "K")
        assert not log.book.filter


async def test_the_marks_of_a_search_go_with_it():
    async with an_app(running()).run_test(size=(80, 40)) as pilot:
        await settled(pilot)
        log = pilot.app.run_screen.log_panel

        def marked() -> bool:
            return any("▸" in log.render_line(row).text for row in range(log.content_size.height))

        await press(pilot, "4", "slash", "tab", *"restart", "enter")
        assert marked()
        await press(pilot, "escape")
        assert not marked()
