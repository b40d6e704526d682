"""The hosts of the home screen and of `deploy status`: what they said now, and what runs have left in the record."""

import pytest

from console.adapters.balancers.scripted_balancer import ScriptedBalancer
from console.engine.context import QueryContext
from console.engine.queries.fleet_status import host_rows
from console.engine.queries.for_screens import snapshot_hosts
from console.engine.queries.traffic_drift import drifted, readmitted
from console.model.environment_record import EnvironmentRecord, HostRecord
from console.model.host_facts import HostFacts, HostRelease
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.simulation import NEW, OLD, an_environment


def test_a_host_that_a_run_took_out_of_the_traffic_and_did_not_put_back_is_marked():
    record = EnvironmentRecord(hosts={"web01": HostRecord(OLD, drained=("lb01/shop",)), "web02": HostRecord(NEW)})
    facts = tuple(HostFacts(name, current=OLD, releases=(HostRelease(OLD),)) for name in ("web01", "web02", "web03"))
    rows = snapshot_hosts(record, an_environment(3), facts)
    assert [(row.host, row.release, row.drained) for row in rows] == [("web01", OLD, True), ("web02", OLD, False), ("web03", OLD, False)]


class Beside:
    """The ports of an environment, of which its balancers are asked alone."""

    def __init__(self, *balancers: ScriptedBalancer) -> None:
        self.balancers = balancers


STANDS_BY = EnvironmentRecord(hosts={"web01": HostRecord(OLD, verdict="passed"), "web02": HostRecord(OLD, verdict="passed", drained=("lb01/shop",))})
FACTS = tuple(HostFacts(name, current=OLD, releases=(HostRelease(OLD),)) for name in ("web01", "web02"))


def asking(*balancers: ScriptedBalancer, run: str = "") -> QueryContext:
    return QueryContext(an_environment(2), Beside(*balancers), None, None, run, None, None)  # type: ignore[arg-type]


async def test_a_host_that_stood_by_and_gets_requests_again_is_drift():
    """A reload of the balancer forgets the drain: both sides of a blue/green environment serve, and nothing said so."""
    balancer = ScriptedBalancer(frozenset({"web01", "web02"}))
    again = await readmitted(asking(balancer), STANDS_BY)
    words = "gets requests at lb01/shop, where a run took it out"
    rows = host_rows(an_environment(2), STANDS_BY, drifted(FACTS, again), again)
    assert [(row["drift"], row["drained"], row["healthy"]) for row in rows] == [(None, False, True), (words, False, None)]
    seen = snapshot_hosts(STANDS_BY, an_environment(2), drifted(FACTS, again), again)
    assert [(host.drift, host.drained) for host in seen] == [("", False), (words, False)]


@pytest.mark.parametrize("how", ["out", "silent", "run", "other"])
async def test_where_it_stands_by_still_or_that_cannot_be_said_there_is_none(how: str):
    balancer = ScriptedBalancer(frozenset({"web01", "web02"}), name="lb02/shop" if how == "other" else "lb01/shop")
    if how == "out":
        balancer.put("drained", ["web02"])
    if how == "silent":
        balancer.leave()
    again = await readmitted(asking(balancer, run="r1" if how == "run" else ""), STANDS_BY)
    assert (again, drifted(FACTS, again)) == ({}, FACTS)


def test_what_has_changed_on_the_host_is_told_beside_it():
    (first, _) = drifted(tuple(changed(fact, drift=SafeText("1 added: x")) for fact in FACTS), {"web01": SafeText("gets requests")})
    assert first.drift == "gets requests; 1 added: x"
