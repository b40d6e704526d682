"""`k` ticks a manual check off: a dialog with its question, the same key again, and a reason where there is none to tick."""

from console.model.checks import Check
from console.model.commands import Acknowledge
from console.model.events import CheckReported
from console.text import SafeText
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.test_keys import press, settled


async def test_k_asks_and_k_again_ticks_it_off():
    feed = ScriptedFeed()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "k")
        assert not feed.said
        feed.record(CheckReported(check=Check("Support knows", SafeText("Support knows"), "waiting", detail=SafeText("Told?"), kind="manual")))
        await settled(pilot)
        await press(pilot, "k")
        await press(pilot, "escape")
        assert not feed.said
        await press(pilot, "k")
        await press(pilot, "k")
        await settled(pilot)
        assert feed.said == [Acknowledge(check="Support knows")]
