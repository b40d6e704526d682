"""A canary by keys at 80x24: what is judged is read at a glance; promote, hold and take back."""

from console.model import events as ev
from console.model.analysis import Reading
from console.safe_text import SafeText
from console.tui.widgets.line_view import LineView
from tests.core.simulation import ADA
from tests.core.test_canary_verdict import a_canary
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.test_keys import kinds, press, settled

STEP = "wave-1/analysis"
READING = Reading(new=1000, new_bad=9, old=9000, old_bad=85, low=0.4, high=3.1, more=900, seconds=41.0)


def judging() -> ScriptedFeed:
    """A canary whose first host is judged, after one block."""
    feed = ScriptedFeed(environment=a_canary(4))
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.go_on(STEP)
    feed.record(ev.AnalysisSeen(step=STEP, readings=(READING,)))
    return feed


def shown(pilot, part: str) -> str:
    return pilot.app.screen.query_one(part, LineView).shown


async def test_the_counts_are_on_the_screen_and_o_promotes():
    feed = judging()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "canary: 0.90 % vs 0.94 %, ratio 0.4-3.1" in shown(pilot, "#headline")
        assert "o promote" in shown(pilot, "#headline")
        assert "errors 0.90 % vs 0.94 %\nratio 0.4-3.1, want < 2\nabout 41s more" in shown(pilot, "#metrics")
        await press(pilot, "o")
        assert kinds(feed) == ["Promote"]
        assert "same as: deploy promote" in shown(pilot, "#message")
        await press(pilot, "o")
        assert kinds(feed) == ["Promote"]
        assert "promoted it" in shown(pilot, "#message")


async def test_p_holds_while_the_counts_go_on_and_r_takes_back():
    feed = judging()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "p")
        feed.record(ev.AnalysisSeen(step=STEP, readings=(Reading(new=2000, new_bad=18, old=18000, old_bad=170, low=0.5, high=2.6),)))
        await settled(pilot)
        assert "paused: 0.90 % vs 0.94 %, ratio 0.5-2.6" in shown(pilot, "#headline")
        await press(pilot, "r", "r")
        assert kinds(feed) == ["Pause", "RollBack"]
        assert feed.run.state.back is not None
        assert feed.run.state.back.waves == (("web01",),)


async def test_what_is_inconclusive_is_asked_and_o_answers_it():
    feed = judging()
    feed.record(ev.Paused(reason=SafeText("inconclusive after 5m: errors new 0.90 %  old 0.94 %, ratio 0.4-3.1"), cause="inconclusive"))
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "inconclusive: 0.90 % vs 0.94 %" in shown(pilot, "#headline")
        await press(pilot, "o")
        assert kinds(feed) == ["Promote"]
        assert feed.run.state.pausing is None


async def test_o_says_why_it_does_nothing_where_nothing_is_judged():
    feed = ScriptedFeed(3)
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.go_on("wave-1/web01/gate")
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "o")
        assert kinds(feed) == []
        assert "no canary is being judged" in shown(pilot, "#message")
