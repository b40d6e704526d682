"""CPU, memory and load of the console's own machine, by psutil. For `localhost`, and for the line about the console itself."""

import asyncio
import time
from collections.abc import Callable

import psutil  # type: ignore[import-untyped]

from console.ports.feed import Sample


class LocalMetrics:
    """Samples this machine under that name each `interval` seconds (at least 0.1) between `start` and `stop`."""

    def __init__(
        self, name: str, interval: float, emit: Callable[[Sample], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._interval = max(0.1, interval)
        self._emit = emit
        self._now = now
        self._before: tuple[float, float] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; does nothing when it has begun already. Needs a running loop."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name=f"metrics {self._name}")

    async def stop(self) -> None:
        """End."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def look(self) -> Sample:
        """Look once. The CPU's share is that since the look before; None at the first."""
        memory = psutil.virtual_memory()
        share = 1 - memory.available / memory.total if memory.total else None
        return Sample(self._name, self._now(), self._cpu(), share, psutil.getloadavg()[0], {"cpus": float(psutil.cpu_count() or 1)})

    def _cpu(self) -> float | None:
        times = psutil.cpu_times()
        ticks = sum(times[:8]) if len(times) > 7 else sum(times)
        busy = ticks - times.idle - getattr(times, "iowait", 0.0)
        before, self._before = self._before, (busy, ticks)
        if before is None or ticks <= before[1]:
            return None
        return float(min(1.0, max(0.0, (busy - before[0]) / (ticks - before[1]))))

    async def _watch(self) -> None:
        while True:
            self._emit(self.look())
            await asyncio.sleep(self._interval)
