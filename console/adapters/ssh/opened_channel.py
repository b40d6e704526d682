"""A channel that is being opened, and is left before that is over. It must not know what the channel is for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def opened(coming: Coroutine[Any, Any, T], drop: Callable[[T], object], failed: Callable[[], object] = lambda: None) -> T:
    """Wait for it. Left before that is over, what opens is `drop`ped as soon as it does: the host would go on counting it.

    `failed`: called where it does not open then.
    """
    opening = asyncio.ensure_future(coming)

    def over(opening: asyncio.Future[T]) -> None:
        if opening.cancelled() or opening.exception() is not None:
            failed()
        else:
            drop(opening.result())

    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(over)
        raise
