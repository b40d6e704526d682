"""This machine as a host for tests: in each shell that a host may have, and with a link that breaks where a test says."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.adapters.local import LocalTransport
from console.model.fleet import Host
from console.ports.hosts import Ran, Reached, Sink, Unreached
from console.text import SafeText

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
        path = str(tools)
    else:
        (tools / "sh").symlink_to(found)  # bash under the name of sh is bash --posix
        path = f"{tools}:{os.environ['PATH']}"
    return LocalTransport((str(tools / "sh"),), {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"})


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

    async def run(
        self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None
    ) -> Ran:
        self.commands += 1
        cut = self.cuts.pop(0) if self.cuts else None
        lost = Unreached(host.name, "unreachable", SafeText("the link was cut by the test"))
        if cut == "never":
            return Ran(None, problem=lost)
        if isinstance(cut, tuple) and cut[0] == "stdin":
            assert isinstance(data, bytes)
            await self.inner.run(host, script, data[: cut[1]], deadline=deadline)
            return Ran(None, problem=lost)
        if isinstance(cut, tuple) and cut[0] == "after":
            ran = await self.inner.run(host, script, data, deadline=cut[1], sink=sink)
            return ran if ran.status is not None and cut[1] > 1 else Ran(None, ran.out, problem=lost)
        return await self.inner.run(host, script, data, deadline=deadline, sink=sink)

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float):
        return await self.inner.open_stream(host, address, port, deadline=deadline)

    def is_linked(self, host: Host) -> bool:
        return True

    def round_trip(self, host: Host) -> float | None:
        return None

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
