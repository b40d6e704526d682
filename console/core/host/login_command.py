"""The command line that brings a person to a host, in its live release: the host's own way, with its key checked. Pure; it runs nothing."""

import re
import shlex

from console.core.host.shell import quote
from console.errors import UsageFault
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.values import changed

_JUMP = re.compile(r"(?:(?P<user>[^@\s]+)@)?(?P<name>\[[^\]\s]+\]|[^:@\s\[\]]+)(?::(?P<port>\d{1,5}))?")


def visit(environment: Environment, host: Host) -> tuple[str, ...]:
    """Return the argv of an interactive shell in the host's live release. Raises UsageFault for a way that cannot be written down."""
    there = f'cd {quote(environment.path_on(host) + "/current")} && exec "${{SHELL:-/bin/sh}}" -l'
    if host.is_local:
        return ("sh", "-c", there)
    return (*_way(environment, host, (), is_jump=False), "-t", "--", _address(host), there)


def _address(host: Host) -> str:
    address = host.address or host.name
    if address.startswith("-"):
        raise UsageFault(f"{address} is no address", "see address in hosts.toml")
    return address.strip("[]")


def _way(environment: Environment, host: Host, through: tuple[str, ...], *, is_jump: bool) -> tuple[str, ...]:
    """Return `ssh` and its options for that host; what hosts.toml leaves open is read by ssh from the user's own configuration."""
    ssh = environment.ssh
    user, port = host.user or ssh.user, host.port or (0 if is_jump else ssh.port)
    words = ["ssh", "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no", "-o", f"ConnectTimeout={max(1, round(ssh.connect_timeout))}"]
    if ssh.known_hosts:
        files = " ".join(f'"{name}"' if " " in name else name for name in ssh.known_hosts)
        words += ["-o", f"UserKnownHostsFile={files}", "-o", "GlobalKnownHostsFile=/dev/null"]
    words += ["-l", user] if user else []
    words += ["-p", str(port)] if port else []
    words += ["-i", ssh.identity, "-o", "IdentitiesOnly=yes"] if ssh.identity else []
    jump = host.jump or ("" if is_jump else ssh.jump)
    if jump and jump != host.name:
        words += ["-o", f"ProxyCommand={_proxy(environment, jump, (*through, host.name))}"]
    return tuple(words)


def _proxy(environment: Environment, jump: str, through: tuple[str, ...]) -> str:
    before, _, last = jump.rpartition(",")
    host = next((one for one in environment.jumps if one.name == last.strip()), None) or _written(last.strip())
    if host.name in through:
        raise UsageFault(f"{host.name} is reached through itself", "look at jump in hosts.toml")
    if before:
        host = changed(host, jump=before)
    words = (*_way(environment, host, through, is_jump=True), "-W", "[%h]:%p", "--", _address(host))
    return shlex.join(word if word == "[%h]:%p" else word.replace("%", "%%") for word in words)


def _written(text: str) -> Host:
    found = _JUMP.fullmatch(text)
    if found is None:
        raise UsageFault(f"the jump host {text!r} is not written as [user@]NAME[:port]", "see jump in hosts.toml")
    return Host(text, found["name"].strip("[]"), int(found["port"] or 0), found["user"] or "")
