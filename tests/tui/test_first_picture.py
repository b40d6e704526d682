"""The first picture of a screen: what is loaded and parsed for it, and that a run which is joined is laid out once, as it is."""

import subprocess
import sys
from collections import Counter

import pytest
from textual.css import stylesheet

from console.model import events as ev
from console.tui import navigator
from console.tui.app import ConsoleApp
from console.tui.run.run_screen import RunScreen
from tests.core.simulation import ADA
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import eventually

LATER = (
    "textual.widgets._text_area", "console.tui.shared_actions", "console.tui.dialogs.question", "console.tui.dialogs.palette", "console.tui.host.host_screen",
    "console.tui.home", "console.tui.prepare", "console.config.load", "sqlalchemy", "asyncssh", "re2",
)  # fmt: skip
LOADED = f"""
import pkgutil, sys
import console.cli.run_commands, console.cli.follow, console.tui.open_screen, console.tui.app
print(*(name for name in {LATER!r} if name in sys.modules))
from console.tui import screen_loader
screen_loader.load()
print(*(one.name for one in pkgutil.walk_packages(console.tui.__path__, "console.tui.") if one.name not in sys.modules))
"""


def test_what_a_key_leads_to_is_loaded_after_the_first_picture_and_then_all_of_it():
    ran = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=300)
    assert ran.stdout.splitlines() == ["", ""]


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """The last event that each run screen knew when it was laid out, and whether it was arranged for a run that changes hosts."""
    seen = []
    compose = RunScreen.compose

    def composed(self: RunScreen):
        yield from compose(self)
        seen.append((self.state.seq, self.has_class("during")))

    monkeypatch.setattr(RunScreen, "compose", composed)
    return seen


def under_way() -> ScriptedFeed:
    feed = ScriptedFeed()
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.go_on("wave-1/web01/restart")
    return feed


async def test_a_run_that_is_joined_is_laid_out_as_it_is(laid_out: list[tuple[int, bool]], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(navigator, "SOON", 60.0)
    feed = under_way()
    feed.joined_at = feed.run.state.seq
    async with an_app(feed).run_test(size=(200, 50)) as pilot:
        assert isinstance(pilot.app, ConsoleApp)
        await eventually(pilot, lambda: pilot.app.run_screen is not None and "web03" in pilot.app.run_screen.panels.fleet.shown)
        assert pilot.app.run_screen is not None
        assert "web03" in pilot.app.run_screen.panels.fleet.shown
    assert laid_out == [(feed.joined_at, True)]


async def test_one_whose_record_is_long_in_coming_is_not_waited_for(laid_out: list[tuple[int, bool]], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(navigator, "SOON", 0.01)
    feed = under_way()
    feed.joined_at = feed.run.state.seq + 1
    async with an_app(feed).run_test(size=(200, 50)) as pilot:
        assert isinstance(pilot.app, ConsoleApp)
        await eventually(pilot, lambda: pilot.app.run_screen is not None)
    assert len(laid_out) == 1


async def test_the_style_sheet_is_parsed_once_for_a_theme(monkeypatch: pytest.MonkeyPatch):
    parsed: Counter[object] = Counter()
    parse = stylesheet.parse

    def counted(scope, css, read_from, **more):
        parsed[read_from, more["tie_breaker"]] += 1
        return parse(scope, css, read_from, **more)

    monkeypatch.setattr(stylesheet, "parse", counted)
    async with an_app(ScriptedFeed()).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert set(parsed.values()) == {1}
        pilot.app.theme = "light"
        await pilot.pause()
        assert max(parsed.values()) == 2
