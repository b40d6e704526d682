"""asyncssh with less work for each connection: the one place that reaches into its private parts, with its public way where those are not there.

What is left out: preparing the same options again for each host; asking which logins a host takes, and whether it would take the one key, before
the key is used; a write to the socket for each packet, and an empty packet before each (made for ciphers that are not used here); words for a
log that nobody keeps. Each check stays asyncssh's own: of the host's key, the exchange, the order of packets, the login. It knows no hosts.
"""

import asyncio
import base64
import copy
import functools
import hashlib
import logging
import socket
import struct
from collections.abc import Callable
from typing import Any

import asyncssh
import asyncssh.auth
import asyncssh.connection
import asyncssh.packet
from asyncssh.logging import SSHLogger

from console.adapters.ssh.opened_channel import opened

MERGED = 65536
"""Bytes of packets that wait for each other at most."""
IGNORE = 2
"""The empty packet's number (RFC 4253, 12)."""
PUBLICKEY = b"publickey"
AHEAD = 256 * 1024
"""Bytes that are sent to a command of a near host before it has read them; OpenSSH says each 96 KiB how far it is."""
FASTEST = 128 * 1024 * 1024
"""Bytes a second of the line that a host which is farther away is still sent at full speed over."""
ROUND_TRIP = struct.Struct("68xI")
"""Linux' tcp_info up to the round trip (tcpi_rtt, microseconds)."""
PRIVATE: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (asyncssh.SSHClientConnection, ("_send", "send_packet", "try_next_auth", "_force_close")),
    (getattr(asyncssh.auth, "_ClientPublicKeyAuth", None), ("_start", "_send_signed_request")),
    (asyncssh.connection, ("_connect",)),
    (asyncssh.packet.SSHPacketLogger, ("_log_packet",)),
    (asyncssh.SSHClientChannel, ("_flush_send_buf", "_process_window_adjust")),
)
"""What is relied on beyond what asyncssh promises; a test compares their texts with those that were read when this was written."""
IS_KNOWN = all(hasattr(owner, name) for owner, names in PRIVATE for name in names)
"""Whether this asyncssh has them all; without, connections are made as everybody makes them."""

Options = asyncssh.SSHClientConnectionOptions
Tunnel = asyncssh.SSHClientConnection | None


async def connect(options: Options, address: str, port: int, tunnel: Tunnel, watch: Callable[[], asyncssh.SSHClient]) -> asyncssh.SSHClientConnection:
    """Connect by options that were prepared for any host. Raises asyncssh.Error, OSError and ValueError."""
    if not IS_KNOWN:
        return await asyncssh.connect(address, port, tunnel=tunnel or (), options=options, config=None, client_factory=watch)
    handshake = Handshake(options, address, port, tunnel, watch)
    if tunnel is None:
        return await handshake.run()
    try:
        return await opened(handshake.run(), lambda made: made.abort())
    except asyncio.CancelledError:
        handshake.leave()
        raise


class Handshake:
    """One connection on its way, by options that were prepared for any host."""

    def __init__(self, options: Options, address: str, port: int, tunnel: Tunnel, watch: Callable[[], asyncssh.SSHClient]) -> None:
        self._tunnel = tunnel
        self._options = own = copy.copy(options)
        own.host = own.orig_host = address
        own.port, own.tunnel, own.protocol_factory = port, tunnel or (), watch
        own.client_keys = [copy.copy(key) for key in options.client_keys or ()]
        self._loop = asyncio.get_running_loop()
        self._made: QuickConnection | None = None
        self._is_left = False

    async def run(self) -> asyncssh.SSHClientConnection:
        """Shake hands. Raises asyncssh.Error, OSError and ValueError."""
        made: asyncssh.SSHClientConnection = await asyncssh.connection._connect(
            self._options, None, self._loop, 0, None, self._new_connection, "Opening SSH connection to"
        )
        return made

    def leave(self) -> None:
        """End it now, or as soon as the jump host has reached the other side: else that one would wait for a login that nobody goes on with."""
        self._is_left = True
        if self._made is not None:
            self._made.abort()

    def _new_connection(self) -> "QuickConnection":
        self._made = found = QuickConnection(self._loop, self._options, wait="auth")
        found.carrier = self._tunnel
        if self._is_left:
            self._loop.call_soon(found.abort)
        return found


class _QuietLogger(SSHLogger):
    """asyncssh's own, which makes no words where nobody keeps them."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:  # noqa: ANN401 (logging's own)
        """Pass on what is wanted."""
        if self.isEnabledFor(level):
            super().log(level, msg, *args, **kwargs)


def _spare_words() -> None:
    """Have no packet of a connection, a channel or SFTP put into words, where packets are not logged."""
    said = asyncssh.packet.SSHPacketLogger._log_packet

    @functools.wraps(said)
    def said_where_kept(self: asyncssh.packet.SSHPacketLogger, *args: Any) -> None:  # noqa: ANN401 (asyncssh's own)
        if self.logger.isEnabledFor(logging.DEBUG):
            said(self, *args)

    asyncssh.packet.SSHPacketLogger._log_packet = said_where_kept  # type: ignore[method-assign, assignment]


if IS_KNOWN:
    _spare_words()

    class _DirectKeyAuth(asyncssh.auth._ClientPublicKeyAuth):
        """A login by the only key that there is: signed at once, as it would be after asking."""

        async def _start(self) -> None:
            self._keypair = await self._conn.public_key_auth_requested()
            if self._keypair is None:
                self._conn.try_next_auth(next_method=True)
                return
            await self._send_signed_request()


class QuickConnection(asyncssh.SSHClientConnection):
    """asyncssh's connection of a client with fewer questions at a handshake, and packets of one turn of the loop sent together."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (asyncssh's own)
        super().__init__(*args, **kwargs)
        self._logger = _QuietLogger(context=f"conn={self._get_next_conn()}")
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._has_tried = False
        self.carrier: Tunnel = None
        """The connection to the jump host that this one goes through."""
        self.flowing = asyncio.Event()
        """Whether what is sent leaves this machine, or the jump host, about as fast as it comes."""
        self.flowing.set()
        self.offered = b""
        """The public part of the key that was offered last: that of the login, once there is one."""
        if len(self._client_keys) == 1:
            self._auth_methods = [PUBLICKEY]

    def _send(self, data: bytes) -> None:
        """Write what is sent in one turn of the loop at once."""
        if not self._unsent:
            self._loop.call_soon(self._write)
        self._unsent.append(data)
        self._unsent_bytes += len(data)
        if self._unsent_bytes > MERGED:
            self._write()

    def _write(self) -> None:
        if self._unsent:
            data = b"".join(self._unsent)
            self._unsent.clear()
            self._unsent_bytes = 0
            super()._send(data)

    def _force_close(self, exc: Exception | None) -> None:
        """Write what waits before the end: a goodbye, or a signal to what still runs."""
        self._write()
        self.flowing.set()
        super()._force_close(exc)

    def pause_writing(self) -> None:
        """Note that more is sent than leaves."""
        self.flowing.clear()

    def resume_writing(self) -> None:
        """Note that it leaves again."""
        self.flowing.set()

    def send_packet(self, pkttype: int, *args: bytes, handler: Any = None) -> None:  # noqa: ANN401 (asyncssh's own)
        """Send a packet. The empty one that goes before each hides what ciphers in CBC mode would show, and others do not."""
        if pkttype != IGNORE or b"cbc" in self._enc_alg_cs:
            super().send_packet(pkttype, *args, handler=handler)

    async def public_key_auth_requested(self) -> asyncssh.SSHKeyPair | None:
        """Return the key that is offered next, and keep which one it is."""
        pair = await super().public_key_auth_requested()
        self.offered = pair.key_public_data if pair else b""
        return pair

    def try_next_auth(self, *, next_method: bool = False) -> None:
        """Log in: by the one key at once, if there is but one; otherwise, and after a refusal, as the host says."""
        if self._has_tried or self._auth_methods != [PUBLICKEY]:
            super().try_next_auth(next_method=next_method)
            return
        self._has_tried = True
        self._auth = _DirectKeyAuth(self, PUBLICKEY)


def keep_near(connection: asyncssh.SSHClientConnection, channel: asyncssh.SSHClientChannel[bytes]) -> None:
    """Send a new channel's command no farther ahead of what it reads than its line needs, where that is known.

    sshd takes 2 MiB ahead for a command that reads slowly, in a buffer that it copies into a larger one for each packet: 0.1 s of a host's CPU.
    """
    version, own = str(connection.get_extra_info("server_version", "")), connection.get_extra_info("socket")
    if not isinstance(connection, QuickConnection) or connection.carrier is not None or "OpenSSH_" not in version or own is None:
        return  # of a host behind a jump host it is not known how far it is
    try:
        (round_trip,) = ROUND_TRIP.unpack(own.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, ROUND_TRIP.size))
    except (AttributeError, OSError, struct.error):
        return
    channel._send_window = min(channel._send_window, AHEAD + round_trip * FASTEST // 1_000_000)


async def flows(connection: Tunnel) -> None:
    """Wait until much may be sent: little waits to leave on the connection, and on those to jump hosts that carry it and what is said to others."""
    while isinstance(connection, QuickConnection):
        await connection.flowing.wait()
        connection = connection.carrier


def login_key(connection: asyncssh.SSHClientConnection) -> str:
    """Return the fingerprint of the key that a connection was let in with; empty: that is not known."""
    offered = getattr(connection, "offered", b"")
    return f"SHA256:{base64.b64encode(hashlib.sha256(offered).digest()).decode().rstrip('=')}" if offered else ""
