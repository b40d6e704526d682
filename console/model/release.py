"""A release: the commit it is made of, what it is called, and what is known of it on a host."""

import msgspec

from console.text import SafeText


class Revision(msgspec.Struct, frozen=True):
    """A commit, resolved and pinned."""

    commit: str
    """40 hex digits."""
    version: SafeText
    """The tag named or on the commit, else 7 hex digits."""
    ref: SafeText = SafeText("")
    """What the operator asked for."""
    branches: tuple[SafeText, ...] = ()
    """Branches that hold the commit."""
    tags: tuple[SafeText, ...] = ()
    author: SafeText = SafeText("")
    subject: SafeText = SafeText("")
    committed: str = ""
    """UTC, RFC 3339."""
    uncommitted: int = 0
    """Files that the work tree has changed and that are therefore no part of the release."""
    files: int = 0
    size: int = 0
    """Bytes of the tree."""
    tree: str = ""
    """Git's name of what the commit holds: two commits of the same tree ship the same files, where nothing is built."""


class Release(msgspec.Struct, frozen=True):
    """One release, the same on every host. `id` is the run's UTC time and 7 hex digits of the commit."""

    id: str
    version: SafeText
    commit: str


class Package(msgspec.Struct, frozen=True):
    """A release packed on the console's machine: one archive for all hosts, and the digest that every host checks."""

    path: str
    digest: str
    """SHA-256 of the archive, hex."""
    size: int
    """Bytes of the archive."""
    manifest: str
    """SHA-256 of the manifest inside (path, size, mode, digest of each file), hex."""
    files: int
    unpacked: int
    """Bytes once unpacked."""
    content: str = ""
    """SHA-256 of what is shipped, whatever it is called: path, mode and digest of each file. Hex."""
