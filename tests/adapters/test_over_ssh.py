"""Health and metrics through the SSH connections of real hosts."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.adapters.health import HostGates
from console.adapters.metrics.procfs import MetricsWatch
from console.adapters.ssh.pool import SshTransport
from console.model.fleet import Environment, HealthCheck, Host, Ssh
from console.ports.feed import Sample
from tests.fleet import Fleet, missing

pytestmark = pytest.mark.real
ENVIRONMENT = Environment("shop", "production", "/srv/shop", ())


def host(fleet: Fleet, name: str = "web01") -> Host:
    machine = fleet[name]
    return Host(name, machine.address, machine.port, machine.user)


def ssh(fleet: Fleet, keepalive: float = 4.0) -> SshTransport:
    return SshTransport(Ssh(identity=str(fleet.identity), known_hosts=(str(fleet.known_hosts),), keepalive=keepalive))


@pytest.fixture
async def transport(fleet: Fleet) -> AsyncIterator[SshTransport]:
    opened = ssh(fleet)
    yield opened
    await opened.close()


def http(port: int, **fields: object) -> HealthCheck:
    given = {"timeout": 3.0, "passes": 1, **fields}
    return HealthCheck("Web app", "http", url=f"http://127.0.0.1:{port}/", **given)  # type: ignore[arg-type]


async def test_a_port_that_nobody_listens_on_is_a_wrong_answer(fleet: Fleet, transport: SshTransport) -> None:
    for check in (http(9), HealthCheck("Port", "tcp", address="127.0.0.1", port=9, timeout=3.0)):
        found = await HostGates(transport).once(ENVIRONMENT, host(fleet), check, {})
        assert (found.verdict, "refused" in found.seen.lower()) == ("failed", True), found


async def test_an_answer_comes_from_the_host_itself(fleet: Fleet, transport: SshTransport) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = (
        "import socketserver\n"
        "class H(socketserver.BaseRequestHandler):\n"
        "    def handle(self): self.request.recv(999); self.request.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nready')\n"
        "socketserver.TCPServer.allow_reuse_address = True\n"
        f"socketserver.TCPServer(('127.0.0.1', {port}), H).serve_forever()\n"
    )
    serving = asyncio.create_task(transport.run(host(fleet), "exec timeout 5 python3 -", serve.encode(), deadline=20))
    try:
        check = http(port, expect_body="ready", passes=3, interval=0.05, deadline=10.0)
        found = await HostGates(transport).watch(ENVIRONMENT, host(fleet), check, {})
        assert (found.verdict, found.passes, found.seen) == ("passed", 3, "HTTP 200")
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_a_host_that_is_down_could_not_be_asked(own_fleet: Fleet) -> None:
    transport = ssh(own_fleet)
    down = host(own_fleet)
    own_fleet.kill("web01")
    for check in (http(9), HealthCheck("Port", "tcp", port=9, timeout=3.0)):
        found = await HostGates(transport).once(ENVIRONMENT, down, check, {})
        assert found.verdict == "error", found
    await transport.close()


async def test_a_server_that_forwards_nothing_says_nothing_about_the_application(tmp_path: Path) -> None:
    if reason := missing():
        pytest.skip(reason)
    with Fleet(1, tmp_path / "fleet", sshd_extra="AllowTcpForwarding no") as closed:
        transport = ssh(closed)
        found = await HostGates(transport).once(ENVIRONMENT, host(closed), http(9), {})
        await transport.close()
    assert (found.verdict, "AllowTcpForwarding" in found.seen) == ("error", True), found


async def test_hosts_are_sampled_and_their_loops_end_when_nobody_reads(fleet: Fleet) -> None:
    transport = ssh(fleet)
    heard: list[Sample] = []
    watch = MetricsWatch(transport, [host(fleet, "web01"), host(fleet, "web02")], 0.217, heard.append)
    watch.start()

    def is_looping() -> bool:
        return any("sleep 0.217" in line for name in ("web01", "web02") for line in fleet.processes(name))

    async with asyncio.timeout(10):
        while {sample.host for sample in heard if sample.cpu is not None} != {"web01", "web02"} or not is_looping():
            await asyncio.sleep(0.05)
    await transport.close()
    await watch.stop()
    async with asyncio.timeout(5):
        while is_looping():
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    assert not is_looping()
