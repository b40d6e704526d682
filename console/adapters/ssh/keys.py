"""Known host keys: parsed once and passed as an object, never left out. And what a host presents, shown before it is trusted.

Nothing here trusts a key by itself; `enrol` is called for a person who has said yes.
"""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

import asyncssh

SYSTEM = "/etc/ssh/ssh_known_hosts"
USERS = "~/.ssh/known_hosts"


class KnownHosts:
    """The files' keys. Files that are not there hold none."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self.files = tuple(str(Path(name).expanduser()) for name in (files or (USERS, SYSTEM)))
        self.parsed = asyncssh.import_known_hosts("".join(_text(name) for name in self.files))

    def fingerprints(self, address: str, port: int) -> tuple[str, ...]:
        """SHA-256 fingerprints of the keys that are known for a host."""
        name = address if port == 22 else f"[{address}]:{port}"
        keys, *_ = self.parsed.match(name if port == 22 else address, address, None if port == 22 else port)
        return tuple(dict.fromkeys(key.get_fingerprint() for key in keys))

    async def presented(self, address: str, port: int, deadline: float) -> str:
        """The fingerprint of the key that the host shows, or why none could be read."""
        try:
            async with asyncio.timeout(deadline):
                key = await asyncssh.get_server_host_key(address, port, config=None)
        except (asyncssh.Error, OSError, TimeoutError) as fault:
            return f"none ({fault})"
        return key.get_fingerprint() if key else "none"


async def scan(address: str, port: int, deadline: float) -> tuple[str, str]:
    """(fingerprint, line for a known_hosts file) of the key that a host presents. Raises OSError when it presents none."""
    try:
        async with asyncio.timeout(deadline):
            key = await asyncssh.get_server_host_key(address, port, config=None)
    except (asyncssh.Error, TimeoutError) as fault:
        raise OSError(str(fault) or f"no answer within {deadline:g} s") from fault
    if key is None:
        raise OSError("no host key was presented")
    name = address if port == 22 else f"[{address}]:{port}"
    return key.get_fingerprint(), f"{name} {key.export_public_key().decode().strip()}"


def enrol(lines: Iterable[str], file: str) -> str:
    """Add keys to a known_hosts file (made 0600 where it is missing) and return its path."""
    path = Path(file or USERS).expanduser()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w") as known:
        known.writelines(f"{line}\n" for line in lines)
    return str(path)


def _text(name: str) -> str:
    try:
        return Path(name).read_text() + "\n"
    except FileNotFoundError:
        return ""
