"""A run's log read back and on: by pages or from a moment, every line comes once, in its order."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.logs.run_log import RunLog
from console.adapters.statefolder import prepared
from console.safe_text import SafeText
from tests.examples import examples_on_a_fixture


def at(second: int) -> str:
    return f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000Z"


def a_log(folder: str, *printed: tuple[str, int]) -> RunLog:
    """A log of lines that are numbered: (host, second), as they were printed."""
    prepared(folder)
    log = RunLog(folder, f"r{len(os.listdir(os.path.join(folder, 'logs')))}")
    for number, (host, second) in enumerate(printed):
        log.append(host, "step", at(second), [SafeText(f"{number} {'x' * (number % 50)}")])
    return log


def numbers(lines) -> list[int]:
    return [int(line.text.split()[0]) for line in lines]


hosts = st.sampled_from(["web01", "web02", "dätabase", ""])
printing = st.lists(st.tuples(hosts, st.integers(0, 3)), max_size=60).map(
    lambda each: [(host, sum(step for _, step in each[: index + 1])) for index, (host, _) in enumerate(each)]
)


@given(printing, st.integers(1, 9), st.integers(4, 200), st.integers(0, 200))
@examples_on_a_fixture(60)
def test_what_is_before_a_moment_and_what_is_after_it_are_the_whole(tmp_path, monkeypatch, printed, limit, block, second):
    monkeypatch.setattr("console.adapters.logs.log_pages.BLOCK", block)
    tmp_path.chmod(0o700)
    log = a_log(str(tmp_path), *printed)
    page, before = log.page("", f"@{at(second)}", limit), []
    for _ in range(200):
        before = [*page.lines, *before]
        if not page.before:
            break
        page = log.page("", page.before, limit)
    page, after = log.page_on("", f"@{at(second)}", limit), []
    while page.lines:
        after += page.lines
        page = log.page_on("", page.after, limit)
    assert sorted(numbers(before)) == [number for number, (_, then) in enumerate(printed) if then <= second]
    assert sorted(numbers(after)) == [number for number, (_, then) in enumerate(printed) if then > second]
    assert [line.at for line in (*before, *after)] == sorted(line.at for line in (*before, *after))


def test_a_page_is_found_again_from_either_end(tmp_path):
    log = a_log(str(tmp_path / "state"), *(("web01" if number % 3 else "web02", number) for number in range(100)))
    newest = log.page("", "", 10)
    older = log.page("", newest.before, 10)
    assert numbers(log.page_on("", older.after, 10).lines) == numbers(newest.lines) == list(range(90, 100))
    assert numbers(log.page_on("", "", 5).lines) == [0, 1, 2, 3, 4]


def test_a_file_that_grows_meanwhile_moves_no_place(tmp_path):
    log = a_log(str(tmp_path / "state"), *(("web01", number) for number in range(10)), ("web02", 3))
    page = log.page("", "", 2)
    log.append("web02", "step", at(70), [SafeText("11 late")])
    log.append("web03", "step", at(71), [SafeText("12 new host")])
    assert 11 not in numbers(log.page("", page.before, 100).lines)
    assert numbers(log.page_on("", page.after, 100).lines) == [11, 12]


@pytest.mark.parametrize("place", ["web01=99999", "@no moment", "gone=3"])
def test_a_place_that_is_not_there_gives_what_there_is(tmp_path, place):
    log = a_log(str(tmp_path / "state"), ("web01", 1), ("web01", 2))
    assert len(log.page("", place, 10).lines) + len(log.page_on("", place, 10).lines) == 2


def test_a_line_that_is_being_written_is_not_read_yet(tmp_path):
    log = a_log(str(tmp_path / "state"), ("web01", 1))
    with open(log.path("web01"), "ab") as file:
        file.write(at(2).encode() + b" step 1 half a l")
    page = log.page_on("", "", 10)
    assert numbers(page.lines) == [0]
    with open(log.path("web01"), "ab") as file:
        file.write(b"ine\n")
    assert [str(line.text) for line in log.page_on("", page.after, 10).lines] == ["1 half a line"]
