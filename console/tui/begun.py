"""Work that a screen begins and does not wait for. Where it ends by a mistake of the screen's own that is said: nobody else would hear of it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from console.safe_text import SafeText
from console.tui.screen_shell import Say


def begun(work: Coroutine[Any, Any, Any], say: Say, over: Callable[[], object] = lambda: None) -> asyncio.Task[Any]:
    """Begin it. `say`: tells a person of a mistake; `over`: called at its end, whatever came of it."""
    task = asyncio.create_task(work)

    def ended(task: asyncio.Task[Any]) -> None:
        over()
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            say(f"this was not done, by a mistake of the console ({type(fault).__name__}: {SafeText(str(fault))}); a run is not affected", "bad")

    task.add_done_callback(ended)
    return task
