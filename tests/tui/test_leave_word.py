"""What the footer and the line above say that `q` does: home where home is below, else out of the program."""

import pytest

from console.model.state import RunState
from console.model.values import changed
from console.tui.key_lines import leave_word
from console.tui.key_refusals import Situation

WORDS = {
    "preflight": ("leave", "home"), "deciding": ("no-go, leave", "no-go, home"), "running": ("detach", "home"), "rolling-back": ("detach", "home"),
    "ended": ("leave", "home"),
}  # fmt: skip


@pytest.mark.parametrize("phase", WORDS)
def test_q_says_where_it_goes(phase):
    state = changed(RunState(run="r"), phase=phase)
    assert tuple(leave_word(Situation(state, over_home=over)) for over in (False, True)) == WORDS[phase]


def test_who_has_not_the_helm_decides_nothing_by_leaving():
    state = changed(RunState(run="r"), phase="deciding")
    assert tuple(leave_word(Situation(state, helm="lin", over_home=over)) for over in (False, True)) == ("detach", "home")
