"""Loads each screen when it is first opened, and what its keys lead to when the first is pressed, so that the first picture is painted sooner.

A program that is replaced while it runs must not load half of the new one: `load` fetches the rest once the first screen stands.
"""

from console.model.run_summary import RunSummary
from console.ports.environment_client import EnvironmentClient
from console.tui.history.replay_feed import ReplayFeed
from console.tui.page import Page
from console.tui.screen_shell import Shell


def home(shell: Shell, client: EnvironmentClient) -> Page:
    """An environment at rest."""
    from console.tui.home.home_screen import HomeScreen

    return HomeScreen(shell, client)


def prepare(shell: Shell, client: EnvironmentClient) -> Page:
    """Return the page that prepares a release."""
    from console.tui.prepare.prepare_screen import PrepareScreen

    return PrepareScreen(shell, client)


def runs(shell: Shell, client: EnvironmentClient) -> Page:
    """Return the page with every run."""
    from console.tui.history.runs_screen import RunsScreen

    return RunsScreen(shell, client)


def record(shell: Shell, client: EnvironmentClient, run: RunSummary) -> Page:
    """Return the page with the record of a run that is over."""
    from console.tui.history.record_screen import RecordScreen

    return RecordScreen(shell, client, run)


def replay(shell: Shell, feed: ReplayFeed) -> Page:
    """A run that is played again."""
    from console.tui.history.replay_screen import ReplayScreen

    return ReplayScreen(shell, feed)


def load() -> None:
    """Load the modules of every page, and what a key on one leads to, so that the first key that opens one need not wait for it."""
    from console.tui import log_actions, shared_actions, steering_actions  # noqa: F401 (loaded is all they are to be)
    from console.tui.dialogs import question, restore_dialog, run_questions  # noqa: F401
    from console.tui.history import record_screen, replay_screen, runs_screen  # noqa: F401
    from console.tui.home import home_screen  # noqa: F401
    from console.tui.host import host_screen  # noqa: F401
    from console.tui.prepare import prepare_screen  # noqa: F401
    from console.views import linear_regex  # noqa: F401
