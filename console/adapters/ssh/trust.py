"""What keys hosts show, before anything is trusted: read through their jump hosts, by the ways of the environment.

It trusts nothing by itself; `keys.enrol` writes what a person has said yes to.
"""

import asyncio
from dataclasses import dataclass

import asyncssh

from console.adapters.ssh.host_keys import host_pattern, known_line, preferring
from console.adapters.ssh.login_problems import LoginAttempt, failed
from console.adapters.ssh.pool import SshTransport
from console.model.host import Host, Ssh
from console.ports.hosts import Unreached
from console.safe_text import SafeText


@dataclass(frozen=True, slots=True)
class Shown:
    """A key that a host shows: its kind, its SHA-256 fingerprint, and the line that would trust it."""

    kind: str
    fingerprint: str
    line: str
    place: str
    """How the host is reached: address and port."""
    pattern: str
    """The name that known_hosts files have it by."""
    holder: str = ""
    """The file that says so; of an unknown host the one that would."""
    known: tuple[str, ...] = ()
    """Fingerprints of the keys that are known for it already."""

    @property
    def is_changed(self) -> bool:
        """Whether other keys are known for it, and this one is not."""
        return bool(self.known) and self.fingerprint not in self.known


async def scan(host: Host, ssh: Ssh, jumps: tuple[Host, ...] = ()) -> Shown | Unreached:
    """Return the key that the host shows, one of a kind that is known for it where it has one; or why none was seen within `ssh.connect_timeout` seconds.

    No login is tried on the host itself.
    """
    transport = SshTransport(ssh, jumps)
    try:
        found = await transport.tunnel_to(host)
        if isinstance(found, Unreached):
            return found
        way, tunnel = found
        name, known = way.alias or way.address, transport.known_of(way)
        try:
            async with asyncio.timeout(ssh.connect_timeout):
                key = await asyncssh.get_server_host_key(
                    way.address, way.port, tunnel=tunnel or (), config=None, server_host_key_algs=preferring(known.kinds(name, way.port))
                )  # fmt: skip
        except (asyncssh.Error, OSError, TimeoutError) as fault:
            return failed(LoginAttempt(host, way, "ENV", ssh.connect_timeout), fault)
        if key is None:
            return Unreached(host.name, "unreachable", SafeText(f"{way.shown} presented no host key"))
        line, pattern, before = known_line(name, way.port, key), host_pattern(name, way.port), known.fingerprints(name, way.port)
        return Shown(key.get_algorithm(), key.get_fingerprint(), line, way.shown, pattern, known.holder(name, way.port), before)
    finally:
        await transport.close()
