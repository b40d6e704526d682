"""The screen of a replay: the run's screen on a recording, with the recording's clock. Keys that would act on a run say that it is a replay."""

from collections.abc import Callable

from console.model.state import RunState
from console.tui.dialogs.dialog import TextDialog
from console.tui.feed_follower import FeedFollower
from console.tui.history.playback import Playback
from console.tui.history.replay_feed import ReplayFeed
from console.tui.key_refusals import Situation
from console.tui.run.run_screen import RunScreen
from console.tui.screen_shell import Shell
from console.views.headline import top_line
from console.views.host_details import fault_lines, step_rows
from console.views.plain_lines import waited_for
from console.views.replay_position import replay_line
from console.views.styled_text import Line, Span, line


class ReplayScreen(RunScreen):
    """A run that is over, played again: the run's page, which steers the time and not the run."""

    place = "replay"

    def __init__(self, shell: Shell, feed: ReplayFeed) -> None:
        self.replay_feed = feed
        self.playback = Playback(feed, shell.clock, lambda: self.state.mono)
        super().__init__(shell, self._anew(shell), time=self.playback)

    def on_mount(self) -> None:
        """Play from the beginning."""
        self.play()

    def _anew(self, shell: Shell) -> FeedFollower:
        """Follow from the beginning, with numbers in the run's own time."""
        return FeedFollower(self.replay_feed, shell.clock, came_at=lambda sample: self.replay_feed.recording.mono_at(sample.at))

    def tick(self) -> None:
        """Let the recording go on, and show what came."""
        self.playback.go_on(seen=self.is_current)
        super().tick()

    def react(self) -> None:
        """Do nothing by itself: a replay asks nothing and ends nothing."""

    def watch_state(self) -> None:
        """Show a new state; the arrows are the fleet's as soon as there is one to see."""
        super().watch_state()
        if self.is_mounted and self.focused is None and self.has_class("during"):
            self.panels.fleet.focus()

    # -- showing ------------------------------------------------------------------------------------------------------------------

    def head_lines(self, state: RunState, now: float, width: int) -> tuple[Line, Line]:
        """The run's headline, and where the recording stands."""
        feed, playback = self.replay_feed, self.playback
        top = top_line(state, now, width) if state.run else line(Span(" before the beginning of the run", "dim"))
        return top, replay_line(feed.recording, feed.place, playback.played, playback.speed, width, self.shell.zone, playing=playback.playing)

    def link_problem(self, now: float) -> str:
        """Nothing: what is replayed comes from the record."""
        return ""

    def rest_line(self) -> Line:
        """Say what the run waited for then."""
        if not self.state.run:
            return line(" ")
        return line(Span(" waited for: ", "dim"), waited_for(self.state, self.time.now))

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""
        return Situation(self.state, self.host, self.zoom.panel, read_only=True, place="replay")

    # -- keys ---------------------------------------------------------------------------------------------------------------------

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        feed = self.replay_feed
        return super().handlers() | {
            "host": self.open_host, "play": self.turn_play, "faster": lambda: self.turn_speed(1), "slower": lambda: self.turn_speed(-1),
            "step": lambda: self.step_to(feed.place + 1), "step-back": lambda: self.step_to(feed.place - 1),
            "chapter": lambda: self.go_to(feed.recording.next_chapter(feed.place)),
            "chapter-back": lambda: self.go_to(feed.recording.chapter_before(feed.place)),
            "first": lambda: self.step_to(0), "last": lambda: self.step_to(len(feed.recording)),
        }  # fmt: skip

    def open_host(self) -> None:
        """Show the chosen host's steps as they were then."""
        state, host, now = self.state, self.host, self.time.now

        def rows(width: int) -> tuple[Line, ...]:
            fault = fault_lines(state, host, width)
            return (*step_rows(state, host, now, width), *([line(" "), *fault] if fault else []))

        self.shell.push(TextDialog(host, rows))

    def go_to(self, place: int) -> None:
        """Stand where so many events have happened."""
        if self.playback.wind(place):
            self.follower.stop()
            self.follower = self._anew(self.shell)
            self.state = RunState()
            self.log_panel.clear()
            self.follower.begin()
        self._wound()

    def _wound(self) -> None:
        """Show where the recording stands by now."""
        self.unsay()
        self.show_slices()

    def play(self) -> None:
        """Let the recording go on, from the beginning where it stands at its end."""
        if self.playback.at_end:
            self.go_to(0)
        self.playback.play()

    def turn_play(self) -> None:
        """Stop the run's time where it goes on, else let it go on."""
        if self.playback.playing:
            self.playback.playing = False
        else:
            self.play()
        self._wound()

    def step_to(self, place: int) -> None:
        """Stand still at that place."""
        self.playback.playing = False
        self.go_to(max(0, min(place, len(self.replay_feed.recording))))

    def turn_speed(self, way: int) -> None:
        """Play faster (1) or slower (-1)."""
        self.playback.turn_speed(way)
        self._wound()

    def leave(self) -> None:
        """Leave; nothing goes on without it."""
        self.shell.go_back(self)
