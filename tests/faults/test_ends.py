"""What is still to be done when a run has ended: its locks. An engine that dies there, or a host that does not answer, locks nobody out."""

import asyncio

import pytest

from console.core.run.outcome import lock_problems
from console.model.events import LocksReleased, RunEnded
from console.model.request import Request
from console.plain.run_as_json import result_object
from console.plain.run_as_lines import Ending
from console.wire.codec import as_plain
from tests.faults.conftest import ADA, Scene, Stage

pytestmark = pytest.mark.real


def locked(scene: Scene) -> list[str]:
    return [name for name in scene.fleet.names if scene.files(name, ".deploy/lock")]


async def ends_and_dies(scene: Scene, monkeypatch: pytest.MonkeyPatch, kind: str = "") -> None:
    """Carry a release to the end that the journal has of it; its engine never comes to its locks."""
    with monkeypatch.context() as dying:
        dying.setattr("console.engine.run.run_locks.release", lambda *words: asyncio.sleep(3600))
        await scene.open(Request(kind="rollback", yes=True) if kind == "rollback" else Request(ref=kind or "v1.1.0", yes=True))
        await scene.until(lambda event: isinstance(event, RunEnded))
        task = scene.session._runs.get(scene.run).task
        assert task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert locked(scene) == list(scene.fleet.names)


@pytest.mark.parametrize("last", ["v1.1.0", "rollback"])
@pytest.mark.parametrize("following", ["rollback", "v1.4.0"])
async def test_the_lock_of_a_run_that_has_ended_stops_nobody(stage: Stage, monkeypatch: pytest.MonkeyPatch, last: str, following: str):
    async with stage(2) as scene:
        await scene.release("v1.0.0")
        if last == "rollback":
            await scene.release("v1.1.0")
        await ends_and_dies(scene, monkeypatch, last)
        await scene.another_engine(look_again=3600.0)
        status = as_plain(await scene.session.query("status", {}, ADA))
        assert status["locked_by"] is None
        checked = as_plain(await scene.session.query("check", {"ref": "v1.4.0"}, ADA))
        assert [each["status"] for each in checked["checks"] if each["id"] == "lock"] == ["passed"]
        done = await scene.carry(Request(kind="rollback", yes=True) if following == "rollback" else Request(ref=following, yes=True))
        already_back = last == following == "rollback"
        assert (done.exit, done.outcome) == ((3, "no-go") if already_back else (0, "rolled-back" if following == "rollback" else "succeeded"))
        if not already_back:
            assert (done.locked_hosts, lock_problems(done), locked(scene)) == ((), (), [])


async def test_whoever_comes_next_releases_what_is_left_and_writes_it_down(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    async with stage(2) as scene:
        await scene.release("v1.0.0")
        await ends_and_dies(scene, monkeypatch)
        ended = scene.run
        assert [problem.message for problem in lock_problems(scene.recorded(ended))] == [
            f"the lock of run {ended} is still on web01, web02: it is not known whether it was released; it stops no run from here, and can be removed once the host answers"
        ]
        await scene.another_engine()
        assert scene.session.owing
        await scene.eventually(lambda: not scene.session.owing)
        assert locked(scene) == []
        assert scene.recorded(ended).locked_hosts == ()


async def test_resuming_a_run_that_has_ended_releases_its_locks(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    async with stage(2) as scene:
        await scene.release("v1.0.0")
        await ends_and_dies(scene, monkeypatch)
        await scene.another_engine(look_again=3600.0)
        await scene.session.resume(scene.run, ADA)
        assert locked(scene) == []
        heard = [item async for item in scene.session.follow(scene.run, len(scene.events))]
        assert isinstance(heard[-1], LocksReleased)


async def test_a_lock_that_stays_is_named_in_the_result_and_released_once_that_is_possible(stage: Stage):
    async with stage(2) as scene:
        await scene.release("v1.0.0")
        await scene.open(Request(ref="v1.1.0", yes=True))
        await scene.until_step("web02/gate")
        scene.fleet.exec_in("web02", "chown root:root /srv/shop/.deploy/lock /srv/shop/.deploy/staging")
        done = await scene.end()
        assert (done.exit, done.locked_hosts, locked(scene)) == (0, ("web02",), ["web02"])
        (problem,) = result_object(done, Ending(0, "succeeded"))["problems"]
        assert problem["message"].startswith(f"the lock of run {done.run} is still on web02: its lock: mv: cannot move")
        assert f"deploy unlock production --run {done.run} --reason TEXT" in problem["hint"]
        assert scene.session.owing
        scene.fleet.exec_in("web02", "chown deploytest:deploytest /srv/shop/.deploy/lock /srv/shop/.deploy/staging")
        broken = as_plain(await scene.session.query("break-lock", {"run": done.run, "reason": "stuck"}, ADA))
        assert (broken["broken"], broken["failed"], locked(scene)) == (["web02"], [], [])
        assert scene.recorded(done.run).locked_hosts == ()
        await scene.eventually(lambda: not scene.session.owing)


async def test_a_host_that_is_gone_at_the_end_keeps_its_lock_until_it_answers(stage: Stage):
    async with stage(2, max_failures=1, connect_timeout="20s") as scene:
        await scene.release("v1.0.0")
        await scene.open(Request(ref="v1.1.0", yes=True))
        await scene.until_step("web02/switch")
        scene.fleet.kill("web02")
        done = await scene.end()
        assert done.locked_hosts == ("web02",)
        scene.fleet.start("web02")
        back = await scene.carry(Request(kind="rollback", yes=True))
        assert (back.exit, locked(scene), [scene.live(name) for name in scene.fleet.names]) == (0, [], ["v1.0.0", "v1.0.0"])


async def test_a_result_comes_after_the_locks_are_gone(stage: Stage):
    async with stage(2) as scene:
        done = await scene.release("v1.0.0")
        assert isinstance(scene.events[-1], LocksReleased)
        assert (done.locked_hosts, done.locks_left, set(scene.events[-1].hosts)) == ((), {}, set(scene.fleet.names))


async def test_a_rollback_goes_on_with_the_hosts_that_can_be_locked(stage: Stage):
    async with stage(2) as scene:
        await scene.release("v1.0.0")
        await scene.release("v1.1.0")
        scene.fleet.exec_in("web01", "chown root:root /srv/shop/.deploy/staging")
        back = await scene.carry(Request(kind="rollback", yes=True))
        assert (back.exit, back.outcome, [scene.live(name) for name in scene.fleet.names]) == (5, "failed", ["v1.1.0", "v1.0.0"])
        assert (back.hosts["web01"].condition, "it could not be locked" in back.hosts["web01"].detail) == ("owed", True)
        assert (back.locked_hosts, locked(scene)) == ((), [])
        scene.fleet.exec_in("web01", "chown deploytest:deploytest /srv/shop/.deploy/staging")
        again = await scene.carry(Request(kind="rollback", yes=True))
        assert (again.exit, [scene.live(name) for name in scene.fleet.names], locked(scene)) == (0, ["v1.0.0", "v1.0.0"], [])
