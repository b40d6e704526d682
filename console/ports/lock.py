"""Who holds a host, so that two runs never act on one application at once."""

from typing import Protocol

from console.model.host import Host
from console.model.host_facts import LockHolder
from console.ports.hosts import Unreached


class HostLock(Protocol):
    """The runs' lock on a host, and a person's note. `path`: the application's folder there; `epoch`: RUN.N, the name of the lock's folder."""

    async def take(self, host: Host, path: str, holder: LockHolder) -> LockHolder | Unreached | None:
        """Hold the host under `holder.epoch`; None when it is held now, else who holds it."""

    async def take_over(self, host: Host, path: str, old: str, new: str, holder: LockHolder | None = None) -> LockHolder | Unreached | None:
        """Exchange one epoch for the next, if the first still holds. `holder`: another run, which holds it from then on; None: the same one."""

    async def touch(self, hosts: tuple[Host, ...], path: str, epoch: str) -> None:
        """Give a sign of life on all at once. One that cannot be reached gets none: its lock grows old, and nobody is told."""

    async def release(self, host: Host, path: str, epoch: str) -> Unreached | None:
        """Let go, if this epoch still holds; None: it does not hold the host any more, whoever does."""

    async def clear(self, host: Host, path: str, run: str) -> Unreached | None:
        """Remove the lock of a run that has ended, whichever engine took it and however young it is; another run's stays."""

    async def break_for(self, host: Host, path: str, run: str, young: float, gone: str = "") -> LockHolder | Unreached | None:
        """Take the lock from a run that is dead; who holds the host, where it is another, or one that gave a sign less than `young` seconds ago.

        `gone`: an epoch whose engine is known to run no more: it gives no sign.
        """

    async def close_for(self, host: Host, path: str, note: LockHolder) -> Unreached | None:
        """Leave a person's note, which closes the host to releases, in place of one that is there; None: it is written."""

    async def open_again(self, host: Host, path: str) -> Unreached | None:
        """Remove a person's note, whoever left it; None: there is none now."""
