"""Owed hosts that answer again, on real sshd: each is brought to what the environment is by then, by a run of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.statefolder import prepared
from console.adapters.system_clock import SystemClock
from console.cli.real_ports import open_outside
from console.config.load import load_file
from console.core.run.evolve import fold
from console.engine.engine import Engine
from console.model import commands as cmd
from console.model.events import StepStarted
from console.model.request import Person, Request
from console.model.state import RunState
from console.wire.codec import as_plain
from tests.fleet import Fleet

ADA = Person("ada", 1000)
pytestmark = pytest.mark.real


@dataclass
class Owing:
    """A fleet with an engine session that looks after its debts every moment."""

    fleet: Fleet
    session: Engine
    journal: SqlJournal

    async def run(self, **request: object) -> RunState:
        run = await self.session.open_run(Request(yes=True, **request), ADA)  # type: ignore[arg-type]
        async for _ in self.session.follow(run, 0):
            pass
        return self.session.state(run)

    def live(self, host: str) -> str:
        return self.fleet.exec_in(host, "sed -n 's/^# version //p' /srv/shop/current/.deploy-manifest").strip()

    def catch_ups(self) -> list[RunState]:
        """Ended runs of that kind, oldest first."""
        found = [one for one in self.journal.store.runs("shop", "production") if one.kind == "catch-up" and one.outcome]
        return [fold(self.journal.store.read(one.run)) for one in reversed(found)]


async def eventually(is_so: Callable[[], bool], seconds: float = 300.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.05)


@pytest.fixture
async def owing(own_fleet: Fleet, shop_repository: Path, tmp_path: Path) -> AsyncIterator[Owing]:
    state = str(tmp_path / "state")
    prepared(state)
    file = own_fleet.hosts_toml(shop_repository, interval="100ms", deadline="60s", max_failures=1, connect_timeout="20s", restart_timeout="60s")
    journal = SqlJournal.of(state)
    session = Engine(journal, SystemClock(), lambda environment, secrets: open_outside(environment, state, secrets), lambda name: None, look_again=0.2)
    await session.configure(load_file(str(file)).environment("production"), "digest", {}, ADA)
    yield Owing(own_fleet, session, journal)
    await session.stop(ADA, force=True)
    await journal.close()


async def test_a_host_that_was_not_reached_gets_what_is_live_when_it_returns_and_goes_back_with_the_others(owing: Owing):
    await owing.run(ref="v1.0.0")
    owing.fleet.kill("web03")
    behind = await owing.run(ref="v1.1.0")
    assert (behind.exit, behind.hosts["web03"].condition) == (8, "owed")
    assert owing.session.owing
    assert (await owing.run(ref="v1.4.0")).exit == 8
    owing.fleet.start("web03")
    await eventually(lambda: bool(owing.catch_ups()))
    (paid,) = owing.catch_ups()
    assert (paid.exit, paid.outcome, paid.by.name, paid.hosts["web03"].before_version) == (0, "succeeded", "the engine", "v1.0.0")
    assert {owing.live(name) for name in owing.fleet.names} == {"v1.4.0"}
    releases = {owing.fleet.exec_in(name, "readlink /srv/shop/current").strip() for name in owing.fleet.names}
    assert len(releases) == 1
    await eventually(lambda: not owing.session.owing)
    status = as_plain(await owing.session.query("status", {}, ADA))
    assert [row["healthy"] for row in status["hosts"]] == [True, True, True]

    assert (await owing.run(kind="rollback")).exit == 0
    assert [owing.live(name) for name in owing.fleet.names] == ["v1.1.0", "v1.1.0", "v1.0.0"]


async def test_a_host_that_is_lost_in_a_rollback_comes_to_what_the_others_are(owing: Owing):
    await owing.run(ref="v1.0.0")
    await owing.run(ref="v1.1.0")
    owing.fleet.kill("web03")
    lost = await owing.run(kind="rollback")
    assert (lost.exit, lost.hosts["web03"].condition) == (5, "owed")
    owing.fleet.start("web03")
    await eventually(lambda: bool(owing.catch_ups()))
    assert {owing.live(name) for name in owing.fleet.names} == {"v1.0.0"}
    assert not any(step.startswith(("release/", "prepare/")) for step in owing.catch_ups()[0].index)
    await eventually(lambda: not owing.session.owing)
    again = await owing.run(kind="rollback")
    assert (again.exit, "already back on v1.0.0" in again.reason) == (3, True)


async def test_a_host_that_was_left_out_and_answers_all_the_while_waits_until_it_was_away(owing: Owing):
    await owing.run(ref="v1.0.0")
    await owing.run(ref="v1.1.0", without=(("web02", "its disk is watched"),))
    await asyncio.sleep(1.0)
    assert owing.session.owing
    assert not owing.catch_ups()
    owing.fleet.kill("web02")
    await eventually(lambda: "web02" in owing.session._catch_up._away)
    owing.fleet.start("web02")
    await eventually(lambda: bool(owing.catch_ups()))
    assert owing.live("web02") == "v1.1.0"


async def test_one_that_does_not_get_well_is_tried_once_and_a_note_holds_it(owing: Owing):
    await owing.run(ref="v1.0.0")
    owing.fleet.kill("web03")
    assert (await owing.run(ref="v1.1.0")).exit == 8
    owing.fleet.exec_in("web03", "chown root:root /srv/shop/releases")
    owing.fleet.start("web03")
    await eventually(lambda: bool(owing.catch_ups()))
    await asyncio.sleep(1.0)
    (failed,) = owing.catch_ups()
    assert failed.exit != 0
    assert owing.live("web03") == "v1.0.0"
    owing.fleet.exec_in("web03", "chown deploytest:deploytest /srv/shop/releases")
    owing.fleet.kill("web03")
    await eventually(lambda: "web03" not in owing.session._catch_up._tried)
    owing.fleet.exec_in("web03", "printf 'by=bo\\nreason=audit\\n' > /srv/shop/.deploy/closed && chown deploytest /srv/shop/.deploy/closed")
    owing.fleet.start("web03")
    await asyncio.sleep(1.5)
    assert len(owing.catch_ups()) == 1
    owing.fleet.exec_in("web03", "rm /srv/shop/.deploy/closed")
    await eventually(lambda: len(owing.catch_ups()) == 2)
    assert owing.live("web03") == "v1.1.0"


async def test_nobody_brings_a_host_anywhere_where_it_is_not_clear_what_the_environment_is(owing: Owing):
    await owing.run(ref="v1.0.0")
    owing.fleet.kill("web03")
    assert (await owing.run(ref="v1.1.0")).exit == 8
    run = await owing.session.open_run(Request(ref="v1.4.0", yes=True), ADA)
    async for item in owing.session.follow(run, 0):
        if isinstance(item, StepStarted) and item.step == "wave-1/web01/restart":
            await owing.session.submit(run, cmd.Abort(leave=True), ADA)
    assert [owing.live(name) for name in owing.fleet.names] == ["v1.4.0", "v1.1.0", "v1.0.0"]
    owing.fleet.start("web03")
    await asyncio.sleep(1.5)
    assert not owing.catch_ups()
    refused = await owing.run(kind="catch-up", hosts="web03")
    assert (refused.exit, refused.reason) == (3, f"web03 cannot be brought up to date: run {run} left its hosts on different releases")
    status = as_plain(await owing.session.query("status", {}, ADA))
    assert [debt["next"] for debt in status["owed"]] == [f"a person must decide which release it gets: run {run} left its hosts on different releases"]
