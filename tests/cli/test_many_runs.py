"""What a command finds in a record of many runs: the one that is open, and the last that changed the fleet, however many came after it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import Modes, journal_path, prepared
from console.cli import kept_models, rollback_command
from console.cli.find_run import open_runs, run_named
from console.cli.invocation import Invocation
from console.cli.record_commands import history
from console.client.environment import LocalEnvironmentClient
from console.client.environment_history import PAGE
from console.config.load import digest
from console.errors import NoGo, UsageFault
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.request import Person
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


def two_applications(state: str) -> None:
    """Runs of two applications in one state folder; the other one's are the newer ones."""
    made = JournalStore(journal_path(state), Modes(shared=False))
    for run, app in (("20260101T1-shop", "shop"), ("20260202T1-api", "api")):
        append(made, run, (opened(run, "2026-01-01T00:00:00Z", app=app),))
    made.close()


def test_what_another_machine_wrote_into_the_record_acts_on_no_terminal(state: str, capsys: pytest.CaptureFixture[str]):
    made = JournalStore(journal_path(state), Modes(shared=False))
    append(made, "r1", (msgspec.structs.replace(opened("r1", "2026-01-01T00:00:00Z"), by=Person("ada\x1b]52;c;x\x07", 1)),))
    made.close()
    assert history(Invocation(), "") == 0
    out = capsys.readouterr().out
    assert ("ada" in out, "\x1b" in out) == (True, False)


def test_in_the_folder_of_an_application_its_own_runs_are_meant(state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    two_applications(state)
    with pytest.raises(UsageFault, match="2 runs are open"):
        run_named(Invocation(), "")
    assert run_named(Invocation(), "last").run == "20260202T1-api"
    (tmp_path / "hosts.toml").write_text('[app]\nname = "shop"\n')
    assert [run_named(Invocation(), text).run for text in ("", "last", "20260202")] == ["20260101T1-shop", "20260101T1-shop", "20260202T1-api"]
    assert [run_named(Invocation(app="api"), text).run for text in ("", "last")] == 2 * ["20260202T1-api"]
    assert open_runs(Invocation()) == ["20260101T1-shop"]
    assert history(Invocation(), "") == 0
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()] == ["20260101T1-shop"]
    assert history(Invocation(json=True), "") == 0
    assert "api" not in capsys.readouterr().out


def test_a_folder_whose_application_has_no_runs_says_where_there_are_some(state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    two_applications(state)
    (tmp_path / "hosts.toml").write_text('[app]\nname = "mail"\n')
    for text, said in (("", "no run of mail is open; of other applications:"), ("last", "no run of mail is known here yet; of other applications:")):
        with pytest.raises(UsageFault, match=said) as told:
            run_named(Invocation(), text)
        assert "20260202T1-api" in told.value.message
    assert history(Invocation(), "") == 0
    assert "no run of mail is on record here; there are some of other applications: deploy history --app api" in capsys.readouterr().err


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
