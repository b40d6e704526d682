"""A canary's counts where there is little room, and in the lines on top."""

from typing import Any

import pytest

from console.model import events as ev
from console.model.analysis import Reading
from console.safe_text import SafeText
from console.views.blocking_reason import waiting_line
from console.views.canary_rows import canary_rows, short_words
from console.views.plain_lines import waited_for
from console.views.plan_words import plan_lines
from console.views.styled_text import text
from console.views.styled_text import width as text_width
from tests.core.simulation import Simulation, an_environment, opening
from tests.core.test_canary_verdict import EQUAL, OPEN, WORSE, a_canary, judging

READING = Reading(new=1000, new_bad=9, old=9000, old_bad=85, low=0.4, high=3.1, more=900, seconds=41.0)


def told(run: Simulation, width: int) -> list[str]:
    """The rows as text."""
    return [text(row) for row in canary_rows(run.state, width)]


def test_three_rows_where_one_has_no_room() -> None:
    run = judging(None, READING)
    assert told(run, 26) == ["errors 0.90 % vs 0.94 %", "ratio 0.4-3.1, want < 2", "about 41s more"]
    assert told(run, 90) == ["errors 0.90 % vs 0.94 %  ratio 0.4-3.1, want < 2  about 41s more"]


def test_two_metrics_and_what_was_not_counted() -> None:
    run = judging(None, Reading(new=0, old=4), Reading(metric="latency", bound=0.25, new=10, old=90, old_bad=9))
    assert told(run, 44) == ["errors 0 new 4 old requests", "slower than 250ms 0.00 % vs 10.0 %", "ratio unknown, want < 2"]


@pytest.mark.parametrize("reading", [READING, EQUAL, WORSE, OPEN])
@pytest.mark.parametrize("width", [1, 10, 28, 60, 200])
def test_no_row_is_wider_than_its_room(reading: Reading, width: int) -> None:
    assert all(text_width(row) <= width for row in canary_rows(judging(None, reading).state, width))


def test_nothing_before_the_first_block_and_after_the_end() -> None:
    assert told(judging(), 28) == []
    run = judging(None, EQUAL)
    run.record(ev.StepFinished(step="wave-1/analysis", attempt=1))
    run.run()
    assert told(run, 28) == []


def line_of(run: Simulation, width: int, **more: Any) -> str:
    """The line under the header."""
    return text(waiting_line(run.state, run.now + 4.0, width, **more))


def test_the_line_under_the_header_names_rates_ratio_and_keys() -> None:
    run = judging(None, READING)
    assert line_of(run, 160).startswith(
        " canary: errors new 0.90 %  old 0.94 %, ratio 0.4-3.1, wanted below 2.0; about 41s more, 4 s   o promote   p hold   r roll back"
    )
    assert line_of(run, 80).startswith(" canary: 0.90 % vs 0.94 %, ratio 0.4-3.1")
    assert "o promote" in line_of(run, 80)
    assert "h take the helm" in line_of(run, 160, helm="lin")


def test_while_it_is_held_and_when_it_is_inconclusive() -> None:
    run = judging(None, READING)
    run.record(ev.Paused(reason=SafeText("paused by ada"), cause="operator"))
    assert "paused by ada, 4 s; errors new 0.90 %" in line_of(run, 200)
    assert line_of(run, 80).startswith(" paused: 0.90 % vs 0.94 %")
    run.record(ev.Continued(), ev.Paused(reason=SafeText("inconclusive after 5m: errors new 0.90 %  old 0.94 %"), cause="inconclusive"))
    assert "inconclusive after 5m: errors new 0.90 %  old 0.94 %, 4 s   o promote" in line_of(run, 200)
    assert line_of(run, 80).startswith(" inconclusive: 0.90 % vs 0.94 %")


def test_plain_lines_say_the_same_while_nothing_else_happens() -> None:
    run = judging(None, READING)
    assert waited_for(run.state, run.now + 4.0) == "errors new 0.90 %  old 0.94 %, ratio 0.4-3.1, wanted below 2.0; about 41s more, 4 s"


def test_the_short_form_names_what_is_not_decided_yet() -> None:
    assert short_words(judging(None, EQUAL, Reading(metric="latency", new=10, old=90, old_bad=9)).state) == "0.00 % vs 10.0 %, ratio unknown"
    assert short_words(judging(None, EQUAL).state) == "0.10 % vs 0.10 %, ratio 0.1-1.9"
    assert short_words(judging().state) == ""
    assert short_words(judging(None, Reading(metric="error_rate")).state) == "0 new, 0 old requests"
    assert short_words(judging(None, Reading(metric="error_rate", old=1200)).state) == "0 new, 1,200 old requests"


def test_the_plan_says_after_how_many_hosts_new_ones_are_judged() -> None:
    run = Simulation(a_canary(10, 1), lambda step, attempt: "done")
    run.record(*opening(run.environment))
    shown = " ".join(" ".join(text(row) for row in plan_lines(run.state, 90, 7)).split())
    assert "judged new against old, after 1 and 5 of 10 hosts, 5m at most each" in shown
    assert "judged" not in " ".join(text(row) for row in plan_lines(Simulation(an_environment(3), lambda step, attempt: "done").state, 90, 7))


def test_more_time_than_there_is_is_said_as_that_and_new_kinds_of_log_lines_stand_below() -> None:
    run = judging(None, Reading(new=10, old=90, seconds=1000.0))
    assert told(run, 26)[-1] == "needs 17m, 5m at most"
    run.record(ev.LogKindsSeen(total=2))
    assert told(run, 26)[-1] == "log: 2 new kinds"
    assert told(run, 50)[-1] == "log: 2 kinds of line only on new hosts"
