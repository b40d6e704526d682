"""What the dialog of a roll back says: which hosts, the two ways and what each costs, by hosts of this run and by runs before it."""

import pytest

from console.tui.dialogs.rollback_dialogs import abort_dialog, rollback_dialog
from console.views.plan_words import blast_radius
from console.views.rollback_words import prefers_halves, rollback_lines
from console.views.styled_text import text
from tests.core.balanced import a_balanced_run
from tests.core.plans import a_run, failing, until_runs
from tests.core.test_recreate import recreated


def said(run) -> list[str]:
    return [text(one) for one in rollback_lines(run.state, 120)]


def at_last_gate(run):
    run.state = until_runs(run, "wave-3/web03/gate").state
    return run


def test_halves_are_proposed_where_all_that_serve_go_back_and_all_at_once_is_called_an_outage():
    run = at_last_gate(a_balanced_run(3))
    assert prefers_halves(run.state)
    assert said(run)[2:5] == [
        "halves about 10 s, no gap: the other half serves",
        "all    about 5 s, 3 of 3 restart together: an outage",
        "each   drain 1 s + switch 1 s + restart 1 s + gate 1 s + return 1 s",
    ]


def test_all_at_once_is_proposed_while_half_of_those_that_serve_go_on():
    run = until_runs(a_balanced_run(6), "wave-3/web03/gate")
    assert not prefers_halves(run.state)
    assert said(run)[2:4] == ["all    about 5 s, 3 of 6 restart together", "halves about 10 s, no gap: the other half serves"]


def test_without_a_balancer_it_is_all_at_once():
    run = at_last_gate(a_run(3))
    assert not prefers_halves(run.state)
    assert said(run)[2:4] == [
        "all    about 3 s, 3 of 3 restart together: an outage", "halves about 6 s, the other half serves; no balancer drains them",
    ]  # fmt: skip


def test_one_host_has_one_way():
    run = until_runs(a_balanced_run(3), "wave-1/web01/gate")
    assert [one for one in said(run) if one.startswith(("all", "halves"))] == []
    assert any(one.startswith("time   about") for one in said(run))


@pytest.mark.parametrize("hosts", [2, 3])
def test_what_runs_before_took_is_the_price_where_this_one_knows_none(hosts):
    run = until_runs(a_balanced_run(hosts, batch=hosts), "wave-1/web01/drain")
    assert any("not known yet how long" in one for one in said(run)) == (hosts > 1)


@pytest.mark.parametrize(("shown", "words"), [(True, ", behind the maintenance page"), (False, "")])
def test_a_recreate_is_said_to_stop_every_host_and_goes_back_all_together(shown: bool, words: str):
    run = recreated(page=shown)
    assert f"3 hosts of production, which all stop before one starts{words}; " in blast_radius(run.state)
    until_runs(run, "wave-1/web01/gate")
    prices = [one for one in said(run) if one.startswith(("time", "all", "halves"))]
    assert prices == [f"time   about 2 s, 3 of 3 restart together: an outage{words}"]
    assert [choice.key for choice in rollback_dialog(run.state, 80).choices] == ["r", "w"]


def test_a_host_that_is_back_already_is_none_that_goes_back():
    run = until_runs(a_run(3, failing("web01"), max_failures=1), "wave-2/web02/gate")
    assert run.state.hosts["web01"].condition == "back"
    assert said(run)[0] == "1 of 3 hosts goes back: web02"
    assert [choice.key for choice in rollback_dialog(run.state, 80).choices] == ["r", "w"]
    assert "1 touched host goes back: web02" in text(abort_dialog(run.state, 80).body[1])
