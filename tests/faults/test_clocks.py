"""A wall clock that is set between two runs: what came after what is the record's to say."""

from datetime import timedelta

import pytest

from console.model.request import Request
from tests.faults.conftest import Stage

pytestmark = pytest.mark.real


@pytest.mark.parametrize("steps", [(600, 0, 0), (0, -600, -1200), (-600, 600, 0), (0, 0, -86400 * 400)])
async def test_a_rollback_undoes_the_last_release_whatever_the_clock_said(stage: Stage, steps: tuple[int, ...]):
    async with stage(2) as scene:
        await scene.release("v1.0.0")
        await scene.release("v1.1.0")
        scene.clock.wall = timedelta(seconds=steps[0])
        back = await scene.carry(Request(kind="rollback", yes=True))
        assert (back.exit, scene.live("web01")) == (0, "v1.0.0")
        scene.clock.wall = timedelta(seconds=steps[1])
        assert (await scene.release("v1.4.0")).exit == 0
        assert [run.kind for run in await scene.journal.runs(limit=2)] == ["deploy", "rollback"]
        scene.clock.wall = timedelta(seconds=steps[2])
        again = await scene.carry(Request(kind="rollback", yes=True))
        assert (again.exit, str(again.reason), [scene.live(name) for name in scene.fleet.names]) == (0, "", ["v1.0.0", "v1.0.0"])
