"""Leaves nothing of a fleet behind: ends every process that carries its mark, its engines, and removes its folder.

As a process (`python -m console.demo.undertaker FOLDER`) it waits for the end of its standard input, which a fleet holds open:
so it comes however the fleet ended, `kill -9` included. It knows nothing of how a fleet is made, and loads nothing that makes one: it only waits.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped,unused-ignore]

MARK = "DEMO_FLEET"
"""Variable that every process of a fleet carries; its value is the fleet's folder."""

PATIENCE = 2.0
"""Seconds between asking a process to end and ending it."""


def marked(folder: Path) -> list[psutil.Process]:
    """The processes of the fleet in that folder: what its hosts ran and whatever that started, and the engines with its state."""
    mine = os.getpid()
    return [process for process in psutil.process_iter() if process.pid != mine and _belongs(process, folder)]


def bury(folder: Path) -> None:
    """End what is marked, then remove the folder. Returns within about ten seconds."""
    until = time.monotonic() + PATIENCE
    while (found := marked(folder)) and time.monotonic() < until:
        _each(found, psutil.Process.terminate)
        time.sleep(0.1)
    until = time.monotonic() + PATIENCE
    while (found := marked(folder)) and time.monotonic() < until:
        _each(found, psutil.Process.kill)
        time.sleep(0.05)
    _remove(folder)


def _belongs(process: psutil.Process, folder: Path) -> bool:
    try:
        environment = process.environ()
        if environment.get(MARK) == str(folder):
            return True
        return environment.get("DEPLOY_STATE") == str(folder / "state") and "engine" in process.cmdline()
    except (psutil.Error, OSError):
        return False


def _each(processes: list[psutil.Process], act: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        try:
            act(process)
        except psutil.Error:
            continue


def _remove(folder: Path) -> None:
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def main() -> int:
    """Wait for the end of the demo's process, then remove what it left."""
    folder = Path(sys.argv[1])
    while os.read(0, 4096):
        pass
    bury(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
