"""Which way a host is reached: hosts.toml first, then what the user's own SSH configuration says of it, as `ssh -G` tells.

Commands in that configuration are refused, not run: a ProxyCommand that is more than a jump, and Match exec even for the asking. Host keys
are always checked, whatever it says of that. It opens no connection.
"""

import asyncio
import contextlib
import getpass
import os
import pwd
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from console.adapters.ssh.proxy_jump import jump_of
from console.adapters.ssh.read_once import ReadOnce
from console.adapters.ssh.ssh_config_lines import ConfigLine, MatchSubject, lines_of, would_run
from console.adapters.ssh.tokens import filled
from console.core.process_environment import program_environment
from console.model.host import Host, Ssh

DEADLINE = 5.0
"""Seconds that `ssh -G` may take."""
AT_ONCE = 8
SYSTEM = Path("/etc/ssh/ssh_config")
DEFAULTS = ("~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ecdsa_sk", "~/.ssh/id_ed25519", "~/.ssh/id_ed25519_sk")
"""What ssh offers where nothing is said."""
ALGORITHMS = ("kexalgorithms", "ciphers", "macs", "hostkeyalgorithms", "pubkeyacceptedalgorithms")
_SAYING = frozenset((
    "hostname", "port", "user", "identityfile", "certificatefile", "identitiesonly", "identityagent", "proxyjump", "proxycommand", "hostkeyalias",
    "userknownhostsfile", "globalknownhostsfile", "addressfamily", *ALGORITHMS,
))  # fmt: skip
"""Keywords for which it is worth asking."""


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
    """Files of keys, private or public, in the order in which they are offered."""
    certificates: tuple[str, ...] = ()
    agent: str = ""
    """The agent's socket; empty: none is asked."""
    only_named: bool = False
    """Of the agent's keys only those that `identities` name are offered."""
    is_own_key: bool = False
    """hosts.toml names the key: it must be usable."""
    jump: str = ""
    alias: str = ""
    """The name that its key is known by, where that is not the address."""
    known_hosts: tuple[str, ...] = ()
    """Files of known host keys beside the usual ones."""
    algorithms: tuple[tuple[str, str], ...] = ()
    """What the user's configuration says of algorithms, by its keyword."""
    family: str = ""
    """`inet` or `inet6`; empty: either."""

    @property
    def shown(self) -> str:
        """The address and port, as people write them."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(slots=True)
class Ways:
    """Finds the way to each host, once. `file` is the user's SSH configuration; where it is missing, nothing is asked."""

    ssh: Ssh
    file: Path = field(default_factory=lambda: Path("~/.ssh/config").expanduser())
    system: Path = SYSTEM
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _looks: ReadOnce[tuple[ConfigLine, ...]] = field(default_factory=ReadOnce)

    async def to(self, host: Host, *, is_jump: bool = False) -> Way:
        """Return the way. A jump host has the environment's user and key, but neither its port nor its jump. Raises Refused."""
        name, user = host.address or host.name, host.user or self.ssh.user
        port = host.port or (0 if is_jump else self.ssh.port)
        said = await self._asked(name, user, port)
        address = (_one(said, "hostname") or name).strip("[]")
        user, port = user or _one(said, "user") or getpass.getuser(), port or int(_one(said, "port") or 22)
        jump = host.jump or ("" if is_jump else self.ssh.jump)
        if not jump:
            jump = self._said_jump(host, said, user)
        alias = _one(said, "hostkeyalias")

        def path(text: str) -> str:
            return filled(text, name=name, address=address, port=port, user=user, alias=alias, jump=jump)

        own = self.ssh.identity
        return Way(
            address=address,
            port=port,
            user=user,
            identities=(path(own),) if own else tuple(dict.fromkeys(path(file) for file in said.get("identityfile", DEFAULTS))),
            certificates=tuple(path(file) for file in said.get("certificatefile", ())),
            agent=_agent(_one(said, "identityagent"), path),
            only_named=bool(own) or _one(said, "identitiesonly") == "yes",
            is_own_key=bool(own),
            jump="" if jump == host.name else jump,
            alias=alias,
            known_hosts=() if self.ssh.known_hosts else tuple(_files(said, path)),
            algorithms=tuple((keyword, _one(said, keyword)) for keyword in ALGORITHMS if keyword in said.get("said", ())),
            family=_one(said, "addressfamily").replace("any", ""),
        )

    def _said_jump(self, host: Host, said: dict[str, list[str]], user: str) -> str:
        command = _one(said, "proxycommand")
        if not command:
            return _one(said, "proxyjump")
        jump = jump_of(command.replace("%r", user))
        if not jump:
            words = f"your SSH configuration reaches {host.name} by ProxyCommand, which is not run: {command}"
            raise Refused(words, f'say in hosts.toml how: {{ name = "{host.name}", jump = "HOST" }}')
        return jump

    async def _asked(self, name: str, user: str, port: int) -> dict[str, list[str]]:
        """Ask ssh about `user@name -p port`; nothing where no file says anything that matters. `said`: keywords that stand in the files."""
        lines = await self._looks.get(self.file, self._lines)
        if not any(line.keyword in _SAYING for line in lines):
            return {}
        if guilty := would_run(lines, MatchSubject(name, user, getpass.getuser())):
            words = f"{guilty.file}: Match {' '.join(guilty.words)}: it would run a command here to find out about {name}"
            raise Refused(words, "take the exec out of it, or put another criterion before it that this host does not meet")
        argv = [*(["-l", user] if user else []), *(["-p", str(port)] if port else []), "--", name]
        async with self._turns:
            text = await self._printed(name, argv)
        said: dict[str, list[str]] = {"said": [line.keyword for line in lines]}
        for printed in text.splitlines():
            key, _, value = printed.partition(" ")
            if value and (value.lower() != "none" or key == "identityagent"):
                said.setdefault(key.lower(), []).append(value)
        return said

    def _lines(self) -> tuple[ConfigLine, ...]:
        """What ssh reads: the user's file and the system's, or the one file that was named."""
        return tuple(lines_of((self.file, self.system) if _is_ssh_own(self.file) else (self.file,)))

    async def _printed(self, name: str, words: list[str]) -> str:
        argv = ["ssh", "-G", *(["-F", str(self.file)] if not _is_ssh_own(self.file) else []), *words]
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
            raise Refused(f"ssh -G {name}: {err.decode('utf-8', 'replace').strip()}", f"mend {self.file}; try it by hand: ssh -G {name}")
        return out.decode("utf-8", "replace")


def _one(said: dict[str, list[str]], key: str) -> str:
    return said.get(key, [""])[0]


def _agent(said: str, path: Callable[[str], str]) -> str:
    """The agent's socket, as IdentityAgent names it: a path, `$NAME`, SSH_AUTH_SOCK or none; else the environment's."""
    if said.lower() == "none":
        return ""
    if not said or said == "SSH_AUTH_SOCK":
        return os.environ.get("SSH_AUTH_SOCK", "")
    return os.environ.get(said[1:], "") if said.startswith("$") and not said.startswith("${") else path(said)


def _files(said: dict[str, list[str]], path: Callable[[str], str]) -> Iterator[str]:
    for keyword in ("userknownhostsfile", "globalknownhostsfile"):
        for line in said.get(keyword, ()):
            yield from (path(name) for name in shlex.split(line))


def _is_ssh_own(file: Path) -> bool:
    """Whether ssh reads that file by itself: it looks in the home of the user database, whatever $HOME says."""
    with contextlib.suppress(KeyError):
        return file == Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh" / "config"
    return False
