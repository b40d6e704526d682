"""What is offered at a login, in ssh's own order: keys that the agent holds and files name, the agent's others, then files. Never a passphrase.

A public key file picks its key out of the agent. A file that ssh would leave out is left out, and said when the login is refused. It must
not know of hosts.
"""

import asyncio
import base64
import contextlib
import copy
import os
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh

from console.adapters.ssh.config import Refused, Way
from console.adapters.ssh.read_once import ReadOnce

PATIENCE = 5.0
"""Seconds that an agent may take to say which keys it holds."""
_OPENSSH = b"openssh-key-v1\0"


@dataclass(frozen=True, slots=True)
class Identity:
    """What is offered, in this order; and what was left out, in words."""

    keys: tuple[Any, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    """A key that a file holds or names: its public part, and the key itself where it can be used without the agent."""

    name: str
    public: bytes = b""
    key: asyncssh.SSHKey | None = None
    problem: str = ""
    hint: str = ""


_Certificates = dict[bytes, list[asyncssh.SSHCertificate]]


@dataclass(slots=True)
class _Found:
    """What the files of a way hold, and what is offered where no agent is asked."""

    files: list[_File]
    certificates: _Certificates
    identity: Identity | None = None


@dataclass(slots=True)
class Identities:
    """Reads key files once for all hosts, as long as they do not change."""

    _read: dict[str, tuple[tuple[int, ...], _File]] = field(default_factory=dict)
    _looks: ReadOnce[_Found] = field(default_factory=ReadOnce)

    @contextlib.asynccontextmanager
    async def of(self, way: Way) -> AsyncIterator[Identity]:
        """Yield what to offer; the agent's keys sign as long as this is held. Raises Refused where hosts.toml names a key that cannot be used."""
        found = await self._looks.get((way.identities, way.certificates, way.is_own_key), partial(self._look, way))
        if way.agent:
            async with _agent_keys(way.agent) as (held, silence):
                yield _offered(way, found, held, silence)
        else:
            found.identity = found.identity or _offered(way, found, {})
            yield found.identity

    def _look(self, way: Way) -> _Found:
        files = [file for name in way.identities if (file := self._file(name))]
        return _Found(files, _certificates(way))

    def _file(self, name: str) -> _File | None:
        stamps = tuple(_stamp(each) for each in (name, f"{name}.pub"))
        found = self._read.get(name)
        if found is None or found[0] != stamps:
            found = self._read[name] = stamps, _read_file(name)
        return found[1] if found[1].public or found[1].problem else None


def _stamp(name: str) -> int:
    """When the file, or who may read it, was changed."""
    try:
        return os.stat(name).st_ctime_ns
    except OSError:
        return 0


def _read_file(name: str) -> _File:
    public = _public_of(f"{name}.pub")
    try:
        found, raw = os.stat(name), Path(name).read_bytes()
    except FileNotFoundError:
        return _File(name, public)
    except OSError as fault:
        return _File(name, public, problem=f"the key {name} cannot be read: {fault.strerror}", hint=f"look at {name}")
    if b"PRIVATE KEY" not in raw:
        return _File(name, _public_of(name) or public)
    public = public or _public_within(raw)
    if found.st_uid == os.getuid() and found.st_mode & 0o077:
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        return _File(name, public, problem=f"the key {name} can be read by others (mode {mode}): ssh does not use it", hint=f"chmod 600 {name}")
    try:
        key = asyncssh.import_private_key(raw)
    except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as fault:
        if isinstance(fault, asyncssh.KeyEncryptionError) or "assphrase" in str(fault):
            return _File(name, public, problem=f"the key {name} has a passphrase, and no agent holds it", hint=f"ssh-add {name}")
        return _File(name, public, problem=f"the key {name} cannot be read: {fault}", hint="name another one: identity = in hosts.toml")
    return _File(name, key.public_data, key)


def _public_of(name: str) -> bytes:
    """The public key in such a file; empty: none."""
    try:
        return asyncssh.read_public_key(name).public_data
    except (OSError, asyncssh.KeyImportError):
        return b""


def _public_within(raw: bytes) -> bytes:
    """The public part of a private key of OpenSSH's own format, which is in the clear beside a part that has a passphrase; empty: none."""
    with contextlib.suppress(ValueError, IndexError):
        body = base64.b64decode(b"".join(line for line in raw.splitlines() if line and not line.startswith(b"-----")))
        if not body.startswith(_OPENSSH):
            return b""
        left = body[len(_OPENSSH) :]
        for skipped in (0, 0, 0, None):
            if skipped is None:
                left = left[4:]  # how many keys it holds: one
            size = int.from_bytes(left[:4], "big")
            word, left = left[4 : 4 + size], left[4 + size :]
        return word
    return b""


def _certificates(way: Way) -> _Certificates:
    """Certificates by the public key that each is for: beside the keys, and those that the configuration names."""
    found: dict[bytes, list[asyncssh.SSHCertificate]] = {}
    for name in dict.fromkeys((*way.certificates, *(f"{key}-cert.pub" for key in way.identities))):
        with contextlib.suppress(OSError, asyncssh.KeyImportError):
            certificate = asyncssh.read_certificate(name)
            found.setdefault(certificate.key.public_data, []).append(certificate)
    return found


@contextlib.asynccontextmanager
async def _agent_keys(socket: str) -> AsyncIterator[tuple[dict[bytes, Any], str]]:
    """Yield the agent's keys by their public part, in its order; none where no agent answers, and what was seen then."""
    agent, silence = None, ""
    try:
        async with asyncio.timeout(PATIENCE):
            agent = await asyncssh.connect_agent(socket)
            held = {key.public_data: key for key in await agent.get_keys()}
    except (OSError, ValueError, asyncssh.Error) as fault:
        held, silence = {}, f"the agent at {socket} does not answer: {_seen(fault)}"
    try:
        yield held, silence
    finally:
        if agent is not None:
            agent.close()


def _seen(fault: Exception) -> str:
    if isinstance(fault, TimeoutError) and not fault.errno:
        return f"it did not say within {PATIENCE:g} s which keys it holds"
    return getattr(fault, "strerror", "") or str(fault) or type(fault).__name__


def _judge_own(way: Way, files: list[_File], held: dict[bytes, Any], silence: str) -> None:
    """Raise Refused where the one key that hosts.toml names cannot be used."""
    name = way.identities[0]
    if not files:
        raise Refused(f"the key {name} is not there", "name another one: identity = in hosts.toml")
    file = files[0]
    if file.key is None and file.public not in held:
        words = file.problem or f"{name} is a public key, and no agent holds its private one"
        raise Refused(f"{words}: {silence}" if silence else words, file.hint or f"ssh-add {name.removesuffix('.pub')}")


def _offered(way: Way, found: _Found, held: dict[bytes, Any], silence: str = "") -> Identity:
    files, certificates = found.files, found.certificates
    if way.is_own_key:
        _judge_own(way, files, held, silence)
    named = [held[file.public] for file in files if file.public in held]
    others = [] if way.only_named else [key for public, key in held.items() if key not in named]
    alone = [file.key for file in files if file.key is not None and file.public not in held]
    plain = [*named, *others, *alone]
    certified = [_certified(key, certificate) for key in (*named, *alone) for certificate in certificates.get(_public(key), ())]
    left_out = [file.problem for file in files if file.problem and file.public not in held]
    return Identity((*certified, *plain), (*left_out, silence) if silence else tuple(left_out))


def _certified(key: Any, certificate: asyncssh.SSHCertificate) -> Any:  # noqa: ANN401 (asyncssh's own)
    """The key with its certificate; the agent's is a copy, since it is offered without, too."""
    return asyncssh.load_keypairs([(copy.copy(key), certificate)])[0]


def _public(key: Any) -> bytes:  # noqa: ANN401 (a key of ours or of the agent: asyncssh's own)
    return bytes(key.public_data)
