import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.logs.run_log import RunLog
from console.safe_text import SafeText
from tests.examples import examples_on_a_fixture


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


def whole(log: RunLog, host: str, limit: int) -> list[tuple[str, str]]:
    """Read everything back, a page at a time."""
    page = log.page(host, "", limit)
    found = [(line.host, str(line.text)) for line in page.lines]
    for _ in range(1000):
        if not page.before:
            return found
        page = log.page(host, page.before, limit)
        found = [(line.host, str(line.text)) for line in page.lines] + found
    raise AssertionError("it has no beginning")


@pytest.mark.parametrize("limit", [1, 3, 7, 1000])
def test_a_log_is_read_back_to_its_beginning_page_by_page(state, limit):
    log = RunLog(state, "r1")
    for second in range(10):
        for host in ("web01", "web02", ""):
            log.append(host, "s", f"2026-01-01T00:00:{second:02}Z", lines(f"{second} one", "", f"{second} thrée"))
    words = [each for second in range(10) for each in (f"{second} one", "", f"{second} thrée")]
    assert whole(log, "web01", limit) == [("web01", each) for each in words]
    every = whole(log, "", limit)
    assert len(every) == 90
    assert [each for host, each in every if host == "web02"] == words
    assert [each[:1] for _, each in every if each] == sorted(each[:1] for _, each in every if each)


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), max_size=40), max_size=40), st.integers(1, 9), st.integers(4, 50))
@examples_on_a_fixture(40)
def test_no_line_is_lost_wherever_a_block_ends(tmp_path, monkeypatch, texts, limit, block):
    monkeypatch.setattr("console.adapters.logs.log_pages.BLOCK", block)
    tmp_path.chmod(0o700)
    log = RunLog(str(tmp_path), f"r{len(os.listdir(tmp_path / 'logs')) if (tmp_path / 'logs').exists() else 0}")
    log.append("web01", "s", "t", lines(*texts))
    assert [each for _, each in whole(log, "web01", limit)] == [str(text) for text in lines(*texts)]


def test_a_line_without_an_end_is_cut_and_a_missing_log_is_empty(state):
    log = RunLog(state, "r1")
    log.append("web01", "s", "t", lines("first", "x" * 200_000, "last"))
    first, long, last = log.page("web01", "", 10).lines
    assert (first.text, last.text) == ("first", "last")
    assert long.text.startswith("xxx")
    assert len(long.text) < 1 << 17
    assert log.page("web02", "", 10).lines == RunLog(state, "r2").page("", "", 10).lines == ()
