"""How soon a command answers, and a screen is painted, beside a Python that does nothing."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.table import Row, print_table
from tests.fleet import Fleet, make_repository

ROUNDS = 11
PATIENCE = 60.0
"""Seconds without a byte in which a screen is still waited for."""
SIZE = struct.pack("HHHH", 50, 200, 0, 0)


def answered(argv: list[str], environ: dict[str, str]) -> float:
    """Milliseconds from a command's start to its end."""
    began = time.perf_counter()
    subprocess.run(argv, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - began)


def painted(argv: list[str], environ: dict[str, str], words: bytes) -> float:
    """Milliseconds from a command's start until those words stand on its terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, SIZE)
    began = time.perf_counter()
    terminal = environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(argv, env=terminal, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    try:
        came = b""
        while words not in came:
            if not select.select([ours], [], [], PATIENCE)[0]:
                raise AssertionError(f"{argv} had not painted {words!r} after {PATIENCE:.0f} s without a word: {came[-2000:].decode(errors='replace')}")
            try:
                came += os.read(ours, 65536)
            except OSError:
                raise AssertionError(f"{argv} ended before it had painted {words!r}: {came.decode(errors='replace')}") from None
        return 1000 * (time.perf_counter() - began)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder, Fleet(3, Path(folder) / "fleet") as fleet:
        file = fleet.hosts_toml(make_repository(Path(folder) / "shop"), batch="1\npause_after = 1")
        environ = {**os.environ, "DEPLOY_STATE": str(Path(folder) / "state"), "DEPLOY_ENGINE_IDLE": "10m"}
        environ.pop("DEPLOY_CONFIG", None)
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's Python keeps what it compiled
        deploy = [sys.executable, "-m", "console"]
        here = [*deploy, "-c", str(file)]
        subprocess.run([*here, "production", "--version", "v1.0.0", "--yes"], env=environ, check=False, capture_output=True)  # it pauses after a host
        bare, helped, status, attach = (
            Row(name) for name in ("python -c pass", "deploy --help", "deploy status, 3 hosts, warm engine", "deploy attach, until the fleet is painted")
        )
        try:
            for _ in range(ROUNDS):
                bare.values.append(answered([sys.executable, "-c", "pass"], environ))
                helped.values.append(answered([*deploy, "--help"], environ))
                status.values.append(answered([*here, "status"], environ))
                attach.values.append(painted([*deploy, "attach"], environ, b"web03"))
        finally:
            answered([*here, "engine", "stop", "--force"], environ)
    print_table("start-up: from a command's start to its end, or to its first picture", [bare, helped, status, attach])
