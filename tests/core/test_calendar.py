"""What the calendar allows: closed times of the week, and freezes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.calendar import DAYS, assess_closed, assess_freeze, is_closed_word
from console.model.configured_environment import Freeze

FRIDAY = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)


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
    "friday",
    "Fri",
    "fri 12-24",
    "fri 24:00-12:00",
    "fri 12:00-12:00",
    "fri 12:00-24:01",
    "fri 12:60-13:00",
    "",
    "fri  12:00-13:00",
]


@pytest.mark.parametrize("word", NO_WORDS)
def test_words_that_are_not(word: str) -> None:
    assert not is_closed_word(word)


@given(st.lists(st.sampled_from(["mon", "tue 08:00-12:00", "fri", "fri 12:00-24:00", "sun 23:00-24:00"])), st.integers(0, 20_000))
def test_when_it_opens_it_is_open(closed: list[str], minutes: int) -> None:
    moment = FRIDAY + timedelta(minutes=minutes)
    check = assess_closed(tuple(closed), moment)
    assert (check.status == "failed") == any(word.startswith(DAYS[moment.weekday()]) and assess_closed((word,), moment).status == "failed" for word in closed)


BERLIN = ZoneInfo("Europe/Berlin")
YEARS_END = Freeze("2026-12-20", "2027-01-03", "year's end")


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        (datetime(2026, 12, 19, 23, 59, tzinfo=BERLIN), "passed"),
        (datetime(2026, 12, 20, 0, 0, tzinfo=BERLIN), "failed"),
        (datetime(2027, 1, 3, 23, 59, tzinfo=BERLIN), "failed"),
        (datetime(2027, 1, 4, 0, 0, tzinfo=BERLIN), "passed"),
    ],
)
def test_a_freeze_holds_whole_days_of_the_environments_own_zone(moment: datetime, status: str):
    check = assess_freeze((YEARS_END,), moment)
    assert check.status == status
    assert ("year's end" in check.detail) == (status == "failed")
    assert assess_freeze((YEARS_END,), moment, "CVE").status == ("overridden" if status == "failed" else "passed")


def test_a_freeze_may_be_of_moments():
    freeze = Freeze("2026-12-20T12:00:00+00:00", "2026-12-20T14:00:00+00:00")
    assert assess_freeze((freeze,), datetime(2026, 12, 20, 13, 30, tzinfo=BERLIN)).status == "failed"
    assert assess_freeze((freeze,), datetime(2026, 12, 20, 15, 0, tzinfo=BERLIN)).status == "passed"
    assert assess_freeze((freeze,), datetime(2026, 12, 20, 12, 59, tzinfo=BERLIN)).status == "passed"
    assert assess_freeze((freeze,), datetime(2026, 12, 20, 14, 59, tzinfo=BERLIN)).status == "failed"
    assert "2026-12-20 12:00" in assess_freeze((freeze,), datetime(2026, 12, 1, tzinfo=BERLIN)).detail


OPEN, CLOSED = "passed", "failed"
REMEDY = "for a critical fix: --hotfix REASON"
CALENDAR = [
    ("no closed time at all", (), FRIDAY, "", (OPEN, "Fri 15:30 UTC is open", "")),
    ("another day", ("sat",), FRIDAY, "", (OPEN, "Fri 15:30 UTC is open", "")),
    ("the day", ("fri",), FRIDAY, "", (CLOSED, "Fri 15:30 UTC is closed (fri)", f"opens Sat 00:00; {REMEDY}")),
    ("a window of the day", ("fri 12:00-16:00",), FRIDAY, "", (CLOSED, "Fri 15:30 UTC is closed (fri 12:00-16:00)", f"opens Fri 16:00; {REMEDY}")),
    ("an earlier window", ("fri 12:00-15:00",), FRIDAY, "", (OPEN, "Fri 15:30 UTC is open", "")),
    ("the first of two that hold", ("fri 15:00-16:00", "fri"), FRIDAY, "", (CLOSED, "Fri 15:30 UTC is closed (fri 15:00-16:00)", f"opens Sat 00:00; {REMEDY}")),
    (
        "windows that overlap",
        ("fri 15:00-16:00", "fri 15:45-17:20"),
        FRIDAY,
        "",
        (CLOSED, "Fri 15:30 UTC is closed (fri 15:00-16:00)", f"opens Fri 17:20; {REMEDY}"),
    ),
    ("a week that opens on its last day", DAYS[:3] + DAYS[4:], FRIDAY, "", (CLOSED, "Fri 15:30 UTC is closed (fri)", f"opens Thu 00:00; {REMEDY}")),
    (
        "a week that opens for a minute",
        (*DAYS[:4], "fri 00:00-15:29", "fri 15:30-24:00", *DAYS[5:]),
        FRIDAY,
        "",
        (CLOSED, "Fri 15:30 UTC is closed (fri 15:30-24:00)", f"opens Fri 15:29; {REMEDY}"),
    ),
    ("a word that nobody understands", ("friday",), FRIDAY, "", (OPEN, "Fri 15:30 UTC is open", "")),
    ("a time without a zone", ("fri",), FRIDAY.replace(tzinfo=None), "", (CLOSED, "Fri 15:30 is closed (fri)", f"opens Sat 00:00; {REMEDY}")),
    (
        "seconds before it opens",
        ("fri 12:00-15:31",),
        FRIDAY.replace(second=59),
        "",
        (CLOSED, "Fri 15:30 UTC is closed (fri 12:00-15:31)", f"opens Fri 15:31; {REMEDY}"),
    ),
    ("a hotfix", ("fri",), FRIDAY, " payment is down ", ("overridden", "Fri 15:30 UTC is closed (fri); hotfix: payment is down", "")),
    ("an empty hotfix", ("fri",), FRIDAY, "  ", (CLOSED, "Fri 15:30 UTC is closed (fri)", f"opens Sat 00:00; {REMEDY}")),
    ("a hotfix on an open day", ("sat",), FRIDAY, "payment is down", (OPEN, "Fri 15:30 UTC is open", "")),
]


@pytest.mark.parametrize(("closed", "moment", "hotfix", "found"), [pytest.param(*row[1:], id=row[0]) for row in CALENDAR])
def test_a_verdict_on_the_time(closed: tuple[str, ...], moment: datetime, hotfix: str, found: tuple[str, str, str]) -> None:
    check = assess_closed(closed, moment, hotfix)
    assert (check.id, check.title, check.blocking) == ("closed", "No closed time", True)
    assert (check.status, str(check.detail), str(check.remedy)) == found


@pytest.mark.parametrize("number", range(7))
def test_each_day_has_its_word(number: int) -> None:
    monday = datetime(2026, 11, 23, 12, 0, tzinfo=UTC) + timedelta(days=number)
    assert [day for day in DAYS if assess_closed((day,), monday).status == CLOSED] == [("mon", "tue", "wed", "thu", "fri", "sat", "sun")[number]]
    assert assess_closed((), monday).detail.startswith(DAYS[number].capitalize())


WINDOWS = [
    ("fri 00:00-24:00", True),
    ("fri 00:00-00:01", True),
    ("fri 23:59-24:00", True),
    ("fri 23:60-24:00", False),
    ("fri 00:00-12:60", False),
    ("fri 12:59-13:00", True),
    ("fri 12:60-14:00", False),
    ("fri 24:00-24:00", False),
    ("fri 12:00-24:01", False),
    ("fri 13:00-12:00", False),
    ("fri 12:00-12:00", False),
    ("fri 12:00-12:01", True),
    ("fri 1:00-2:00", False),
    ("mon,tue", False),
    (" fri", False),
    ("fri ", False),
    ("FRI", False),
    ("fri 12:00", False),
]


@pytest.mark.parametrize(("word", "understood"), WINDOWS)
def test_a_window_is_two_times_of_one_day(word: str, understood: bool) -> None:
    assert is_closed_word(word) is understood


@given(st.integers(0, 23), st.integers(0, 59), st.integers(1, 1440), st.integers(0, 1439))
def test_a_window_closes_its_minutes_and_no_other(hour: int, minute: int, length: int, now: int) -> None:
    start = hour * 60 + minute
    end = min(start + length, 1440)
    word = f"fri {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    assert is_closed_word(word)
    moment = FRIDAY.replace(hour=now // 60, minute=now % 60)
    assert (assess_closed((word,), moment).status == CLOSED) == (start <= now < end)


@given(st.lists(st.sampled_from([*DAYS, "tue 08:00-12:00", "fri 12:00-24:00", "sun 23:00-24:00", "mon 00:00-00:01"])), st.integers(0, 10_079))
def test_it_opens_when_it_says_and_not_before(closed: list[str], minutes: int) -> None:
    moment = FRIDAY + timedelta(minutes=minutes)
    check = assess_closed(tuple(closed), moment)
    if check.status == OPEN or not check.remedy.startswith("opens"):
        return
    day, time = check.remedy.split(";")[0].split(" ")[1:]
    opens = next(later for step in range(1, 8 * 1440) if f"{(later := moment + timedelta(minutes=step)):%a %H:%M}" == f"{day} {time}")
    assert assess_closed(tuple(closed), opens).status == OPEN
    assert all(
        assess_closed(tuple(closed), moment + timedelta(minutes=step)).status == CLOSED for step in range(0, int((opens - moment).total_seconds() // 60), 29)
    )


FROZEN = "for a critical fix: --hotfix REASON, or --override freeze=REASON"
NOON = datetime(2026, 12, 24, 12, 0, tzinfo=UTC)
FREEZES = [
    ("none", (), NOON, "", (OPEN, "", "")),
    ("one that is over", (Freeze("2026-12-01", "2026-12-02", "sale"),), NOON, "", (OPEN, "", "")),
    ("one that is to come", (Freeze("2026-12-25", "2026-12-26"),), NOON, "", (OPEN, "the next one begins 2026-12-25 00:00", "")),
    (
        "two that are to come",
        (Freeze("2026-12-30", "2026-12-31"), Freeze("2026-12-25", "2026-12-26")),
        NOON,
        "",
        (OPEN, "the next one begins 2026-12-25 00:00", ""),
    ),
    ("one that holds", (Freeze("2026-12-24", "2026-12-24"),), NOON, "", (CLOSED, "frozen from 2026-12-24 to 2026-12-24", FROZEN)),
    ("one that holds and says why", (YEARS_END,), NOON, "", (CLOSED, "frozen from 2026-12-20 to 2027-01-03: year's end", FROZEN)),
    (
        "the first of two that hold",
        (Freeze("2026-12-24", "2026-12-24", "eve"), YEARS_END),
        NOON,
        "",
        (CLOSED, "frozen from 2026-12-24 to 2026-12-24: eve", FROZEN),
    ),
    ("one with a hotfix", (YEARS_END,), NOON, " CVE ", ("overridden", "frozen from 2026-12-20 to 2027-01-03: year's end; hotfix: CVE", "")),
    ("one with an empty hotfix", (YEARS_END,), NOON, " ", (CLOSED, "frozen from 2026-12-20 to 2027-01-03: year's end", FROZEN)),
    (
        "a moment before it begins",
        (Freeze("2026-12-24T12:00:01+00:00", "2026-12-25T00:00:00+00:00"),),
        NOON,
        "",
        (OPEN, "the next one begins 2026-12-24 12:00", ""),
    ),
    (
        "the moment that it begins",
        (Freeze("2026-12-24T12:00:00+00:00", "2026-12-25T00:00:00+00:00"),),
        NOON,
        "",
        (CLOSED, "frozen from 2026-12-24T12:00:00+00:00 to 2026-12-25T00:00:00+00:00", FROZEN),
    ),
    ("the moment that it ends", (Freeze("2026-12-24T11:00:00+00:00", "2026-12-24T12:00:00+00:00"),), NOON, "", (OPEN, "", "")),
    (
        "moments without a zone are the environment's",
        (Freeze("2026-12-24T11:00:00", "2026-12-24T12:00:01"),),
        NOON,
        "",
        (CLOSED, "frozen from 2026-12-24T11:00:00 to 2026-12-24T12:00:01", FROZEN),
    ),
]


@pytest.mark.parametrize(("freezes", "moment", "hotfix", "found"), [pytest.param(*row[1:], id=row[0]) for row in FREEZES])
def test_a_verdict_on_the_freezes(freezes: tuple[Freeze, ...], moment: datetime, hotfix: str, found: tuple[str, str, str]) -> None:
    check = assess_freeze(freezes, moment, hotfix)
    assert (check.id, check.title, check.blocking) == ("freeze", "No freeze", True)
    assert (check.status, str(check.detail), str(check.remedy)) == found
