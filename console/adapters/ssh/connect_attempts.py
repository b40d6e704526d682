"""Handshakes with hosts: the keys that are known and shown, the identities that are offered, and how many go on at once.

A refused login or key is not tried again here. It must not know which connections there are, or what runs on them.
"""

import asyncio
import contextlib
import random
import socket
from pathlib import Path

import asyncssh

from console.adapters.ssh import quick_client
from console.adapters.ssh.config import Way
from console.adapters.ssh.connect_options import PreparedOptions
from console.adapters.ssh.host_keys import SYSTEM, USERS, KnownHosts, preferring
from console.adapters.ssh.identity import Identities, Identity
from console.adapters.ssh.link import Link, LinkWatch, Opened
from console.adapters.ssh.login_problems import LoginAttempt, cut_off, distrusted, failed
from console.adapters.ssh.ramp import Ramp
from console.model.host import Ssh
from console.ports.hosts import Unreached

AT_ONCE = 64
"""Over all hosts: where they are far away most of them wait for an answer; more of them would only wait for this machine."""
TRIES = 3
"""For a connection that is closed before the login, as a busy sshd does."""
CLOSED = (asyncssh.ConnectionLost, ConnectionResetError, BrokenPipeError)
"""The other side closed the connection. Which of the three it is depends on what was under way then."""
BACKOFF = 0.5
"""Seconds; doubled each time, and a random share of it is waited."""
UNSENT = 128 * 1024
"""Bytes to a jump host that wait in this machine's kernel: whatever is said to a host behind it waits behind them."""


class ConnectAttempts:
    """All of one environment, whose name is for what is said to people."""

    def __init__(self, ssh: Ssh, environment: str) -> None:
        self._ssh = ssh
        self._environment = environment
        self._known: dict[tuple[str, ...], KnownHosts] = {}
        self._identities = Identities()
        self._prepared = PreparedOptions(ssh)
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._servers: dict[tuple[str, int, str], Ramp] = {}

    def refresh(self) -> bool:
        """Read again the files of host keys that were changed; whether any was."""
        return sum(known.refresh() for known in self._known.values()) > 0

    def known_of(self, way: Way) -> KnownHosts:
        """The host keys that are known, with those in files that the user's configuration names beside the usual ones."""
        usual = self._ssh.known_hosts or (USERS, SYSTEM)
        names = (*usual, *way.known_hosts)
        if names not in self._known:
            self._known[names] = KnownHosts(tuple(dict.fromkeys(str(Path(name).expanduser()) for name in names)))
        return self._known[names]

    async def open(self, link: Link, way: Way, tunnel: asyncssh.SSHClientConnection | None, through: Ramp | None) -> Opened:
        """Connect the link that way, when it is its turn; `through` holds back those through one jump host. Raises Refused."""
        server = self._servers.setdefault((way.address, way.port, way.jump), Ramp())
        ramps = [server, through] if through else [server]
        for number in range(TRIES):
            async with contextlib.AsyncExitStack() as turns:
                for ramp in ramps:
                    await turns.enter_async_context(ramp.turn())
                await turns.enter_async_context(self._at_once)
                identity = await turns.enter_async_context(self._identities.of(way))
                opened, was_cut = await self._shaken(link, way, tunnel, identity)
            if not isinstance(opened, Unreached):
                for ramp in ramps:
                    ramp.went_well()
            elif was_cut:
                server.was_cut()
            if not was_cut or number == TRIES - 1:
                break
            await asyncio.sleep(random.uniform(0, BACKOFF * 2**number))  # noqa: S311 (spreads load)
        return opened

    async def _shaken(
        self, link: Link, way: Way, tunnel: asyncssh.SSHClientConnection | None, identity: Identity
    ) -> tuple[Opened, bool]:  # fmt: skip
        """Shake hands once: what came of it, and whether it was cut off before the login, which is worth another try."""
        attempt = LoginAttempt(link.host, way, self._environment, self._ssh.connect_timeout, len(identity.keys), identity.left_out)
        watch, known = LinkWatch(), self.known_of(way)
        try:
            async with asyncio.timeout(self._ssh.connect_timeout):
                connection = await quick_client.connect(self._prepared.of(way, identity, known), way.address, way.port, tunnel, lambda: watch)
        except asyncssh.HostKeyNotVerifiable as fault:
            return distrusted(attempt, known, watch.shown, fault, watch.peer), False
        except (asyncssh.Error, OSError, TimeoutError, ValueError) as fault:
            if isinstance(fault, (asyncssh.KeyExchangeFailed, *CLOSED)) and not watch.has_begun_login:
                return await self._unmatched(attempt, known, tunnel, fault)
            if isinstance(fault, asyncssh.ProtocolError) and watch.has_begun_login:
                return cut_off(attempt, fault), False
            return failed(attempt, fault), isinstance(fault, CLOSED)
        if link.is_jump:
            _keep_short(connection)
        link.took(connection, watch, way)
        return connection, False

    async def _unmatched(
        self, attempt: LoginAttempt, known: KnownHosts, tunnel: asyncssh.SSHClientConnection | None, fault: Exception
    ) -> tuple[Unreached, bool]:  # fmt: skip
        """It ended before a key was shown: where keys are known, the host may now have one of another kind only. Whether it was cut off."""
        way, shown = attempt.way, None
        name = way.alias or way.address
        fingerprints, algorithms = known.fingerprints(name, way.port), preferring(known.kinds(name, way.port))
        with contextlib.suppress(asyncssh.Error, OSError, TimeoutError, ValueError):
            async with asyncio.timeout(attempt.timeout):
                if fingerprints:
                    shown = await asyncssh.get_server_host_key(
                        way.address, way.port, tunnel=tunnel or (), config=None, server_host_key_algs=algorithms
                    )  # fmt: skip
        if shown is not None and shown.get_fingerprint() not in fingerprints:
            return distrusted(attempt, known, shown, fault), False
        return failed(attempt, fault), isinstance(fault, CLOSED)


def _keep_short(connection: asyncssh.SSHClientConnection) -> None:
    """Have the kernel take no more for a jump host than it can send soon. One behind another jump host has no socket of its own."""
    own = connection.get_extra_info("socket")
    if own is not None:
        with contextlib.suppress(OSError):
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
