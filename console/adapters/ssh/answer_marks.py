"""What a host answers, told from what its login prints: an answer stands between two marks that hold a nonce, which nothing else can know.

Pure: bytes in, bytes out. It must not know how the command that prints the marks is sent.
"""

import re
from typing import Literal

SHOWN = 4096
"""Bytes of what stands before the first mark that are kept for a person."""
LONGEST = 16
"""Bytes in which a status, and the end of its mark, must have come."""

Name = Literal["out", "err"]


class Frame:
    """One output of a command, read as it comes. What stands before the first mark and after the last one is no part of the answer."""

    def __init__(self, name: Name, nonce: str) -> None:
        self._begin = f"[{nonce}:{name}:begin]\n".encode()
        self._end = f"[{nonce}:{name}:end:".encode()
        self._foreign = f"[{nonce}:".encode()
        self._rest = b""
        self._before = bytearray()
        self.began = False
        self.status: int | None = None
        """The exit code that the last mark holds; None until it has come."""

    @property
    def before(self) -> bytes:
        """The beginning of what was printed before the first mark: by the login, or by what ran in place of the command."""
        return bytes(self._before) if self.began else bytes(self._before + self._rest)[:SHOWN]

    @property
    def is_mangled(self) -> bool:
        """Whether marks came in a form that was not printed: outputs merged into one, or a terminal in between."""
        return self._foreign in self.before

    def feed(self, data: bytes) -> bytes:
        """Take what came, in pieces of any size; return what belongs to the answer."""
        if self.status is not None:
            return b""
        self._rest += data
        if not self.began and not self._has_begun():
            return b""
        found = self._rest.find(self._end)
        if found < 0:
            return self._given(len(self._rest) - _overlap(self._rest, self._end))
        return self._ended(found)

    def _has_begun(self) -> bool:
        at = self._rest.find(self._begin)
        if at < 0:
            self._keep(len(self._rest) - _overlap(self._rest, self._begin))
            return False
        self._keep(at)
        self._rest = self._rest[len(self._begin) :]
        self.began = True
        return True

    def _keep(self, count: int) -> None:
        self._before += self._rest[: min(count, SHOWN - len(self._before))]
        self._rest = self._rest[count:]

    def _given(self, count: int) -> bytes:
        given, self._rest = self._rest[:count], self._rest[count:]
        return given

    def _ended(self, found: int) -> bytes:
        given = self._given(found)
        whole = re.match(rb"(\d{1,3})\]\n", self._rest[len(self._end) :])
        if whole:
            self.status, self._rest = int(whole[1]), b""
        elif len(self._rest) > len(self._end) + LONGEST:
            given += self._given(len(self._end))
        return given


def _overlap(data: bytes, mark: bytes) -> int:
    """How many bytes at the end of the data may be the beginning of a mark."""
    end = data[1 - len(mark) :]
    at = end.find(mark[:1])
    while at >= 0 and not mark.startswith(end[at:]):
        at = end.find(mark[:1], at + 1)
    return len(end) - at if at >= 0 else 0
