"""A release and the ones after it to every host of a hosts.toml, in a process of its own, which measures itself: time, CPU with its children's, bytes sent."""

import asyncio
import json
import os
import random
import resource
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from console.adapters.pack_release import pack
from console.adapters.send_release import HostShipper
from console.adapters.ssh.login_shell import command_line
from console.adapters.statefolder import prepared
from console.cli.real_ports import RealOutside, open_outside
from console.config.load import load_file
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.release_facts import Package, Release
from console.ports.hosts import Ran, Sink
from console.ports.steps import Sharing
from console.safe_text import SafeText
from tests.bench.own_fanout import used
from tests.bench.shipped_tree import change

EPOCH = "bench.1"


class Counted:
    """A transport that counts what it sends."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.sent = inner, 0

    async def run(
        self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None
    ) -> Ran:  # fmt: skip
        """Run it, and count its words and input."""
        self.sent += len(command_line(script, "n" * 16))
        ran: Ran = await self.inner.run(host, script, data if isinstance(data, bytes) else self._counted(data), deadline=deadline, sink=sink)
        return ran

    def jump_of(self, host: Host) -> str:
        """Return the jump host that is used."""
        found: str = self.inner.jump_of(host)
        return found

    async def _counted(self, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in data:
            self.sent += len(piece)
            yield piece


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


async def shipped(outside: RealOutside, environment: Environment, package: Package) -> dict[str, float]:
    """Ship to all hosts at once."""
    counted = Counted(outside.transport)
    shipper = HostShipper(counted)  # type: ignore[arg-type]
    began, before = time.perf_counter(), used() + _children()
    release = os.path.basename(package.listed)
    sharing = Sharing(links=True)
    results = await asyncio.gather(
        *(shipper.ship(host, environment.path_on(host), EPOCH, release, package, deadline=300, sharing=sharing) for host in environment.hosts)
    )
    took = time.perf_counter() - began
    assert all(each.status == "done" for each in results), next(each for each in results if each.status != "done")
    count = len(environment.hosts)
    return {"seconds": took, "cpu": (used() + _children() - before) / count, "sent": counted.sent / count}


async def measure(environment: Environment, state: str, tree: str, rounds: int) -> dict[str, list[dict[str, float]]]:
    """A first release, then the next ones: each with connecting, and each on links that stand. What is packed is part of the time, the reading of it too."""
    prepared(state)
    found: dict[str, list[dict[str, float]]] = {"whole": [], "cold": [], "warm": []}
    (Path(state) / "listed").mkdir()
    outside = open_outside(environment, state, {})
    for number in range(2 * rounds + 1):
        if number:
            change(Path(tree), random.Random(number))
        kind = "whole" if not number else ("cold" if number % 2 else "warm")
        if kind == "cold":
            await outside.close()
            outside = open_outside(environment, state, {})
        elif kind == "whole":
            lock = f"mkdir -p {environment.path}/.deploy/lock/{EPOCH}"
            assert all(ran.ok for ran in await asyncio.gather(*(outside.transport.run(host, lock, deadline=60) for host in environment.hosts)))
        release = Release(f"2026010{number + 1}T000000Z-abcdef{number}", SafeText("v1"), "a" * 40)
        package = await pack(tree, release, f"{state}/listed/{release.id}", 1_700_000_000)
        found[kind].append(await shipped(outside, environment, package))
    await outside.close()
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(load_file(sys.argv[1]).environment(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])))))
