"""Who this engine is among those of all machines."""

import os
import pwd
import secrets
import socket

from console.model.carrier import Carrier


def this_engine() -> Carrier:
    """Return what tells this process from any other, on this machine and elsewhere, now and after a restart."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    return Carrier(user, socket.gethostname(), _boot(), os.getpid(), _started(os.getpid()), secrets.token_hex(8))


def is_gone(carrier: Carrier) -> bool:
    """Whether that process is known to live no more: it was one of this boot of this machine. Of another machine nothing is known.

    A machine that was copied while it ran has the boot of the first one, and another name. A lock on a host does not say that name.
    """
    was_here = carrier.boot and carrier.boot == _boot() and carrier.host in ("", socket.gethostname())
    return bool(was_here) and _started(carrier.pid) != carrier.started and not _is_hidden(carrier.pid)


def _is_hidden(pid: int) -> bool:
    """Whether a process of that number lives of which /proc says nothing, as where it hides those of other users (hidepid)."""
    if os.path.exists(f"/proc/{pid}"):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _boot() -> str:
    """Return the boot, and whose process numbers are meant: each container has its own. Empty: this login may not know."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return f"{file.read().strip()}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When that process started, in clock ticks since the boot; empty: there is none, or it is dead and nobody has taken note of its end."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            words = file.read().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if words[0] in "ZX" else words[19]
