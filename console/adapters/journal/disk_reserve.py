"""Room on the console's own disk that is kept for going back: a file in the state folder, made before a release, given up when the disk is full.

Knows the state folder; what is going back is said by who writes.
"""

import os
from contextlib import suppress

from console.adapters.statefolder import Modes

SIZE = 8 * 2**20
"""Bytes: the record of a rollback of a thousand hosts."""
LITTLE = 2**18
"""Free bytes below which a disk is as good as full."""


def reserve_path(state: str) -> str:
    """Return the path of the reserve in a state folder."""
    return os.path.join(state, "reserve")


def keep_room(state: str, modes: Modes) -> None:
    """Make the file, if it is not there; smaller where the disk is small. A disk that has no room for it is for whoever writes to say."""
    path = reserve_path(state)
    with suppress(OSError):
        found = os.statvfs(state)
        size = min(SIZE, found.f_bavail * found.f_frsize // 4)
        if os.path.exists(path) or size < LITTLE:
            return
        partial = f"{path}.{os.getpid()}"
        file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, modes.file)
        try:
            os.posix_fallocate(file, 0, size)
            os.replace(partial, path)
        finally:
            os.close(file)
            with suppress(FileNotFoundError):
                os.remove(partial)


def give_room(state: str) -> bool:
    """Give the file up; whether there was one."""
    try:
        os.remove(reserve_path(state))
    except OSError:
        return False
    return True


def give_room_if_full(state: str) -> None:
    """Give the file up where the disk takes nothing more, in bytes or in files."""
    with suppress(OSError):
        found = os.statvfs(state)
        if found.f_bavail * found.f_frsize < LITTLE or (found.f_files and found.f_favail < 16):
            give_room(state)
