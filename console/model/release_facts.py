"""A release: the commit it is made of, what it is called, and what is known of it on a host."""

from typing import Literal

import msgspec

from console.safe_text import SafeText

Named = Literal["branch", "tag", "commit"]
"""What a REF was."""
Relation = Literal["same", "newer", "older", "diverged", "unknown"]
"""How a commit stands to another: older, where it is an ancestor of that one. `unknown`: the other is not in the repository, or history is cut off."""


class Revision(msgspec.Struct, frozen=True):
    """A commit that a name was resolved to when a run was prepared; what the name stands for later changes nothing."""

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
    """Files that the work tree has changed and that are therefore no part of the release; hosts.toml is never one of them."""
    changed_files: tuple[SafeText, ...] = ()
    """The first of them, by name."""
    files: int = 0
    size: int = 0
    """Bytes of the tree."""
    tree: str = ""
    """Git's name of what the commit holds: two commits of the same tree ship the same files, where nothing is built."""
    named: Named = "commit"
    upstream: SafeText = SafeText("")
    """What the branch follows, such as `origin/main`; empty: nothing, or it is no branch of the work tree."""
    behind: int = 0
    """Commits that the upstream has and the branch has not."""
    published: bool | None = None
    """Whether a remote has the commit; None: that is not known."""
    remote: SafeText = SafeText("")
    """The remote that was asked; empty: there is none."""


class Release(msgspec.Struct, frozen=True):
    """One release, the same on every host. `id` is the run's UTC time and 7 hex digits of the commit."""

    id: str
    version: SafeText
    commit: str


class Package(msgspec.Struct, frozen=True):
    """A release as it is shipped: its folder on the console's machine, and what every host checks it by."""

    path: str
    """The folder. Nothing in it changes any more."""
    listed: str
    """Where its manifest's text lies, here."""
    manifest: str
    """SHA-256 of the manifest (path, mode and digest of each file), hex."""
    files: int
    unpacked: int
    """Bytes of its files."""
    content: str = ""
    """SHA-256 of what is shipped, whatever it is called: path, mode and digest of each file. Hex."""
    mtime: int = 0
    """What every file is dated to, in seconds since 1970."""
