"""The lines on top of a run's screen."""

import pytest

from console.model.state import RunState
from console.safe_text import SafeText
from console.views.headline import run_lines, top_line
from console.views.styled_text import text

AWAY = SafeText("the journal db does not answer")
RUN = RunState(run="r1", app="shop", environment="production", phase="running", unshared=AWAY)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_that_the_record_is_away_is_on_top_as_long_as_the_run_goes_on(width: int):
    assert "record away" in text(top_line(RUN, 0.0, width))
    assert "record away" not in text(top_line(RunState(run="r1", app="shop", environment="production", phase="running"), 0.0, width))


def test_a_narrow_screen_says_why_the_record_is_away():
    rows = [text(row).strip() for row in run_lines(RUN, 0.0, 80)]
    assert f"record    away: {AWAY}" in rows
