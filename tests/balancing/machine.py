"""A machine that a balancer runs on: this one, or a host of a fleet. A folder of its own there, and a shell."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from tests.fleet import Fleet

Shell = Callable[[str], str]


@dataclass
class Machine:
    """`run` runs a sh script there and returns what it printed; a script that fails raises."""

    run: Shell
    folder: str

    def write(self, name: str, text: str) -> str:
        """Write a file in the folder, and return its path."""
        path = f"{self.folder}/{name}"
        self.run(f"mkdir -p '{path.rpartition('/')[0]}'; cat > '{path}' <<'WRITTEN'\n{text.rstrip()}\nWRITTEN")
        return path

    def remove(self) -> None:
        """Remove the folder."""
        self.run(f"rm -rf '{self.folder}'")


def here() -> Machine:
    """This machine."""

    def run(script: str) -> str:
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False, timeout=300, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise AssertionError(f"{script!r} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    return Machine(run, run("mktemp -d /tmp/lbXXXXXX").strip())


def on(fleet: Fleet, name: str) -> Machine:
    """A host of a fleet, past SSH, as the login that the console uses."""

    def run(script: str) -> str:
        return fleet.exec_in(name, script, user=fleet.user)

    return Machine(run, run("mktemp -d /srv/lbXXXXXX").strip())
