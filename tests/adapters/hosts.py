"""This machine as a host for tests: in each shell that a host may have, and with a link that breaks where a test says."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.adapters.this_machine import LocalTransport
from console.model.host import Host
from console.ports.hosts import Move, Moved, Ran, Reached, Sink, Unreached
from console.safe_text import SafeText

HERE = Host("here")
SHELLS = ("dash", "bash", "busybox")


def host_with(shell: str, folder: Path) -> LocalTransport:
    """A host whose `sh` is that one, in all that it starts; with busybox every tool is its own."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    if shell == "busybox":
        subprocess.run([found, "--install", "-s", str(tools)], check=True)
    else:
        (tools / "sh").symlink_to(found)  # bash under the name of sh is bash --posix
    return LocalTransport((str(tools / "sh"),), environment_of(shell, folder))


def environment_of(shell: str, folder: Path) -> dict[str, str]:
    """What a script on that host gets."""
    path = str(folder / "tools") if shell == "busybox" else f"{folder / 'tools'}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"}


class Breaking:
    """A transport whose link dies. `cuts` says, for each command in turn, what is let through.

    None: all of it; ("stdin", n): so many bytes of its input; ("after", s): so many seconds of it; "never": nothing.
    """

    def __init__(self, inner: LocalTransport, *cuts: object) -> None:
        self.inner = inner
        self.cuts = list(cuts)
        self.commands = 0

    async def connect(self, host: Host) -> Reached | Unreached:
        return await self.inner.connect(host)

    async def run(self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
        self.commands += 1
        cut = self.cuts.pop(0) if self.cuts else None
        lost = Unreached(host.name, "unreachable", SafeText("the link was cut by the test"))
        if cut == "never":
            return Ran(None, problem=lost)
        if isinstance(cut, tuple) and cut[0] == "stdin":
            await self.inner.run(host, script, data[: cut[1]] if isinstance(data, bytes) else b"", deadline=deadline)
            return Ran(None, problem=lost)
        if isinstance(cut, tuple) and cut[0] == "after":
            ran = await self.inner.run(host, script, data, deadline=cut[1], sink=sink)
            return ran if ran.status is not None and cut[1] > 1 else Ran(None, ran.out, problem=lost)
        return await self.inner.run(host, script, data, deadline=deadline, sink=sink)

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float):
        return await self.inner.open_stream(host, address, port, deadline=deadline)

    async def open_socket(self, host: Host, path: str, *, deadline: float):
        return await self.inner.open_socket(host, path, deadline=deadline)

    def is_linked(self, host: Host) -> bool:
        return True

    def round_trip(self, host: Host) -> float | None:
        return None

    def jump_of(self, host: Host) -> str:
        return self.inner.jump_of(host)

    async def verify(self, host: Host) -> None:
        """Nothing is to be judged."""

    async def sessions(self, host: Host, *, deadline: float) -> int | None:
        return None

    async def close(self) -> None:
        await self.inner.close()


class Away(Breaking):
    """A host that is not reached at all."""

    async def connect(self, host: Host) -> Reached | Unreached:
        return Unreached(host.name, "login", SafeText("refused"), SafeText("look at the key"))


class LocalShells:
    """The port `Standby` on this machine: one `sh` that reads what it is to do. A test says what becomes of each answer in turn.

    None: it comes; "lost": the script runs, and its answer is lost; "killed": the shell and what runs in it are killed once the script has made the file `said`;
    ("cut", n): the shell gets so many bytes of the request, and then its input ends.
    """

    def __init__(self, shell: str, folder: Path, *cuts: object) -> None:
        self._shell = str(folder / "tools" / "sh")
        self._environment = environment_of(shell, folder)
        self.said = folder / "said"
        self.cuts = list(cuts)
        self.moves: list[str] = []
        """What becomes of each move; none is made without."""
        self.opening = ""
        self.asked = 0
        self.left: list[asyncio.subprocess.Process] = []
        """Shells that were given up at a deadline."""

    def stand_by(self, host: Host, opening: str) -> None:
        self.opening = opening

    def has_spoken(self, host: Host) -> bool:
        return True

    async def move(self, host: Host, move: Move, *, deadline: float) -> Moved:
        """As an SFTP server does it; a test says what becomes of each answer in turn."""
        what = self.moves.pop(0) if self.moves else "not-sent"
        leads = os.path.join(os.path.dirname(move.target), os.readlink(move.source)) if os.path.islink(move.source) else ""
        if what == "not-sent" or not (leads and os.path.samefile(leads, move.leads_to) and os.path.samefile(move.target, move.replaces)):
            return "not-sent"
        if what != "unknown, not made":
            os.rename(move.source, move.target)
        return "moved" if what == "moved" else "unknown"

    async def run_quick(self, host: Host, script: str, *, deadline: float) -> Ran | None:
        self.asked += 1
        cut = self.cuts.pop(0) if self.cuts else None
        request = f"{script}\nprintf '\\n[end:%d]\\n' $?\n".encode()
        shell = await asyncio.create_subprocess_exec(
            self._shell, env=self._environment, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        assert shell.stdin is not None
        assert shell.stdout is not None
        self.said.unlink(missing_ok=True)
        shell.stdin.write(self.opening.encode() + (request[: cut[1]] if isinstance(cut, tuple) else request))
        if cut == "killed":
            while not self.said.exists():
                await asyncio.sleep(0.01)
            os.killpg(shell.pid, signal.SIGKILL)
        else:
            shell.stdin.close()
        try:
            said = await asyncio.wait_for(shell.stdout.read(), deadline)
        except TimeoutError:
            said = b""
            self.left.append(shell)
        else:
            await shell.wait()
        out, mark, _ = said.rpartition(b"\n[end:")
        return Ran(0, out) if mark and cut is None else Ran(None, problem=Unreached(host.name, "unreachable", SafeText("the link was cut by the test")))
