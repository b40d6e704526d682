"""What ctrl+c, SIGTERM, SIGHUP and SIGQUIT do to a command that has no run to leave: 130, also while it is being loaded, and never a traceback."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from console.cli import rollback_command, run_commands
from console.cli.invocation import Invocation
from console.cli.responsibility import Departure
from console.errors import Interrupted
from console.model.request import Request
from console.model.state import RunState
from console.wire.questions import Welcome
from tests.cli.product import shop_environ
from tests.core.simulation import an_environment

WHILE_LOADING = """
import os, sys
import console.__main__ as program
note = program.note_signals
def noted():
    note()
    os.kill(os.getpid(), {number})
program.note_signals = noted
sys.argv = ["deploy", "history", "--json"]
program.main()
"""
WHILE_WAITING = """
import os, sys
import console.__main__ as program
import console.cli.list_engines as commands
async def wait(*_, **__):
    import asyncio
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), {number})
    await asyncio.sleep(30)
commands.engines = wait
sys.argv = ["deploy", "engine", "list", "--json"]
program.main()
"""
SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]


def ended(program: str, folder: Path, *before: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-c", program], env=shop_environ(str(folder / "state")), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=300, check=False, preexec_fn=_as_at_a_terminal,
    )  # fmt: skip


def _as_at_a_terminal() -> None:
    """Signals do what they do by themselves: who started the tests may ignore some, as a shell's job in the background does."""
    for name in SIGNALS:
        signal.signal(signal.Signals[name], signal.SIG_DFL)


@pytest.mark.parametrize("program", [WHILE_LOADING, WHILE_WAITING], ids=["while it is loaded", "while it waits"])
@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_interrupts_and_the_result_says_so(tmp_path: Path, name: str, program: str):
    ran = ended(program.format(number=int(signal.Signals[name])), tmp_path)
    assert ran.returncode == 130
    result = json.loads(ran.stdout.splitlines()[-1])
    assert (result["type"], result["exit"], result["outcome"]) == ("result", 130, "interrupted")
    assert "Traceback" not in ran.stderr
    assert "never awaited" not in ran.stderr


def test_a_signal_that_the_caller_ignores_stays_ignored(tmp_path: Path):
    ran = ended(WHILE_LOADING.format(number=int(signal.SIGHUP)), tmp_path, "nohup")
    assert (ran.returncode, json.loads(ran.stdout)) == (0, [])


def test_it_ends_where_ctrl_c_is_ignored_too(tmp_path: Path):
    program = WHILE_WAITING.format(number=int(signal.SIGTERM))
    ran = ended(program, tmp_path, "sh", "-c", 'trap "" INT; exec "$@"', "sh")
    assert ran.returncode == 130


@pytest.mark.parametrize("kind", ["deploy", "rollback", "resume"])
async def test_a_signal_that_comes_before_the_run_is_begun_begins_none(kind: str, monkeypatch: pytest.MonkeyPatch):
    """A secret's command that is waited for, say: what is left of the command then is to end."""

    class Left(Departure):
        def __enter__(self) -> Departure:
            self.event.set()
            return super().__enter__()

    class Client:
        welcome = Welcome()

        async def open_run(self, request: Request) -> str:
            raise AssertionError("a run was begun")

        async def close(self) -> None:
            pass

    async def met(*_: object, **__: object) -> Client:
        return Client()

    model = an_environment(1)
    for module in (run_commands, rollback_command):
        monkeypatch.setattr(module, "Departure", Left)
        monkeypatch.setattr(module, "engine_of", met)
        monkeypatch.setattr(module, "configure", met)
    monkeypatch.setattr(rollback_command, "give_room_if_full", lambda folder: None)
    monkeypatch.setattr(rollback_command, "state", lambda: "")
    monkeypatch.setattr(rollback_command, "_open_run", lambda found: "")
    monkeypatch.setattr(run_commands, "environment", lambda *_, **__: model)
    monkeypatch.setattr(run_commands, "environment_or_open", lambda *_: model)
    monkeypatch.setattr(run_commands, "run_named", lambda *_: SimpleNamespace(run="r1", outcome=None))
    monkeypatch.setattr(run_commands, "_model_for", lambda *_: model)
    monkeypatch.setattr(run_commands, "recorded", lambda run: RunState(run=run))
    monkeypatch.setattr("console.cli.kept_models.model_of_run", lambda run: model)
    how = Invocation(yes=True, plain=True)
    with pytest.raises(Interrupted):
        await (run_commands.resume(how, "r1") if kind == "resume" else run_commands.open_run(how, "production", Request(kind=kind)))  # type: ignore[arg-type]
