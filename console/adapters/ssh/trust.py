"""What keys hosts show, before anything is trusted: read through their jump hosts, by the ways of the environment.

It trusts nothing by itself; `keys.enrol` writes what a person has said yes to.
"""

import asyncio
from dataclasses import dataclass

import asyncssh

from console.adapters.ssh.keys import enrol, known_line
from console.adapters.ssh.pool import SshTransport
from console.adapters.ssh.problems import Attempt, failed
from console.model.fleet import Host, Ssh
from console.ports import Unreached

__all__ = ["Shown", "enrol", "scan"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A key that a host shows: its kind, its SHA-256 fingerprint, and the line that would trust it."""

    kind: str
    fingerprint: str
    line: str


async def scan(host: Host, ssh: Ssh, jumps: tuple[Host, ...] = ()) -> tuple[Shown, ...] | Unreached:
    """Return the key that the host prefers, or why none was seen within `ssh.connect_timeout` seconds. No login is tried."""
    transport = SshTransport(ssh, jumps)
    try:
        found = await transport.tunnel_to(host)
        if isinstance(found, Unreached):
            return found
        way, tunnel = found
        try:
            async with asyncio.timeout(ssh.connect_timeout):
                key = await asyncssh.get_server_host_key(way.address, way.port, tunnel=tunnel or (), config=None)
        except (asyncssh.Error, OSError, TimeoutError) as fault:
            return failed(Attempt(host, way, "ENV", ssh.connect_timeout), fault)
        if key is None:
            return ()
        return (Shown(key.get_algorithm(), key.get_fingerprint(), known_line(way.alias or way.address, way.port, key)),)
    finally:
        await transport.close()
