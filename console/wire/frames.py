"""Messages cut out of a stream of bytes: four bytes of length (big-endian), then so many bytes. Sans I/O.

Knows nothing of what is in a frame, of sockets or of time. An illegal frame raises and leaves the reader as it was, for good.
"""

import struct

from console.errors import ConsoleError

TO_ENGINE = 1 << 20
"""Bytes that a frame to the engine may have."""

FROM_VIEWER = 256 << 10
"""The same from one who may only look: a question, or a model that the engine has already."""

FROM_STRANGER = 4 << 10
"""The same from one who has not said who it is, or may do nothing."""

TO_CLIENT = 16 << 20
"""Bytes that a frame from the engine may have."""

_LENGTH = struct.Struct(">I")


class FrameError(ConsoleError):
    """What came is no frame of ours, or too long for one."""


class DecodeError(ConsoleError):
    """Bytes that are not what they should be: another version's, or damaged."""

    @classmethod
    def of(cls, problem: Exception) -> "DecodeError":
        """Return the error for what the decoder says."""
        return cls(f"not understood: {problem}", "it was written by another version of the console, or is damaged")


def framed(body: bytes, limit: int = TO_CLIENT) -> bytes:
    """Return the bytes to send for a message. Raises `FrameError` for an empty one and for one over the limit."""
    _check(len(body), limit)
    return _LENGTH.pack(len(body)) + body


def _check(length: int, limit: int) -> None:
    if not 0 < length <= limit:
        raise FrameError(f"a frame of {length} bytes; 1 to {limit} are allowed")


class Frames:
    """The receiving end of one stream. Holds what has come of the frame that is not whole yet; never more than the limit and its length.

    `limit` may be changed as it becomes known who sends.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._rest = b""

    @property
    def waiting(self) -> int:
        """Bytes of a frame that is not whole yet: at the end of a stream, more than 0 is a frame cut off."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[bytes]:
        """Take what came and return the messages that are whole now. Raises `FrameError`, and then has taken nothing."""
        stream = self._rest + data
        bodies: list[bytes] = []
        place = 0
        while len(stream) - place >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(stream, place)
            _check(length, self.limit)
            end = place + _LENGTH.size + length
            if end > len(stream):
                break
            bodies.append(stream[place + _LENGTH.size : end])
            place = end
        self._rest = stream[place:]
        return bodies
