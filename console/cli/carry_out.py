"""Runs what a process is for to its end, without looking for garbage in what stays loaded. Knows no command."""

import gc
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

LOADED = 1.0
"""Seconds after which a process has loaded what it needs."""
LONG = 0.008
"""Seconds of a search for garbage after which what it found alive is left out of the next ones."""


def finish(work: "Coroutine[Any, Any, int]") -> NoReturn:
    """Carry a command out, and end with its exit code."""
    sys.exit(carry_out(work))


def carry_out(work: "Coroutine[Any, Any, T]", *, leaves_out: bool = True) -> "T":
    """Carry out what a process is for. What it loads in its first second stays, and no garbage is looked for in it, then or later.

    `leaves_out`: nor in what a long search finds alive.
    """
    import asyncio

    async def carried() -> T:
        asyncio.get_running_loop().call_later(LOADED, _look_for_garbage, leaves_out)
        return await work

    return asyncio.run(carried())


def _look_for_garbage(leaves_out: bool) -> None:
    gc.freeze()
    if leaves_out:
        gc.callbacks.append(_LeavesOut())
    gc.enable()


class _LeavesOut:
    """Hears of each whole search. A screen on a run of a thousand hosts holds so much that each would keep a key waiting for 50 ms."""

    def __init__(self) -> None:
        self._began = 0.0

    def __call__(self, phase: str, info: Mapping[str, int]) -> None:
        if info["generation"] == 2:
            if phase == "start":
                self._began = time.perf_counter()
            elif time.perf_counter() - self._began > LONG:
                gc.freeze()
