"""Commands that end with whoever hears them: in each shell, and whenever they are left, nothing is left of them."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from console.adapters.attended_commands import AttendedCommands
from console.adapters.this_machine import LocalTransport
from console.model.host import Host
from console.ports.hosts import Ran, Sink
from tests.adapters.hosts import HERE, SHELLS, environment_of, host_with

ENDS_WITHIN = 60.0
HELD_SETSID = """#!{shell}
number=1
while ! mkdir {calls}/$number 2>/dev/null; do number=$((number + 1)); done
while [ ! -e {calls}/$number/go ] && [ ! -e {calls}/go ]; do sleep 0.02; done
exec {real} "$@"
"""
"""In the place of `setsid`: says that it was called, and waits until a test lets it go on."""


@pytest.fixture(params=SHELLS)
def transport(request: pytest.FixtureRequest, tmp_path: Path) -> LocalTransport:
    return host_with(request.param, tmp_path)


async def test_output_is_merged_and_the_exit_code_is_the_commands(transport: LocalTransport) -> None:
    heard = bytearray()
    body = "set -eu\nexport A='its\n two'\necho \"$A\"\necho err >&2\ncat\nexit 7"
    ran = await AttendedCommands(transport).run(HERE, body, "", heard.extend, deadline=60)
    assert (ran.status, bytes(heard)) == (7, b"its\n two\nerr\n")


async def test_a_command_that_nobody_hears_any_more_is_ended_with_its_children(transport: LocalTransport, tmp_path: Path) -> None:
    beats = tmp_path / "beats"
    heard = asyncio.Event()
    body = f"(trap '' HUP; while :; do echo x >> {beats}; echo beat; sleep 0.1; done) &\nwait"
    running = asyncio.ensure_future(AttendedCommands(transport).run(HERE, body, "", lambda _: heard.set(), deadline=60))
    await asyncio.wait_for(heard.wait(), 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    before = -1
    async with asyncio.timeout(60):
        while before != (before := beats.stat().st_size):
            await asyncio.sleep(1.0)


class _Taken:
    """The port `Transport`, as far as a command needs it: takes what would be sent."""

    def __init__(self) -> None:
        self.script = ""
        self.data = b""

    async def run(self, host: Host, script: str, data: AsyncIterator[bytes], *, deadline: float, sink: Sink | None = None) -> Ran:
        self.script, self.data = script, await anext(data)
        return Ran(0)


class Sent:
    """A command as sshd runs it on a host: by a shell with a process group of its own. A test holds up what it starts there, and leaves it when it likes."""

    def __init__(self, shell: str, folder: Path) -> None:
        self._folder = folder
        self._environment = environment_of(shell, folder)
        self._calls = folder / "calls"
        self._calls.mkdir()
        host_with(shell, folder)
        tools = folder / "tools"
        real = shutil.which("setsid") or ""
        if shell == "busybox":
            real = str(folder / "setsid")
            (tools / "setsid").rename(real)
        (tools / "setsid").write_text(HELD_SETSID.format(shell=tools / "sh", calls=self._calls, real=real))
        (tools / "setsid").chmod(0o755)
        self._shell = str(tools / "sh")

    async def begin(self, body: str) -> None:
        taken = _Taken()
        await AttendedCommands(taken).run(HERE, body, "", lambda _: None, deadline=60)  # type: ignore[arg-type]
        self._data = taken.data
        self.process = subprocess.Popen(
            [self._shell, "-c", taken.script], env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, bufsize=0,
        )  # fmt: skip

    def tell(self, count: int | None = None) -> None:
        """Send the command, or so many bytes of it."""
        assert self.process.stdin
        self.process.stdin.write(self._data[:count])

    async def called(self, number: int) -> None:
        """Wait until a session of its own was asked for so often."""
        await self.made(self._calls / str(number))

    async def made(self, path: Path) -> None:
        end = time.monotonic() + 60
        while not path.exists():
            assert time.monotonic() < end, f"{path} did not come: {self.left()}"
            await asyncio.sleep(0.01)

    def let_go_on(self, number: int) -> None:
        (self._calls / str(number) / "go").touch()

    def let_all_go_on(self) -> None:
        (self._calls / "go").touch()

    def leave(self, *, kills: bool) -> None:
        """What becomes of a channel that is left: sshd kills the group, where it is told in time, and the input ends."""
        if kills:
            os.killpg(self.process.pid, signal.SIGKILL)
        assert self.process.stdin
        self.process.stdin.close()

    def left(self) -> dict[int, str]:
        """What still runs of it there, by process."""
        own = f"HOME={self._folder}".encode()
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if own in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    async def ended(self) -> dict[int, str]:
        """Wait until nothing runs of it any more, a minute at most; what does."""
        end = time.monotonic() + ENDS_WITHIN
        while self.process.poll() is None or self.left():
            if time.monotonic() > end:
                break
            await asyncio.sleep(0.05)
        return self.left()

    def kill(self) -> None:
        for process in self.left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdin
        self.process.stdin.close()


@pytest.fixture(params=SHELLS)
def sent(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sent]:
    command = Sent(request.param, tmp_path)
    yield command
    command.kill()


@pytest.mark.parametrize("kills", [True, False])
@pytest.mark.parametrize("number", [1, 2])
async def test_a_command_that_is_left_as_a_session_is_made_for_it_ends(sent: Sent, number: int, kills: bool) -> None:
    await sent.begin("sleep 1000")
    sent.tell()
    for before in range(1, number):
        await sent.called(before)
        sent.let_go_on(before)
    await sent.called(number)
    sent.leave(kills=kills)
    sent.let_all_go_on()
    assert not await sent.ended()


async def test_a_command_that_runs_before_all_that_watches_it_is_made_ends(sent: Sent, tmp_path: Path) -> None:
    """As on a machine under load: its first word is there, and whatever else is being started is not."""
    runs = tmp_path / "runs"
    await sent.begin(f": > {runs}\nsleep 1000")
    sent.tell()
    for number in (1, 2):
        await sent.called(number)
        if not runs.exists():
            sent.let_go_on(number)
            if number == 1:
                await asyncio.sleep(0.2)
    await sent.made(runs)
    sent.leave(kills=True)
    sent.let_all_go_on()
    assert not await sent.ended()


@pytest.mark.parametrize("kills", [True, False])
async def test_half_a_command_never_begins(sent: Sent, tmp_path: Path, kills: bool) -> None:
    await sent.begin(f": > {tmp_path}/half\nsleep 1000; : # {'long ' * 50}")
    sent.let_all_go_on()
    sent.tell(120 + len(str(tmp_path)))
    await sent.called(1)
    sent.leave(kills=kills)
    assert not await sent.ended()
    assert not (tmp_path / "half").exists()


async def test_what_minds_no_request_to_end_is_killed_though_nobody_was_told_of_the_end(sent: Sent, tmp_path: Path) -> None:
    """The link is lost: sshd kills nothing. The command's first process ends when it is asked to, what it started does not."""
    runs = tmp_path / "runs"
    await sent.begin(f"(trap '' TERM HUP; : > {runs}; sleep 1000; sleep 1000) &\nwait")
    sent.let_all_go_on()
    sent.tell()
    await sent.made(runs)
    sent.leave(kills=False)
    assert not await sent.ended()
