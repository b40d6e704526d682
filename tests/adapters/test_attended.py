"""Commands that end with whoever hears them: in each shell, and on real sshd nothing is left of them."""

import asyncio
from pathlib import Path

import pytest

from console.adapters.attended import AttendedCommands
from console.adapters.this_machine import LocalTransport
from tests.adapters.hosts import HERE, SHELLS, host_with


@pytest.fixture(params=SHELLS)
def transport(request: pytest.FixtureRequest, tmp_path: Path) -> LocalTransport:
    return host_with(request.param, tmp_path)


async def test_output_is_merged_and_the_exit_code_is_the_commands(transport: LocalTransport) -> None:
    heard = bytearray()
    body = "set -eu\nexport A='its\n two'\necho \"$A\"\necho err >&2\ncat\nexit 7"
    ran = await AttendedCommands(transport).run(HERE, body, "", heard.extend, deadline=20)
    assert (ran.status, bytes(heard)) == (7, b"its\n two\nerr\n")


async def test_a_command_that_nobody_hears_any_more_is_ended_with_its_children(transport: LocalTransport, tmp_path: Path) -> None:
    beats = tmp_path / "beats"
    heard = asyncio.Event()
    body = f"(trap '' HUP; while :; do echo x >> {beats}; echo beat; sleep 0.1; done) &\nwait"
    running = asyncio.ensure_future(AttendedCommands(transport).run(HERE, body, "", lambda _: heard.set(), deadline=60))
    await asyncio.wait_for(heard.wait(), 20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await asyncio.sleep(1.0)
    before = beats.stat().st_size
    await asyncio.sleep(0.6)
    assert beats.stat().st_size == before
