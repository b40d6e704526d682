"""One host, by keys: on a run behind the real core, and at rest."""

import pytest

from console.model import events as ev
from console.model.request import Request
from console.model.values import changed
from console.ports.feed import Sample
from console.safe_text import SafeText
from console.tui.dialogs.dialog import Dialog
from console.tui.home.home_screen import HomeScreen
from console.tui.host.host_screen import HostScreen
from console.tui.run.run_screen import RunScreen
from console.tui.widgets.line_view import LineView
from console.tui.widgets.log_panel import LogPanel
from console.tui.widgets.picker import Picker
from tests.core.simulation import OLD
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import ScriptedEnvironment, a_board, eventually
from tests.tui.test_home_screen import a_client_after_a_release, at_home, read
from tests.tui.test_keys import kinds, press, running

TAIL = (*(SafeText(f"Traceback line {number}") for number in range(1, 20)), SafeText("ImportError: no module named basket"))


def failed(host: str = "web02", hosts: int = 3) -> ScriptedFeed:
    """A run whose host failed its health check, and is paused."""
    feed = running(f"wave-2/{host}/gate", hosts)
    feed.record(
        ev.StepFinished(
            step=f"wave-2/{host}/gate", host=host, status="failed", code=1, seconds=5.0, detail=SafeText("web: nobody listens on port 80"),
            hint=SafeText(f"deploy logs --hosts {host}"), tail=TAIL,
        ),
        ev.Paused(reason=SafeText("1 failed"), cause="failure"),
    )  # fmt: skip
    return feed


def shown(pilot, name: str) -> str:
    return pilot.app.screen.query_one(name).shown


async def on_host(pilot, host: str = "") -> None:
    await eventually(pilot, lambda: isinstance(pilot.app.screen, HostScreen) and host in pilot.app.screen.host)
    await eventually(pilot, lambda: pilot.app.screen.query_one("#headline", LineView).shown)


async def open_host(pilot, host: str = "") -> None:
    await eventually(pilot, lambda: pilot.app.run_screen and pilot.app.run_screen.host and host in pilot.app.run_screen.host)
    await press(pilot, "enter")
    await on_host(pilot, host)


async def test_why_a_host_failed_is_in_sight_at_80x24_after_enter_alone():
    async with an_app(failed()).run_test(size=(80, 24)) as pilot:
        await open_host(pilot, "web02")
        await eventually(pilot, lambda: "ImportError" in shown(pilot, "#fault"))
        fault = pilot.app.screen.query_one("#fault", LineView)
        words = shown(pilot, "#fault").splitlines()
        assert fault.content_size.height >= len(words), "nothing of it is cut off"
        assert fault.region.bottom <= 24
        assert "exit 1 after 5 s" in words[0]
        assert "nobody listens on port 80" in words[1]
        assert "ImportError: no module named basket" in words[-2]
        assert "deploy logs --hosts web02" in words[-1]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50), (60, 20), (20, 4)])
async def test_it_says_who_and_what_at_every_size(size):
    async with an_app(failed()).run_test(size=size) as pilot:
        await open_host(pilot, "web02")
        assert "web02" in shown(pilot, "#headline")
        for key in ("1", "2", "3", "4", "escape", "x", "escape"):
            await press(pilot, key)
        assert isinstance(pilot.app.screen, HostScreen)
        await press(pilot, "escape")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen))


async def test_steps_have_their_times_and_what_is_usual_elsewhere():
    feed = running()
    async with an_app(feed).run_test(size=(120, 36)) as pilot:
        await open_host(pilot, "web02")
        await eventually(pilot, lambda: "health of web02" in shown(pilot, "#steps"))
        rows = shown(pilot, "#steps").splitlines()
        gate = next(row for row in rows if "health of web02" in row)
        assert "running" in gate
        assert "usual 1 s, now " in gate
        assert pilot.app.screen.query_one(Picker).index == rows.index(gate)
        feed.go_on("wave-3/web03/gate")
        await eventually(pilot, lambda: "✓ new" in shown(pilot, "#headline"))


async def test_brackets_and_arrows_go_from_host_to_host_and_the_choice_stays():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        await open_host(pilot, "web02")
        for key, host in (("right_square_bracket", "web03"), ("right", "web01"), ("left", "web03"), ("left_square_bracket", "web02"), ("left", "web01")):
            await press(pilot, key)
            await eventually(pilot, lambda host=host: pilot.app.screen.host == host and host in shown(pilot, "#headline"))
        await press(pilot, "q")
        await eventually(pilot, lambda: pilot.app.screen is pilot.app.run_screen and pilot.app.screen.host == "web01")


async def test_its_log_holds_its_own_lines_and_goes_on():
    feed = running()
    async with an_app(feed).run_test(size=(120, 36)) as pilot:
        await open_host(pilot, "web02")
        await press(pilot, "right")
        feed.go_on("wave-3/web03/gate")
        await eventually(pilot, lambda: "health of web03" in pilot.app.screen.query_one(LogPanel).shown)
        assert {entry.where for entry in pilot.app.screen.query_one(LogPanel).book.held} == {"web03"}


async def test_skip_and_retry_say_so_to_the_run():
    feed = failed()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await open_host(pilot, "web02")
        await press(pilot, "t")
        await eventually(pilot, lambda: kinds(feed) == ["Retry"])
        await press(pilot, "x")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        await press(pilot, "enter")
        await eventually(pilot, lambda: kinds(feed) == ["Retry"])
        await press(pilot, "x", "x")
        await eventually(pilot, lambda: kinds(feed) == ["Retry", "Skip"])
        await eventually(pilot, lambda: "deploy skip web02" in shown(pilot, "#message"))


async def test_a_new_host_goes_back_alone_by_its_key_twice_and_not_by_enter():
    feed = running()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await open_host(pilot, "web02")
        await press(pilot, "left", "B", "enter")
        assert kinds(feed) == []
        await press(pilot, "B", "B")
        await eventually(pilot, lambda: [(type(one).__name__, one.host) for one in feed.said] == [("Skip", "web01")])
        feed.go_on("")
        await eventually(pilot, lambda: "skipped" in shown(pilot, "#headline"))
    assert {name: host.release == OLD for name, host in feed.run.state.hosts.items()} == {"web01": True, "web02": False, "web03": False}


async def test_a_host_in_the_middle_is_not_taken_back_and_it_is_said_why():
    feed = running()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await open_host(pilot, "web02")
        await press(pilot, "B", "B")
        await eventually(pilot, lambda: "x leaves it on its old one" in shown(pilot, "#message"))
        await press(pilot, "R", "R")
        assert kinds(feed) == []


async def test_r_rolls_every_host_back_from_here_too():
    feed = failed()
    async with an_app(feed).run_test(size=(80, 24)) as pilot:
        await open_host(pilot, "web02")
        await press(pilot, "r", "r")
        await eventually(pilot, lambda: kinds(feed) == ["RollBack"])


async def test_one_who_only_looks_on_changes_nothing_and_goes_nowhere():
    feed = failed()
    async with an_app(feed, client=ScriptedEnvironment(), read_only=True).run_test(size=(80, 24)) as pilot:
        await open_host(pilot, "web02")
        for key in ("x", "t", "B", "R", "s", "r"):
            await press(pilot, key)
            assert isinstance(pilot.app.screen, HostScreen)
        assert kinds(feed) == []
        assert pilot.app.shell.client.asked == [("releases", "web02")]
        await press(pilot, "s")
        await eventually(pilot, lambda: "this console is read-only" in shown(pilot, "#message"))


async def test_y_copies_what_was_run_in_the_chosen_step():
    async with an_app(running()).run_test(size=(120, 36)) as pilot:
        await open_host(pilot, "web02")
        await press(pilot, "y")
        await eventually(pilot, lambda: "has no command" in shown(pilot, "#message"))
        await press(pilot, "up", "y")
        await eventually(pilot, lambda: pilot.app.clipboard == "restart")


async def test_its_releases_are_read_and_read_again_when_it_changed():
    feed, client = running(), ScriptedEnvironment()
    async with an_app(feed, client=client).run_test(size=(120, 36)) as pilot:
        await open_host(pilot, "web02")
        await eventually(pilot, lambda: "v0.9.0" in shown(pilot, "#releases"))
        assert "▶ live" in shown(pilot, "#releases")
        assert "files differ" in shown(pilot, "#releases")
        feed.go_on("wave-3/web03/gate")
        await eventually(pilot, lambda: client.asked.count(("releases", "web02")) > 1)


async def at_host_of_home(pilot) -> None:
    await eventually(pilot, lambda: pilot.app.screen.rest.last.changed)
    await read(pilot)
    pilot.app.screen.query_one("#fleet").focus()
    await press(pilot, "down", "enter")
    await on_host(pilot, "web01")


def is_measured(pilot, client: ScriptedEnvironment) -> bool:
    """Look at the host once more: on a slow machine the numbers that came first are late by now, and not shown."""
    client.news.put_nowait(Sample("web01", 1.0, cpu=0.25, memory=0.5, load=1.0))
    return "25 %" in shown(pilot, "#metrics")


async def test_home_opens_a_host_with_its_releases_its_numbers_and_its_last_steps():
    client = a_client_after_a_release()
    async with at_home(client).run_test(size=(120, 36)) as pilot:
        await at_host_of_home(pilot)
        await eventually(pilot, lambda: "v0.9.0" in shown(pilot, "#releases") and is_measured(pilot, client))
        assert "health of web01" in shown(pilot, "#steps")
        await eventually(pilot, lambda: "health of web01" in pilot.app.screen.query_one(LogPanel).shown)
        drifted = changed(client.current.hosts[0], drift=SafeText("app.txt was changed by hand"))
        client.current = changed(client.current, hosts=(drifted, *client.current.hosts[1:]))
        await press(pilot, "escape")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        await press(pilot, "u")
        await eventually(pilot, lambda: drifted in pilot.app.screen.rest.board.hosts)
        await press(pilot, "enter")
        await eventually(pilot, lambda: "drift: app.txt was changed by hand" in shown(pilot, "#releases"))


@pytest.mark.parametrize(("key", "wanted"), [
    ("R", Request(kind="restart", hosts="web01", yes=True)),
    ("B", Request(kind="rollback", hosts="web01", at_once=True, yes=True)),
])  # fmt: skip
@pytest.mark.parametrize("opened", [False, True])
async def test_at_rest_one_host_is_restarted_or_taken_back_by_a_run_of_its_own(key, wanted, opened):
    client = a_client_after_a_release()
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await at_host_of_home(pilot)
        if not opened:
            await press(pilot, "escape")
        await press(pilot, key)
        await eventually(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        await press(pilot, "enter")
        assert wanted not in client.asked
        await press(pilot, key, key)
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert wanted in client.asked
        await eventually(pilot, lambda: f"same as: deploy {wanted.kind} production --hosts web01" in shown(pilot, "#message"))
        await press(pilot, "q")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def test_while_a_run_goes_on_home_begins_no_other():
    client = a_client_after_a_release(current=a_board(run="r9"))
    async with at_home(client).run_test(size=(80, 24)) as pilot:
        await at_host_of_home(pilot)
        await press(pilot, "R", "R", "B", "B")
        assert isinstance(pilot.app.screen, HostScreen)
        assert not any(isinstance(one, Request) for one in client.asked)


async def test_a_host_that_no_run_knows_shows_what_the_board_knows():
    async with at_home(ScriptedEnvironment()).run_test(size=(80, 24)) as pilot:
        await read(pilot)
        pilot.app.screen.query_one("#fleet").focus()
        await press(pilot, "down", "enter")
        await on_host(pilot, "web01")
        await eventually(pilot, lambda: "v0.9.0" in shown(pilot, "#releases"))
        assert pilot.app.screen.query_one("#releases").size.height > 0
        await press(pilot, "y", "t", "x")
        assert isinstance(pilot.app.screen, HostScreen)


async def test_a_shell_that_the_terminal_cannot_lend_itself_to_is_said():
    async with an_app(running(), client=ScriptedEnvironment()).run_test(size=(80, 24)) as pilot:
        await open_host(pilot, "web02")
        await press(pilot, "s")
        await eventually(pilot, lambda: "cannot be handed" in shown(pilot, "#message"))


async def test_what_a_restart_found_is_not_called_the_way_back():
    feed = ScriptedFeed()
    opened = feed.run.events[0]
    feed.run.events.clear()
    feed.run.state = type(feed.run.state)()
    feed.record(changed(opened, kind="restart"), ev.HostSeen(host="web01", release=OLD, version=SafeText("v7")), ev.RunEnded(exit=0, outcome="succeeded"))
    async with an_app(feed, client=ScriptedEnvironment()).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: pilot.app.run_screen and pilot.app.run_screen.state.phase == "ended")
        pilot.app.run_screen.choose("web01")
        await press(pilot, "B")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        await eventually(pilot, lambda: "its previous release" in shown(pilot, "#dialog-body"))
