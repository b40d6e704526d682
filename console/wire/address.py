"""Where the engine of an application and environment is met: names and modes of its socket, lock and log below the state folder, and how a
socket is bound or reached whose path is too long for one. Knows nothing of what is said there.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

LONGEST = 107
"""Bytes that the path of a Unix socket may have."""

ROOM: Final = 80
"""Bytes of it that a name has: the rest is `/proc/self/fd/NUMBER/` before it, and `.sock` behind."""

_UNSAFE = re.compile(r"^\.|[^A-Za-z0-9._-]")


def engine_name(app: str, environment: str) -> str:
    """Return the name of an engine's files: no two engines share one, and it is one part of a path."""
    name = f"{path_part(app)}@{path_part(environment)}"
    if len(name) <= ROOM:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: ROOM - len(digest) - 1]}~{digest}"


def is_of(name: str, app: str) -> bool:
    """Return whether the name of an engine's file may be one of that application (empty: of any). A name that was cut is one of all that begin so."""
    return not app or name.startswith(f"{path_part(app)}@"[: ROOM - 17])


def path_part(text: str) -> str:
    """Return a text as one part of a path: letters, digits and `._-` as they are (no dot first), all else as %XX."""
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02x}" for byte in found.group().encode()), text)


def run_folder(state: str) -> str:
    """Return the folder of engines' sockets, locks and logs."""
    return os.path.join(state, "run")


def socket_path(state: str, app: str, environment: str) -> str:
    """Return the path of an engine's socket."""
    return os.path.join(run_folder(state), engine_name(app, environment) + ".sock")


def lock_path(state: str, app: str, environment: str) -> str:
    """Return the path of the file that a living engine holds a lock on."""
    return os.path.join(run_folder(state), engine_name(app, environment) + ".lock")


def log_path(state: str, app: str, environment: str) -> str:
    """Return the path of an engine's own log."""
    return os.path.join(run_folder(state), engine_name(app, environment) + ".log")


def file_mode(path: str) -> int:
    """Return the mode that a file there gets: its group's too, where its folder is one that was made for a group."""
    return 0o660 if os.stat(os.path.dirname(path)).st_mode & stat.S_ISGID else 0o600


def opened(path: str, flags: int) -> int:
    """Open a file of an engine, made where it is missing, with its folder's mode whatever the umask. Raises OSError."""
    mode = file_mode(path)
    file = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.fstat(file).st_uid == os.getuid():
        os.fchmod(file, mode)
    return file


@contextmanager
def reachable(path: str) -> Iterator[str]:
    """Give a path of the same socket that fits into an address, as long as the context lasts."""
    if len(os.fsencode(path)) <= LONGEST:
        yield path
        return
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    finally:
        os.close(folder)
