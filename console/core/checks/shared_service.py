"""Whether a health check asks a host's own application, or a service that several hosts share (a database, a cache, a queue). Pure.

A host that goes back is well once its own checks pass: what others share may have been broken by the release, and is mended by no way back. There it is asked
once and told.
"""

from typing import Final
from urllib.parse import urlsplit

from console.core.host.shell import placeholders
from console.model.configured_checks import HealthCheck
from console.model.host import Host

_OF_A_HOST: Final = frozenset({"host", "address", "server", "shared", "release", "previous", "version", "commit"})
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1", ""})


def asks_own(check: HealthCheck, host: Host) -> bool:
    """Whether the check asks something of that host alone: it names something of a host, or what it asks is on the host that asks."""
    if not _OF_A_HOST.isdisjoint(name for text in _texts(check) for name in placeholders(text)):
        return True
    is_asked_there = check.on in ("host", host.name)
    if check.kind == "command":
        return is_asked_there
    return is_asked_there and _target(check) in {*_HERE, host.name, host.address}


def _texts(check: HealthCheck) -> tuple[str, ...]:
    command = check.command.run if check.command is not None else ""
    return (check.url if isinstance(check.url, str) else "", check.address, command, check.query)


def _target(check: HealthCheck) -> str | None:
    """The machine that is asked; None: its address is a secret, which is the same on every host."""
    if check.kind == "tcp":
        return check.address
    if not isinstance(check.url, str):
        return None
    try:
        return urlsplit(check.url).hostname or ""
    except ValueError:
        return None
