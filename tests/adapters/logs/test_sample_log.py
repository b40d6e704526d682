"""The numbers that are kept of a run."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.logs.sample_log import SampleLog
from console.adapters.statefolder import prepared
from console.ports.feed import Sample
from tests.examples import examples_on_a_fixture

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def state(tmp_path) -> str:
    prepared(str(tmp_path / "state"))
    return str(tmp_path / "state")


def kept(log: SampleLog, after: str = "", limit: int = 7) -> list[Sample]:
    found: list[Sample] = []
    page = log.page(after, limit)
    while page.samples:
        assert len(page.samples) <= limit
        found += page.samples
        page = log.page(page.after, limit)
    return found


shares = st.one_of(st.none(), st.floats(0, 1))
looks = st.lists(st.tuples(st.sampled_from(["web01", "web 02/é"]), shares, shares, st.one_of(st.none(), st.floats(0, 500))), max_size=40)


@given(looks, st.integers(0, 40))
@examples_on_a_fixture(40)
def test_what_is_kept_comes_back_from_any_moment_on(tmp_path, came, since):
    state = str(tmp_path / "state")
    prepared(state)
    log = SampleLog(state, f"r{len(os.listdir(os.path.join(state, 'logs')))}")
    for second, (host, cpu, memory, load) in enumerate(came):
        log.append(Sample(host, 0.0, cpu, memory, load), START + timedelta(seconds=second))
    log.flush()
    found = kept(log, f"@{(START + timedelta(seconds=since)).isoformat()}")
    assert [one.host for one in found] == [host for host, *_ in came[since + 1 :]]
    for one, (second, (_, cpu, memory, load)) in zip(found, list(enumerate(came))[since + 1 :], strict=True):
        assert one.at == (START + timedelta(seconds=second)).timestamp()
        for value, was in zip((one.cpu, one.memory, one.load), (cpu, memory, load), strict=True):
            assert value == pytest.approx(was, rel=1e-3)


def test_every_source_is_kept_with_its_counts_its_gaps_and_the_environment_as_a_whole(state):
    log = SampleLog(state, "r1")
    came = [
        Sample("web01", 0.0, 0.5, 0.25, 1.0, {"disk": 0.75, "net_in": None}),
        Sample("web01", 0.0, extra={"error_rate": 0.05}, source="balancer", counts={"error_rate": (200, 10)}),
        Sample("", 0.0, extra={"queue": 3.0, "check:Web app=1": None}, source="prometheus"),
    ]
    for sample in came:
        log.append(sample, START)
    log.flush()
    assert [replace(one, at=0.0) for one in kept(log)] == came


def test_lines_of_an_older_console_are_read(state):
    log = SampleLog(state, "r1")
    log.append(Sample("web01", 0.0, 0.5), START)
    log.flush()
    with open(log.path, "ab") as file:
        file.write(b"2026-11-24T12:00:01Z web01 0.5 - 1.5\n2026-11-24T12:00:02Z web01\nrubbish\n2026-11-24T12:00:03Z web01 0.5 - x=y\n")
    assert [(one.cpu, one.memory, one.load) for one in kept(log)] == [(0.5, None, None), (0.5, None, 1.5)]


def test_it_is_written_once_a_second_private_and_capped(state):
    log = SampleLog(state, "r1", cap=400)
    log.append(Sample("web01", 0.0, 0.5), START)
    assert not os.path.exists(log.path)
    for second in range(1, 30):
        log.append(Sample("web01", 0.0, 0.5), START + timedelta(seconds=second))
    log.flush()
    assert 300 < os.path.getsize(log.path) <= 400
    assert os.stat(log.path).st_mode & 0o077 == 0
    assert all(one.cpu == 0.5 for one in kept(log))


def test_what_cannot_be_written_or_read_stops_nothing(state):
    log = SampleLog(state, "r1")
    os.makedirs(log.path)
    log.append(Sample("web01", 0.0, 0.5), START)
    log.flush()
    assert kept(log) == kept(SampleLog(state, "r2")) == []


def test_other_metrics_and_those_of_the_environment_as_a_whole_come_back(state):
    log = SampleLog(state, "r1")
    kept = [
        Sample("web01", 0.0, 0.5, None, 1.0, {"error_rate": 0.0125, "jobs = now": None}), Sample("", 0.0, extra={"queue": 17.0}, source="prometheus"),
        Sample("web02", 0.0, source="application"),
    ]  # fmt: skip
    for sample in kept:
        log.append(sample, START)
    log.flush()
    found = log.page("", 10).samples
    assert [(one.host, one.cpu, one.memory, one.load, dict(one.extra)) for one in found] == [
        ("web01", 0.5, None, 1.0, {"error_rate": 0.0125, "jobs = now": None}), ("", None, None, None, {"queue": 17.0}),
    ]  # fmt: skip
