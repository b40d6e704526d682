"""Looks at places again and again, each as soon as its time has come. Knows nothing of what a look gives."""

from collections.abc import Awaitable, Callable

from console.ports.clock import Clock


async def again_and_again(clock: Clock, interval: float, look: Callable[[], Awaitable[None]]) -> None:
    """Look each `interval` seconds until cancelled. A look that takes longer puts the next one off, and none is made up for."""
    due = clock.mono()
    while True:
        await look()
        due = max(due + interval, clock.mono())
        await clock.sleep(due - clock.mono())
