"""Releases, restarts and ways back on real sshd hosts behind a real balancer, while clients ask without a pause: no request fails."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.model import commands as cmd
from console.model.events import StepStarted
from console.model.request import Request
from tests.balancing import Haproxy, Machine, here
from tests.balancing.load import Load
from tests.balancing.nginx import Nginx
from tests.engine.test_real_runs import ADA, Product, opened_on
from tests.fleet import Fleet

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Shop:
    """Where a host of the fleet serves."""

    address: str
    port: int = 8080


@dataclass
class Served:
    """A product whose hosts are behind a balancer."""

    product: Product
    port: int
    real: Any

    def released_by(self) -> set[str]:
        return {self.product.live(name) for name in self.product.fleet.names}


def haproxy(machine: Machine, shops: Any) -> tuple[Haproxy, tuple[str, ...]]:
    real = Haproxy(machine, shops)
    return real, (f'socket = "{real.socket}"', 'backend = "shop"')


def nginx(machine: Machine, shops: Any) -> tuple[Nginx, tuple[str, ...]]:
    real = Nginx(machine, shops)
    return real, (f'file = "{real.file}"', 'upstream = "shop"', f'test = "{real.test}"', f'reload = "{real.reload}"', f'pid = "{real.pid}"')


BALANCERS: dict[str, Callable[[Machine, Any], tuple[Any, tuple[str, ...]]]] = {"haproxy": haproxy, "nginx": nginx}


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = here()
    yield made
    made.remove()


@contextlib.asynccontextmanager
async def served(fleet: Fleet, repository: Path, folder: Path, machine: Machine, kind: str = "haproxy", **options: object) -> AsyncIterator[Served]:
    """The first release, and a balancer that finds every host well."""
    if shutil.which(kind, path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip(f"needs {kind} (Debian: {kind})")
    (folder / "first").mkdir(mode=0o700)
    real, keys = BALANCERS[kind](machine, {name: Shop(fleet[name].address) for name in fleet.names})
    table = "\n".join(("[[environments.production.balancer]]", f'kind = "{kind}"', 'host = "localhost"', *keys))
    bare = fleet.hosts_toml(repository, interval="100ms", deadline="60s", restart_timeout="60s", file=folder / "bare.toml")
    async with opened_on(fleet, bare, folder / "first") as first:
        assert (await first.run(Request(ref="v1.0.0", yes=True))).exit == 0
    if isinstance(real, Haproxy):
        real.await_up()
    file = fleet.hosts_toml(repository, interval="100ms", deadline="10s", restart_timeout="60s", extra=table, file=folder / "hosts.toml", **options)
    try:
        async with opened_on(fleet, file, folder) as product:
            yield Served(product, real.port, real)
    finally:
        real.stop()


@pytest.fixture
async def shop(own_fleet: Fleet, shop_repository: Path, tmp_path: Path, machine: Machine) -> AsyncIterator[Served]:
    async with served(own_fleet, shop_repository, tmp_path, machine) as made:
        yield made


async def test_a_release_and_its_rollback_lose_no_request(shop: Served):
    async with Load(shop.port) as load:
        released = await shop.product.run(Request(ref="v1.1.0", yes=True))
        assert (released.exit, shop.released_by()) == (0, {"v1.1.0"})
        back = await shop.product.run(Request(kind="rollback", yes=True))
        assert (back.exit, shop.released_by()) == (0, {"v1.0.0"})
    assert back.plan is not None
    assert (back.plan.strategy, load.failed) == ("rollback halves", [])
    assert load.answered > 200


async def test_nginx_loses_no_request_either(own_fleet: Fleet, shop_repository: Path, tmp_path: Path, machine: Machine):
    """Its reloads close kept connections that are idle; a request that meets such a close is sent again, as clients do (nginx before 1.27.4)."""
    async with served(own_fleet, shop_repository, tmp_path, machine, "nginx") as shop:
        async with Load(shop.port, reopens=True) as load:
            released = await shop.product.run(Request(ref="v1.1.0", yes=True))
        assert (released.exit, shop.released_by(), load.failed) == (0, {"v1.1.0"}, [])
        assert load.answered > 200


async def test_a_release_that_fails_loses_no_request(shop: Served):
    async with Load(shop.port) as load:
        failed = await shop.product.run(Request(ref="v1.2.0", yes=True))
    assert (failed.exit, shop.released_by(), load.failed) == (4, {"v1.0.0"}, [])


async def test_an_engine_that_dies_in_the_middle_of_a_drained_host_loses_no_request(shop: Served):
    async with Load(shop.port) as load:
        run = await shop.product.session.open_run(Request(ref="v1.1.0", yes=True), ADA)
        async for item in shop.product.session.follow(run, 0):
            if isinstance(item, StepStarted) and item.step.endswith("web02/restart"):
                break
        await shop.product.session.stop(ADA, force=True)
        session = shop.product.session = await shop.product.another()
        await session.resume(run, ADA)
        await session.submit(run, cmd.Continue(), ADA)
        await shop.product.hear(run)
    state = session.state(run)
    assert (state.exit, shop.released_by(), load.failed) == (0, {"v1.1.0"}, [])
    assert all(shop.real.state(name) == (2, 0) for name in shop.product.fleet.names)


async def test_a_host_that_somebody_took_out_takes_the_release_and_stays_out(shop: Served):
    shop.real.said("set server shop/web03 state maint")
    async with Load(shop.port) as load:
        state = await shop.product.run(Request(ref="v1.1.0", yes=True))
    assert (state.exit, shop.released_by(), load.failed) == (0, {"v1.1.0"}, [])
    assert shop.real.state("web03")[1] & 1
    assert state.hosts["web03"].traffic["localhost/shop"].mark == "left"
    check = next(check for check in state.checks if check.id == "balancer")
    assert (check.status, str(check.detail)) == ("warning", "localhost/shop: 2 of 3 hosts serve; web03 is out of localhost/shop and stays so")


COLORS = {"web01": "blue", "web02": "green", "web03": "green"}


@pytest.fixture
async def sides(own_fleet: Fleet, shop_repository: Path, tmp_path: Path, machine: Machine) -> AsyncIterator[Served]:
    """Blue serves, green is out of the traffic."""
    options: dict[str, object] = {"colors": COLORS, "environment_extra": 'strategy = "bluegreen"'}
    async with served(own_fleet, shop_repository, tmp_path, machine, **options) as made:
        yield made


def restarts(shop: Served) -> int:
    return sum(shop.product.activations(name) for name in shop.product.fleet.names)


async def test_of_two_sides_that_both_serve_one_is_drained_and_then_the_traffic_moves_and_moves_back_without_a_lost_request(sides: Served):
    async with Load(sides.port) as load:
        released = await sides.product.run(Request(ref="v1.1.0", yes=True))
        assert (released.exit, [sides.product.live(name) for name in COLORS]) == (0, ["v1.1.0", "v1.0.0", "v1.0.0"])
        assert [sides.real.state(name)[1] for name in COLORS] == [0, 8, 8], "fewer of blue served"
        check = next(check for check in released.checks if check.id == "balancer")
        assert check.detail.startswith("both sides get requests: blue (web01) is drained")
        before = restarts(sides)
        back = await sides.product.run(Request(kind="rollback", yes=True))
        assert (back.exit, back.outcome) == (0, "rolled-back")
        assert ([sides.real.state(name)[1] for name in COLORS], restarts(sides)) == ([8, 0, 0], before)
        failed = await sides.product.run(Request(ref="v1.2.0", yes=True))
        assert (failed.exit, [sides.real.state(name)[1] for name in COLORS]) == (4, [8, 0, 0])
    assert load.failed == []
    again = await sides.product.run(Request(kind="rollback", yes=True))
    assert again.exit == 3


async def test_the_traffic_moves_back_by_key_in_the_middle_of_the_shift(sides: Served):
    for name in ("web02", "web03"):
        sides.real.said(f"set server shop/{name} state drain")
    async with Load(sides.port) as load:
        state = await sides.product.run(Request(ref="v1.1.0", yes=True), "shift/web01/drain", cmd.RollBack())
    assert (state.exit, [sides.real.state(name)[1] for name in COLORS], load.failed) == (4, [0, 8, 8], [])
