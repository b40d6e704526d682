"""Releases to hosts behind jump hosts, over real sshd: what one of them does holds up nobody behind another."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from console.adapters.pack_release import pack
from console.adapters.send_release import HostShipper
from console.adapters.ssh.pool import SshTransport
from console.model.host import Host
from console.model.release_facts import Package, Release
from console.ports.hosts import Reached, Unreached
from console.ports.steps import StepResult
from console.safe_text import SafeText
from tests.adapters.test_transport_contract import NO_CONFIG, host_of, ssh_of
from tests.fleet import Fleet, missing
from tests.fleet.fleet import cannot_drop

pytestmark = pytest.mark.real
EPOCH = "run-1.1"
RELEASE = Release("20260101T000000Z-abcdef1", SafeText("v1"), "a" * 40)
MIB = 1 << 20


class Relay:
    """A line to a jump host, which takes nothing more once so many bytes have gone that way, until it is told to."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self.takes: int | None = None
        self.sent = 0
        self.is_full, self.flows = asyncio.Event(), asyncio.Event()

        self.serving = set[asyncio.Task[None]]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())  # type: ignore[arg-type]
        there, to_there = await asyncio.open_connection(self.address, self.port)
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self.pass_on(there, writer, is_counted=False))
                ways.create_task(self.pass_on(reader, to_there, is_counted=True))
        finally:
            for each in (writer, to_there):
                each.transport.abort()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_counted: bool) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if is_counted and self.takes is not None and self.sent > self.takes:
                    self.is_full.set()
                    await self.flows.wait()
                self.sent += len(data) * is_counted
                writer.write(data)
                await writer.drain()
            writer.write_eof()


@asynccontextmanager
async def relayed(fleet: Fleet, name: str) -> AsyncIterator[tuple[Relay, int]]:
    relay = Relay(fleet[name].address, fleet[name].port)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with open(fleet.known_hosts, "a") as known:
        known.write(f"[127.0.0.1]:{port} {fleet[name].key.public}\n")
    try:
        yield relay, port
    finally:
        server.close()
        for task in relay.serving:
            task.cancel()
        await asyncio.gather(*relay.serving, return_exceptions=True)


@pytest.fixture
def behind(tmp_path: Path) -> Fleet:
    if reason := missing():
        pytest.skip(reason)
    with Fleet(0, tmp_path / "fleet", names=("gate1", "gate2", *(f"web{number:02}" for number in range(1, 9))), sshd_extra="AllowTcpForwarding yes") as fleet:
        yield fleet  # type: ignore[misc]


async def a_package(folder: Path) -> Package:
    (folder / "tree").mkdir()
    (folder / "tree/noise").write_bytes(os.urandom(4 * MIB))
    return await pack(str(folder / "tree"), RELEASE, str(folder / "listed"))


async def test_a_line_that_takes_nothing_holds_up_nobody_behind_another(behind: Fleet, tmp_path: Path) -> None:
    package = await a_package(tmp_path)
    async with relayed(behind, "gate1") as (relay, port):
        gates = Host("gate1", "127.0.0.1", port, behind.user), host_of(behind, "gate2")
        hosts = [host_of(behind, f"web{number:02}", jump="gate1" if number <= 6 else "gate2") for number in range(1, 9)]
        transport = SshTransport(ssh_of(behind, keepalive=60.0, connect_timeout=30.0), gates, "production", config=NO_CONFIG)
        made = await asyncio.gather(*(transport.run(host, f"mkdir -p srv/.deploy/lock/{EPOCH}; pwd", deadline=60) for host in hosts))
        assert all(ran.ok for ran in made), made
        assert [transport.jump_of(host) for host in hosts] == ["gate1"] * 6 + ["gate2"] * 2
        shipper, home = HostShipper(transport), made[0].out.decode().strip()
        relay.takes = relay.sent + MIB

        async def ship(host: Host) -> StepResult:
            return await shipper.ship(host, f"{home}/srv", EPOCH, RELEASE.id, package, deadline=120)

        tasks = [asyncio.create_task(ship(host)) for host in hosts]
        async with asyncio.timeout(100):
            await relay.is_full.wait()
            assert [(await task).status for task in tasks[6:]] == ["done", "done"]
            assert not any(task.done() for task in tasks[:6])
            relay.flows.set()
            assert [(await task).status for task in tasks[:6]] == ["done"] * 6
        await transport.close()


async def test_a_host_that_answers_too_late_through_a_jump_host_keeps_no_connection(own_fleet: Fleet) -> None:
    """Each would be one of the few that its sshd lets wait for a login (MaxStartups), for two minutes."""
    if reason := cannot_drop():
        pytest.skip(reason)
    transport = SshTransport(ssh_of(own_fleet, connect_timeout=60.0), (host_of(own_fleet, "web02"),), config=NO_CONFIG)
    late, other = (host_of(own_fleet, name, jump="web02") for name in ("web01", "web03"))
    assert isinstance(await transport.connect(other), Reached)
    own_fleet.drop("web01")
    transport._links._handshakes._ssh = ssh_of(own_fleet, connect_timeout=0.5)
    refused = await transport.connect(late)
    assert isinstance(refused, Unreached)
    assert (refused.kind, refused.message.startswith("through web02: ")) == ("unreachable", True), refused
    before = own_fleet.log("web01")
    own_fleet.restore("web01")
    async with asyncio.timeout(60):
        while own_fleet.log("web01") == before:  # it says how a connection ended, and not that it began
            await asyncio.sleep(0.05)
    await transport.close()


async def test_a_jump_host_that_is_lost_holds_up_nobody_behind_another(behind: Fleet, tmp_path: Path) -> None:
    package = await a_package(tmp_path)
    async with relayed(behind, "gate1") as (relay, port):
        gates = Host("gate1", "127.0.0.1", port, behind.user), host_of(behind, "gate2")
        hosts = [host_of(behind, f"web{number:02}", jump="gate1" if number <= 4 else "gate2") for number in range(1, 9)]
        transport = SshTransport(ssh_of(behind, keepalive=60.0, connect_timeout=30.0), gates, "production", config=NO_CONFIG)
        made = await asyncio.gather(*(transport.run(host, f"mkdir -p srv/.deploy/lock/{EPOCH}; pwd", deadline=60) for host in hosts))
        shipper, home = HostShipper(transport), made[0].out.decode().strip()
        relay.takes = relay.sent + MIB
        tasks = [asyncio.create_task(shipper.ship(host, f"{home}/srv", EPOCH, RELEASE.id, package, deadline=100)) for host in hosts]
        async with asyncio.timeout(90):
            await relay.is_full.wait()
            behind.kill("gate1")
            assert [(await task).status for task in tasks[4:]] == ["done"] * 4
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        relay.flows.set()
        assert not shipper._lines["gate1"]._going
        await transport.close()
