"""What a user's SSH configuration says of algorithms, as asyncssh takes it: those that it knows, in that order. Old servers need what is off by itself."""

from functools import lru_cache
from typing import Any

import asyncssh

_OPTIONS = {
    "kexalgorithms": "kex_algs", "ciphers": "encryption_algs", "macs": "mac_algs", "hostkeyalgorithms": "server_host_key_algs",
    "pubkeyacceptedalgorithms": "signature_algs",
}  # fmt: skip
_CERTIFICATE = "-cert-v01@openssh.com"


def algorithm_options(said: tuple[tuple[str, str], ...], known: tuple[str, ...]) -> dict[str, Any]:
    """Return the options of a connection. Host keys of kinds that are `known` for the host come first, as ssh has it."""
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
