"""Hosts that lose their links: alone it is theirs, together it is the network's, and nothing rolls back for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.planner import plan_release
from console.core.run.accept import accept
from console.core.run.breaches import counting_down
from console.core.run.decide import decide
from console.core.run.evolve import fold
from console.core.run.failure_budget import is_network
from console.core.run.network_loss import lost_together
from console.core.run.ready_steps import running_steps
from console.core.run.step_tally import recounted
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_environment import Environment
from console.model.effects import RecordEvent, StartStep
from console.model.host import Host, Ssh
from console.model.paged_table import Table
from console.model.state import HostState, RunState
from console.model.thresholds import Breached, Threshold
from console.model.values import changed
from console.safe_text import SafeText
from console.views.condition_marks import host_mark
from console.views.fleet_rows import counts_in_words, host_words
from console.views.plain_lines import waited_for
from tests.core import plans
from tests.core.builders import a_host_in, a_state, a_step, hosts_of
from tests.core.plans import failing, say, until_runs
from tests.core.simulation import ADA, NEW, Simulation, an_environment, opening


def a_run(hosts: int, batch: int = 1, ending=lambda step, attempt: "done", environment: Environment | None = None, **rolling) -> Simulation:
    run = Simulation(environment or an_environment(hosts, batch, **rolling), ending)
    run.record(*opening(run.environment))
    while not run.state.changed:
        if not run.turn():
            run.finish(running_steps(run.state)[0])
    return run


def cut(run: Simulation, *names: str, apart: float = 1.0) -> RunState:
    for name in names:
        run.now += apart
        run.record(ev.LinkLost(host=name))
    while run.turn():
        pass
    return run.state


def test_two_hosts_without_a_link_are_their_own_affair():
    assert cut(a_run(6), "web04", "web05").pausing is None


def test_three_within_ten_seconds_pause_the_run_and_send_nobody_back():
    run = a_run(6)
    state = cut(run, "web03", "web04", "web05")
    assert state.pausing is not None
    assert state.pausing.cause == "network"
    assert "web03, web04, web05 lost their links at once" in state.pausing.reason
    assert not any(isinstance(effect, StartStep) for effect in decide(run.environment, state, run.now))
    assert state.back is None


def test_one_after_the_other_over_a_minute_are_no_network():
    assert cut(a_run(6), "web03", "web04", "web05", "web06", apart=6.0).pausing is None


def test_links_that_stand_again_are_no_network():
    run = a_run(6)
    run.record(ev.LinkLost(host="web03"), ev.LinkRestored(host="web03"))
    assert cut(run, "web04", "web05").pausing is None


def test_who_goes_on_without_them_is_not_asked_again():
    run = a_run(6)
    cut(run, "web03", "web04", "web05")
    run.record(*accept(run.environment, cmd.Continue(), run.state, ADA))
    state = run.run()
    assert (state.phase, state.exit) == ("ended", 0)


def test_a_failure_while_hosts_are_cut_off_rolls_nobody_back():
    run = a_run(6, ending=lambda step, attempt: "failed" if step.kind == "switch" and step.phase == "release" else "done")
    run.record(ev.Paused(reason=run.state.reason, cause="operator"))
    cut(run, "web03", "web04", "web05")
    state = run.run()
    assert state.pausing is not None
    assert state.pausing.cause == "network"
    assert state.back is None


@pytest.mark.parametrize("by_environment", [True, False])
def test_all_hosts_behind_a_jump_host_are_a_network(by_environment: bool):
    environment = an_environment(6)
    if by_environment:
        environment = changed(environment, ssh=changed(environment.ssh, jump="web01"), hosts=environment.hosts[:3])
    else:
        behind = (changed(host, jump="gate") if host.name in ("web02", "web03") else host for host in environment.hosts)
        environment = changed(environment, hosts=tuple(behind))
    run = a_run(0, environment=environment)
    assert cut(run, "web02").pausing is None
    assert cut(run, "web03").pausing is not None


def test_a_rollback_is_not_paused_for_the_network():
    run = a_run(6)
    run.record(*accept(run.environment, cmd.RollBack(), run.state, ADA))
    assert cut(run, "web01", "web02", "web03").pausing is None
    asked = fold([ev.LinkLost(host=name, mono=1.0) for name in run.state.hosts], changed(a_run(6).state, kind="rollback"))
    assert lost_together(run.environment, asked)
    assert not any(isinstance(effect, RecordEvent) and isinstance(effect.event, ev.Paused) for effect in decide(run.environment, asked, 2.0))


def test_a_host_that_was_never_reached_has_lost_nothing():
    run = a_run(6, max_failures=3)
    for name in ("web04", "web05", "web06"):
        run.record(ev.HostSeen(host=name, problem=type(run.state.reason)("no route")))
    assert lost_together(run.environment, run.state) == ()


def test_hosts_that_the_run_was_planned_without_make_no_failure_the_network_s():
    environment = an_environment(7, max_failures=3)
    gone = ("web05", "web06", "web07")
    plan = plan_release(environment, environment.hosts[:4], NEW, frozenset())
    run = Simulation(environment, failing("web02"))
    silent = {name: ev.HostSeen(host=name, problem=SafeText("no answer")) for name in gone}
    opened = (silent.get(event.host, event) if isinstance(event, ev.HostSeen) else event for event in opening(environment))
    run.record(*(changed(event, plan=plan) if isinstance(event, ev.PlanMade) else event for event in opened))
    state = run.run()
    assert state.back is not None
    assert not [event for event in run.events if isinstance(event, ev.Paused)]
    assert (state.exit, state.outcome) == (5, "failed")
    assert "not verified: web05 unreachable (no answer), web06 unreachable (no answer)" in state.reason


@pytest.mark.parametrize("planned", [True, False])
def test_hosts_that_are_lost_before_they_were_changed_are_the_network_s_where_they_were_planned(planned: bool):
    names = ("web01", "web02", "web03")
    hosts = hosts_of(*(a_host_in("unreachable", name, touched=False, failed_once=True, since=5.0) for name in names))
    lanes = {name: (a_step(f"prepare/{name}/ship", "ship", "prepare", name),) for name in names} if planned else {}
    assert is_network(an_environment(4), a_state(hosts=hosts, lanes=lanes, phase="running")) is planned


def test_who_ends_their_own_pause_has_not_answered_for_links_that_were_lost_in_it():
    run = until_runs(plans.a_run(6), "wave-4/web04/restart")
    assert say(run, cmd.Pause()) is None
    cut(run, "web01", "web02", "web03")
    assert say(run, cmd.Continue()) is None
    run.turn()
    assert run.state.pausing is not None
    assert run.state.pausing.cause == "network"
    assert say(run, cmd.Continue()) is None
    assert run.run().exit == 0


@pytest.mark.parametrize("while_paused", [True, False])
def test_a_metric_above_its_limit_is_no_mass_rollback_while_the_network_fails(while_paused: bool):
    run = until_runs(plans.a_run(6), "wave-4/web04/gate")
    above = ev.ThresholdBreached(threshold=Threshold("cpu", above=0.9, then="rollback"), verdict=Breached())
    lost = [ev.LinkLost(host=f"web{number:02}") for number in (1, 2, 3)]
    run.record(*lost)
    if while_paused:
        run.turn()
    run.record(above)
    run.turn()
    assert (run.state.phase, run.state.pausing and run.state.pausing.cause) == ("running", "network")
    assert counting_down(run.state) is None
    assert say(run, cmd.Continue(expects=run.state.seq - 2)) is None
    run.turn()
    assert run.state.back_cause == "threshold"


def test_a_host_without_a_link_is_shown_as_one():
    run = a_run(3)
    (step,) = running_steps(run.state)
    run.record(ev.LinkLost(host=step.about), ev.LinkLost(host="web03"))
    state = run.state
    assert waited_for(state, run.now).endswith(", link lost")
    assert [host_mark(state, host).text for host in state.hosts.values()].count("?") == 2
    assert host_words(state, state.hosts["web03"], run.now)[0] == "link lost"
    assert "2 without a link" in counts_in_words(state)
    run.record(ev.LinkRestored(host="web03"))
    assert host_words(run.state, run.state.hosts["web03"], run.now)[0] != "link lost"


def test_a_step_that_takes_long_is_late_long_before_its_time_out():
    run = a_run(3)
    while not (running_steps(run.state) and running_steps(run.state)[0].name == "wave-2/web02/restart"):
        if not run.turn():
            run.finish(running_steps(run.state)[0])
    assert "late" not in waited_for(run.state, run.now + 2)
    assert "web02 restart 6 s and late (usual 1 s)" in waited_for(run.state, run.now + 6)


def a_fleet(*lost: float, jump: str = "", jumps: tuple[str, ...] = ()) -> tuple[Environment, RunState]:
    """web01, web02, …: when each lost its link (0: it stands)."""
    hosts = tuple(Host(f"web{number:02}", jump=jumps[number - 1] if jumps else "") for number in range(1, len(lost) + 1))
    environment = Environment("shop", "production", "/srv/shop", hosts, ssh=Ssh(jump=jump))
    states = {host.name: HostState(host.name, linked=not when, lost=when) for host, when in zip(hosts, lost, strict=True)}
    return environment, recounted(RunState(run="r1", hosts=Table(states)))


TOGETHER = [
    ("none", (0, 0, 0), []),
    ("two", (5, 5, 0, 0), []),
    ("three at once", (5, 5, 5, 0), [1, 2, 3]),
    ("three in ten seconds", (5, 0, 15, 10), [1, 3, 4]),
    ("three in more than ten seconds", (5, 0, 15.1, 10), []),
    ("three at once after one", (1, 20, 21, 22), [2, 3, 4]),
    ("three at once before one", (20, 21, 22, 40), [1, 2, 3]),
    ("the greater of two groups", (1, 2, 3, 30, 31, 32, 33), [4, 5, 6, 7]),
    ("the earlier of two that are as great", (1, 2, 3, 30, 31, 32), [1, 2, 3]),
    ("all", (1, 1, 1), [1, 2, 3]),
]


@pytest.mark.parametrize(("lost", "numbers"), [pytest.param(*row[1:], id=row[0]) for row in TOGETHER])
def test_links_that_were_lost_together(lost: tuple[float, ...], numbers: list[int]):
    assert lost_together(*a_fleet(*lost)) == tuple(f"web{number:02}" for number in numbers)


BEHIND = [
    ("both behind a jump host", (5, 6, 0), "", ("gate", "gate", ""), [1, 2]),
    ("one of two behind it", (5, 0, 0), "", ("gate", "gate", ""), []),
    ("one of two behind it, and one that is not", (5, 0, 5), "", ("gate", "gate", ""), []),
    ("two behind it, far apart", (5, 60, 0), "", ("gate", "gate", ""), []),
    ("behind two jump hosts", (5, 6, 0), "", ("gate", "door", ""), []),
    ("the only one behind it", (5, 0, 0), "", ("gate", "", ""), []),
    ("all behind the environment's", (5, 6), "gate", (), [1, 2]),
    ("all behind the environment's, which is one of them", (0, 5, 6), "web01", (), [2, 3]),
    ("a host's own before the environment's", (5, 6, 0), "gate", ("", "", "door"), [1, 2]),
    ("the first group of two", (5, 6, 7, 8), "", ("gate", "gate", "door", "door"), [1, 2, 3, 4]),
]


@pytest.mark.parametrize(("lost", "jump", "jumps", "numbers"), [pytest.param(*row[1:], id=row[0]) for row in BEHIND])
def test_links_that_were_lost_behind_a_jump_host(lost: tuple[float, ...], jump: str, jumps: tuple[str, ...], numbers: list[int]):
    assert lost_together(*a_fleet(*lost, jump=jump, jumps=jumps)) == tuple(f"web{number:02}" for number in numbers)


@pytest.mark.parametrize("condition", ["left-out", "unreachable"])
def test_a_host_behind_it_that_is_no_part_of_the_run_is_not_waited_for(condition: str):
    environment, state = a_fleet(5, 6, 0, jumps=("gate", "gate", "gate"))
    gone = recounted(changed(state, hosts=state.hosts.put("web03", changed(state.hosts["web03"], condition=condition))))
    assert lost_together(environment, state) == ()
    assert lost_together(environment, gone) == ("web01", "web02")


def test_a_host_that_the_run_does_not_know_is_not_waited_for():
    environment, state = a_fleet(5, 6, 0, jumps=("gate", "gate", "gate"))
    rest = recounted(changed(state, hosts=state.hosts.without(["web03"])))
    assert lost_together(environment, rest) == ("web01", "web02")


@pytest.mark.parametrize(("linked", "lost"), [(True, 5.0), (False, 0.0)], ids=["stands again", "has been seen"])
def test_a_link_counts_while_it_is_lost_and_nobody_has_seen_it(linked: bool, lost: float):
    environment, state = a_fleet(5, 5, 5)
    assert lost_together(environment, state) == ("web01", "web02", "web03")
    other = changed(state.hosts["web02"], linked=linked, lost=lost)
    assert lost_together(environment, recounted(changed(state, hosts=state.hosts.put("web02", other)))) == ()


@given(st.lists(st.sampled_from([0.0, 1.0, 5.0, 11.0, 12.0, 30.0]), max_size=8))
def test_what_was_lost_together_are_three_or_more_within_ten_seconds(lost: list[float]):
    environment, state = a_fleet(*lost)
    found = [state.hosts[name].lost for name in lost_together(environment, state)]
    most = max((sum(one <= other <= one + 10 for other in lost) for one in lost if one), default=0)
    assert len(found) == (most if most >= 3 else 0)
    assert not found or max(found) - min(found) <= 10
