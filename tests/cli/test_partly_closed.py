"""`lock` and `unlock` where a host does not answer: what was done on the others is told, and what to type about it."""

from typing import Any

import pytest

from console.cli import lock_commands
from console.cli.invocation import Invocation
from console.errors import UsageFault
from tests.core.simulation import an_environment

HOSTS = ("web01", "web02", "web03")
RUN = "20261124T071407Z-production-3f2a"
AWAY = {"host": "web03", "message": "Connection refused", "hint": ""}


def answering(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]) -> None:
    async def asked(*_: object) -> dict[str, Any]:
        return answer

    monkeypatch.setattr(lock_commands, "environment_or_known", lambda how, name: an_environment(len(HOSTS)))
    monkeypatch.setattr(lock_commands, "_asked", asked)


async def test_hosts_that_are_closed_are_told_beside_one_that_is_not(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    answering(monkeypatch, {"until": "", "failed": [AWAY]})
    assert await lock_commands.lock(Invocation(yes=True), "production", "audit", 0.0) == 3
    out, err = capsys.readouterr()
    assert out == "production is closed on 2 of 3 hosts: audit\n"
    assert "web03: Connection refused\n  type the command again once the host answers" in err


async def test_where_no_host_answers_nothing_is_said_to_be_closed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    answering(monkeypatch, {"until": "", "failed": [{**AWAY, "host": name} for name in HOSTS]})
    assert await lock_commands.lock(Invocation(yes=True), "production", "audit", 0.0) == 3
    assert capsys.readouterr().out == ""


async def test_a_run_that_neither_the_record_nor_a_host_knows_is_an_unknown_run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lock_commands, "_meant", lambda how, name, text: (text, name))
    answering(monkeypatch, {"run": RUN, "known": False, "broken": [], "failed": []})
    with pytest.raises(UsageFault, match=f"no run is called {RUN}, neither in the record nor on a host of production"):
        await lock_commands.unlock_run(Invocation(yes=True), "production", RUN, "stuck")
    answering(monkeypatch, {"run": RUN, "known": False, "broken": [], "failed": [AWAY]})
    assert await lock_commands.unlock_run(Invocation(yes=True), "production", RUN, "stuck") == 3


@pytest.mark.parametrize(("opened", "failed", "said"), [
    (["web01", "web02"], [AWAY], "production is open again on 2 of 3 hosts\n"), (["web01"], [], "production is open again\n"), ([], [AWAY], ""),
])  # fmt: skip
async def test_hosts_that_are_open_again_are_told(
    opened: list[str], failed: list[dict[str, str]], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    answering(monkeypatch, {"opened": opened, "held_by": None, "goes_on": False, "failed": failed})
    await lock_commands.unlock(Invocation(yes=True), "production", "done")
    assert capsys.readouterr().out == said
