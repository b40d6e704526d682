"""What can keep a host from being reached, in words for a person: what was seen, where, and what to type next.

It turns asyncssh's and the system's errors into `ports.Unreached`; it opens nothing.
"""

import os
import socket
from dataclasses import dataclass

import asyncssh

from console.adapters.ssh.config import Way
from console.adapters.ssh.host_keys import KnownHosts, host_pattern
from console.core.host.shell import quote
from console.core.words.sizes import counted
from console.model.host import Host
from console.ports.hosts import ProblemKind, Unreached
from console.safe_text import SafeText

SESSIONS = "see MaxSessions in its sshd_config"


def unreached(host: Host, kind: ProblemKind, message: str, hint: str = "") -> Unreached:
    """Make the value, with both texts harmless."""
    return Unreached(host.name, kind, SafeText(message), SafeText(hint))


def said(fault: Exception) -> str:
    """What an error says, in the fewest words."""
    return str(getattr(fault, "reason", "") or fault or type(fault).__name__)


def no_channel(host: Host, words: str) -> Unreached:
    """Say that a host takes no command, though nothing of ours runs there."""
    return unreached(host, "channel", f"{host.name} opens no channel: {words}", SESSIONS)


def no_numbers(host: Host, sessions: int) -> Unreached:
    """Say that a host takes too few commands at once to be sampled."""
    return unreached(host, "channel", f"{host.name} takes {counted(sessions, 'session')} at once: no live numbers", SESSIONS)


def no_forwarding(host: Host, words: str) -> Unreached:
    """Say that a host opens no connections for us."""
    hint = "set AllowTcpForwarding in its sshd_config, or check with a command"
    return unreached(host, "forwarding", f"{host.name} forwards no connections ({words})", hint)


def runs_nothing(host: Host, words: str) -> Unreached:
    """Say that a host's sshd starts no command for a login."""
    message = f"the login on {host.name} is let in, and its sshd runs no command for it: {words}"
    return unreached(host, "shell", message, "look at the login's shell and at ForceCommand on the host")


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """A connection that was tried: to whom, which way, for how long (seconds)."""

    host: Host
    way: Way
    environment: str
    timeout: float
    offered: int = 0
    """Keys that there were for the login."""
    left_out: tuple[str, ...] = ()
    """Keys that were not offered, and why."""


def failed(attempt: LoginAttempt, fault: Exception) -> Unreached:
    """Say why a connection failed, for all but host keys."""
    where = attempt.way.shown
    host = attempt.host
    if isinstance(fault, TimeoutError):
        return unreached(host, "unreachable", f"{where} gave no answer within {attempt.timeout:g} s", "is it up, and does a firewall let port "
                         f"{attempt.way.port} through?")  # fmt: skip
    if isinstance(fault, asyncssh.PermissionDenied):
        return _refused(attempt)
    if isinstance(fault, asyncssh.ChannelOpenError):
        return unreached(host, "unreachable", f"the jump host cannot reach {where}: {fault.reason}")
    if isinstance(fault, socket.gaierror):
        return unreached(host, "unreachable", f"the name {attempt.way.address} is not known: {fault.strerror}", "give the host an address in hosts.toml")
    if isinstance(fault, asyncssh.ConnectionLost | ConnectionResetError | BrokenPipeError):
        return unreached(host, "unreachable", f"{where} closed the connection before the login", "sshd may be busy (MaxStartups) or hold a penalty "
                         "against this machine: wait a minute; its own log says which")  # fmt: skip
    if isinstance(fault, asyncssh.KeyExchangeFailed):
        return unreached(host, "unreachable", f"{where} and this console share no algorithm: {fault.reason}")
    if isinstance(fault, OSError) and fault.strerror:  # asyncio has words of its own for what the system calls it
        return unreached(host, "unreachable", f"{where}: {os.strerror(fault.errno) if fault.errno else fault.strerror}")
    return unreached(host, "unreachable", f"{where}: {fault or type(fault).__name__}")


def cut_off(attempt: LoginAttempt, fault: asyncssh.ProtocolError) -> Unreached:
    """Say that a host ended a login in the middle: sshd does that by a disconnect once it was offered as many keys as it tries (MaxAuthTries)."""
    said_no = _refused(attempt)
    words = f"{said_no.message}; it ended the login: {said(fault)}"
    hint = "sshd tries so many keys as its MaxAuthTries says: name the right one (identity in hosts.toml, or IdentitiesOnly)"
    return unreached(attempt.host, "login", words, f"{hint}; {said_no.hint}")


def _refused(attempt: LoginAttempt) -> Unreached:
    way = attempt.way
    port = f"-p {way.port} " if way.port != 22 else ""
    key = f"-i {quote(way.identities[0])} " if way.is_own_key else ""
    words = f"{way.shown} refused the login of {way.user} (publickey): {counted(attempt.offered, 'key')} offered"
    left_out = f"; left out: {'; '.join(attempt.left_out)}" if attempt.left_out else ""
    return unreached(attempt.host, "login", words + left_out, f"try by hand: ssh {port}{key}{quote(f'{way.user}@{way.address}')}")


def distrusted(attempt: LoginAttempt, known: KnownHosts, shown: asyncssh.SSHKey | None, fault: Exception, peer: str = "") -> Unreached:
    """Say that a host's key is unknown, has changed or was revoked, with both fingerprints."""
    host, way = attempt.host, attempt.way
    trust = f"deploy trust {attempt.environment} --hosts {host.name}"
    seen = f"it shows {shown.get_fingerprint()} ({shown.get_algorithm()})" if shown else "it shows none that can be read"
    before = known.fingerprints(way.alias or way.address, way.port, peer)
    if "revoked" in str(fault):
        return unreached(host, "changed-key", f"the host key of {host.name} ({way.shown}) is revoked in {known.where}", "do not connect; ask who runs it")
    if not before:
        words = f"the host key of {host.name} ({way.shown}) is not known: {seen}; expected one from {known.where}"
        return unreached(host, "unknown-key", words, trust)
    words = f"the host key of {host.name} ({way.shown}) has changed: known is {', '.join(before)}; {seen}"
    pattern = host_pattern(way.alias or way.address, way.port)
    remove = f"ssh-keygen -f {quote(known.holder(way.alias or way.address, way.port))} -R '{pattern}'"
    return unreached(host, "changed-key", words, f"only if you know why it changed: {remove} && {trust}")
