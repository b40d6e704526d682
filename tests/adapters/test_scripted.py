"""What every transport promises of values and failures, asked of hosts in memory and of this machine alike: a fake that lies makes tests lie."""

import pytest

from console.adapters.scripted_hosts import CAP, ScriptedAnswer, ScriptedTransport
from console.adapters.this_machine import LocalTransport
from console.adapters.transport import RoutedTransport
from console.model.host import Host
from console.ports.hosts import Reached, Transport, Unreached
from console.safe_text import SafeText

HOST = Host("localhost")
BIG = f"head -c {CAP + 10} /dev/zero"


def scripted() -> ScriptedTransport:
    transport = ScriptedTransport()
    transport.answer("exit 7", ScriptedAnswer(7))
    transport.answer("echo out", ScriptedAnswer(0, b"out\n", b"err\n"))
    transport.answer(BIG, ScriptedAnswer(0, b"\0" * (CAP + 10)))
    transport.answer("sleep 5", ScriptedAnswer(0, takes=5))
    transport.answer("cat", lambda call: ScriptedAnswer(0, call.data))
    return transport


@pytest.fixture(params=[scripted, LocalTransport, lambda: RoutedTransport(ScriptedTransport(), LocalTransport())], ids=["scripted", "local", "routed"])
def transport(request: pytest.FixtureRequest) -> Transport:
    made: Transport = request.param()
    return made


async def test_an_end_is_a_status_and_output(transport: Transport):
    assert (await transport.run(HOST, "exit 7", deadline=60)).status == 7
    ran = await transport.run(HOST, "echo out; echo err >&2", deadline=60)
    assert (ran.ok, ran.out, ran.err, ran.problem) == (True, b"out\n", b"err\n", None)


async def test_a_sink_takes_the_output_and_a_cap_holds_without_one(transport: Transport):
    pieces: list[bytes] = []
    ran = await transport.run(HOST, BIG, deadline=60, sink=pieces.append)
    assert (ran.out, sum(map(len, pieces))) == (b"", CAP + 10)
    assert len((await transport.run(HOST, BIG, deadline=60)).out) == CAP


async def test_input_arrives_as_it_was_sent(transport: Transport):
    async def pieces():
        for piece in (b"\xff\0", b"a" * 100_000):
            yield piece

    assert (await transport.run(HOST, "cat", pieces(), deadline=60)).out == b"\xff\0" + b"a" * 100_000


async def test_a_deadline_is_no_success_and_no_failure(transport: Transport):
    ran = await transport.run(HOST, "sleep 5", deadline=0.2)
    assert ran.status is None
    assert ran.problem is not None
    assert ran.problem.kind == "late"


async def test_where_nothing_listens_is_a_value(transport: Transport):
    found = await transport.open_stream(HOST, "127.0.0.1", 1, deadline=60)
    assert isinstance(found, Unreached)
    assert found.kind == "channel"
    found = await transport.open_socket(HOST, "/nonexistent", deadline=60)
    assert isinstance(found, Unreached)
    assert found.kind == "channel"
    assert isinstance(await transport.connect(HOST), Reached)


async def test_a_cut_link_leaves_the_end_unknown_and_the_host_can_be_reached_again():
    transport = scripted()
    transport.cut("web01", "exit 7")
    web = Host("web01")
    ran = await transport.run(web, "exit 7", deadline=60)
    assert (ran.status, transport.is_linked(web)) == (None, False)
    assert (await transport.run(web, "exit 7", deadline=60)).status == 7
    transport.refuse(Unreached("web01", "login", SafeText("refused")))
    assert (await transport.run(web, "exit 7", deadline=60)).problem == Unreached("web01", "login", SafeText("refused"))
