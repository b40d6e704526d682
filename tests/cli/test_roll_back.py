"""`deploy rollback` in every moment: while a run ends, after its engine has died, beside one that begins. It is never lost."""

import json
import os
import signal
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from console.cli import rollback_command
from console.cli.invocation import Invocation
from console.cli.responsibility import Responsibility, code_for
from console.errors import EngineLost, Locked, NoGo
from console.model import commands as cmd
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.request import Request
from console.model.state import RunState
from console.safe_text import SafeText
from tests.cli.product import Product, until

SHOP = Environment(app="shop", name="production", path="/srv/shop", hosts=(Host("web01"),))
OVER = cmd.Refusal(SafeText("run r1 has ended: succeeded"), ended=True)


class Engines:
    """Engines that are met one after another: each says which run is open, and how it takes a roll back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *meetings: tuple[str, object]) -> None:
        self.meetings, self.met, self.closed = list(meetings), 0, 0
        self.said: list[object] = []
        self.states: dict[str, RunState] = {"r1": RunState(run="r1", phase="running", go=True, changed=True)}
        monkeypatch.setattr(rollback_command, "engine_of", self.engine_of)
        monkeypatch.setattr(rollback_command, "recorded", lambda run: self.states[run])
        monkeypatch.setattr(rollback_command, "_open_run", lambda found: "")

    async def engine_of(self, how: Invocation, found: Environment) -> Any:
        run, answer = self.meetings[self.met]
        self.met += 1

        async def submit(run: str, command: object) -> object:
            self.said.append(command)
            if isinstance(answer, Exception):
                raise answer
            return answer[type(command)] if isinstance(answer, dict) else answer

        async def close() -> None:
            self.closed += 1

        async def wait_ended(run: str, after: int) -> None:
            self.states[run] = RunState(run=run, phase="ended", go=False)

        return SimpleNamespace(welcome=SimpleNamespace(run=run), submit=submit, close=close, wait_ended=wait_ended)


async def met(engines: Engines, *own: object) -> tuple[str, Responsibility]:
    answers = list(own)

    async def opened(client: object) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    found = await rollback_command._met(Invocation(yes=True, json=True), SHOP, Request(kind="rollback", yes=True), opened)
    assert engines.closed == engines.met - 1
    return found.run, found.part


OWN = ("own", Responsibility(drives=True))


async def test_one_that_meets_a_run_which_is_just_ending_becomes_a_run_of_its_own(monkeypatch: pytest.MonkeyPatch):
    assert await met(Engines(monkeypatch, ("r1", OVER), ("", None)), "own") == OWN


async def test_one_whose_engine_is_lost_under_the_word_is_said_to_the_next(monkeypatch: pytest.MonkeyPatch):
    lost = EngineLost("gone")
    assert await met(Engines(monkeypatch, ("r1", lost), ("r1", cmd.Accepted(7))), "own") == ("r1", Responsibility(asked_back=True, goes_on=True))
    assert await met(Engines(monkeypatch, ("", None), ("", None)), lost, "own") == OWN


async def test_one_that_meets_a_run_which_has_ended_in_the_record_does_not_ask_it(monkeypatch: pytest.MonkeyPatch):
    engines = Engines(monkeypatch, ("r1", cmd.Accepted(7)))
    engines.states["r1"] = RunState(run="r1", phase="ended", outcome="succeeded")
    assert await met(engines, "own") == OWN


async def test_one_that_meets_a_run_which_was_refused_and_has_not_ended_yet_becomes_its_own(monkeypatch: pytest.MonkeyPatch):
    engines = Engines(monkeypatch, ("r1", OVER), ("r1", OVER))
    engines.states["r1"] = RunState(run="r1", phase="deciding", go=False)
    monkeypatch.setattr(rollback_command, "_open_run", lambda found: "r1")
    assert await met(engines, Locked("r1 goes on"), "own") == OWN


async def test_the_engines_own_run_makes_way(monkeypatch: pytest.MonkeyPatch):
    engines = Engines(monkeypatch, ("r1", OVER))
    engines.states["r1"] = RunState(run="r1", kind="catch-up", phase="running", go=True)
    assert await met(engines, "own") == OWN


async def test_a_run_that_the_engine_began_after_it_was_greeted_is_none_whose_engine_is_gone(monkeypatch: pytest.MonkeyPatch):
    engines = Engines(monkeypatch, ("", None), ("r1", None), ("r1", OVER))
    engines.states["r1"] = RunState(run="r1", kind="catch-up", phase="running", go=True)
    monkeypatch.setattr(rollback_command, "_open_run", lambda found: "r1")
    assert await met(engines, "own") == OWN


async def test_a_run_that_nobody_has_decided_on_makes_way(monkeypatch: pytest.MonkeyPatch):
    engines = Engines(monkeypatch, ("r1", cmd.Accepted(7)), ("", None))
    engines.states["r1"] = RunState(run="r1", phase="deciding", seq=6)
    assert await met(engines, "own") == OWN


async def test_a_run_that_is_decided_under_the_word_is_asked_to_go_back(monkeypatch: pytest.MonkeyPatch):
    engines = Engines(monkeypatch, ("r1", cmd.Refusal(SafeText("GO was given meanwhile"))), ("r1", cmd.Accepted(9)))
    states = iter((RunState(run="r1", phase="deciding", seq=6), *(RunState(run="r1", phase="running", go=True, changed=True),) * 3))
    monkeypatch.setattr(rollback_command, "recorded", lambda run: next(states))
    assert await met(engines) == ("r1", Responsibility(asked_back=True, goes_on=True))


async def test_who_may_not_end_a_run_is_told(monkeypatch: pytest.MonkeyPatch):
    engines = Engines(monkeypatch, ("r1", cmd.Refusal(SafeText("you may look on"))))
    engines.states["r1"] = RunState(run="r1", phase="preflight", seq=6)
    with pytest.raises(NoGo, match="look on"):
        await met(engines, "own")


async def test_a_lock_that_nothing_explains_is_told(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(Locked):
        await met(Engines(monkeypatch, ("", None), ("", None)), Locked("held elsewhere"), Locked("held elsewhere"))


async def test_a_lock_that_is_gone_at_the_second_look_is_none(monkeypatch: pytest.MonkeyPatch):
    assert await met(Engines(monkeypatch, ("", None), ("", None)), Locked("run r0 goes on"), "own") == OWN


async def test_a_release_that_has_changed_nothing_yet_is_ended(monkeypatch: pytest.MonkeyPatch):
    nothing, said = cmd.Refusal(SafeText("no host has been changed yet")), cmd.Accepted(7)
    engines = Engines(monkeypatch, ("r1", {cmd.RollBack: nothing, cmd.Abort: said}))
    engines.states["r1"] = RunState(run="r1", phase="running", go=True)
    assert await met(engines) == ("r1", Responsibility(asked_back=True, goes_on=True))
    assert engines.said == [cmd.RollBack(), cmd.Abort()]


async def test_a_release_that_changes_its_first_host_under_the_word_is_asked_again(monkeypatch: pytest.MonkeyPatch):
    engines = Engines(monkeypatch, ("r1", cmd.Refusal(SafeText("no host has been changed yet"))), ("r1", cmd.Accepted(9)))
    before, after = RunState(run="r1", phase="running", go=True), RunState(run="r1", phase="running", go=True, changed=True)
    states = iter((before, after, after))
    monkeypatch.setattr(rollback_command, "recorded", lambda run: next(states))
    assert await met(engines) == ("r1", Responsibility(asked_back=True, goes_on=True))


async def test_a_restart_is_ended_and_the_last_release_goes_back(monkeypatch: pytest.MonkeyPatch):
    engines = Engines(monkeypatch, ("r1", {cmd.RollBack: cmd.Refusal(SafeText("a restart changes no release")), cmd.Abort: cmd.Accepted(7)}), ("", None))
    engines.states["r1"] = RunState(run="r1", kind="restart", phase="running", go=True, changed=True)
    assert await met(engines, "own") == OWN
    assert engines.said == [cmd.RollBack(), cmd.Abort(leave=True, then_back="planned")]


async def test_a_rollback_that_the_engine_has_begun_meanwhile_is_joined_and_not_ended(monkeypatch: pytest.MonkeyPatch):
    engines = Engines(monkeypatch, ("r2", cmd.Accepted(7)))
    engines.states["r2"] = RunState(run="r2", kind="rollback", phase="preflight", request=Request(kind="rollback", yes=True))
    assert await met(engines) == ("r2", Responsibility(asked_back=True, goes_on=True))
    assert engines.said == []


async def test_a_restore_of_the_database_is_not_ended(monkeypatch: pytest.MonkeyPatch):
    engines = Engines(monkeypatch, ("r1", cmd.Refusal(SafeText("a restore changes no host"))))
    engines.states["r1"] = RunState(run="r1", kind="restore", phase="running", go=True)
    with pytest.raises(NoGo, match="a restore"):
        await met(engines, "own")
    assert engines.said == [cmd.RollBack()]


def test_a_rollback_before_the_first_change_is_done_when_the_run_is_interrupted():
    assert code_for(130, Responsibility(asked_back=True)) == 0
    assert code_for(130, Responsibility(drives=True)) == 130


@pytest.fixture
def product() -> Iterator[Product]:
    made = Product()
    yield made
    made.close()


def released(product: Product, *words: str) -> Any:
    return product.start("-c", product.config, "production", *words, "--yes", "--json")


def test_typed_as_the_release_ends_it_goes_back(product: Product):
    product.deploy("-c", product.config, "production", "--version", "v1.4.1", "--yes")
    before = product.live()
    viewer = released(product, "--version", "v1.4.2")
    until(viewer.stdout, '"type":"run-ended"')
    assert product.result("rollback", "production", "--yes")["outcome"] == "rolled-back"
    viewer.communicate()
    assert (viewer.returncode, product.live()) == (0, before)


def test_it_does_not_wait_for_somebody_who_has_not_decided(product: Product):
    product.deploy("-c", product.config, "production", "--version", "v1.4.1", "--yes")
    before = product.live()
    assert product.result("-c", product.config, "production", "--version", "v1.4.2", "--yes")["exit"] == 0
    config = product.config
    with open(config, "a", encoding="utf-8") as file:
        file.write('\n[[environments.production.checks]]\nname = "ticked"\nkind = "manual"\nprompt = "ready?"\n')
    viewer = product.start("-c", config, "production", "--version", "v1.4.1", "--override", "direction=test", "--wait-for-person", "5m", "--yes", "--json")
    until(viewer.stdout, '"type":"plan-made"')
    assert product.result("-c", config, "rollback", "production", "--yes")["outcome"] == "rolled-back"
    viewer.communicate()
    assert (viewer.returncode, product.live()) == (130, before)


def test_after_its_engine_was_killed_a_run_is_rolled_back(product: Product):
    product.deploy("-c", product.config, "production", "--version", "v1.4.2", "--yes")
    before = product.live()
    viewer = released(product, "--version", "v1.5.1")
    until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    engine = product.engine()
    viewer.kill()
    os.kill(engine, signal.SIGKILL)
    viewer.communicate()
    time.sleep(0.2)
    assert product.result("rollback", "production", "--reason", "errors at checkout", "--yes")["outcome"] == "rolled-back"
    assert '"reason":"asked for by root: errors at checkout"' in product.deploy("events", "last")[0]
    assert product.live() == before
    assert json.loads(product.deploy("-c", product.config, "status", "--json")[0])["locked_by"] is None
    assert product.result("-c", product.config, "production", "--version", "v1.4.2", "--yes")["exit"] == 0


def test_behind_a_restart_it_begins_though_whoever_asked_for_it_is_gone(product: Product):
    product.deploy("-c", product.config, "production", "--version", "v1.4.1", "--yes")
    before = product.live()
    product.deploy("-c", product.config, "production", "--version", "v1.4.2", "--yes")
    restart = product.start("-c", product.config, "restart", "production", "--yes", "--json")
    until(restart.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    asker = product.start("rollback", "production", "--reason", "errors", "--yes", "--json")
    until(restart.stdout, '"type":"abort-asked"')
    asker.kill()
    asker.communicate()
    restart.communicate()
    waits_until = time.monotonic() + 120.0
    while product.live() != before:
        assert time.monotonic() < waits_until, "the roll back never began"
        time.sleep(0.2)
