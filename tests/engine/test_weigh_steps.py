"""A canary by weight, carried out at a balancer that exists in memory alone: shares, kills, ways back, and weights that somebody else has changed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from console.adapters.balancers.scripted_balancer import ScriptedBalancer, ScriptedServer
from console.core.environment.record import recorded
from console.core.plan.planner import plan_release, plan_restart
from console.core.plan.return_plan import plan_way_back
from console.core.run.accept import accept
from console.core.run.evolve import fold
from console.core.run.ready_steps import running_steps
from console.core.traffic.shares import loads_of, share_of
from console.engine.run.drain_and_admit import AtBalancer, admit, drain, take_all_out
from console.engine.run.shared_balancer import SharedBalancer
from console.engine.run.step_attempt import Task, Tools
from console.engine.run.weigh_steps import weigh
from console.model import commands as cmd
from console.model import events as ev
from console.model.balancer import Balancer
from console.model.configured_environment import Environment
from console.model.environment_record import EnvironmentRecord
from console.model.number_of_hosts import NumberOfHosts
from console.model.plan import Step
from console.model.request import RunKind
from console.model.strategy import Canary
from console.model.traffic import BalancerSeen, OwnWeight
from console.model.values import changed
from console.wire.codec import decode_event, encode_event
from tests.core.simulation import ADA, NEW, OLD, Simulation, an_environment, opening

LB = Balancer("haproxy", socket="/run/haproxy/admin.sock", backend="shop")
TRAFFIC = {"drain": drain, "admit": admit, "weigh": weigh}


class Instant:
    """A clock that goes on as soon as somebody waits for it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def mono(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Weighed(Simulation):
    """What its steps tell a balancer is told to it. `shares`: of the traffic for new hosts at each analysis, by the balancer itself."""

    balancer: ScriptedBalancer = field(default_factory=lambda: ScriptedBalancer(frozenset()))
    shares: list[float] = field(default_factory=list)
    before: Callable[[Step], None] = lambda step: None
    clock: Instant = field(default_factory=Instant)

    def tools(self) -> Tools:
        async def write(event: ev.Event) -> None:
            self.record(event)

        tools = Tools(*([None] * 6), lambda: "", lambda: self.state, self.clock, None, write, self.shared)  # type: ignore[arg-type]
        tools.record = self.record
        return tools

    @property
    def shared(self) -> tuple[SharedBalancer, ...]:
        return (SharedBalancer(self.balancer, self.clock),)

    def take_out(self, hosts: tuple[str, ...]) -> None:
        tools = self.tools()
        at = [AtBalancer(self.shared[0], name, lambda: self.state, self.record, tools.write, self.clock) for name in hosts]
        asyncio.run(take_all_out(at))

    def finish(self, step: Step) -> None:
        self.before(step)
        if step.kind not in TRAFFIC:
            if step.kind == "analysis":
                self.shares.append(self.share())
            super().finish(step)
            return
        attempt = self.state.step_state(step).attempt
        result = asyncio.run(TRAFFIC[step.kind](Task(self.environment, self.state, step, attempt, self.tools())))
        self.record(ev.StepFinished(step=step.name, host=step.about, attempt=attempt, status=result.status, detail=result.detail, hint=result.hint))

    def share(self) -> float:
        seen = asyncio.run(self.balancer.look(deadline=1))
        assert isinstance(seen, BalancerSeen)
        new = [name for name, host in self.state.hosts.items() if host.condition == "new"]
        found = share_of(seen, new)
        assert found is not None
        return round(found, 2)

    def weights(self) -> list[int | None]:
        return [server.weight for server in (*self.balancer.servers.values(), *self.balancer.strangers.values())]


def an_environment_by_weight(hosts: int, *steps: float, **rolling: object) -> Environment:
    canary = Canary(steps=tuple(NumberOfHosts(share=one) for one in steps), by="weight")
    return changed(an_environment(hosts, **rolling), balancers=(LB,), strategy="canary", canary=canary)


def a_run(
    hosts: int = 3, steps: tuple[float, ...] = (0.1, 0.3, 1.0), weights: tuple[int, ...] = (), ending: Callable[[Step, int], str] = lambda step, attempt: "done",
    kind: RunKind = "deploy", strangers: tuple[int, ...] = (), **rolling: object,
) -> Weighed:  # fmt: skip
    environment = an_environment_by_weight(hosts, *steps, **rolling)
    names = [host.name for host in environment.hosts]
    given = dict(zip(names, weights or (1,) * hosts, strict=True))
    balancer = ScriptedBalancer(frozenset(names), LB.name, servers={name: ScriptedServer(weight=weight) for name, weight in given.items()})
    balancer.strangers = {f"other{number}": ScriptedServer(weight=weight) for number, weight in enumerate(strangers)}
    run = Weighed(environment, ending, balancer=balancer)
    seen = asyncio.run(balancer.look(deadline=1))
    plan = plan_release(environment, environment.hosts, NEW, frozenset(), loads=loads_of(environment, (seen,), {}))
    for event in opening(environment, kind):
        run.record(changed(event, plan=plan) if isinstance(event, ev.PlanMade) and kind == "deploy" else event)
    return run


def until(run: Weighed, name: str) -> Step:
    """Go on until that step runs."""
    for _ in range(500):
        if run.turn():
            continue
        running = running_steps(run.state)
        step = next((step for step in running if step.name == name), None)
        if step is not None:
            return step
        run.finish(running[0])
    raise AssertionError(name)


def say(run: Weighed, command: cmd.AnyCommand) -> None:
    answer = accept(run.environment, command, run.state, ADA)
    assert isinstance(answer, tuple), answer
    run.record(*answer)


# Hosts, weights, servers that are no hosts, steps; the share that is seen at each analysis.
RUNS = [
    (3, (), (), (0.05, 0.1, 0.3, 1.0), [0.05, 0.1, 0.3]),
    (3, (), (), (0.1, 0.5, 1.0), [0.1, 0.5]),
    (12, (), (), (0.1, 0.5, 1.0), [0.1, 0.5]),
    (4, (1, 2, 3, 4), (5,), (0.02, 0.2, 0.4), [0.02, 0.2, 0.4]),
    (3, (100, 100, 50), (), (0.1, 0.4, 1.0), [0.1, 0.4]),
    (2, (256, 256), (), (0.1, 0.5), [0.1, 0.5]),
    (2, (), (), (0.7, 1.0), []),
]


@pytest.mark.parametrize(("hosts", "weights", "others", "steps", "shares"), RUNS)
def test_each_step_has_its_share_and_at_the_end_every_weight_is_as_it_was(
    hosts: int, weights: tuple[int, ...], others: tuple[int, ...], steps: tuple[float, ...], shares: list[float]
):  # fmt: skip
    run = a_run(hosts, steps, weights, strangers=others)
    before = run.weights()
    state = run.run()
    assert (state.exit, state.outcome) == (0, "succeeded")
    assert run.shares == pytest.approx(shares, abs=0.011)
    assert run.weights() == before
    assert not state.has_weights
    assert {server.admission for server in run.balancer.servers.values()} == {"in"}


def test_a_step_that_adds_no_host_raises_the_weight_alone():
    run = a_run(3, (0.05, 0.1, 0.3, 1.0))
    run.run()
    assert run.state.plan is not None
    names = [step.name for step in run.state.plan.steps if step.kind in ("weigh", "analysis")]
    assert names == ["wave-1/web01/weigh", *(f"step-{number}/{kind}" for number in (1, 2, 3) for kind in ("weigh", "analysis")), "weights/back"]


def test_a_run_by_weight_is_the_same_when_its_journal_is_read_again():
    run = a_run(3)
    run.run()
    again = fold(decode_event(encode_event(event)) for event in run.events)  # type: ignore[arg-type]
    assert (again.weights, again.plan, again.exit) == (run.state.weights, run.state.plan, 0)


def test_it_is_on_the_disk_what_servers_weighed_before_the_balancer_is_told():
    run, seen = a_run(3), list[tuple[str, list[int | None]]]()
    run.watch = lambda state: seen.append((state.weights[LB.name].mark if LB.name in state.weights else "", run.weights()))
    until(run, "step-1/analysis")
    first = next(place for place, (mark, _) in enumerate(seen) if mark)
    assert seen[first] == ("setting", [1, 1, 1])
    assert run.state.weights[LB.name].own == {"web01": OwnWeight(1, 22, 1), "web02": OwnWeight(1, 100, 1), "web03": OwnWeight(1, 100, 1)}


STEPS = ("wave-1/web01/weigh", "wave-1/web01/admit", "step-1/weigh", "step-1/analysis", "step-2/weigh", "step-2/analysis", "weights/back", "wave-2/web02/admit")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", STEPS)
def test_a_way_back_from_anywhere_leaves_every_weight_as_it_was(name: str, after: bool):
    run = a_run(3, weights=(1, 2, 3))
    step = until(run, name)
    if after:
        run.finish(step)
    say(run, cmd.RollBack())
    state = run.run()
    assert (state.exit, run.weights()) == (4, [1, 2, 3])
    assert {server.admission for server in run.balancer.servers.values()} == {"in"}
    assert not state.has_weights


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("name", STEPS)
def test_an_engine_that_is_killed_anywhere_knows_whose_weights_they_are(name: str, told: bool, goes_on: bool):
    run = a_run(3, weights=(1, 2, 3))
    step = until(run, name)
    if told and step.kind in TRAFFIC:  # the balancer was told, and the end of the step was not written
        asyncio.run(TRAFFIC[step.kind](Task(run.environment, run.state, step, 1, run.tools())))
    run.record(ev.TakenUp(epoch=2, by=ADA))
    run.run()
    say(run, cmd.Continue() if goes_on else cmd.Abort())
    state = run.run()
    assert (state.exit, run.weights(), state.has_weights) == (0 if goes_on else 4, [1, 2, 3], False)


@pytest.mark.parametrize("kind", ["gate", "restart", "admit", "weigh"])
def test_a_failure_that_takes_the_run_back_leaves_every_weight_as_it_was(kind: str):
    run = a_run(4, (0.1, 0.5, 1.0), ending=lambda step, attempt: "failed" if step.name.startswith("wave-2") and step.kind == kind else "done")
    state = run.run()
    assert (state.exit, run.weights()) == (4 if kind in ("gate", "restart") else 0, [1] * 4)


def test_worse_takes_it_back():
    run = a_run(3, ending=lambda step, attempt: "failed" if step.name == "step-2/analysis" else "done")
    assert (run.run().exit, run.weights(), run.shares) == (4, [1, 1, 1], [0.1, 0.3])


def test_a_host_that_goes_back_alone_has_the_weight_of_an_old_one_and_the_others_the_share():
    failing = {"wave-2/web02/gate"}
    run = a_run(6, (0.1, 0.5, 1.0), max_failures=1, ending=lambda step, attempt: "failed" if step.name in failing and attempt == 1 else "done")
    until(run, "step-2/analysis")
    weights = dict(zip(run.state.hosts, run.weights(), strict=True))
    assert run.state.hosts["web02"].condition == "back"
    assert weights["web02"] == max(weight or 0 for weight in weights.values())
    assert run.share() == pytest.approx(2 / 6, abs=0.01), "two of six carry no more"
    say(run, cmd.Retry(host="web02"))
    until(run, "wave-2/web02/admit")
    assert run.balancer.servers["web02"].weight == run.balancer.servers["web01"].weight
    assert (run.run().exit, run.weights()) == (0, [1] * 6)


def test_left_as_it_is_means_the_weights_too_and_the_record_knows_them():
    run = a_run(3)
    until(run, "step-1/analysis")
    say(run, cmd.Abort(leave=True))
    state = run.run()
    assert (state.exit, run.weights()) == (5, [22, 100, 100])
    assert "weights of servers are not as they were at localhost/shop: the next run puts them back" in state.reason


@pytest.mark.parametrize("kind", ["restart", "deploy", "rollback"])
def test_the_next_run_puts_back_what_one_has_left(kind: RunKind):
    left = a_run(3)
    until(left, "step-1/analysis")
    say(left, cmd.Abort(leave=True))
    left.run()
    record = recorded(EnvironmentRecord(), 1, tuple(left.events), left.state)  # type: ignore[arg-type]
    assert record.weights == {LB.name: dict(left.state.weights[LB.name].own)}
    environment = changed(left.environment, strategy="rolling")
    plans = {
        "deploy": plan_release(environment, environment.hosts, NEW, frozenset(), weights=True),
        "restart": plan_restart(environment, environment.hosts, dict.fromkeys(left.state.hosts, NEW), weights=True),
        "rollback": plan_way_back(environment, {"web01": OLD}, weights=True),
    }
    run = Weighed(environment, lambda step, attempt: "done", balancer=left.balancer)
    for event in opening(environment, kind):
        if isinstance(event, ev.PlanMade):
            run.record(ev.WeightsChanged(balancer=LB.name, mark="set", own=record.weights[LB.name]))
        run.record(changed(event, plan=plans[kind]) if isinstance(event, ev.PlanMade) else event)
    assert recorded(record, 2, tuple(run.events), run.state).weights == record.weights  # type: ignore[arg-type]
    state = run.run()
    assert (state.exit, run.weights(), state.has_weights) == (0, [1, 1, 1], False)
    assert recorded(record, 2, tuple(run.events), run.state).weights == {}  # type: ignore[arg-type]


def test_a_balancer_that_does_not_answer_waits_for_a_person_and_a_way_back_does_not():
    run = a_run(3)
    until(run, "step-2/weigh")
    run.balancer.leave()
    state = run.run()
    assert state.pausing is not None
    assert (state.pausing.cause, state.step_state(state.index["step-2/weigh"]).status) == ("traffic", "held")
    say(run, cmd.RollBack())
    state = run.run()
    assert (state.exit, state.outcome, state.weights[LB.name].mark) == (5, "failed", "unread")
    run = a_run(3)
    until(run, "step-2/weigh")
    run.balancer.leave()
    run.run()
    run.balancer.mend()
    say(run, cmd.Continue())
    assert (run.run().exit, run.weights()) == (0, [1, 1, 1])


def test_a_weight_that_somebody_else_has_set_is_left_and_shown():
    run = a_run(4, (0.1, 0.2, 1.0))
    until(run, "step-1/analysis")
    run.balancer.servers["web03"].weight = 7
    until(run, "step-2/analysis")
    assert run.state.weights[LB.name].theirs == {"web03": 7}
    assert "web03 weighs 7 at localhost/shop: somebody else has set that" in run.state.step_state(run.state.index["step-2/weigh"]).detail
    state = run.run()
    assert (state.exit, run.weights(), state.weights[LB.name].theirs) == (0, [1, 1, 7, 1], {"web03": 7})


def test_a_reload_that_puts_them_back_is_no_change_of_somebody_else_s():
    run = a_run(4, (0.1, 0.2, 1.0))
    until(run, "step-1/analysis")
    for server in run.balancer.servers.values():
        server.weight = 1
    until(run, "step-2/analysis")
    assert (run.share(), run.state.weights[LB.name].theirs) == (0.2, {})
    assert (run.run().exit, run.weights()) == (0, [1] * 4)
