"""The keys that we log in with: each file read once, its owner and mode looked at, certificates beside it taken along. Never a passphrase.

It must not know of hosts.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from console.adapters.ssh.config import Refused

DEFAULTS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")


@dataclass(frozen=True, slots=True)
class Identity:
    """What is offered at a login: keys that were read, and an agent's (its socket, and which of its keys)."""

    keys: tuple[Any, ...]
    agent: str | None = None
    agent_keys: tuple[str, ...] = ()

    def options(self) -> dict[str, Any]:
        """Return the options of a connection."""
        chosen: dict[str, Any] = {"client_keys": list(self.keys) or (), "agent_path": self.agent}
        if self.agent_keys:
            chosen["agent_identities"] = list(self.agent_keys)
        return chosen


@dataclass(slots=True)
class Identities:
    """Reads keys once for all hosts."""

    _read: dict[tuple[str, ...], Identity] = field(default_factory=dict)

    def of(self, files: tuple[str, ...]) -> Identity:
        """Return what to offer: those files, else the user's default ones and the agent's. Raises Refused for a file that cannot be used."""
        if files not in self._read:
            self._read[files] = _named(files) if files else _defaults()
        return self._read[files]


def _named(files: tuple[str, ...]) -> Identity:
    keys: list[Any] = []
    locked: list[str] = []
    for name in files:
        try:
            keys.append(_key(name))
        except asyncssh.KeyEncryptionError:
            locked.append(name)
        except (asyncssh.KeyImportError, OSError) as fault:
            if "assphrase" not in str(fault):
                words = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
                raise Refused(f"the key {name} cannot be read: {words}", "name another one: identity = in hosts.toml") from fault
            locked.append(name)
    if not locked:
        return Identity(tuple(keys))
    agent = os.environ.get("SSH_AUTH_SOCK")
    public = tuple(f"{name}.pub" for name in locked if Path(f"{name}.pub").is_file())
    if not keys and not (agent and public):
        raise Refused(f"the key {locked[0]} has a passphrase, and no agent holds it", f"ssh-add {locked[0]}  (and keep {locked[0]}.pub beside it)")
    return Identity(tuple(keys), agent if public else None, public if agent else ())


def _defaults() -> Identity:
    keys = []
    for name in DEFAULTS:
        try:
            keys.append(_key(str(Path(name).expanduser())))
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, OSError, Refused):
            continue
    return Identity(tuple(keys), os.environ.get("SSH_AUTH_SOCK"))


def _key(name: str) -> Any:  # noqa: ANN401 (a key, or a key with its certificate: asyncssh's own)
    path = Path(name)
    found = path.stat()
    if found.st_uid not in (os.getuid(), 0) or stat.S_IMODE(found.st_mode) & 0o077:
        raise Refused(f"the key {name} can be read by others (mode {stat.S_IMODE(found.st_mode):04o})", f"chmod 600 {name}")
    key = asyncssh.read_private_key(path)
    certificate = Path(f"{name}-cert.pub")
    return (key, asyncssh.read_certificate(certificate)) if certificate.is_file() else key
