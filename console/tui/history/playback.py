"""The position and the speed of a replay; it is the replayed run's clock. Knows no screen; times are seconds."""

from collections.abc import Callable

from console.ports.clock import Clock
from console.tui.history.replay_feed import ReplayFeed

SPEEDS = (1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 300.0)
"""How many seconds of the run pass in one."""
FAR = 60.0
"""Seconds of a run that are not played through when somebody winds on."""


class Playback:
    """Winds a feed. `reached`: the time of the last event that is shown, on the clock that the run's events were measured by."""

    def __init__(self, feed: ReplayFeed, clock: Clock, reached: Callable[[], float]) -> None:
        self._feed, self._clock, self._reached = feed, clock, reached
        self.playing = False
        self.speed = feed.speed or SPEEDS[-1]
        self.played = 0.0
        """Seconds of the run that have passed."""
        self._wall = 0.0

    @property
    def at_end(self) -> bool:
        """Whether nothing is left to play."""
        return self._feed.place >= len(self._feed.recording)

    @property
    def now(self) -> float:
        """The time in the run, on the clock that its events were measured by."""
        recording, place = self._feed.recording, self._feed.place
        return self._reached() + max(0.0, self.played - recording.time_at(place)) if place < len(recording) else self._reached()

    def mono_at(self, wall: float) -> float:
        """Return the time in the run of that moment (seconds since 1970)."""
        return self._feed.recording.mono_at(wall)

    def wall_at(self, mono: float) -> float:
        """Return the moment of that time in the run."""
        return self._clock.now().timestamp() - (self.now - mono)

    def play(self) -> None:
        """Let the run's time go on from where it stands, at the speed that is set."""
        self.playing, self._wall = True, self._clock.mono()

    def go_on(self, *, seen: bool) -> None:
        """Let pass what has passed since the last time; nothing while nobody sees it."""
        wall = self._clock.mono()
        passed, self._wall = max(0.0, wall - self._wall), wall
        feed = self._feed
        if self.playing and seen:
            self.played = min(feed.recording.seconds, self.played + passed * self.speed)
            feed.go_to(feed.recording.place_at(self.played), self.played)
            if self.at_end:
                self.playing = False

    def wind(self, place: int) -> bool:
        """Stand where so many events have happened; whether what was shown before does not lead there."""
        feed = self._feed
        jumps = place < feed.place or feed.recording.time_at(place) - self.played > FAR
        feed.go_to(place)
        self.played = feed.recording.time_at(feed.place)
        return jumps

    def turn_speed(self, way: int) -> None:
        """Play faster (1) or slower (-1)."""
        wanted = [speed for speed in SPEEDS if (speed > self.speed if way > 0 else speed < self.speed)]
        if wanted:
            self.speed = wanted[0] if way > 0 else wanted[-1]
