"""Logs are written by a thread of their own: in order, without waiting for a disk, and with a mark where one cannot keep up."""

import os
import threading

import pytest

from console.adapters.logs.log_writer import LogWriter
from console.adapters.logs.run_log import OPEN, RunLog
from console.adapters.logs.sample_log import SampleLog
from console.adapters.statefolder import prepared
from console.ports.feed import Output, Sample
from console.safe_text import SafeText


@pytest.fixture
def state(tmp_path) -> str:
    prepared(str(tmp_path / "state"))
    return str(tmp_path / "state")


def line(host: str, number: int) -> Output:
    return Output(f"2026-01-01T00:00:00.{number % 1000:03}Z", host, "switch", SafeText(f"line {number}"))


def texts(state: str, run: str, host: str) -> list[str]:
    return [line.rpartition("switch ")[2] for line in RunLog(state, run).tail(host, 100_000)]


def test_every_line_is_written_once_and_in_order_and_samples_beside_them(state):
    writer = LogWriter(state)
    hosts = [f"web{number:03}" for number in range(OPEN + 20)]
    for number in range(5):
        for host in hosts:
            writer.keep("r1", line(host, number))
    for number in range(3):
        writer.keep(f"r{number}", line("", number))
        writer.keep("r1", Sample("web001", 0.0, 0.5))
    writer.close()
    assert {host: texts(state, "r1", host) for host in hosts} == {host: [f"line {number}" for number in range(5)] for host in hosts}
    assert [texts(state, f"r{number}", "console") for number in range(3)] == [["line 0"], ["line 1"], ["line 2"]]
    assert len(SampleLog(state, "r1").page("", 10).samples) == 3


def test_a_file_is_not_opened_for_each_line(state, monkeypatch):
    opened, really = [], os.open

    def counting(path, *words, **more):
        opened.append(str(path))
        return really(path, *words, **more)

    monkeypatch.setattr("console.adapters.logs.run_log.os.open", counting)
    writer = LogWriter(state)
    for number in range(2000):
        writer.keep("r1", line(f"web0{number % 2}", number))
    writer.close()
    assert sorted(os.path.basename(path) for path in opened if path.endswith(".log")) == ["web00.log", "web01.log"]


def test_where_a_disk_cannot_keep_up_lines_are_left_out_and_counted(state, monkeypatch):
    goes_on, is_held = threading.Event(), threading.Event()
    really = RunLog.write

    def held(self, host, lines):
        is_held.set()
        goes_on.wait(60)
        really(self, host, lines)

    monkeypatch.setattr(RunLog, "write", held)
    writer = LogWriter(state, bound=10)
    writer.keep("r1", line("web01", 0))
    assert is_held.wait(60)
    for number in range(1, 16):
        writer.keep("r1", line("web01", number))
    goes_on.set()
    writer.close()
    found = texts(state, "r1", "web01")
    assert found[:11] == [f"line {number}" for number in range(11)]
    assert found[11:] == [found[-1]]
    assert "5 lines are not kept here" in found[-1]


def test_a_disk_that_takes_nothing_stops_nobody(state):
    writer = LogWriter(state)
    os.makedirs(RunLog(state, "r1").path("web01"))
    writer.keep("r1", line("web01", 1))
    writer.keep("r1", line("web02", 2))
    writer.close()
    assert texts(state, "r1", "web02") == ["line 2"]
