"""A run whose end cannot be written, as the disk is full: it is interrupted, those who follow it hear so, and it is in no other run's way."""

import asyncio
from typing import Any

import pytest

from console.errors import ConsoleError
from console.model.request import Request
from tests.core.simulation import ADA
from tests.engine.test_at_once import Scene


class NoCommit:
    """A repository that has no such commit, and says so once the disk is full."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.may_answer = asyncio.Event()

    async def resolve(self, ref: str) -> Any:
        await self.may_answer.wait()
        self._scene.journal.is_full = True
        raise ConsoleError("no such commit")


async def test_a_pre_flight_whose_end_cannot_be_written_is_interrupted():
    scene = Scene()
    await scene.configure("d1")
    (outside,) = scene.opened
    repository = outside.repository = NoCommit(scene)
    run = await scene.engine.open_run(Request(), ADA)
    following = asyncio.create_task(anext(scene.engine.follow(run, 1)))
    repository.may_answer.set()
    async with asyncio.timeout(60):
        with pytest.raises(ConsoleError, match="no such commit"):
            await following
    assert not scene.engine.busy
    scene.journal.is_full = False
    await scene.engine.resume(run, ADA)
    async with asyncio.timeout(60):
        async for _ in scene.engine.follow(run, 0):
            pass
    state = scene.engine.state(run)
    assert (state.phase, state.go) == ("ended", False)
    await scene.engine.stop(ADA, True)
