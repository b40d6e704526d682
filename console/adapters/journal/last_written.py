"""Which event was written to a journal last, in a small file beside it: so a journal that lost events is told from one that never had them.

It is never ahead of the journal, and may be behind it: by what other engines write, and by a power cut. Knows no tables, and judges nothing.
"""

import os
from contextlib import suppress
from typing import NamedTuple

from console.adapters.statefolder import Modes

LONGEST = 400
"""Bytes of the file."""


class Last(NamedTuple):
    """The event that was written last."""

    run: str
    seq: int
    hash: str


def last_written(journal: str) -> Last | None:
    """Return what was written to a journal last; None where that is not known."""
    return _read(f"{journal}.last")


def _read(path: str) -> Last | None:
    try:
        with open(path, encoding="ascii") as file:
            run, seq, link = file.read(LONGEST).split()
            return Last(run, int(seq), link)
    except (OSError, ValueError):
        return None


class LastWritten:
    """The file beside a journal."""

    def __init__(self, journal: str, modes: Modes) -> None:
        self.path = f"{journal}.last"
        self._modes = modes

    def read(self) -> Last | None:
        """Return what was written last; None where that is not known."""
        return _read(self.path)

    def write(self, run: str, seq: int, link: str) -> None:
        """Keep it, in one write. What cannot be kept is not worth a run."""
        with suppress(OSError):
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, self._modes.file)
            try:
                if os.pwrite(file, f"{run} {seq} {link}".ljust(LONGEST - 1).encode() + b"\n", 0) < LONGEST:
                    os.ftruncate(file, 0)
                if os.fstat(file).st_uid == os.getuid():
                    os.fchmod(file, self._modes.file)
            finally:
                os.close(file)
