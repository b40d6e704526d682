"""A large demo: one process for all applications, each on what its own host has live."""

import asyncio
import shutil
from pathlib import Path

import pytest

from console.demo.customers import ask
from console.demo.demo_fleet import DemoFleet
from console.demo.undertaker import marked

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="the demo makes a git repository: apt install git")


async def page(address: str, port: int) -> str:
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    said = (await asyncio.wait_for(reader.read(), 60)).decode().rpartition("\r\n\r\n")[2]
    writer.close()
    return said


async def test_each_host_answers_from_its_own_current_and_there_is_no_process_a_host():
    async with DemoFleet(260) as fleet:
        assert len({host.address for host in fleet.hosts}) == 260
        port, last = fleet.ports.app, fleet.hosts[-1]
        assert await ask(last.address, port, "/healthz") == 200
        assert await page(last.address, port) == "shop v1.4.1\n"
        assert marked(fleet.folder) == []
        tree = fleet.tree(last)
        shutil.copytree((tree / "current").resolve(), tree / "releases" / "other")
        (tree / "releases" / "other" / "VERSION").write_text("v9\n")
        (tree / "current").unlink()
        (tree / "current").symlink_to("releases/other")
        assert await page(last.address, port) == "shop v1.4.1\n", "not before its restart"
        child = await asyncio.create_subprocess_exec("/bin/sh", "bin/restart", cwd=tree / "current", stdout=asyncio.subprocess.DEVNULL)
        assert await child.wait() == 0
        assert await page(last.address, port) == "shop v9\n"
        assert await page(fleet.hosts[0].address, port) == "shop v1.4.1\n"
    assert not Path(fleet.folder).exists()
    assert await ask(last.address, port, "/healthz") == 0
