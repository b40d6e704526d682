"""The points of a plan that many steps wait for by one name."""

import pytest

from console.core.plan.marks import NAMED, analysis_step, closing_mark, half_mark, shift_mark, wave_mark, weigh_step, weights_back
from console.core.traffic.shares import ALL
from console.model.strategy import Canary, Rolling
from console.model.values import changed
from tests.core.balanced import balanced
from tests.core.simulation import an_environment

FLEET = an_environment(12)
PAUSED = changed(FLEET, rolling=Rolling(pause=45.0))


@pytest.mark.parametrize(("number", "pause"), [(1, 0.0), (2, 45.0), (3, 45.0)])
def test_a_pause_is_taken_before_every_wave_but_the_first(number: int, pause: float):
    mark = wave_mark(PAUSED, number, 3, FLEET.hosts[:1], ("x",))
    assert (mark.name, mark.kind, mark.phase, mark.wave, mark.needs) == (f"wave-{number}", "wave", "release", number, ("x",))
    assert (mark.pause, mark.timeout, mark.idempotent, mark.about, mark.changes) == (pause, 0.0, True, "", False)
    assert wave_mark(FLEET, number, 3, FLEET.hosts[:1], ()).pause == 0.0


@pytest.mark.parametrize(("hosts", "more"), [(1, ""), (NAMED, ""), (NAMED + 1, " and 1 more"), (12, " and 6 more")])
def test_a_wave_names_its_first_hosts(hosts: int, more: str):
    named = ", ".join(f"web{number:02}" for number in range(1, min(hosts, NAMED) + 1))
    assert wave_mark(FLEET, 2, 5, FLEET.hosts[:hosts], ()).title == f"wave 2 of 5: {named}{more}"


def test_before_the_close_every_wave_is_over():
    mark = closing_mark(("a", "b"))
    assert (mark.name, mark.kind, mark.phase, mark.title, mark.needs) == ("close", "mark", "verify", "every wave is over", ("a", "b"))
    assert (mark.timeout, mark.idempotent, mark.wave, mark.about) == (0.0, True, 0, "")


@pytest.mark.parametrize("number", [2, 3])
def test_before_a_part_goes_back_the_one_before_it_has(number: int):
    mark = half_mark(number, ("a",))
    assert (mark.name, mark.kind, mark.phase, mark.wave, mark.needs) == (f"back/part-{number}", "mark", "rollback", number, ("a",))
    assert (mark.title, mark.timeout, mark.idempotent, mark.about) == (f"part {number - 1} is back", 0.0, True, "")


BALANCED = balanced(3)
SHARES = [
    (0.1, "10 % of the traffic to new hosts (localhost/shop)"),
    (0.025, "2.5 % of the traffic to new hosts (localhost/shop)"),
    (0.999, "99.9 % of the traffic to new hosts (localhost/shop)"),
    (ALL, "every server has its own weight again (localhost/shop)"),
]


@pytest.mark.parametrize(("share", "title"), SHARES)
def test_weights_give_new_hosts_a_share_or_are_as_they_were(share: float, title: str):
    step = weigh_step(BALANCED, "wave-1/weigh", share, ("a",), 1)
    assert (step.name, step.kind, step.phase, step.wave, step.needs, step.share) == ("wave-1/weigh", "weigh", "release", 1, ("a",), share)
    assert (step.title, step.timeout, step.idempotent, step.changes, step.fatal, step.about) == (title, 60.0, True, True, True, "")


@pytest.mark.parametrize(("phase", "name"), [("rollback", "back/weights"), ("verify", "verify/weights")])
def test_weights_that_cannot_be_put_back_hold_nothing_up(phase: str, name: str):
    step = weights_back(BALANCED, ("a",), phase)  # type: ignore[arg-type]
    assert (step.name, step.phase, step.needs, step.share) == (name, phase, ("a",), ALL)
    assert (step.fatal, step.changes, step.idempotent) == (False, False, True)
    assert weights_back(BALANCED, ("a",)).phase == "rollback"


@pytest.mark.parametrize(
    ("new", "total", "title"),
    [
        (1, 3, "judge 1 new of 3 hosts against the old ones, 5m at most"),
        (2, 2, "judge 2 new of 2 hosts against the old ones, 5m at most"),
        (1, 1, "judge 1 new of 1 host against the old ones, 5m at most"),
    ],
)
def test_new_hosts_are_judged_for_so_long_at_most(new: int, total: int, title: str):
    step = analysis_step(changed(FLEET, canary=Canary(analysis=300.0)), 2, new, total, ("a",))
    assert (step.name, step.kind, step.phase, step.wave, step.needs) == ("wave-2/analysis", "analysis", "release", 2, ("a",))
    assert (step.title, step.timeout, step.idempotent, step.changes, step.about) == (title, 300.0, True, False, "")
    assert analysis_step(FLEET, 2, new, total, (), "wave-2/analysis-3").name == "wave-2/analysis-3"


@pytest.mark.parametrize("phase", ["release", "rollback"])
def test_the_traffic_moves_at_a_mark(phase: str):
    mark = shift_mark("shift", "every host of green is verified", ("a", "b"), phase)  # type: ignore[arg-type]
    assert (mark.name, mark.kind, mark.phase, mark.title, mark.needs) == ("shift", "mark", phase, "every host of green is verified", ("a", "b"))
    assert (mark.timeout, mark.idempotent, mark.changes, mark.about) == (0.0, True, False, "")
