"""A simulated run that looks at nothing but what `decide` answers: for runs of thousands of hosts, where what the core does is measured."""

from collections import deque
from collections.abc import Callable
from typing import Any

from console.core.run.decide import decide
from console.core.run.evolve import evolve
from console.model import events as ev
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.effects import AskHosts, CancelStep, RecordEvent, StartStep, TakeLocks, WakeAt
from console.model.host_commands import Command, Hook
from console.model.number_of_hosts import NumberOfHosts
from console.model.plan import Step
from console.model.state import RunState
from console.model.values import changed
from tests.core.simulation import an_environment, opening

BATCHES = {
    "1": (NumberOfHosts(count=1),), "1,100%": (NumberOfHosts(count=1), NumberOfHosts(share=1.0)), "10%": (NumberOfHosts(share=0.1),), "25": (NumberOfHosts(count=25),),
    "100%": (NumberOfHosts(share=1.0),),
}  # fmt: skip
HOOKS = ("before host", "before switch", "after switch", "after host", "after release")


def a_fleet(hosts: int, batch: str, **rolling: object) -> Environment:
    """A fleet with five hooks and three health checks."""
    bare = an_environment(hosts, **rolling)
    return changed(
        bare,
        rolling=changed(bare.rolling, batch=BATCHES[batch]),
        hooks=tuple(Hook(at=at, command=Command(f"/srv/shop/current/bin/hook --at '{at}' --log /var/log/shop/hooks.log")) for at in HOOKS),
        health=tuple(HealthCheck(name, "tcp", port=80) for name in ("web", "worker", "queue")),
    )


class Driver:
    """A run that is driven to its end: each event is followed by one question to `decide`, as where hosts answer one after another."""

    def __init__(
        self, environment: Environment, fails: Callable[[Step], bool] = lambda step: False, asked: Callable[..., Any] = lambda what, *args: what(*args)
    ):
        """`asked`: calls the core, and measures that."""
        self.environment = environment
        self.state = RunState()
        self.events = 0
        self._fails = fails
        self._asked = asked
        self._now = 0.0
        self._since = -1
        self._running: deque[tuple[Step, int]] = deque()
        self._cancelled: set[tuple[str, int]] = set()

    def record(self, event: ev.Event) -> None:
        """Fold one event."""
        self.events += 1
        stamped = ev.stamped(event, self.state.seq + 1, "2026-01-02T00:00:00Z", self._now, "boot")
        self.state = self._asked(evolve, self.state, stamped)

    def _turn(self) -> None:
        since, self._since = self._since, self.state.seq
        for effect in self._asked(decide, self.environment, self.state, self._now, since):
            match effect:
                case RecordEvent(event):
                    self.record(event)
                case StartStep(step, attempt):
                    self.record(ev.StepStarted(step=step.name, host=step.about, attempt=attempt))
                    self._running.append((step, attempt))
                case CancelStep(step, attempt):
                    self._cancelled.add((step.name, attempt))
                case WakeAt(mono):
                    self._now = max(self._now, mono)
                case AskHosts(hosts):
                    self.record(ev.HostsAnswered(hosts=hosts))
                case TakeLocks():
                    self.record(ev.LocksTaken(epoch=1))

    def run(self) -> RunState:
        """Go on until the run has ended."""
        return self.run_until(lambda state: state.phase == "ended")

    def run_until(self, is_there: Callable[[RunState], bool]) -> RunState:
        """Begin, and go on until that is so."""
        for event in opening(self.environment):
            self.record(event)
        while not is_there(self.state):
            before = self.events
            self._turn()
            if self.events == before:
                self._finish()
        return self.state

    def _finish(self) -> None:
        step, attempt = self._running.popleft()
        status = "cancelled" if (step.name, attempt) in self._cancelled else "failed" if self._fails(step) else "done"
        self._now += 0.01
        self.record(ev.StepFinished(step=step.name, host=step.about, attempt=attempt, status=status, seconds=1.0))  # type: ignore[arg-type]


def gate_fails(*hosts: str) -> Callable[[Step], bool]:
    """Those hosts do not pass the gate of the release."""
    return lambda step: step.kind == "gate" and step.phase == "release" and step.about in hosts
