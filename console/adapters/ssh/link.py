"""What is kept of one way to a host: its connection with its channels, why it was refused. It must not know how connections are made."""

import asyncio
import time
from collections.abc import Callable

import asyncssh

from console.adapters.ssh.channels import SshChannels
from console.adapters.ssh.config import Way
from console.adapters.ssh.kept_files import KeptFiles
from console.adapters.ssh.kept_shell import KeptShell
from console.adapters.ssh.login_problems import said, unreached
from console.adapters.ssh.ramp import Ramp
from console.model.host import Host
from console.ports.hosts import Unreached

THROUGH = 32
"""Handshakes at once through a jump host, at most."""
FORGET = 20.0
"""Seconds after which a refused login may be tried again: longer than sshd's penalty for one."""

Opened = asyncssh.SSHClientConnection | Unreached


class Link:
    """One connection's place in the pool: a host's own, or a further one to a host that takes few commands on each."""

    def __init__(self, host: Host, *, is_jump: bool) -> None:
        self.host = host
        self.is_jump = is_jump
        self.connection: asyncssh.SSHClientConnection | None = None
        self.channels = SshChannels()
        self.watch: LinkWatch | None = None
        self.way: Way | None = None
        self.jump = ""
        """The jump host that the connection goes through, by its name; empty: none."""
        self.opening: asyncio.Task[Opened] | None = None
        self.proving: asyncio.Task[Unreached | None] | None = None
        self.proving_on: asyncssh.SSHClientConnection | None = None
        """The connection that `proving` is about."""
        self.proven: asyncssh.SSHClientConnection | None = None
        """The connection on which the login is known to run what it is given."""
        self.measured: asyncssh.SSHClientConnection | None = None
        """The connection of which it is known whether it takes few commands at once."""
        self.round_trip: float | None = None
        self.heard = 0.0
        """When something last came over it (monotonic seconds)."""
        self.shell: KeptShell | None = None
        self.files: KeptFiles | None = None
        self.serving: asyncio.Task[None] | None = None
        """Keeps `shell` and `files` open."""
        self.greet: Callable[[asyncssh.SSHClientConnection], None] = lambda connection: None
        """Told of each connection on which the login is known to run what it is given."""
        self.through = Ramp(THROUGH)
        self._refused: tuple[float, Unreached] | None = None

    @property
    def live(self) -> asyncssh.SSHClientConnection | None:
        """The connection, if it stands."""
        return None if self.connection is None or self.connection.is_closed() else self.connection

    @property
    def refused(self) -> Unreached | None:
        """Why the host is not tried again by itself: its key, or a login refused a short time ago."""
        if self._refused is None:
            return None
        at, problem = self._refused
        return None if problem.kind == "login" and time.monotonic() - at > FORGET else problem

    def took(self, connection: asyncssh.SSHClientConnection, watch: "LinkWatch", way: Way) -> None:
        """Keep a new connection. Nothing that was learned of the one before is held against it."""
        self.connection, self.watch, self.way, self.round_trip, self.channels = connection, watch, way, watch.round_trip, SshChannels()

    def note_heard(self) -> None:
        """Note that the host says something now."""
        self.heard = time.monotonic()

    def drop(self, connection: asyncssh.SSHClientConnection) -> None:
        """Let go of a connection that is of no use, if it is still the one."""
        connection.abort()
        if self.connection is connection:
            self.connection = None

    def lost(self, fault: Exception | None) -> Unreached:
        """Say what became of a command whose connection ended, or ended it, by what is known now."""
        name = self.host.name
        if self.live is not None:
            return unreached(self.host, "channel", f"the session on {name} ended without an exit code")
        fault = (self.watch.fault if self.watch else None) or fault
        why = f": {said(fault)}" if fault else ""
        return unreached(self.host, "unreachable", f"the link to {name} was lost{why}")

    def remember(self, problem: Unreached) -> None:
        """Keep a refusal that must not be repeated by itself."""
        if problem.kind in ("login", "unknown-key", "changed-key"):
            self._refused = time.monotonic(), problem

    def forget(self) -> None:
        """Let the host be tried again."""
        self._refused = None


class LinkWatch(asyncssh.SSHClient):
    """What happens on a connection: which key was shown, how long the login's round trips took, why it ended."""

    def __init__(self) -> None:
        self._began = 0.0
        self.shown: asyncssh.SSHKey | None = None
        self.peer = ""
        self.fault: Exception | None = None
        self.round_trip: float | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Note a key that is not known. It is never trusted here."""
        self.shown, self.peer = key, addr
        return False

    def begin_auth(self, username: str) -> None:
        """Note when the login began."""
        self._began = time.monotonic()

    @property
    def has_begun_login(self) -> bool:
        """Whether the host's key was taken."""
        return self._began > 0

    def auth_completed(self) -> None:
        """Three exchanges make a login by key."""
        self.round_trip = (time.monotonic() - self._began) / 3

    def connection_lost(self, exc: Exception | None) -> None:
        """Keep why the connection ended, for the error that is shown."""
        self.fault = exc
