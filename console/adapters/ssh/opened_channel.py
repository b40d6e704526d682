"""A channel that is being opened, and is left before that is over. It must not know what the channel is for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def opened(coming: Coroutine[Any, Any, T], drop: Callable[[asyncio.Future[T]], object]) -> T:
    """Wait for it. Left before it is open, it is `drop`ped as soon as it opens, or did not: the host would go on counting it."""
    opening = asyncio.ensure_future(coming)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(drop)
        raise
