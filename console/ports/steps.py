"""What changes a host: durable steps, and releases that are brought there. Each happens once, however often the link dies."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from console.model.configured_environment import OUTPUT
from console.model.host import Host
from console.model.release_facts import Package
from console.ports.hosts import Move, Sink
from console.safe_text import SafeText


@dataclass(frozen=True, slots=True)
class RemoteStep:
    """A durable step for a host. `script` is sent by standard input and may hold secrets; the rest is plain."""

    path: str
    """The application's folder on the host."""
    run: str
    epoch: str
    """The lock's folder name that must be there (RUN.N)."""
    name: str
    attempt: int
    script: str
    timeout: float
    """Seconds from its start on the host."""
    cancel: str = ""
    """The command's own way of being cancelled."""
    idempotent: bool = False
    output: int = OUTPUT
    """Bytes of its output that the host keeps."""
    goes_back: bool = False
    """It may use the room that its host keeps for the way back."""
    is_quick: bool = False
    """A short text of the console's own that takes no input and prints little: it may run in the shell that is kept open on its host."""
    move: Move | None = None
    """For a quick step: a rename that is all of its effect. Where it is made, the script runs once nobody waits for it, and writes down what was done."""
    afterwards: str = ""
    """For a quick step: a text that is worth running once it is done, and is no part of it. Nobody waits for it, and it may fail or never run."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a durable step ended. `unknown`: it may have been carried out; `held`: not done for now, by no fault of the host; `code`: its exit code."""

    status: Literal["done", "failed", "unknown", "cancelled", "unreachable", "held"]
    code: int | None = None
    detail: SafeText = SafeText("")
    hint: SafeText = SafeText("")
    began: bool = True
    """Whether anything of it may have run; False: it was refused before it could."""
    was_lost: bool = False
    """The attempt's process is gone and left no exit code that can be read: an idempotent step may have been begun again."""


class DurableStepPort(Protocol):
    """Durable steps: each runs at most once an attempt, however often the link dies."""

    def stand_by(self, hosts: Iterable[Host]) -> None:
        """Make ready on those hosts, now and after each lost link, so that a quick step takes one round trip. Never waits, never raises."""

    async def perform(self, host: Host, step: RemoteStep, sink: Sink) -> StepResult:
        """Carry the step out, or take up the attempt that is already there, and follow it to its end."""

    async def noted(self, hosts: Iterable[Host]) -> None:
        """Wait until what was done on those hosts is written down there, or they do not answer. Never raises."""

    async def cancel(self, host: Host, step: RemoteStep) -> StepResult:
        """End an attempt that runs: its own `cancel`, else TERM, a wait, KILL for its session."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How a release may be made of an older one that lies on its host."""

    links: bool = False
    """Whether their files may be one: nothing writes into a release there. Else each has its own."""
    apart: tuple[str, ...] = ()
    """Path patterns of what is sent anew each time: what the application writes, and what is linked to shared/."""


def unheard(sent: int, size: int) -> None:
    """Tell nobody how far it is."""


class Shipper(Protocol):
    """Brings releases to hosts, each in a folder of its own that appears there once it is whole."""

    async def ship(
        self, host: Host, path: str, epoch: str, release: str, package: Package, *, deadline: float, sharing: Sharing = Sharing(), limit_rate: int = 0,
        jump_rate: int = 0, hear: Callable[[int, int], None] = unheard,
    ) -> StepResult:  # fmt: skip
        """Bring the release to the host whole, or not at all; done already is done.

        `limit_rate`: bytes a second, all hosts together; `jump_rate`: all behind one jump host together; 0: none.
        `hear` is told the bytes that were sent, and how many there are as far as is known.
        """
