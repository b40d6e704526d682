"""How machines that release from one record reach its hosts, as each of them says: fingerprints of keys, and never a key, a path or a name of a file."""

import msgspec

from console.safe_text import SafeText


class SshSeen(msgspec.Struct, frozen=True):
    """One host as SSH was with it when a machine looked last. Fingerprints are SHA-256's, as `ssh-keygen -l` prints them."""

    shown: str = ""
    """Of the key that the host showed, behind its kind; empty: it was not reached."""
    known: tuple[str, ...] = ()
    """Of the host keys that are known for it there."""
    login: str = ""
    """Of the key that was let in; empty: none was, or that is not known."""
    problem: str = ""
    """Why it was not reached: `unreachable`, `unknown-key`, `changed-key`, `login` and the like."""


class Bastion(msgspec.Struct, frozen=True):
    """A state folder on a machine, and how hosts of one environment were reached from there."""

    mark: str
    """The same for each engine of that state folder."""
    name: SafeText
    """Who works on which machine, for people."""
    seen: str = ""
    """When it looked last: UTC, RFC 3339."""
    hosts: dict[str, SshSeen] = {}
