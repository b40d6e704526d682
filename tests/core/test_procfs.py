"""Lines of a host's /proc, as numbers."""

import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host.procfs import MARK, ProcSample, cpu_share, loop_script, parse_disk, parse_line
from tests.core.shells import Shell

LINE = (
    b"deploy-sample;8;cpu  100 5 45 800 50 0 10 0 7 0;0.42 0.84 0.39 1/119 32588;"
    b"MemTotal:       24684084 kB;MemFree:        1000 kB;MemAvailable:   18513063 kB;597.18 377.21;128070399;231366\n"
)


def test_a_line_is_read_whole() -> None:
    look = parse_line(LINE)
    assert look is not None
    assert (look.cpus, look.busy, look.total, look.load) == (8, 160, 1010, 0.42)
    assert (look.uptime, look.received, look.sent) == (597.18, 128070399, 231366)
    assert look.memory is not None
    assert round(look.memory, 6) == 0.25


def test_other_output_is_no_sample() -> None:
    for line in (b"", b"Welcome to web01!", b"deploy-sample;1;2", LINE.replace(b"deploy-sample", b"sample"), b"\xff" * 50):
        assert parse_line(line) is None


def test_what_a_machine_does_not_say_is_none_and_the_rest_stays() -> None:
    look = parse_line(b"deploy-sample;0;cpu x;;MemTotal: 5 kB;MemFree: 1 kB;Buffers: 3 kB;;;")
    assert look == ProcSample()


def test_the_share_is_of_the_time_between_two_looks() -> None:
    before, now = ProcSample(busy=100, total=1000), ProcSample(busy=150, total=1200)
    assert cpu_share(before, now) == 0.25
    assert cpu_share(None, now) is None


def test_a_machine_that_was_restarted_has_no_share_at_first() -> None:
    assert cpu_share(ProcSample(busy=5000, total=9000), ProcSample(busy=10, total=20)) is None
    assert cpu_share(ProcSample(busy=10, total=20), ProcSample(busy=10, total=20)) is None


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    parse_line(data)
    parse_line(b"deploy-sample;" + data)


@given(st.lists(st.text(alphabet="0123456789. -kBcpuMemTotal:Available;²٣", max_size=25), min_size=9, max_size=9))
def test_shares_are_shares_whatever_stands_there(parts: list[str]) -> None:
    look = parse_line(("deploy-sample;" + ";".join(parts)).encode())
    if look is not None:
        assert look.memory is None or 0 <= look.memory <= 1
        assert look.busy is None or (look.total is not None and 0 <= look.busy <= look.total)


@given(*[st.integers(0, 10**12)] * 4)
def test_a_cpu_share_is_a_share(busy: int, total: int, later_busy: int, later_total: int) -> None:
    share = cpu_share(ProcSample(busy=busy, total=total), ProcSample(busy=later_busy, total=later_total))
    assert share is None or 0 <= share <= 1


def line_of(cpus: str = "8", cpu: str = "cpu  100 5 45 800 50 0 0 0", load: str = "0.42 0.84 0.39", *memory: str) -> bytes:
    sizes = memory or ("MemTotal: 1000 kB", "MemFree: 1 kB", "MemAvailable: 250 kB")
    return f"{MARK};{cpus};{cpu};{load};{';'.join(sizes)};;;".encode()


@pytest.mark.parametrize(
    ("cpu", "busy", "total"),
    [
        ("cpu  1 2 3 4", 6, 10), ("cpu  1 2 3 4 5", 6, 15), ("cpu  1 2 3 4 5 6 7 8", 27, 36), ("cpu  1 2 3 4 5 6 7 8 99 99", 27, 36), ("cpu 1 2 3", None, None), ("cpu", None, None),
        ("", None, None), ("cpu0 1 2 3 4", None, None), ("intr 1 2 3 4", None, None), ("cpu 1 x 3 4", None, None), ("cpu 1 x 3 4 5", 8, 13), ("cpu 1 2 3 99999999999999999999", None, None),
    ],
)  # fmt: skip
def test_waiting_for_a_disk_is_idle_and_guests_are_counted_once(cpu: str, busy: int | None, total: int | None) -> None:
    look = parse_line(line_of(cpu=cpu))
    assert look is not None
    assert (look.busy, look.total) == (busy, total)


@pytest.mark.parametrize(
    ("memory", "share"),
    [
        (("MemTotal: 1000 kB", "MemFree: 1 kB", "MemAvailable: 250 kB"), 0.75), (("MemTotal: 1000 kB: x", "x", "MemAvailable: 250 kB"), 0.75), (("MemTotal: 1000 kB", "MemAvailable: 1000 kB", "x"), 0.0), (("MemTotal: 1000 kB", "MemAvailable: 0 kB", "x"), 1.0),
        (("MemTotal: 1000 kB", "MemAvailable: 2000 kB", "x"), 0.0), (("MemTotal: 0 kB", "MemAvailable: 0 kB", "x"), None), (("MemTotal: 1000 kB", "MemFree: 1 kB", "Buffers: 1 kB"), None),
        (("MemAvailable: 5 kB", "x", "y"), None), (("MemTotal:", "MemAvailable:", "z"), None), (("MemTotal: many kB", "MemAvailable: 5 kB", "z"), None),
    ],
)  # fmt: skip
def test_the_memory_in_use_is_what_programs_cannot_have(memory: tuple[str, ...], share: float | None) -> None:
    look = parse_line(line_of("8", "cpu 1 2 3 4", "0.1", *memory))
    assert look is not None
    assert look.memory == share


@pytest.mark.parametrize(
    ("load", "found"),
    [
        ("0.42 0.84", 0.42),
        ("12.05", 12.05),
        ("0.00 x", 0.0),
        ("", None),
        ("12", None),
        (".5", None),
        ("1.x", None),
        ("x.1", None),
        ("1.2.3", None),
        ("-1.0", None),
        ("٣.1", None),
    ],
)
def test_the_load_is_that_of_the_last_minute(load: str, found: float | None) -> None:
    look = parse_line(line_of(load=load))
    assert look is not None
    assert look.load == found


@pytest.mark.parametrize(("cpus", "found"), [("8", 8), ("0", 0), ("", 0), ("x", 0), ("-1", 0)])
def test_cpus_that_are_not_counted_are_none(cpus: str, found: int) -> None:
    look = parse_line(line_of(cpus=cpus))
    assert look is not None
    assert look.cpus == found


@pytest.mark.parametrize(
    "line", [line_of() + b";more", line_of().rpartition(b";")[0], b"x" + line_of(), line_of().replace(b"deploy-sample", b"deploy-samples"), b";" * 6]
)
def test_a_line_of_another_form_is_none(line: bytes) -> None:
    assert parse_line(line) is None


def test_blanks_around_a_line_do_not_matter() -> None:
    assert parse_line(b"  " + line_of() + b"\r\n") == parse_line(line_of())


A, B = ProcSample(busy=100, total=1000), ProcSample(busy=150, total=1200)


@pytest.mark.parametrize(
    ("before", "now", "share"),
    [
        (A, B, 0.25), (None, B, None), (A, A, None), (B, A, None), (ProcSample(total=1), B, None), (ProcSample(busy=1), B, None), (A, ProcSample(total=2000), None),
        (A, ProcSample(busy=200), None), (A, ProcSample(busy=50, total=1100), 0.0), (A, ProcSample(busy=300, total=1100), 1.0), (ProcSample(busy=0, total=0), ProcSample(busy=0, total=10), 0.0),
        (ProcSample(busy=0, total=0), ProcSample(busy=1, total=1), 1.0),
    ],
)  # fmt: skip
def test_the_share_of_the_cpus_between_two_looks(before: ProcSample | None, now: ProcSample, share: float | None) -> None:
    assert cpu_share(before, now) == share


def test_the_loop_prints_lines_that_are_read_and_ends_with_its_reader(sh: Shell) -> None:
    process = subprocess.Popen([sh.program, "-c", loop_script(0.01)], env={"PATH": sh.path}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(3)]
    process.stdout.close()
    process.wait(timeout=60)
    first, *_, last = (parse_line(line) for line in said if not line.startswith(b"deploy-disk;"))
    assert first is not None
    assert last is not None
    assert first.cpus == os.cpu_count()
    assert first.memory is not None
    assert 0 < first.memory < 1
    assert first.load is not None
    assert first.total is not None
    assert last.total is not None
    assert last.total >= first.total > 0


@pytest.mark.parametrize(("interval", "shown"), [(1.0, "sleep 1 ||"), (0.5, "sleep 0.5 ||"), (30, "sleep 30 ||")])
def test_how_often_the_loop_looks(interval: float, shown: str) -> None:
    assert shown in loop_script(interval)


def test_the_loop_ends_where_a_machine_has_no_such_files(sh: Shell) -> None:
    assert sh.said(loop_script(0.01).replace("/proc/loadavg", f"{sh.folder}/loadavg")) == []


@pytest.mark.parametrize(
    ("said", "share"),
    [("deploy-disk;750;250", 0.75), ("deploy-disk;0;1000\r", 0.0), ("deploy-disk;;", None), ("deploy-disk;0;0", None), ("deploy-disk;x;1", None), ("deploy-disk;1", None),
     ("deploy-sample;1;1", None), ("", None)],
)  # fmt: skip
def test_what_is_said_of_the_disk(said: str, share: float | None) -> None:
    assert parse_disk(said.encode()) == share
