"""A terminal for tests: a real pty, what was sent to it byte by byte, and what pyte makes of it."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyte

ROOT = Path(__file__).resolve().parents[2]
_MODE = re.compile(rb"\x1b\[\?(\d+)([hl])")
_KITTY = re.compile(rb"\x1b\[[<>=]\d*u|\x1b\[\?\d+\$p")
MODES = {"alternate": "1049", "mouse": "1000", "motion": "1003", "sgr-mouse": "1006", "paste": "2004", "focus": "1004"}


class Terminal:
    """One program on one pty."""

    def __init__(self, args: list[str], size: tuple[int, int] = (80, 24), env: dict[str, str] | None = None, files: tuple[int, ...] = ()) -> None:
        self.master, self.slave = pty.openpty()
        self.sent = bytearray()
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self._reads = threading.Event()
        self._reads.set()
        self._lock = threading.Lock()
        self._open = True
        self.resize(*size, told=False)
        self.before = termios.tcgetattr(self.slave)
        clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM", "TEXTUAL_COLOR_SYSTEM", "COLUMNS", "LINES")}
        clean |= {"TERM": "xterm-256color", "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"} | (env or {})
        self.process = subprocess.Popen(["setsid", "-c", *args], stdin=self.slave, stdout=self.slave, stderr=self.slave, cwd=ROOT, env=clean, pass_fds=files)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while self._open:
            try:
                if not self._reads.wait(0.05) or not select.select([self.master], [], [], 0.05)[0]:
                    continue
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self.sent += data
                self._stream.feed(_KITTY.sub(b"", data))

    def stall(self) -> None:
        """Read nothing any more."""
        self._reads.clear()

    def recover(self) -> None:
        self._reads.set()

    def resize(self, width: int, height: int, told: bool = True) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        if told:
            with self._lock:
                self.screen.resize(height, width)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    @property
    def lines(self) -> list[str]:
        with self._lock:
            return [row.rstrip() for row in self.screen.display]

    @property
    def shown(self) -> str:
        return "\n".join(self.lines)

    def until(self, found: Callable[[], object], within: float = 300.0) -> None:
        end = time.monotonic() + within
        while not found():
            assert time.monotonic() < end, f"not within {within} s:\n{self.shown}"
            time.sleep(0.03)

    def until_shown(self, words: str, within: float = 300.0) -> None:
        self.until(lambda: words in self.shown, within)

    def quiet(self, seconds: float = 0.5) -> None:
        """Wait until nothing came for so long."""
        before = -1
        while before != len(self.sent):
            before = len(self.sent)
            time.sleep(seconds)

    def ended(self, within: float = 300.0) -> int:
        code = self.process.wait(within)
        self.quiet(0.3)
        return code

    @property
    def modes(self) -> dict[str, bool]:
        """Which of the modes are on that a screen may leave behind."""
        last = {number.decode(): on == b"h" for number, on in _MODE.findall(bytes(self.sent))}
        return {name: last.get(number, False) for name, number in MODES.items()} | {"no cursor": not last.get("25", True), "no wrap": not last.get("7", True)}

    def left_on(self) -> list[str]:
        """Return what is not as it was before the program."""
        wrong = [name for name, on in self.modes.items() if on]
        if bytes(self.sent).count(b"\x1b[>") != bytes(self.sent).count(b"\x1b[<u"):
            wrong.append("keyboard protocol")
        if termios.tcgetattr(self.slave) != self.before:
            wrong.append("line discipline")
        return wrong

    def hang_up(self) -> None:
        self._open = False
        self._thread.join()
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        self._open = False
        self._thread.join()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for file in (self.master, self.slave):
            if file >= 0:
                os.close(file)


class Steered(Terminal):
    """The run screen on a scripted run, steered by the test."""

    def __init__(self, size: tuple[int, int] = (80, 24), env: dict[str, str] | None = None, hosts: int = 12) -> None:
        mine, theirs = socket.socketpair()
        with theirs:
            super().__init__([sys.executable, "-m", "tests.tui.program", str(theirs.fileno()), str(hosts)], size, env, (theirs.fileno(),))
        mine.settimeout(300)
        self._socket, self._said = mine, mine.makefile("rw")

    def do(self, what: str, **more: object) -> dict[str, Any]:
        """Have it done; what the run looks like then. Fails when the program does not answer within five minutes."""
        self._said.write(json.dumps({"do": what, **more}) + "\n")
        self._said.flush()
        return dict(json.loads(self._said.readline()))

    def quiet(self, seconds: float = 0.5) -> None:
        """Wait until nothing came for so long, in which the program was not held up: it answers behind it, and has painted before it answers again."""
        before = -1
        while before != len(self.sent):
            before = len(self.sent)
            time.sleep(seconds)
            for _ in range(2 if self._goes_on() else 0):
                self.do("look")

    def _goes_on(self) -> bool:
        return self.process.poll() is None and Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] not in "TZ"

    def running(self, until: str = "wave-2/web02/gate") -> None:
        """Go on to the middle of the run."""
        self.until_shown("PRODUCTION")
        self.do("go")
        self.do("until", step=until)

    def close(self) -> None:
        super().close()
        self._said.close()
        self._socket.close()
