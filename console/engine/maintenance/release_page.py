"""The maintenance page around a release: on before it takes the service down, off behind it. What a person has switched meanwhile stays as it is.

One at a time with whoever switches it by hand. What the run has switched on is on record until it is off again.
"""

from console.core.environment.maintenance import state_of
from console.engine.maintenance.change import said, switch_of
from console.engine.maintenance.switch import MaintenanceSwitch, Switched, Tell
from console.engine.queries.context import QueryContext
from console.model.events import MaintenanceChanged
from console.model.host_facts import HostFacts
from console.model.maintenance import Maintenance, MaintenanceVerb
from console.model.state import RunState
from console.ports.steps import StepResult
from console.text import SafeText


async def switch_for_run(fleet: QueryContext, verb: MaintenanceVerb, state: RunState, tell: Tell) -> tuple[StepResult, MaintenanceChanged | None]:
    """Switch it for that run; how that ended, and what users are shown now, where that has changed."""
    async with fleet.switching:
        kept = (await fleet.journal.environment(fleet.environment.app, fleet.environment.name)).maintenance
        switch = switch_of(fleet)
        planned = {name for wave in (state.back or state.plan).waves for name in wave} if state.plan else set(state.hosts)
        facts = tuple(fact for fact in await switch.facts() if fact.host in planned)
        if verb == "on":
            return await _on(fleet, switch, facts, state, kept, tell)
        return await _off(fleet, switch, facts, state, kept, tell)


async def _on(
    fleet: QueryContext, switch: MaintenanceSwitch, facts: tuple[HostFacts, ...], state: RunState, kept: Maintenance | None, tell: Tell
) -> tuple[StepResult, MaintenanceChanged | None]:
    seen = await switch.look(facts)
    if kept and kept.run != state.run and state_of(seen, kept) == "on":
        return StepResult("done", detail=SafeText(f"maintenance is on already, by {kept.by}: it stays on")), None
    ours = kept if kept and kept.run == state.run else None
    balancers = ours.balancers if ours else () if state.request.hosts else tuple(one.place for one in seen if one.is_balancer and one.shows != "on")
    version = state.revision.version if state.revision else state.request.ref
    words = SafeText(f"{state.kind} of {version}" if version else state.kind)
    note = ours or Maintenance(SafeText(state.by.name), SafeText(said(fleet)), words, run=state.run, balancers=balancers)
    if kept is None or ours:
        await fleet.journal.keep_maintenance(fleet.environment.app, fleet.environment.name, note)
    done = (*await switch.switch_balancers(balancers, on=True), *await switch.switch("on", note, facts, tell, balancers=False))
    return _result(done), MaintenanceChanged(by=state.by, now=note, missed=_missed(done))


async def _off(
    fleet: QueryContext, switch: MaintenanceSwitch, facts: tuple[HostFacts, ...], state: RunState, kept: Maintenance | None, tell: Tell
) -> tuple[StepResult, MaintenanceChanged | None]:
    note = Maintenance(SafeText(state.by.name), SafeText(said(fleet)), run=state.run)
    is_ours = kept is not None and kept.run == state.run
    done = await switch.switch("off", note, facts, tell, balancers=False)
    if kept and is_ours:
        done = (*done, *await switch.switch_balancers(kept.balancers, on=False))
    missed = _missed(done)
    after = kept if missed or not is_ours else None
    if after != kept:
        await fleet.journal.keep_maintenance(fleet.environment.app, fleet.environment.name, after)
    return _result(done), MaintenanceChanged(by=state.by, now=after, missed=missed)


def _missed(done: tuple[Switched, ...]) -> tuple[SafeText, ...]:
    return tuple(SafeText(f"{one.place}: {one.problem}") for one in done if one.problem)


def _result(done: tuple[Switched, ...]) -> StepResult:
    missed = _missed(done)
    if missed:
        return StepResult("failed", detail=SafeText("; ".join(missed[:4]) + (f"; and {len(missed) - 4} more" if len(missed) > 4 else "")))
    left = sum(one.left for one in done)
    return StepResult("done", detail=SafeText(f"{left} of {len(done)} were left as they were found" if left else ""))
