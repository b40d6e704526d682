"""Moves between screens and opens runs. It is the `Shell` that every screen is given.

It decides nothing about runs, and paints nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import tzinfo
from typing import Any

from textual.app import App
from textual.screen import Screen

from console.errors import ConsoleError, in_one_line
from console.model.run_summary import RunSummary
from console.ports.clock import Clock
from console.ports.environment_client import EnvironmentClient, RunArchive
from console.ports.feed import Feed
from console.tui import screen_loader
from console.tui.begun import begun
from console.tui.command_sender import CommandSender
from console.tui.feed_follower import FeedFollower
from console.tui.history.replay_feed import ReplayFeed
from console.tui.page import Page
from console.tui.page_stack import PageStack, place_of
from console.tui.run.run_screen import RunScreen
from console.tui.terminal.other_program import run_other_program

SOON = 0.25
"""Seconds in which what has happened in a run is waited for, so that its screen is laid out and painted once."""


class Navigator:
    """The program as its screens know it. `end`: ends the program; `theme_names`: themes that can be worn."""

    def __init__(
        self, app: App[Any], clock: Clock, *, client: EnvironmentClient | None, records: RunArchive | None, zone: tzinfo | None, read_only: bool, drives: bool,
        theme_names: tuple[str, ...], end: Callable[[], None],
    ) -> None:  # fmt: skip
        self.clock, self.zone, self.client = clock, zone, client
        self.read_only, self.drives, self.theme_names = read_only, drives, theme_names
        self._app, self._records, self._end = app, records, end
        self.reading: set[str] = set()
        self._tasks: set[asyncio.Task[object]] = set()
        self.stack = PageStack(app)
        self.say, self.push, self.copy = self.stack.say, self.stack.push, app.copy_to_clipboard
        sender = CommandSender(clock, self.say, self.push, self.keep, self._open_back)
        self.touched, self.submit, self.deliver, self.when_awake = sender.touched, sender.submit, sender.deliver, sender.when_awake

    @property
    def records(self) -> RunArchive | None:
        """What is kept of runs, where there is anything to read it from."""
        return self._records or self.client

    @property
    def has_home(self) -> bool:
        """Whether home is seen, or lies below what is."""
        return self.stack.has_home

    @property
    def rollback_target(self) -> Page | None:
        """The screen, seen or below, whose release can be rolled back."""
        return self.stack.rollback_target

    @property
    def is_busy(self) -> bool:
        """Whether anything that was begun beside the screens has not ended."""
        return bool(self._tasks)

    def keep(self, work: Coroutine[Any, Any, object]) -> None:
        """Run something beside the screens, and end it with them."""
        task = begun(work, self.say, lambda: self._tasks.discard(task))
        self._tasks.add(task)

    def stop(self) -> None:
        """End what runs beside the screens."""
        for task in self._tasks:
            task.cancel()

    async def lend_terminal(self, argv: tuple[str, ...], words: str) -> int | str:
        """Lay the screens aside for another program; its exit code, or why it was not run."""
        return await run_other_program(self._app, argv, words)

    def leave(self) -> None:
        """Leave the page that is seen, as its own key does."""
        if self.stack.page is not None:
            self.stack.page.leave()

    def go_back(self, page: Screen[None]) -> None:
        """Take a screen away; the last one ends the program."""
        if not self.stack.take_away(page):
            self._end()

    def go_home(self) -> None:
        """Put the environment at rest above what is seen; without an engine, do nothing."""
        if self.client is not None:
            self.push(screen_loader.home(self, self.client))

    def go_to(self, environment: str) -> None:
        """Be at home in another environment."""
        if self.client is None:
            return
        try:
            self.client = self.client.beside(environment)
        except ConsoleError as fault:
            self.say(in_one_line(fault), "bad")
            return
        self.stack.switch(screen_loader.home(self, self.client))

    def show_run(self, feed: Feed) -> None:
        """Show a run, or a replay of one."""
        self._put_run(feed)

    async def join_run(self, follower: FeedFollower) -> None:
        """Show a run that is followed, as it is; one of which that is not soon known is shown before, and filled as it comes."""
        await follower.joined(SOON)
        self.stack.show_run(RunScreen(self, follower))

    def _put_run(self, feed: Feed, *, asks: str = "") -> Page:
        """Put a run on the screen, in the place of one that was there; a replay is put over what is there. `asks`: what is asked about there by itself."""
        if isinstance(feed, ReplayFeed):
            replay = screen_loader.replay(self, feed)
            self.push(replay)
            return replay
        screen = RunScreen(self, FeedFollower(feed, self.clock), asks=asks)
        self.stack.show_run(screen)
        return screen

    def open_run(self, opening: Awaitable[Feed], words: str, *, asks: str = "", equivalent: str = "") -> None:
        """Open a run, and show it. `equivalent`: the command line that would have opened it."""
        self.say(words)
        self.keep(self._open(opening, asks, equivalent))

    async def _open(self, opening: Awaitable[Feed], asks: str, equivalent: str) -> None:
        try:
            feed = await opening
        except ConsoleError as fault:
            self.say(in_one_line(fault), "bad")
            return
        self.say("")
        screen = self._put_run(feed, asks=asks)
        if equivalent:
            screen.say_equivalent(equivalent)

    def open_back(self, run: str, how: str, reason: str = "") -> None:
        """Open the way back from a release that has ended."""
        self._open_back(run, how, reason)

    def _open_back(self, run: str, how: str, reason: str) -> bool:
        if self.client is None:
            return False
        self.open_run(self.client.open_back(run, how, reason), "rolling back")
        return True

    def open_runs(self) -> None:
        """Put the list of every run above what is seen."""
        if self.client is not None:
            self.push(screen_loader.runs(self, self.client))

    def open_record(self, run: RunSummary) -> None:
        """Show the record of a run that is over; join one that goes on."""
        if self.client is None:
            return
        if run.outcome is None:
            self.keep(self._join_or_read(self.client, run))
        else:
            self.push(screen_loader.record(self, self.client, run))

    async def _join_or_read(self, client: EnvironmentClient, run: RunSummary) -> None:
        self.say("joining the run")
        try:
            feed = await client.attach(run.run)
        except ConsoleError as fault:
            self.push(screen_loader.record(self, client, run))
            self.say(in_one_line(fault), "warn")
            return
        self.show_run(feed)

    def open_prepare(self) -> None:
        """Put the page that prepares a release above what is seen, unless it is that."""
        if self.client is not None and place_of(self.stack.page) != "prepare":
            self.keep(self._open_prepare(self.client))

    async def _open_prepare(self, client: EnvironmentClient) -> None:
        try:
            await client.read_again()
        except ConsoleError as fault:
            self.say("; ".join(" ".join(str(problem).split()) for problem in fault.problems), "bad")
            return
        if place_of(self.stack.page) != "prepare":
            self.push(screen_loader.prepare(self, client))
