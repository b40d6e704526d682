"""Hosts that lose their links: alone it is theirs, together it is the network's, and nothing rolls back for it."""

import pytest

from console.core.accept import accept
from console.core.decide import decide, running_steps
from console.core.links import lost_together
from console.model import commands as cmd
from console.model import events as ev
from console.model.effects import Happened, StartStep
from console.model.fleet import Environment
from console.model.state import RunState
from console.model.values import changed
from console.views.fleet import counts_in_words, host_mark, host_words
from console.views.lines import waited_for
from tests.core.simulation import ADA, Simulation, an_environment, opening


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
    asked = changed(a_run(6).state, kind="rollback", hosts={name: changed(host, linked=False, lost=1.0) for name, host in run.state.hosts.items()})
    assert lost_together(run.environment, asked)
    assert not any(isinstance(effect, Happened) and isinstance(effect.event, ev.Paused) for effect in decide(run.environment, asked, 2.0))


def test_a_host_that_was_never_reached_has_lost_nothing():
    run = a_run(6, max_failures=3)
    for name in ("web04", "web05", "web06"):
        run.record(ev.HostSeen(host=name, problem=type(run.state.reason)("no route")))
    assert lost_together(run.environment, run.state) == ()


def test_a_host_without_a_link_is_shown_as_one():
    run = a_run(3)
    (step,) = running_steps(run.state)
    run.record(ev.LinkLost(host=step.about), ev.LinkLost(host="web03"))
    state = run.state
    assert waited_for(state, run.now).endswith(", link lost")
    assert [host_mark(host).text for host in state.hosts.values()].count("?") == 2
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
