"""Drawn releases of every strategy behind a balancer, with people and failures: who gets requests at their end and on the way, and that nothing is done beside itself."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.planner import plan_release
from console.core.plan.return_plan import is_left_old
from console.core.run.evolve import fold
from console.core.run.ready_steps import running_steps
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_environment import Environment
from console.model.host_commands import Command, Hook
from console.model.plan import Step
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import NAME, BalancedRun, balanced
from tests.core.plans import say
from tests.core.simulation import ADA, NEW, opening
from tests.core.test_critical_paths import LOGIN
from tests.examples import examples

STRATEGIES = ("rolling", "canary", "recreate", "bluegreen")
WELL = (Exit.DONE, Exit.ROLLED_BACK, Exit.LIVE_BUT_BEHIND)
SERVES = frozenset({"old", "new", "back"})


def an_environment(chance: Random, strategy: str) -> Environment:
    bare = balanced(
        chance.randint(2, 5), chance.randint(1, 3), max_failures=chance.randint(0, 3), on_failure=chance.choice(("rollback", "rollback", "pause", "stop")),
    )  # fmt: skip
    half = len(bare.hosts) // 2
    hosts = tuple(changed(host, color="blue" if place < half else "green") for place, host in enumerate(bare.hosts))
    hooks = tuple(Hook(at=at, command=Command("x")) for at in ("after host", "after rollback") if chance.random() < 0.3)  # type: ignore[arg-type]
    stops = {"stop": Command("stop"), "start": Command("start")} if chance.random() < 0.4 else {}
    return changed(
        bare, strategy=strategy, hosts=hosts, hooks=hooks, commands={**bare.commands, **stops}, monitor=chance.choice((0.0, 60.0)),
        critical=(LOGIN,) if chance.random() < 0.3 else (),
    )  # fmt: skip


class Drawn(BalancedRun):
    """A release after GO, and what it may never do."""

    def __init__(self, chance: Random, strategy: str) -> None:
        environment = an_environment(chance, strategy)
        names = [host.name for host in environment.hosts]
        self.new_side = [host for host in environment.hosts if host.color == "green"] if strategy == "bluegreen" else list(environment.hosts)
        self.both = both = strategy == "bluegreen" and chance.random() < 0.3
        idle = {host.name for host in self.new_side} if strategy == "bluegreen" and not both else set[str]()
        super().__init__(environment, self._ends, serves=set(names) - idle)
        self.chance, self.bad, self.at_first, self.opened = chance, chance.choice((0.0, 0.03, 0.1, 0.3)), frozenset(self.serves), Counter[tuple[str, int]]()
        self.fell = set[str]()
        plan = plan_release(environment, tuple(self.new_side), NEW, frozenset(), aside=frozenset(host.name for host in self.new_side) if both else frozenset())
        opened, *rest = (changed(event, plan=plan) if isinstance(event, ev.PlanMade) else event for event in opening(changed(environment, strategy="rolling")))
        self.record(opened, *(ev.TrafficChanged(host=name, balancer=NAME, mark="drained") for name in idle), *rest)

    def _ends(self, step: Step, attempt: int) -> str:
        if self.chance.random() > self.bad:
            return "done"
        return self.chance.choice(("failed", "failed", "unknown") if step.kind not in ("drain", "admit") else ("held",))

    def record(self, *events: ev.Event) -> None:
        for event in events:
            self._beside(event)
            super().record(event)
            assert self.serves or not self.at_first or self.environment.strategy != "bluegreen", f"nobody serves after {event}"

    def _beside(self, event: ev.Event) -> None:
        """No step begins beside itself, nor beside another one of its host. An engine that takes the run up asks what became of those that ran."""
        if isinstance(event, ev.StepStarted):
            step, others = self.state.index[event.step], [name for name, attempt in self.opened if (name, attempt) != (event.step, event.attempt)]
            beside = [name for name in others if name == step.name or (step.about and self.state.index[name].about == step.about)]
            assert not beside, f"{event.step} begins beside {beside}"
            assert self.opened[event.step, event.attempt] == 0 or self.state.step_state(step).orphaned, f"{event.step} begins twice"
            self.opened[event.step, event.attempt] += 1
        elif isinstance(event, ev.StepFinished):
            self.opened.pop((event.step, event.attempt), None)

    def speaks(self) -> None:
        """Somebody says something, or a host that came to where it was told to go is not well."""
        chance, host = self.chance, self.chance.choice([host.name for host in self.environment.hosts])
        said = chance.random()
        if said < 0.45:
            verb = chance.choice((cmd.Retry, cmd.Retry, cmd.Skip))
            say(self, verb(host=host))
        elif said < 0.7:
            say(self, cmd.Continue())
        elif said < 0.8:
            say(self, chance.choice((cmd.Pause(), cmd.RollBack(), cmd.Abort())))
        elif said < 0.85 and self.state.phase in ("running", "rolling-back"):
            self.record(ev.TakenUp(epoch=self.state.epoch + 1, by=ADA))
        elif self.state.hosts[host].condition in ("new", "back"):
            self.fell |= {host} if self.state.hosts[host].condition == "back" else set()
            self.record(ev.HostFailed(host=host, condition=chance.choice(("failed", "unreachable", "unknown")), reason=SafeText("unwell")))

    def goes(self) -> None:
        """To its end, or to where only a person could go on."""
        often = self.chance.choice((0.0, 0.02, 0.1))
        for _ in range(1500):
            if self.state.phase == "ended":
                return
            if self.chance.random() < often:
                self.speaks()
            if self.turn():
                continue
            if running := running_steps(self.state):
                self.finish(self.chance.choice(running))
            elif say(self, cmd.Continue()) is not None:
                raise AssertionError(f"it stands still: {self.state.pausing}")
        say(self, cmd.Abort())
        self.run()


@pytest.mark.parametrize("strategy", STRATEGIES)
@examples(150)
@given(seed=st.integers(0, 2**40))
def test_whatever_happens_each_host_that_is_well_gets_requests_at_the_end_and_nothing_is_done_beside_itself(strategy, seed):
    run = Drawn(Random(seed), strategy)
    run.goes()
    state = run.state
    assert state.phase == "ended"
    assert fold(run.events) == state
    hosts = state.hosts.values()
    if strategy != "bluegreen":
        assert {host.name for host in hosts if host.condition in SERVES or (is_left_old(state, host.name) and host.name not in run.fell)} <= run.serves
        assert not {host.name for host in hosts if host.touched and host.condition in ("failed", "owed", "unreachable", "unknown")} & run.serves
    elif state.exit == Exit.ROLLED_BACK:
        assert run.serves == run.at_first - {host.name for host in hosts if host.condition == "owed"}
    elif state.exit in WELL:
        new = {host.name for host in hosts if host.condition == "new"}
        assert run.serves == new or (run.both and new <= run.serves)
    assert run.changed_in_service == [] or strategy == "recreate" or run.both
