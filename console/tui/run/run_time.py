"""The clock of a run as its screen shows it: the present, or the recording's time in a replay."""

from typing import Protocol

from console.ports.clock import Clock


class RunTime(Protocol):
    """What time it is in a run."""

    @property
    def now(self) -> float:
        """The time, on the clock of the numbers."""

    def mono_at(self, wall: float) -> float:
        """Return the time of the numbers at that moment (seconds since 1970)."""

    def wall_at(self, mono: float) -> float:
        """Return the moment (seconds since 1970) of that time of the numbers."""


class LiveTime:
    """The time of a run that goes on: now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @property
    def now(self) -> float:
        """The time on the boot-time clock."""
        return self._clock.mono()

    def mono_at(self, wall: float) -> float:
        """Return the boot-time clock at that moment."""
        return self.now - (self._clock.now().timestamp() - wall)

    def wall_at(self, mono: float) -> float:
        """Return the moment of that time of the boot-time clock."""
        return self._clock.now().timestamp() - (self.now - mono)
