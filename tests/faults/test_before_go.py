"""What is wrong before anything changes: each ends there, by the contract's exit code, and says what to type next."""

import pytest

from console.model.commands import Accepted, Decide, Refusal
from console.model.events import PlanMade
from console.model.request import Request
from tests.faults.conftest import ADA

pytestmark = pytest.mark.real


def go(scene) -> Decide:
    return Decide(go=True, digest=scene.state.plan.digest)


async def test_go_is_on_the_fleet_as_it_is_and_not_as_it_was_a_minute_ago(stage):
    async with stage(2) as scene:
        older = (await scene.release("v1.0.0")).release.id
        assert (await scene.release("v1.1.0")).exit == 0
        await scene.open(Request(ref="v1.4.0"))
        await scene.until(lambda event: isinstance(event, PlanMade))
        scene.fleet.exec_in("web02", f"ln -sfn releases/{older} /srv/shop/current")
        scene.clock.ahead = 61.0
        said = await scene.session.submit(scene.run, go(scene), ADA)
        assert isinstance(said, Refusal)
        assert "web02 would go back to v1.0.0, was v1.1.0" in said.message
        assert isinstance(await scene.session.submit(scene.run, go(scene), ADA), Accepted)
        state = await scene.end()
        assert state.exit == 0
        assert {host: state.hosts[host].before_version for host in scene.fleet.names} == {"web01": "v1.1.0", "web02": "v1.0.0"}


async def test_a_disk_that_fills_while_somebody_thinks_is_a_no_go(stage):
    async with stage(2) as scene:
        await scene.open(Request(ref="v1.0.0"))
        await scene.until(lambda event: isinstance(event, PlanMade))
        scene.fleet.fill_disk("web02")
        scene.clock.ahead = 61.0
        said = await scene.session.submit(scene.run, go(scene), ADA)
        assert isinstance(said, Refusal)
        assert "Room for the release: failed, was passed" in said.message
        state = await scene.end()
        assert (state.exit, state.outcome) == (3, "no-go")
        assert "0 MiB free" in state.reason
        assert state.hint == "deploy check production"
        assert scene.files("web01", "releases") == []
