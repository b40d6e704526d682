"""`k` ticks a manual check off: a dialog with its question, the same key again. A question that is answered elsewhere goes away."""

from console.model.checks import Check
from console.model.commands import Acknowledge, Decide
from console.model.configured_checks import CriticalPath
from console.model.events import CheckReported, Decided, LocksTaken, Paused, RunEnded
from console.model.values import changed
from console.safe_text import SafeText
from console.tui.dialogs.dialog import is_dialog
from console.tui.widgets.line_view import LineView
from tests.core.simulation import ADA, an_environment
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.test_helm import message
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


async def test_a_tick_that_another_console_made_takes_the_question_away():
    feed = ScriptedFeed()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        waits = Check("Support knows", SafeText("Support knows"), "waiting", detail=SafeText("Told?"), kind="manual")
        feed.record(CheckReported(check=waits))
        await settled(pilot)
        await press(pilot, "k")
        assert is_dialog(pilot.app.screen)
        feed.record(CheckReported(check=changed(waits, status="passed")))
        await settled(pilot)
        assert not is_dialog(pilot.app.screen)
        assert not feed.said


async def test_the_go_question_goes_away_when_the_run_ends_without_it():
    feed = ScriptedFeed(protected=False)
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "g")
        assert is_dialog(pilot.app.screen)
        why = SafeText("aborted by lin")
        feed.record(Decided(go=False, by=ADA, interrupted=True, reasons=(why,)), RunEnded(exit=130, outcome="interrupted", reason=why))
        await settled(pilot)
        assert not is_dialog(pilot.app.screen)
        assert "aborted by lin" in message(pilot)


async def test_who_says_go_is_not_told_that_the_question_was_closed():
    feed = ScriptedFeed(protected=False)
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "g")
        await press(pilot, "g")
        await settled(pilot)
        assert [type(one) for one in feed.said] == [Decide]
        assert "closed" not in message(pilot)


async def test_k_ticks_a_critical_path_off_while_the_run_waits_for_it_and_continue_is_not_offered():
    feed = ScriptedFeed(environment=changed(an_environment(2), critical=(CriticalPath("Buy it", "manual", prompt="Buy something."),)))
    feed.record(Decided(go=True, by=ADA), LocksTaken(epoch=1))
    feed.go_on("wave-1/critical-1")
    feed.record(Paused(reason=SafeText("critical path Buy it: Buy something."), cause="manual"))
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        headline = pilot.app.screen.query_one("#headline", LineView).shown
        assert "k tick off" in headline
        assert "c continue" not in headline
        await press(pilot, "k")
        await press(pilot, "k")
        await settled(pilot)
        assert feed.said == [Acknowledge(check="Buy it")]
        assert feed.run.state.pausing is None
