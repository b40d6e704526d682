"""Suspends the screen for another program on the same terminal, and resumes it. The event loop keeps running, so runs are still followed."""

import asyncio
import contextlib
import signal
import sys
import termios
from collections.abc import Iterator
from typing import Any

from textual.app import App, SuspendNotSupported

NOT_REACHED = 255
"""What ssh ends with when the host was not reached, or the link was lost."""


async def run_other_program(app: App[Any], argv: tuple[str, ...], words: str) -> int | str:
    """Run the program with the terminal as its own; its exit code, or why it was not run. `words` are printed before it."""
    try:
        with app.batch_update(), _deaf(), app.suspend():
            try:
                print(f"{words}\n", file=sys.__stdout__, flush=True)
            except OSError as fault:
                return f"the terminal does not accept output: {fault.strerror}"
            return await _lent(argv)
    except SuspendNotSupported:
        return "this terminal cannot be handed to another program"


async def _lent(argv: tuple[str, ...]) -> int | str:
    """Run it; what it said of its own failure stays to be read. No exception may pass: the screen would not come back."""
    try:
        with _kept():
            code = await _run(argv)
        if code == NOT_REACHED:
            await _run(("sh", "-c", "printf 'enter goes back to the console '; read _ || true"))
    except OSError as fault:
        return f"{argv[0]} cannot be run: {fault.strerror}"
    return code


async def _run(argv: tuple[str, ...]) -> int:
    process = await asyncio.create_subprocess_exec(*argv)
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()


@contextlib.contextmanager
def _kept() -> Iterator[None]:
    """Put the terminal's own settings back, however the program left them."""
    file = sys.__stdin__.fileno() if sys.__stdin__ else -1
    try:
        before = termios.tcgetattr(file)
    except (OSError, termios.error):
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(file, termios.TCSANOW, before)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Leave ctrl+c to the program that has the terminal."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
