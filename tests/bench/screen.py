"""A screen that looks on a run of a thousand hosts: how soon a key shows its effect, what it writes to the terminal, what it and its engine cost.

The engine is a scripted one behind its real socket, in a process of its own; the screen is the real program on a real terminal. Three times:
calm (numbers of every host each second), frozen (`space`), and with fifty hosts that print as fast as the engine takes it.
"""

import asyncio
import fcntl
import itertools
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped,unused-ignore]

from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.statefolder import prepared
from console.core.run.evolve import fold
from console.engine.server.broadcast import Broadcast
from console.engine.server.engine_process import serve
from console.model import events as ev
from console.ports.feed import Output, Sample
from console.safe_text import SafeText
from console.wire.address import lock_path, socket_path
from tests.bench.fold import HOSTS, a_run
from tests.bench.priority import goes_first
from tests.bench.table import Row, at_most, print_rows
from tests.bench.viewers import DEPLOY, RUN
from tests.engine.scripted import ScriptedBrain

SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
"""Of each part."""
FLOODING, LINES = 50, 400
"""Hosts that print, and lines of all of them each hundredth of a second."""
KEYS = 20
PATIENCE = 20.0
SIZES = ((24, 80), (50, 200))
FLOOD = "flood"
"""A file in the state folder: while it is there, hosts print."""


class LookedAtBrain(ScriptedBrain):
    """Half of a run is said; then nothing happens but that hosts are measured, and print while they are to."""

    def __init__(self, state: str) -> None:
        super().__init__()
        self.state = state
        events = a_run()
        self.open_run_id, self.busy = RUN, True
        self.broadcast = Broadcast(events[: len(events) // 2])
        self.hosts = next(event.hosts for event in events if isinstance(event, ev.RunOpened))

    async def measured(self) -> None:
        """Numbers of every host, spread over each second; about one in ten says something else than a second ago."""
        for turn in itertools.count():
            for start in range(0, len(self.hosts), len(self.hosts) // 20):
                for number, name in enumerate(self.hosts[start : start + len(self.hosts) // 20], start):
                    share = ((number * 7 + (turn if number % 10 == 0 else 0)) % 100) / 100
                    self.broadcast.tell(Sample(name, time.monotonic(), share, share / 2, 1.0))
                await asyncio.sleep(1 / 20)

    async def flooded(self) -> None:
        """Print while the file is there."""
        names = itertools.cycle(self.hosts[:FLOODING])
        for turn in itertools.count():
            if await asyncio.to_thread(os.path.exists, f"{self.state}/{FLOOD}"):
                for number, name in zip(range(LINES), names, strict=False):
                    self.broadcast.tell(
                        Output("2026-01-02T00:00:00Z", name, "activate", SafeText(f"GET /page/{turn}/{number} 200 in {number} ms, from the cache of the host"))
                    )
            await asyncio.sleep(0.01)


async def engine(state: str) -> None:
    """The engine's process."""
    brain = LookedAtBrain(state)
    socket, lock = socket_path(state, "shop", "production"), lock_path(state, "shop", "production")
    await asyncio.gather(serve(brain, app="shop", environment="production", socket=socket, lock=lock), brain.measured(), brain.flooded())


class Terminal:
    """A program on a terminal of its own, whose bytes are counted."""

    def __init__(self, argv: list[str], environ: dict[str, str], size: tuple[int, int]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        terminal = environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(argv, env=terminal, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        self.bytes = 0

    def read(self, until: float, words: bytes = b"") -> bool:
        """Read until that moment, or until the words came."""
        came = b""
        while (left := until - time.perf_counter()) > 0:
            if select.select([self._ours], [], [], left)[0]:
                data = os.read(self._ours, 65536)
                self.bytes += len(data)
                came = came[-200:] + data
                if words and words in came:
                    return True
        return False

    def key(self, key: bytes, words: bytes) -> float:
        """Press a key; milliseconds until those words came."""
        began = time.perf_counter()
        os.write(self._ours, key)
        if not self.read(began + PATIENCE, words):
            raise AssertionError(f"{words!r} did not come {PATIENCE:.0f} s after {key!r}")
        return 1000 * (time.perf_counter() - began)

    def type(self, keys: bytes) -> None:
        """Press keys, and wait for nothing."""
        os.write(self._ours, keys)

    def end(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@dataclass
class Costs:
    """What a part of the watch cost, each once."""

    name: str
    sent: Row
    screen: Row
    screen_memory: Row
    engine: Row
    engine_memory: Row

    @classmethod
    def of(cls, name: str) -> "Costs":
        """Rows for it."""
        return cls(name, *(Row(f"{name}: {what}", unit) for what, unit in COSTS))

    @property
    def rows(self) -> list[Row]:
        """All of them."""
        return [self.sent, self.screen, self.screen_memory, self.engine, self.engine_memory]


COSTS = (("to the terminal", "B/s"), ("the screen's CPU", "% core"), ("its memory", "MiB"), ("the scripted engine's CPU", "% core"), ("its memory", "MiB"))


def seconds_of(process: psutil.Process) -> float:
    """Seconds of CPU so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def memory_of(process: psutil.Process) -> float:
    """MiB now."""
    return float(process.memory_info().rss / 2**20)


def part(terminal: Terminal, name: str, service: psutil.Process) -> Costs:
    """Watch for a while, and note what it costs."""
    found, screen = Costs.of(name), psutil.Process(terminal.process.pid)
    terminal.read(time.perf_counter() + 2)
    before, engine_before, terminal.bytes = seconds_of(screen), seconds_of(service), 0
    terminal.read(time.perf_counter() + SECONDS)
    found.sent.values.append(terminal.bytes / SECONDS)
    found.screen.values.append(100 * (seconds_of(screen) - before) / SECONDS)
    found.engine.values.append(100 * (seconds_of(service) - engine_before) / SECONDS)
    found.screen_memory.values.append(memory_of(screen))
    found.engine_memory.values.append(memory_of(service))
    return found


def keys(terminal: Terminal, row: Row, key: bytes, words: bytes, back: bytes) -> None:
    """Press a key that opens something, and one that closes it, some times."""
    for turn in range(KEYS):
        row.values.append(terminal.key(key, words))
        terminal.read(time.perf_counter() + 0.15 + 0.013 * (turn % 7))
        terminal.type(back)
        terminal.read(time.perf_counter() + 0.25 + 0.017 * (turn % 5))


def measure(folder: Path) -> None:
    """Measure and print."""
    state = str(folder / "state")
    prepared(state)
    environ = {**os.environ, "DEPLOY_STATE": state}
    asyncio.run(_written(state))
    served = subprocess.Popen([sys.executable, "-m", "tests.bench.screen", state], env=environ)
    socket = socket_path(state, "shop", "production")
    while not os.path.exists(socket):
        time.sleep(0.05)
    try:
        for size in SIZES:
            _looked_at(environ, state, size, psutil.Process(served.pid))
    finally:
        served.kill()
        served.wait()


async def _written(state: str) -> None:
    journal = SqlJournal.of(state)
    events = a_run()[:1]
    await journal.append(RUN, tuple(events), fold(events))
    await journal.close()


def _looked_at(environ: dict[str, str], state: str, size: tuple[int, int], service: psutil.Process) -> None:
    terminal = Terminal([*DEPLOY, "attach"], environ, size)
    calm_key, flood_key, filter_key = (Row(f"{name} stand there") for name in ("calm: ? until the keys", "flood: ? until the keys", "flood: / until its words"))
    try:
        assert terminal.read(time.perf_counter() + PATIENCE, b"web"), "nothing was painted"
        with goes_first():
            calm = part(terminal, "calm", service)
            keys(terminal, calm_key, b"?", b"GO: release it", b"\x1b")
            terminal.type(b" ")
            frozen = part(terminal, "frozen", service)
            terminal.type(b" ")
            Path(state, FLOOD).touch()
            flood = part(terminal, "flood", service)
            keys(terminal, flood_key, b"?", b"GO: release it", b"\x1b")
            keys(terminal, filter_key, b"/", b"esc clears it", b"\x1b")
            Path(state, FLOOD).unlink()
    finally:
        terminal.end()
    title = f"a screen of {size[1]}x{size[0]} on a run of {HOSTS:,} hosts, measured each second; then {FLOODING} of them print"
    goals = (
        at_most("P5", "a key to its effect, under flood", flood_key, 50), at_most("P7", "the screen's CPU", calm.screen, 10),
        at_most("P7", "its memory", calm.screen_memory, 120), at_most("P8", "to the terminal, calm", calm.sent, 4096),
        at_most("P8", "to the terminal, under flood", flood.sent, 20 * 1024),
    )  # fmt: skip
    print_rows([*calm.rows, *frozen.rows, *flood.rows, calm_key, flood_key, filter_key], title, goals)


def main() -> None:
    """Measure in a folder of its own."""
    with TemporaryDirectory() as folder:
        measure(Path(folder))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(engine(sys.argv[1]))
    else:
        main()
