"""Time: the wall's for people, and the boot-time clock that goes on through suspend for waits and deadlines. Knows nothing of runs."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


class SystemClock:
    """The clocks of the machine."""

    def __init__(self) -> None:
        self.boot = _boot()

    def now(self) -> datetime:
        """Return the wall time, in UTC."""
        return datetime.now(UTC)

    def mono(self) -> float:
        """Return seconds since the machine was started, suspended or not."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the boot-time clock."""
        await asyncio.sleep(max(0.0, seconds))


class SetClock:
    """A clock that goes on when it is told to: for rehearsals and tests."""

    def __init__(self, now: datetime, mono: float = 0.0, boot: str = "boot-1") -> None:
        self.boot = boot
        self._now = now
        self._mono = mono
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Return the time that it was set to."""
        return self._now

    def mono(self) -> float:
        """Return the seconds that it was set to."""
        return self._mono

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved so far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._mono + seconds, woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Move on, and let those run whose time has come, in their order."""
        until = self._mono + seconds
        while due := [each for each in self._sleepers if each[0] <= until]:
            first = min(due, key=lambda each: each[0])
            self._sleepers.remove(first)
            self._move(first[0])
            if not first[1].done():
                first[1].set_result(None)
            for _ in range(5):
                await asyncio.sleep(0)
        self._move(until)

    def _move(self, mono: float) -> None:
        self._now += timedelta(seconds=mono - self._mono)
        self._mono = mono
