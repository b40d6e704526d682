"""Hosts that are lost after their switch, on real sshd: in the gate, in the monitoring window, while the run closes. None of them is ever called new."""

import asyncio

import pytest

from console.core.run.outcome import host_rows, lock_problems
from console.model import commands as cmd
from console.model.events import HostFailed, RollbackBegan, StepFinished, StepStarted
from console.model.request import Request
from tests.faults.conftest import ADA, Scene

pytestmark = pytest.mark.real
WINDOW = '[environments.production.monitor]\nwindow = "4s"\n'
LONG_WINDOW = '[environments.production.monitor]\nwindow = "10m"\n'
QUICK = {"connect_timeout": "5s", "restart_timeout": "20s", "deadline": "6s", "extra": WINDOW}


def refuse(scene: Scene, name: str) -> None:
    """End every session of the host, and refuse each login from now on; its application goes on."""
    scene.fleet.exec_in(name, "mv /etc/ssh/authorized_keys /etc/ssh/no-keys; pkill -KILL -f '^sshd: deploytest' || :")


def kill(scene: Scene, name: str) -> None:
    scene.fleet.kill(name)


def drop(scene: Scene, name: str) -> None:
    scene.fleet.drop(name)


def freeze(scene: Scene, name: str) -> None:
    scene.fleet.freeze(name)


def read_only(scene: Scene, name: str) -> None:
    """The console's folder takes no more writes, as on a disk that has gone read-only; everything else goes on."""
    scene.fleet.exec_in(name, "chown -R root:root /srv/shop/.deploy && chmod -R a-w,a+rX /srv/shop/.deploy")


def state_of(scene: Scene, name: str) -> str:
    return next(row["state"] for row in host_rows(scene.state) if row["host"] == name)


@pytest.mark.parametrize("budget", [0, 1])
@pytest.mark.parametrize("lose", [refuse, kill, drop, freeze], ids=lambda lose: lose.__name__)
async def test_a_host_lost_in_the_monitoring_window(stage, lose, budget: int):
    async with stage(3, max_failures=budget, **{**QUICK, "extra": LONG_WINDOW}) as scene:
        await scene.open_yes("v1.0.0")
        await scene.until_step("verify/monitor", StepStarted)
        await scene.session.submit(scene.run, cmd.Promote(), ADA)
        assert (await scene.end()).exit == 0
        await scene.open_yes("v1.1.0")
        await scene.until_step("verify/monitor", StepStarted)
        await asyncio.to_thread(lose, scene, "web02")
        fell = await scene.until(lambda event: isinstance(event, HostFailed))
        if budget:
            await scene.session.submit(scene.run, cmd.Promote(), ADA)
        state = await scene.end()
        assert (fell.host, fell.condition) == ("web02", "unreachable")
        assert state_of(scene, "web02") == "owed"
        assert state.exit == (8 if budget else 5)
        assert bool(scene.events_of(RollbackBegan)) is not bool(budget)
        assert {scene.live(name) for name in ("web01", "web03")} == {"v1.1.0" if budget else "v1.0.0"}
        assert "web02" in state.reason
        status = await scene.session.query("status", {}, ADA)
        assert {row["host"]: row["healthy"] for row in status["hosts"]} == {"web01": True, "web02": None, "web03": True}


@pytest.mark.parametrize("lose", [refuse, read_only, drop], ids=lambda lose: lose.__name__)
async def test_a_host_lost_while_the_run_closes_is_owed_and_takes_nobody_back(stage, lose):
    hook = '[[app.hooks]]\nat = "after release"\nrun = "while [ -e /srv/shop/shared/held ]; do sleep 0.05; done"\ntimeout = "6s"\n'
    async with stage(3, **{**QUICK, "extra": hook}) as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        scene.fleet.exec_in("web02", "touch /srv/shop/shared/held")
        await scene.open_yes("v1.1.0")
        await scene.until_step("close/web02/hook-1", StepStarted)
        await asyncio.to_thread(lose, scene, "web02")
        scene.fleet.exec_in("web02", "rm /srv/shop/shared/held")
        state = await scene.end()
        assert state_of(scene, "web02") == "owed"
        assert (state.exit, scene.events_of(RollbackBegan)) == (5, [])
        assert {scene.live(name) for name in ("web01", "web03")} == {"v1.1.0"}
        assert str(state.hosts["web02"].detail) in str(lock_problems(state)[0].message)


async def test_a_host_frozen_in_its_gate(stage):
    async with stage(3, **QUICK) as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        scene.hold("gate", "web02")
        await scene.open_yes("v1.1.0")
        await scene.until_step("web02/gate", StepStarted)
        await asyncio.to_thread(freeze, scene, "web02")
        scene.let_go("web02")
        ended = await scene.until_step("wave-2/web02/gate", StepFinished)
        state = await scene.end()
        assert ended.status == "unknown"
        assert (state_of(scene, "web02"), state.exit) == ("owed", 5)
        assert {scene.live(name) for name in ("web01", "web03")} == {"v1.0.0"}


async def test_a_host_that_is_back_before_the_window_s_patience_is_over_stays_new(stage):
    async with stage(3, **{**QUICK, "deadline": "20s"}) as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        await scene.open_yes("v1.1.0")
        await scene.until_step("verify/monitor", StepStarted)
        scene.fleet.drop("web02")
        await asyncio.sleep(6)
        scene.fleet.restore("web02")
        state = await scene.end()
        assert (state.exit, scene.events_of(HostFailed)) == (0, [])
        assert [state_of(scene, name) for name in scene.fleet.names] == ["new"] * 3


async def test_a_host_of_the_first_wave_that_is_lost_while_the_last_one_restarts(stage):
    async with stage(3, max_failures=1, **{**QUICK, "extra": ""}) as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        scene.hold("restart", "web03")
        await scene.open(Request(kind="restart", yes=True))
        await scene.until_step("wave-3/web03/restart", StepStarted)
        await asyncio.to_thread(refuse, scene, "web01")
        scene.let_go("web03")
        state = await scene.end()
        assert [state_of(scene, name) for name in scene.fleet.names] == ["owed", "new", "new"]
        assert state.exit == 8


async def test_a_restart_whose_third_host_fails_restarts_no_host_again(stage):
    async with stage(4, **{**QUICK, "extra": ""}) as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        before = {name: scene.activations(name, "v1.0.0") for name in scene.fleet.names}
        scene.fleet.exec_in("web03", "chown root /srv/shop/shared/activations && chmod 444 /srv/shop/shared/activations")
        state = await scene.carry(Request(kind="restart", yes=True))
        assert [state_of(scene, name) for name in scene.fleet.names] == ["new", "new", "failed", "old"]
        assert (state.exit, state.hint) == (5, "deploy restart production --hosts web03,web04")
        again = {name: scene.activations(name, "v1.0.0") - count for name, count in before.items()}
        assert again == {"web01": 1, "web02": 1, "web03": 0, "web04": 0}
        assert scene.events_of(RollbackBegan) == []


async def test_an_engine_that_takes_the_run_up_goes_on_with_the_window(stage):
    async with stage(2, **{**QUICK, "deadline": "20s", "extra": '[environments.production.monitor]\nwindow = "30s"\n'}) as scene:
        assert (await scene.open_yes("v1.1.0")) is None
        began = await scene.until_step("verify/monitor", StepStarted)
        await asyncio.sleep(3)
        task = scene.session._runs.get(scene.run).task
        assert task is not None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await scene.another_engine()
        await scene.session.resume(scene.run, ADA)
        scene.clock.ahead = 27.0
        again = await scene.until_step("verify/monitor", StepStarted)
        await scene.session.submit(scene.run, cmd.Continue(), ADA)
        ended = await scene.until_step("verify/monitor", StepFinished)
        assert began.seq < again.seq < ended.seq
        assert 30.0 <= scene.took(ended, began) < 55.0
        assert (await scene.end()).exit == 0
