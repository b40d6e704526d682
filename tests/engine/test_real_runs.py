"""Runs on real sshd, from nothing: release, next release, a failing one, the ways back. One engine session, as its process holds it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import prepared
from console.adapters.system_clock import SystemClock
from console.cli.real_ports import open_outside
from console.config.load import load_file
from console.core.host.login_command import visit
from console.core.run.evolve import fold
from console.engine.engine import Engine
from console.errors import ConsoleError, Locked, UsageFault
from console.model import commands as cmd
from console.model.declared_impact import Impact
from console.model.events import AnyEvent, Event, StepStarted
from console.model.request import Person, Request
from console.model.state import RunState
from console.ports.feed import Sample
from console.ports.journal import Journal
from console.safe_text import SafeLines
from console.wire.codec import as_plain, from_plain
from tests.fleet import Fleet

ADA = Person("ada", 1000)


@dataclass
class Product:
    """A fleet with an engine session on it."""

    fleet: Fleet
    session: Engine
    another: Callable[..., Awaitable[Engine]]
    """A session after this one, as a new engine has it."""
    state: str
    file: str

    async def run(self, request: Request, at_step: str = "", say: cmd.AnyCommand | None = None) -> RunState:
        """Carry a run to its end; when that step starts, say something to it."""
        run = await self.session.open_run(request, ADA)
        async for item in self.session.follow(run, 0):
            if isinstance(item, StepStarted) and item.step.endswith(at_step) and say is not None:
                answer = await self.session.submit(run, say, ADA)
                assert isinstance(answer, cmd.Accepted), answer
                say = None
            assert isinstance(item, Event) or item is not None
        return self.session.state(run)

    async def hear(self, run: str) -> None:
        """Follow a run to its end."""
        async for _ in self.session.follow(run, 0):
            pass

    def live(self, host: str) -> str:
        """The version that a host serves."""
        return self.fleet.exec_in(host, "sed -n 's/^# version //p' /srv/shop/current/.deploy-manifest").strip()

    def activations(self, host: str) -> int:
        """How often the application was started there."""
        return len(self.fleet.exec_in(host, "cat /srv/shop/shared/activations").splitlines())


@contextlib.asynccontextmanager
async def opened_on(fleet: Fleet, file: Path, folder: Path) -> AsyncIterator[Product]:
    """Open engine sessions on a fleet, with their state in that folder, and stop them at the end."""
    state = str(folder / "state")
    prepared(state)
    sessions: list[Engine] = []
    journals: list[Journal] = []

    async def another(journal: Journal | None = None) -> Engine:
        journals.append(journal or SqlJournal.of(state))
        session = Engine(journals[-1], SystemClock(), lambda environment, secrets: open_outside(environment, state, secrets), lambda name: None)
        sessions.append(session)
        await session.configure(load_file(str(file)).environment("production"), "digest", {}, ADA)
        return session

    try:
        yield Product(fleet, await another(), another, state, str(file))
    finally:
        for session in sessions:
            await session.stop(ADA, force=True)
        for opened in journals:
            await opened.close()


@pytest.fixture(params=["1"])
async def product(request: pytest.FixtureRequest, own_fleet: Fleet, shop_repository: Path, tmp_path: Path) -> AsyncIterator[Product]:
    file = own_fleet.hosts_toml(shop_repository, interval="100ms", deadline="10s", restart_timeout="60s", batch=request.param)
    async with opened_on(own_fleet, file, tmp_path) as opened:
        yield opened


@pytest.mark.real
async def test_releases_and_the_ways_back(product: Product):
    names = product.fleet.names
    first = await product.run(Request(ref="v1.0.0", yes=True))
    assert (first.exit, first.outcome) == (0, "succeeded")
    assert (await product.run(Request(ref="v1.1.0", yes=True))).exit == 0

    bad = await product.run(Request(ref="v1.2.0", yes=True))
    assert (bad.exit, bad.outcome) == (4, "rolled-back")
    assert {product.live(name) for name in names} == {"v1.1.0"}
    assert "bin/restart" in product.fleet.exec_in("web01", "cat /srv/shop/.deploy/rollback")

    again = await product.run(Request(kind="rollback", yes=True))
    assert again.exit == 3
    assert "already back on v1.1.0" in again.reason

    assert (await product.run(Request(ref="v1.4.0", yes=True))).exit == 0
    back = await product.run(Request(kind="rollback", yes=True))
    assert (back.exit, back.outcome) == (0, "rolled-back")
    assert {str(host.version) for host in back.hosts.values()} == {"v1.1.0"}
    assert {product.live(name) for name in names} == {"v1.1.0"}

    further = await product.run(Request(kind="rollback", ref="v1.0.0", yes=True))
    assert further.exit == 0
    assert {product.live(name) for name in names} == {"v1.0.0"}
    assert (await product.run(Request(kind="restart", yes=True))).exit == 0


@pytest.mark.real
async def test_a_release_takes_over_from_one_in_its_monitoring_window(own_fleet: Fleet, shop_repository: Path, tmp_path: Path):
    window = '[environments.production.monitor]\nwindow = "10m"\n'
    file = own_fleet.hosts_toml(shop_repository, interval="100ms", deadline="60s", restart_timeout="60s", batch="2", extra=window)
    async with opened_on(own_fleet, file, tmp_path) as product:
        session, until_watched = product.session, "verify/monitor"
        await product.run(Request(ref="v1.0.0", yes=True), until_watched, cmd.Promote())
        first = await session.open_run(Request(ref="v1.1.0", yes=True), ADA)
        await _until_step(session, first, until_watched)
        checked: Any = await session.query("check", {"ref": "v1.4.0"}, ADA)
        (lock,) = [check for check in checked["checks"] if check["id"] == "lock"]
        assert (checked["exit"], lock["status"]) == (0, "passed")
        assert f"takes over from run {first}" in lock["detail"]
        with pytest.raises(Locked):
            await session.open_run(Request(kind="restart", yes=True), ADA)

        await session.configure(load_file(product.file).environment("production"), "another digest", {}, ADA)
        second = await session.open_run(Request(ref="v1.4.0", yes=True), ADA)
        await _until_step(session, second, until_watched)
        assert session.state(second).phase == "running", (session.state(second).reason, session.state(first).pausing)
        await product.hear(first)
        older = session.state(first)
        assert (older.exit, older.outcome, older.locked_hosts) == (0, "superseded", ())
        assert own_fleet.exec_in("web01", "cat /srv/shop/.deploy/lock/*/run").strip() == second
        assert isinstance(await session.submit(second, cmd.Promote(), ADA), cmd.Accepted)
        await product.hear(second)
        newer = session.state(second)
        assert (newer.exit, newer.outcome, newer.locked_hosts) == (0, "succeeded", ())
        back = await product.run(Request(kind="rollback", yes=True))
        assert (back.exit, back.outcome) == (0, "rolled-back")
        assert {product.live(name) for name in own_fleet.names} == {"v1.1.0"}


async def _until_step(session: Engine, run: str, name: str) -> None:
    """Follow a run until that step starts."""
    async with contextlib.aclosing(session.follow(run, 0)) as heard:  # type: ignore[type-var] # it is a generator
        async for item in heard:
            if isinstance(item, StepStarted) and item.step == name:
                return


@pytest.mark.real
@pytest.mark.parametrize("step", ["switch", "restart", "gate"])
async def test_roll_back_by_key_in_the_middle(product: Product, step: str):
    await product.run(Request(ref="v1.0.0", yes=True))
    state = await product.run(Request(ref="v1.1.0", yes=True), f"wave-2/web02/{step}", cmd.RollBack())
    assert state.exit == 4
    assert {product.live(name) for name in product.fleet.names} == {"v1.0.0"}
    assert state.hosts["web03"].condition == "old"


@pytest.mark.real
async def test_a_run_shows_the_load_of_its_hosts_and_leaves_no_loop_there(product: Product):
    run = await product.session.open_run(Request(ref="v1.0.0", yes=True), ADA)
    sampled = {item.host async for item in product.session.follow(run, 0) if isinstance(item, Sample) and item.memory is not None}
    assert sampled == set(product.fleet.names)
    await product.session.stop(ADA, force=False)
    async with asyncio.timeout(60):
        while any("/proc/loadavg" in line for name in product.fleet.names for line in product.fleet.processes(name)):
            await asyncio.sleep(0.1)


@pytest.mark.real
async def test_a_host_that_is_held_by_another_run_changes_nothing(product: Product):
    product.fleet.exec_in("web02", "mkdir -p /srv/shop/.deploy/lock/other.1 && chown -R deploytest /srv/shop && touch /srv/shop/.deploy/lock/other.1/heartbeat")
    state = await product.run(Request(ref="v1.0.0", yes=True))
    assert (state.exit, state.outcome) == (6, "locked")
    assert product.fleet.exec_in("web01", "ls /srv/shop/releases 2>/dev/null | wc -l").strip() == "0"


@pytest.mark.real
async def test_a_changed_key_and_a_full_disk_are_no_go(product: Product):
    product.fleet.change_key("web01")
    product.fleet.fill_disk("web02")
    state = await product.run(Request(ref="v1.0.0", yes=True))
    assert state.exit == 3
    failed = {check.id for check in state.checks if check.blocks}
    assert {"key", "space"} <= failed
    key = next(check for check in state.checks if check.id == "key")
    assert key.detail.count("SHA256:") == 2
    assert "deploy trust" in key.remedy


@pytest.mark.real
async def test_a_host_that_is_down_holds_no_rollback_up_and_is_owed(product: Product):
    await product.run(Request(ref="v1.0.0", yes=True))
    await product.run(Request(ref="v1.1.0", yes=True))
    product.fleet.kill("web02")
    state = await product.run(Request(kind="rollback", yes=True))
    assert (state.exit, state.outcome) == (5, "failed")
    assert state.hosts["web02"].condition == "owed"
    assert {product.live(name) for name in ("web01", "web03")} == {"v1.0.0"}


@pytest.mark.real
async def test_a_host_that_is_down_is_a_no_go_for_a_release(product: Product):
    product.fleet.kill("web02")
    state = await product.run(Request(ref="v1.0.0", yes=True))
    assert state.exit == 3
    assert state.hosts["web02"].condition == "unreachable"
    assert "web02" in state.reasons[0]


@pytest.mark.real
@pytest.mark.parametrize("product", ["1", "3"], indirect=True)
@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_new_engine_takes_a_run_up_and_nothing_happens_twice(product: Product, goes_on: bool):
    await product.run(Request(ref="v1.0.0", yes=True))
    run = await product.session.open_run(Request(ref="v1.1.0", yes=True), ADA)
    async for item in product.session.follow(run, 0):
        if isinstance(item, StepStarted) and item.step.endswith("web01/restart"):
            break
    await product.session.stop(ADA, force=True)

    product.session = await product.another()
    await product.session.resume(run, ADA)
    assert product.session.state(run).pausing is not None
    await product.session.submit(run, cmd.Continue() if goes_on else cmd.Abort(leave=True), ADA)
    await product.hear(run)
    state = product.session.state(run)
    if goes_on:
        assert (state.exit, state.outcome) == (0, "succeeded")
        assert [product.activations(name) for name in product.fleet.names] == [2, 2, 2]
    await product.session.stop(ADA, force=False)
    held = [product.fleet.exec_in(name, "ls /srv/shop/.deploy/lock 2>/dev/null | wc -l").strip() for name in product.fleet.names]
    assert held == ["0", "0", "0"]


@pytest.mark.real
async def test_a_run_that_no_engine_carries_any_more_is_taken_up_by_its_rollback(product: Product):
    await product.run(Request(ref="v1.0.0", yes=True))
    run = await product.session.open_run(Request(ref="v1.1.0", yes=True), ADA)
    async for item in product.session.follow(run, 0):
        if isinstance(item, StepStarted) and item.step.endswith("web02/restart"):
            break
    await product.session.stop(ADA, force=True)

    product.session = await product.another()
    refused = await product.session.submit(run, cmd.Pause(), ADA)
    assert isinstance(refused, cmd.Refusal)
    assert isinstance(await product.session.submit(run, cmd.RollBack(), ADA), cmd.Accepted)
    await product.hear(run)
    assert product.session.state(run).outcome == "rolled-back"
    assert {product.live(name) for name in product.fleet.names} == {"v1.0.0"}
    refused = await product.session.submit(run, cmd.RollBack(), ADA)
    assert isinstance(refused, cmd.Refusal)
    assert refused.ended


class FillingJournal(SqlJournal):
    """A journal whose disk is full from the second host's restart on."""

    is_full = False

    async def append(self, run, events, state):
        self.is_full = self.is_full or any(isinstance(event, StepStarted) and event.step.endswith("web02/restart") for event in events)
        if self.is_full:
            raise ConsoleError("the journal could not be written: No space left on device", "free some room")
        await super().append(run, events, state)


@pytest.mark.real
async def test_a_full_journal_ends_the_engine_s_part_and_the_run_is_taken_up_later(product: Product):
    await product.run(Request(ref="v1.0.0", yes=True))
    await product.session.stop(ADA, force=True)
    product.session = await product.another(FillingJournal.of(product.state))
    run = await product.session.open_run(Request(ref="v1.1.0", yes=True), ADA)
    with pytest.raises(ConsoleError, match="No space left"):
        await asyncio.wait_for(product.hear(run), 300)
    assert not product.session.busy
    for _ in range(2):
        with pytest.raises(ConsoleError, match="No space left"):
            await product.session.resume(run, ADA)
        assert not product.session.busy

    product.session = await product.another()
    await product.session.resume(run, ADA)
    await product.session.submit(run, cmd.Continue(), ADA)
    await product.hear(run)
    assert product.session.state(run).exit == 0
    assert [product.activations(name) for name in product.fleet.names] == [2, 2, 2]


@pytest.mark.real
async def test_one_host_alone_is_taken_back_in_a_run_and_after_it_restarted_and_visited(product: Product):
    """What the keys B, R and s ask for."""
    await product.run(Request(ref="v1.0.0", yes=True))
    mixed = await product.run(Request(ref="v1.1.0", yes=True), "web02/restart", cmd.Skip(host="web01"))
    others = {name: "v1.1.0" for name in product.fleet.names if name != "web01"}
    assert (mixed.exit, mixed.hosts["web01"].condition) == (8, "skipped")
    assert {name: product.live(name) for name in product.fleet.names} == {"web01": "v1.0.0", **others}

    back = await product.run(Request(kind="rollback", hosts="web02", at_once=True, yes=True))
    assert (back.exit, back.outcome) == (0, "rolled-back")
    assert (product.live("web01"), product.live("web02")) == ("v1.0.0", "v1.0.0")

    before = {name: product.activations(name) for name in product.fleet.names}
    assert (await product.run(Request(kind="restart", hosts="web01", yes=True))).exit == 0
    assert {name: product.activations(name) - count for name, count in before.items()} == {name: int(name == "web01") for name in before}

    environment = load_file(product.file).environment("production")
    host = environment.host("web01")
    assert host is not None
    process = await asyncio.create_subprocess_exec(*visit(environment, host), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(process.communicate(b"sed -n 's/^# version //p' .deploy-manifest; exit 7\n"), 60)
    assert (process.returncode, "v1.0.0" in out.decode()) == (7, True)


@pytest.mark.real
async def test_a_preview_finds_what_a_run_would_and_changes_nothing_on_a_host(product: Product):
    said = Impact(migration="no", downtime=0.0, risk="medium", notes=SafeLines("mind the basket\nand the till"))
    first = await product.run(Request(ref="v1.0.0", yes=True, impact=said))
    assert first.exit == 0

    def on_disk() -> list[str]:
        return [product.fleet.exec_in(name, "find /srv/shop -path '*/log' -prune -o -printf '%p %T@ %s %l\\n' | sort") for name in product.fleet.names]

    async with asyncio.timeout(60):
        while any("/.deploy/lock/" in listing for listing in on_disk()):
            await asyncio.sleep(0.1)
    before, runs = on_disk(), product.session.open_run_id
    request = Request(ref="v1.1.0", hosts="web01,web02", impact=said)
    found = fold(from_plain(await product.session.query("preview", as_plain(request), ADA), tuple[AnyEvent, ...]))
    assert (found.run, found.request, found.phase) == ("", request, "deciding")
    assert str(found.release.version) == "v1.1.0"
    assert [len(wave) for wave in found.plan.waves] == [1, 1]
    assert {str(way.version) for way in found.way_back} == {"v1.0.0"}
    assert not [check.id for check in found.checks if check.blocks]
    assert on_disk() == before
    assert product.session.open_run_id == runs
    store = JournalStore.of(product.state)
    recorded = fold(store.read(first.run))
    store.close()
    assert recorded.request.impact == said
    with pytest.raises(UsageFault, match="db"):
        await product.session.query("preview", as_plain(Request(ref="v1.1.0", hosts="db*")), ADA)
