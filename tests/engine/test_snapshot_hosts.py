"""The hosts of the home screen and of `deploy status`: what they said now, and what runs have left in the record."""

from console.engine.queries.for_screens import snapshot_hosts
from console.model.environment_record import EnvironmentRecord, HostRecord
from console.model.host_facts import HostFacts, HostRelease
from tests.core.simulation import NEW, OLD, an_environment


def test_a_host_that_a_run_took_out_of_the_traffic_and_did_not_put_back_is_marked():
    record = EnvironmentRecord(hosts={"web01": HostRecord(OLD, drained=("lb01/shop",)), "web02": HostRecord(NEW)})
    facts = tuple(HostFacts(name, current=OLD, releases=(HostRelease(OLD),)) for name in ("web01", "web02", "web03"))
    rows = snapshot_hosts(record, an_environment(3), facts)
    assert [(row.host, row.release, row.drained) for row in rows] == [("web01", OLD, True), ("web02", OLD, False), ("web03", OLD, False)]
