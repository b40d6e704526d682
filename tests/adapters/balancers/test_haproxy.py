"""HAProxy's own traps, each broken on a real one: reloads, old workers, stale checks, cookies, weights of 1, sockets that may not be written to."""

import asyncio
import time

import pytest

from console.adapters.balancers.haproxy import HaproxyBalancer
from console.adapters.this_machine import LocalTransport
from console.model.host import Host
from console.model.traffic import BalancerProblem, BalancerSeen
from tests.adapters.balancers import rigs
from tests.adapters.balancers.conftest import needed
from tests.adapters.balancers.rigs import HOSTS, ONE, THREE, TWO, spec_of
from tests.adapters.test_transport_contract import host_of, transport_of
from tests.balancing import Haproxy, ask
from tests.balancing.machine import on
from tests.fleet import Fleet


@pytest.fixture
def start(machine, webs):
    """Start one with these options, and return the console's balancer and itself."""
    needed("haproxy")
    started = []

    def begin(*, is_master=False, **more) -> tuple[HaproxyBalancer, Haproxy]:
        _, real = rigs.haproxy(machine, None, webs=webs, **more)
        started.append(real)
        return HaproxyBalancer(spec_of(real, is_master=is_master), HOSTS, LocalTransport()), real

    yield begin
    for real in started:
        real.stop()


async def seen_by(balancer):
    seen = await balancer.look(deadline=60)
    assert isinstance(seen, BalancerSeen), seen
    return seen


async def admissions(balancer):
    return [server.admission for server in (await seen_by(balancer)).servers]


async def test_a_reload_forgets_a_drain_and_that_is_seen(start):
    balancer, real = start()
    await balancer.drain((ONE,), deadline=60)
    assert await admissions(balancer) == ["drained", "in", "in"]
    real.reload()
    assert await admissions(balancer) == ["in", "in", "in"]


async def test_requests_in_an_old_worker_count_where_the_socket_is_the_master_s(start, webs):
    balancer, real = start(is_master=True)
    asked = []
    while not webs[ONE].waiting:
        asked.append(asyncio.ensure_future(asyncio.to_thread(ask, real.port, "/slow")))
        await asyncio.sleep(0.05)
    waiting = webs[ONE].waiting
    await asyncio.to_thread(real.reload)
    alone = HaproxyBalancer(spec_of(real), HOSTS, LocalTransport())
    assert [server.sessions for server in (await seen_by(alone)).servers] == [0, 0, 0]
    seen = await balancer.drain((ONE,), deadline=60)
    assert isinstance(seen, BalancerSeen)
    assert (seen.servers[0].admission, seen.servers[0].sessions) == ("drained", waiting)
    counts = await balancer.count(deadline=60)
    assert not isinstance(counts, BalancerProblem)
    assert [one.requests for one in counts] == [0, 0, 0]  # of the new process alone
    for web in webs.values():
        web.release()
    assert {status for status, _ in await asyncio.gather(*asked)} == {200}
    end = time.monotonic() + 60
    while (await seen_by(balancer)).servers[0].sessions:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    assert isinstance(await balancer.admit((ONE,), deadline=60), BalancerSeen)
    assert await admissions(balancer) == ["in", "in", "in"]


async def test_counts_of_a_new_process_are_another_incarnation(start):
    balancer, real = start()
    first = await balancer.count(deadline=60)
    real.reload()
    second = await balancer.count(deadline=60)
    assert not isinstance(first, BalancerProblem)
    assert not isinstance(second, BalancerProblem)
    assert len({one.incarnation for one in first + second}) == 2


async def test_a_check_that_passed_before_the_restart_is_no_reason_to_admit(start, webs):
    balancer, real = start(options="check inter 30s fastinter 30s downinter 30s")
    await balancer.drain((ONE,), deadline=60)
    webs[ONE].stop()
    assert real.state(ONE)[0] == 2  # HAProxy has not asked since
    problem = await balancer.admit((ONE,), deadline=1)
    assert isinstance(problem, BalancerProblem)
    assert "not passed within 1 s" in problem.message
    assert real.state(ONE)[1] == 0x08
    assert ask(real.port)[0] == 200


async def test_without_a_check_a_host_is_admitted_at_once(start):
    balancer, real = start(options="")
    seen = await balancer.drain((ONE, TWO), deadline=60)
    assert isinstance(seen, BalancerSeen)
    assert [server.up for server in seen.servers] == [None, None, None]
    began = time.monotonic()
    assert isinstance(await balancer.admit((ONE, TWO), deadline=60), BalancerSeen)
    assert time.monotonic() - began < 20
    assert real.state(ONE) == (2, 0)


@pytest.mark.parametrize(
    ("more", "options"), [("  cookie SRV insert indirect", "check cookie {name}"), ("  stick-table type ip size 1k\n  stick on src", "check")]
)
async def test_clients_that_are_kept_on_a_server_do_not_pass(start, more, options):
    balancer, real = start(more=more, options=options)
    seen = await balancer.drain((ONE,), deadline=60)
    assert isinstance(seen, BalancerSeen)
    assert (seen.servers[0].admission, any("kept on their servers" in words for words in seen.warnings)) == ("out", True)
    assert {await asyncio.to_thread(ask, real.port, "/", f"SRV={ONE}") for _ in range(6)} <= {(200, TWO), (200, THREE)}
    assert isinstance(await balancer.admit((ONE,), deadline=60), BalancerSeen)
    assert real.state(ONE) == (2, 0)
    answers = {(await asyncio.to_thread(ask, real.port, "/", f"SRV={ONE}"))[1] for _ in range(3)}
    assert answers == {ONE} or "stick" in more


async def test_a_server_that_follows_another_one_cannot_be_set_ready(start):
    balancer, real = start(options="check", more="  server other 127.0.0.1:1 track shop/web01")
    real.said("set server shop/web01 state maint")
    follower = HaproxyBalancer(spec_of(real), (Host("other"),), LocalTransport())
    problem = await follower.admit(("other",), deadline=2)
    assert isinstance(problem, BalancerProblem)
    assert "follows another server" in problem.hint + problem.message
    assert isinstance(await balancer.admit((ONE,), deadline=60), BalancerSeen)


async def test_servers_that_are_no_hosts_are_seen_and_weighed_and_backups_are_not(start):
    balancer, real = start(more="  server other 127.0.0.1:1 weight 3\n  server spare 127.0.0.1:1 backup")
    seen = await balancer.look(deadline=60)
    assert isinstance(seen, BalancerSeen)
    assert [(server.host, server.server, server.weight, server.serves) for server in seen.others] == [("", "other", 3, True)]
    seen = await balancer.weigh({"other": 0, "two": 11, ONE: 100, THREE: 100}, deadline=60)
    assert isinstance(seen, BalancerSeen)
    assert [server.weight for server in (*seen.servers, *seen.others)] == [100, 11, 100, 0]
    answers = [(await asyncio.to_thread(ask, real.port))[1] for _ in range(84)]
    assert 2 <= answers.count(TWO) <= 8


async def test_where_weights_cannot_be_changed_that_is_said(start):
    balancer, _ = start(more="  hash-type map-based\n  balance source")
    problem = await balancer.weigh({ONE: 10}, deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert (problem.reached, "static LB algorithm" in problem.message) == (True, True)


async def test_a_share_that_grows_is_told_from_a_full_one(start):
    balancer, _ = start(options="check slowstart 10s")
    await balancer.drain((ONE,), deadline=60)
    seen = await balancer.admit((ONE,), deadline=60)
    assert isinstance(seen, BalancerSeen)
    assert [server.ramps for server in seen.servers] == [True, False, False]
    assert seen.servers[0].serves


async def test_the_page_outlives_a_reload_and_other_keys_of_the_map_are_left_alone(start, machine):
    balancer, real = start(is_master=True)
    assert await balancer.maintain(on=True, deadline=60) is True
    real.reload()
    assert ask(real.port)[0] == 503
    assert await balancer.maintained(deadline=60) is True
    assert await balancer.maintain(on=False, deadline=60) is False
    assert machine.run(f"cat {real.map}") == "# key value\nother off\nshop off\n"
    real.said("set map " + real.map + " shop on")  # by hand, and in no file
    assert await balancer.maintained(deadline=60) is True


async def test_without_the_map_there_is_no_page(start):
    balancer, _ = start(page=False)
    assert await balancer.maintained(deadline=60) is None
    problem = await balancer.maintain(on=True, deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert "docs/recipes/haproxy.md" in problem.message


async def test_what_makes_lost_requests_likely_is_warned_of(start):
    balancer, _ = start()
    assert (await seen_by(balancer)).warnings == ()
    balancer, _ = start(more="  no option redispatch")
    assert [str(words)[:34] for words in (await seen_by(balancer)).warnings] == ["backend shop has no option redispa"]


async def test_a_socket_that_may_only_look_is_refused_before_anything_is_told(start):
    balancer, _ = start(level="operator")
    problem = await balancer.look(deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert "is of level operator; expected admin" in problem.message
    assert "level admin" in problem.hint


async def test_names_that_it_does_not_know_are_said_with_those_that_are_meant(start):
    _, real = start()
    problem = await HaproxyBalancer(spec_of(real, backend="shpo"), HOSTS, LocalTransport()).look(deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert ("no backend shpo" in problem.message, "did you mean shop?" in problem.hint) == (True, True)
    problem = await HaproxyBalancer(spec_of(real), (*HOSTS, Host("web04")), LocalTransport()).drain((ONE,), deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert problem.message.startswith("backend shop has no server web04; it has web01, two, web03")
    assert (real.state(ONE), 'server = "' in problem.hint) == ((2, 0), True)


@pytest.mark.real
async def test_a_socket_that_the_login_may_not_write_to_is_said_with_its_owner(fleet: Fleet, webs):
    needed("haproxy")
    place, transport = on(fleet, "web02"), transport_of(fleet)
    _, real = rigs.haproxy(place, None, webs=webs)
    balancer = HaproxyBalancer(spec_of(real, host_of(fleet, "web02")), HOSTS, transport)
    try:
        assert await admissions(balancer) == ["in", "in", "in"]
        fleet.exec_in("web02", f"chown root:root {real.socket}")
        problem = await balancer.look(deadline=60)
        assert isinstance(problem, BalancerProblem)
        assert f"{fleet.user} may not write to {real.socket} (srw------- root root)" in problem.message
        assert "mode 660 group GROUP level admin" in problem.hint
        fleet.exec_in("web02", f"mv {real.socket} {real.socket}.away")
        problem = await balancer.look(deadline=60)
        assert isinstance(problem, BalancerProblem)
        assert "there is no socket" in problem.message
        shut = f"chmod 755 {place.folder}; chown root:root {place.folder}/maintenance.map {place.folder}"
        fleet.exec_in("web02", f"mv {real.socket}.away {real.socket}; chown {fleet.user} {real.socket}; {shut}")
        problem = await balancer.maintain(on=True, deadline=60)
        assert isinstance(problem, BalancerProblem)
        assert "it is on now, and a reload would end that" in problem.message
    finally:
        fleet.exec_in("web02", f"chown -R {fleet.user}: {place.folder}")
        real.stop()
        await transport.close()
        place.remove()
