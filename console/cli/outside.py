"""Wires the real ports of one environment together: SSH and this machine, git, locks, steps, shipping, gates. The only place that knows all of them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.adapters.build import GitWorkshop
from console.adapters.facts import HostScout
from console.adapters.git import GitRepository
from console.adapters.health import HostGates
from console.adapters.local import LocalTransport
from console.adapters.lock import HostLocks
from console.adapters.ship import HostShipper
from console.adapters.ssh.pool import SshTransport
from console.adapters.steps import DurableSteps
from console.model.fleet import Environment, Host
from console.model.secret import Secret
from console.ports import Ran, Reached, Sink, Stream, Transport, Unreached


class HostsTransport:
    """Each host by its own way: this machine without SSH, all others over it."""

    def __init__(self, ssh: Transport) -> None:
        self._ssh = ssh
        self._local = LocalTransport()

    def _of(self, host: Host) -> Transport:
        return self._local if "localhost" in (host.name, host.address) else self._ssh

    async def connect(self, host: Host) -> Reached | Unreached:
        """Reach the host."""
        return await self._of(host).connect(host)

    async def run(self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
        """Run a script there."""
        return await self._of(host).run(host, script, data, deadline=deadline, sink=sink)

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float) -> Stream | Unreached:
        """Open a connection from there."""
        return await self._of(host).open_stream(host, address, port, deadline=deadline)

    def is_linked(self, host: Host) -> bool:
        """Whether a live connection stands."""
        return self._of(host).is_linked(host)

    def round_trip(self, host: Host) -> float | None:
        """Seconds of the last answer."""
        return self._of(host).round_trip(host)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._ssh.close()


@dataclass
class RealOutside:
    """Implements `ports.Outside` with the real adapters."""

    transport: Transport
    scout: HostScout
    repository: GitRepository
    locks: HostLocks
    steps: DurableSteps
    shipper: HostShipper
    workshop: GitWorkshop
    gates: HostGates

    async def close(self) -> None:
        """Let go of every connection."""
        await self.transport.close()


def open_outside(environment: Environment, state: str, secrets: Mapping[str, Secret]) -> RealOutside:
    """Open the ports of an environment; nothing is contacted before it is needed. Work files go below the state folder."""
    transport = HostsTransport(SshTransport(environment.ssh, environment.jumps, environment.name))
    work = Path(state) / "work" / environment.app
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    repository = GitRepository(environment.repository, str(work))
    return RealOutside(
        transport,
        HostScout(transport),
        repository,
        HostLocks(transport),
        DurableSteps(transport),
        HostShipper(transport),
        GitWorkshop(repository, str(work)),
        HostGates(transport),
    )
