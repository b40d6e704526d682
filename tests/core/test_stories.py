"""Runs as stories: what is recorded from GO to the end, line by line, and what each line makes of its hosts. A reader of `core/run` may begin here.

Each line is an event's sentence; behind `=>` stand the hosts whose condition it changes. Left out are steps that begin, where that changes no host, and
what ends well before the first wave: shipping and installing (`test_whole_plans.py` has it).
"""

from collections.abc import Callable

import pytest

from console.core.plan.planner import plan_release
from console.core.run.evolve import evolve
from console.core.run.ready_steps import running_steps
from console.core.run.sentences import sentence
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Database
from console.model.database_facts import Review
from console.model.host_commands import Command
from console.model.number_of_hosts import NumberOfHosts
from console.model.plan import Step
from console.model.request import Request, RunKind
from console.model.state import RunState
from console.model.strategy import Canary
from console.model.thresholds import Breached, Then, Threshold, Within
from console.model.values import changed
from tests.core.balanced import LB, BalancedRun, a_balanced_run, balanced
from tests.core.plans import a_run, failing, go_on, run_of, say, until_runs
from tests.core.simulation import ADA, NEW, Simulation, an_environment, opening

Story = Callable[[], Simulation]


def told(run: Simulation) -> list[str]:
    """What was recorded behind the locks, a line for each event."""
    lines, before = [], RunState()
    for event in run.events:
        after = run_to(run, event)
        turned = [f"{name} {host.condition}" for name, host in after.hosts.items() if before.hosts and before.hosts[name].condition != host.condition]
        if turned or is_told(run, event):
            lines.append(short(event) + (f" => {', '.join(turned)}" if turned else ""))
        before = after
    return lines


def run_to(run: Simulation, event: ev.Event) -> RunState:
    return run.states[event.seq - 1]  # type: ignore[attr-defined, no-any-return]


def is_told(run: Simulation, event: ev.Event) -> bool:
    """Whether the event lies behind the locks, and is worth a line."""
    is_behind = event.seq > next(one.seq for one in run.events if isinstance(one, ev.LocksTaken))
    is_prepared = isinstance(event, ev.StepFinished) and event.status == "done" and event.step.startswith(("release/", "prepare/"))
    return is_behind and not is_prepared and not isinstance(event, ev.StepStarted)


def short(event: ev.Event) -> str:
    """The event's sentence; of a step its end alone, without its seconds."""
    if isinstance(event, ev.StepFinished):
        return f"{event.step}: {event.status}"
    return sentence(event)


def watched(run: Simulation) -> Simulation:
    """Note the state behind each event; those of the opening are made anew."""
    states, state = [], RunState()
    for event in run.events:
        state = evolve(state, event)
        states.append(state)
    run.states = states  # type: ignore[attr-defined]
    run.watch = states.append
    return run


def all_is_well() -> Simulation:
    run = watched(a_run(2))
    run.run()
    return run


def a_gate_fails(on_failure: str = "rollback", **rolling: object) -> Story:
    def story() -> Simulation:
        run = watched(a_run(3, failing("web02"), on_failure=on_failure, **rolling))
        run.run()
        return run

    return story


def a_person_goes_on() -> Simulation:
    run = a_gate_fails("pause")()
    say(run, cmd.Retry(host="web02"))
    run.ending = lambda step, attempt: "done"
    say(run, cmd.Continue())
    run.run()
    return run


def paused_after() -> Simulation:
    run = watched(a_run(2, pause_after=1))
    run.run()
    say(run, cmd.Continue())
    run.run()
    return run


def said(moment: str, *commands: cmd.AnyCommand, hosts: int = 2, batch: int = 1) -> Story:
    """A release in which ada says that while that step runs."""

    def story() -> Simulation:
        run = until_runs(watched(a_run(hosts, batch=batch)), moment)
        for command in commands:
            assert say(run, command) is None
            go_on(run, 12)
        run.run()
        return run

    return story


def an_engine_dies() -> Simulation:
    run = until_runs(watched(a_run(2)), "wave-1/web01/restart")
    run.record(ev.TakenUp(epoch=2, by=ADA))
    run.run()
    say(run, cmd.Continue())
    run.run()
    return run


def of_kind(kind: RunKind, ending: Callable[[Step, int], str] = lambda step, attempt: "done", hosts: int = 2) -> Story:
    def story() -> Simulation:
        run = watched(a_run(hosts, ending, kind=kind))
        run.run()
        return run

    return story


def a_host_dies(moment: str, kind: RunKind = "deploy") -> Story:
    def story() -> Simulation:
        run = until_runs(watched(a_run(2, kind=kind, max_failures=1)), moment)
        run.dead.add("web01")
        run.run()
        return run

    return story


def links_are_lost() -> Simulation:
    run = until_runs(watched(a_run(4)), "wave-1/web01/restart")
    run.record(*(ev.LinkLost(host=f"web{number:02}") for number in (1, 2, 3)))
    go_on(run, 6)
    run.record(*(ev.LinkRestored(host=f"web{number:02}") for number in (1, 2, 3)))
    say(run, cmd.Continue())
    run.run()
    return run


def a_balancer_does_not_drain() -> Simulation:
    tries = iter(("held",))
    run = a_balanced_run(2, lambda step, attempt: next(tries, "done") if step.name == "wave-1/web01/drain" else "done")
    assert isinstance(run, BalancedRun)
    watched(run).run()
    say(run, cmd.Continue())
    run.run()
    return run


ERRORS = Threshold("error_rate", above=0.01)
ABOVE = Breached(value=0.041, limit=0.01, hosts=("web01",))


def a_breach(then: Then, *commands: cmd.AnyCommand, over: bool = False) -> Story:
    """New hosts make errors while the second host is updated; then ada says that."""

    def story() -> Simulation:
        threshold = changed(ERRORS, then=then)
        run = until_runs(watched(run_of(changed(an_environment(3), monitor=600.0, thresholds=(threshold,)))), "wave-2/web02/restart")
        run.record(ev.ThresholdBreached(threshold=threshold, verdict=ABOVE))
        go_on(run, 12)
        if over:
            run.record(ev.ThresholdRecovered(threshold=threshold, verdict=Within(value=0.001, limit=0.01)))
        for command in commands:
            assert say(run, command) is None
        run.run()
        return run

    return story


def a_canary(verdict: str) -> Story:
    environment = changed(
        an_environment(3, batch=3), strategy="canary", balancers=(LB,), canary=Canary(steps=(NumberOfHosts(count=1), NumberOfHosts(share=1.0)))
    )

    def story() -> Simulation:
        run = watched(run_of(environment, lambda step, attempt: verdict if step.kind == "analysis" else "done"))
        run.says = lambda step: "new hosts are worse than old ones: errors new 5.0 %"
        run.run()
        return run

    return story


def sides(moment: str = "", *commands: cmd.AnyCommand) -> Story:
    """A release to green while blue is live; while that step runs ada says that."""

    def story() -> Simulation:
        names = {"web01": "blue", "web02": "green"}
        bare = balanced(2)
        environment = changed(bare, strategy="bluegreen", hosts=tuple(changed(host, color=names[host.name]) for host in bare.hosts))
        opened, *seen, made, go, locks = opening(changed(environment, strategy="rolling"))
        run = BalancedRun(environment, lambda step, attempt: "done", serves={"web01"})
        run.record(opened, *seen, ev.TrafficChanged(host="web02", balancer=LB.name, mark="drained"))
        run.record(changed(made, plan=plan_release(environment, environment.hosts[1:], NEW, frozenset())), go, locks)  # type: ignore[type-var]
        watched(run)
        if moment:
            until_runs(run, moment)
        for command in commands:
            assert say(run, command) is None
        run.run()
        return run

    return story


def a_migration(old_code: str) -> Story:
    """The database is migrated, and then a gate fails. `old_code`: whether the code before runs on the new schema."""

    def story() -> Simulation:
        environment = changed(an_environment(2), database=Database("command", migrate=Command("migrate"), backup=Command("backup")))
        review = Review(runs=True, where="web01", backs_up=True, old_code=old_code)  # type: ignore[arg-type]
        opened, *seen, made, go, locks = opening(environment)
        run = Simulation(environment, failing("web01"))
        run.record(opened, *seen, ev.DatabaseReviewed(review=review))
        run.record(changed(made, plan=plan_release(environment, environment.hosts, NEW, frozenset(), review)), go, locks)  # type: ignore[type-var]
        watched(run).run()
        return run

    return story


def a_critical_path(ending: str) -> Story:
    path = CriticalPath("Buy", "http", at=("first batch",))

    def story() -> Simulation:
        run = watched(run_of(changed(an_environment(2), critical=(path,)), lambda step, attempt: ending if step.path else "done"))
        run.run()
        return run

    return story


def left_out() -> Simulation:
    opened, *rest = opening(an_environment(2))
    run = Simulation(an_environment(2), lambda step, attempt: "done")
    run.record(changed(opened, request=Request(yes=True, without=(("web02", "disk is broken"),))))  # type: ignore[type-var]
    made = plan_release(run.environment, run.environment.hosts[:1], NEW, frozenset())
    run.record(*(changed(event, plan=made) if isinstance(event, ev.PlanMade) else event for event in rest))
    watched(run).run()
    return run


def makes_way() -> Simulation:
    run = until_runs(watched(run_of(changed(an_environment(2), monitor=600.0))), "verify/monitor")
    run.record(ev.Superseded(by_run="r2", by=ADA))
    run.run()
    return run


def silent_at_the_end() -> Simulation:
    run = until_runs(watched(a_run(2, max_failures=1)), "close/web02/prune")
    while not any(isinstance(event, ev.StepFinished) and event.step == "close/web02/prune" for event in run.events):
        run.finish(running_steps(run.state)[0])
    run.dead.add("web02")
    run.run()
    return run


STORIES: list[tuple[str, Story, str]] = [
    (
        "all is well",
        all_is_well,
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            close/web01/prune: done
            close/web02/prune: done
            2 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "a gate fails: every host that was changed goes back",
        a_gate_fails(),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: failed => web02 failed
            rolling back 2 hosts: 1 failed, 0 allowed: web02 (failed) => web01 returning, web02 returning
            back/web01/switch: done
            back/web01/restart: done
            back/web01/gate: done => web01 back
            back/web02/switch: done
            back/web02/restart: done
            back/web02/gate: done => web02 back
            2 hosts still answer
            rolled-back (exit 4): 1 failed, 0 allowed: web02 (failed)
        """,
    ),
    (
        "a gate fails, and the file says pause: a person tries the host again",
        a_person_goes_on,
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: failed => web02 failed
            paused: 1 failed, 0 allowed: web02 (failed)
            web02 is tried again by ada => web02 updating
            continued by ada
            wave-2/web02/gate: done => web02 new
            wave-3: done
            wave-3/web03/switch: started => web03 updating
            wave-3/web03/switch: done
            wave-3/web03/restart: done
            wave-3/web03/gate: done => web03 new
            close/web01/prune: done
            close/web02/prune: done
            close/web03/prune: done
            3 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "a gate fails, and the file says stop",
        a_gate_fails("stop"),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: failed => web02 failed
            1 host still answers
            failed (exit 5): web02 failed (failed)
        """,
    ),
    (
        "a gate fails within the budget: its host goes back alone",
        a_gate_fails(max_failures=1),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: failed => web02 failed
            web02 goes back alone: failed => web02 returning
            wave-3: done
            wave-3/web03/switch: started => web03 updating
            back/web02/switch: done
            back/web02/restart: done
            back/web02/gate: done => web02 back
            wave-3/web03/switch: done
            wave-3/web03/restart: done
            wave-3/web03/gate: done => web03 new
            close/web01/prune: done
            close/web03/prune: done
            3 hosts still answer
            succeeded (exit 8): behind: web02 back (failed)
        """,
    ),
    (
        "a release that goes first to one host, then pauses (pause_after)",
        paused_after,
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            paused: pause after 1 host (pause_after)
            continued by ada
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            close/web01/prune: done
            close/web02/prune: done
            2 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "a person pauses and goes on",
        said("wave-1/web01/restart", cmd.Pause(), cmd.Continue()),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            paused: paused by ada
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            continued by ada
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            close/web01/prune: done
            close/web02/prune: done
            2 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "a person skips the host that is updated",
        said("wave-1/web01/restart", cmd.Skip(host="web01")),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            web01 is skipped by ada => web01 skipped
            wave-1/web01/restart: cancelled
            web01 goes back alone: skipped by ada => web01 returning
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            back/web01/switch: done
            back/web01/restart: done
            back/web01/gate: done => web01 skipped
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            close/web02/prune: done
            1 host still answers
            succeeded (exit 8): behind: web01 skipped (skipped by ada)
        """,
    ),
    (
        "a person takes a host back that is new",
        said("wave-2/web02/restart", cmd.Skip(host="web01")),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            web01 is skipped by ada => web01 skipped
            web01 goes back alone: skipped by ada => web01 returning
            back/web01/switch: done
            back/web01/restart: done
            back/web01/gate: done => web01 skipped
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            close/web02/prune: done
            1 host still answers
            succeeded (exit 8): behind: web01 skipped (skipped by ada)
        """,
    ),
    (
        "a person aborts, and the hosts go back",
        said("wave-2/web02/restart", cmd.Abort()),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            abort by ada
            wave-2/web02/restart: done
            rolling back 2 hosts: aborted => web01 returning, web02 returning
            back/web01/switch: done
            back/web01/restart: done
            back/web01/gate: done => web01 back
            back/web02/switch: done
            back/web02/restart: done
            back/web02/gate: done => web02 back
            2 hosts still answer
            rolled-back (exit 4): aborted
        """,
    ),
    (
        "a person aborts, and everything stays as it is",
        said("wave-2/web02/restart", cmd.Abort(leave=True)),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            abort by ada, everything stays as it is
            wave-2/web02/restart: done
            1 host still answers
            failed (exit 5): aborted, and left as it is
        """,
    ),
    (
        "a person rolls back",
        said("wave-2/web02/restart", cmd.RollBack()),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            rolling back 2 hosts: asked for by ada => web01 returning, web02 returning
            wave-2/web02/restart: cancelled
            back/web01/switch: done
            back/web01/restart: done
            back/web01/gate: done => web01 back
            back/web02/switch: done
            back/web02/restart: done
            back/web02/gate: done => web02 back
            2 hosts still answer
            rolled-back (exit 4): asked for by ada
        """,
    ),
    (
        "an engine dies, and another takes the run up",
        an_engine_dies,
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            a new engine took the run over for ada (epoch 2)
            wave-1/web01/restart: done
            continued by ada
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            close/web01/prune: done
            close/web02/prune: done
            2 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "three links are lost at once",
        links_are_lost,
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            web01: link lost
            web02: link lost
            web03: link lost
            paused: web01, web02, web03 lost their links at once, which points at the network
            wave-1/web01/restart: done
            web01: answers again
            web02: answers again
            web03: answers again
            continued by ada
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            wave-3: done
            wave-3/web03/switch: started => web03 updating
            wave-3/web03/switch: done
            wave-3/web03/restart: done
            wave-3/web03/gate: done => web03 new
            wave-4: done
            wave-4/web04/switch: started => web04 updating
            wave-4/web04/switch: done
            wave-4/web04/restart: done
            wave-4/web04/gate: done => web04 new
            close/web01/prune: done
            close/web02/prune: done
            close/web03/prune: done
            close/web04/prune: done
            4 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "a host dies after its update, within the budget",
        a_host_dies("wave-2/web02/restart"),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            close/web01/prune: unreachable => web01 unreachable
            close/web02/prune: done
            web01 is owed: unreachable => web01 owed
            1 host still answers
            succeeded (exit 8): behind: web01 owed (unreachable)
        """,
    ),
    (
        "a host dies during its update, within the budget",
        a_host_dies("wave-1/web01/restart"),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: unreachable => web01 unreachable
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            close/web02/prune: done
            web01 is owed: unreachable => web01 owed
            1 host still answers
            succeeded (exit 8): behind: web01 owed (unreachable)
        """,
    ),
    (
        "a balancer does not drain a host, until a person goes on",
        a_balancer_does_not_drain,
        """
            wave-1: done
            wave-1/web01/drain: started => web01 updating
            wave-1/web01/drain: held
            paused: drain web01 at localhost/shop: held
            continued by ada
            web01 at localhost/shop: drained
            wave-1/web01/drain: done
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done
            web01 at localhost/shop: gets requests again
            wave-1/web01/admit: done => web01 new
            wave-2: done
            wave-2/web02/drain: started => web02 updating
            web02 at localhost/shop: drained
            wave-2/web02/drain: done
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done
            web02 at localhost/shop: gets requests again
            wave-2/web02/admit: done => web02 new
            close/web01/prune: done
            close/web02/prune: done
            2 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "a restart in which a gate fails: nothing goes back",
        of_kind("restart", failing("web01")),
        """
            wave-1: done
            wave-1/web01/restart: started => web01 updating
            wave-1/web01/restart: done
            wave-1/web01/gate: failed => web01 failed
            failed (exit 5): web01 failed (failed)
        """,
    ),
    (
        "a rollback of its own in which a host is not reached",
        of_kind("rollback", lambda step, attempt: "unreachable" if step.about == "web01" else "done"),
        """
            back/web01/switch: started => web01 returning
            back/web02/switch: started => web02 returning
            back/web01/switch: unreachable => web01 unreachable
            back/web02/switch: done
            back/web02/restart: done
            back/web02/gate: done => web02 back
            web01 is owed: unreachable => web01 owed
            1 host still answers
            failed (exit 5): not back: web01 owed (unreachable)
        """,
    ),
    (
        "a catch-up",
        of_kind("catch-up"),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web02/switch: started => web02 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-1/web02/switch: done
            wave-1/web02/restart: done
            wave-1/web02/gate: done => web02 new
            close/web01/prune: done
            close/web02/prune: done
            2 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "a restore",
        of_kind("restore"),
        """
            database/restore: done
            succeeded (exit 0)
        """,
    ),
    (
        "errors of new hosts are above their limit, and the file says rollback",
        a_breach("rollback"),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            above its limit: errors 4.10 % on new hosts, limit 1.00 % (web01)
            rolling back 2 hosts: errors 4.10 % on new hosts, limit 1.00 % (web01) => web01 returning, web02 returning
            wave-2/web02/restart: cancelled
            back/web01/switch: done
            back/web01/restart: done
            back/web01/gate: done => web01 back
            back/web02/switch: done
            back/web02/restart: done
            back/web02/gate: done => web02 back
            2 hosts still answer
            rolled-back (exit 4): errors 4.10 % on new hosts, limit 1.00 % (web01)
        """,
    ),
    (
        "errors of new hosts are above their limit, and the file says propose: a person goes on",
        a_breach("propose", cmd.Continue(), over=False),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            above its limit: errors 4.10 % on new hosts, limit 1.00 % (web01)
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            continued by ada, in spite of errors above its limit
            wave-3: done
            wave-3/web03/switch: started => web03 updating
            wave-3/web03/switch: done
            wave-3/web03/restart: done
            wave-3/web03/gate: done => web03 new
            verify/monitor: done
            close/web01/prune: done
            close/web02/prune: done
            close/web03/prune: done
            3 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "errors of new hosts are above their limit, and the file says propose: they end by themselves",
        a_breach("propose", over=True),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            above its limit: errors 4.10 % on new hosts, limit 1.00 % (web01)
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            not above its limit any more: errors 0.10 %, limit 1.00 %
            wave-3: done
            wave-3/web03/switch: started => web03 updating
            wave-3/web03/switch: done
            wave-3/web03/restart: done
            wave-3/web03/gate: done => web03 new
            verify/monitor: done
            close/web01/prune: done
            close/web02/prune: done
            close/web03/prune: done
            3 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "errors of new hosts are above their limit, and the file says propose: a person rolls back",
        a_breach("propose", cmd.RollBack()),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            above its limit: errors 4.10 % on new hosts, limit 1.00 % (web01)
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            rolling back 2 hosts: asked for by ada => web01 returning, web02 returning
            back/web01/switch: done
            back/web01/restart: done
            back/web01/gate: done => web01 back
            back/web02/switch: done
            back/web02/restart: done
            back/web02/gate: done => web02 back
            2 hosts still answer
            rolled-back (exit 4): asked for by ada
        """,
    ),
    (
        "errors of new hosts are above their limit for a while, and the file says warn",
        a_breach("warn", over=True),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            above its limit: errors 4.10 % on new hosts, limit 1.00 % (web01)
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            not above its limit any more: errors 0.10 %, limit 1.00 %
            wave-3: done
            wave-3/web03/switch: started => web03 updating
            wave-3/web03/switch: done
            wave-3/web03/restart: done
            wave-3/web03/gate: done => web03 new
            verify/monitor: done
            close/web01/prune: done
            close/web02/prune: done
            close/web03/prune: done
            3 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "a canary that is judged well",
        a_canary("done"),
        """
            wave-1: done
            wave-1/web01/drain: started => web01 updating
            wave-1/web01/drain: done
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done
            wave-1/web01/admit: done => web01 new
            wave-1/analysis: done
            wave-2: done
            wave-2/web02/drain: started => web02 updating
            wave-2/web03/drain: started => web03 updating
            wave-2/web02/drain: done
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done
            wave-2/web02/admit: done => web02 new
            wave-2/web03/drain: done
            wave-2/web03/switch: done
            wave-2/web03/restart: done
            wave-2/web03/gate: done
            wave-2/web03/admit: done => web03 new
            close/web01/prune: done
            close/web02/prune: done
            close/web03/prune: done
            3 hosts still answer
            succeeded (exit 0)
        """,
    ),
    (
        "a canary that is judged worse",
        a_canary("failed"),
        """
            wave-1: done
            wave-1/web01/drain: started => web01 updating
            wave-1/web01/drain: done
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done
            wave-1/web01/admit: done => web01 new
            wave-1/analysis: failed
            rolling back 1 host: new hosts are worse than old ones: errors new 5.0 % => web01 returning
            back/web01/drain: done
            back/web01/switch: done
            back/web01/restart: done
            back/web01/gate: done
            back/web01/admit: done => web01 back
            1 host still answers
            rolled-back (exit 4): new hosts are worse than old ones: errors new 5.0 %
        """,
    ),
    (
        "a blue/green release",
        sides(),
        """
            wave-1: done
            wave-1/web02/drain: started => web02 updating
            web02 at localhost/shop: drained
            wave-1/web02/drain: done
            wave-1/web02/switch: done
            wave-1/web02/restart: done
            wave-1/web02/gate: done
            web02 at localhost/shop: gets requests again
            shift/web02/admit: done => web02 new
            web01 at localhost/shop: drained
            shift/web01/drain: done
            close/web02/prune: done
            1 host still answers
            succeeded (exit 0)
        """,
    ),
    (
        "a blue/green release that is taken back while the old side leaves the traffic",
        sides("shift/web01/drain", cmd.RollBack()),
        """
            wave-1: done
            wave-1/web02/drain: started => web02 updating
            web02 at localhost/shop: drained
            wave-1/web02/drain: done
            wave-1/web02/switch: done
            wave-1/web02/restart: done
            wave-1/web02/gate: done
            web02 at localhost/shop: gets requests again
            shift/web02/admit: done => web02 new
            rolling back 2 hosts: asked for by ada => web01 returning, web02 returning
            shift/web01/drain: cancelled
            web01 at localhost/shop: gets requests again
            back/web01/admit: done => web01 back
            web02 at localhost/shop: drained
            back/web02/drain: done => web02 back
            2 hosts still answer
            rolled-back (exit 4): asked for by ada
        """,
    ),
    (
        "a gate fails after a migration that the code before does not bear",
        a_migration("breaks"),
        """
            database/backup: done
            database/migrate: done
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: failed => web01 failed
            paused: 1 failed, 0 allowed: web01 (failed); not rolled back automatically: the database is migrated, and the previous code may not run on the new schema
        """,
    ),
    (
        "a gate fails after a migration that the code before bears",
        a_migration("ok"),
        """
            database/backup: done
            database/migrate: done
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: failed => web01 failed
            rolling back 1 host: 1 failed, 0 allowed: web01 (failed) => web01 returning
            back/web01/switch: done
            back/web01/restart: done
            back/web01/gate: done => web01 back
            1 host still answers
            rolled-back (exit 4): 1 failed, 0 allowed: web01 (failed); the database stays migrated
        """,
    ),
    (
        "a critical path fails",
        a_critical_path("failed"),
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-1/critical-1: failed
            rolling back 1 host: critical path Buy failed: failed => web01 returning
            back/web01/switch: done
            back/web01/restart: done
            back/web01/gate: done => web01 back
            1 host still answers
            rolled-back (exit 4): critical path Buy failed: failed
        """,
    ),
    (
        "a host that was left out by name",
        left_out,
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            close/web01/prune: done
            web02 is owed: left out: disk is broken => web02 owed
            1 host still answers
            succeeded (exit 8): behind: web02 owed (left out: disk is broken)
        """,
    ),
    (
        "a release makes way for the next one, in its monitoring window",
        makes_way,
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            makes way for run r2, at its GO by ada
            verify/monitor: cancelled
            superseded (exit 0): run r2 took over before the monitoring window ended; not verified
        """,
    ),
    (
        "a host gives no answer when it is asked a last time",
        silent_at_the_end,
        """
            wave-1: done
            wave-1/web01/switch: started => web01 updating
            wave-1/web01/switch: done
            wave-1/web01/restart: done
            wave-1/web01/gate: done => web01 new
            wave-2: done
            wave-2/web02/switch: started => web02 updating
            wave-2/web02/switch: done
            wave-2/web02/restart: done
            wave-2/web02/gate: done => web02 new
            close/web01/prune: done
            close/web02/prune: done
            web02 is unreachable: no answer => web02 unreachable
            1 host still answers
            web02 is owed: no answer => web02 owed
            succeeded (exit 8): behind: web02 owed (no answer)
        """,
    ),
]


@pytest.mark.parametrize(("story", "lines"), [pytest.param(*row[1:], id=row[0]) for row in STORIES])
def test_a_run_goes_like_this(story: Story, lines: str):
    assert told(story()) == [line.strip() for line in lines.strip().splitlines()]
