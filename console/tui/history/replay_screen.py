"""A run replayed: the run's own screen over a tape, with the run's own clock. Every key that would act says that it is a replay."""

import asyncio
from collections.abc import Callable

from console.model.state import RunState
from console.ports.clock import Clock
from console.tui.dialogs.dialog import TextDialog
from console.tui.feed_follower import FeedFollower
from console.tui.history.replay_feed import ReplayFeed
from console.tui.run.run_screen import RunScreen
from console.tui.situation import Situation
from console.tui.widgets.fleet_panel import FleetPanel
from console.tui.widgets.log_panel import LogPanel
from console.views.headline import top_line
from console.views.host_details import fault_lines, step_rows
from console.views.plain_lines import waited_for
from console.views.recording import SPEEDS
from console.views.replay_position import replay_line
from console.views.styled_text import Line, Span, line

FAR = 60.0
"""Seconds of a run that are not played through when somebody winds on."""


class ReplayScreen(RunScreen):
    """One run, played."""

    place = "replay"

    def __init__(self, feed: ReplayFeed, clock: Clock) -> None:
        self.tape_feed = feed
        super().__init__(self._anew(clock))
        self.playing = False
        self.speed = feed.speed or SPEEDS[-1]
        self._played = 0.0
        """Seconds of the run that have passed."""
        self._wall = 0.0
        self._following: asyncio.Task[None] | None = None

    def on_mount(self) -> None:
        """Begin at the beginning, and play."""
        self._follow()
        self.play()

    def on_unmount(self) -> None:
        """Let go of the tape."""
        if self._following is not None:
            self._following.cancel()

    def _anew(self, clock: Clock) -> FeedFollower:
        """Follow from the beginning, with numbers in the run's own time."""
        return FeedFollower(self.tape_feed, clock, came_at=lambda sample: self.tape_feed.tape.mono_at(sample.at))

    def _follow(self) -> None:
        if self._following is not None:
            self._following.cancel()
        self._following = asyncio.create_task(self.follower.follow())

    @property
    def now(self) -> float:
        """The time in the run, on the clock that its events were measured by."""
        tape, place = self.tape_feed.tape, self.tape_feed.place
        return self.state.mono + max(0.0, self._played - tape.time_at(place)) if place < len(tape) else self.state.mono

    def mono_at(self, wall: float) -> float:
        """The time in the run of that moment."""
        return self.tape_feed.tape.mono_at(wall)

    def tick(self) -> None:
        """Let the tape go on, and show what came."""
        wall = self.app.clock.mono()
        passed, self._wall = max(0.0, wall - self._wall), wall
        feed = self.tape_feed
        if self.playing and self.is_current:
            self._played = min(feed.tape.seconds, self._played + passed * self.speed)
            reached = feed.tape.place_at(self._played)
            feed.go_to(reached, self._played)
            if feed.place >= len(feed.tape):
                self.playing = False
        super().tick()

    def react(self) -> None:
        """Do nothing by itself: a replay asks nothing and ends nothing."""

    def go_to(self, place: int) -> None:
        """Stand where so many events have happened."""
        feed = self.tape_feed
        jumps = place < feed.place or feed.tape.time_at(place) - self._played > FAR
        feed.go_to(place)
        self._played = feed.tape.time_at(feed.place)
        if jumps:
            self.follower = self._anew(self.app.clock)
            self.state = RunState()
            self.query_one(LogPanel).clear()
            self._follow()
        self.unsay()
        self.show_slices()

    def watch_state(self) -> None:
        """Show a new state; the arrows are the fleet's as soon as there is one to see."""
        super().watch_state()
        if self.is_mounted and self.focused is None and self.has_class("during"):
            self.query_one(FleetPanel).focus()

    # -- showing ------------------------------------------------------------------------------------------------------------------

    def head_lines(self, state: RunState, now: float, width: int) -> tuple[Line, Line]:
        """The run's headline, and where the tape stands."""
        feed = self.tape_feed
        top = top_line(state, now, width) if state.run else line(Span(" before the beginning of the run", "dim"))
        return top, replay_line(feed.tape, feed.place, self._played, self.speed, width, self.app.zone, playing=self.playing)

    def rest_line(self) -> Line:
        """Say what the run waited for then."""
        if not self.state.run:
            return line(" ")
        return line(Span(" waited for: ", "dim"), waited_for(self.state, self.now))

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""
        return Situation(self.state, self.host, self.zoomed, read_only=True, place="replay")

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        feed = self.tape_feed
        return super().handlers() | {
            "host": self.open_host, "play": self.turn_play, "faster": lambda: self.turn_speed(1), "slower": lambda: self.turn_speed(-1),
            "step": lambda: self.step_to(feed.place + 1), "step-back": lambda: self.step_to(feed.place - 1),
            "chapter": lambda: self.go_to(feed.tape.next_chapter(feed.place)), "chapter-back": lambda: self.go_to(feed.tape.chapter_before(feed.place)),
            "first": lambda: self.step_to(0), "last": lambda: self.step_to(len(feed.tape)),
        }  # fmt: skip

    def open_host(self) -> None:
        """Show the chosen host's steps as they were then."""
        state, host, now = self.state, self.host, self.now

        def rows(width: int) -> tuple[Line, ...]:
            fault = fault_lines(state, host, width)
            return (*step_rows(state, host, now, width), *([line(" "), *fault] if fault else []))

        self.app.push_screen(TextDialog(host, rows))

    # -- winding ------------------------------------------------------------------------------------------------------------------

    def play(self) -> None:
        """Let the tape go on, from the beginning where it stands at its end."""
        if self.tape_feed.place >= len(self.tape_feed.tape):
            self.go_to(0)
        self.playing, self._wall = True, self.app.clock.mono()

    def turn_play(self) -> None:
        """Play, or stand still."""
        if self.playing:
            self.playing = False
        else:
            self.play()
        self.unsay()
        self.show_slices()

    def step_to(self, place: int) -> None:
        """Stand still at that place."""
        self.playing = False
        self.go_to(max(0, min(place, len(self.tape_feed.tape))))

    def turn_speed(self, way: int) -> None:
        """Play faster (1) or slower (-1)."""
        wanted = [speed for speed in SPEEDS if (speed > self.speed if way > 0 else speed < self.speed)]
        if wanted:
            self.speed = wanted[0] if way > 0 else wanted[-1]
        self.unsay()
        self.show_slices()

    def leave(self) -> None:
        """Leave; nothing goes on without it."""
        self.app.go_back(self)

    def exit_code(self) -> int:
        """Return 0: it was shown."""
        return 0
