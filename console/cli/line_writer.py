"""Writes lines for a viewer that follows a run, in order and by a thread: a terminal that is not read, or a full disk, holds up nothing but the lines.

Owns the bytes on their way out. Knows nothing of what they say.
"""

import asyncio
import errno
import os
import select
import threading
from collections import deque
from contextlib import suppress

MANY = 2000
"""Lines that may wait; whoever makes more waits for room."""
LOOK = 0.05
"""Seconds between looks at whether the lines are out."""


class Outlet:
    """The way out for standard output and standard error. What keeps standard output from being written is `fault`; then it takes nothing more."""

    def __init__(self) -> None:
        self.fault: OSError | None = None
        self.failed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._lines: deque[tuple[int, bytes]] = deque()
        self._some = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._write, name="outlet", daemon=True)
        self._thread.start()

    def put(self, file: int, text: str) -> None:
        """Take a text for that descriptor."""
        with self._some:
            self._lines.append((file, text.encode("utf-8", "backslashreplace")))
            self._some.notify()

    async def room(self) -> None:
        """Wait until there is room for more lines."""
        while len(self._lines) > MANY:  # noqa: ASYNC110
            await asyncio.sleep(LOOK)

    async def out(self) -> None:
        """Wait until everything is out, or will never be."""
        while self._lines:  # noqa: ASYNC110
            await asyncio.sleep(LOOK / 10)

    def close(self) -> None:
        """Take nothing more. Who writes still is not waited for."""
        with self._some:
            self._closed = True
            self._some.notify()

    def _write(self) -> None:
        while True:
            with self._some:
                while not self._lines and not self._closed:
                    self._some.wait()
                if self._closed:
                    return
                file, data = self._lines[0]
            if file != 1 or self.fault is None:
                self._write_whole(file, data)
            self._lines.popleft()

    def _write_whole(self, file: int, data: bytes) -> None:
        """A terminal that has hung up takes everything, and so does a standard error that nobody has."""
        while data:
            try:
                select.select([], [file], [])
                data = data[os.write(file, data[:4096]) :]
            except BlockingIOError:
                continue
            except OSError as fault:
                if fault.errno != errno.EIO and file == 1:
                    self.fault = fault
                    with suppress(RuntimeError):
                        self._loop.call_soon_threadsafe(self.failed.set)
                return
