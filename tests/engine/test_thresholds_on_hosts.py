"""A release that answers with errors after a while, on real sshd hosts behind a real HAProxy and under load: it goes back by itself, by what HAProxy counts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.core.run.evolve import fold
from console.model.events import BaselineTaken, Event, RollbackBegan, StepFinished, ThresholdBreached, ThresholdCrossed
from console.model.request import Request
from console.model.thresholds import Breached
from tests.balancing import Machine, here
from tests.balancing.load import Load
from tests.engine.test_real_runs import ADA
from tests.engine.test_traffic_under_load import served
from tests.fleet import Fleet, make_repository

pytestmark = pytest.mark.real

LIMITS = """
[[environments.production.thresholds]]
metric = "error_rate"
above = "5%"
for = "4s"
then = "rollback"
[environments.production.monitor]
window = "60s"
"""


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = here()
    yield made
    made.remove()


async def test_a_release_that_begins_to_fail_in_its_window_goes_back_by_itself(own_fleet: Fleet, tmp_path: Path, machine: Machine):
    repository = make_repository(tmp_path / "repository", (("v1.0.0", "good"), ("v1.1.0", "bad-0.3-after-3")))
    events: list[Event] = []
    async with served(own_fleet, repository, tmp_path, machine, batch="2", environment_extra=LIMITS) as shop, Load(shop.port) as load:
        run = await shop.product.session.open_run(Request(ref="v1.1.0", yes=True), ADA)
        async for item in shop.product.session.follow(run, 0):
            if isinstance(item, Event):
                events.append(item)
        live = shop.released_by()
    state = fold(events)
    assert (state.exit, live) == (4, {"v1.0.0"}), state.reason
    breach = next(event for event in events if isinstance(event, ThresholdBreached))
    assert isinstance(breach.verdict, Breached)
    assert breach.verdict.value == pytest.approx(0.3, abs=0.15)
    assert (breach.verdict.limit, breach.verdict.hosts) == (0.05, ("web01", "web02", "web03"))
    assert breach.verdict.seconds >= 3.8  # two blocks of two seconds, which come a moment early
    assert "errors" in state.back_reason
    assert any(isinstance(event, BaselineTaken) for event in events)
    began = next(event for event in events if isinstance(event, RollbackBegan))
    assert (began.cause, began.by) == ("threshold", None)
    assert any(isinstance(event, ThresholdCrossed) for event in events)
    back = max(event.mono for event in events if isinstance(event, StepFinished) and event.step.startswith("back/"))
    assert back - breach.mono < 10.0
    assert load.answered > 100
