"""The screens as a program: which one is seen, keys handed to whoever is on top, and the exit code at its end.

It prints nothing itself. Runs are elsewhere: whatever happens here, they go on.
"""

import asyncio
import signal
from collections.abc import Awaitable, Coroutine
from datetime import tzinfo
from typing import Any, NamedTuple

from textual import events
from textual.timer import Timer

from console.errors import ConsoleError, in_one_line
from console.model.commands import AnyCommand, Refusal, RollBack
from console.ports.clock import Clock
from console.ports.environment_client import EnvironmentClient, RunArchive
from console.ports.feed import Feed
from console.ports.journal import RunSummary
from console.tui import screen_loader
from console.tui.dialogs.dialog import is_dialog
from console.tui.dialogs.idle_guard import IdleGuard, IdleQuestion
from console.tui.feed_follower import FeedFollower
from console.tui.history.replay_feed import ReplayFeed
from console.tui.keyed_app import KeyedApp
from console.tui.page import Page
from console.tui.run.run_screen import RunScreen
from console.tui.situation import may_roll_back
from console.tui.terminal.stall import Stall
from console.views.run_summary import last_lines, lines_left_open
from console.views.styled_text import Tone

ANSWER_WITHIN = 10.0
"""Seconds that the engine has to answer a command."""
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
        self, feed: Feed | None, clock: Clock, *, station: EnvironmentClient | None = None, records: RunArchive | None = None,
        zone: tzinfo | None = None, theme: str = "",
        sixteen: bool = False, no_color: bool = False, ascii_only: bool = False, read_only: bool = False, drives: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(theme, sixteen=sixteen, no_color=no_color, ascii_only=ascii_only)
        self.clock, self.zone, self.station = clock, zone, station
        self._records = records
        self.read_only, self.drives = read_only, drives
        self._feed = feed
        self._idle = IdleGuard(clock.mono())
        self._stall = Stall(self)
        self._tasks: set[asyncio.Task[object]] = set()
        self._followed: dict[RunScreen, asyncio.Task[None]] = {}
        self._repaint: Timer | None = None

    def on_mount(self) -> None:
        """Begin with the run that is there, else at home."""
        if self._feed is not None:
            self.show_run(self._feed)
        elif self.station is not None:
            self.push_screen(screen_loader.home(self.station))
        self._listen_to_signals()
        self.set_interval(0.1, self.tick)
        self.set_timer(STANDS, screen_loader.load)
        if self.theme_problem:
            self.call_after_refresh(self.say, self.theme_problem, "warn")

    def show_run(self, feed: Feed, *, asks: bool = False) -> Page:
        """Put a run on the screen, in the place of one that was there. `asks`: its GO is asked for by itself. A replay is put over what is there."""
        if isinstance(feed, ReplayFeed):
            replay = screen_loader.replay(feed, self.clock)
            self.push_screen(replay)
            return replay
        if _place(self.page) == "prepare":
            while _place(self.screen) == "prepare" or is_dialog(self.screen):
                self.pop_screen()
        screen = RunScreen(FeedFollower(feed, self.clock), asks=asks)
        self._followed[screen] = asyncio.create_task(screen.follower.follow())
        while _place(self.screen) == "host":
            self.pop_screen()
        if isinstance(self.page, RunScreen):
            self._forget(self.page)
            self.switch_screen(screen)
        else:
            self.push_screen(screen)
        return screen

    def _forget(self, screen: RunScreen) -> None:
        task = self._followed.pop(screen, None)
        if task is not None:
            task.cancel()

    @property
    def page(self) -> Page | None:
        """The whole screen that is seen, under whatever dialog is open."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Page)), None)

    @property
    def run_screen(self) -> RunScreen | None:
        """The run that is seen, or lies under what is seen."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, RunScreen)), None)

    @property
    def has_home(self) -> bool:
        """Whether home is seen, or below what is."""
        return any(_place(screen) == "home" for screen in self.screen_stack)

    @property
    def rollback_page(self) -> Page | None:
        """The screen, seen or below, whose release can be rolled back."""
        pages = [screen for screen in reversed(self.screen_stack) if isinstance(screen, Page) and screen.place != "prepare"]
        return next((page for page in pages if may_roll_back(page.situation)), None)

    @property
    def records(self) -> RunArchive | None:
        """What is kept of runs, where there is anything to read it from."""
        return self._records or self.station

    def say(self, words: str, tone: Tone = "plain") -> None:
        """Put a sentence on the message line of what is seen."""
        if self.page is not None:
            self.page.say(words, tone)

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            try:
                loop.add_signal_handler(number, self.end_viewer)
            except (ValueError, RuntimeError, NotImplementedError):
                return

    def on_unmount(self) -> None:
        """Let go of everything."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        for task in (*self._followed.values(), *self._tasks):
            task.cancel()

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
        self._idle.touched(self.clock.mono())

    def press_anywhere(self, key: str) -> bool:
        """Open the rollback over whatever is open; False when the key means something else here."""
        if key != "ctrl+r" and (key != "r" or self.is_typing or not is_dialog(self.screen)):
            return False
        screen = self.screen
        choices = getattr(screen, "choices", ())
        if any(choice.key == key for choice in choices):
            return False
        below = self.rollback_page
        if _place(self.page) == "replay":
            self.say("this is a replay: q leaves it, then r rolls back", "warn")
        elif below is not None:
            below.ask_rollback()
        elif key == "ctrl+r":
            self.say("nothing is live that could go back", "warn")
        return True

    def keep(self, work: Coroutine[Any, Any, object]) -> None:
        """Run something beside the screen, and end it with the screen."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def submit(self, screen: RunScreen, command: AnyCommand) -> None:
        """Say something to a run; a refusal is put on the message line. A forgotten screen asks for the name first."""
        if not self._idle.holds_up(command):
            self.keep(self.said(screen, command))
            return

        def answered(name: str | None) -> None:
            if name:
                self._idle.woken()
                self.keep(self.said(screen, command))
            else:
                self.say("nothing was done")

        self.push_screen(IdleQuestion(screen.state.environment, self._idle.minutes), answered)

    async def said(self, screen: RunScreen, command: AnyCommand) -> bool:
        """Say something to a run; whether it was taken."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                answer = await screen.follower.feed.submit(command)
        except TimeoutError:
            self.say(f"the engine did not answer within {ANSWER_WITHIN:.0f} s; it may still do it", "bad")
            return False
        except (ConsoleError, OSError, EOFError) as fault:
            self.say(f"not said to the run: {fault}", "bad")
            return False
        if isinstance(answer, Refusal) and answer.ended and isinstance(command, RollBack) and self.station is not None:
            self.open_back(screen.state.run, command.how or "at-once")
            return True
        if isinstance(answer, Refusal):
            self.say(f"refused: {in_one_line(answer)}", "warn")
            return False
        return True

    def open_prepare(self) -> None:
        """Prepare a release."""
        if self.station is not None and _place(self.page) != "prepare":
            self.keep(self._open_prepare(self.station))

    async def _open_prepare(self, station: EnvironmentClient) -> None:
        try:
            await station.read_again()
        except ConsoleError as fault:
            self.say("; ".join(" ".join(str(problem).split()) for problem in fault.problems), "bad")
            return
        if _place(self.page) != "prepare":
            self.push_screen(screen_loader.prepare(station))

    def go_to(self, environment: str) -> None:
        """Be at home in another environment."""
        if self.station is None:
            return
        try:
            self.station = self.station.beside(environment)
        except ConsoleError as fault:
            self.say(in_one_line(fault), "bad")
            return
        self.switch_screen(screen_loader.home(self.station))

    def open_back(self, run: str, how: str) -> None:
        """Open the way back from a release that has ended."""
        if self.station is not None:
            self.open_run(self.station.open_back(run, how), "rolling back")

    def open_runs(self) -> None:
        """Show every run."""
        if self.station is not None:
            self.push_screen(screen_loader.runs(self.station))

    def open_record(self, run: RunSummary) -> None:
        """Show the record of a run that is over; join one that goes on."""
        if self.station is None:
            return
        if run.outcome is None:
            self.keep(self._join_or_read(self.station, run))
        else:
            self.push_screen(screen_loader.record(self.station, run))

    async def _join_or_read(self, station: EnvironmentClient, run: RunSummary) -> None:
        self.say("joining the run")
        try:
            feed = await station.attach(run.run)
        except ConsoleError as fault:
            await self.push_screen(screen_loader.record(station, run))
            self.say(in_one_line(fault), "warn")
            return
        self.show_run(feed)

    def open_run(self, opening: Awaitable[Feed], words: str, *, asks: bool = False, twin: str = "") -> None:
        """Open a run, and show it. `twin`: the command line that would have opened it."""
        self.say(words)
        self.keep(self._open(opening, asks, twin))

    async def _open(self, opening: Awaitable[Feed], asks: bool, twin: str) -> None:
        try:
            feed = await opening
        except ConsoleError as fault:
            self.say(in_one_line(fault), "bad")
            return
        if self.page is not None:
            self.page.unsay()
        screen = self.show_run(feed, asks=asks)
        if twin:
            screen.say_twin(twin)

    def leave(self) -> None:
        """Leave what is seen."""
        page = self.page
        if isinstance(page, RunScreen):
            page.leave()
        elif page is not None:
            self.go_back(page)

    def go_back(self, page: Page) -> None:
        """Take a screen away; the last one ends the program."""
        pages = [screen for screen in self.screen_stack if isinstance(screen, Page)]
        if len(pages) == 1 or page is not self.screen:
            self.end_viewer()
            return
        if isinstance(page, RunScreen):
            self._forget(page)
        self.pop_screen()

    def end_viewer(self) -> None:
        """End the screen and nothing else."""
        self._stall.let_go()
        run = next((screen for screen in self.screen_stack if isinstance(screen, RunScreen) and screen.place != "replay"), None)
        if run is None:
            left = next((screen.left_open for screen in reversed(self.screen_stack) if isinstance(screen, Page) and screen.left_open), "")
            self.exit(ViewerEnding(0, lines_left_open(left)))
        else:
            self.exit(ViewerEnding(0 if self.has_home else run.exit_code(), last_lines(run.follower.state, self.clock.mono())))

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


def _place(screen: object) -> str:
    """Return where the operator is; in a dialog, nowhere."""
    return screen.place if isinstance(screen, Page) else ""
