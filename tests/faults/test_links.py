"""Links that are cut and hosts that stand still in the middle of a step: seen soon, settled by asking, and nothing happens twice."""

import asyncio
import random
import subprocess

import pytest

from console.model import commands as cmd
from console.model.events import GateJudged, LinkLost, LinkRestored, Paused, RollbackBegan, RunEnded, StepFinished, StepStarted
from console.model.request import Request
from console.ports.feed import Sample
from console.views.plain_lines import waited_for
from tests.faults.conftest import ADA
from tests.fleet import make_repository

pytestmark = pytest.mark.real
SEEN_WITHIN = 60.0


async def until_acts(scene, host: str, version: str) -> None:
    """Wait until the restart of that version has begun its work on the host."""
    async with asyncio.timeout(60):
        while not scene.activations(host, version):
            await asyncio.sleep(0.02)


async def read_numbers(scene, numbers: list[Sample]) -> None:
    """Read the fleet's numbers beside whatever goes on, as a screen does."""
    async for item in scene.session.follow("", 0):
        if isinstance(item, Sample):
            numbers.append(item)


@pytest.mark.parametrize("kind", ["switch", "restart", "gate"])
async def test_a_link_that_is_cut_by_lost_packets_in_the_middle_of_a_step(stage, kind: str):
    async with stage(3, deadline="60s") as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        scene.hold(kind, "web02")
        await scene.open_yes("v1.1.0")
        started = await scene.until_step(f"web02/{kind}", StepStarted)
        scene.fleet.drop("web02")
        scene.let_go("web02")
        lost = await scene.until(lambda event: isinstance(event, LinkLost))
        assert lost.host == "web02"
        assert scene.took(lost, started) < SEEN_WITHIN
        assert not scene.state.hosts["web02"].linked
        assert "link lost" in waited_for(scene.state, scene.clock.mono())
        scene.fleet.restore("web02")
        state = await scene.end()
        assert (state.exit, state.outcome, state.reason) == (0, "succeeded", "")
        assert [event.host for event in scene.events_of(LinkRestored)] == ["web02"]
        assert {scene.live(name) for name in scene.fleet.names} == {"v1.1.0"}
        assert [scene.activations(name, "v1.1.0") for name in scene.fleet.names] == [1, 1, 1]
        scene.assert_no_step_twice()


@pytest.mark.parametrize("seconds", [2.0, 4.1, 9.0])
async def test_a_link_that_flaps_leaves_the_next_command_as_good_as_a_new_engine(stage, seconds: float):
    """A link is dead after four seconds of silence: a cut shorter than that, one just so long, one that is longer."""
    async with stage(3, batch='["100%"]', deadline="60s") as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        numbers: list[Sample] = []
        reading = asyncio.create_task(read_numbers(scene, numbers))
        await scene.open_yes("v1.1.0")
        await scene.until_step("web02/restart", StepStarted)
        for name in ("web01", "web02"):
            scene.fleet.drop(name)
        await asyncio.sleep(seconds)
        for name in ("web01", "web02"):
            scene.fleet.restore(name)
        state = await scene.end()
        assert (state.exit, state.outcome) == (0, "succeeded")
        numbers.clear()
        for request in (Request(kind="rollback", yes=True), Request(ref="v1.1.0", yes=True)):
            began = scene.clock.mono()
            state = await scene.carry(request)
            assert state.exit == 0, state.reason
            assert scene.clock.mono() - began < 100
            assert scene.files("web02", ".deploy/lock") == []
        assert {sample.host for sample in numbers if sample.cpu is not None} == set(scene.fleet.names)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def test_a_link_that_is_cut_while_a_release_is_sent(stage, tmp_path):
    repository = make_repository(tmp_path / "big", ())
    (repository / "stock").write_bytes(random.Random(7).randbytes(48_000_000))
    (repository / "VERSION").write_text("1.0.0 good\n")
    git = ["git", "-c", "user.name=Tester", "-c", "user.email=tester@example.net", "-C", str(repository)]
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "Stock"], check=True)
    async with stage(2, repository, connect_timeout="5s") as scene:
        await scene.open_yes("HEAD")
        await scene.until_step("web02/ship", StepStarted)
        scene.fleet.drop("web02")
        await scene.until(lambda event: isinstance(event, LinkLost))
        await asyncio.sleep(4)
        assert not scene.events_of(RunEnded)
        scene.fleet.restore("web02")
        state = await scene.end()
        kinds = [type(event) for event in scene.events if isinstance(event, LinkRestored) or getattr(event, "step", "") == "prepare/web02/ship"]
        assert kinds == [StepStarted, LinkRestored, StepFinished]
        assert (state.exit, state.outcome) == (0, "succeeded")
        assert scene.files("web02", ".deploy/staging") == []


@pytest.mark.parametrize("kind", ["restart", "gate"])
async def test_a_host_that_stands_still_in_the_middle_of_a_step(stage, kind: str):
    async with stage(3, restart_timeout="60s", deadline="60s") as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        scene.hold(kind, "web02")
        await scene.open_yes("v1.1.0")
        started = await scene.until_step(f"web02/{kind}", StepStarted)
        if kind == "restart":
            await until_acts(scene, "web02", "v1.1.0")
        scene.fleet.freeze("web02")
        scene.let_go("web02")
        lost = await scene.until(lambda event: isinstance(event, LinkLost))
        assert scene.took(lost, started) < SEEN_WITHIN
        scene.fleet.thaw("web02")
        state = await scene.end()
        assert (state.exit, state.outcome) == (0, "succeeded")
        assert [scene.activations(name, "v1.1.0") for name in scene.fleet.names] == [1, 1, 1]
        scene.assert_no_step_twice()


async def test_a_host_that_stays_cut_off_is_unknown_and_the_others_go_back(stage):
    async with stage(3, restart_timeout="8s", connect_timeout="5s") as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        scene.hold("restart", "web02")
        await scene.open_yes("v1.1.0")
        await scene.until_step("web02/restart", StepStarted)
        await until_acts(scene, "web02", "v1.1.0")
        scene.fleet.drop("web02")
        state = await scene.end()
        ended = next(event for event in scene.events_of(StepFinished) if event.step == "wave-2/web02/restart")
        assert ended.status == "unknown"
        assert (state.exit, state.outcome) == (5, "failed")
        assert state.hosts["web02"].condition == "owed"
        assert {scene.live(name) for name in ("web01", "web03")} == {"v1.0.0"}
        assert scene.activations("web03", "v1.1.0") == 0


async def test_hosts_lost_together_pause_for_the_network_and_nobody_goes_back(stage):
    async with stage(5, batch="[1, 4]") as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        scene.hold("restart", "web02", "web03", "web04")
        await scene.open_yes("v1.1.0")
        await scene.until_step("web03/restart", StepStarted)
        for name in ("web02", "web03", "web04"):
            scene.fleet.drop(name)
        paused = await scene.until(lambda event: isinstance(event, Paused))
        assert paused.cause == "network"
        assert "web02, web03, web04" in paused.reason
        scene.let_go("web02", "web03", "web04")
        for name in ("web02", "web03", "web04"):
            scene.fleet.restore(name)
        async with asyncio.timeout(60):
            while not all(host.linked for host in scene.state.hosts.values()):
                await asyncio.sleep(0.1)
        assert scene.state.back is None
        await scene.session.submit(scene.run, cmd.Continue(), ADA)
        state = await scene.end()
        assert scene.events_of(RollbackBegan) == []
        assert (state.exit, state.outcome) == (0, "succeeded")
        assert [scene.activations(name, "v1.1.0") for name in scene.fleet.names] == [1] * 5
        scene.assert_no_step_twice()


async def test_a_gate_that_cannot_be_asked_is_no_verdict_on_the_release(stage):
    async with stage(2, deadline="6s", connect_timeout="5s", max_failures=1) as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        scene.hold("gate", "web02")
        await scene.open_yes("v1.1.0")
        await scene.until_step("web02/gate", StepStarted)
        scene.fleet.drop("web02")
        scene.let_go("web02")
        judged = await scene.until(lambda event: isinstance(event, GateJudged) and event.host == "web02")
        scene.fleet.restore("web02")
        assert judged.verdict == "error"
        state = await scene.end()
        assert state.hosts["web02"].condition == "owed"
        assert state.exit == 5
        assert scene.live("web02") == "v1.1.0"
