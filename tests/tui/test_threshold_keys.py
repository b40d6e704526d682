"""Metrics above their limits, and the monitoring window, by keys at 80x24: what is so is read at a glance, and each key that is named works."""

import re

from console.adapters.system_clock import SystemClock
from console.model import events as ev
from console.model.commands import Extend, Promote
from console.model.thresholds import Breached, Crossed, Threshold, Within
from console.model.values import changed
from console.tui.widgets.line_view import LineView
from console.views.parting_lines import last_lines
from tests.core.simulation import ADA, an_environment
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.test_keys import kinds, press, settled

ROLLBACK = Threshold("error_rate", above=0.01, then="rollback")
PROPOSE = changed(ROLLBACK, then="propose")
NUMBERS = {"value": 0.041, "limit": 0.01, "old": 0.001, "seconds": 30.0, "requests": 500, "hosts": ("web01",)}


def running(step: str, monitor: float = 0.0) -> ScriptedFeed:
    feed = ScriptedFeed(environment=changed(an_environment(3), monitor=monitor, thresholds=(ROLLBACK,)))
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.run.now = SystemClock().mono() - 60.0
    feed.go_on(step)
    feed.run.now = SystemClock().mono()
    return feed


def shown(pilot, part: str) -> str:
    return pilot.app.screen.query_one(part, LineView).shown


async def test_a_countdown_is_in_the_headline_and_p_holds_it():
    feed = running("wave-2/web02/switch")
    feed.record(ev.ThresholdCrossed(threshold=ROLLBACK, verdict=Crossed(**NUMBERS, due=feed.run.now + 8.0)))
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "GOING BACK SOON" in shown(pilot, "#headline")
        assert re.search(r"back in [5-8](\.\d)? s: errors 4\.1 %  old 0\.1 %", shown(pilot, "#headline"))
        assert "p hold" in shown(pilot, "#headline")
        assert "! errors 4.1 % limit 1 %" in shown(pilot, "#metrics")
        await press(pilot, "p")
        assert kinds(feed) == ["Pause"]
        await settled(pilot)
        assert "PAUSED" in shown(pilot, "#headline")
        assert "errors 4.1 %" in shown(pilot, "#headline")
        await press(pilot, "c")
        assert kinds(feed) == ["Pause", "Continue"]
        assert all(known.tolerated for known in feed.run.state.thresholds.values())


async def test_a_breach_is_loud_and_r_or_c_answers_it():
    feed = running("wave-2/web02/switch")
    feed.record(ev.ThresholdBreached(threshold=PROPOSE, verdict=Breached(**NUMBERS)))
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "ABOVE LIMIT" in shown(pilot, "#headline")
        assert "! no host begins: errors 4.1 %  limit 1 %  for 00:3" in shown(pilot, "#headline")
        assert "r roll back   c go on" in shown(pilot, "#headline")
        await press(pilot, "r", "r")
        assert kinds(feed) == ["RollBack"]


async def test_what_is_well_again_is_not_held():
    feed = running("wave-2/web02/switch")
    feed.record(
        ev.ThresholdBreached(threshold=PROPOSE, verdict=Breached(**NUMBERS)), ev.ThresholdRecovered(threshold=PROPOSE, verdict=Within(value=0.002, limit=0.01))
    )
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "ABOVE LIMIT" not in shown(pilot, "#headline")
        assert "✓ errors 0.2 % limit 1 %" in shown(pilot, "#metrics")


async def test_the_window_is_counted_down_extended_and_ended_with_reasons():
    feed = running("verify/monitor", monitor=600.0)
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert re.search(r"monitoring, \d\d:\d\d left of 10:00", shown(pilot, "#headline"))
        assert "o end   e extend" in shown(pilot, "#headline")
        assert "left of 10:00). Come back: deploy attach" in last_lines(feed.run.state, feed.run.now)[0]
        await press(pilot, "e", *"peak", "enter")
        (said,) = [command for command in feed.said if isinstance(command, Extend)]
        assert (said.seconds, str(said.reason)) == (300.0, "peak")
        await settled(pilot)
        assert "left of 15:00" in shown(pilot, "#headline")
        assert "same as: deploy extend --for 5m --reason peak" in shown(pilot, "#message")
        await press(pilot, "o", *"well", "enter")
        (ended,) = [command for command in feed.said if isinstance(command, Promote)]
        assert str(ended.reason) == "well"
        await settled(pilot)
        assert "left of" not in shown(pilot, "#headline")
