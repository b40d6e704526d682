"""Texts for POSIX sh, run in each shell that a host may have, in a folder of the test's own. With busybox every tool is its own."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

SHELLS = ("dash", "bash", "busybox")
SAY = 'say() { printf \'%s %s\\n\' "$1" "$2"; }\n'
"""How the texts that look around report: a word and what follows it."""


class Shell(NamedTuple):
    """A shell by its program, the tools that it finds, and the folder that its scripts begin in."""

    program: str
    path: str
    folder: Path

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script as a host would: from its standard input, with nothing of this process's environment."""
        given = {"PATH": self.path, "HOME": str(self.folder), "LANG": "C.UTF-8", **variables}
        return subprocess.run([self.program, "-s"], input=script, cwd=self.folder, env=given, capture_output=True, text=True, check=False, timeout=60)

    def said(self, script: str, **variables: str) -> list[str]:
        """Run a script that has to succeed; return its lines."""
        ran = self.run(script, **variables)
        assert ran.returncode == 0, ran
        return ran.stdout.splitlines()

    def tool(self, name: str, script: str) -> None:
        """Put a program of the test's own before the real ones."""
        (self.folder / "bin").mkdir(exist_ok=True)
        (self.folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.folder / "bin" / name).chmod(0o755)


def tools_of(shell: str, folder: Path) -> tuple[str, str]:
    """Make a folder of tools in which `sh` is that shell; return the program and the path to search."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    folder.mkdir(exist_ok=True)
    if shell == "busybox":
        subprocess.run([found, "--install", "-s", str(folder)], check=True)
        return str(folder / "sh"), str(folder)
    (folder / "sh").symlink_to(found)  # bash under the name of sh is bash --posix
    return str(folder / "sh"), f"{folder}:{os.environ['PATH']}"
