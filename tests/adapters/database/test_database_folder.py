"""The console's own folder on a database's host: held by one run at a time, and by none that has ended."""

from pathlib import Path

import pytest

from console.adapters.database.postgres_database_view import PostgresView
from console.adapters.host_lock import HostLocks
from console.adapters.this_machine import LocalTransport
from console.model.host_facts import LockHolder
from console.ports.steps import StepResult
from console.safe_text import SafeText
from tests.adapters.hosts import HERE


def _holder(run: str, epoch: int = 1) -> LockHolder:
    return LockHolder(by=SafeText("ada"), run=run, epoch=f"{run}.{epoch}")


async def _no(run: str) -> bool:
    return False


async def _all_but_r3(run: str) -> bool:
    return run != "r3"


@pytest.fixture
def view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PostgresView:
    monkeypatch.setenv("HOME", str(tmp_path))
    transport = LocalTransport()
    return PostgresView(transport, HostLocks(transport), lambda: "")


async def test_a_run_that_goes_on_keeps_it_and_one_that_has_ended_is_in_nobodys_way(view: PostgresView):
    path = await view.enter(HERE, "shop-production", _holder("r1"), _no)
    assert isinstance(path, str)
    assert await view.enter(HERE, "shop-production", _holder("r1", 2), _no) == path
    refused = await view.enter(HERE, "shop-production", _holder("r2"), _no)
    assert isinstance(refused, StepResult)
    assert (refused.status, "are held by r1" in refused.detail) == ("failed", True)
    assert await view.enter(HERE, "shop-production", _holder("r3"), _all_but_r3) == path
    kept = await view.enter(HERE, "shop-production", _holder("r4"), _all_but_r3)
    assert isinstance(kept, StepResult)
    assert "are held by r3" in kept.detail
