import os

import pytest

from console.adapters.runlog import RunLog
from console.text import SafeText


@pytest.fixture
def state(tmp_path):
    tmp_path.chmod(0o700)
    return str(tmp_path)


def lines(*texts):
    return [SafeText(text) for text in texts]


def test_lines_are_kept_with_time_and_step_and_read_back_from_the_end(state):
    log = RunLog(state, "r1")
    log.append("web01", "wave-1/web01/switch", "2026-01-01T00:00:00Z", lines("one", "two"))
    log.append("web01", "wave-1/web01/restart", "2026-01-01T00:00:01Z", lines("thrée"))
    assert log.tail("web01", 2) == (
        "2026-01-01T00:00:00Z wave-1/web01/switch two",
        "2026-01-01T00:00:01Z wave-1/web01/restart thrée",
    )
    assert log.tail("web01", 0) == log.tail("web02") == ()
    assert log.hosts() == ("web01",)
    assert os.stat(log.path("web01")).st_mode & 0o777 == 0o600


def test_a_hosts_log_has_an_end(state):
    log = RunLog(state, "r1", cap=1000)
    for _ in range(100):
        log.append("web01", "s", "t", lines("x" * 50))
    assert os.stat(log.path("web01")).st_size < 1100
    assert "cut here" in log.tail("web01")[-1]
    assert all(line.endswith("x" * 50) for line in log.tail("web01")[:-1])
    again = RunLog(state, "r1", cap=1000)
    again.append("web01", "s", "t", lines("more"))
    assert "more" not in log.tail("web01")[-1]


def test_no_name_leaves_the_folder(state):
    log = RunLog(state, "../../r1")
    log.append("../../../etc/passwd", "s", "t", lines("x"))
    assert os.path.dirname(log.path("../../../etc/passwd")) == os.path.join(state, "logs", "%2e.%2f..%2fr1")
    assert os.listdir(os.path.join(state, "logs")) == ["%2e.%2f..%2fr1"]
    dots = RunLog(state, "..")
    dots.append("a", "s", "t", lines("x"))
    assert not os.path.exists(os.path.join(state, "a.log"))


def test_a_disk_that_takes_nothing_stops_nothing(state):
    log = RunLog(state, "r1")
    os.makedirs(log.path("web01"))
    log.append("web01", "s", "t", lines("x"))
    assert "web01.log" in log.problem
    log.append("web02", "s", "t", lines("x"))
    assert log.problem == ""
