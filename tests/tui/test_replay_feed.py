"""A replay gives what was printed and the numbers in step with the events, from wherever somebody winds to."""

import asyncio
from itertools import pairwise

import pytest

from console.model.events import Event
from console.ports.feed import Output, Sample, Untold
from console.safe_text import SafeText
from console.tui.history.replay_feed import ReplayFeed
from console.tui.history.replay_screen import ReplayScreen
from console.tui.widgets.log_panel import LogPanel
from console.tui.widgets.metrics_panel import MetricsPanel
from console.views.times import rfc3339
from tests.tui.past_runs import past_run
from tests.tui.scripted import an_app
from tests.tui.scripted_environment import ScriptedEnvironment, eventually
from tests.tui.test_keys import press, settled

EVENTS = past_run(6)


def a_record(lines: int = 60, every: float = 1.0) -> ScriptedEnvironment:
    """What was kept of that run: a line and a look at two hosts each second of it."""
    feed = ReplayFeed(EVENTS)
    first = feed.recording.wall_at(0.0)
    outputs = tuple(Output(rfc3339(first + number * every), "web01", "restart", SafeText(f"line {number}")) for number in range(lines))
    kept = tuple(Sample(f"web{1 + number % 2:02}", first + number // 2, 0.5, 0.25, 1.0) for number in range(max(2 * lines, 2 * int(feed.recording.seconds))))
    return ScriptedEnvironment(logs={"r-1": outputs}, kept=kept)


async def heard(feed: ReplayFeed, items: list[object]) -> None:
    async for item in feed.follow():
        items.append(item)


def times(feed: ReplayFeed, items: list[object]) -> list[float]:
    places = {id(event): at for event, at in zip(feed.recording.events, feed.recording.times, strict=True)}
    told = [item for item in items if not isinstance(item, Untold)]
    return [
        places[id(item)] if isinstance(item, Event) else feed.recording.seconds_at(item.at if isinstance(item, Sample) else feed.recording.wall_of(item.at))
        for item in told
    ]  # fmt: skip


@pytest.mark.parametrize("page", [1, 7, 1000])
async def test_everything_comes_once_and_in_the_order_of_time(monkeypatch, page):
    monkeypatch.setattr("console.tui.history.replay_feed.PAGE", page)
    feed, items = ReplayFeed(EVENTS, records=a_record(), run="r-1"), []
    following = asyncio.create_task(heard(feed, items))
    for place in range(0, len(feed.recording), 5):
        feed.go_to(place)
        await asyncio.sleep(0.01)
        assert [one for one in items if isinstance(one, Event)] == list(EVENTS[:place])
        assert all(at <= feed.seconds + 0.001 for at in times(feed, items))
    feed.go_to(len(feed.recording))
    await following
    assert sum(isinstance(one, Output) for one in items) == 60
    assert sum(isinstance(one, Sample) for one in items) == max(120, 2 * int(feed.recording.seconds))
    assert not any(isinstance(one, Untold) for one in items)
    assert all(left <= right + 0.001 for left, right in pairwise(times(feed, items)))


async def test_who_winds_far_hears_the_last_page_and_that_older_lines_are_left_out(monkeypatch):
    monkeypatch.setattr("console.tui.history.replay_feed.PAGE", 10)
    feed, items = ReplayFeed(EVENTS, records=a_record(400, 0.1), run="r-1"), []
    feed.go_to(len(feed.recording))
    await heard(feed, items)
    printed = [str(one.text) for one in items if isinstance(one, Output)]
    assert sum(isinstance(one, Untold) for one in items) == 1
    assert printed[-1] == "line 399"
    assert len(printed) < 400


async def test_without_a_record_the_events_come_alone():
    feed, items = ReplayFeed(EVENTS), []
    feed.go_to(len(feed.recording))
    await heard(feed, items)
    assert items == list(EVENTS)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_the_screen_shows_lines_and_numbers_of_the_time_it_stands_at(size):
    record = a_record(30)
    async with an_app(ReplayFeed(EVENTS, records=record, run="r-1"), records=record, read_only=True).run_test(size=size) as pilot:
        await settled(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, ReplayScreen)
        await press(pilot, "space", "home", *["right_square_bracket"] * 3)
        await eventually(pilot, lambda: screen.state.seq == screen.replay_feed.place)
        stood = screen.replay_feed.recording.times[screen.replay_feed.place - 1]
        log = screen.query_one(LogPanel)
        texts = [entry.text for entry in log.book.lines]
        assert (f"line {int(stood) - 1}" in texts, f"line {int(stood) + 1}" in texts) == (stood >= 1, False)
        await press(pilot, "end")
        await eventually(pilot, lambda: "line 29" in log.shown)
        await eventually(pilot, lambda: "50 %" in screen.query_one(MetricsPanel).shown)
        assert all(at <= screen.replay_feed.recording.events[-1].mono + 60 for at, _ in screen.follower.numbers.series("web01")[0].points)
        await press(pilot, "home")
        await eventually(pilot, lambda: "line 29" not in log.shown)
