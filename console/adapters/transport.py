"""Each host by its own way: this machine without SSH, all others over it. Implements `ports.Transport` over two of them.

It must not know how either works.
"""

from collections.abc import AsyncIterator

from console.model.bastions import SshSeen
from console.model.host import Host
from console.ports.hosts import Ran, Reached, Sink, Stream, Transport, Unreached


class RoutedTransport:
    """`here` for the machine that the console runs on, `away` for the rest."""

    def __init__(self, away: Transport, here: Transport) -> None:
        self._away = away
        self._here = here

    def _of(self, host: Host) -> Transport:
        return self._here if host.is_local else self._away

    async def connect(self, host: Host) -> Reached | Unreached:
        """Reach the host, or say why not."""
        return await self._of(host).connect(host)

    async def run(self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
        """Run a script there, within so many seconds."""
        return await self._of(host).run(host, script, data, deadline=deadline, sink=sink)

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float) -> Stream | Unreached:
        """Open a connection from there, within so many seconds."""
        return await self._of(host).open_stream(host, address, port, deadline=deadline)

    async def open_socket(self, host: Host, path: str, *, deadline: float) -> Stream | Unreached:
        """Open a connection to a Unix socket there, within so many seconds."""
        return await self._of(host).open_socket(host, path, deadline=deadline)

    def is_linked(self, host: Host) -> bool:
        """Whether a live connection stands now."""
        return self._of(host).is_linked(host)

    def round_trip(self, host: Host) -> float | None:
        """Seconds that the last answer took."""
        return self._of(host).round_trip(host)

    def jump_of(self, host: Host) -> str:
        """The jump host that its connection goes through."""
        return self._of(host).jump_of(host)

    def ssh_seen(self, host: Host) -> SshSeen | None:
        """Which keys its connection came about by."""
        return self._of(host).ssh_seen(host)

    async def verify(self, host: Host) -> None:
        """Judge its connection by what is known now."""
        await self._of(host).verify(host)

    async def sessions(self, host: Host, *, deadline: float) -> int | None:
        """How many commands it takes at once, where that is few."""
        return await self._of(host).sessions(host, deadline=deadline)

    async def close(self) -> None:
        """Let go of every connection."""
        try:
            await self._away.close()
        finally:
            await self._here.close()
