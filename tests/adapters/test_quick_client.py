"""Connections with less work: fewer round trips, fewer packets, the same checks; and the plain way, where asyncssh's private parts have changed."""

import asyncio
import hashlib
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncssh
import pytest

from console.adapters.ssh import quick_client
from console.adapters.ssh.pool import SshTransport
from console.adapters.ssh.ramp import FIRST, Ramp
from console.model.host import Host
from tests.adapters.test_transport_contract import NO_CONFIG, host_of, ssh_of, transport_of
from tests.fleet import Fleet

FAR = 0.03
"""Seconds to the host: what is sent together arrives together."""
READ = {"78847c69fe9c"}
"""Digests of the private parts that quick_client was written for."""


class Line:
    """A way to a host that takes its time, and counts what goes over it."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.turns = 0
        """How often this side spoke after the host had."""
        self.writes = 0
        self._last = "host"
        self._carrying: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]
            await asyncio.gather(*self._carrying)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._carrying.add(asyncio.ensure_future(self._carry(reader, writer)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        machine = self.fleet["web01"]
        far_reader, far_writer = await asyncio.open_connection(machine.address, machine.port)
        ways = self._pass(reader, far_writer, "here"), self._pass(far_reader, writer, "host")
        await asyncio.gather(*ways, return_exceptions=True)
        for each in (writer, far_writer):
            each.close()
            await asyncio.gather(each.wait_closed(), return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, side: str) -> None:
        while data := await reader.read(65536):
            await asyncio.sleep(FAR)
            self.turns += side == "here" and self._last == "host"
            self.writes += side == "here"
            self._last = side
            writer.write(data)
        writer.close()


def known_at(fleet: Fleet, port: int) -> str:
    file = fleet.folder / f"known_at_{port}"
    file.write_text(f"[127.0.0.1]:{port} {fleet['web01'].key.public}\n")
    return str(file)


@pytest.mark.real
async def test_round_trips_and_writes_are_as_few_as_they_were(fleet: Fleet) -> None:
    line = Line(fleet)
    async with line.listening() as port:
        ssh = ssh_of(fleet, known_hosts=(known_at(fleet, port),), keepalive=30.0, connect_timeout=20.0)
        transport, host = SshTransport(ssh, (), "production", config=NO_CONFIG), Host("web01", "127.0.0.1", port, fleet.user)
        assert (await transport.run(host, "true", deadline=60)).ok
        assert line.turns <= 6, "with TCP's own one it is seven from nothing to an answer"
        assert line.writes <= 9
        await asyncio.sleep(5 * FAR)
        line.turns, line.writes = 0, 0
        assert (await transport.run(host, "true", deadline=60)).ok
        assert line.turns <= 2
        transport.standby().stand_by(host, ":")
        while not ((shell := transport.link_of(host).shell) and shell.is_ready):
            await asyncio.sleep(FAR)
        await asyncio.sleep(5 * FAR)
        line.turns, line.writes = 0, 0
        quick = await transport.standby().run_quick(host, "{ echo said; }", deadline=60)
        assert quick is not None
        assert (quick.out, line.turns, line.writes) == (b"said\n", 1, 1)
        await transport.close()


@pytest.mark.real
async def test_the_plain_way_does_the_same(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_client, "IS_KNOWN", False)
    transport = transport_of(fleet)
    ran = await transport.run(host_of(fleet), "cat", b"sent", deadline=60)
    assert (ran.status, ran.out) == (0, b"sent")
    assert not isinstance(transport.link_of(host_of(fleet)).live, quick_client.QuickConnection)
    await transport.close()


def test_the_private_parts_are_those_that_were_read() -> None:
    assert quick_client.IS_KNOWN
    text = "".join(inspect.getsource(getattr(owner, name)) for owner, names in quick_client.PRIVATE for name in names)
    seen = hashlib.sha256(text.encode()).hexdigest()[:12]
    assert seen in READ, f"asyncssh {asyncssh.__version__}: read what quick_client relies on again, mend it, and note {seen} here"


async def test_a_server_that_cuts_handshakes_off_gets_fewer_and_then_more_again() -> None:
    ramp, inside, most = Ramp(), 0, 0

    async def shake() -> None:
        nonlocal inside, most
        async with ramp.turn():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(shake() for _ in range(40)))
    assert most == FIRST
    for _ in range(5):
        ramp.was_cut()
    assert ramp.limit == 1
    most = 0
    await asyncio.gather(*(shake() for _ in range(5)))
    assert most == 1
    waiting = [asyncio.ensure_future(shake()) for _ in range(3)]
    waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for _ in range(20):
        ramp.went_well()
    most = 0
    await asyncio.gather(*(shake() for _ in range(40)))
    assert (ramp.limit, most) == (FIRST, FIRST)


@pytest.mark.real
async def test_a_command_that_does_not_read_is_sent_little_ahead_and_then_all(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_client, "FASTEST", 0)
    transport, host, given = transport_of(fleet), host_of(fleet), 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(128):
            given += 32768
            yield bytes(32768)

    script = "rm -f near-go; : > near-begun; while [ ! -e near-go ]; do sleep 0.05; done; wc -c"
    counting = asyncio.ensure_future(transport.run(host, script, pieces(), deadline=60))
    assert (await transport.run(host, "while [ ! -e near-begun ]; do sleep 0.05; done", deadline=60)).ok
    for _ in range(10):  # more than it takes to send 2 MiB
        assert (await transport.run(host, ":", deadline=60)).ok
    assert given <= quick_client.AHEAD + 4 * 32768
    assert (await transport.run(host, "rm near-begun; : > near-go", deadline=60)).ok
    ran = await counting
    assert (ran.status, ran.out.strip()) == (0, b"4194304")
    await transport.close()
