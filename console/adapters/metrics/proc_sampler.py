"""CPU, memory, load, disk and network of each host, by a loop over /proc that runs there as long as somebody reads it. Implements `ports.MetricSource`.

Owns starting the loops, and starting them again; what their lines mean is `core/host/procfs.py`'s. It must not know who looks at the numbers.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from console.adapters.system_clock import SystemClock
from console.core.host.procfs import DISK_EVERY, ProcSample, bytes_a_second, cpu_share, loop_script, parse_disk, parse_line
from console.model.application_metrics import MACHINE
from console.model.host import Host
from console.model.measurements import OF_MACHINES, Measurement
from console.ports.hosts import Transport
from console.ports.metric_source import Take
from console.safe_text import SafeText

SHIFT = 3600.0
"""Seconds that one loop runs before it is started anew; the port wants a deadline."""
FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
FINAL = ("login", "unknown-key", "changed-key")
"""Nothing here gets better by trying again, and a refused login tried often gets the console banned."""
LINE = 4096
"""Bytes that may come without a line break; more is no line of ours."""
AT_ONCE = 4
"""Outputs that are read in one turn of the loop, at some 0.5 ms each: whatever else came in that turn, such as the answers of a rollback, goes between."""
DISK_STANDS = 3 * DISK_EVERY
"""Seconds for which a disk is what it was: it is not asked at each look, and what it has not said for longer is not known."""
METRICS = OF_MACHINES


class _Reader:
    """Makes measurements of a host's output, however it is cut into pieces."""

    def __init__(self, host: str, take: Take, now: Callable[[], float]) -> None:
        self._host = host
        self._take_looks = take
        self._now = now
        self._rest = b""
        self._before: ProcSample | None = None
        self._disk: float | None = None
        self._disk_said = now()
        """When something was said of the disk last."""
        self.heard = False

    def feed(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-LINE:]
        for line in lines:
            if (look := parse_line(line)) is not None:
                self._take(look)
            elif (disk := parse_disk(line)) is not None:
                self._disk, self._disk_said = disk, self._now()

    def _take(self, look: ProcSample) -> None:
        at = self._now()
        got, sent = bytes_a_second(self._before, look)
        values = zip(METRICS, (cpu_share(self._before, look), look.memory, look.load, self._disk, got, sent), strict=True)
        self._before, self.heard = look, True
        silent = at - self._disk_said > DISK_STANDS
        looks = [Measurement(metric, self._host, at, 0.0, value) for metric, value in values if value is not None and not (silent and metric == "disk")]
        if silent:
            looks.append(Measurement("disk", self._host, at, problem=SafeText(f"df has said nothing for {at - self._disk_said:.0f} s")))
        if looks:
            self._take_looks(tuple(looks))


class Machines:
    """Looks at hosts each `interval` seconds (at least 0.1).

    A host whose link is lost gives one look without numbers, so that its gap is seen, and is tried again, ever more slowly.
    `path_on`: whose file system is looked at. `now` is the clock that looks are stamped with.
    """

    name = MACHINE
    metrics = METRICS

    def __init__(
        self, transport: Transport, hosts: Iterable[Host], interval: float, path_on: Callable[[Host], str] = lambda host: "/",
        now: Callable[[], float] | None = None,
    ) -> None:  # fmt: skip
        self._transport = transport
        self._hosts = tuple(hosts)
        self.interval = max(0.1, interval)
        self._path_on = path_on
        self._now = now or SystemClock().mono
        self._unread: deque[tuple[_Reader, bytes]] = deque()
        self._came = asyncio.Event()

    async def follow(self, take: Take) -> None:
        """Look at every host until cancelled; the loops end with their connections' channels."""
        async with asyncio.TaskGroup() as both:
            reading = both.create_task(self._read(), name="metrics")
            async with asyncio.TaskGroup() as every:
                for host in self._hosts:
                    every.create_task(self._watch(host, take), name=f"metrics {host.name}")
            reading.cancel()

    async def _read(self) -> None:
        """Read what came, a few in each turn of the loop."""
        while True:
            await self._came.wait()
            self._came.clear()
            while self._unread:
                self._read_next(AT_ONCE)
                await asyncio.sleep(0)

    def _read_next(self, most: int) -> None:
        for _ in range(min(most, len(self._unread))):
            reader, data = self._unread.popleft()
            reader.feed(data)

    def _keep(self, reader: _Reader, data: bytes) -> None:
        self._unread.append((reader, data))
        self._came.set()

    async def _watch(self, host: Host, take: Take) -> None:
        wait, script = FIRST_WAIT, loop_script(self.interval, self._path_on(host))
        while True:
            reader = _Reader(host.name, take, self._now)
            ran = await self._transport.run(host, script, deadline=SHIFT, sink=partial(self._keep, reader))
            self._read_next(len(self._unread))
            if ran.problem is None or ran.problem.kind != "late":
                reason = ran.problem.message if ran.problem else SafeText("its loop over /proc ended")
                at = self._now()
                take(tuple(Measurement(metric, host.name, at, problem=reason) for metric in METRICS))
            if ran.problem is not None and ran.problem.kind in FINAL:
                return
            wait = FIRST_WAIT if reader.heard else min(LONGEST_WAIT, wait * 2)
            await asyncio.sleep(wait)
