"""Questions on the terminal: the prompt beside the data, the answer from standard input, without holding up what goes on meanwhile."""

import asyncio
import os
import sys
from collections.abc import Callable

from console.cli.invocation import Invocation
from console.cli.output import print_on
from console.errors import ConsoleError
from console.exit_codes import Exit


class Declined(ConsoleError):
    """A person did not say yes, and nothing was done."""

    exit = Exit.INTERRUPTED


async def read_line(prompt: str, show: Callable[[str], None] | None = None) -> str | None:
    """Return a line that a person typed; None when standard input has ended. May be cancelled at any time. `show`: writes the prompt."""
    if show is not None:
        show(prompt)
    elif not print_on(sys.stderr, prompt, end=""):
        return None
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()
    descriptor = sys.stdin.fileno()

    def readable() -> None:
        if not answer.done():
            answer.set_result(os.read(descriptor, 4096))

    loop.add_reader(descriptor, readable)
    try:
        typed = await answer
    finally:
        loop.remove_reader(descriptor)
    return typed.decode(errors="replace").strip() if typed else None


async def confirm(how: Invocation, question: str) -> None:
    """Have a person say yes. Raises Declined where they do not."""
    if how.yes:
        return
    answer = await read_line(f"{question} [y/N] ")
    if (answer or "").lower() not in ("y", "yes"):
        raise Declined("nothing was done", "y is the answer that does it, or --yes")
