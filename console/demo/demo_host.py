"""A host of the demo: an SSH server on an address of its own on loopback, with real shells in a folder of its own.

It behaves as OpenSSH does where a deployment can tell: bytes in and out, exit status, no killing when a channel goes, forwarding
to what listens on the host. It knows nothing of releases or of what runs on it.
"""

import asyncio
import os
import signal
import weakref
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import asyncssh

from console.demo.demo_terminal import serve_terminal
from console.demo.undertaker import MARK

BLOCK = 65536
"""Bytes moved at once."""


class DemoHost:
    """One stand-in for a machine. `folder` is its home; `fleet` marks its processes."""

    def __init__(self, name: str, address: str, folder: Path, fleet: Path, client: str) -> None:
        self.name = name
        self.address = address
        self.port = 0
        self.folder = folder
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self._fleet = fleet
        self._client = asyncssh.import_authorized_keys(client)
        self._server: asyncssh.SSHAcceptor | None = None
        self._connections: weakref.WeakSet[asyncssh.SSHServerConnection] = weakref.WeakSet()
        self._sessions: set[asyncio.Task[None]] = set()

    async def listen(self, port: int) -> None:
        """Take connections. Raises OSError where the address or port cannot be had."""
        self._server = await asyncssh.listen(
            self.address,
            port,
            server_factory=lambda: _Server(self.address, self._connections.add),
            process_factory=self._open_session,
            server_host_keys=[self.key],
            authorized_client_keys=self._client,
            config=None,
            encoding=None,
            allow_pty=True,
            line_editor=False,
            agent_forwarding=False,
            login_timeout=30,
            compression_algs=None,
        )
        self.port = port

    def hang_up(self) -> None:
        """Stop listening and let go of every connection; what runs is not ended by that."""
        if self._server:
            self._server.close()
            self._server = None
        for connection in self._connections:
            connection.abort()

    async def wait_ended(self) -> None:
        """Wait until what ran has ended: at most five seconds, then it is no longer looked after."""
        if self._sessions:
            await asyncio.wait(self._sessions, timeout=5)
        for session in self._sessions:
            session.cancel()

    def public_key(self) -> str:
        """The host's key as a line of known_hosts has it."""
        return self.key.export_public_key().decode().strip()

    def environment(self, client: str = "") -> dict[str, str]:
        """What a login finds in its environment."""
        user = os.environ.get("USER", "deploy")
        found = {
            "HOME": str(self.folder),
            "PATH": os.environ.get("PATH", os.defpath),
            "SHELL": "/bin/sh",
            "USER": user,
            "LOGNAME": user,
            "DEMO_HOST": self.name,
            MARK: str(self._fleet),
        }
        return {**found, "SSH_CONNECTION": f"{client} {self.address} {self.port}"} if client else found

    def _open_session(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        session = asyncio.get_running_loop().create_task(self._serve(process))
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        peer = process.get_extra_info("peername") or ("127.0.0.1", 0)
        argv = ("-c", process.command) if process.command else ("-s",)
        try:
            if process.term_type is not None:
                await serve_terminal(process, self.folder, self.environment(f"{peer[0]} {peer[1]}"))
                return
            shell = await _Shell.start(argv, self.folder, self.environment(f"{peer[0]} {peer[1]}"))
        except OSError as error:
            process.stderr.write(f"{self.name}: no shell: {error}\n".encode())
            process.exit(255)
            return
        await _connect(process, shell)


class _Server(asyncssh.SSHServer):
    def __init__(self, address: str, welcome: Callable[[asyncssh.SSHServerConnection], None]) -> None:
        self._address = address
        self._welcome = welcome
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._welcome(conn)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool | Awaitable[asyncssh.SSHTCPSession[bytes]]:
        if self._connection and dest_host in ("localhost", "127.0.0.1", "::1"):
            return cast("Awaitable[asyncssh.SSHTCPSession[bytes]]", self._connection.forward_connection(self._address, dest_port))
        try:
            return ip_address(dest_host).is_loopback
        except ValueError:
            return False


class _Shell(asyncio.subprocess.SubprocessStreamProtocol):
    """A shell in a session of its own, with pipes that can be let go of while it runs on."""

    transport: asyncio.SubprocessTransport

    def __init__(self) -> None:
        super().__init__(limit=BLOCK, loop=asyncio.get_running_loop())
        self.exited = asyncio.Event()

    @classmethod
    async def start(cls, argv: tuple[str, ...], folder: Path, environment: dict[str, str]) -> "_Shell":
        loop = asyncio.get_running_loop()
        transport, shell = await loop.subprocess_exec(cls, "/bin/sh", *argv, cwd=folder, env=environment, start_new_session=True)
        shell.transport = transport
        return shell

    def process_exited(self) -> None:
        super().process_exited()
        self.exited.set()

    def let_go(self) -> None:
        """Close our ends: it reads an end of file, and writing is a broken pipe to it."""
        for number in (0, 1, 2):
            pipe = self.transport.get_pipe_transport(number)
            if pipe:
                pipe.close()


async def _connect(process: asyncssh.SSHServerProcess[bytes], shell: _Shell) -> None:
    assert shell.stdin
    assert shell.stdout
    assert shell.stderr
    feed = asyncio.ensure_future(_feed(process.stdin, shell.stdin))
    ends = asyncio.ensure_future(asyncio.gather(_copy(shell.stdout, process.stdout), _copy(shell.stderr, process.stderr), shell.exited.wait()))
    gone = asyncio.ensure_future(process.wait_closed())
    try:
        await asyncio.wait((ends, gone), return_when=asyncio.FIRST_COMPLETED)
        if ends.done() and not gone.done():
            _say_how_it_ended(process, shell.transport.get_returncode() or 0)
    finally:
        for task in (feed, ends, gone):
            task.cancel()
        await asyncio.gather(feed, ends, gone, return_exceptions=True)
        shell.let_go()
    await shell.exited.wait()
    shell.transport.close()


def _say_how_it_ended(process: asyncssh.SSHServerProcess[bytes], code: int) -> None:
    if code >= 0:
        process.exit(code)
    else:
        process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))


async def _feed(source: asyncssh.SSHReader[bytes], sink: asyncio.StreamWriter) -> None:
    """Standard input, to its end; what a shell does not want to read is dropped."""
    try:
        while data := await _read(source):
            sink.write(data)
            await sink.drain()
        sink.close()
    except (OSError, asyncssh.Error):
        sink.close()
        while await _read(source):
            pass


async def _read(source: asyncssh.SSHReader[bytes]) -> bytes:
    while True:
        try:
            return await source.read(BLOCK)
        except (asyncssh.BreakReceived, asyncssh.SignalReceived, asyncssh.TerminalSizeChanged):
            continue
        except (OSError, asyncssh.Error):
            return b""


async def _copy(source: asyncio.StreamReader, sink: asyncssh.SSHWriter[bytes]) -> None:
    try:
        while data := await source.read(BLOCK):
            sink.write(data)
            await sink.drain()
    except (OSError, asyncssh.Error):
        return
