"""One time cursor: a line that is read is a mark in the metrics, a mark that is moved is a line that is read."""

from datetime import UTC, datetime

import pytest

from console.adapters.system_clock import SetClock
from console.tui.widgets.log_panel import LogPanel
from console.tui.widgets.metrics_panel import MetricsPanel
from console.views.log_lines import LogLine
from console.views.styled_text import Line
from tests.tui.scenes import samples
from tests.tui.scripted import an_app
from tests.tui.test_keys import press, running, settled


def line_at(second: int) -> LogLine:
    return LogLine(f"2026-01-02T12:{second // 60:02}:{second % 60:02}.000Z", "web01", f"at {second}")


async def opened(pilot, clock: SetClock) -> tuple[LogPanel, MetricsPanel]:
    """Two minutes of numbers, and a line each ten seconds of them: the last one now."""
    await settled(pilot)
    screen = pilot.app.run_screen
    for sample in samples(clock.mono()):
        screen.follower.numbers.add(sample, sample.at)
    log = screen.query_one(LogPanel)
    log.clear()
    log.add(line_at(second) for second in range(0, 121, 10))
    log.focus()
    screen.show_slices()
    await settled(pilot)
    return log, screen.query_one(MetricsPanel)


def a_clock(feed) -> SetClock:
    return SetClock(datetime(2026, 1, 2, 12, 2, tzinfo=UTC), feed.run.now + 200.0)


def marked(line: Line) -> list[int]:
    """The cells that stand out."""
    cells = [span.tone for span in line for _ in span.text]
    return [index for index, tone in enumerate(cells) if tone == "selected"]


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_the_line_that_is_read_is_a_mark_in_the_metrics_and_escape_lets_it_go(size):
    feed = running()
    clock = a_clock(feed)
    async with an_app(feed, clock, zone=UTC).run_test(size=size) as pilot:
        log, metrics = await opened(pilot, clock)
        assert not any(marked(line) for line in metrics._lines)
        await press(pilot, "up", "up", "up")
        await settled(pilot)
        assert log.current.text == "at 90"
        assert "12:01:30" in str(metrics.border_title)
        rows = [marked(line) for line in metrics._lines if marked(line)]
        assert rows
        assert all(row == rows[0] for row in rows)
        column = rows[0][0]
        assert metrics.content_size.width - 1 - column == int(clock.mono() // metrics.step) - int((clock.mono() - 30) // metrics.step)
        await press(pilot, "down")
        await settled(pilot)
        assert next(marked(line) for line in metrics._lines if marked(line))[0] > column
        await press(pilot, "escape")
        await settled(pilot)
        assert log.following
        assert not any(marked(line) for line in metrics._lines)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_a_mark_that_is_moved_in_the_plot_is_read_in_the_log(size):
    feed = running()
    clock = a_clock(feed)
    async with an_app(feed, clock, zone=UTC).run_test(size=size) as pilot:
        log, metrics = await opened(pilot, clock)
        await press(pilot, "3")
        await settled(pilot)
        while log.following or log.current.text != "at 60":
            await press(pilot, "left")
        assert "12:01:0" in str(metrics.border_title)
        assert "at 60" in metrics.shown
        assert len({tuple(marked(line)) for line in metrics._lines if marked(line)}) == 1
        await press(pilot, "3", "y")
        assert pilot.app.clipboard.endswith("at 60")
        await press(pilot, "3", "escape")
        await settled(pilot)
        assert log.following
        assert pilot.app.run_screen.zoom.panel == 3
        await press(pilot, "right")
        assert log.following


async def test_the_mark_stays_on_its_moment_while_time_goes_on():
    feed = running()
    clock = a_clock(feed)
    async with an_app(feed, clock, zone=UTC).run_test(size=(80, 24)) as pilot:
        _, metrics = await opened(pilot, clock)
        await press(pilot, "up", "up", "up")
        await settled(pilot)
        title = str(metrics.border_title)
        await clock.advance(400)
        pilot.app.run_screen.tick()
        await settled(pilot)
        assert str(metrics.border_title) == title
        await clock.advance(1000)
        pilot.app.run_screen.tick()
        await settled(pilot)
        assert "too long ago" in metrics.shown
