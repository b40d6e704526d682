"""A command whose engine is lost while it acts: it never ends as if nothing had been changed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from console.cli import exec_commands, forgive_command, lock_commands, maintenance_command
from console.cli.invocation import Invocation
from console.errors import ConsoleError, EngineLost, Unsettled
from console.exit_codes import Exit
from console.model.maintenance_mode import MaintenanceSeen
from console.wire.codec import as_plain
from tests.core.simulation import an_environment

HOW = Invocation(yes=True)
FLEET = an_environment(2)
Command = Callable[[], Awaitable[int]]
DONE = {"seen": as_plain(MaintenanceSeen("on")), "run": "r1", "problems": [], "exit": 0}


class Client:
    """An engine that answers so, and is lost with the first question that it has no answer to."""

    def __init__(self, **answers: object) -> None:
        self._answers = answers

    async def query(self, name: str, argument: dict[str, Any]) -> Any:
        if name not in self._answers:
            raise EngineLost("the engine is gone")
        return self._answers[name]

    async def follow(self, run: str, *, samples: bool) -> AsyncIterator[object]:
        for item in ():
            yield item
        raise EngineLost("the engine is gone")

    async def close(self) -> None:
        pass


def meets(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    async def met(*_: object) -> Client:
        return client

    for module in (exec_commands, lock_commands, maintenance_command):
        monkeypatch.setattr(module, "environment_or_known", lambda how, name: FLEET)
    for module in (forgive_command, lock_commands):
        monkeypatch.setattr(module, "asking", met)
    for module in (exec_commands, maintenance_command):
        monkeypatch.setattr(module, "asking_with_secrets", met)
    monkeypatch.setattr(forgive_command, "_owing", lambda how, host: [(["r1"], FLEET)])
    monkeypatch.setattr(lock_commands, "_meant", lambda how, name, text: (text, name))


@pytest.mark.parametrize(("command", "answers"), [
    (lambda: lock_commands.lock(HOW, "production", "audit", 0.0), {}),
    (lambda: lock_commands.unlock(HOW, "production", "audit"), {}),
    (lambda: lock_commands.unlock_run(HOW, "production", "r1", "stuck"), {}),
    (lambda: forgive_command.forgive(HOW, "web01", "sold"), {}),
    (lambda: maintenance_command.switch_maintenance(HOW, "production", "on", "", 0.0), {"maintenance-seen": as_plain(MaintenanceSeen("off"))}),
    (lambda: exec_commands.execute(HOW, "production", "*", "id"), {}),
    (lambda: exec_commands.execute(HOW, "production", "*", "id"), {"exec": {"hosts": ["web01"], "feed": "r1"}}),
])  # fmt: skip
async def test_what_was_done_is_said_not_to_be_known(command: Command, answers: dict[str, object], monkeypatch: pytest.MonkeyPatch):
    meets(monkeypatch, Client(**answers))
    with pytest.raises(ConsoleError, match="the engine is gone") as told:
        await command()
    assert (told.value.exit, type(told.value)) == (Exit.FAILED, Unsettled)
    assert told.value.hint.startswith("deploy ")


async def test_maintenance_that_was_switched_is_that_though_its_events_are_not_heard(monkeypatch: pytest.MonkeyPatch):
    meets(monkeypatch, Client(**{"maintenance-seen": as_plain(MaintenanceSeen("off")), "maintenance": DONE}))
    assert await maintenance_command.switch_maintenance(HOW, "production", "on", "", 0.0) == 0


async def test_a_host_is_forgiven_in_every_environment_that_owes_it_something(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    answers = [{"runs": ["r1"], "unlocked": True, "problem": ""}, {"runs": ["r2"], "unlocked": False, "problem": "a lock may stay"}]

    async def met(*_: object) -> Client:
        return Client(forgive=answers.pop(0))

    monkeypatch.setattr(forgive_command, "asking", met)
    monkeypatch.setattr(forgive_command, "_owing", lambda how, host: [(["r1"], FLEET), (["r2"], FLEET)])
    assert await forgive_command.forgive(HOW, "web01", "sold") == 0
    out, err = capsys.readouterr()
    assert (out, answers) == ("web01: forgiven, r1 and r2 owe it nothing any more\n", [])
    assert "a lock may stay" in err
