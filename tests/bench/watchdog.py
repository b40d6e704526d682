"""How long an event loop was held, and by what: a beat on the loop, and a thread that looks at what runs while the beat is late."""

import asyncio
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field

BEAT = 0.005
"""Seconds between two beats."""
LATE = 0.025
"""Seconds without a beat after which the thread looks at what holds the loop."""


@dataclass
class Held:
    """One hold: its seconds, and what ran in it, innermost call last."""

    seconds: float
    cpu: float
    """Seconds of it in which the loop's thread had a core: on a busy machine the rest was others' work."""
    stack: list[str]


@dataclass
class Watchdog:
    """Watches the loop that it is started on."""

    holds: list[Held] = field(default_factory=list)
    _beat: float = 0.0
    _cpu: float = 0.0
    _thread: int = 0
    _over: bool = False
    _seen: list[str] = field(default_factory=list)

    async def watch(self) -> None:
        """Beat until cancelled."""
        self._thread, self._beat = threading.get_ident(), time.perf_counter()
        self._cpu = time.thread_time()
        looker = threading.Thread(target=self._look, daemon=True)
        looker.start()
        try:
            while True:
                await asyncio.sleep(BEAT)
                now, cpu = time.perf_counter(), time.thread_time()
                held, self._beat = now - self._beat - BEAT, now
                if held > LATE:
                    self.holds.append(Held(held, cpu - self._cpu, self._seen))
                self._cpu = cpu
                self._seen = []
        finally:
            self._over = True
            looker.join()

    def _look(self) -> None:
        while not self._over:
            time.sleep(BEAT)
            if time.perf_counter() - self._beat > LATE + BEAT and (frame := sys._current_frames().get(self._thread)):
                self._seen = [f"{one.filename.rpartition('/')[2]}:{one.lineno} {one.name}" for one in traceback.extract_stack(frame)[-14:]]

    @property
    def longest(self) -> Held:
        """The longest hold so far."""
        return max(self.holds, key=lambda held: held.seconds, default=Held(0.0, 0.0, []))

    def busiest(self, count: int = 1) -> list[Held]:
        """The holds in which the loop's thread ran longest."""
        return sorted(self.holds, key=lambda held: -held.cpu)[:count]
