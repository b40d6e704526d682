"""Screens and programs that join in the middle of a run on a thousand hosts, while it goes on: how soon they have it, and how big frames are.

The engine is a scripted one: what is measured is its socket and who looks on, not what carries a run out.
"""

import asyncio
import itertools
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.statefolder import prepared
from console.core.run.evolve import fold
from console.engine.server.broadcast import Broadcast
from console.engine.server.engine_process import serve
from console.model import events as ev
from console.ports.feed import Sample
from console.wire.address import lock_path, socket_path
from console.wire.frames import TO_CLIENT
from console.wire.messages import item_message, reply_bytes
from tests.bench.fold import HOSTS, a_run
from tests.bench.startup import painted
from tests.bench.table import Row, print_rows
from tests.bench.watchdog import Watchdog
from tests.engine.scripted import ScriptedBrain

ROUNDS = 5
RUN = "r1"
"""As `tests.core.simulation` calls it."""
PER_SECOND = 100
"""Events a second that the run goes on by."""
DEPLOY = [sys.executable, "-m", "console"]


class RunningBrain(ScriptedBrain):
    """A run that goes on: half of it is said, the rest follows one by one, with numbers of every host once a second."""

    def __init__(self) -> None:
        super().__init__()
        self.events = a_run()
        self.half = len(self.events) // 2
        self.open_run_id, self.busy = RUN, True
        self.broadcast = Broadcast(self.events[: self.half])

    async def go_on(self) -> None:
        """Say the rest."""
        hosts = itertools.cycle(next(event.hosts for event in self.events if isinstance(event, ev.RunOpened)))
        for event in itertools.islice(self.events, self.half, None):
            self.broadcast.publish(event)
            for name in itertools.islice(hosts, HOSTS // PER_SECOND):
                self.broadcast.tell(Sample(name, event.mono, 0.5, 0.5, 1.0))
            await asyncio.sleep(1 / PER_SECOND)


async def whole(environ: dict[str, str], wanted: int) -> float:
    """Milliseconds until a program that follows by `--json` has so many events, each once and in their order."""
    words = (sys.executable, "-m", "tests.bench.follower", str(wanted))
    process = await asyncio.create_subprocess_exec(*words, env=environ, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return float(said)


async def measure(folder: Path) -> None:
    """Measure and print."""
    state = str(folder / "state")
    prepared(state)
    environ = {**os.environ, "DEPLOY_STATE": state}
    service, held = RunningBrain(), Watchdog()
    journal = SqlJournal.of(state)
    await journal.append(RUN, tuple(service.events[:1]), fold(service.events[:1]))
    await journal.close()
    socket, lock = socket_path(state, "shop", "production"), lock_path(state, "shop", "production")
    tasks = [asyncio.create_task(serve(service, app="shop", environment="production", socket=socket, lock=lock, signals=False))]
    while not os.path.exists(socket):
        await asyncio.sleep(0.01)
    tasks += [asyncio.create_task(service.go_on()), asyncio.create_task(held.watch())]
    screen, program = Row("deploy attach, until the fleet is painted"), Row("deploy attach --json, until it has all that was said before")
    together = Row(f"the same, {ROUNDS} at once")
    try:
        for _ in range(ROUNDS):
            screen.values.append(await asyncio.to_thread(painted, [*DEPLOY, "attach"], environ, b"web"))
            program.values.append(await whole(environ, service.half))
        alone, held.holds = held.holds, []
        together.values += await asyncio.gather(*(whole(environ, service.half) for _ in range(ROUNDS)))
    finally:
        for task in tasks[::-1]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    print(f"\nviewers that join a run on {HOSTS:,} hosts after {service.half:,} of {len(service.events):,} events, {PER_SECOND} more each second")
    print_rows([screen, program, together])
    largest = max(len(reply_bytes(item_message(1, event))) for event in service.events)
    print(f"  the largest frame: {largest / 2**20:.2f} MiB of {TO_CLIENT >> 20}")
    for name, holds in (("one joins", alone), (f"{ROUNDS} join at once", held.holds)):
        longest, ran = max((hold.seconds for hold in holds), default=0.0), max((hold.cpu for hold in holds), default=0.0)
        print(f"  the engine's loop while {name}: longest hold {1000 * longest:,.0f} ms; it ran {1000 * ran:,.0f} ms at most in one, the rest was others' work")


def main() -> None:
    """Measure in a folder of its own."""
    with TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
