"""Hosts for who only reads there: the port `Transport` over the same connections, whose commands hold up no work."""

from collections.abc import AsyncIterator
from typing import Protocol

from console.adapters.ssh.channels import Purpose
from console.model.host import Host
from console.ports.hosts import Ran, Sink, Transport


class Shared(Transport, Protocol):
    """A transport that runs commands for a purpose."""

    async def run_for(
        self, purpose: Purpose, host: Host, script: str, data: bytes | AsyncIterator[bytes], *, deadline: float, sink: Sink | None
    ) -> Ran:  # fmt: skip
        """Run a script for that purpose, within so many seconds."""


class SshReaders:
    """All but the running of commands is the transport's own."""

    def __init__(self, transport: Shared, purpose: Purpose) -> None:
        self._transport = transport
        self._purpose = purpose
        self.connect = transport.connect
        self.open_stream = transport.open_stream
        self.open_socket = transport.open_socket
        self.is_linked = transport.is_linked
        self.round_trip = transport.round_trip
        self.sessions = transport.sessions
        self.verify = transport.verify
        self.ssh_seen = transport.ssh_seen
        self.jump_of = transport.jump_of

    async def run(self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
        """Run a script, within so many seconds."""
        return await self._transport.run_for(self._purpose, host, script, data, deadline=deadline, sink=sink)

    async def close(self) -> None:
        """Nothing is held here: the connections are the transport's."""
