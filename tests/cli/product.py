"""A fleet on loopback for tests of the command line, and what a person types at it, with and without a terminal."""

import asyncio
import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from console.client.engines import find_engines

STARTED = 300.0
DEPLOY = os.path.join(os.path.dirname(sys.executable), "deploy")
"""The command as it is installed beside this Python."""
PATH = os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)))
"""With it first, so that `deploy` alone means it, and is what it prints."""


def shop_environ(state: str) -> dict[str, str]:
    """Give the environment of a command on that state folder."""
    environ = {**os.environ, "PATH": PATH, "DEPLOY_STATE": state, "TERM": "xterm-256color"}
    environ.pop("DEPLOY_CONFIG", None)
    return environ


class Product:
    """A fleet in a process of its own, and the `deploy` command on it."""

    def __init__(self, hosts: int = 2) -> None:
        argv = [sys.executable, "-m", "console.demo.fleet_process", "--hosts", str(hosts)]
        self._fleet = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        assert self._fleet.stdout
        self.ready = json.loads(self._fleet.stdout.readline())
        assert self.ready["type"] == "ready", self.ready
        self.config = self.ready["config"]
        self.environ = shop_environ(self.ready["state"])

    def close(self) -> None:
        """End the fleet and everything on it."""
        assert self._fleet.stdin
        assert self._fleet.stdout
        self._fleet.stdin.close()
        self._fleet.wait(STARTED)
        self._fleet.stdout.close()

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command without a terminal."""
        return subprocess.Popen(
            [DEPLOY, *words], cwd="/", env=self.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def deploy(self, *words: str, code: int = 0) -> tuple[str, str]:
        """Run a command that is expected to end with that code; standard output and error."""
        ran = self.start(*words)
        out, err = ran.communicate(timeout=300)
        assert ran.returncode == code, f"{words}: {ran.returncode}\n{out}\n{err}"
        return out, err

    def result(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run a command with --json; its last object."""
        out, _ = self.deploy(*words, "--json", code=code)
        result: dict[str, Any] = json.loads(out.splitlines()[-1])
        return result

    def engine(self) -> int:
        """The process of the engine that lives, asked here: no command needs a Python of its own for that."""
        return asyncio.run(find_engines(self.ready["state"]))[0].welcome.pid

    def terminal(self, *words: str) -> "Terminal":
        """Start a command on a terminal of its own."""
        return Terminal([DEPLOY, *words], self.environ)

    def live(self) -> set[str]:
        """The versions that the hosts serve."""
        return {row["version"] for row in json.loads(self.deploy("-c", self.config, "status", "--json")[0])["hosts"]}


def until(stream: Any, words: str) -> list[str]:
    """Read lines up to one that holds those words, and nothing behind it: `communicate` does not see what a stream has read ahead."""
    lines: list[str] = []
    while line := _line_of(stream.fileno()):
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError(f"{words} never came: {lines[-5:]}")


def _line_of(descriptor: int) -> str:
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(descriptor, 1)):
        line += byte
    return line.decode()


class Terminal:
    """A command with a person in front of it."""

    def __init__(self, argv: list[str], environ: dict[str, str]) -> None:
        self._pid, self._descriptor = pty.fork()
        if self._pid == 0:
            os.chdir(Path("/"))
            os.execve(argv[0], argv, {**environ, "COLUMNS": "100", "LINES": "30"})
        self.seen = ""

    def read(self, seconds: float = 0.2) -> str:
        """Read what is shown within that time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and select.select([self._descriptor], [], [], left)[0]:
            try:
                piece = os.read(self._descriptor, 65536).decode(errors="replace")
            except OSError:
                break
            if not piece:
                break
            self.seen += piece
        return self.seen

    def wait_for(self, words: str, seconds: float = 300.0) -> None:
        """Read until those words were shown."""
        end = time.monotonic() + seconds
        while words not in self.read():
            assert time.monotonic() < end, f"{words} was never shown: {self.seen[-1500:]}"

    def type(self, text: str) -> None:
        """Type."""
        os.write(self._descriptor, text.encode())

    def end(self, seconds: float = 300.0) -> int:
        """Wait for the end of the command; its exit code."""
        end = time.monotonic() + seconds
        while True:
            self.read(0.1)
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                os.close(self._descriptor)
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < end, f"does not end: {self.seen[-1500:]}"
