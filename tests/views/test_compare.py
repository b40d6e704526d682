"""Two runs side by side: nothing is wider than its room, the parts are the whole, what differs is marked and what does not is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model import events as ev
from console.model.checks import Check
from console.safe_text import SafeText
from console.views.recording import times_of
from console.views.run_comparison import ComparedSide, compare_head, compare_lines, parts_of, side_of
from console.views.styled_text import text, width
from tests.examples import examples
from tests.tui.past_runs import past_run

DONE = past_run(6)
BACK = past_run(6, failing="wave-2/web02/restart")


def rows(left: ComparedSide, right: ComparedSide, cells: int = 80) -> list[str]:
    return [text(one) for one in compare_lines(left, right, cells, None)]


def section(lines: list[str], title: str) -> list[str]:
    begin = lines.index(title) + 1
    return lines[begin : next((place for place in range(begin, len(lines)) if not lines[place].strip()), len(lines))]


@given(st.integers(0, len(DONE)), st.integers(0, len(BACK)), st.integers(20, 200))
@examples(30)
def test_any_beginnings_of_runs_fit_the_room_and_their_parts_are_the_whole(one: int, other: int, cells: int):
    left, right = side_of(DONE[:one]), side_of(BACK[:other])
    for drawn in (*compare_head(left, right, cells), *compare_lines(left, right, cells, None)):
        assert width(drawn) <= cells
    for events in (DONE[:one], BACK[:other]):
        ended = next((place for place, event in enumerate(events) if isinstance(event, ev.RunEnded)), len(events) - 1)
        assert sum(parts_of(events).values()) == pytest.approx(times_of(events)[ended] if events else 0.0)


def test_a_run_beside_itself_has_no_mark():
    side = side_of(DONE)
    assert not [one for one in rows(side, side) if one.startswith("*")]
    assert any("all 6 ended in the same state" in one for one in rows(side, side))
    assert any("6 of 6 took the same time" in one for one in rows(side, side))


def test_what_came_out_differently_is_marked():
    found = rows(side_of(DONE), side_of(BACK))
    marked = [one for one in found if one.startswith("*")]
    assert any("RELEASED" in one and "ROLLED BACK" in one for one in marked)
    assert any("way back" in one and "none" in one for one in marked)
    states = section(found, "Hosts that differ")
    assert any("web02" in one and "new" in one and "old: it ended" in one for one in states)
    assert any("5 hosts" in one or "4 hosts" in one for one in states)


def test_a_check_that_came_out_differently_is_shown_and_the_others_are_counted():
    other = tuple(
        ev.CheckReported(check=Check("space", SafeText("Room"), "failed", detail=SafeText("web02 is full"))) if isinstance(event, ev.CheckReported) else event
        for event in DONE
    )
    checks = section(rows(side_of(DONE), side_of(other), 120), "Checks")
    assert "passed" in checks[0]
    assert "failed, web02 is full" in checks[0]
    assert "0 of 1 ended alike" in checks[1]
