"""Known host keys: parsed once and passed as an object, never left out. And enrolling more, for a person who has said yes.

Nothing here trusts a key by itself. It must not know of connections that are kept.
"""

import fcntl
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import asyncssh

SYSTEM = "/etc/ssh/ssh_known_hosts"
USERS = "~/.ssh/known_hosts"
SSH = 22
Matched = tuple[Sequence[asyncssh.SSHKey], Sequence[asyncssh.SSHKey], Sequence[asyncssh.SSHKey]]


_RSA = "rsa-sha2-256,rsa-sha2-512,ssh-rsa"
"""What a server may sign with by an RSA key, whose own name is the last one (RFC 8332)."""


def preferring(kinds: Iterable[str]) -> str | tuple[()]:
    """Return the host key algorithms to ask for, in asyncssh's words: a host that has a key of those kinds shows it, and one of another kind only without."""
    found = ",".join(_RSA if kind == "ssh-rsa" else kind for kind in kinds)
    return f"^{found}" if found else ()


def host_pattern(address: str, port: int) -> str:
    """Return how a known_hosts file names a host."""
    return address if port == SSH else f"[{address}]:{port}"


class KnownHosts:
    """The keys in those files; empty: the user's and the system's. A file that is not there holds none; a line that cannot be read is passed over."""

    def __init__(self, files: tuple[str, ...] = ()) -> None:
        self.files = tuple(str(Path(name).expanduser()) for name in (files or (USERS, SYSTEM)))
        self._stamp: tuple[tuple[int, ...], ...] = ()
        self._matched: dict[tuple[str, str, int | None], Matched] = {}
        self.parsed = asyncssh.import_known_hosts("")
        self.refresh()

    def match(self, host: str, addr: str, port: int | None) -> Matched:
        """Keys, authorities and revoked keys of a host, as asyncssh asks for them: found once, since a file of hashed names is gone through for each name."""
        asked = host, addr, None if port == SSH else port
        if asked not in self._matched:
            self._matched[asked] = self.parsed.match(*asked)[:3]
        return self._matched[asked]

    def kinds(self, address: str, port: int) -> tuple[str, ...]:
        """Kinds of the keys that are known for a host."""
        keys, *_ = self.match(address, "", port)
        return tuple(dict.fromkeys(key.get_algorithm() for key in keys))

    def trusts(self, address: str, port: int, peer: str, key: asyncssh.SSHKey | None) -> bool:
        """Whether a key that a host has shown is known for it now; of one that an authority vouches for, whether an authority is."""
        keys, authorities, revoked = self.match(address, peer, port)
        shown = key.public_data if key else b""
        if any(one.public_data == shown for one in revoked):
            return False
        return bool(authorities) or any(one.public_data == shown for one in keys)

    @property
    def where(self) -> str:
        """The files, for a person."""
        return " or ".join(self.files)

    def refresh(self) -> bool:
        """Read the files again if they differ from what was read. Whether they did."""
        stamp = tuple(_stamp(name) for name in self.files)
        if stamp == self._stamp:
            return False
        self._matched.clear()
        self._stamp, self.parsed = stamp, _parsed("\n".join(_text(name) for name in self.files))
        return True

    def fingerprints(self, address: str, port: int, peer: str = "") -> tuple[str, ...]:
        """SHA-256 fingerprints of the keys that are known for a host, by its name or by the address that it was reached at."""
        return _fingerprints(self.parsed, address, port, peer)

    def holder(self, address: str, port: int) -> str:
        """The file that knows a key of the host; the first one if none does."""
        holders = (name for name in self.files if _fingerprints(_parsed(_text(name)), address, port))
        return next(holders, self.files[0])


def _fingerprints(known: asyncssh.SSHKnownHosts, address: str, port: int, peer: str = "") -> tuple[str, ...]:
    keys, *_ = known.match(address, peer, None if port == SSH else port)
    return tuple(dict.fromkeys(key.get_fingerprint() for key in keys))


def _parsed(text: str) -> asyncssh.SSHKnownHosts:
    known = asyncssh.import_known_hosts("")
    for line in text.splitlines():
        try:
            known.load(line)
        except ValueError:
            continue
    return known


def _stamp(name: str) -> tuple[int, ...]:
    """What differs once the file, or who may read it, was changed."""
    try:
        found = os.stat(name)
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def known_line(address: str, port: int, key: asyncssh.SSHKey) -> str:
    """Return the line of a known_hosts file that trusts the key for that host."""
    return f"{host_pattern(address, port)} {key.export_public_key().decode().strip()}"


def enrol(lines: Iterable[str], file: str = "") -> str:
    """Append lines to a known_hosts file (the user's own if empty; 0600 where it is made) and return its path.

    A line that stands there already is not written again; all are written at once, and are on the disk when this returns.
    """
    path = Path(file or USERS).expanduser()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", buffering=0) as known:
        fcntl.flock(known, fcntl.LOCK_EX)
        before = known.read()
        there = set(before.decode("utf-8", "replace").splitlines())
        fresh = [line for line in dict.fromkeys(line.strip() for line in lines) if line and line not in there]
        if fresh:
            gap = "\n" if before and not before.endswith(b"\n") else ""
            known.write((gap + "".join(f"{line}\n" for line in fresh)).encode())
            os.fsync(known.fileno())
    return str(path)
