"""Lines of a host's /proc, as numbers."""

from hypothesis import given
from hypothesis import strategies as st

from console.core.host.procfs import ProcSample, cpu_share, parse_line

LINE = (
    b"deploy-sample;8;cpu  100 5 45 800 50 0 10 0 7 0;0.42 0.84 0.39 1/119 32588;"
    b"MemTotal:       24684084 kB;MemFree:        1000 kB;MemAvailable:   18513063 kB\n"
)


def test_a_line_is_read_whole() -> None:
    look = parse_line(LINE)
    assert look is not None
    assert (look.cpus, look.busy, look.total, look.load) == (8, 160, 1010, 0.42)
    assert look.memory is not None
    assert round(look.memory, 6) == 0.25


def test_other_output_is_no_sample() -> None:
    for line in (b"", b"Welcome to web01!", b"deploy-sample;1;2", LINE.replace(b"deploy-sample", b"sample"), b"\xff" * 50):
        assert parse_line(line) is None


def test_what_a_machine_does_not_say_is_none_and_the_rest_stays() -> None:
    look = parse_line(b"deploy-sample;0;cpu x;;MemTotal: 5 kB;MemFree: 1 kB;Buffers: 3 kB")
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


@given(st.lists(st.text(alphabet="0123456789. -kBcpuMemTotal:Available;²٣", max_size=25), min_size=6, max_size=6))
def test_shares_are_shares_whatever_stands_there(parts: list[str]) -> None:
    look = parse_line(("deploy-sample;" + ";".join(parts)).encode())
    if look is not None:
        assert look.memory is None or 0 <= look.memory <= 1
        assert look.busy is None or (look.total is not None and 0 <= look.busy <= look.total)


@given(*[st.integers(0, 10**12)] * 4)
def test_a_cpu_share_is_a_share(busy: int, total: int, later_busy: int, later_total: int) -> None:
    share = cpu_share(ProcSample(busy=busy, total=total), ProcSample(busy=later_busy, total=later_total))
    assert share is None or 0 <= share <= 1
