"""Commands and streams on this machine, as if it were a host: the port `Transport` without SSH.

It must know nothing of steps or releases. A script runs in a session of its own, with little of our environment; at its deadline it is
killed.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping
from typing import cast

from console.model.bastions import SshSeen
from console.model.host import Host
from console.ports.hosts import Ran, Reached, Sink, Stream, Unreached
from console.safe_text import SafeText

CAP = 1024 * 1024
"""Bytes of output, and of errors, that are kept."""
LEFT_OPEN = 1.0
"""Seconds that we go on reading when a script has ended and something that it left behind still holds its output."""
SIGNALLED = 128
"""Added to the number of a signal that ended a script, as shells do."""
KEPT = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TZ", "USER")


Started = tuple[asyncio.SubprocessTransport, "_Process"]


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT if name in os.environ}


def _words(fault: OSError) -> str:
    """Say what the system says of a connection that failed; asyncio puts words of its own there."""
    if isinstance(fault, ConnectionError) and fault.errno is not None:
        return os.strerror(fault.errno)
    return fault.strerror or str(fault)


class _Process(asyncio.SubprocessProtocol):
    """What a script prints, capped, and when it has ended."""

    def __init__(self, sink: Sink | None) -> None:
        self.sink = sink
        self.kept = {1: bytearray(), 2: bytearray()}
        self.exited = asyncio.Event()
        self.silent = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.open = {1, 2}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1 and self.sink is not None:
            self.sink(data)
            return
        self.kept[fd] += data[: CAP - len(self.kept[fd])]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self.open.discard(fd)
        if fd == 0:
            self.writable.set()
        if not self.open:
            self.silent.set()

    def process_exited(self) -> None:
        self.exited.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    async def ended(self) -> None:
        """Wait for the end, and for the rest of the output."""
        await self.exited.wait()
        await _within(LEFT_OPEN, self.silent)


async def _within(seconds: float, event: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def _pieces(data: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(data, bytes):
        if data:
            yield data
        return
    async for piece in data:
        yield piece


async def _feed(pipe: asyncio.WriteTransport, process: _Process, data: bytes | AsyncIterator[bytes]) -> None:
    async for piece in _pieces(data):
        if pipe.is_closing():
            return
        pipe.write(piece)
        await process.writable.wait()
    pipe.close()


async def _carried(transport: asyncio.SubprocessTransport, process: _Process, data: bytes | AsyncIterator[bytes]) -> int | None:
    pipe = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))
    feeding = asyncio.ensure_future(_feed(pipe, process, data))
    ended = asyncio.ensure_future(process.ended())
    try:
        await asyncio.wait((ended, feeding), return_when=asyncio.FIRST_COMPLETED)
        if feeding.done():
            feeding.result()
        await ended
    finally:
        feeding.cancel()
        ended.cancel()
        await asyncio.gather(feeding, ended, return_exceptions=True)
    code = transport.get_returncode()
    return code if code is None or code >= 0 else SIGNALLED - code


async def _started(starting: asyncio.Future[Started]) -> Started:
    """Wait until the script has been started. Left before, it is killed with all that it has started by then, once it is known which it is.

    That is waited for: a loop that ends meanwhile would cancel the start half way, and wait for the end of a process whose pipes nobody joins any more.
    """
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_kill_unwanted)
        await asyncio.wait((starting,))
        if not starting.cancelled() and starting.exception() is None:
            await _within(LEFT_OPEN, starting.result()[1].exited)
        raise


def _kill_unwanted(starting: asyncio.Future[Started]) -> None:
    if starting.cancelled() or starting.exception() is not None:
        return
    transport = starting.result()[0]
    _kill_group(transport.get_pid())
    transport.close()


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


async def _killed(leader: int, process: _Process) -> None:
    _kill_group(leader)
    await _within(LEFT_OPEN, process.exited)


class LocalStream:
    """A connection from this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, limit: int) -> bytes:
        """Return up to so many bytes; empty at the end. Raises OSError (ConnectionError) when the connection broke: what came is not all then."""
        return await self._reader.read(limit)

    async def write(self, data: bytes) -> None:
        """Send. Raises OSError (ConnectionError) when the other side is gone."""
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        """Close the socket; an error on the way is not told."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class LocalTransport:
    """The port `Transport` for this machine. `shell` is how a script is started, `environment` and `umask` what it gets (-1: ours)."""

    def __init__(self, shell: tuple[str, ...] = ("sh",), environment: Mapping[str, str] | None = None, umask: int = -1) -> None:
        self._umask = umask
        self._shell = shell
        self._environment = dict(environment) if environment is not None else _environment()
        self._home = self._environment.get("HOME", "/")
        self._round_trip: float | None = None

    async def connect(self, host: Host) -> Reached | Unreached:
        """Say that it is reached, as it always is."""
        return Reached(host.name, self._round_trip or 0.0)

    async def run(self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
        """Run the script; at the deadline (seconds) it is killed and its status is None, with the problem `late`."""
        began = time.monotonic()
        process = _Process(sink)
        loop = asyncio.get_running_loop()
        try:
            starting = asyncio.ensure_future(
                loop.subprocess_exec(
                    lambda: process, *self._shell, "-c", script, env=self._environment, start_new_session=True, cwd=self._home, umask=self._umask
                )
            )
            transport, _ = await _started(starting)
        except OSError as fault:
            return Ran(None, problem=Unreached(host.name, "channel", SafeText(f"{self._shell[0]}: {fault.strerror}")))
        status: int | None = None
        problem: Unreached | None = None
        try:
            async with asyncio.timeout(deadline):
                status = await _carried(transport, process, data)
        except TimeoutError:
            problem = Unreached(host.name, "late", SafeText(f"no answer within {deadline:g} s"))
        finally:
            if transport.get_returncode() is None:
                await _killed(transport.get_pid(), process)
            transport.close()
        self._round_trip = time.monotonic() - began
        return Ran(status, bytes(process.kept[1]), bytes(process.kept[2]), problem)

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float) -> Stream | Unreached:
        """Open a connection from this machine, within so many seconds."""
        try:
            async with asyncio.timeout(deadline):
                return LocalStream(*await asyncio.open_connection(address, port))
        except TimeoutError:
            return Unreached(host.name, "late", SafeText(f"{address}:{port}: no answer within {deadline:g} s"))
        except OSError as fault:
            return Unreached(host.name, "channel", SafeText(f"{address}:{port}: {_words(fault)}"))

    async def open_socket(self, host: Host, path: str, *, deadline: float) -> Stream | Unreached:
        """Open a connection to a Unix socket of this machine, within so many seconds."""
        try:
            async with asyncio.timeout(deadline):
                return LocalStream(*await asyncio.open_unix_connection(path))
        except TimeoutError:
            return Unreached(host.name, "late", SafeText(f"{path}: no answer within {deadline:g} s"))
        except OSError as fault:
            return Unreached(host.name, "channel", SafeText(f"{path}: {_words(fault)}"))

    def is_linked(self, host: Host) -> bool:
        """Say yes: there is no link that could break."""
        return True

    def round_trip(self, host: Host) -> float | None:
        """Seconds that the last command took, with its work."""
        return self._round_trip

    def jump_of(self, host: Host) -> str:
        """Return nothing: there is no way to it."""
        return ""

    def ssh_seen(self, host: Host) -> SshSeen | None:
        """Return None: there is no SSH to it."""
        return None

    async def verify(self, host: Host) -> None:
        """Nothing is to be judged."""

    async def sessions(self, host: Host, *, deadline: float) -> int | None:
        """Return None: this machine has no limit on commands at once."""
        return None

    async def close(self) -> None:
        """Do nothing: no connection is kept."""
