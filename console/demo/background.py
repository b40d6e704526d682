"""The one demo fleet that a user has on this machine: how it is found, who is on it, and how it is ended.

A folder of the user's own holds its description, locked by the fleet for as long as it stands, and a file that each console of `deploy demo` holds. Locks
go with their processes, so nothing that is read here is left over from one that was killed. Knows nothing of hosts, runs or screens.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped,unused-ignore]

from console.demo.undertaker import MARK
from console.errors import ConsoleError, UsageFault

PARTING = 120.0
"""Seconds that a fleet of a thousand hosts has to end and to remove what it made."""

AGAIN = 2.0
"""Seconds after which it is told again: a loop that is late loses signals."""


def standing_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder in which the user's fleet is written down, made where it is missing. Raises UsageFault where it can't be."""
    named = environ.get("XDG_STATE_HOME", "")
    folder = (Path(named) if os.path.isabs(named) else Path.home() / ".local" / "state") / "deploy-console-demo"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise UsageFault(f"{folder} belongs to another user", "set XDG_STATE_HOME to a folder of your own")
    except OSError as problem:
        raise UsageFault(f"the demo writes down in {folder} where it is, and can't: {problem.strerror}", "set XDG_STATE_HOME to a folder of your own") from None
    return folder


@contextmanager
def starting(folder: Path) -> Iterator[None]:
    """Be the only one who looks for a fleet there, starts one or ends it."""
    with open(folder / "starting", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def stand(folder: Path, described: dict[str, Any]) -> int:
    """Write a fleet down, for as long as the descriptor that is returned is open."""
    file = os.open(folder / "fleet.json", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.ftruncate(file, 0)
    os.write(file, json.dumps({**described, "pid": os.getpid()}).encode())
    return file


def standing(folder: Path) -> dict[str, Any] | None:
    """Return the description of the fleet that stands; None: none does."""
    if not _is_held(folder / "fleet.json"):
        return None
    with suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads((folder / "fleet.json").read_text(encoding="utf-8"))
        return found
    return None


def end(folder: Path) -> bool:
    """End the fleet that stands, and wait until nothing of it is left; False where none stood. Raises ConsoleError where it does not end."""
    found = standing(folder)
    if found is not None:
        until, told = time.monotonic() + PARTING, float("-inf")
        while _is_held(folder / "fleet.json"):
            if time.monotonic() > until:
                raise ConsoleError(f"the demo's fleet (process {found['pid']}) did not end within {PARTING:.0f} s", f"kill -9 {found['pid']}")
            if time.monotonic() > told + AGAIN:
                told = time.monotonic()
                with suppress(ProcessLookupError):
                    os.kill(found["pid"], signal.SIGTERM)
            time.sleep(0.05)
    for name in ("fleet.json", "fleet.log", "consoles"):
        (folder / name).unlink(missing_ok=True)
    return found is not None


@contextmanager
def on_it(folder: Path) -> Iterator[None]:
    """Be a console of the fleet."""
    with open(folder / "consoles", "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def is_used(folder: Path, fleet: Path) -> bool:
    """Whether a console is on the fleet whose folder is `fleet`: one of `deploy demo`, or one that was typed with its state folder."""
    return _is_held(folder / "consoles") or any(_is_console(process, str(fleet)) for process in psutil.process_iter())


def _is_console(process: psutil.Process, fleet: str) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        words, environ = process.cmdline(), process.environ()
    except (psutil.Error, OSError):
        return False
    if environ.get(MARK) or "engine" in words or "console.demo.undertaker" in words:
        return False
    return environ.get("DEPLOY_STATE", "").startswith(fleet) or any(word.startswith(fleet) for word in words)


def _is_held(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
