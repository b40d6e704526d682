"""The screen as a program: follows a feed at its own pace, hands keys to whoever is on top, and ends with an exit code.

It prints nothing itself. The run is elsewhere: whatever happens here, it goes on.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from textual import events
from textual.app import App
from textual.filter import LineFilter
from textual.theme import Theme

from console.errors import ConsoleError, Exit
from console.model.commands import AnyCommand, Decide, Refusal
from console.ports import Clock, Feed
from console.tui import keys
from console.tui.burst import WITHIN, Burst
from console.tui.follower import Follower
from console.tui.screens.dialog import TypingDialog
from console.tui.screens.run import RunScreen, is_dialog
from console.tui.terminal import SecondWall, Stall
from console.tui.themes import FOR_SIXTEEN, read_themes, variables_of
from console.tui.widgets.lines import Toned
from console.views.headline import last_lines

NextRun = Callable[[], Awaitable[Feed | None]]
BackRun = Callable[[str, str], Awaitable[Feed]]
"""(run, `at-once` or `halves`): the way back from a release that has ended, as a run of its own."""
ANSWER_WITHIN = 10.0
"""Seconds that the engine has to answer a command."""


class Ending(NamedTuple):
    """How the screen ended: the exit code, and what is to stay on the normal screen."""

    exit: int
    lines: tuple[str, ...] = ()


class ConsoleApp(App[Ending]):
    """One operator's screen on one run."""

    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = []  # noqa: RUF012 (Textual's)
    AUTO_FOCUS = None

    def __init__(
        self, feed: Feed, clock: Clock, *, zone: tzinfo | None = None, theme: str = "", sixteen: bool = False, no_color: bool = False,
        ascii_only: bool = False, read_only: bool = False, drives: bool = True, on_next: NextRun | None = None,
        on_back: BackRun | None = None,
    ) -> None:  # fmt: skip
        self._problems: tuple[str, ...] = ()
        super().__init__(ansi_color=True if no_color else None)
        self.animation_level = "none"
        self.clock, self.zone = clock, zone
        self.read_only, self.drives, self.on_next, self.on_back = read_only, drives, on_next, on_back
        self.follower = Follower(feed, clock)
        self.run_screen = RunScreen()
        self._wanted_theme = theme or (FOR_SIXTEEN if sixteen or no_color else "dark")
        self._burst: Burst[events.Key] = Burst()
        self._stall = Stall(self)
        self._tasks: set[asyncio.Task[object]] = set()
        self._following: asyncio.Task[None] | None = None
        self._leaving = False
        self._told_end = False
        Toned.ascii_only = ascii_only
        self._take_themes()

    def _take_themes(self) -> None:
        themes, self._problems = read_themes()
        for theme in themes.values():
            self.register_theme(theme)
        if self._wanted_theme not in themes:
            self._problems = (*self._problems, f"no theme {self._wanted_theme}; there are: {', '.join(sorted(themes))}")
            self._wanted_theme = "dark"
        self.theme = self._wanted_theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give a theme that is not ours our tones."""
        theme: Theme = self.current_theme
        text, back = theme.foreground or "#e0e0e0", theme.background or "#121212"
        names = {"background": back, "surface": theme.surface or back, "text": text, "dim": text, "border": text, "accent": theme.primary}
        states = {"good": theme.success, "busy": theme.secondary, "warn": theme.warning, "bad": theme.error, "unknown": theme.accent}
        more = {"back": theme.warning, "owed": theme.warning, "frame": theme.error}
        return variables_of(names | {name: color or text for name, color in (states | more).items()})

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Put a second wall before the terminal."""
        return [*super().get_line_filters(), SecondWall()]

    def on_mount(self) -> None:
        """Begin to follow."""
        self.push_screen(self.run_screen)
        self._listen_to_signals()
        self._follow()
        self.set_interval(0.1, self.tick)
        if self._problems:
            self.call_after_refresh(self.run_screen.say, self._problems[0], "warn")

    def _follow(self) -> None:
        self._following = asyncio.create_task(self.follower.follow())

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self.end_viewer)
            except (ValueError, RuntimeError, NotImplementedError):
                return

    def on_unmount(self) -> None:
        """Let go of everything."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.remove_signal_handler(number)
        for task in (self._following, *self._tasks):
            if task is not None:
                task.cancel()

    def tick(self) -> None:
        """Take what came, at most ten times a second; nothing is painted when nothing came."""
        self._stall.check()
        follower, screen = self.follower, self.run_screen
        if not screen.is_mounted or not screen.query("#log"):
            return
        if follower.changed:
            follower.changed = False
            screen.take_lines(follower.take_lines())
            screen.state = follower.state
            if follower.finished and not self._told_end:
                self._tell_end()
        if screen.state.phase != "ended":
            screen.second = int(self.clock.mono())

    def _tell_end(self) -> None:
        self._told_end = True
        if self.follower.problem:
            self.run_screen.say(self.follower.problem, "bad")
        elif self.follower.state.phase != "ended":
            self.run_screen.say("the engine says nothing more; deploy attach asks again", "bad")

    async def on_event(self, event: events.Event) -> None:
        """Hold keys until it is clear that a person pressed them; all else goes its way."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._is_typing():
            await self._press(event)
        elif self._burst.take(event, event.time):
            self.set_timer(WITHIN, self._settle)

    def _is_typing(self) -> bool:
        return isinstance(self.screen, TypingDialog)

    async def _settle(self) -> None:
        for event in self._burst.settle():
            await self._press(event)
        if self._burst.dropped:
            self.run_screen.say("keys came faster than a person presses them: nothing was done", "warn")

    async def _press(self, event: events.Key) -> None:
        screen = self.screen
        anywhere = event.key == "ctrl+r" or (event.key == "r" and is_dialog(screen) and not self._is_typing())
        if anywhere and self._press_rollback(event.key):
            return
        if isinstance(screen, TypingDialog) and event.key == "enter":
            screen.typed_enter(event.time)
            return
        press = getattr(screen, "press", None)
        if press is None or not press(event.key):
            await super().on_event(event)

    def _press_rollback(self, key: str) -> bool:
        """Open the rollback over whatever is open; False when the key means something else here."""
        screen = self.screen
        choices = getattr(screen, "choices", ())
        if any(choice.key == key for choice in choices):
            return False
        if keys.may_roll_back(self.run_screen.situation):
            self.run_screen.ask_rollback()
        elif key == "ctrl+r":
            self.run_screen.say("nothing is live that could go back", "warn")
        return True

    def keep(self, work: Coroutine[Any, Any, object]) -> None:
        """Run something beside the screen, and end it with the screen."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def submit(self, command: AnyCommand) -> None:
        """Say something to the run; a refusal is put on the message line."""
        self.keep(self._submit(command))

    async def _submit(self, command: AnyCommand) -> bool:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                answer = await self.follower.feed.submit(command)
        except TimeoutError:
            self.run_screen.say(f"the engine did not answer within {ANSWER_WITHIN:.0f} s; it may still do it", "bad")
            return False
        except (ConsoleError, OSError, EOFError) as fault:
            self.run_screen.say(f"not said to the run: {fault}", "bad")
            return False
        if isinstance(answer, Refusal):
            self.run_screen.say(f"refused: {answer.message}" + (f"; {answer.hint}" if answer.hint else ""), "warn")
            return False
        return True

    def open_next(self) -> None:
        """Open the next run, where the caller has one."""
        if self.on_next is not None:
            self.keep(self._open(self.on_next(), "opening the next version"))

    def open_back(self, how: str) -> None:
        """Open the way back from the release that has ended."""
        if self.on_back is not None:
            self.keep(self._open(self.on_back(self.follower.state.run, how), "rolling back"))

    async def _open(self, opening: Awaitable[Feed | None], words: str) -> None:
        self.run_screen.say(words)
        try:
            feed = await opening
        except ConsoleError as fault:
            self.run_screen.say(fault.message + (f"; {fault.hint}" if fault.hint else ""), "bad")
            return
        if feed is None:
            self.run_screen.say("there is no next version", "warn")
            return
        if self._following:
            self._following.cancel()
        self.follower, self._told_end = Follower(feed, self.clock), False
        self.run_screen.start_over()
        self._follow()

    def leave(self) -> None:
        """Leave: with the run's code when it has ended, as a no-go before GO, else detached."""
        state = self.follower.state
        decides = self.drives and not self.read_only and state.phase in ("preflight", "deciding") and not self.follower.finished
        if decides and state.run and not self._leaving:
            self._leaving = True
            self.run_screen.say("leaving: no-go")
            self.keep(self._leave_undecided())
        else:
            self.end_viewer()

    async def _leave_undecided(self) -> None:
        plan = self.follower.state.plan
        if await self._submit(Decide(go=False, digest=plan.digest if plan else "")):
            for _ in range(30):
                if self.follower.finished:
                    break
                await asyncio.sleep(0.1)
        self.end_viewer()

    def end_viewer(self) -> None:
        """End the screen and nothing else."""
        self._stall.let_go()
        self.exit(Ending(self.exit_code(), last_lines(self.follower.state, self.clock.mono())))

    def exit_code(self) -> int:
        """Return the code that leaving now has."""
        state = self.follower.state
        if state.phase == "ended" and state.exit is not None:
            return state.exit
        undecided = self.drives and state.phase in ("preflight", "deciding")
        blocked = any(check.blocks for check in state.checks) or self._leaving
        return int((Exit.NO_GO if blocked else Exit.INTERRUPTED) if undecided else Exit.DETACHED)

    def _handle_exception(self, error: Exception) -> None:
        """End without the variables of the stack: they may hold what must not be shown."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
