"""When a process of the demo has to end: a signal, the end of its standard input, the end of whoever started it, or no console for an hour.

It knows nothing of what ends then.
"""

import asyncio
import os
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from console.demo import background

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOOK = 0.5
"""Seconds between looks at the parent."""
IDLE = 3600.0
"""Seconds that a fleet stands without a console."""
LOOK_FOR_USE = 30.0
"""Seconds between looks for a console, at most."""


@asynccontextmanager
async def until_told(*, alone: bool = False) -> AsyncIterator[asyncio.Event]:
    """An event that is set when it is time to end. Signals are taken from here on, and stay taken. `alone`: by a signal only."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, told.set)
    follows = not alone and _says_its_end(0)
    if follows:
        loop.add_reader(0, _look_at_input, told)
    parent = None if alone else asyncio.create_task(_watch_parent(told))
    try:
        yield told
    finally:
        if parent:
            parent.cancel()
        if follows:
            loop.remove_reader(0)


def _says_its_end(number: int) -> bool:
    """Pipes and sockets do; a terminal belongs to a person, and /dev/null has ended from the start."""
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _look_at_input(told: asyncio.Event) -> None:
    try:
        ended = not os.read(0, 4096)
    except BlockingIOError:
        return
    except OSError:
        ended = True
    if ended:
        asyncio.get_running_loop().remove_reader(0)
        told.set()


async def _watch_parent(told: asyncio.Event) -> None:
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110
        await asyncio.sleep(LOOK)
    told.set()


async def until_unused(place: Path, fleet: Path, idle: float) -> Literal[True]:
    """Return once no console was on the fleet for so many seconds."""
    used = asyncio.get_running_loop().time()
    while (now := asyncio.get_running_loop().time()) - used < idle:
        await asyncio.sleep(min(LOOK_FOR_USE, idle / 4))
        if await asyncio.to_thread(background.is_used, place, fleet):
            used = now
    return True
