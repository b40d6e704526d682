"""When the lock of a run may be broken."""

import pytest

from console.core.host.stale_lock import ANY_AGE, DEAD_AFTER, HEARTBEAT, StaleLock, stale_lock
from console.errors import Locked, UsageFault
from console.model.host_facts import HostFacts, LockHolder
from console.safe_text import SafeText

RUN, OTHER = "r1", "r2"


def held(host: str, age: float, run: str = RUN, *, gone: bool = False) -> HostFacts:
    return HostFacts(host, lock=LockHolder(SafeText("ada"), run=run, epoch=f"{run}.1", heartbeat_age=age, is_gone=gone))


def judged(*facts: HostFacts, after: float = DEAD_AFTER, ours: bool = True) -> StaleLock:
    return stale_lock(facts, RUN, after, "production", is_ours=ours)


def test_a_run_is_dead_once_it_has_missed_several_heartbeats():
    assert DEAD_AFTER >= 5 * HEARTBEAT
    assert judged(held("web01", 60.0), held("web02", 3600.0), HostFacts("web03")) == StaleLock(("web01", "web02"), {})


def test_one_host_that_heard_from_it_lately_is_enough_to_keep_every_lock():
    with pytest.raises(Locked) as refused:
        judged(held("web01", 600.0), held("web02", 59.0), held("web03", 12.4))
    assert refused.value.message.startswith("run r1 may be alive on another machine: web03 heard from it 12 s ago, and it counts as dead after 60 s")
    assert "say this again in 48 s" in refused.value.message
    assert refused.value.hint == "deploy unlock production --run r1 --reason TEXT"


def test_a_run_that_nobody_carries_is_dead_whatever_the_clocks_of_hosts_say():
    assert judged(held("web01", 0.0), held("web02", -3600.0), after=ANY_AGE).hosts == ("web01", "web02")


def test_an_engine_that_is_gone_tells_for_a_run_of_this_record_alone():
    assert judged(held("web01", 1.0, gone=True)) == StaleLock(("web01",), {"web01": "r1.1"})
    with pytest.raises(Locked):
        judged(held("web01", 1.0, gone=True), ours=False)


def test_a_run_that_holds_no_host_names_who_does():
    with pytest.raises(UsageFault) as refused:
        judged(held("web01", 1.0, OTHER), held("web02", 1.0, ""))
    assert refused.value.message == "run r1 holds no host: ada, r2 does"
    assert judged(HostFacts("web01")) == StaleLock((), {})
