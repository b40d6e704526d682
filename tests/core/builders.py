"""Values that many tests of the core begin with: states of a run, hosts in it, people, checks. What a test is about is said in the test."""

from console.core.checks.verdict_by_host import HostMeasure
from console.core.run.step_tally import recounted
from console.model.checks import Check
from console.model.host_facts import HostFacts, HostRelease
from console.model.paged_table import Table
from console.model.plan import Step
from console.model.request import Person
from console.model.state import Act, HostState, Pausing, RunState, StepState
from console.model.values import changed
from console.safe_text import SafeText

ADA = Person("ada", 1000)
LIN = Person("lin", 1002)


def a_state(*conditions: str, **fields: object) -> RunState:
    """A deploy after GO that has changed something: hosts web01, web02, … in those conditions."""
    hosts = {host.name: host for number, condition in enumerate(conditions, 1) for host in [a_host_in(condition, f"web{number:02}")]}
    return counted(RunState(run="r1", environment="production", **{"go": True, "changed": True, "kind": "deploy", "hosts": hosts, **fields}))  # type: ignore[arg-type]


def counted(state: RunState, **fields: object) -> RunState:
    """A state that was made by hand, with those fields, as `evolve` keeps it: in tables, with its tally."""
    state = changed(state, **fields)
    tables = {name: Table(getattr(state, name)) for name in ("hosts", "index", "lanes", "steps", "acts")}
    return recounted(changed(state, **tables))


def a_host_in(condition: str, name: str = "web01", **fields: object) -> HostState:
    """A host of a run, touched unless it is old."""
    return HostState(name, condition=condition, **{"touched": condition != "old", **fields})  # type: ignore[arg-type]


def hosts_of(*hosts: HostState) -> dict[str, HostState]:
    """Hosts by name, as a state keeps them."""
    return {host.name: host for host in hosts}


def paused(reason: str = "paused by ada", cause: str = "operator", since: float = 1.0) -> Pausing:
    """Why nothing new starts."""
    return Pausing(SafeText(reason), cause, since)


def an_act(words: str, seq: int = 5, at: str = "2026-01-02T03:04:05Z", by: Person = LIN) -> Act:
    """What somebody did last about something."""
    return Act(seq, at, by, words)


def a_check(status: str, name: str = "space", title: str = "Room", detail: str = "", **fields: object) -> Check:
    """A check of the pre-flight."""
    return Check(name, SafeText(title), status, detail=SafeText(detail), **fields)  # type: ignore[arg-type]


def a_step(name: str, kind: str = "switch", phase: str = "release", about: str = "", **fields: object) -> Step:
    """A step of a plan."""
    return Step(name, kind, phase, SafeText(name), about, **fields)  # type: ignore[arg-type]


def ended(status: str, detail: str = "", hint: str = "", **fields: object) -> StepState:
    """How far a step is."""
    return StepState(status, attempt=1, detail=SafeText(detail), hint=SafeText(hint), **fields)  # type: ignore[arg-type]


def facts(name: str = "web01", current: str = "r1", *releases: HostRelease, **fields: object) -> HostFacts:
    """What one look at a host found."""
    return HostFacts(name, current=current, releases=releases or (HostRelease(current),), **fields)  # type: ignore[arg-type]


def looks(**found: object) -> tuple[HostMeasure, ...]:
    """What was measured on each host."""
    return tuple(HostMeasure(host, seen) for host, seen in found.items())  # type: ignore[arg-type]
