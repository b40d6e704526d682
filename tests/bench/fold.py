"""P10: 100,000 events of a run, folded at once and one at a time, beside a fold into plain dicts that are changed in place and keep no history."""

import gc
import time
from functools import reduce
from typing import Any

from console.core.run.evolve import evolve, fold
from console.model import events as ev
from console.model.state import RunState
from tests.bench.table import Row, at_most, print_table
from tests.core.simulation import an_environment, opening

HOSTS = 1000
ROUNDS = 5
EVENTS = 100_000


def a_run(least: int = 0) -> list[ev.Event]:
    """Every event of a release to that many hosts where nothing goes wrong, and whose gates say so often what they see that it has nearly `least` events."""
    environment = an_environment(HOSTS, 50)
    events = list(opening(environment))
    plan = next(event.plan for event in events if isinstance(event, ev.PlanMade))
    gates = [step for step in plan.steps if step.kind == "gate"]
    looks = max(1, (least - len(events) - 2 * len(plan.steps)) // len(gates))
    for step in plan.steps:
        events.append(ev.StepStarted(step=step.name, host=step.about))
        if step.kind == "gate":
            events += [ev.GateJudged(step=step.name, host=step.about, verdict="passed", check="Web", passing=0.5 * look) for look in range(looks)]
        events.append(ev.StepFinished(step=step.name, host=step.about, seconds=1.0))
    return [ev.stamped(event, number, "2026-01-02T00:00:00Z", float(number), "boot") for number, event in enumerate(events, 1)]


def plain_fold(events: list[ev.Event]) -> dict[str, Any]:
    """The least that a console could keep of a run: what each step and each host is, in dicts."""
    state: dict[str, Any] = {"hosts": {}, "steps": {}}
    for event in events:
        state["seq"], state["at"] = event.seq, event.at
        if isinstance(event, ev.RunOpened):
            state["hosts"] = {name: {"condition": "old", "steps": {}} for name in event.hosts}
        elif isinstance(event, ev.StepStarted):
            host = state["hosts"].get(event.host, state)
            host["steps"][event.step] = {"status": "running", "started": event.mono, "attempt": event.attempt}
            host["condition"] = "updating"
        elif isinstance(event, ev.StepFinished):
            host = state["hosts"].get(event.host, state)
            host["steps"][event.step].update(status=event.status, seconds=event.seconds, code=event.code, detail=event.detail)
            host["condition"] = "new" if event.status == "done" else event.status
    return state


def one_at_a_time(events: list[ev.Event]) -> RunState:
    """As the engine and a screen do it, which look at every state."""
    return reduce(evolve, events, RunState())


def main() -> None:
    """Measure and print."""
    events = a_run(EVENTS)
    rows = [Row("plain dicts", "s"), Row("fold", "s"), Row("evolve, one at a time", "s")]
    for _ in range(ROUNDS):
        for row, what in zip(rows, (plain_fold, fold, one_at_a_time), strict=True):
            gc.collect()
            began = time.perf_counter()
            what(events)
            row.values.append(time.perf_counter() - began)
    assert fold(events).hosts[f"web{HOSTS}"].condition == "new"
    print_table(f"{len(events):,} events of a run on {HOSTS:,} hosts, folded", rows, (at_most("P10", "100,000 events folded", rows[1], 1.0),))
