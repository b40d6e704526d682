"""What a scripted balancer can be told to do wrong, which no real one does when it is asked."""

import pytest

from console.adapters.balancers.scripted_balancer import ScriptedBalancer
from console.model.traffic import BalancerProblem, BalancerSeen

WEB = frozenset({"web01", "web02"})


def admissions(seen):
    assert isinstance(seen, BalancerSeen)
    return {server.host: server.admission for server in seen.servers}


async def test_one_that_is_away_changes_nothing_until_it_is_back():
    balancer = ScriptedBalancer(WEB)
    balancer.leave()
    for call in (balancer.look(deadline=1), balancer.drain(("web01",), deadline=1), balancer.count(deadline=1), balancer.maintained(deadline=1)):
        assert isinstance(await call, BalancerProblem)
    balancer.mend()
    assert admissions(await balancer.look(deadline=1)) == {"web01": "in", "web02": "in"}
    assert balancer.calls[:2] == [("look", ()), ("drain", ("web01",))]


async def test_sessions_go_on_after_a_drain_for_as_long_as_was_said_or_until_they_are_cut():
    now = 100.0
    balancer = ScriptedBalancer(WEB, clock=lambda: now)
    balancer.keep("web01", 3, 2.0)
    balancer.keep("web02", 5)
    seen = await balancer.drain(("web01", "web02"), deadline=1)
    assert isinstance(seen, BalancerSeen)
    assert [server.sessions for server in seen.servers] == [3, 5]
    now = 102.0
    seen = await balancer.look(deadline=1)
    assert isinstance(seen, BalancerSeen)
    assert [server.sessions for server in seen.servers] == [0, 5]
    seen = await balancer.cut("web02", deadline=1)
    assert isinstance(seen, BalancerSeen)
    assert [server.sessions for server in seen.servers] == [0, 0]


async def test_a_drain_can_be_forgotten_after_it_was_read_back():
    balancer = ScriptedBalancer(WEB, loses={"web01"})
    assert admissions(await balancer.drain(("web01",), deadline=1)) == {"web01": "drained", "web02": "in"}
    assert admissions(await balancer.look(deadline=1)) == {"web01": "in", "web02": "in"}
    assert admissions(await balancer.drain(("web01",), deadline=1)) == {"web01": "drained", "web02": "in"}
    assert admissions(await balancer.look(deadline=1)) == {"web01": "drained", "web02": "in"}


async def test_a_host_that_is_out_stays_out_when_it_is_drained():
    balancer = ScriptedBalancer(WEB)
    balancer.put("out", ["web02"])
    assert admissions(await balancer.drain(("web02",), deadline=1)) == {"web01": "in", "web02": "out"}


@pytest.mark.parametrize("page", [None, False])
async def test_a_host_whose_checks_fail_is_not_put_in_and_a_page_is_only_where_there_is_one(page):
    balancer = ScriptedBalancer(WEB, page=page)
    balancer.put("drained", ["web01"])
    balancer.servers["web01"].up = False
    assert isinstance(await balancer.admit(("web01",), deadline=1), BalancerProblem)
    assert admissions(await balancer.look(deadline=1))["web01"] == "drained"
    assert await balancer.maintained(deadline=1) == page
    assert isinstance(await balancer.maintain(on=True, deadline=1), BalancerProblem) is (page is None)
