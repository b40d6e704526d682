"""SFTP on a channel that is kept open: a look at a few paths, and a rename, in a round trip each and without a process on the host.

Speaks the four requests that are needed of version 3 (draft-ietf-secsh-filexfer-02) and OpenSSH's `posix-rename@openssh.com` (PROTOCOL, 4.3).
It opens no connection, and knows nothing of releases.
"""

import asyncio
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import asyncssh

from console.adapters.ssh.channels import SshChannels
from console.adapters.ssh.opened_channel import opened
from console.adapters.ssh.session import WINDOW

INIT, VERSION, REALPATH, STAT, READLINK, EXTENDED, STATUS, NAME, ATTRS = 1, 2, 16, 17, 19, 200, 101, 104, 105
DONE = 0
"""The status of what was done."""
RENAME = b"posix-rename@openssh.com"
LONGEST = 64 * 1024
"""Bytes of one answer; a host that sends more is not spoken to any more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered with: whether it was done, and the path that a question for one was answered with."""

    is_done: bool
    path: str = ""


class KeptFiles(asyncssh.SSHClientSession[bytes]):
    """One channel to the SFTP server of a host. Requests that are sent together are carried out in their order."""

    def __init__(self, connection: asyncssh.SSHClientConnection, heard: Callable[[], None]) -> None:
        self._connection = connection
        self._note_heard = heard
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._over = asyncio.Event()
        self._came = bytearray()
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Answer | None]] = {}
        self.is_ready = False
        """Whether it stands, and renames as POSIX does."""

    async def serve(self, channels: SshChannels) -> None:
        """Keep the channel until it or the connection ends. A host that takes no further channel, or has no SFTP, has none."""
        if not channels.has_room("standby"):
            return
        try:
            async with channels.place("standby", self._over.set):
                coming = self._connection.create_session(lambda: self, subsystem="sftp", encoding=None, window=WINDOW)
                channel, _ = await opened(coming, lambda made: made[0].abort())
                self._channel = channel
                channel.write(_packet(struct.pack(">BI", INIT, 3)))
                await self._over.wait()
        except (asyncssh.Error, OSError):
            return
        finally:
            self.connection_lost(None)
            if self._channel is not None:
                self._channel.abort()

    async def ask(self, *requests: bytes) -> tuple[Answer | None, ...]:
        """Send them together and return their answers; None: the channel ended before. Cancelled, no later answer is taken for another's."""
        if not self.is_ready or self._channel is None:
            return (None,) * len(requests)
        loop, waiting, sent = asyncio.get_running_loop(), list[asyncio.Future[Answer | None]](), bytearray()
        for request in requests:
            self._number += 1
            answer = self._waiting[self._number] = loop.create_future()
            waiting.append(answer)
            sent += _packet(request[:1] + struct.pack(">I", self._number) + request[1:])
        try:
            self._channel.write(bytes(sent))
        except OSError:
            self.connection_lost(None)
        return tuple([await answer for answer in waiting])

    def give_up(self) -> None:
        """End the channel. Who waits for an answer gets none: what was asked may have been done."""
        self._over.set()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Give each whole answer to who waits for it. What is no answer of SFTP 3 ends the channel."""
        if datatype is not None:
            return
        self._note_heard()
        self._came += data
        try:
            for answer in self._answers():
                self._take(answer)
        except (struct.error, IndexError, ValueError):
            self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give none to everybody who still waits for an answer: what was asked may have been done."""
        self.is_ready = False
        self._over.set()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    def _answers(self) -> Iterator[bytes]:
        while len(self._came) >= 4:
            (size,) = struct.unpack_from(">I", self._came)
            if size > LONGEST:
                raise ValueError
            if len(self._came) < 4 + size:
                return
            yield bytes(self._came[4 : 4 + size])
            del self._came[: 4 + size]

    def _take(self, answer: bytes) -> None:
        kind, (number,) = answer[0], struct.unpack_from(">I", answer, 1)
        if kind == VERSION:
            self.is_ready = RENAME in answer
            if not self.is_ready:
                self._over.set()
            return
        waiting = self._waiting.pop(number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(_read(kind, answer))


def real_path(path: str) -> bytes:
    """Ask where a path leads."""
    return bytes((REALPATH,)) + _text(path.encode("utf-8", "surrogateescape"))


def read_link(path: str) -> bytes:
    """Return the packet that asks what a link says (SFTP 3, SSH_FXP_READLINK)."""
    return bytes((READLINK,)) + _text(path.encode("utf-8", "surrogateescape"))


def look(path: str) -> bytes:
    """Ask whether there is something."""
    return bytes((STAT,)) + _text(path.encode("utf-8", "surrogateescape"))


def rename(source: str, target: str) -> bytes:
    """Have one take the other's place."""
    return bytes((EXTENDED,)) + _text(RENAME) + _text(source.encode("utf-8", "surrogateescape")) + _text(target.encode("utf-8", "surrogateescape"))


def _read(kind: int, answer: bytes) -> Answer:
    if kind == STATUS:
        return Answer(struct.unpack_from(">I", answer, 5)[0] == DONE)
    if kind == NAME:
        (size,) = struct.unpack_from(">I", answer, 9)
        return Answer(is_done=True, path=answer[13 : 13 + size].decode("utf-8", "surrogateescape"))
    return Answer(is_done=kind == ATTRS)


def _text(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _packet(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body
