"""Hosts as the console reaches them: what is run on them, and a look at what is there. Knows nothing of runs or steps.

As in every port, remote failure is a value, never an exception, and each call that touches the outside ends by its deadline (seconds).
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from console.model.bastions import SshSeen
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_facts import HostFacts
from console.safe_text import SafeText

Sink = Callable[[bytes], None]
"""Takes output as it comes, in pieces of any size."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A host that answers: what it calls itself, and how long a round trip takes (seconds)."""

    host: str
    round_trip: float = 0.0


ProblemKind = Literal["unreachable", "unknown-key", "changed-key", "login", "shell", "forwarding", "channel", "late"]
"""`login`: refused. `shell`: the login is let in, and does not run what it is given. `forwarding`: no streams are opened there at all."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """A host that does not, and why: what was seen, and what to type next."""

    host: str
    kind: ProblemKind
    message: SafeText
    hint: SafeText = SafeText("")


@dataclass(frozen=True, slots=True)
class Ran:
    """A command on a host that ended. `status` is its exit code as a shell says it (128 and more: a signal).

    It is None when that is not known: the link died under it, and it may still be running, or nothing that came is its own answer.
    """

    status: int | None
    out: bytes = b""
    err: bytes = b""
    problem: Unreached | None = None

    @property
    def ok(self) -> bool:
        """Only an exit status of zero is success."""
        return self.status == 0


class Stream(Protocol):
    """A byte stream to something that a host can reach."""

    async def read(self, limit: int) -> bytes:
        """Return what came, at most `limit` bytes; empty at its end. Raises OSError where it broke: what came before is not all then."""

    async def write(self, data: bytes) -> None:
        """Send all of them; wait while the other side takes none."""

    async def close(self) -> None:
        """Close the connection without waiting: what was not sent yet may be lost."""


class Transport(Protocol):
    """Commands and streams on hosts. One connection a host, kept warm, opened when first needed."""

    async def connect(self, host: Host) -> Reached | Unreached:
        """Reach the host, or say why not. A refused login or key is not tried again by itself."""

    async def run(self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
        """Run a POSIX sh script, whatever the login shell, with `data` as its standard input.

        The script stands in an argv: it carries no secret. With a `sink`, standard output goes there and not into `out`;
        `out` and `err` are capped at 1 MiB each.
        """

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float) -> Stream | Unreached:
        """Open a connection from the host to an address that it can reach."""

    async def open_socket(self, host: Host, path: str, *, deadline: float) -> Stream | Unreached:
        """Open a connection to a Unix socket of the host."""

    def is_linked(self, host: Host) -> bool:
        """Whether a live connection stands now."""

    def round_trip(self, host: Host) -> float | None:
        """Seconds that the last answer took; None when nothing is known."""

    def jump_of(self, host: Host) -> str:
        """The jump host that its connection goes through, by name; empty: none, or there was no connection yet."""

    def ssh_seen(self, host: Host) -> SshSeen | None:
        """Which keys its standing connection came about by, and which are known for it; None: it is no host that SSH leads to."""

    async def verify(self, host: Host) -> None:
        """Judge a standing connection by the host keys that are known now, and let go of it where the host's is not among them.

        A person asked for this look: a login that was refused before is tried once more.
        """

    async def sessions(self, host: Host, *, deadline: float) -> int | None:
        """How many commands the host takes at once, where that is few; None: enough, as far as is known."""

    async def close(self) -> None:
        """Let go of every connection."""


@dataclass(frozen=True, slots=True)
class Move:
    """A link that takes the place of another one: the folders that it will lead to from there, and that the other one leads to now."""

    source: str
    target: str
    leads_to: str
    replaces: str


Moved = Literal["moved", "not-sent", "unknown"]
"""`not-sent`: nothing has changed, and nothing will. `unknown`: it may have been carried out, or may still be."""


class Standby(Protocol):
    """A shell, and a channel for files, kept open on a host, so that what is short costs no new channel. A host may have none."""

    def stand_by(self, host: Host, opening: str) -> None:
        """Have a shell opened now, and again on each new connection; `opening` is run in it first. Never waits, never raises."""

    def has_spoken(self, host: Host) -> bool:
        """Whether it was heard on its live connection within its keepalive: then it need not be asked whether it answers."""

    async def move(self, host: Host, move: Move, *, deadline: float) -> Moved:
        """Rename by one request, which starts no process there; nothing is sent where one of them leads elsewhere, or no channel is there."""

    async def run_quick(self, host: Host, script: str, *, deadline: float) -> Ran | None:
        """Run a script in the kept shell, its output and errors merged, the last 64 KiB kept. None: no shell is free, and nothing was sent.

        The script is one compound command without input; it is in no argv. A status that is None: it may still run.
        """


class Attended(Protocol):
    """Commands that end with whoever hears them."""

    async def run(self, host: Host, body: str, run_as: str, sink: Sink, *, deadline: float) -> Ran:
        """Run a sh script as that user (empty: the login's own), its output and errors merged into `sink`; cancelled, it is ended on the host."""


class Scout(Protocol):
    """A look at a host that changes nothing."""

    async def look(self, environment: Environment, host: Host, *, deadline: float) -> HostFacts:
        """Say what stands on the host: its releases, and who holds it. One that is not reached says why."""

    async def examine(self, environment: Environment, host: Host, *, deadline: float, target: str = "") -> HostFacts:
        """Look, and say whether a release can be made there: tools, room, rights, what `sudo` allows; and whether the release `target` is whole."""
