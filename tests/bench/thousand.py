"""A run on a thousand scripted hosts while people ask: how soon the engine answers, how long its loop is held and by what, what viewers get.

The engine runs here, with its real journal, socket and adapters; who asks and who looks on are processes of their own.
"""

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.statefolder import prepared
from console.adapters.system_clock import SystemClock
from console.config.load import load_file
from console.engine.engine import Engine
from console.engine.server.engine_process import serve
from console.model.events import AnyEvent, RunEnded, StepFinished
from console.model.request import Person, Request
from console.wire.address import lock_path, socket_path
from tests.bench.scripted_hosts import opened, written_hosts_toml
from tests.bench.startup import painted
from tests.bench.table import Row, print_rows
from tests.bench.watchdog import Watchdog
from tests.fleet import make_repository

HOSTS = int(os.environ.get("BENCH_SCRIPTED", "1000"))
BATCH = "25%"
SHOWN, DEEP = 3, 6
"""Holds that are shown, and calls of each."""
ADA = Person("ada", os.getuid())
DEPLOY = [sys.executable, "-m", "console"]


class Asker:
    """A person at another terminal."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    @classmethod
    async def to(cls, socket: str) -> "Asker":
        """Start it."""
        words = (sys.executable, "-m", "tests.bench.asker", socket)
        return cls(await asyncio.create_subprocess_exec(*words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE))

    async def ask(self, run: str, word: str, row: Row) -> None:
        """Say a word to the engine and note how long the answer took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turn:
            self._process.stdin.write(f"{run} {word}\n".encode())
            answer = (await self._process.stdout.readline()).decode().split()
        assert answer[1:] in (["Accepted"], ["dict"]), answer
        row.values.append(float(answer[0]))

    async def leave(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


class Bench:
    """One engine, and what was measured."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = str(folder / "state")
        prepared(self.state)
        self.environ = {**os.environ, "DEPLOY_STATE": self.state}
        self.file = written_hosts_toml(folder, make_repository(folder / "shop"), HOSTS, BATCH)
        self.session = Engine(SqlJournal.of(self.state), SystemClock(), lambda model, secrets: opened(model, self.state, secrets), lambda name: None)
        self.socket = socket_path(self.state, "shop", "production")
        self.rows = {
            word: Row(f"{word}: until the engine has answered")
            for word in ("status", "pause", "continue", "rollback", "abort")
        }  # fmt: skip
        self.paint = Row("deploy attach, until the fleet is painted, in the middle of the run")
        self.missed = 0
        self.held = Watchdog()

    async def run(self) -> None:
        """Measure and print."""
        serving = asyncio.create_task(
            serve(self.session, app="shop", environment="production", socket=self.socket, lock=lock_path(self.state, "shop", "production"), signals=False)
        )
        while not os.path.exists(self.socket):
            await asyncio.sleep(0.01)
        model = load_file(str(self.file)).environment("production")
        await self.session.configure(model, "digest", {}, ADA)
        asker, another = await Asker.to(self.socket), await Asker.to(self.socket)
        gc.collect()
        gc.freeze()
        try:
            await self._release(asker, another, "rollback")
            await self._release(asker, another, "abort")
        finally:
            await asker.leave()
            await another.leave()
            await self.session.stop(ADA, force=True)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        self._print()

    async def _release(self, asker: Asker, another: Asker, ending: str) -> None:
        """Release everywhere, pause and go on half-way, look on, then end it so."""
        watching = asyncio.create_task(self.held.watch())
        run = await self.session.open_run(Request(ref="v1.0.0", yes=True), ADA)
        asking = asyncio.create_task(self._ask_all_the_time(another, run))
        looking = asyncio.create_task(self._follow_as_json(run))
        restarts = 0
        async for event in self._events(run):
            restarts += isinstance(event, StepFinished) and event.step.endswith("/restart") and not event.step.startswith("back/")
            if restarts == HOSTS // 3 and isinstance(event, StepFinished):
                await asker.ask(run, "pause", self.rows["pause"])
                await asker.ask(run, "continue", self.rows["continue"])
                self.paint.values.append(await asyncio.to_thread(painted, [*DEPLOY, "attach", run], self.environ, b"web0"))
                restarts += 1
            elif restarts == HOSTS // 2 and isinstance(event, StepFinished):
                await asker.ask(run, ending, self.rows[ending])
                restarts += 1
        asking.cancel()
        watching.cancel()
        await asyncio.gather(asking, watching, return_exceptions=True)
        self.missed += (await looking) - (await self._count(run))

    async def _events(self, run: str) -> AsyncIterator[AnyEvent]:
        async for item in self.session.follow(run, 0):
            if hasattr(item, "seq"):
                yield item  # type: ignore[misc]
            if isinstance(item, RunEnded):
                return

    async def _ask_all_the_time(self, another: Asker, run: str) -> None:
        while True:
            await another.ask(run, "status", self.rows["status"])
            await asyncio.sleep(0.2)

    async def _follow_as_json(self, run: str) -> int:
        """How many events a program that follows gets, each once and in their order."""
        process = await asyncio.create_subprocess_exec(*DEPLOY, "attach", run, "--json", env=self.environ, stdout=asyncio.subprocess.PIPE, limit=1 << 26)
        assert process.stdout is not None
        last = 0
        while line := await process.stdout.readline():
            seq = json.loads(line).get("seq")
            if seq is not None:
                assert seq == last + 1, (seq, last)
                last = seq
        await process.wait()
        return last

    async def _count(self, run: str) -> int:
        return self.session.state(run).seq

    def _print(self) -> None:
        print(f"\na run on {HOSTS:,} scripted hosts, {BATCH} at once, while somebody asks for the status all the time")
        print_rows([*self.rows.values(), self.paint])
        print(f"  events that --json missed: {-self.missed}")
        print(
            f"  the engine's loop: {len(self.held.holds)} holds, the longest {1000 * self.held.longest.seconds:,.0f} ms; those in which it ran longest itself:"
        )
        for held in self.held.busiest(SHOWN):
            print(f"    {1000 * held.cpu:,.0f} ms of {1000 * held.seconds:,.0f}: {' < '.join(held.stack[: -1 - DEEP : -1])}")


def main() -> None:
    """Measure in a folder of its own."""
    with TemporaryDirectory() as folder:
        asyncio.run(Bench(Path(folder)).run())


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"{time.perf_counter() - began:.0f} s")
