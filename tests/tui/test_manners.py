"""The smallest screens, forgotten screens, and a host that is tried again: by Pilot, on a run behind the real core."""

from datetime import UTC, datetime

import pytest

from console import as_typed
from console.adapters.system_clock import SetClock
from console.model import commands as cmd
from console.model import events as ev
from console.model.request import Request
from console.ports.feed import Presence
from console.tui.dialogs.dialog import Dialog
from console.tui.dialogs.idle_guard import FORGOTTEN_AFTER, IdleQuestion
from tests.core.simulation import ADA
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import eventually
from tests.tui.test_home_screen import a_client_after_a_release
from tests.tui.test_keys import kinds, press, running, settled


def on_screen(pilot) -> list[str]:
    """The rows as they are drawn."""
    screen = pilot.app.screen
    return ["".join(segment.text for segment in strip) for strip in screen._compositor.render_strips()]


@pytest.mark.parametrize("size", [(20, 4), (60, 4), (40, 8)], ids=str)
async def test_pause_continue_and_roll_back_on_the_smallest_screen(size: tuple[int, int]):
    feed = running()
    async with an_app(feed).run_test(size=size) as pilot:
        await settled(pilot)
        assert "PRODUCTION running" in " ".join(on_screen(pilot)[0].split())
        assert "r roll back" in on_screen(pilot)[-1]
        assert "q detach" in on_screen(pilot)[-1]
        await press(pilot, "p")
        assert "PAUSED" in on_screen(pilot)[0]
        await press(pilot, "c", "r")
        shown = "\n".join(on_screen(pilot))
        assert "Roll back shop" in shown
        assert "Cancel" in shown
        assert "r roll back all at" in shown
        await press(pilot, "r")
        assert kinds(feed) == ["Pause", "Continue", "RollBack"]


@pytest.mark.parametrize("size", [(20, 4), (60, 4)], ids=str)
async def test_go_and_leaving_on_the_smallest_screen(size: tuple[int, int]):
    feed = ScriptedFeed()
    async with an_app(feed).run_test(size=size) as pilot:
        await settled(pilot)
        await press(pilot, "enter", *"production")
        assert "production" in "\n".join(on_screen(pilot)[1:3])
        assert "esc cancel" in "\n".join(on_screen(pilot))
        await press(pilot, "enter", "q")
        assert feed.run.state.go is True
    assert pilot.app.return_value.exit == 7


async def test_what_is_refused_is_said_on_the_smallest_screen():
    async with an_app(running()).run_test(size=(20, 4)) as pilot:
        await settled(pilot)
        await press(pilot, "c")
        assert "not paused" in "\n".join(on_screen(pilot))


def forgotten(feed: ScriptedFeed) -> tuple[SetClock, object]:
    clock = SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC), feed.run.now + 0.5)
    return clock, an_app(feed, clock)


async def test_a_forgotten_screen_asks_for_the_name_until_it_was_typed():
    feed = running()
    clock, app = forgotten(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await clock.advance(FORGOTTEN_AFTER - 1)
        await press(pilot, "p")
        assert kinds(feed) == ["Pause"]
        await clock.advance(FORGOTTEN_AFTER)
        await press(pilot, "l", "c")
        assert isinstance(app.screen, IdleQuestion)
        await press(pilot, *"prod", "enter", "escape", "c")
        assert kinds(feed) == ["Pause"]
        await press(pilot, *"production", "enter")
        assert kinds(feed) == ["Pause", "Continue"]
        await press(pilot, "p")
        assert kinds(feed) == ["Pause", "Continue", "Pause"]


async def test_a_forgotten_screen_rolls_back_at_once_and_lets_go_of_what_it_asked():
    feed = running()
    clock, app = forgotten(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "a")
        await clock.advance(FORGOTTEN_AFTER + 60)
        await press(pilot, "a")
        assert isinstance(app.screen, IdleQuestion)
        await press(pilot, "ctrl+r", "r")
        assert kinds(feed) == ["RollBack"]
        assert isinstance(app.screen, Dialog)


async def test_leaving_a_forgotten_screen_asks_nothing():
    feed = running()
    clock, app = forgotten(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await clock.advance(FORGOTTEN_AFTER)
        await press(pilot, "q")
    assert app.return_value.exit == 7


async def test_a_failed_host_is_tried_again():
    feed = ScriptedFeed(ending=lambda step, attempt: "failed" if step.name == "wave-2/web02/gate" and attempt == 1 else "done", on_failure="pause")
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.go_on("")
    assert feed.run.state.hosts["web02"].condition == "failed"
    async with an_app(feed).run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert "t retry web02" in on_screen(pilot)[-1]
        await press(pilot, "t")
        assert [command.host for command in feed.said if isinstance(command, cmd.Retry)] == ["web02"]
        assert feed.run.state.pausing is not None
        await press(pilot, "c")
        feed.go_on("")
        await settled(pilot)
        assert feed.run.state.hosts["web02"].condition == "new"


async def test_a_long_sentence_takes_the_rows_that_it_needs_and_gives_them_back():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        page = pilot.app.page
        page.say("refused: run 20261124T181005Z-production-6975 has ended: succeeded; deploy rollback takes it back, on every host", "warn")
        await settled(pilot)
        assert "takes it back, on every host" in " ".join("\n".join(on_screen(pilot)[-3:-1]).split())
        page.unsay()
        await settled(pilot)
        assert "deploy attach" in on_screen(pilot)[-2]
        assert on_screen(pilot)[-3].startswith("╰")


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (120, "join or come back: deploy attach r1 --state /tmp/deploy-demo-a1b2c3d4/state"),
        (80, "back: deploy attach r1 --state /tmp/deploy-demo-a1b2c3d4/state"),
        (60, " deploy attach r1 --state /tmp/deploy-demo-a1b2c3d4/state"),
    ],
    ids=str,
)
async def test_how_another_terminal_finds_the_run_is_never_cut(width: int, shown: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(as_typed._process, "typed", as_typed.Typed(options=(("--state", "/tmp/deploy-demo-a1b2c3d4/state"),)))
    async with an_app(running()).run_test(size=(width, 24)) as pilot:
        await settled(pilot)
        assert on_screen(pilot)[-2].rstrip().endswith(shown)


async def test_the_helm_of_a_run_that_has_ended_is_nobodys():
    feed = running()
    feed.record(ev.RunEnded(outcome="succeeded", exit=0, reason=""))
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "h")
        assert "the run has ended" in on_screen(pilot)[-2]


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=str)
async def test_an_engine_that_does_not_answer_is_told_from_a_run_that_waits(size: tuple[int, int]):
    feed = running()
    clock, app = forgotten(feed)
    feed.tell(Presence(("ada",), every=2.0))
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await clock.advance(5.0)
        await eventually(pilot, lambda: "waits: web02" in on_screen(pilot)[1])
        await clock.advance(7.0)
        await eventually(pilot, lambda: "! the engine has not answered for 12 s" in on_screen(pilot)[1])
        feed.tell(Presence(("ada",), every=2.0))
        await eventually(pilot, lambda: "waits: web02" in on_screen(pilot)[1])


@pytest.mark.parametrize(("size", "key"), [((80, 24), "enter"), ((200, 50), "enter"), ((60, 5), "z")], ids=str)
async def test_a_host_and_the_smallest_screen_say_too_that_the_engine_does_not_answer(size: tuple[int, int], key: str):
    feed = running()
    clock, app = forgotten(feed)
    feed.tell(Presence(("ada",), every=2.0))
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await press(pilot, key)
        await clock.advance(12.0)
        await eventually(pilot, lambda: "! the engine has not answered for 12 s" in " ".join(" ".join(on_screen(pilot)).split()))


async def test_a_forgotten_screen_restarts_no_host_and_opens_no_shell_before_the_name_was_typed():
    client = a_client_after_a_release()
    clock = SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC), 100.0)
    app = an_app(None, clock, client=client)
    async with app.run_test(size=(120, 36)) as pilot:
        await eventually(pilot, lambda: app.page and app.page.rest.fleet.hosts)
        await press(pilot, "R", "down")
        await clock.advance(FORGOTTEN_AFTER + 60)
        await press(pilot, "R", "R")
        assert isinstance(app.screen, IdleQuestion)
        await press(pilot, "escape", "s")
        assert isinstance(app.screen, IdleQuestion)
        assert not [one for one in client.asked if isinstance(one, Request)]
        await press(pilot, "escape", "R", "R", *"production", "enter")
        assert [one.kind for one in client.asked if isinstance(one, Request)] == ["restart"]


async def test_a_retry_that_comes_too_early_says_what_it_waits_for():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "t")
        assert "web02 is still being updated: wait for its end" in on_screen(pilot)[-2]
