"""Shells kept open over real sshd: one round trip for a quick script, nothing in anybody's way, nothing left behind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.adapters.ssh.pool import SshTransport
from console.ports.hosts import Move, Reached
from tests.adapters.test_transport_contract import host_of, transport_of
from tests.fleet import Fleet, missing
from tests.fleet.fleet import cannot_drop

pytestmark = pytest.mark.real

OPENING = "greeting='it is said'"


@pytest.fixture
async def transport(fleet: Fleet) -> AsyncIterator[SshTransport]:
    opened = transport_of(fleet)
    yield opened
    await opened.close()


async def until(true: Callable[[], object], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


def stands(transport: SshTransport, fleet: Fleet) -> bool:
    shell = transport.link_of(host_of(fleet)).shell
    return shell is not None and shell.is_ready


async def stood_by(transport: SshTransport, fleet: Fleet) -> None:
    transport.standby().stand_by(host_of(fleet), OPENING)
    assert isinstance(await transport.connect(host_of(fleet)), Reached)
    await until(lambda: stands(transport, fleet))


async def test_a_script_runs_in_the_shell_that_was_told_its_opening(fleet: Fleet, transport: SshTransport) -> None:
    await stood_by(transport, fleet)
    for number in range(3):
        ran = await transport.standby().run_quick(host_of(fleet), f'{{ echo "$greeting"; echo {number} >&2; ( exit {number} ); }} 2>&1', deadline=60)
        assert ran is not None
        assert (ran.status, ran.out) == (number, b"it is said\n%d\n" % number)
    assert transport.standby().has_spoken(host_of(fleet))


async def test_no_shell_is_free_before_it_stands_and_while_it_works(fleet: Fleet, transport: SshTransport) -> None:
    host, standby = host_of(fleet), transport.standby()
    assert await standby.run_quick(host, "true", deadline=60) is None
    assert not standby.has_spoken(host)
    await stood_by(transport, fleet)
    working = asyncio.ensure_future(standby.run_quick(host, "while [ ! -e /tmp/go-on ]; do sleep 0.02; done; rm /tmp/go-on", deadline=60))
    shell = transport.link_of(host).shell
    assert shell is not None
    await until(lambda: shell.is_busy)
    assert await standby.run_quick(host, "true", deadline=60) is None
    fleet.exec_in("web01", "touch /tmp/on; chown deploytest /tmp/on; mv /tmp/on /tmp/go-on")  # it is removed by whom it belongs to
    ran = await working
    assert ran is not None
    assert ran.ok


def links_on(fleet: Fleet) -> Move:
    """A link that lies ready, and one that it takes the place of."""
    fleet.exec_in("web01", "rm -rf /tmp/m; mkdir -p /tmp/m/old /tmp/m/new; ln -s old /tmp/m/back; ln -s new /tmp/m/current; chown -hR deploytest: /tmp/m")
    return Move("/tmp/m/back", "/tmp/m/current", "/tmp/m/old", "/tmp/m/new")


async def test_a_link_is_moved_without_a_process_and_only_where_both_lead_where_they_should(fleet: Fleet, transport: SshTransport) -> None:
    await stood_by(transport, fleet)
    standby, host = transport.standby(), host_of(fleet)
    await until(lambda: (files := transport.link_of(host).files) and files.is_ready)
    move, before = links_on(fleet), fleet.processes("web01")
    for other in (
        replace(move, leads_to="/tmp/m/new"),
        replace(move, replaces="/tmp/m/old"),
        replace(move, source="/tmp/m/none"),
        replace(move, target="/tmp/m"),
    ):
        assert await standby.move(host, other, deadline=60) == "not-sent"
    assert fleet.exec_in("web01", "readlink /tmp/m/current") == "new\n"
    assert await standby.move(host, move, deadline=60) == "moved"
    assert fleet.exec_in("web01", "readlink /tmp/m/current; ls /tmp/m") == "old\ncurrent\nnew\nold\n"
    assert await standby.move(host, move, deadline=60) == "not-sent"
    assert fleet.processes("web01") == before
    dangling = links_on(fleet)
    fleet.exec_in("web01", "rmdir /tmp/m/old")
    assert await standby.move(host, dangling, deadline=60) == "not-sent"


async def test_a_move_on_a_host_that_stands_still_is_not_known_and_the_shell_says_what_became_of_it(own_fleet: Fleet) -> None:
    transport, host = transport_of(own_fleet, keepalive=30.0), host_of(own_fleet)
    await stood_by(transport, own_fleet)
    await until(lambda: (files := transport.link_of(host).files) and files.is_ready)
    move = links_on(own_fleet)
    own_fleet.freeze("web01")
    assert await transport.standby().move(host, move, deadline=0.3) == "unknown"
    own_fleet.thaw("web01")
    assert await transport.standby().move(host, move, deadline=0.3) == "not-sent"
    assert (await transport.run(host, "readlink /tmp/m/current", deadline=60)).out in (b"old\n", b"new\n")
    await transport.close()


async def test_a_late_shell_is_given_up_and_the_connection_is_not(fleet: Fleet, transport: SshTransport) -> None:
    host = host_of(fleet)
    await stood_by(transport, fleet)
    ran = await transport.standby().run_quick(host, "sleep 60", deadline=0.3)
    assert ran is not None
    assert ran.status is None
    assert ran.problem is not None
    assert await transport.standby().run_quick(host, "true", deadline=60) is None
    assert (await transport.run(host, "echo here", deadline=60)).out == b"here\n"


async def test_the_answer_to_a_script_that_was_given_up_is_not_taken_for_the_next_one(fleet: Fleet, transport: SshTransport) -> None:
    host, standby = host_of(fleet), transport.standby()
    await stood_by(transport, fleet)
    working = asyncio.ensure_future(standby.run_quick(host, "sleep 1; echo first", deadline=60))
    shell = transport.link_of(host).shell
    assert shell is not None
    await until(lambda: shell.is_busy)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    ran = await standby.run_quick(host, "echo second; false", deadline=60)
    assert ran is None or (ran.status, ran.out) == (1, b"second\n")
    assert (await transport.run(host, "echo here", deadline=60)).out == b"here\n"


async def test_a_broken_script_ends_the_shell_alone(fleet: Fleet, transport: SshTransport) -> None:
    await stood_by(transport, fleet)
    ran = await transport.standby().run_quick(host_of(fleet), "if true; then ) fi", deadline=60)
    assert ran is not None
    assert ran.status is None
    assert (await transport.run(host_of(fleet), "echo here", deadline=60)).out == b"here\n"


async def test_big_answers_keep_their_end(fleet: Fleet, transport: SshTransport) -> None:
    await stood_by(transport, fleet)
    ran = await transport.standby().run_quick(host_of(fleet), "{ head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last; }", deadline=60)
    assert ran is not None
    assert ran.ok
    assert ran.out.endswith(b"x\nlast\n")
    assert len(ran.out) < 256 * 1024


@pytest.mark.parametrize("shell", ["/bin/bash", "/bin/sh"])
async def test_the_shell_ends_with_its_connection(tmp_path: Path, shell: str) -> None:
    if reason := missing():
        pytest.skip(reason)
    with Fleet(1, tmp_path / "fleet", shell=shell) as fleet:
        transport = transport_of(fleet)
        await stood_by(transport, fleet)

        def is_there() -> bool:
            return any(line.split()[-1:] == ["sh"] for line in fleet.processes("web01"))

        assert is_there(), fleet.processes("web01")
        await transport.close()
        await until(lambda: not is_there())


async def test_a_lost_link_gets_its_shell_again(own_fleet: Fleet) -> None:
    if reason := cannot_drop():
        pytest.skip(reason)
    transport, host = transport_of(own_fleet), host_of(own_fleet)
    await stood_by(transport, own_fleet)
    first = transport.link_of(host).shell
    working = asyncio.ensure_future(transport.standby().run_quick(host, "sleep 60", deadline=90))
    own_fleet.drop("web01")
    ran = await working
    assert ran is not None
    assert ran.status is None
    own_fleet.restore("web01")
    assert isinstance(await transport.connect(host), Reached)
    await until(lambda: stands(transport, own_fleet))
    assert transport.link_of(host).shell is not first
    await transport.close()


@pytest.fixture(params=[1, 2, 3])
def narrow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fleet]:
    if reason := missing():
        pytest.skip(reason)
    with Fleet(1, tmp_path / "fleet", sshd_extra=f"Match all\n  MaxSessions {request.param}") as fleet:
        yield fleet


async def test_on_a_host_that_takes_few_sessions_it_gives_way_to_work(narrow: Fleet) -> None:
    transport, host = transport_of(narrow), host_of(narrow)
    transport.standby().stand_by(host, OPENING)
    assert isinstance(await transport.connect(host), Reached)
    ran = await asyncio.gather(*(transport.run(host, f"sleep 0.2; echo {number}", deadline=60) for number in range(6)))
    assert [each.out for each in ran] == [b"%d\n" % number for number in range(6)], [each.problem for each in ran]
    assert not stands(transport, narrow)
    await transport.close()
