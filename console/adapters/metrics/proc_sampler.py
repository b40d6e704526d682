"""CPU, memory and load of each host, by a loop over /proc that runs there as long as somebody reads it.

Owns starting the loops, and starting them again; what their lines mean is `core/host/procfs.py`'s. It must not know who looks at the numbers.
"""

import asyncio
import time
from collections.abc import Callable, Iterable

from console.core.host.procfs import ProcSample, cpu_share, loop_script, parse_line
from console.model.fleet import Host
from console.ports.feed import Sample
from console.ports.hosts import Transport

Emit = Callable[[Sample], None]

SHIFT = 3600.0
"""Seconds that one loop runs before it is started anew; the port wants a deadline."""
FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
FINAL = ("login", "unknown-key", "changed-key")
"""Nothing here gets better by trying again, and a refused login tried often gets the console banned."""
LINE = 4096
"""Bytes that may come without a line break; more is no line of ours."""


class _Reader:
    """Makes samples of a host's output, however it is cut into pieces."""

    def __init__(self, host: str, emit: Emit, now: Callable[[], float]) -> None:
        self._host = host
        self._emit = emit
        self._now = now
        self._rest = b""
        self._before: ProcSample | None = None
        self.heard = False

    def feed(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-LINE:]
        for line in lines:
            look = parse_line(line)
            if look is not None:
                self._take(look)

    def _take(self, look: ProcSample) -> None:
        extra = {"cpus": float(look.cpus)} if look.cpus else {}
        self._emit(Sample(self._host, self._now(), cpu_share(self._before, look), look.memory, look.load, extra))
        self._before = look
        self.heard = True


class MetricsWatch:
    """Samples hosts each `interval` seconds (at least 0.1) between `start` and `stop`.

    A host whose link is lost gives one sample without numbers, so that its gap is seen, and is tried again, ever more slowly.
    `now` is the clock that samples are stamped with.
    """

    def __init__(
        self, transport: Transport, hosts: Iterable[Host], interval: float, emit: Emit, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._transport = transport
        self._hosts = tuple(hosts)
        self._script = loop_script(max(0.1, interval))
        self._emit = emit
        self._now = now
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; does nothing when it has begun already. Needs a running loop."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._watch(host), name=f"metrics {host.name}") for host in self._hosts]

    async def stop(self) -> None:
        """Stop sampling every host."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, host: Host) -> None:
        wait = FIRST_WAIT
        while True:
            reader = _Reader(host.name, self._emit, self._now)
            ran = await self._transport.run(host, self._script, deadline=SHIFT, sink=reader.feed)
            if ran.problem is None or ran.problem.kind != "late":
                self._emit(Sample(host.name, self._now()))
            if ran.problem is not None and ran.problem.kind in FINAL:
                return
            wait = FIRST_WAIT if reader.heard else min(LONGEST_WAIT, wait * 2)
            await asyncio.sleep(wait)
