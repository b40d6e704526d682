"""What every transport promises, asked of this machine and of real sshd alike; then what only a link can do to a command."""

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.adapters.ssh.pool import SshTransport
from console.adapters.this_machine import LocalTransport
from console.model.host import Host, Ssh
from console.ports.hosts import Reached, Transport, Unreached
from tests.fleet import Fleet

KIB = 1024
MIB = 1024 * KIB


@dataclass
class Place:
    """A host, and what reaches it."""

    transport: Transport
    host: Host
    address: str

    async def run(self, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float = 60, **more: object):
        return await self.transport.run(self.host, script, data, deadline=deadline, **more)  # type: ignore[arg-type]


def host_of(fleet: Fleet, name: str = "web01", **more: object) -> Host:
    machine = fleet[name]
    return Host(name, machine.address, machine.port, machine.user, **more)  # type: ignore[arg-type]


def ssh_of(fleet: Fleet, **more: object) -> Ssh:
    values = {"identity": str(fleet.identity), "known_hosts": (str(fleet.known_hosts),), "connect_timeout": 20.0, "keepalive": 0.5, **more}
    return Ssh(**values)  # type: ignore[arg-type]


NO_CONFIG = Path("/nonexistent/config")


def transport_of(fleet: Fleet, **more: object) -> SshTransport:
    return SshTransport(ssh_of(fleet, **more), (), "production", config=NO_CONFIG)


@pytest.fixture(params=["local", pytest.param("ssh", marks=pytest.mark.real)])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    if request.param == "local":
        yield Place(LocalTransport(), Host("localhost"), "127.0.0.1")
        return
    fleet: Fleet = request.getfixturevalue("fleet")
    transport = transport_of(fleet)
    yield Place(transport, host_of(fleet), fleet["web01"].address)
    await transport.close()


# -- the contract --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1, 7, 127, 255])
async def test_exit_codes_are_the_script_s_own(place: Place, code: int) -> None:
    ran = await place.run(f"exit {code}")
    assert (ran.status, ran.ok, ran.problem) == (code, code == 0, None)


async def test_death_by_signal_is_a_status_and_no_success(place: Place) -> None:
    ran = await place.run("kill -9 $$")
    assert (ran.status, ran.problem) == (137, None)


async def test_output_and_errors_are_apart(place: Place) -> None:
    ran = await place.run("echo out; echo err >&2")
    assert (ran.out, ran.err) == (b"out\n", b"err\n")


SCRIPTS = {
    "lines": "a=1\nb=2\n\necho $((a + b))\n",
    "quotes": """printf '%s|%s' "it's" 'say "hi"'""",
    "backslashes": r"""printf '%s' 'a\nb\\c'; printf "\\101" """,
    "bang": "printf '%s' 'wow! really!!' \"a!b\"",
    "dollars": "x='$HOME'; printf '%s %s' \"$x\" \"$(echo '`id`')\"",
    "beyond ascii": "printf '%s' 'Grüße → 🚀'",
    "here-document": "cat <<'END'\nIt's $HOME\\n\nEND\n",
    "percent": "printf '%s' '%s %d %% \\0101'",
    "arguments": "printf '%s|' $# \"$@\"; set -- a 'b c'; printf '%s|' $# \"$@\"",
    "comment at the end": "echo first\necho second # done, isn't it",
}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_script_arrives_as_it_was_written(place: Place, name: str) -> None:
    here = await LocalTransport().run(Host("localhost"), SCRIPTS[name], deadline=60)
    ran = await place.run(SCRIPTS[name])
    assert here.ok
    assert (ran.status, ran.out, ran.err) == (0, here.out, b"")
    assert ran.out


async def test_input_is_bytes_and_arrives_whole(place: Place) -> None:
    data = bytes(range(256)) * 12 * KIB + os.urandom(MIB) + b"\r\n\0\xff"
    ran = await place.run("sha256sum")
    assert ran.out.split()[0] == hashlib.sha256(b"").hexdigest().encode()
    ran = await place.run("sha256sum", data)
    assert ran.out.split()[0] == hashlib.sha256(data).hexdigest().encode()


async def test_input_may_be_a_stream_of_pieces_of_any_size(place: Place) -> None:
    whole = hashlib.sha256()

    async def pieces() -> AsyncIterator[bytes]:
        for size in (0, 1, 5, 32 * KIB, 700 * KIB, 1):
            piece = os.urandom(size)
            whole.update(piece)
            yield piece
            await asyncio.sleep(0)

    ran = await place.run("sha256sum", pieces())
    assert ran.out.split()[0] == whole.hexdigest().encode()


async def test_input_that_cannot_be_read_is_the_callers_fault_at_once(place: Place) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise OSError("the archive is gone")

    with pytest.raises(OSError, match="the archive is gone"):
        await place.transport.run(place.host, "cat", broken(), deadline=60)


async def test_a_script_that_takes_no_input_ends_without_it(place: Place) -> None:
    ran = await place.run("head -c 3; exit 4", b"abc" + b"x" * 8 * MIB)
    assert (ran.status, ran.out) == (4, b"abc")


async def test_output_is_kept_to_a_cap_and_the_script_ends(place: Place) -> None:
    ran = await place.run(f"head -c {3 * MIB} /dev/zero; head -c {2 * MIB} /dev/zero >&2; exit 3")
    assert (ran.status, len(ran.out), len(ran.err)) == (3, MIB, MIB)


async def test_a_sink_gets_all_of_it(place: Place) -> None:
    seen: list[int] = []
    ran = await place.run(f"head -c {5 * MIB} /dev/zero; echo fault >&2", sink=lambda data: seen.append(len(data)))
    assert (ran.status, sum(seen), ran.out, ran.err) == (0, 5 * MIB, b"", b"fault\n")


async def test_a_sink_gets_it_as_it_comes(place: Place) -> None:
    heard = asyncio.Event()
    running = asyncio.ensure_future(place.run("echo ready; read -r line; echo $line", _after(heard), sink=lambda _: heard.set()))
    ran = await running
    assert ran.status == 0


async def _after(event: asyncio.Event) -> AsyncIterator[bytes]:
    await asyncio.wait_for(event.wait(), 60)
    yield b"go\n"


async def test_bytes_that_are_no_text_harm_nothing(place: Place) -> None:
    ran = await place.run(r"printf '\377\376\0\200ab'; printf '\355\240\200' >&2")
    assert (ran.out, ran.err) == (b"\xff\xfe\0\x80ab", b"\xed\xa0\x80")
    assert (await place.run("echo still")).out == b"still\n"


async def test_deadline_leaves_the_status_unknown(place: Place) -> None:
    began = time.monotonic()
    ran = await place.run("echo begun; exec sleep 60", deadline=2)
    assert time.monotonic() - began < 30
    assert (ran.status, ran.ok, ran.out) == (None, False, b"begun\n")
    assert ran.problem is not None
    assert ran.problem.kind == "late"
    assert (await place.run("echo still")).out == b"still\n"


async def test_an_end_is_an_end_though_something_left_behind_holds_the_output(place: Place) -> None:
    began = time.monotonic()
    ran = await place.run("sleep 60 & echo left; exit 5")
    assert (ran.status, ran.out) == (5, b"left\n")
    assert time.monotonic() - began < 30


async def test_commands_run_side_by_side(place: Place) -> None:
    folder = (await place.run("mktemp -d")).out.decode().strip()
    met = f"while [ $(ls {folder} | wc -l) -lt 4 ]; do sleep 0.02; done"
    ran = await asyncio.gather(*(place.run(f"touch {folder}/{number}; {met}; echo {number}") for number in range(12)))
    assert [each.out for each in ran] == [b"%d\n" % number for number in range(12)]
    assert (await place.run(f"rm -r {folder}")).ok


async def test_a_stream_reaches_what_the_host_reaches(place: Place) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, place.address, 0)
    port = server.sockets[0].getsockname()[1]
    try:
        stream = await place.transport.open_stream(place.host, place.address, port, deadline=60)
        assert not isinstance(stream, Unreached)
        await stream.write(b"hello\n")
        assert await asyncio.wait_for(stream.read(100), 60) == b"HELLO\n"
        assert await asyncio.wait_for(stream.read(100), 60) == b""
        await stream.close()
    finally:
        server.close()
        await server.wait_closed()


async def test_a_stream_to_nothing_says_so(place: Place) -> None:
    refused = await place.transport.open_stream(place.host, place.address, 1, deadline=60)
    assert isinstance(refused, Unreached)
    assert refused.kind == "channel"
    assert f"{place.address}:1" in refused.message


ANSWERING = """
import os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(1)
if os.fork():
    sys.exit()
os.setsid()
for fd in (0, 1, 2):
    os.close(fd)
client, _ = server.accept()
client.sendall(client.recv(100).upper())
"""


async def test_a_stream_reaches_a_unix_socket_of_the_host(place: Place) -> None:
    folder = (await place.run("mktemp -d")).out.decode().strip()
    assert (await place.run(f"python3 - {folder}/s", ANSWERING.encode())).ok
    stream = await place.transport.open_socket(place.host, f"{folder}/s", deadline=60)
    assert not isinstance(stream, Unreached)
    await stream.write(b"hello\n")
    assert await asyncio.wait_for(stream.read(100), 60) == b"HELLO\n"
    assert await asyncio.wait_for(stream.read(100), 60) == b""
    await stream.close()
    for path in ("s", "nothing"):  # nobody listens there any more; nothing is there
        refused = await place.transport.open_socket(place.host, f"{folder}/{path}", deadline=60)
        assert isinstance(refused, Unreached)
        assert (refused.kind, f"{folder}/{path}" in refused.message) == ("channel", True)
    assert (await place.run(f"rm -r {folder}")).ok


async def test_reaching_says_how_far_it_is(place: Place) -> None:
    reached = await place.transport.connect(place.host)
    assert isinstance(reached, Reached)
    assert reached.host == place.host.name
    assert place.transport.is_linked(place.host)
    await place.run(":")
    assert 0 < (place.transport.round_trip(place.host) or 0) < 5


@pytest.mark.parametrize("turns", range(5))
async def test_a_command_that_is_left_while_it_is_started_is_ended(place: Place, turns: int) -> None:
    """Its console is held up after each turn of the loop, so that what was started by then is well under way."""
    await place.run(":")
    mark = secrets.token_hex(8)
    running = asyncio.ensure_future(place.run(f"LEFT=a{mark} sleep 1000 & wait"))
    for _ in range(turns):
        await asyncio.sleep(0)
        time.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    end = time.monotonic() + 60
    while found := (await place.run(f"grep -ls 'LEFT=[a]{mark}' /proc/[0-9]*/environ")).out:
        assert time.monotonic() < end, found
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("turns", range(1, 4))
async def test_a_command_that_is_left_while_it_is_started_leaves_no_work_to_a_loop_that_ends(turns: int) -> None:
    running = asyncio.ensure_future(LocalTransport().run(Host("localhost"), "sleep 1000", deadline=60))
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_cancelled_command_leaves_the_transport_usable(place: Place) -> None:
    running = asyncio.ensure_future(place.run("sleep 30"))
    await asyncio.sleep(0.3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await place.run("echo on")).out == b"on\n"
