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
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped,unused-ignore]

from console.adapters.journal.sql_journal import SqlJournal
from console.adapters.statefolder import prepared
from console.core.run.evolve import fold
from console.engine.server.broadcast import Broadcast
from console.engine.server.engine_process import serve
from console.model import events as ev
from console.ports.feed import Output, Sample
from console.text import SafeText
from console.wire.address import lock_path, socket_path
from tests.bench.fold import HOSTS, a_run
from tests.bench.priority import goes_first
from tests.bench.table import Row, print_rows
from tests.bench.viewers import DEPLOY, RUN
from tests.engine.scripted import ScriptedBrain

SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
"""Of each part."""
FLOODING, LINES = 50, 400
"""Hosts that print, and lines of all of them each hundredth of a second."""
KEYS = 30
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

    def end(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


def costs(process: psutil.Process) -> tuple[float, float]:
    """Seconds of CPU so far, and MiB of memory now."""
    times = process.cpu_times()
    return times.user + times.system, process.memory_info().rss / 2**20


def part(terminal: Terminal, name: str, service: psutil.Process) -> None:
    """Measure for a while, then by keys, and print."""
    screen = psutil.Process(terminal.process.pid)
    terminal.read(time.perf_counter() + 2)
    before, engine_before, terminal.bytes = costs(screen), costs(service), 0
    terminal.read(time.perf_counter() + SECONDS)
    after, engine_after = costs(screen), costs(service)
    print(
        f"  {name:<20} {terminal.bytes / SECONDS:>9,.0f} B/s   screen {100 * (after[0] - before[0]) / SECONDS:>5.1f} % of a core {after[1]:>5.0f} MiB"
        f"   engine {100 * (engine_after[0] - engine_before[0]) / SECONDS:>5.1f} % {engine_after[1]:>5.0f} MiB", flush=True,
    )  # fmt: skip


def keys(terminal: Terminal, row: Row, key: bytes, words: bytes, back: bytes) -> None:
    """Press a key that opens something, and one that closes it, some times."""
    for turn in range(KEYS):
        row.values.append(terminal.key(key, words))
        terminal.read(time.perf_counter() + 0.15 + 0.013 * (turn % 7))
        os.write(terminal._ours, back)
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
            print(f"\na screen of {size[1]}x{size[0]} on a run of {HOSTS:,} hosts, measured each second")
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
    try:
        assert terminal.read(time.perf_counter() + PATIENCE, b"web"), "nothing was painted"
        with goes_first():
            rows = [Row("calm: ? until the keys stand there"), Row("flood: ? until the keys stand there"), Row("flood: / until the filter stands there")]
            part(terminal, "calm", service)
            keys(terminal, rows[0], b"?", b"GO: release it", b"\x1b")
            os.write(terminal.process and terminal._ours, b" ")
            part(terminal, "frozen", service)
            os.write(terminal._ours, b" ")
            Path(state, FLOOD).touch()
            part(terminal, "flood", service)
            keys(terminal, rows[1], b"?", b"GO: release it", b"\x1b")
            keys(terminal, rows[2], b"/", b"esc clears it", b"\x1b")
            Path(state, FLOOD).unlink()
        print_rows([row for row in rows if row.values])
    finally:
        terminal.end()


def main() -> None:
    """Measure in a folder of its own."""
    with TemporaryDirectory() as folder:
        measure(Path(folder))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(engine(sys.argv[1]))
    else:
        main()
