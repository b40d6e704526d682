"""What every balancer promises, asked of the scripted one and of the real programs alike, here and through a real sshd."""

import asyncio
import time

from console.model.traffic import BalancerProblem, BalancerSeen
from tests.adapters.balancers.rigs import NAMES, ONE, THREE, TWO, Rig
from tests.balancing import ask


async def test_a_look_names_every_host_and_changes_nothing(rig: Rig):
    assert rig.balancer.hosts == frozenset(NAMES)
    first, second = await rig.look(), await rig.look()
    assert [(server.host, server.server, server.admission) for server in first.servers] == [(ONE, ONE, "in"), (TWO, "two", "in"), (THREE, THREE, "in")]
    assert [server.serves for server in second.servers] == [True] * 3
    assert first.balancer == rig.balancer.name
    assert await rig.served() == set(NAMES)


async def test_a_drained_host_gets_nothing_until_it_is_admitted(rig: Rig):
    seen = await rig.balancer.drain((ONE, TWO), deadline=rig.patience)
    assert isinstance(seen, BalancerSeen)
    assert [server.admission for server in seen.servers][2] == "in"
    assert "in" not in [server.admission for server in seen.servers][:2]
    assert await rig.served() == {THREE}
    seen = await rig.balancer.admit((ONE,), deadline=rig.patience)
    assert isinstance(seen, BalancerSeen)
    assert await rig.served() == {ONE, THREE}
    seen = await rig.balancer.admit((TWO,), deadline=rig.patience)
    assert isinstance(seen, BalancerSeen)
    assert [(server.admission, server.serves) for server in seen.servers] == [("in", True)] * 3
    assert await rig.served() == set(NAMES)


async def test_what_is_said_twice_is_done_once(rig: Rig):
    for _ in range(2):
        seen = await rig.balancer.drain((THREE,), deadline=rig.patience)
        assert isinstance(seen, BalancerSeen)
    assert await rig.served() == {ONE, TWO}
    for _ in range(2):
        seen = await rig.balancer.admit((THREE,), deadline=rig.patience)
        assert isinstance(seen, BalancerSeen)
    assert await rig.served() == set(NAMES)


async def test_a_request_that_is_under_way_is_counted_until_it_has_ended_well(rig: Rig):
    async with rig.under_way(ONE) as release:
        seen = await rig.balancer.drain((ONE,), deadline=rig.patience)
        assert isinstance(seen, BalancerSeen)
        server = seen.server(ONE)
        assert server is not None
        assert server.sessions
        release()
        end = time.monotonic() + rig.patience
        while (server := (await rig.look()).server(ONE)) and server.sessions:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)


async def test_somebody_else_s_work_is_seen_and_left_alone(rig: Rig):
    rig.meddle(TWO)
    assert await rig.admissions() == ["in", rig.out, "in"]
    seen = await rig.balancer.drain((ONE, TWO), deadline=rig.patience)
    assert isinstance(seen, BalancerSeen)
    server = seen.server(TWO)
    assert server is not None
    assert server.admission == rig.out
    assert isinstance(await rig.balancer.admit((ONE,), deadline=rig.patience), BalancerSeen)
    assert await rig.admissions() == ["in", rig.out, "in"]
    assert await rig.served() == {ONE, THREE}


async def test_a_host_that_somebody_took_out_can_be_admitted(rig: Rig):
    rig.meddle(TWO)
    assert isinstance(await rig.balancer.admit((TWO,), deadline=rig.patience), BalancerSeen)
    assert await rig.served() == set(NAMES)


async def test_a_host_whose_checks_do_not_pass_is_not_admitted(rig: Rig):
    if not rig.has_checks:
        return
    assert isinstance(await rig.balancer.drain((ONE, TWO), deadline=rig.patience), BalancerSeen)
    if rig.webs:
        rig.webs[ONE].stop()
    else:
        rig.balancer.servers[ONE].up = False  # type: ignore[attr-defined]
    problem = await rig.balancer.admit((ONE, TWO), deadline=2)
    assert isinstance(problem, BalancerProblem)
    assert (problem.reached, ONE in problem.message, TWO in problem.message) == (True, True, False)
    assert await rig.admissions() == ["drained", "in", "in"]  # one that is not well holds no other one up
    if rig.webs:
        rig.webs[ONE].start()
    else:
        rig.balancer.servers[ONE].up = True  # type: ignore[attr-defined]
    assert isinstance(await rig.balancer.admit((ONE,), deadline=rig.patience), BalancerSeen)
    assert await rig.served() == set(NAMES)


async def test_what_is_still_under_way_is_cut_where_that_can_be_done(rig: Rig):
    if not rig.can_cut:
        assert isinstance(await rig.balancer.cut(ONE, deadline=rig.patience), BalancerSeen)
        return
    if not rig.webs:
        rig.balancer.keep(ONE, 2)  # type: ignore[attr-defined]
    asked = [asyncio.ensure_future(asyncio.to_thread(_slow, rig)) for _ in range(3 if rig.webs else 0)]
    while rig.webs and not rig.webs[ONE].waiting:
        await asyncio.sleep(0.02)
    await rig.balancer.drain((ONE,), deadline=rig.patience)
    seen = await rig.balancer.cut(ONE, deadline=rig.patience)
    assert isinstance(seen, BalancerSeen)
    end = time.monotonic() + 60
    while (server := (await rig.look()).server(ONE)) and server.sessions:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    for web in rig.webs.values():
        web.release()
    assert len([status for status in await asyncio.gather(*asked) if status != 200]) == (1 if rig.webs else 0)


def _slow(rig: Rig) -> int:
    return ask(rig.port, "/slow")[0]


async def test_a_balancer_that_is_away_is_a_value_within_the_deadline(rig: Rig):
    rig.leave()
    balancer = rig.balancer
    for call in (balancer.look(deadline=2), balancer.drain((ONE,), deadline=2), balancer.admit((ONE,), deadline=2), balancer.cut(ONE, deadline=2)):
        began = time.monotonic()
        problem = await call
        assert time.monotonic() - began < 20
        assert isinstance(problem, BalancerProblem)
        assert (problem.balancer, bool(problem.message), bool(problem.hint), problem.reached) == (balancer.name, True, True, rig.is_reached_when_away)
    if rig.has_counts:
        assert isinstance(await balancer.count(deadline=2), BalancerProblem)


async def test_its_counters_grow_by_what_was_asked(rig: Rig):
    first = await rig.balancer.count(deadline=rig.patience)
    assert not isinstance(first, BalancerProblem)
    if not rig.has_counts:
        assert first == ()
        return
    if rig.webs:
        await rig.served(30)
        for _ in range(3):
            await asyncio.to_thread(_bad, rig)
    else:
        for server in rig.balancer.servers.values():  # type: ignore[attr-defined]
            server.requests, server.bad = 11, 1
    second = await rig.balancer.count(deadline=rig.patience)
    assert not isinstance(second, BalancerProblem)
    assert [one.host for one in second] == list(NAMES)
    assert {one.incarnation for one in first} == {one.incarnation for one in second}
    assert sum(one.requests for one in second) - sum(one.requests for one in first) == 33
    assert sum(one.bad for one in second) - sum(one.bad for one in first) == 3


def _bad(rig: Rig) -> int:
    return ask(rig.port, "/bad")[0]


async def test_weights_are_set_by_the_names_of_servers_and_read_back(rig: Rig):
    assert bool(rig.balancer.highest_weight) is rig.can_weigh
    if not rig.can_weigh:
        problem = await rig.balancer.weigh({ONE: 10}, deadline=rig.patience)
        assert isinstance(problem, BalancerProblem)
        return
    before = [server.weight for server in (await rig.look()).servers]
    seen = await rig.balancer.weigh({ONE: 10, "two": 100}, deadline=rig.patience)
    assert isinstance(seen, BalancerSeen)
    assert [server.weight for server in seen.servers] == [10, 100, before[2]]
    assert await rig.admissions() == ["in"] * 3
    seen = await rig.balancer.weigh({ONE: 0}, deadline=rig.patience)
    assert isinstance(seen, BalancerSeen)
    assert [server.serves for server in seen.servers] == [False, True, True]
    seen = await rig.balancer.weigh(dict(zip((ONE, "two", THREE), map(int, filter(None, before)), strict=True)), deadline=rig.patience)
    assert isinstance(seen, BalancerSeen)
    assert [server.weight for server in seen.servers] == before


async def test_the_page_is_shown_where_there_is_one(rig: Rig):
    before = await rig.balancer.maintained(deadline=rig.patience)
    if not rig.has_page:
        assert before is None
        assert isinstance(await rig.balancer.maintain(on=True, deadline=rig.patience), BalancerProblem)
        return
    assert before is False
    assert await rig.balancer.maintain(on=True, deadline=rig.patience) is True
    assert await rig.balancer.maintained(deadline=rig.patience) is True
    if rig.webs:
        assert await _until(rig, 503)
        assert (await asyncio.to_thread(_health, rig)) == 200
    assert [server.serves for server in (await rig.look()).servers] == [True] * 3
    assert await rig.balancer.maintain(on=False, deadline=rig.patience) is False
    assert await rig.balancer.maintained(deadline=rig.patience) is False
    assert await rig.served() == set(NAMES)


async def _until(rig: Rig, status: int) -> bool:
    return (await asyncio.to_thread(ask, rig.port))[0] == status


def _health(rig: Rig) -> int:
    return ask(rig.port, "/healthz")[0]
