"""A plan is a graph without circles: each need is there, comes before, and no barrier is a product of two waves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.return_plan import plan_way_back
from console.model.plan import Plan
from tests.core.driver import BATCHES, a_fleet
from tests.core.simulation import OLD, plan_of

FORWARD = ("deploy", "restart", "catch-up", "restore", "rollback")
PLANS = st.builds(
    lambda kind, hosts, batch: plan_of(a_fleet(hosts, batch), kind), st.sampled_from(FORWARD), st.integers(1, 9), st.sampled_from(sorted(BATCHES))
)


def halves(hosts: int) -> Plan:
    environment = a_fleet(hosts, "1")
    return plan_way_back(environment, dict.fromkeys((host.name for host in environment.hosts), OLD), "halves")


@given(PLANS | st.integers(1, 9).map(halves))
def test_each_need_is_there_and_comes_before(plan: Plan):
    seen: set[str] = set()
    for step in plan.steps:
        assert set(step.needs) <= seen, step.name
        assert step.name not in seen
        seen.add(step.name)


@given(PLANS | st.integers(1, 9).map(halves))
def test_a_step_about_a_host_needs_few_others(plan: Plan):
    """Its mark, and its own lane's last step: how many hosts there are does not matter."""
    assert all(len(step.needs) <= 2 for step in plan.steps if step.about)


@pytest.mark.parametrize("hosts", [10, 40])
def test_the_needs_of_a_plan_grow_with_its_hosts(hosts: int):
    plans = [*(plan_of(a_fleet(hosts, batch), kind) for batch in BATCHES for kind in FORWARD), halves(hosts)]
    for plan in plans:
        assert sum(len(step.needs) for step in plan.steps) <= 20 * hosts + 20
