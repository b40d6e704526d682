"""Samples of real machines: this one, through its own transport and by psutil."""

import asyncio
import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from console.adapters.metrics import proc_sampler
from console.adapters.metrics.proc_sampler import Machines
from console.adapters.this_machine import LocalTransport
from console.core.host import procfs
from console.core.host.procfs import loop_script, parse_disk, parse_line
from console.model.host import Host
from console.model.measurements import Measurement
from console.ports.feed import Sample
from console.ports.hosts import ProblemKind, Ran, Sink, Unreached
from console.safe_text import SafeText
from tests.adapters.metrics.followed import Followed

WEB = Host("web01")
SHELLS = [pytest.param(words, id=words[0], marks=pytest.mark.skipif(shutil.which(words[0]) is None, reason=f"needs {words[0]}: apt install {words[0]}"))
          for words in (("dash",), ("bash",), ("busybox", "sh"))]  # fmt: skip


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def loops(interval: float) -> list[str]:
    """Loops with that interval that still run."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().decode()
        except OSError:
            continue
        if f"sleep {interval:g} || exit" in words:
            found.append(place.name)
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_prints_lines_that_can_be_read(shell: tuple[str, ...]) -> None:
    with subprocess.Popen([*shell, "-c", loop_script(0.1)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        said = [process.stdout.readline() for _ in range(3)]
        process.stdout.close()
    assert process.returncode != 1
    (disk,) = (share for line in said if (share := parse_disk(line)) is not None)
    assert 0 < disk < 1
    for look in filter(None, map(parse_line, said)):
        assert look.cpus > 0
        assert look.total
        assert look.memory
        assert look.load is not None


@pytest.mark.parametrize("ignoring", ["", "trap '' PIPE\n"], ids=["as it is", "SIGPIPE ignored"])
@pytest.mark.parametrize("shell", SHELLS)
def test_the_loop_ends_by_itself_when_its_reader_is_gone(shell: tuple[str, ...], ignoring: str) -> None:
    with subprocess.Popen([*shell, "-c", ignoring + loop_script(0.1)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        process.wait(timeout=60)


class TestWatch:
    async def test_each_host_is_sampled_and_nothing_is_left_behind(self) -> None:
        heard: list[Sample] = []
        watch = Followed(Machines(LocalTransport(), [WEB, Host("web02")], 0.123, now=itertools.count(1).__next__), heard.append)
        watch.start()
        await until(lambda: sum(sample.cpu is not None for sample in heard) >= 4)
        assert len(loops(0.123)) == 2
        await watch.stop()
        assert {sample.host for sample in heard} == {"web01", "web02"}
        assert [sample.at for sample in heard] == sorted({sample.at for sample in heard})
        first = heard[0]
        assert first.cpu is None
        assert first.memory is not None
        assert 0 < first.memory < 1
        assert first.load is not None
        assert "net_in" not in first.extra
        assert heard[-1].extra.keys() == {"disk", "net_in", "net_out"}
        assert 0 < (heard[-1].extra["disk"] or 0) < 1
        await until(lambda: not loops(0.123))
        assert not loops(0.123)

    async def test_output_in_any_pieces_and_a_greeting_in_between_are_no_hindrance(self) -> None:
        line = b"deploy-sample;2;cpu 1 0 1 8;0.50 1 1 1/1 1;MemTotal: 4 kB;MemFree: 1 kB;MemAvailable: 1 kB;9.5 1;2;3\n"

        class InPieces(LocalTransport):
            async def run(self, host: Host, script: str, data: object = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
                assert sink
                for byte in b"Welcome!\n" + line + b"x" * 10_000 + b"\n" + line:
                    sink(bytes([byte]))
                return await asyncio.Future()

        heard: list[Sample] = []
        watch = Followed(Machines(InPieces(), [WEB], 1.0), heard.append)
        watch.start()
        await until(lambda: len(heard) == 2)
        await watch.stop()
        assert [(sample.memory, sample.load) for sample in heard] == [(0.75, 0.5)] * 2

    async def test_a_lost_link_is_a_gap_and_is_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(proc_sampler, "FIRST_WAIT", 0.01)
        transport = Losing("unreachable", after=2)
        heard: list[Sample] = []
        watch = Followed(Machines(transport, [WEB], 0.1), heard.append)
        watch.start()
        await until(lambda: any(sample.memory for sample in heard))
        await watch.stop()
        assert [(sample.cpu, sample.memory, sample.load) for sample in heard[:2]] == [(None, None, None)] * 2

    @pytest.mark.parametrize("kind", ["login", "unknown-key", "changed-key"])
    async def test_a_refused_login_or_key_is_not_tried_again(self, monkeypatch: pytest.MonkeyPatch, kind: ProblemKind) -> None:
        monkeypatch.setattr(proc_sampler, "FIRST_WAIT", 0.01)
        transport = Losing(kind, after=99)
        watch = Followed(Machines(transport, [WEB], 0.1), lambda _: None)
        watch.start()
        await asyncio.sleep(0.1)
        await watch.stop()
        assert transport.asked == 1

    async def test_waits_between_tries_grow_up_to_a_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        waits: list[float] = []
        slept = asyncio.sleep

        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            await slept(0)

        monkeypatch.setattr(proc_sampler.asyncio, "sleep", sleep)
        watch = Followed(Machines(Losing("unreachable", after=99), [WEB], 0.1), lambda _: None)
        watch.start()
        for _ in range(1000):
            if len(waits) > 7:
                break
            await slept(0)
        await watch.stop()
        assert waits[:7] == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


class Losing(LocalTransport):
    """A host that cannot be reached so many times."""

    def __init__(self, kind: ProblemKind, after: int) -> None:
        super().__init__()
        self.kind, self.after, self.asked = kind, after, 0

    async def run(self, host: Host, script: str, data: object = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
        self.asked += 1
        if self.asked <= self.after:
            return Ran(None, problem=Unreached(host.name, self.kind, SafeText("no")))
        return await super().run(host, script, deadline=deadline, sink=sink)


def test_a_disk_that_says_nothing_any_more_is_not_known() -> None:
    looks: list[tuple[Measurement, ...]] = []
    now = 0.0
    reader = proc_sampler._Reader("web01", looks.append, lambda: now)
    for now, said in ((0.0, "deploy-disk;75;25\n"), (29.0, ""), (31.0, "deploy-disk;;\n"), (40.0, "deploy-disk;80;20\n")):
        reader.feed(f"{said}deploy-sample;1;cpu 1 2 3 4;0.10 0.1 0.1 1/1 1;MemTotal: 100;MemFree: 10;MemAvailable: 50;{now} 1;0;0\n".encode())
    found = [next(one for one in look if one.metric == "disk") for look in looks]
    assert [(one.value, str(one.problem)) for one in found] == [(0.75, ""), (0.75, ""), (None, "df has said nothing for 31 s"), (0.8, "")]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_disk_that_does_not_answer_keeps_nothing_else_waiting(shell: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers twice; what asks it a third time hangs, and is the last that does."""
    monkeypatch.setattr(procfs, "DISK_EVERY", 0.01)
    (tmp_path / "df").write_text(f'echo asked >>{tmp_path}/asked\n[ "$(wc -l <{tmp_path}/asked)" -le 2 ] || exec sleep 600\necho / 100 75 25\n')
    (tmp_path / "df").chmod(0o755)
    script = f"df() {{ sh {tmp_path}/df; }}\n{loop_script(0.01)}"  # busybox would take its own
    with subprocess.Popen([*shell, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        assert process.stdout
        disks, looks = 0, 0
        while looks < 20:
            line = process.stdout.readline()
            disks += parse_disk(line) == 0.75
            looks += disks == 2 and parse_line(line) is not None
        os.killpg(process.pid, signal.SIGKILL)
    assert (tmp_path / "asked").read_text() == "asked\n" * 3
