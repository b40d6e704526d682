"""A disk that is full when it has to go back: on a host, and on the console's machine."""

import asyncio

import pytest

from console.model.request import Request

pytestmark = pytest.mark.real


async def let_go(scene) -> None:
    while any(scene.files(host, ".deploy/lock") for host in scene.fleet.names):
        await asyncio.sleep(0.1)


async def test_hosts_that_are_full_after_a_release_go_back(stage):
    async with stage(2) as scene:
        for version in ("v1.0.0", "v1.1.0"):
            assert (await scene.release(version)).exit == 0
        await let_go(scene)
        assert "reserve" in scene.files("web01", ".deploy")
        scene.fleet.fill_disk("web01")
        scene.fleet.exec_in("web02", "mount -o remount,nr_inodes=$(df -Pi /srv | awk 'END { print $3 }') /srv")
        back = await scene.carry(Request(kind="rollback", yes=True))
        assert (back.exit, back.reason) == (0, "")
        assert {scene.live(host) for host in scene.fleet.names} == {"v1.0.0"}
        assert "reserve" not in scene.files("web01", ".deploy")


async def test_a_disk_that_fills_while_a_release_rolls_does_not_keep_it_from_going_back(stage):
    async with stage(2) as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        await scene.open_yes("v1.2.0")
        await scene.until_step("web01/gate")
        scene.fleet.fill_disk("web01")
        state = await scene.end()
        assert (state.exit, scene.live("web01")) == (4, "v1.0.0"), state.reason


async def test_by_hand_on_a_full_host(stage):
    async with stage(1) as scene:
        for version in ("v1.0.0", "v1.1.0"):
            assert (await scene.release(version)).exit == 0
        await let_go(scene)
        scene.fleet.fill_disk("web01")
        assert "is live" in scene.fleet.exec_in("web01", "/srv/shop/.deploy/rollback", user="deploytest")
        assert scene.live("web01") == "v1.0.0"
        assert "rollback-by-hand" in scene.fleet.exec_in("web01", "tail -n 1 /srv/shop/.deploy/history")
