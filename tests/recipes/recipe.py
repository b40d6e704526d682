"""A recipe of docs/recipes, carried out as it stands: its hosts.toml and its commands, on a fleet of real sshd that answers to the recipe's names.

What a reader has and a fleet has not (a container engine, a service manager) a test puts on the hosts by itself.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path

from tests.cli.product import DEPLOY, PATH
from tests.fleet import Fleet

FOLDER = Path(__file__).parents[2] / "docs" / "recipes"
SUFFIX = ".example.net"


def blocks(name: str, language: str) -> list[str]:
    """The fenced blocks in that language of a recipe, in order."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


def commands(name: str) -> list[str]:
    """What the recipe has typed, in order: the lines of its console blocks that begin with a prompt."""
    return [line.removeprefix("$ ") for block in blocks(name, "console") for line in block.splitlines() if line.startswith("$ ")]


class Reader:
    """Somebody who follows a recipe: a home whose SSH configuration knows the fleet, and a folder with the repository and the recipe's file."""

    def __init__(self, name: str, fleet: Fleet, repository: Path, home: Path) -> None:
        self.name = name
        self.fleet = fleet
        self.folder = repository
        self.home = home
        home.mkdir(mode=0o700)
        (home / ".ssh").mkdir(mode=0o700)
        (home / ".ssh" / "config").write_text("".join(self._entry(host) for host in fleet.names))
        (repository / "hosts.toml").write_text("\n".join(blocks(name, "toml")))
        self.environ = {**os.environ, "HOME": str(home), "PATH": PATH, "DEPLOY_STATE": str(home / "state"), "TERM": "dumb"}
        self.environ.pop("DEPLOY_CONFIG", None)
        for host in fleet.names:
            self._name_hosts(host)

    def _entry(self, host: str) -> str:
        machine = self.fleet[host]
        return (
            f"Host {host}{SUFFIX}\n  HostName {machine.address}\n  Port {machine.port}\n  User {machine.user}\n"
            f"  IdentityFile {self.fleet.identity}\n  UserKnownHostsFile {self.fleet.known_hosts}\n"
        )

    def _name_hosts(self, host: str) -> None:
        lines = "".join(f"{self.fleet[each].address} {each}{SUFFIX}\n" for each in self.fleet.names)
        self.fleet.exec_in(host, f"printf '%s' {shlex.quote(lines)} > /etc/ssh/hosts; mount --bind /etc/ssh/hosts /etc/hosts")

    def install(self, host: str, program: str, text: str) -> None:
        """Put a program on a host's PATH."""
        self.fleet.exec_in(host, "mountpoint -q /usr/local/bin || mount -t tmpfs -o mode=755 programs /usr/local/bin")
        self.fleet.exec_in(host, f"printf '%s' {shlex.quote(text)} > /usr/local/bin/{program}; chmod 755 /usr/local/bin/{program}")

    def types(self, command: str, *, code: int = 0) -> str:
        """Type a command, without a terminal; what it printed. `code`: what it ends with."""
        words = shlex.split(command)
        assert words[0] == "deploy", command
        ran = subprocess.run(
            [DEPLOY, *words[1:]], cwd=self.folder, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300
        )
        assert ran.returncode == code, f"{command}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout + ran.stderr

    def leaves(self) -> None:
        """End the engine."""
        subprocess.run([DEPLOY, "engine", "stop"], cwd=self.folder, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=300)
