"""CPU that `decide` and `evolve` take over whole simulated runs of several sizes, and how big their plans are in the journal.

Each event is followed by one question to `decide`, as in an engine whose hosts answer one after another: the dearest case.
"""

import gc
import os
import time
from collections import deque
from collections.abc import Callable, Iterator

from console.core.run.decide import decide
from console.core.run.evolve import evolve
from console.model import events as ev
from console.model.effects import AskHosts, CancelStep, RecordEvent, StartStep, TakeLocks, WakeAt
from console.model.fleet import Amount, Command, Environment, HealthCheck, Hook
from console.model.plan import Step
from console.model.state import RunState
from console.model.values import changed
from console.wire.codec import encode_event
from tests.bench.table import Row, print_table
from tests.core.simulation import an_environment, opening

SIZES = tuple(map(int, os.environ.get("BENCH_HOSTS", "300,1000,5000").split(",")))
BATCHES = {
    "1": (Amount(count=1),), "1,100%": (Amount(count=1), Amount(share=1.0)), "10%": (Amount(share=0.1),), "25": (Amount(count=25),),
    "100%": (Amount(share=1.0),),
}  # fmt: skip
TIMED = ("1,100%", "25", "1")
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
    """A run that is driven to its end, event by event, with the time that the core took."""

    def __init__(self, environment: Environment, fails: Callable[[Step], bool] = lambda step: False) -> None:
        self.environment = environment
        self.fails = fails
        self.state = RunState()
        self.seconds = 0.0
        self.events = 0
        self.now = 0.0
        self._running: deque[tuple[Step, int]] = deque()
        self._cancelled: set[tuple[str, int]] = set()

    def record(self, event: ev.Event) -> None:
        """Fold one event."""
        self.events += 1
        stamped = ev.stamped(event, self.state.seq + 1, "2026-01-02T00:00:00Z", self.now, "boot")
        began = time.thread_time()
        self.state = evolve(self.state, stamped)
        self.seconds += time.thread_time() - began

    def _turn(self) -> None:
        began = time.thread_time()
        effects = decide(self.environment, self.state, self.now)
        self.seconds += time.thread_time() - began
        for effect in effects:
            match effect:
                case RecordEvent(event):
                    self.record(event)
                case StartStep(step, attempt):
                    self.record(ev.StepStarted(step=step.name, host=_host(step), attempt=attempt))
                    self._running.append((step, attempt))
                case CancelStep(step, attempt):
                    self._cancelled.add((step.name, attempt))
                case WakeAt(mono):
                    self.now = max(self.now, mono)
                case AskHosts(hosts):
                    self.record(ev.HostsAnswered(hosts=hosts))
                case TakeLocks():
                    self.record(ev.LocksTaken(epoch=1))

    def run(self) -> None:
        """Go on until the run has ended."""
        for event in opening(self.environment):
            self.record(event)
        while self.state.phase != "ended":
            before = self.events
            self._turn()
            if self.events == before and self._running:
                step, attempt = self._running.popleft()
                status = "cancelled" if (step.name, attempt) in self._cancelled else "failed" if self.fails(step) else "done"
                self.now += 0.01
                self.record(ev.StepFinished(step=step.name, host=_host(step), attempt=attempt, status=status, seconds=1.0))
            assert self.events > before or self.now, "the run rests"


def _host(step: Step) -> str:
    return step.about


def _runs() -> Iterator[tuple[str, Driver]]:
    for hosts in SIZES:
        for batch in TIMED:
            yield f"{hosts:,} hosts, batch {batch}", Driver(a_fleet(hosts, batch))
        last = f"web{hosts:02}"
        yield f"{hosts:,} hosts, batch 25, the last fails: all go back", Driver(a_fleet(hosts, "25"), lambda step, last=last: step.name.startswith("wave-") and step.kind == "gate" and step.about == last)


def plan_event(hosts: int, batch: str) -> ev.PlanMade:
    """The plan of a release to that many hosts, as it is written down."""
    return next(event for event in opening(a_fleet(hosts, batch)) if isinstance(event, ev.PlanMade))


def main() -> None:
    """Measure and print."""
    rows = []
    for hosts in (1000, 5000):
        for batch in BATCHES:
            if hosts == 5000 and batch == "1,100%" and os.environ.get("BENCH_SMALL"):
                continue
            row = Row(f"plan of {hosts:,} hosts, batch {batch}", "MB")
            row.values.append(len(encode_event(plan_event(hosts, batch))) / 1e6)
            rows.append(row)
    print_table("A plan in the journal (MB: less is better)", rows)
    rows = []
    for name, driver in _runs():
        gc.collect()
        driver.run()
        assert driver.state.outcome in ("succeeded", "rolled-back"), driver.state.reason
        row = Row(f"{name} ({driver.events:,} events)", "s")
        row.values.append(driver.seconds)
        rows.append(row)
        print(row, flush=True)
    print_table("CPU of decide and evolve over a whole run (seconds: less is better)", rows)
