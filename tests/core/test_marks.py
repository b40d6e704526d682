"""The points of a plan that many steps wait for by one name."""

import pytest

from console.core.plan.marks import NAMED, closing_mark, half_mark, wave_mark
from console.model.fleet import Rolling
from console.model.values import changed
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
