"""Runs what a process is for to its end, without looking for garbage in what stays loaded. Knows no command."""

import gc
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

LOADED = 1.0
"""Seconds after which a process has loaded what it needs."""


def finish(work: "Coroutine[Any, Any, int]") -> NoReturn:
    """Carry a command out, and end with its exit code."""
    sys.exit(carry_out(work))


def carry_out(work: "Coroutine[Any, Any, T]") -> "T":
    """Carry out what a process is for. What it loads in its first second stays, and no garbage is looked for in it, then or later."""
    import asyncio

    async def carried() -> T:
        asyncio.get_running_loop().call_later(LOADED, _look_for_garbage)
        return await work

    return asyncio.run(carried())


def _look_for_garbage() -> None:
    gc.freeze()
    gc.enable()
