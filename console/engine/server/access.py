"""Who may do what with an engine: the peer's uid, proven by the kernel, against the operators and viewers that the configuration names.

One uid is one person, however many terminals it has. Pure but for the peer's uid: what the machine says of it is asked by `user_directory`.
"""

import socket
import struct
from dataclasses import dataclass
from typing import Literal

from console.engine.server.user_directory import ListedUser
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


def person_of(uid: int, found: ListedUser | None, claims: str = "") -> Person:
    """Return who acts: the uid's name (`uid 1234` where none is known), and what that login says about itself."""
    return person_with(Person((found.name if found else "") or f"uid {uid}", uid), claims)


def person_with(person: Person, claims: str) -> Person:
    """Return a person with what its login says about itself."""
    return Person(person.name, person.uid, str(SafeText(claims[:CLAIMS])))


def role_of(uid: int, access: Access | None, owner: int, found: ListedUser | None) -> Role:
    """Return what a uid may do with an engine of that owner. The owner and root may do everything; of whom nothing is known, nothing.

    `found`: what the machine says of the uid, asked with that access.
    """
    return "operator" if uid in (0, owner) else listed_role(access, found)


def listed_role(access: Access | None, found: ListedUser | None) -> Role:
    """Return what a user may do who is neither the owner nor root."""
    if access is None or found is None:
        return "none"
    if not found.among.isdisjoint(access.operators):
        return "operator"
    return "none" if found.among.isdisjoint(access.viewers) else "viewer"


def may_carry_runs(owner: int, access: Access | None, found: ListedUser | None) -> bool:
    """Whether an engine of that owner may carry runs: root's and an operator's may. `found`: what the machine says of the owner, asked with that access."""
    return access is None or owner == 0 or listed_role(access, found) == "operator"
