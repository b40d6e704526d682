"""Who may do what with an engine: the peer's uid, proven by the kernel, against the operators and viewers that the configuration names.

One uid is one person, however many terminals it has. Knows the machine's users and groups; nothing of messages or runs.
"""

import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass
from typing import Literal

from console.model.configured_environment import Access
from console.model.request import Person
from console.safe_text import SafeText

Role = Literal["operator", "viewer", "none"]

_PEER = struct.Struct("3i")

CLAIMS = 200
"""Characters of a login's claims that are kept."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end of a Unix socket."""

    pid: int
    uid: int
    gid: int


def peer_of(connection: socket.socket) -> Peer:
    """Say who is at the other end, as the kernel knows it."""
    return Peer(*_PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)))


def user_name(uid: int) -> str:
    """Return the login name of a uid; `uid 1234` where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def person_of(uid: int, claims: str = "") -> Person:
    """Return who acts: the uid's name, and what that login says about itself."""
    return Person(user_name(uid), uid, str(SafeText(claims[:CLAIMS])))


def role_of(uid: int, access: Access | None, owner: int) -> Role:
    """Return what a uid may do with an engine of that owner. The owner and root may do everything."""
    if uid in (0, owner) or (access is not None and is_listed(uid, access.operators)):
        return "operator"
    return "viewer" if access is not None and is_listed(uid, access.viewers) else "none"


def may_carry_runs(owner: int, access: Access | None) -> bool:
    """Whether an engine of that owner may carry runs: root's and an operator's may."""
    return access is None or owner == 0 or is_listed(owner, access.operators)


def is_listed(uid: int, listed: tuple[str, ...]) -> bool:
    """Whether a uid is among users and @groups of this machine. Names that the machine does not know list nobody."""
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return False
    if user.pw_name in listed:
        return True
    groups = [name[1:] for name in listed if name.startswith("@")]
    return bool(groups) and not set(os.getgrouplist(user.pw_name, user.pw_gid)).isdisjoint(_gids(groups))


def _gids(names: list[str]) -> set[int]:
    found = set()
    for name in names:
        try:
            found.add(grp.getgrnam(name).gr_gid)
        except KeyError:
            continue
    return found
