"""The Textual program: its first screen, its 10 Hz tick, the keys that work everywhere, its signals, and its exit code.

It prints nothing itself. Runs are elsewhere: whatever happens here, they go on.
"""

import asyncio
import signal
from datetime import tzinfo
from typing import NamedTuple

from textual import events
from textual.timer import Timer

from console.ports.clock import Clock
from console.ports.environment_client import EnvironmentClient, RunArchive
from console.ports.feed import Feed
from console.tui import screen_loader
from console.tui.dialogs.dialog import is_dialog
from console.tui.feed_follower import FeedFollower
from console.tui.keyed_app import KeyedApp
from console.tui.navigator import Navigator
from console.tui.page import Page
from console.tui.page_stack import place_of
from console.tui.run.run_screen import RunScreen
from console.tui.terminal.stall import Stall
from console.views.parting_lines import last_lines, lines_left_open
from console.views.styled_text import Tone

SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT)
"""Signals that end the viewer, and give the terminal back."""
STANDS = 0.5
"""Seconds after which the first screen stands."""


class ViewerEnding(NamedTuple):
    """How the screen ended: the exit code, and what is to stay on the normal screen."""

    exit: int
    lines: tuple[str, ...] = ()


class ConsoleApp(KeyedApp[ViewerEnding]):
    """One operator's screens: on one run, or on an environment at rest and the runs that are begun from there."""

    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = []  # noqa: RUF012 (Textual's)
    AUTO_FOCUS = None

    def __init__(
        self, feed: Feed | None, clock: Clock, *, client: EnvironmentClient | None = None, records: RunArchive | None = None,
        zone: tzinfo | None = None, theme: str = "",
        sixteen: bool = False, no_color: bool = False, ascii_only: bool = False, read_only: bool = False, drives: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(theme, sixteen=sixteen, no_color=no_color, ascii_only=ascii_only)
        self.shell = Navigator(
            self, clock, client=client, records=records, zone=zone, read_only=read_only, drives=drives, theme_names=self.theme_names,
            end=self.end_viewer,
        )  # fmt: skip
        self._feed = feed
        self._stall = Stall(self)
        self._repaint: Timer | None = None

    def on_mount(self) -> None:
        """Begin with the run that is there, else at home. Textual throws away what is painted while it starts: a run that is joined comes after that."""
        if self._feed is not None and self._feed.joined_at:
            follower = FeedFollower(self._feed, self.shell.clock)
            follower.begin()
            self.call_later(self.shell.join_run, follower)
        elif self._feed is not None:
            self.shell.show_run(self._feed)
        else:
            self.shell.go_home()
        self._listen_to_signals()
        self.set_interval(0.1, self.tick)
        self.set_timer(STANDS, screen_loader.load)
        if self.theme_problem:
            self.call_after_refresh(self.say, self.theme_problem, "warn")

    @property
    def page(self) -> Page | None:
        """The whole screen that is seen, under whatever dialog is open."""
        return self.shell.stack.page

    @property
    def run_screen(self) -> RunScreen | None:
        """The run that is seen, or lies under what is seen."""
        return self.shell.stack.run_screen

    def say(self, words: str, tone: Tone = "plain") -> None:
        """Put a sentence on the message line of what is seen."""
        self.shell.say(words, tone)

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            try:
                loop.add_signal_handler(number, self.end_viewer)
            except (ValueError, RuntimeError, NotImplementedError):
                return

    def on_unmount(self) -> None:
        """Give the signals back, and end what the shell began: no link to an engine outlives the screen."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        self.shell.stop()

    def tick(self) -> None:
        """Let every screen take what came, at most ten times a second."""
        self._stall.check()
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                screen.tick()

    def on_resize(self, _: events.Resize) -> None:
        """Paint everything once more when the sizes are at rest: a terminal that shrank and grew has lost what stood on it."""
        if self._repaint is not None:
            self._repaint.stop()
        self._repaint = self.set_timer(0.2, self.paint_again) if self.screen_stack else None

    def paint_again(self) -> None:
        """Paint the whole screen, as if nothing stood there."""
        if self.screen_stack:
            self.screen.refresh()

    def touched(self) -> None:
        """A key came: the screen is not forgotten."""
        self.shell.touched()

    def press_anywhere(self, key: str) -> bool:
        """Open the rollback over whatever is open; False when the key means something else here."""
        if key != "ctrl+r" and (key != "r" or self.is_typing or not is_dialog(self.screen)):
            return False
        choices = getattr(self.screen, "choices", ())
        if any(choice.key == key for choice in choices):
            return False
        target = self.shell.rollback_target
        if place_of(self.page) == "replay":
            self.say("this is a replay: q leaves it, then r rolls back", "warn")
        elif target is not None:
            target.ask_rollback()
        elif key == "ctrl+r":
            self.say("no release is known here that could be rolled back", "warn")
        return True

    def end_viewer(self) -> None:
        """End the screen and nothing else."""
        self._stall.let_go()
        run = next((screen for screen in self.screen_stack if isinstance(screen, RunScreen) and screen.place != "replay"), None)
        if run is None:
            left = next((page.left_open for page in self.shell.stack.pages if page.left_open), "")
            self.exit(ViewerEnding(0, lines_left_open(left)))
        else:
            code = 0 if self.shell.has_home else run.way_out.exit_code()
            self.exit(ViewerEnding(code, last_lines(run.follower.state, self.shell.clock.mono())))

    def terminal_lost(self) -> None:
        """The terminal is gone: nobody looks any more."""
        self.end_viewer()

    def _handle_exception(self, error: Exception) -> None:
        """End without the variables of the stack: they may hold what must not be shown."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
