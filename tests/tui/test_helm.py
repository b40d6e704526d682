"""Several people on one run: who answers its questions, and what the second of two is told."""

import msgspec

from console.model import commands as cmd
from console.model import events as ev
from console.model.request import Person, Request
from console.ports.feed import Presence
from console.tui.host.host_screen import HostScreen
from console.tui.widgets.line_view import LineView
from tests.core.simulation import ADA
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import eventually
from tests.tui.test_keys import kinds, press, running

LIN = Person("lin", 1002, "lin from 10.0.0.2 on /dev/pts/7")


def message(pilot) -> str:
    return pilot.app.screen.query_one("#message", LineView).shown


def watched_by(feed: ScriptedFeed, me: Person, *others: Person) -> ScriptedFeed:
    people = (me, *others)
    feed.tell(Presence(tuple(sorted({one.name for one in people})), None, me.login, tuple(one.login for one in people)))
    return feed


async def test_who_has_not_the_helm_says_no_go_until_it_is_taken():
    feed = watched_by(ScriptedFeed(), LIN, ADA)
    async with an_app(feed, drives=False).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.run_screen.follower.presence.me and pilot.app.run_screen.state.plan)
        await press(pilot, "g")
        assert f"{ADA} has the helm" in message(pilot)
        assert kinds(feed) == []
        await press(pilot, "h")
        assert kinds(feed) == ["TakeHelm"]


async def test_who_joined_from_the_home_screen_leaves_without_deciding_for_the_other():
    feed = watched_by(ScriptedFeed(), LIN, ADA)
    async with an_app(feed, drives=True).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.run_screen.follower.presence.me and pilot.app.run_screen.state.plan)
        screen = pilot.app.run_screen
        headline, footer = (pilot.app.screen.query_one(part, LineView).shown for part in ("#headline", "#footer"))
        assert f"Waiting for {ADA}: GO or no-go" in headline
        assert "h take the helm" in headline
        assert "enter GO" not in headline
        assert "no-go" not in footer
        assert screen.way_out.exit_code() == 7
        await press(pilot, "q")
    assert kinds(feed) == []


async def test_who_has_the_helm_leaves_with_a_no_go():
    feed = watched_by(ScriptedFeed(), ADA, LIN)
    async with an_app(feed, drives=True).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.run_screen.follower.presence.me and pilot.app.run_screen.state.plan)
        await press(pilot, "q")
        await eventually(pilot, lambda: kinds(feed) == ["Decide"])


async def test_go_says_the_command_line_that_releases_the_same():
    feed = watched_by(ScriptedFeed(protected=False), ADA)
    feed.run.events[0] = msgspec.structs.replace(feed.run.events[0], request=Request(ref="v1.1.0", hosts="web0*"))
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.run_screen.state.plan)
        await press(pilot, "g", "g")
        assert "same as: deploy production --version v1.1.0 --hosts 'web0*' --yes" in message(pilot)


async def test_the_helm_of_one_who_has_left_holds_nobody_up():
    feed = watched_by(ScriptedFeed(protected=False), LIN)
    async with an_app(feed, drives=False).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.run_screen.follower.presence.me and pilot.app.run_screen.state.plan)
        await press(pilot, "g", "g")
        assert kinds(feed) == ["Decide"]


async def test_pause_and_roll_back_work_without_the_helm():
    feed = watched_by(running("wave-3/web03/gate"), LIN, ADA)
    async with an_app(feed, drives=False).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.run_screen.follower.presence.me and pilot.app.run_screen.state.plan)
        await press(pilot, "p")
        await eventually(pilot, lambda: pilot.app.run_screen.state.pausing)
        await press(pilot, "c")
        assert kinds(feed) == ["Pause"]
        assert f"{ADA} has the helm" in message(pilot)
        await press(pilot, "r", "r")
        assert kinds(feed) == ["Pause", "RollBack"]


async def test_the_second_of_two_who_continue_is_told_who_was_first():
    feed = running()
    async with an_app(feed).run_test(size=(120, 36)) as pilot:
        feed.record(ev.Paused(reason=feed.run.state.reason, by=ADA))
        await eventually(pilot, lambda: pilot.app.run_screen.state.pausing)
        screen = pilot.app.run_screen
        seen = screen.state.seq
        feed.record(ev.Continued(by=LIN), ev.Paused(reason=feed.run.state.reason, by=LIN))
        screen.send(cmd.Continue(expects=seen), "deploy continue")
        await eventually(pilot, lambda: "lin was first and paused it" in message(pilot))
        assert feed.run.state.pausing is not None


async def test_who_loses_the_helm_is_told_by_whom():
    feed = watched_by(running(), ADA, LIN)
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.run_screen.follower.presence.me and pilot.app.run_screen.state.plan)
        feed.record(ev.HelmTaken(by=LIN))
        await eventually(pilot, lambda: "lin took the helm; h takes it back" in message(pilot))


async def test_the_helm_is_taken_on_the_page_of_a_host_too():
    feed = watched_by(running("wave-3/web03/gate"), LIN, ADA)
    async with an_app(feed, drives=False).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.run_screen.follower.presence.me and pilot.app.run_screen.state.plan)
        await press(pilot, "enter")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, HostScreen))
        await press(pilot, "h")
        assert kinds(feed) == ["TakeHelm"]
        assert "same as" not in message(pilot)
