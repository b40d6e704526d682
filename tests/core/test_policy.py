from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.policy import DAYS, assess_branch, assess_closed, assess_freeze, assess_tree, is_closed_word
from console.model.fleet import Freeze
from console.model.release import Revision
from console.text import SafeText

FRIDAY = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)


def revision(branches: tuple[str, ...] = (), tags: tuple[str, ...] = (), uncommitted: int = 0) -> Revision:
    safe = [tuple(map(SafeText, names)) for names in (branches, tags)]
    return Revision("a" * 40, SafeText("v1"), branches=safe[0], tags=safe[1], uncommitted=uncommitted)


def test_a_closed_day_fails_and_says_when_it_opens() -> None:
    check = assess_closed(("fri",), FRIDAY)
    assert (check.id, check.status, check.blocks) == ("closed", "failed", True)
    assert check.detail == "Fri 15:30 UTC is closed (fri)"
    assert check.remedy == "opens Sat 00:00; for a critical fix: --hotfix REASON"


def test_windows_that_follow_each_other_open_after_the_last() -> None:
    check = assess_closed(("fri 12:00-24:00", "sat", "sun", "mon 00:00-06:30"), FRIDAY)
    assert "opens Mon 06:30" in check.remedy


def test_a_week_that_never_opens_names_no_time() -> None:
    assert assess_closed(DAYS, FRIDAY).remedy == "for a critical fix: --hotfix REASON"


def test_the_edges_of_a_window() -> None:
    word = ("fri 12:00-15:30",)
    assert assess_closed(word, FRIDAY.replace(hour=11, minute=59)).status == "passed"
    assert assess_closed(word, FRIDAY.replace(hour=12, minute=0)).status == "failed"
    assert assess_closed(word, FRIDAY.replace(hour=15, minute=29, second=59)).status == "failed"
    assert assess_closed(word, FRIDAY).status == "passed"


def test_the_zone_of_the_environment_decides() -> None:
    late = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
    assert assess_closed(("fri",), late).status == "passed"
    assert assess_closed(("fri",), late.astimezone(ZoneInfo("Europe/Berlin"))).status == "failed"


def test_a_hotfix_goes_through_and_is_marked() -> None:
    check = assess_closed(("fri",), FRIDAY, "payment is down")
    assert check.status == "overridden"
    assert "payment is down" in check.detail
    assert not check.blocks
    assert assess_closed(("fri",), FRIDAY, "  ").status == "failed"


def test_a_hotfix_on_an_open_day_is_no_override() -> None:
    assert assess_closed(("sat",), FRIDAY, "reason").status == "passed"


@pytest.mark.parametrize("word", ["fri", "fri 12:00-24:00", "sun 00:00-00:01"])
def test_words_that_are_understood(word: str) -> None:
    assert is_closed_word(word)


NO_WORDS = [
    "friday", "Fri", "fri 12-24", "fri 24:00-12:00", "fri 12:00-12:00", "fri 12:00-24:01", "fri 12:60-13:00", "", "fri  12:00-13:00",
]  # fmt: skip


@pytest.mark.parametrize("word", NO_WORDS)
def test_words_that_are_not(word: str) -> None:
    assert not is_closed_word(word)


@given(st.lists(st.sampled_from(["mon", "tue 08:00-12:00", "fri", "fri 12:00-24:00", "sun 23:00-24:00"])), st.integers(0, 20_000))
def test_when_it_opens_it_is_open(closed: list[str], minutes: int) -> None:
    moment = FRIDAY + timedelta(minutes=minutes)
    check = assess_closed(tuple(closed), moment)
    assert (check.status == "failed") == any(
        word.startswith(DAYS[moment.weekday()]) and assess_closed((word,), moment).status == "failed" for word in closed
    )


def test_a_branch_or_a_tag_is_enough() -> None:
    assert assess_branch(("main",), (), revision(("main", "topic"))).detail == "on branch main"
    assert assess_branch(("main",), ("v*",), revision(("topic",), ("v1.2",))).detail == "tagged v1.2"
    assert assess_branch(("release/*",), (), revision(("release/7",))).status == "passed"


def test_neither_fails_with_what_was_seen_and_allowed() -> None:
    check = assess_branch(("main", "release/*"), ("v*",), revision(("topic",)))
    assert (check.id, check.status, check.blocks) == ("branch", "failed", True)
    assert check.detail == "seen branch topic, no tag; allowed branches main, release/*, tag v*"
    assert "--override branch=" in check.remedy


def test_any_branch_means_even_none_with_a_warning() -> None:
    check = assess_branch(("*",), ("*",), revision())
    assert (check.status, check.blocks) == ("warning", False)


def test_uncommitted_files_are_pointed_out_and_block_nothing() -> None:
    check = assess_tree(revision(uncommitted=3))
    assert (check.id, check.status, check.blocks) == ("tree", "warning", False)
    assert check.detail == "3 files are not committed and will not be shipped"
    assert assess_tree(revision()).status == "passed"


BERLIN = ZoneInfo("Europe/Berlin")
YEARS_END = Freeze("2026-12-20", "2027-01-03", "year's end")


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        (datetime(2026, 12, 19, 23, 59, tzinfo=BERLIN), "passed"), (datetime(2026, 12, 20, 0, 0, tzinfo=BERLIN), "failed"),
        (datetime(2027, 1, 3, 23, 59, tzinfo=BERLIN), "failed"), (datetime(2027, 1, 4, 0, 0, tzinfo=BERLIN), "passed"),
    ],
)  # fmt: skip
def test_a_freeze_holds_whole_days_of_the_environments_own_zone(moment: datetime, status: str):
    check = assess_freeze((YEARS_END,), moment)
    assert check.status == status
    assert ("year's end" in check.detail) == (status == "failed")
    assert assess_freeze((YEARS_END,), moment, "CVE").status == ("overridden" if status == "failed" else "passed")


def test_a_freeze_may_be_of_moments():
    freeze = Freeze("2026-12-20T12:00:00+00:00", "2026-12-20T14:00:00+00:00")
    assert assess_freeze((freeze,), datetime(2026, 12, 20, 13, 30, tzinfo=BERLIN)).status == "failed"
    assert assess_freeze((freeze,), datetime(2026, 12, 20, 15, 0, tzinfo=BERLIN)).status == "passed"
    assert "2026-12-20 12:00" in assess_freeze((freeze,), datetime(2026, 12, 1, tzinfo=BERLIN)).detail
