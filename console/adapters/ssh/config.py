"""Which way a host is reached: hosts.toml first, then what the user's own SSH configuration says of it, as `ssh -G` tells.

Commands in that configuration are refused, not run: ProxyCommand, and Match exec even for the asking. Where known host keys
are is never read from there. It opens no connection.
"""

import asyncio
import contextlib
import getpass
import glob
import os
import pwd
import re
from dataclasses import dataclass, field
from pathlib import Path

from console.core.environ import program_environment
from console.model.fleet import Host, Ssh

DEADLINE = 5.0
"""Seconds that `ssh -G` may take."""
AT_ONCE = 8
_EXEC = re.compile(r"^\s*match\b[^#]*\bexec\b", re.IGNORECASE | re.MULTILINE)
_INCLUDE = re.compile(r"^\s*include[\s=]+(.+)$", re.IGNORECASE | re.MULTILINE)


class Refused(Exception):
    """A configuration that is not followed, or cannot be asked; the sentence says which and why."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Way:
    """How a host is reached, with nothing left open."""

    address: str
    port: int
    user: str
    identities: tuple[str, ...] = ()
    """Files of private keys; empty: the user's default ones and the agent's."""
    jump: str = ""
    alias: str = ""
    """The name that its key is known by, where that is not the address."""

    @property
    def shown(self) -> str:
        """The address and port, as people write them."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(slots=True)
class Ways:
    """Finds the way to each host, once. `file` is the user's SSH configuration; where it is missing, nothing is asked."""

    ssh: Ssh
    file: Path = field(default_factory=lambda: Path("~/.ssh/config").expanduser())
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def to(self, host: Host, *, is_jump: bool = False) -> Way:
        """Return the way. A jump host has the environment's user and key, but neither its port nor its jump. Raises Refused."""
        said = await self._asked(host.address or host.name, host) if self.file.exists() else {}
        if command := _one(said, "proxycommand"):
            raise Refused(f"your SSH configuration reaches {host.name} by ProxyCommand, which is not followed: {command}", "use jump = in hosts.toml")
        jump = host.jump or ("" if is_jump else self.ssh.jump) or _one(said, "proxyjump")
        return Way(
            address=_one(said, "hostname") or host.address or host.name,
            port=host.port or (0 if is_jump else self.ssh.port) or int(_one(said, "port") or 22),
            user=host.user or self.ssh.user or _one(said, "user") or getpass.getuser(),
            identities=(_expanded(self.ssh.identity),) if self.ssh.identity else _existing(said.get("identityfile", [])),
            jump="" if jump == host.name else jump,
            alias=_one(said, "hostkeyalias"),
        )

    async def _asked(self, name: str, host: Host) -> dict[str, list[str]]:
        if guilty := await asyncio.to_thread(_with_exec, self.file):
            raise Refused(f"{guilty} holds a Match exec, which would run a command here", "remove it, or say user, port and jump in hosts.toml")
        async with self._turns:
            text = await self._printed(host.name if not host.address else name)
        said: dict[str, list[str]] = {}
        for line in text.splitlines():
            key, _, value = line.partition(" ")
            if value and value.lower() != "none":
                said.setdefault(key.lower(), []).append(value)
        return said

    async def _printed(self, name: str) -> str:
        argv = ["ssh", "-G", *(["-F", str(self.file)] if not _is_ssh_own(self.file) else []), "--", name]
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                env=program_environment(os.environ, "SSH_AUTH_SOCK"),
            )  # fmt: skip
        except OSError as fault:
            raise Refused(f"ssh -G cannot be asked about {name}: {fault.strerror}", "install openssh-client, or move ~/.ssh/config away") from fault
        try:
            async with asyncio.timeout(DEADLINE):
                out, err = await process.communicate()
        except TimeoutError as fault:
            raise Refused(f"ssh -G {name} did not answer within {DEADLINE:g} s", f"try it by hand: ssh -G {name}") from fault
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        if process.returncode:
            raise Refused(f"ssh -G {name}: {err.decode('utf-8', 'replace').strip()}", f"mend {self.file}")
        return out.decode("utf-8", "replace")


def _one(said: dict[str, list[str]], key: str) -> str:
    return said.get(key, [""])[0]


def _expanded(name: str) -> str:
    return str(Path(name).expanduser())


def _existing(names: list[str]) -> tuple[str, ...]:
    return tuple(path for name in names if Path(path := _expanded(name)).is_file())


def _is_ssh_own(file: Path) -> bool:
    """Whether ssh reads that file by itself: it looks in the home of the user database, whatever $HOME says."""
    with contextlib.suppress(KeyError):
        return file == Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh" / "config"
    return False


def _with_exec(file: Path, depth: int = 0) -> str:
    """Name the file, this or an included one, that holds a Match exec; empty when none does."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    if _EXEC.search(text):
        return str(file)
    words = [word.strip('"') for line in _INCLUDE.findall(text) for word in line.split()]
    patterns = [str(Path("~/.ssh").expanduser() / Path(word).expanduser()) for word in words]
    found = [name for pattern in patterns for name in glob.glob(pattern)] if depth < 16 else []
    return next((guilty for name in found if (guilty := _with_exec(Path(name), depth + 1))), "")
