"""How a connection is made, as asyncssh's options: keys, known hosts, signs of life, and what a user's SSH configuration says of algorithms.

They are prepared once for all hosts that are reached in the same way.
"""

import socket
from functools import lru_cache
from typing import Any

import asyncssh

from console.adapters.ssh.config import Way
from console.adapters.ssh.host_keys import KnownHosts
from console.adapters.ssh.identity import Identity
from console.model.host import Ssh

MISSES = 3
"""Signs of life that may be missing before a link is dead."""
FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}
"""AddressFamily of an SSH configuration."""
_OPTIONS = {
    "kexalgorithms": "kex_algs", "ciphers": "encryption_algs", "macs": "mac_algs", "hostkeyalgorithms": "server_host_key_algs",
    "pubkeyacceptedalgorithms": "signature_algs",
}  # fmt: skip
_CERTIFICATE = "-cert-v01@openssh.com"


PREPARED = 64
"""Ways of reaching hosts whose options are kept prepared."""


class PreparedOptions:
    """Options by what they are made of. An identity that was read anew makes new ones."""

    def __init__(self, ssh: Ssh) -> None:
        self._ssh = ssh
        self._made: dict[tuple[object, ...], tuple[Identity, asyncssh.SSHClientConnectionOptions]] = {}

    def of(self, way: Way, identity: Identity, known: KnownHosts) -> asyncssh.SSHClientConnectionOptions:
        """Return asyncssh's options for a connection that way. Raises ValueError."""
        kinds = known.kinds(way.alias or way.address, way.port) if any(keyword == "hostkeyalgorithms" for keyword, _ in way.algorithms) else ()
        key = (way.user, way.alias, way.family, way.algorithms, kinds, id(identity), id(known))
        if (found := self._made.get(key)) is None:
            if len(self._made) >= PREPARED:
                self._made.clear()
            said = _options(self._ssh, way, identity, known, kinds)
            found = self._made[key] = identity, asyncssh.SSHClientConnectionOptions(**said)
        return found[1]


def _options(ssh: Ssh, way: Way, identity: Identity, known: KnownHosts, kinds: tuple[str, ...]) -> dict[str, Any]:
    return {
        "config": None,
        "username": way.user,
        "known_hosts": known.match,
        "family": FAMILIES.get(way.family, socket.AF_UNSPEC),
        "client_keys": list(identity.keys),
        "agent_path": None,
        "host_key_alias": way.alias or None,
        "kex_algs": "^curve25519-sha256",
        "encryption_algs": "^aes128-gcm@openssh.com",
        "compression_algs": None,
        "preferred_auth": "publickey",
        "gss_host": None,
        "agent_forwarding": False,
        "x11_forwarding": False,
        "utf8_decode_errors": "replace",
        "keepalive_interval": ssh.keepalive,
        "keepalive_count_max": MISSES,
        "login_timeout": ssh.connect_timeout,
        **_algorithms(way.algorithms, kinds),
    }


def _algorithms(said: tuple[tuple[str, str], ...], known: tuple[str, ...]) -> dict[str, Any]:
    """Those that asyncssh knows, in that order: old servers need what is off by itself. Host keys of kinds that are `known` for the host come first."""
    options = {_OPTIONS[keyword]: found for keyword, listed in said if (found := [name for name in listed.split(",") if _is_known(_OPTIONS[keyword], name)])}
    if "server_host_key_algs" in options:
        options["server_host_key_algs"].sort(key=lambda name: _kind(name) not in known)
    return options


def _kind(name: str) -> str:
    """The kind of key that an algorithm is for."""
    plain = name.removesuffix(_CERTIFICATE)
    return "ssh-rsa" if plain.startswith("rsa-sha2-") else plain


@lru_cache(maxsize=256)
def _is_known(option: str, name: str) -> bool:
    try:
        asyncssh.SSHClientConnectionOptions(config=None, client_keys=None, known_hosts=None, agent_path=None, **{option: [name]})
    except ValueError:
        return False
    return True
