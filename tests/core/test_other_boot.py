"""A run that goes on under another boot's clock: what is remembered keeps its age, and is never ahead of now."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.planner import plan_release
from console.core.run.downtime import downtime
from console.core.run.evolve import evolve
from console.core.run.other_boot import on_clock_of_another_boot
from console.model import commands as cmd
from console.model import events as ev
from console.model.events import ReleaseSent
from console.model.host_commands import Command
from console.model.paged_table import Table
from console.model.state import HostState, Pausing, RunState, StepState
from console.model.thresholds import Crossed, Threshold, ThresholdState, Within
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.plans import go_on, say, until_runs
from tests.core.simulation import ADA, NEW, Simulation, an_environment, opening
from tests.examples import examples

ERRORS = Threshold("error_rate", above=0.01, then="rollback")
LAST = 5000.0
"""When the last event of the engine before was written."""
BEFORE = RunState(
    run="r", kind="deploy", phase="running", go=True, boot="old", mono=LAST, switched=4000.0, changed_at=3900.0, continued=4500.0,
    hosts=Table({
        "web01": HostState("web01", "new", since=4900.0), "web02": HostState("web02", since=100.0, lost=4990.0, linked=False), "web03": HostState("web03"),
    }),
    thresholds={
        "crossed": ThresholdState(ERRORS, Crossed(due=5004.0), told=4999.0, held_by_person=True), "within": ThresholdState(ERRORS, Within(), told=4200.0),
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
    assert after.thresholds["crossed"].held_by_person
    assert after.thresholds["within"].verdict == Within()


@pytest.mark.parametrize("now", [50_000.0, 60.0], ids=["a machine that is up for long", "one that has just started"])
def test_steps_a_pause_the_opening_and_the_decision_keep_their_age(now: float):
    done, running = StepState("done", 1, 4800.0, seconds=9.0), StepState("running", 1, 0.0, orphaned=True)
    before = changed(
        BEFORE, opened=3000.0, decided=3500.0, steps=Table({"pack": done, "gate": running}), pausing=Pausing(SafeText("wait"), "operator", 4990.0),
        hosts=Table({"web01": HostState("web01", steps={"switch": done, "next": StepState()})}), sending=ReleaseSent(hosts=1, sent=1, size=2, rate=1, mono=4990.0),
    )  # fmt: skip
    after = on_clock_of_another_boot(before, now)
    steps = (after.steps["pack"], after.hosts["web01"].steps["switch"])
    assert [(now - known.started, known.seconds) for known in steps] == [(200.0, 9.0)] * 2
    assert (after.steps["gate"], after.hosts["web01"].steps["next"]) == (running, StepState())
    assert after.pausing is not None
    assert (now - after.pausing.since, now - after.opened, now - after.decided) == (10.0, 2000.0, 1500.0)
    assert after.sending is None


@given(st.integers(0, 2**32))
@examples(15)
def test_no_moment_of_a_run_that_is_taken_up_elsewhere_lies_ahead_of_now(seed: int):
    chance = Random(seed)
    run = Simulation(changed(an_environment(3), monitor=60.0), lambda step, attempt: chance.choice(("done", "done", "done", "failed", "unknown")))
    run.now = 1_000_000.0
    run.record(*opening(run.environment))
    go_on(run, chance.randint(0, 60))
    if chance.random() < 0.5:
        say(run, cmd.Pause())
    after = evolve(run.state, ev.stamped(ev.TakenUp(epoch=2, by=ADA), run.state.seq + 1, "", 50.0, "another"))
    steps = (*after.steps.values(), *(known for host in after.hosts.values() for known in host.steps.values()))
    moments = [
        after.opened,
        after.decided,
        after.continued,
        *(known.started + known.seconds for known in steps),
        *(host.since for host in after.hosts.values()),
    ]
    assert max([*moments, after.pausing.since if after.pausing else 0.0]) <= 50.0


def test_the_downtime_of_a_recreate_that_another_boot_takes_up_goes_on_from_what_it_was():
    bare = an_environment(2)
    more = {name: Command(name) for name in ("start", "stop")}
    environment = changed(bare, strategy="recreate", commands={**bare.commands, **more})
    plan = plan_release(environment, environment.hosts, NEW, frozenset())
    run = Simulation(environment, lambda *_: "done")
    run.now = 1_000_000.0
    run.record(*(changed(event, plan=plan) if isinstance(event, ev.PlanMade) else event for event in opening(changed(environment, strategy="rolling"))))
    until_runs(run, "wave-1/web01/switch")
    before = downtime(run.state, run.now)
    assert before
    state = evolve(run.state, ev.stamped(ev.TakenUp(epoch=2, by=ADA), run.state.seq + 1, "", 0.5, "another"))
    assert downtime(state, 0.5) == before
    assert downtime(state, 10.5) == before + 10.0


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
