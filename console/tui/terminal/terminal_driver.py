"""The terminal's driver: writing never makes the console wait, and a terminal that is gone ends the viewer instead of spinning.

Owns the bytes between Textual and the terminal. It knows nothing of runs; of the app it needs only `terminal_lost`.
"""

import asyncio
import os
import select
import sys
import termios
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from textual._time import get_time
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from console.tui.terminal.paste_filter import PasteFilter

DRAIN_WITHIN = 1.0
"""Seconds that a terminal has to take the last bytes before the app goes on to close."""
_CANCEL = b"\x18"
"""Ends a sequence of which the terminal has seen only a part."""


def own_description(file: int) -> tuple[int, int]:
    """Open that terminal again, so that not waiting for it is our own affair; (descriptor, bytes to write at once).

    Where it can't be opened, a copy of the descriptor is returned, and only as much is written at once as a writable terminal takes.
    """
    for path in (_name(file), "/dev/tty"):
        try:
            return os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC), 4096
        except OSError:
            continue
    return os.dup(file), 256


def _name(file: int) -> str:
    try:
        return os.ttyname(file)
    except OSError:
        return "/dev/tty"


class PatientWriter:
    """Writes what the terminal takes and keeps the rest until it takes more. Nothing here waits, except `drain` with its deadline."""

    def __init__(self, file: int, loop: asyncio.AbstractEventLoop, on_lost: Callable[[], None]) -> None:
        self._file, self._most = own_description(file)
        self._loop = loop
        self._on_lost = on_lost
        self._kept = bytearray()
        self._cut = False
        self._last: bytearray | None = None
        """What was written since the screen began to leave; None: it is there."""
        self._lock = threading.RLock()
        self.lost = False

    @property
    def backlog(self) -> int:
        """Return how many bytes wait for the terminal."""
        return len(self._kept)

    def write(self, data: bytes) -> None:
        """Write, or keep for later. May be called from any thread."""
        with self._lock:
            waited = bool(self._kept)
            self._kept += data
            if self._last is not None:
                self._last += data
            self._push()
            if self._kept and not waited and not self.lost:
                self._loop.call_soon_threadsafe(self._watch)

    def _watch(self) -> None:
        if self._kept and not self.lost and self._file >= 0:
            self._loop.add_writer(self._file, self._writable)

    def _writable(self) -> None:
        with self._lock:
            self._push()
            if not self._kept:
                self._loop.remove_writer(self._file)

    def _push(self) -> None:
        while self._kept and not self.lost:
            try:
                if not select.select([], [self._file], [], 0)[1]:
                    return
                taken = os.write(self._file, self._kept[: self._most])
            except BlockingIOError:
                return
            except (OSError, ValueError):
                self._lose()
                return
            self._cut = taken < len(self._kept)
            del self._kept[:taken]

    def _lose(self) -> None:
        self.lost = True
        self._kept.clear()
        self._on_lost()

    def stay(self) -> None:
        """The screen is there again."""
        self._last = None

    def forget(self) -> None:
        """Drop what waits: nobody will see it any more. What is written from here on are the last words."""
        with self._lock:
            self._last = bytearray()
            if self._kept:
                self._kept[:] = _CANCEL if self._cut else b""

    def make_room(self) -> None:
        """Put the last words in the place of all that the terminal has not read yet."""
        with self._lock:
            if not self._kept or self.lost:
                return
            with suppress(OSError, termios.error):
                termios.tcflow(self._file, termios.TCOON)
                termios.tcflush(self._file, termios.TCOFLUSH)
            self._kept[:] = _CANCEL + (self._last or b"")

    def drain(self, within: float = DRAIN_WITHIN) -> None:
        """Wait at most so many seconds until the terminal has taken everything, or is gone."""
        end = time.monotonic() + within
        while self._kept and not self.lost and (left := end - time.monotonic()) > 0:
            select.select([], [self._file], [], min(left, 1.0))
            with self._lock:
                self._push()

    def close(self) -> None:
        """Let go of the terminal."""
        if self._file >= 0:
            self._loop.remove_writer(self._file)
            os.close(self._file)
            self._file = -1
            self._kept.clear()
            self.lost = True


class PatientDriver(LinuxDriver):
    """Textual's driver for Linux, with a writer that does not block and a reader that notices the end."""

    def __init__(self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        out = sys.__stdout__
        self._tty = out.fileno() if out is not None and out.isatty() else self.fileno
        self._encoding = (out.encoding if out is not None else "") or "utf-8"
        self._writer: PatientWriter | None = None

    @property
    def backlog(self) -> int:
        """Return how many bytes wait for the terminal."""
        return self._writer.backlog if self._writer else 0

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            width, height = os.get_terminal_size(self._tty)
        except OSError:
            return super()._get_terminal_size()
        return width or 80, height or 24

    def write(self, data: str) -> None:
        """Write data, never waiting for the terminal."""
        if self._writer is not None:
            self._writer.write(data.encode(self._encoding, "replace"))

    def start_application_mode(self) -> None:
        """Take the terminal, or take it again after a stop that was not announced: then what it was like before is still known."""
        before = self.attrs_before
        again = self._writer is not None
        if self._writer is not None:
            self._writer.stay()
            self.disable_input()
            super().close()
            self._must_signal_resume = True
            self.write("\x1b[<u")
        else:
            self._writer = PatientWriter(self._tty, self._loop, self._lose)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if again:
            self.attrs_before = before

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        if self._writer is not None:
            self._writer.forget()
        super().stop_application_mode()
        if self._writer is not None:
            self._writer.drain()

    def close(self) -> None:
        """Let go of the terminal. One that is stalled is waited for a moment; then what gives it its modes back takes the place of what it has not read."""
        super().close()
        if self._writer is not None:
            self._writer.drain(DRAIN_WITHIN)
            self._writer.make_room()
            self._writer.drain(DRAIN_WITHIN)
            self._writer.close()
            self._writer = None

    def _lose(self) -> None:
        lost = getattr(self._app, "terminal_lost", None)
        if lost is not None:
            self._loop.call_soon_threadsafe(lost)

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except (OSError, ValueError):
            self._lose()

    def run_input_thread(self) -> None:
        """Read keys until the screen ends, or the terminal does. What came in one read has one time: so a burst is known as one."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        clean = PasteFilter()
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], 0.1)[0]:
                data = os.read(self.fileno, 4096)
                if not data:
                    self._lose()
                    return
                at, text = get_time(), clean.feed(decode(data))
                for message in parser.feed(text) if text else ():
                    message.time = at
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)
