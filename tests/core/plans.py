"""What tests say of plans and of runs: what is done on a host, what comes before what. Not how a plan keeps its order."""

from collections.abc import Callable, Iterable

from console.core.run.accept import accept
from console.core.run.ready_steps import running_steps
from console.model import commands as cmd
from console.model import events as ev
from console.model.commands import Refusal
from console.model.configured_environment import Environment
from console.model.plan import Plan, Step
from console.model.request import RunKind
from tests.core.simulation import ADA, Simulation, an_environment, opening


def done_on(steps: Iterable[Step], host: str) -> list[str]:
    """The names of a host's steps, in order."""
    return [step.name for step in steps if step.about == host]


def named(plan: Plan, name: str) -> Step:
    """The step of that name."""
    return next(step for step in plan.steps if step.name == name)


def comes_after(plan: Plan, name: str) -> frozenset[str]:
    """Everything that has to be settled before that step, directly or not."""
    by_name = {step.name: step for step in plan.steps}
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for need in by_name[waiting.pop()].needs:
            if need in by_name and need not in found:
                found.add(need)
                waiting.append(need)
    return frozenset(found)


def a_run(
    hosts: int = 3, ending: Callable[[Step, int], str] = lambda step, attempt: "done", batch: int = 1, *, kind: RunKind = "deploy", **rolling: object
) -> Simulation:
    """A run of a fleet of that size, after GO."""
    return run_of(an_environment(hosts, batch, **rolling), ending, kind)


def run_of(environment: Environment, ending: Callable[[Step, int], str] = lambda step, attempt: "done", kind: RunKind = "deploy") -> Simulation:
    """A run of that environment, after GO."""
    simulation = Simulation(environment, ending)
    simulation.record(*opening(environment, kind))
    return simulation


def ends(**steps: str) -> Callable[[Step, int], str]:
    """How steps end on their first attempts: `ends(web02_gate="failed")`; all others are done."""
    return lambda step, attempt: steps.get(f"{step.about}_{step.kind}", "done") if attempt == 1 and step.phase != "rollback" else "done"


def a_run_of(kind: RunKind, hosts: int, ending: Callable[[Step, int], str], batch: int = 1, **rolling: object) -> Simulation:
    """A run of that kind, after GO."""
    return a_run(hosts, ending, batch, kind=kind, **rolling)


def failing(*hosts: str, kind: str = "gate", status: str = "failed") -> Callable[[Step, int], str]:
    """On those hosts each step forward of that kind ends so; all others are done."""
    return lambda step, attempt: status if step.about in hosts and step.kind == kind and step.phase == "release" else "done"


def say(run: Simulation, command: cmd.AnyCommand) -> Refusal | None:
    """Say something as ada; the refusal, if it is one."""
    answer = accept(run.environment, command, run.state, ADA)
    if isinstance(answer, Refusal):
        return answer
    run.record(*answer)
    return None


def go_on(run: Simulation, turns: int) -> None:
    """So many turns: what is decided, else the end of the step that runs longest."""
    for _ in range(turns):
        if not run.turn() and running_steps(run.state):
            run.finish(running_steps(run.state)[0])


def until(run: Simulation, reached: Callable[[Simulation], bool]) -> Simulation:
    """Go on until that is so."""
    for _ in range(2000):
        if reached(run):
            return run
        go_on(run, 1)
    raise AssertionError("it never comes to that")


def runs_now(run: Simulation) -> list[str]:
    """The names of the steps that run."""
    return sorted(step.name for step in running_steps(run.state))


def until_runs(run: Simulation, name: str) -> Simulation:
    """Go on until that step runs."""
    return until(run, lambda run: name in runs_now(run))


def happened(run: Simulation, kind: type[ev.Event]) -> list[ev.Event]:
    """The events of that kind."""
    return [event for event in run.events if isinstance(event, kind)]
