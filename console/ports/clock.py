"""Time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time. `mono` goes on through suspend and is comparable within one `boot`."""

    boot: str

    def now(self) -> datetime:
        """The wall time in UTC, for people and names; never for order."""

    def mono(self) -> float:
        """Seconds since the boot, with the time that the machine slept: for waits, deadlines and how long something took."""

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds, by the clock that never goes back."""
