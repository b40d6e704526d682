"""Steps that hang and disks that fill in the middle of a run: said early and with numbers, ended in time, and what was live stays live."""

import asyncio
import re
from pathlib import Path

import pytest

from console.model.commands import Accepted, Decide
from console.model.events import PlanMade, StepFinished, StepStarted
from console.model.request import Request
from console.views.blocking_reason import waiting_line
from console.views.plain_lines import waited_for
from tests.faults.conftest import ADA

pytestmark = pytest.mark.real
TIME_OUT = 9.0


def headline(scene) -> str:
    return "".join(span.text for span in waiting_line(scene.state, scene.clock.mono(), 200))


async def test_a_restart_that_hangs_is_late_long_before_it_is_ended_and_all_go_back(stage):
    async with stage(3, restart_timeout=f"{TIME_OUT:.0f}s") as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        await scene.open_yes("v1.3.0")
        started = await scene.until_step("web01/restart", StepStarted)
        await scene.eventually(lambda: "and late (usual" in headline(scene))
        assert "web01 restart" in waited_for(scene.state, scene.clock.mono())
        assert "and late (usual" in waited_for(scene.state, scene.clock.mono())
        assert scene.clock.mono() - started.mono < TIME_OUT
        ended = await scene.until_step("web01/restart", StepFinished)
        assert TIME_OUT <= scene.took(ended, started) < TIME_OUT + 20
        assert (ended.status, ended.detail) == ("failed", "timed out after 9 s, ended by TERM")
        assert ended.tail[-1] == "waiting for stock"
        state = await scene.end()
        assert (state.exit, state.outcome) == (4, "rolled-back")
        assert {scene.live(name) for name in scene.fleet.names} == {"v1.0.0"}
        assert not [line for line in scene.fleet.processes("web01") if "sleep 600" in line]


async def test_a_restart_that_hangs_on_one_host_within_the_budget_leaves_it_behind_alone(stage):
    async with stage(3, restart_timeout="10s", max_failures=1) as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        pid = "/srv/shop/shared/shop.pid"
        scene.fleet.exec_in("web02", f"mv {pid} {pid}.kept; mkfifo {pid}; chmod 666 {pid}")
        await scene.open_yes("v1.1.0")
        await scene.until_step("web02/restart", StepStarted)
        async with asyncio.timeout(60):
            while not scene.activations("web02", "v1.1.0"):
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        scene.fleet.exec_in("web02", f"rm {pid}; mv {pid}.kept {pid}")
        ended = await scene.until_step("web02/restart", StepFinished)
        assert ended.detail.startswith("timed out after 10 s")
        state = await scene.end()
        assert (state.exit, state.outcome) == (8, "succeeded")
        assert "web02" in state.reason
        assert [scene.live(name) for name in scene.fleet.names] == ["v1.1.0", "v1.0.0", "v1.1.0"]
        assert scene.activations("web02", "v1.1.0") == 1


@pytest.mark.parametrize("left", [0, 12_000])
async def test_a_disk_that_fills_before_it_is_shipped_to(stage, left: int, tmp_path: Path):
    held = tmp_path / "held"
    async with stage(3, batch="3", extra=f'[app.build]\ncommand = "while [ -e {held} ]; do sleep 0.05; done"\n') as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        before = scene.files("web02", "releases")
        held.touch()
        await scene.open_yes("v1.1.0")
        await scene.until_step("release/build", StepStarted)
        scene.fleet.fill_disk("web02", left)
        held.unlink()
        state = await scene.end()
        ship = next(event for event in scene.events_of(StepFinished) if event.host == "web02")
        assert (ship.step, ship.status) == ("prepare/web02/ship", "failed")
        assert re.fullmatch(r"no room on web02: \d+ KiB free, \d+ KiB needed; free some room there first", ship.detail)
        assert ship.hint == "deploy retry web02"
        assert not state.changed
        assert (state.exit, state.outcome) == (4, "rolled-back")
        assert "no host was changed" in state.reason
        assert {scene.live(name) for name in scene.fleet.names} == {"v1.0.0"}
        assert scene.activations("web02", "v1.1.0") == 0
        assert scene.files("web02", "releases") == before
        assert scene.files("web02", ".deploy/staging") == []
        scene.fleet.free_disk("web02")
        assert (await scene.release("v1.1.0")).exit == 0


async def test_a_disk_that_is_full_when_the_lock_is_taken(stage):
    async with stage(3) as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        await scene.open(Request(ref="v1.1.0"))
        await scene.until(lambda event: isinstance(event, PlanMade))
        scene.fleet.fill_disk("web02")
        said = await scene.session.submit(scene.run, Decide(go=True, digest=scene.state.plan.digest), ADA)
        assert isinstance(said, Accepted)
        state = await scene.end()
        assert (state.exit, state.outcome) == (3, "no-go")
        assert "web02 could not be locked" in state.reason
        assert "it cannot be written, 0 KiB are free" in state.reason
        assert not any(scene.files(name, ".deploy/lock") + scene.files(name, ".deploy/staging") for name in scene.fleet.names)
        assert {scene.live(name) for name in scene.fleet.names} == {"v1.0.0"}
