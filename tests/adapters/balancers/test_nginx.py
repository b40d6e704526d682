"""nginx's own traps, each broken on a real one: reloads that say nothing, edits by hand, tests that refuse, changes that come together."""

import asyncio
import re
import time

import pytest

from console.adapters.balancers.nginx import NginxBalancer
from console.adapters.this_machine import LocalTransport
from console.model.balancer import Balancer as Spec
from console.model.host import Host
from console.model.traffic import BalancerProblem, BalancerSeen
from tests.adapters.balancers.conftest import needed
from tests.adapters.balancers.rigs import HOSTS, ONE, THREE, TWO, server_of
from tests.balancing import Nginx, ask


@pytest.fixture
def start(machine, webs):
    """Start one with these options, and return the console's balancer and itself."""
    needed("nginx")
    started = []

    def begin(*, hosts=HOSTS, test="", reload="", **more) -> tuple[NginxBalancer, Nginx]:
        real = Nginx(machine, {server_of(name): web for name, web in webs.items()}, **more)
        started.append(real)
        spec = Spec("nginx", file=real.file, upstream="shop", test=test or real.test, reload=reload or real.reload, pid=real.pid)
        return NginxBalancer(spec, hosts, LocalTransport()), real

    yield begin
    for real in started:
        real.stop()


async def admissions(balancer):
    seen = await balancer.look(deadline=60)
    assert isinstance(seen, BalancerSeen), seen
    return [server.admission for server in seen.servers]


async def test_the_file_is_as_it_was_once_all_are_back(start):
    balancer, real = start()
    before = real.text()
    assert isinstance(await balancer.drain((ONE, TWO), deadline=60), BalancerSeen)
    lines = real.text().splitlines()
    assert [bool(re.search(r" down;.*# drained by deploy-console$", line)) for line in lines] == [False, False, True, True, False, False]
    assert isinstance(await balancer.admit((ONE, TWO), deadline=60), BalancerSeen)
    assert real.text() == before
    left = real.machine.run(f"ls -A {real.machine.folder}/upstreams").split()
    assert left == [".shop.conf.deploy-before", "shop.conf"]


async def test_changes_that_come_together_are_one_reload_and_the_next_one_waits(start, machine):
    balancer, real = start()
    balancer, _ = NginxBalancer(
        Spec("nginx", file=real.file, upstream="shop", test=real.test, pid=real.pid, reload=f"echo x >> {machine.folder}/reloads; {real.reload}"), HOSTS, LocalTransport()
    ), real  # fmt: skip
    began = time.monotonic()
    answers = await asyncio.gather(*(balancer.drain((name,), deadline=60) for name in (ONE, TWO)))
    assert all(isinstance(answer, BalancerSeen) for answer in answers)
    assert machine.run(f"cat {machine.folder}/reloads") == "x\n"
    assert await admissions(balancer) == ["drained", "drained", "in"]
    assert isinstance(await balancer.admit((ONE,), deadline=60), BalancerSeen)
    assert time.monotonic() - began > 1
    assert isinstance(await balancer.admit((ONE,), deadline=60), BalancerSeen)
    assert machine.run(f"cat {machine.folder}/reloads") == "x\nx\n"  # nothing was to be changed


async def test_a_change_that_its_test_refuses_is_put_back(start):
    balancer, real = start(test="echo 'unknown directive'; false")
    before = real.text()
    problem = await balancer.drain((ONE,), deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert (problem.reached, "its own test refuses" in problem.message, "unknown directive" in problem.message) == (True, True, True)
    assert real.text() == before
    assert await admissions(balancer) == ["in", "in", "in"]


async def test_a_reload_that_fails_is_put_back(start):
    balancer, real = start(reload="echo 'no such unit' >&2; exit 5")
    before = real.text()
    problem = await balancer.drain((ONE,), deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert "could not be reloaded" in problem.message
    assert "no such unit" in problem.message
    assert real.text() == before


async def test_a_reload_without_effect_is_no_drain(start):
    balancer, real = start()
    with_taken_port = ask_for_taken_port(real)
    try:
        before = real.text()
        problem = await balancer.drain((ONE,), deadline=3)
        assert isinstance(problem, BalancerProblem)
        assert "its reload had no effect" in problem.message
        assert real.text() == before
    finally:
        with_taken_port.close()


def ask_for_taken_port(real):
    """Have the configuration name a port that somebody else has: its test passes, a reload returns 0, and the workers stay."""
    import socket

    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    real.write(port=taken.getsockname()[1])
    return taken


class Meddling(LocalTransport):
    """Somebody edits the file between the look at it and the change, so many times."""

    def __init__(self, edit, times):
        super().__init__()
        self.edit, self.times = edit, times

    async def run(self, host, script, data=b"", **more):
        if data and self.times:
            self.times -= 1
            await super().run(host, self.edit, deadline=60)
        return await super().run(host, script, data, **more)


async def test_kept_connections_are_ended_before_a_reload_where_the_configuration_asks_for_that(start, machine):
    seen = f"{machine.folder}/seen"
    _, real = start(more=f"# if (-f {machine.folder}/upstreams/shop.conf.closing)")
    reload = f"[ ! -e {real.file}.closing ] || echo closing >> {seen}; {real.reload}"
    balancer = NginxBalancer(Spec("nginx", file=real.file, upstream="shop", test=real.test, pid=real.pid, reload=reload), HOSTS, LocalTransport())
    assert isinstance(await balancer.drain((ONE,), deadline=60), BalancerSeen)
    assert machine.run(f"cat {seen}; ls {real.file}*") == f"closing\n{real.file}\n"
    balancer = NginxBalancer(Spec("nginx", file=real.file, upstream="shop", test="false", pid=real.pid, reload=reload), HOSTS, LocalTransport())
    assert isinstance(await balancer.admit((ONE,), deadline=60), BalancerProblem)
    assert machine.run(f"ls {real.file}*") == f"{real.file}\n"


@pytest.mark.parametrize("times", [1, 9])
async def test_an_edit_by_hand_is_not_overwritten(start, times):
    _, real = start()
    spec = Spec("nginx", file=real.file, upstream="shop", test=real.test, reload=real.reload, pid=real.pid)
    balancer = NginxBalancer(spec, HOSTS, Meddling(f"sed -i 's/^# by hand/# by hand once more/' {real.file}", times))
    answer = await balancer.drain((ONE,), deadline=60)
    assert real.text().startswith("# by hand once more")
    assert isinstance(answer, BalancerSeen) is (times == 1)
    assert await admissions(balancer) == ["drained" if times == 1 else "in", "in", "in"]
    if isinstance(answer, BalancerProblem):
        assert "changed by somebody else again and again" in answer.message


async def test_old_workers_are_what_is_still_under_way_for_every_drained_host(start, webs):
    balancer, real = start()
    asked = [asyncio.ensure_future(asyncio.to_thread(ask, real.port, "/slow")) for _ in range(3)]
    while sum(web.waiting for web in webs.values()) < 3:
        await asyncio.sleep(0.02)
    seen = await balancer.drain((ONE,), deadline=60)
    assert isinstance(seen, BalancerSeen)
    assert seen.servers[0].sessions in (1, 2)
    assert [server.sessions for server in seen.servers][1:] == [None, None]
    for web in webs.values():
        web.release()
    assert {status for status, _ in await asyncio.gather(*asked)} == {200}
    end = time.monotonic() + 60
    while (seen := await balancer.look(deadline=60)).servers[0].sessions:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def test_a_timeout_that_cuts_long_requests_is_warned_of(start):
    balancer, _ = start(more="worker_shutdown_timeout 1s;")
    seen = await balancer.look(deadline=60)
    assert isinstance(seen, BalancerSeen)
    assert [str(words) for words in seen.warnings] == ["worker_shutdown_timeout 1s: requests that take longer are cut by each reload"]


async def test_what_it_cannot_read_is_said(start, machine):
    balancer, real = start(hosts=(*HOSTS, Host("web04", address="10.0.0.4")))
    problem = await balancer.look(deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert "no server line for web04" in problem.message
    assert 'server = "ADDRESS:PORT"' in problem.hint
    machine.run(f"mv {real.file} {real.file}.away")
    problem = await balancer.look(deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert "root cannot read" in problem.message
    machine.run(f"mv {real.file}.away {real.file}")
    real.stop()
    problem = await balancer.look(deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert ("nginx does not run" in problem.message, problem.reached) == (True, False)


async def test_hosts_are_found_by_address_too(start, webs):
    hosts = tuple(Host(name, server=f"127.0.0.1:{web.port}") for name, web in webs.items())
    balancer, real = start(hosts=hosts)
    assert isinstance(await balancer.drain((THREE,), deadline=60), BalancerSeen)
    assert {ask(real.port)[1] for _ in range(12)} == {ONE, TWO}
