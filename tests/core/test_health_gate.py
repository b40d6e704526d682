"""A gate's verdict, from made-up observations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.health_gate import GateEnd, GateState, Observation, counted, judge, needed, next_patience, next_wait
from console.model.configured_checks import HealthCheck
from console.safe_text import SafeText

CHECK = HealthCheck("Web app", "http", passes=3, deadline=10.0, interval=1.0, timeout=5.0)
KINDS = st.sampled_from(["ok", "bad", "error"])


def gate(kinds: str | list[str], check: HealthCheck = CHECK, step: float = 1.0) -> GateEnd | GateState:
    """Run observations by their first letters, `step` seconds apart."""
    names = {"o": "ok", "b": "bad", "e": "error"}
    state: GateState | GateEnd = GateState()
    for number, kind in enumerate(kinds, 1):
        if isinstance(state, GateEnd):
            break
        name = names[kind[0]]
        state = judge(check, state, Observation(name, SafeText(f"{name} {number}")), number * step)
    return state


def verdict(kinds: str) -> GateEnd:
    found = gate(kinds)
    assert isinstance(found, GateEnd)
    return found


def test_so_many_in_a_row_pass_and_the_numbers_are_kept() -> None:
    assert verdict("booboboooo") == GateEnd("passed", 3, 3, 9.0, SafeText("ok 9"))


def test_a_wrong_answer_starts_the_row_again() -> None:
    assert gate("oob") == GateState(passes=0, tries=3, wrong=1, seen=SafeText("bad 3"), wrong_seen=SafeText("bad 3"))


def test_what_could_not_be_measured_is_no_pass_in_a_row_either() -> None:
    assert isinstance(gate("ooeo"), GateState)


def test_wrong_answers_until_the_deadline_fail() -> None:
    assert verdict("b" * 10) == GateEnd("failed", 0, 3, 10.0, SafeText("bad 10"))


def test_a_failure_shows_the_wrong_answer_and_not_the_lost_link_after_it() -> None:
    found = verdict("bbbbbbbbbe")
    assert (found.verdict, found.seen) == ("failed", "bad 9")


def test_wrong_once_and_then_not_to_be_measured_is_no_failure_and_says_both() -> None:
    found = verdict("b" + "e" * 9)
    assert (found.verdict, found.seen) == ("error", "error 10; before that: bad 1")
    assert verdict("e" * 9 + "b").verdict == "failed"


def test_a_machine_that_stood_still_is_not_held_against_the_host() -> None:
    assert counted(40.0, 5.0) == 5.0
    assert counted(7.0, 5.0) == 7.0


def test_a_host_that_was_never_asked_is_an_error_and_not_a_failure() -> None:
    assert verdict("e" * 10).verdict == "error"


def test_right_answers_before_a_lost_link_do_not_make_it_a_failure() -> None:
    assert verdict("ooeoeeeeee").verdict == "error"


def test_too_slow_to_pass_in_time_is_a_failure() -> None:
    found = gate("oo", step=6.0)
    assert isinstance(found, GateEnd)
    assert (found.verdict, found.passes) == ("failed", 2)


def test_a_pass_that_comes_at_the_deadline_counts() -> None:
    assert verdict("bbbbbbbooo").verdict == "passed"


@given(st.lists(KINDS, max_size=40), st.integers(0, 5))
def test_passed_means_that_the_last_ones_were_all_right(kinds: list[str], passes: int) -> None:
    check = HealthCheck("x", "tcp", passes=passes, deadline=20.0)
    found = gate(kinds, check)
    row = max(1, passes)
    ended = next((end for end in range(row, min(len(kinds), 20) + 1) if kinds[end - row : end] == ["ok"] * row), None)
    assert (isinstance(found, GateEnd) and found.verdict == "passed") == (ended is not None)
    if ended is not None and isinstance(found, GateEnd):
        assert (found.seconds, found.passes) == (ended, row)


@given(st.lists(KINDS, min_size=20, max_size=40))
def test_every_gate_ends_by_its_deadline_and_never_fails_without_a_wrong_answer_or_time_running_out(kinds: list[str]) -> None:
    found = gate(kinds, HealthCheck("x", "tcp", passes=3, deadline=20.0))
    assert isinstance(found, GateEnd)
    assert found.seconds <= 20
    if found.verdict == "failed":
        assert "bad" in kinds[:20] or "error" not in kinds[:20]
    if found.verdict == "error":
        assert "bad" not in kinds[:20] or kinds[17:20] == ["error"] * 3


@given(st.floats(0, 500), st.floats(0, 20))
def test_waits_and_patience_stay_within_the_deadline(elapsed: float, spent: float) -> None:
    assert 0 <= next_wait(CHECK, elapsed, spent) <= CHECK.interval
    assert elapsed + next_wait(CHECK, elapsed, spent) <= max(elapsed, CHECK.deadline)
    assert 0 < next_patience(CHECK, elapsed) <= CHECK.timeout


JUDGED = [
    ("a lost link at the end, once, after wrong answers", "bbbbbbbbbe", GateEnd("failed", 0, 3, 10.0, SafeText("bad 9"))),
    ("links lost for as long as a pass would take", "bbbbbbbeee", GateEnd("error", 0, 3, 10.0, SafeText("error 10; before that: bad 7"))),
    ("links lost for one try less than a pass would take", "bbbbbbbbee", GateEnd("failed", 0, 3, 10.0, SafeText("bad 8"))),
    ("a lost link and no wrong answer", "ooeooeooee", GateEnd("error", 0, 3, 10.0, SafeText("error 10"))),
    ("right again too late, after a lost link", "eooeooeooe", GateEnd("error", 0, 3, 10.0, SafeText("error 10"))),
    ("right answers that come one try too late", "bbbbbbbboo", GateEnd("failed", 2, 3, 10.0, SafeText("bad 8"))),
    ("a pass in the first tries", "ooo", GateEnd("passed", 3, 3, 3.0, SafeText("ok 3"))),
]


@pytest.mark.parametrize(("kinds", "end"), [pytest.param(*row[1:], id=row[0]) for row in JUDGED])
def test_a_gate_ends_with_the_numbers_it_was_judged_by(kinds: str, end: GateEnd) -> None:
    assert gate(kinds) == end


@pytest.mark.parametrize(
    ("passes", "kinds", "end"), [(1, "b" * 8 + "ee", "error"), (1, "b" * 9 + "e", "failed"), (2, "b" * 8 + "ee", "error"), (4, "b" * 7 + "eee", "failed")]
)
def test_at_least_two_links_are_lost_in_a_row_before_wrong_answers_count_no_more(passes: int, kinds: str, end: str) -> None:
    found = gate(kinds, HealthCheck("x", "tcp", passes=passes, deadline=10.0))
    assert isinstance(found, GateEnd)
    assert (found.verdict, found.needed) == (end, passes)


def test_a_state_counts_what_it_has_seen() -> None:
    assert gate("obeeo") == GateState(passes=1, tries=5, wrong=1, unmeasured=2, blind=0, seen=SafeText("ok 5"), wrong_seen=SafeText("bad 2"))
    assert gate("obee") == GateState(passes=0, tries=4, wrong=1, unmeasured=2, blind=2, seen=SafeText("error 4"), wrong_seen=SafeText("bad 2"))


@pytest.mark.parametrize(("passes", "row"), [(-1, 1), (0, 1), (1, 1), (2, 2), (9, 9)])
def test_at_least_one_right_answer_passes(passes: int, row: int) -> None:
    assert needed(HealthCheck("x", "tcp", passes=passes)) == row


@pytest.mark.parametrize(("took", "allowed", "seconds"), [(9.0, 5.0, 9.0), (10.0, 5.0, 10.0), (10.1, 5.0, 5.0), (0.0, 5.0, 0.0), (500.0, 5.0, 5.0)])
def test_so_many_seconds_are_held_against_the_host(took: float, allowed: float, seconds: float) -> None:
    assert counted(took, allowed) == seconds


@pytest.mark.parametrize(
    ("elapsed", "spent", "wait"), [(2.0, 0.2, 0.8), (2.0, 0.0, 1.0), (2.0, 1.0, 0.0), (2.0, 7.0, 0.0), (9.5, 0.0, 0.5), (10.0, 0.0, 0.0), (11.0, 0.0, 0.0)]
)
def test_tries_begin_an_interval_apart(elapsed: float, spent: float, wait: float) -> None:
    assert next_wait(CHECK, elapsed, spent) == pytest.approx(wait)


@pytest.mark.parametrize(("elapsed", "patience"), [(0.0, 5.0), (5.0, 5.0), (5.5, 4.5), (9.5, 0.5), (9.95, 0.1), (10.0, 0.1), (20.0, 0.1)])
def test_a_try_has_its_time_out_or_what_is_left(elapsed: float, patience: float) -> None:
    assert next_patience(CHECK, elapsed) == pytest.approx(patience)
