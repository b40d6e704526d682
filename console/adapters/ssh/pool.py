"""Hosts over SSH: one warm connection a host, opened when first needed, each await with a deadline. Implements `ports.Transport` with asyncssh.

Host keys are always checked against an explicit object parsed once; a refused login or key is not tried again by itself. A link that dies
under a command makes its status None, never an error and never a success. It knows nothing of steps or releases.
"""

import asyncio
import getpass
import shlex
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncssh

from console.adapters.ssh.keys import KnownHosts
from console.model.fleet import Host, Ssh
from console.ports import ProblemKind, Ran, Reached, Sink, Unreached
from console.text import SafeText

HANDSHAKES = 32
CHANNELS = 4
CAP = 1024 * 1024
WINDOW = 131072
MISSES = 3
CIPHERS = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-ctr"]


class _Collected(asyncssh.SSHClientSession[bytes]):
    """What a command prints, capped, and how it ended."""

    def __init__(self, sink: Sink | None) -> None:
        self.kept = {None: bytearray(), asyncssh.EXTENDED_DATA_STDERR: bytearray()}
        self.sink = sink
        self.closed = asyncio.Event()
        self.exited = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.status: int | None = None

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if datatype is None and self.sink is not None:
            self.sink(data)
            return
        kept = self.kept[datatype]
        kept += data[: CAP - len(kept)]

    def exit_status_received(self, status: int) -> None:
        self.status = status
        self.exited.set()

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        self.status = -1
        self.exited.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.writable.set()
        self.closed.set()


class _Stream:
    """A forwarded connection as a `ports.Stream`."""

    def __init__(self, reader: Any, writer: Any) -> None:  # noqa: ANN401 (asyncssh's own)
        self._reader = reader
        self._writer = writer

    async def read(self, limit: int) -> bytes:
        try:
            return bytes(await self._reader.read(limit))
        except (asyncssh.Error, OSError):
            return b""

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()


class SshTransport:
    """Every host of an environment. `jumps` are hosts that others name in `jump`."""

    def __init__(self, ssh: Ssh, jumps: tuple[Host, ...] = (), environment: str = "ENV") -> None:
        self._ssh = ssh
        self._jumps = {jump.name: jump for jump in jumps}
        self._environment = environment
        self._known = KnownHosts(ssh.known_hosts)
        self._connections: dict[str, asyncssh.SSHClientConnection] = {}
        self._opening: dict[str, asyncio.Task[asyncssh.SSHClientConnection | Unreached]] = {}
        self._refused: dict[str, Unreached] = {}
        self._channels: dict[str, asyncio.Semaphore] = {}
        self._round_trips: dict[str, float] = {}
        self._ramp = asyncio.Semaphore(HANDSHAKES)

    async def connect(self, host: Host) -> Reached | Unreached:
        """Reach the host, or say why not."""
        ran = await self.run(host, ":", deadline=self._ssh.connect_timeout + 10)
        if ran.problem:
            return ran.problem
        return Reached(host.name, self._round_trips.get(host.name, 0.0))

    async def run(self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
        """Run a POSIX sh script. `deadline` is seconds for all of it."""
        connection = await self._connected(host)
        if isinstance(connection, Unreached):
            return Ran(None, problem=connection)
        session = _Collected(sink)
        async with self._channels.setdefault(host.name, asyncio.Semaphore(CHANNELS)):
            try:
                async with asyncio.timeout(deadline):
                    return await self._talk(host, connection, session, script, data)
            except TimeoutError:
                words = SafeText(f"no end within {deadline:g} s")
                return self._ran(session, None, Unreached(host.name, "late", words))
            except asyncssh.ChannelOpenError as fault:
                return Ran(None, problem=Unreached(host.name, "channel", SafeText(f"no channel: {fault.reason}")))
            except (asyncssh.Error, OSError) as fault:
                return self._lost(host, session, fault)

    async def _talk(
        self, host: Host, connection: asyncssh.SSHClientConnection, session: _Collected, script: str, data: bytes | AsyncIterator[bytes]
    ) -> Ran:  # fmt: skip
        began = time.monotonic()
        command = "exec sh -c " + shlex.quote(script)
        channel, _ = await connection.create_session(lambda: session, command, encoding=None, window=WINDOW)
        self._round_trips[host.name] = time.monotonic() - began
        try:
            await _send(channel, session, data)
            await session.closed.wait() if not session.exited.is_set() else None
            return self._ran(session, session.status, None) if session.exited.is_set() else self._lost(host, session, None)
        finally:
            channel.abort()

    def _ran(self, session: _Collected, status: int | None, problem: Unreached | None) -> Ran:
        return Ran(status, bytes(session.kept[None]), bytes(session.kept[asyncssh.EXTENDED_DATA_STDERR]), problem)

    def _lost(self, host: Host, session: _Collected, fault: Exception | None) -> Ran:
        self._drop(host)
        why = f": {fault}" if fault else ""
        return self._ran(session, None, Unreached(host.name, "unreachable", SafeText(f"the link to {host.name} was lost{why}")))

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float) -> _Stream | Unreached:
        """Open a connection from the host to an address that it can reach."""
        connection = await self._connected(host)
        if isinstance(connection, Unreached):
            return connection
        try:
            async with asyncio.timeout(deadline):
                return _Stream(*await connection.open_connection(address, port, encoding=None))
        except TimeoutError:
            return Unreached(host.name, "late", SafeText(f"{address}:{port}: no answer within {deadline:g} s"))
        except asyncssh.ChannelOpenError as fault:
            return Unreached(host.name, "channel", SafeText(f"{address}:{port}: {fault.reason}"))
        except (asyncssh.Error, OSError) as fault:
            self._drop(host)
            return Unreached(host.name, "unreachable", SafeText(f"the link to {host.name} was lost: {fault}"))

    def is_linked(self, host: Host) -> bool:
        """Whether a live connection stands now."""
        connection = self._connections.get(host.name)
        return connection is not None and not connection.is_closed()

    def round_trip(self, host: Host) -> float | None:
        """Seconds that the last channel took to open."""
        return self._round_trips.get(host.name)

    async def close(self) -> None:
        """Let go of every connection, without waiting for dead ones."""
        for connection in self._connections.values():
            connection.abort()
        self._connections.clear()
        for task in self._opening.values():
            task.cancel()
        await asyncio.sleep(0)

    def _drop(self, host: Host) -> None:
        connection = self._connections.pop(host.name, None)
        if connection is not None:
            connection.abort()

    async def _connected(self, host: Host) -> asyncssh.SSHClientConnection | Unreached:
        if self.is_linked(host):
            return self._connections[host.name]
        if host.name in self._refused:
            return self._refused[host.name]
        task = self._opening.get(host.name)
        if task is None:
            task = self._opening[host.name] = asyncio.create_task(self._open(host))
            task.add_done_callback(lambda _: self._opening.pop(host.name, None))
        return await asyncio.shield(task)

    async def _open(self, host: Host) -> asyncssh.SSHClientConnection | Unreached:
        tunnel = await self._tunnel(host)
        if isinstance(tunnel, Unreached):
            return tunnel
        async with self._ramp:
            opened = await self._handshake(host, tunnel)
        if isinstance(opened, Unreached):
            if opened.kind in ("login", "unknown-key", "changed-key"):
                self._refused[host.name] = opened
            return opened
        self._connections[host.name] = opened
        return opened

    async def _tunnel(self, host: Host) -> asyncssh.SSHClientConnection | Unreached | None:
        name = host.jump or self._ssh.jump
        if not name or name == host.name or host.name in self._jumps:
            return None
        jump = self._jumps.get(name, Host(name, name))
        opened = await self._connected(jump)
        if isinstance(opened, Unreached):
            return Unreached(host.name, opened.kind, SafeText(f"through {name}: {opened.message}"), opened.hint)
        return opened

    async def _handshake(self, host: Host, tunnel: asyncssh.SSHClientConnection | None) -> asyncssh.SSHClientConnection | Unreached:
        address, port = host.address or host.name, host.port or self._ssh.port or 22
        try:
            async with asyncio.timeout(self._ssh.connect_timeout):
                return await asyncssh.connect(
                    address, port, tunnel=tunnel or (), username=host.user or self._ssh.user or getpass.getuser(), config=None,
                    known_hosts=self._known.parsed, client_keys=[self._ssh.identity] if self._ssh.identity else (), encryption_algs=CIPHERS,
                    keepalive_interval=self._ssh.keepalive, keepalive_count_max=MISSES, login_timeout=self._ssh.connect_timeout,
                    agent_forwarding=False, preferred_auth="publickey", utf8_decode_errors="replace", host_key_alias=None,
                )  # fmt: skip
        except TimeoutError:
            return self._unreached(host, "unreachable", f"{address}:{port} gave no answer within {self._ssh.connect_timeout:g} s")
        except asyncssh.HostKeyNotVerifiable:
            return await self._key_problem(host, address, port)
        except asyncssh.PermissionDenied as fault:
            user = host.user or self._ssh.user or getpass.getuser()
            return self._unreached(host, "login", f"{user}@{address}:{port} refused the login: {fault.reason}", f"try: ssh -p {port} {user}@{address}")
        except (asyncssh.Error, OSError, ValueError) as fault:
            return self._unreached(host, "unreachable", f"{address}:{port}: {fault}")

    async def _key_problem(self, host: Host, address: str, port: int) -> Unreached:
        found = await self._known.presented(address, port, self._ssh.connect_timeout)
        known = self._known.fingerprints(address, port)
        if known:
            line = f"the host key of {host.name} has changed: known {', '.join(known)}, presented {found}"
            name = address if port == 22 else f"[{address}]:{port}"
            return self._unreached(
                host, "changed-key", line, f"only if the host was set up anew: ssh-keygen -R '{name}', then deploy trust {self._environment}"
            )
        line = f"the host key of {host.name} is unknown: presented {found}"
        return self._unreached(host, "unknown-key", line, f"deploy trust {self._environment} --hosts {host.name}")

    def _unreached(self, host: Host, kind: ProblemKind, words: str, hint: str = "") -> Unreached:
        return Unreached(host.name, kind, SafeText(words), SafeText(hint))


async def _send(channel: Any, session: _Collected, data: bytes | AsyncIterator[bytes]) -> None:  # noqa: ANN401
    if isinstance(data, bytes):
        if data:
            channel.write(data)
    else:
        async for piece in data:
            await session.writable.wait()
            if session.closed.is_set():
                return
            channel.write(piece)
    if not session.closed.is_set():
        channel.write_eof()
