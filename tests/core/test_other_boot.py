"""A run that goes on under another boot's clock: what is remembered keeps its age, and is never ahead of now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.evolve import evolve
from console.core.run.other_boot import on_clock_of_another_boot
from console.model import events as ev
from console.model.paged_table import Table
from console.model.state import HostState, RunState
from console.model.thresholds import Crossed, Threshold, ThresholdState, Within
from tests.core.simulation import ADA

ERRORS = Threshold("error_rate", above=0.01, then="rollback")
LAST = 5000.0
"""When the last event of the engine before was written."""
BEFORE = RunState(
    run="r", kind="deploy", phase="running", go=True, boot="old", mono=LAST, switched=4000.0, changed_at=3900.0, continued=4500.0,
    hosts=Table({
        "web01": HostState("web01", "new", since=4900.0), "web02": HostState("web02", since=100.0, lost=4990.0, linked=False), "web03": HostState("web03"),
    }),
    thresholds={
        "crossed": ThresholdState(ERRORS, Crossed(due=5004.0), told=4999.0, held=True), "within": ThresholdState(ERRORS, Within(), told=4200.0),
    },
)  # fmt: skip


@pytest.mark.parametrize("now", [50_000.0, 6000.0], ids=["a machine that is up for long", "one that is up for less long"])
def test_moments_keep_their_age(now: float):
    after = on_clock_of_another_boot(BEFORE, now)
    assert [now - after.hosts[name].since for name in ("web01", "web02")] == [100.0, 4900.0]
    assert (now - after.hosts["web02"].lost, after.hosts["web01"].lost, after.hosts["web03"].since) == (10.0, 0.0, 0.0)
    assert now - after.continued == 500.0
    assert {key: now - known.told for key, known in after.thresholds.items()} == {"crossed": 1.0, "within": 800.0}
    assert after.thresholds["crossed"].verdict == Crossed(due=now + 4.0)
    assert after.thresholds["crossed"].held
    assert after.thresholds["within"].verdict == Within()


def test_what_is_new_is_judged_from_now_on():
    after = on_clock_of_another_boot(BEFORE, 20.0)
    assert (after.switched, after.changed_at) == (20.0, 20.001)


def test_a_run_that_has_changed_nothing_has_still_changed_nothing():
    after = on_clock_of_another_boot(RunState(mono=LAST), 20.0)
    assert (after.switched, after.changed_at, after.continued) == (0.0, 0.0, 0.0)


@given(st.floats(1.0, 1e6), st.floats(1.0, 1e6))
def test_no_moment_is_ahead_of_now_and_none_becomes_one_that_is_not_known(last: float, now: float):
    hosts = Table({f"web{number}": HostState(f"web{number}", since=last * share, lost=last * share) for number, share in enumerate((0.1, 0.5, 1.0))})
    after = on_clock_of_another_boot(RunState(mono=last, hosts=hosts, continued=last), now)
    for moment in (after.continued, *(host.since for host in after.hosts.values()), *(host.lost for host in after.hosts.values())):
        assert 0.0 < moment <= now * (1 + 1e-9)


@pytest.mark.parametrize(("boot", "since"), [("old", 4900.0), ("new", 19_900.0)])
def test_only_another_boot_moves_them(boot: str, since: float):
    after = evolve(BEFORE, ev.stamped(ev.TakenUp(epoch=2, by=ADA), 9, "2026-03-01T10:00:00Z", 20_000.0, boot))
    assert after.hosts["web01"].since == since
