"""Choosing a theme: worn while the choice stands on it, kept by enter, put back by esc."""

from console.tui.run.run_screen import RunScreen
from console.tui.widgets.line_view import LineView
from tests.tui.scripted import an_app
from tests.tui.test_keys import press, running, settled


def worn(app):
    """What the run's headline is painted in, whatever lies above it."""
    run = next(screen for screen in app.screen_stack if isinstance(screen, RunScreen))
    style = run.query_one("#headline", LineView).tone_style("plain")
    return style.color, style.bgcolor


async def test_the_screen_wears_what_the_choice_stands_on():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app = pilot.app
        assert app.theme == "dark"
        dark = worn(app)
        await press(pilot, "colon", *"choose a theme", "enter")
        await press(pilot, "down", "down", "down")
        assert app.theme == app.theme_names[app.theme_names.index("dark") + 3]
        assert worn(app) != dark
        await press(pilot, "escape")
        assert (app.theme, worn(app)) == ("dark", dark)


async def test_enter_keeps_it_and_says_how_to_open_with_it():
    async with an_app(running()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app = pilot.app
        dark = worn(app)
        await press(pilot, "T", "end", "enter")
        assert app.theme == app.theme_names[-1]
        assert worn(app) != dark
        assert f"deploy --theme {app.theme}" in str(app.page.query_one("#message", LineView).shown)
        await press(pilot, "T", "escape")
        assert app.theme == app.theme_names[-1]
