"""What a command finds in a record of many runs: the one that is open, and the last that changed the fleet, however many came after it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import Modes, journal_path, prepared
from console.cli import kept_models, rollback_command
from console.client.environment import LocalEnvironmentClient
from console.client.environment_history import PAGE
from console.config.load import digest
from console.errors import NoGo
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.run_summary import RunSummary
from tests.adapters.journal.test_contract import opened
from tests.recorded import append

MODEL = Environment("shop", "production", "/srv/shop", (Host("web01"),))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = str(tmp_path / "state")
    prepared(folder)
    monkeypatch.setenv("DEPLOY_STATE", folder)
    monkeypatch.chdir(tmp_path)
    return folder


def test_an_interrupted_run_is_what_a_rollback_is_of_though_many_came_after_it(state: str):
    made = JournalStore(journal_path(state), Modes(shared=False))
    append(made, "20260101T1-production", (opened("20260101T1-production", "2026-01-01T00:00:00Z"),))
    for number in range(30):
        run = f"20260202T{number}-exec"
        append(made, run, (msgspec.structs.replace(opened(run, "2026-02-02T00:00:00Z"), kind="exec"),))
    made.close()
    assert rollback_command._open_run(MODEL) == "20260101T1-production"
    assert rollback_command._open_run(msgspec.structs.replace(MODEL, name="staging")) == ""


def a_run(number: int, kind: str) -> RunSummary:
    return RunSummary(f"r{number}", "shop", "production", kind, "v1", "c", "rolling", "ada", "2026-01-01T00:00:00Z", None, "succeeded", 0, number)


async def test_a_release_can_be_rolled_back_from_its_record_though_many_commands_were_run_since(monkeypatch: pytest.MonkeyPatch):
    runs = [*(a_run(number, "exec") for number in range(2 * PAGE + 10, 1, -1)), a_run(1, "deploy"), a_run(0, "deploy")]

    class Archive:
        async def runs(self, app: str, environment: str, limit: int, after: RunSummary | None, words: str) -> tuple[RunSummary, ...]:
            return tuple(one for one in runs if after is None or one.number < after.number)[:limit]

    station = LocalEnvironmentClient(SimpleNamespace(), Archive(), MODEL)  # type: ignore[arg-type]
    begun: list[Any] = []

    async def begin(request: object) -> None:
        begun.append(request)

    monkeypatch.setattr(station, "_begun", begin)
    await station.open_back("r1", "")
    assert len(begun) == 1
    with pytest.raises(NoGo, match="run r1 came after this one"):
        await station.open_back("r0", "")


def test_a_model_that_cannot_be_read_counts_as_not_kept_and_is_kept_anew(state: str):
    mark = digest(MODEL)
    kept_models.remember(mark, MODEL)
    assert kept_models.model_kept(mark) == MODEL
    file = Path(state, "models", f"{mark}.json")
    file.write_bytes(b"")
    assert kept_models.model_kept(mark) is None
    kept_models.remember(mark, MODEL)
    assert kept_models.model_kept(mark) == MODEL
