"""Health and metrics through the SSH connections of real hosts."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.adapters.ask_health_gates import HostGates, bare_command, check_command, release_command
from console.adapters.balancers.command_balancer import CommandBalancer
from console.adapters.checks.one_question import RunCommand
from console.adapters.host_inspection import HostScout
from console.adapters.metrics.proc_sampler import Machines
from console.adapters.ssh.pool import SshTransport
from console.config.load import load_file
from console.core.checks.fleet import assess_fleet
from console.model.balancer import Balancer
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host, Ssh
from console.model.host_commands import Command
from console.model.traffic import BalancerProblem
from console.ports.feed import Sample
from tests.adapters.metrics.followed import Followed
from tests.fleet import Fleet, missing
from tests.reserved import free_port

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
    given = {"timeout": 60.0, "passes": 1, **fields}
    return HealthCheck("Web app", "http", url=f"http://127.0.0.1:{port}/", **given)  # type: ignore[arg-type]


async def test_a_port_that_nobody_listens_on_is_a_wrong_answer(fleet: Fleet, transport: SshTransport) -> None:
    for check in (http(9), HealthCheck("Port", "tcp", address="127.0.0.1", port=9, timeout=60.0)):
        found = await HostGates(transport).once(ENVIRONMENT, host(fleet), check, {})
        assert (found.verdict, "refused" in found.seen.lower()) == ("failed", True), found


async def test_an_answer_comes_from_the_host_itself(fleet: Fleet, transport: SshTransport) -> None:
    port = free_port()
    serve = (
        "import socketserver\n"
        "class H(socketserver.BaseRequestHandler):\n"
        "    def handle(self): self.request.recv(999); self.request.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nready')\n"
        "socketserver.TCPServer.allow_reuse_address = True\n"
        f"socketserver.TCPServer(('127.0.0.1', {port}), H).serve_forever()\n"
    )
    serving = asyncio.create_task(transport.run(host(fleet), "exec timeout 60 python3 -", serve.encode(), deadline=60))
    try:
        check = http(port, expect_body="ready", passes=3, interval=0.05, deadline=60.0)
        found = await HostGates(transport).watch(ENVIRONMENT, host(fleet), check, {})
        assert (found.verdict, found.passes, found.seen) == ("passed", 3, "HTTP 200")
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_a_host_that_is_down_could_not_be_asked(own_fleet: Fleet) -> None:
    transport = ssh(own_fleet)
    down = host(own_fleet)
    own_fleet.kill("web01")
    for check in (http(9), HealthCheck("Port", "tcp", port=9, timeout=60.0)):
        found = await HostGates(transport).once(ENVIRONMENT, down, check, {})
        assert found.verdict == "error", found
    await transport.close()


async def test_an_answer_that_a_lost_link_cuts_is_none(own_fleet: Fleet) -> None:
    """It has no length: its end is the connection's."""
    transport, begun = ssh(own_fleet), asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nnot yet what is wait")
        begun.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        check = http(server.sockets[0].getsockname()[1], expect_body="wait ended")
        asking = asyncio.create_task(HostGates(transport).once(ENVIRONMENT, host(own_fleet), check, {}))
        await begun.wait()
        own_fleet.kill("web01")
        assert (await asking).verdict == "error", await asking
    await transport.close()


SERVER = r"""
import http.server, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(self.path[1:4]))
        self.end_headers()
        self.wfile.write(b"it is " + self.headers["User-Agent"].split("/")[0].encode())
        self.wfile.flush()
        time.sleep(60 if "trickles" in self.path else 0)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8099), Handler).serve_forever()
"""
TOOLS = ("curl", "wget")


@pytest.fixture
async def closed(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Fleet, SshTransport]]:
    """A host with a web server that forwards nothing, or what it is told; of the tools that fetch it has those that the test names."""
    if reason := missing():
        pytest.skip(reason)
    forwarding, *tools = request.param
    with Fleet(1, tmp_path / "fleet", sshd_extra=f"AllowTcpForwarding {forwarding}") as fleet:
        for tool in set(TOOLS) - set(tools):
            fleet.exec_in("web01", f"touch /run/none; mount --bind /run/none /usr/bin/{tool}")
        transport = ssh(fleet)
        serving = asyncio.create_task(transport.run(host(fleet), "exec python3 -", SERVER.encode(), deadline=600))
        async with asyncio.timeout(60):
            while not fleet.exec_in("web01", "ss -ltnH 'sport = :8099'"):
                await asyncio.sleep(0.05)
        yield fleet, transport
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await transport.close()


def asked(path: str, port: int = 8099, **fields: object) -> HealthCheck:
    given = {"timeout": 60.0, "passes": 1, **fields}
    return HealthCheck("Web app", "http", url=f"http://127.0.0.1:{port}/{path}", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("closed", [("no", "curl"), ("no", "wget"), ("remote", *TOOLS)], indirect=True)
async def test_a_host_that_forwards_nothing_asks_itself(closed: tuple[Fleet, SshTransport]) -> None:
    fleet, transport = closed
    gates, place = HostGates(transport), host(fleet)
    found = {
        check: await gates.once(ENVIRONMENT, place, check, {})
        for check in (
            asked("200"),
            asked("200", expect_body="it is deploy-console"),
            asked("503"),
            asked("200", expect_body="else"),
            asked("302"),
            asked("", 9),
        )
    }
    assert [result.verdict for result in found.values()] == ["passed", "passed", "failed", "failed", "failed", "failed"], found
    assert [str(result.seen).partition(",")[0] for result in found.values()][:5] == ["HTTP 200", "HTTP 200", "HTTP 503", "HTTP 200", "HTTP 302"]
    environment = Environment("shop", "production", "/srv/shop", (place,), health=(asked("200"),))
    seen = await HostScout(transport).examine(environment, place, deadline=60)
    assert (seen.can_fetch, seen.unforwarded) == (True, (("Web app", "http"),))
    assert {check.id: check.status for check in assess_fleet((seen,), 1, 1, 0)}["tools"] == "passed"


@pytest.mark.parametrize("closed", [("no",)], indirect=True)
async def test_a_gate_that_a_host_forbids_is_known_before_a_release(closed: tuple[Fleet, SshTransport]) -> None:
    fleet, transport = closed
    place = host(fleet)
    found = await HostGates(transport).once(ENVIRONMENT, place, asked("200"), {})
    assert (found.verdict, "AllowTcpForwarding" in found.seen, "neither curl nor wget" in found.seen) == ("error", True, True), found
    gates = (asked("200"), HealthCheck("Port", "tcp", address="127.0.0.1", port=8099), HealthCheck("Elsewhere", "tcp", port=1, on="console"))
    seen = await HostScout(transport).examine(Environment("shop", "production", "/srv/shop", (place,), health=gates), place, deadline=60)
    assert seen.unforwarded == (("Web app", "http"), ("Port", "tcp"))
    tools = {check.id: check for check in assess_fleet((seen,), 1, 1, 0)}["tools"]
    assert tools.status == "failed"
    assert "AllowTcpForwarding" in tools.detail
    assert "the gate Web app and the gate Port" in tools.detail


@pytest.mark.parametrize("closed", [("no", "curl"), ("no", "wget"), ("yes",)], indirect=True)
async def test_a_status_decides_where_nothing_is_asked_of_a_body_that_trickles(closed: tuple[Fleet, SshTransport]) -> None:
    fleet, transport = closed
    found = await HostGates(transport).once(ENVIRONMENT, host(fleet), asked("200/trickles", timeout=3.0), {})
    assert (found.verdict, found.seen) == ("passed", "HTTP 200")
    found = await HostGates(transport).once(ENVIRONMENT, host(fleet), asked("200/trickles", expect_body="more", timeout=3.0), {})
    assert found.verdict == "failed"


async def test_hosts_are_sampled_and_their_loops_end_when_nobody_reads(fleet: Fleet) -> None:
    transport = ssh(fleet)
    heard: list[Sample] = []
    watch = Followed(Machines(transport, [host(fleet, "web01"), host(fleet, "web02")], 0.217), heard.append)
    watch.start()

    def is_looping() -> bool:
        return any("sleep 0.217" in line for name in ("web01", "web02") for line in fleet.processes(name))

    async with asyncio.timeout(60):
        while {sample.host for sample in heard if sample.cpu is not None} != {"web01", "web02"} or not is_looping():
            await asyncio.sleep(0.05)
    await transport.close()
    await watch.stop()
    async with asyncio.timeout(60):
        while is_looping():
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    assert not is_looping()


SUDOERS = {
    "password for one": ("{u} ALL=(ALL:ALL) ALL\n{u} ALL=(root) NOPASSWD: /usr/bin/true", ("sudo asks for a password: touch /run/ran", "sudo asks for a password: root")),
    "password for all": ("{u} ALL=(ALL) ALL", ("sudo asks for a password: touch /run/ran", "sudo asks for a password: root")),
    "none": ("{u} ALL=(ALL) NOPASSWD: ALL", ()),
    "none for these": ("{u} ALL=(root) NOPASSWD: /usr/bin/touch /run/ran, /bin/sh, /usr/bin/sh", ()),
    "none, by a setting": ("Defaults !authenticate\n{u} ALL=(ALL) ALL", ()),
    "password again": ("{u} ALL=(ALL) NOPASSWD: ALL\n{u} ALL=(root) PASSWD: /usr/bin/touch", ("sudo asks for a password: touch /run/ran",)),
    "other arguments": ("{u} ALL=(root) NOPASSWD: /usr/bin/touch /run/other, /usr/bin/sh", ("sudo does not allow it (", )),
    "time-outs allowed": ("Defaults user_command_timeouts\n{u} ALL=(ALL) NOPASSWD: ALL", ()),
    "time-outs allowed, password": ("Defaults user_command_timeouts\n{u} ALL=(ALL) ALL\n{u} ALL=NOPASSWD: /usr/bin/true", ("sudo may ask", "sudo asks for a password: root")),
    "not a word of this user": ("root ALL=(ALL) ALL", ("sudo asks for a password: touch /run/ran", "sudo asks for a password: root")),
}  # fmt: skip


@pytest.mark.parametrize("name", SUDOERS)
async def test_sudo_says_whether_it_asks_and_runs_nothing(own_fleet: Fleet, name: str) -> None:
    rules, refused = SUDOERS[name]
    text = rules.format(u=own_fleet.user)
    own_fleet.exec_in("web01", f"cat > /run/sudoers <<'END'\n{text}\nEND\nchmod 440 /run/sudoers; mount --bind /run/sudoers /etc/sudoers")
    place, transport = host(own_fleet), ssh(own_fleet)
    commands = {"a": Command("sudo touch /run/ran"), "b": Command("true", run_as="root")}
    seen = await HostScout(transport).examine(Environment("shop", "production", "/srv/shop", (place,), commands=commands), place, deadline=60)
    await transport.close()
    assert seen.problem == ""
    assert len(seen.sudo_refused) == len(refused), seen.sudo_refused
    assert all(said.startswith(words) for said, words in zip(seen.sudo_refused, refused, strict=True)), seen.sudo_refused
    assert own_fleet.exec_in("web01", "ls /run/ran 2>/dev/null; :") == ""


@pytest.mark.parametrize("lose", ["drop", "freeze"])
async def test_a_host_that_falls_silent_on_a_warm_link_is_not_reached_at_the_first_question(own_fleet: Fleet, lose: str) -> None:
    file = own_fleet.hosts_toml("/tmp", connect_timeout="1s")
    environment = load_file(str(file)).environment("production")
    transport = SshTransport(environment.ssh, environment.jumps, environment.name)
    web01 = environment.hosts[0]
    assert (await transport.run(web01, ":", deadline=60)).ok
    assert await HostGates(transport).unreached(web01) is None
    getattr(own_fleet, lose)("web01")
    found = await HostGates(transport).unreached(web01)
    assert found is not None
    assert found.kind == "unreachable"
    own_fleet.thaw("web01")
    own_fleet.restore("web01")
    assert await HostGates(transport).unreached(web01) is None
    await transport.close()


@pytest.fixture
def with_sudo(own_fleet: Fleet) -> Fleet:
    if not shutil.which("sudo"):
        pytest.skip("needs sudo")
    rule = f"{own_fleet.user} ALL=(ALL:ALL) NOPASSWD: ALL"
    own_fleet.exec_in("web01", f"mount -t tmpfs -o mode=755 own /etc/sudoers.d; echo '{rule}' > /etc/sudoers.d/own; chmod 440 /etc/sudoers.d/own")
    return own_fleet


HANGS = Command("sleep 1000", run_as="nobody", timeout=0.6)


async def _checked(run: RunCommand, on: Host) -> None:
    assert (await run(on, HANGS, {}, 0.6)).status is None


async def _drained(transport: SshTransport, on: Host) -> None:
    balancer = CommandBalancer(Balancer("command", host=on, drain=HANGS, state=Command("echo in")), (on,), transport, "production")
    assert isinstance(await balancer.drain((on.name,), deadline=2), BalancerProblem)


async def test_a_hanging_command_of_another_user_is_ended_on_the_host(with_sudo: Fleet) -> None:
    """sshd may not end what sudo has made another user's: what is not asked to end stays there, one more with each try of a check."""
    transport, on = ssh(with_sudo), host(with_sudo)
    await transport.connect(on)
    ways = (
        _checked(check_command(transport, ENVIRONMENT, dict), on), _checked(release_command(transport, ENVIRONMENT, dict), on), _checked(bare_command(transport), on),
        _drained(transport, on),
    )  # fmt: skip
    await asyncio.gather(*ways)
    end = time.monotonic() + 60
    while any("sleep 1000" in line for line in with_sudo.processes("web01")):
        assert time.monotonic() < end, with_sudo.processes("web01")
        await asyncio.sleep(0.1)
    await transport.close()
