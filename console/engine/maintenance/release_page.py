"""The maintenance page around a release: on before it takes the service down, off behind it. What a person has switched meanwhile stays as it is.

One at a time with whoever switches it by hand. What the run has switched on is on record until it is off again.
"""

from console.core.maintenance_state import state_of
from console.engine.context import QueryContext
from console.engine.maintenance.change import said, switch_of
from console.engine.maintenance.switch import MaintenanceSwitch, Switched, Tell
from console.model.events import MaintenanceChanged
from console.model.host_facts import HostFacts
from console.model.maintenance_mode import Maintenance, MaintenanceVerb
from console.model.state import RunState
from console.model.traffic import BalancerProblem, BalancerSeen
from console.ports.steps import StepResult
from console.safe_text import SafeText

FOUND_WELL = 60.0
"""Seconds that a balancer has to find hosts well that have passed their gates."""
ASKED = 20.0
"""Seconds that a balancer has to answer."""


async def switch_for_run(fleet: QueryContext, verb: MaintenanceVerb, state: RunState, tell: Tell) -> tuple[StepResult, MaintenanceChanged | None]:
    """Switch it for that run; how that ended, and what users are shown now, where that has changed."""
    async with fleet.switching:
        kept = (await fleet.journal.environment(fleet.environment.app, fleet.environment.name)).maintenance
        switch = switch_of(fleet)
        planned = planned_hosts(state)
        facts = tuple(fact for fact in await switch.facts() if fact.host in planned)
        if verb == "on":
            return await _on(fleet, switch, facts, state, kept, tell)
        return await _off(fleet, switch, facts, state, kept, tell)


def planned_hosts(state: RunState) -> frozenset[str]:
    """The hosts that the run works on now."""
    plan = state.back or state.plan
    return frozenset(name for wave in plan.waves for name in wave) if plan else frozenset(state.hosts)


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


async def _unserved(fleet: QueryContext, planned: frozenset[str]) -> str:
    """Wait until every balancer finds the hosts well that it sends requests to; why users would get nothing, where one finds none. It asks by its own checks,
    which may be slower than the gates were."""
    for balancer in fleet.outside.balancers:
        end, mine = fleet.clock.mono() + FOUND_WELL, planned & balancer.hosts
        while mine:
            seen = await balancer.look(deadline=ASKED)
            servers = [one for one in seen.servers if one.host in mine] if isinstance(seen, BalancerSeen) else []
            if servers and all(one.serves or one.admission != "in" for one in servers):
                break
            if fleet.clock.mono() >= end:
                if any(one.serves for one in servers):
                    break
                words = seen.message if isinstance(seen, BalancerProblem) else f"finds no host well after {FOUND_WELL:.0f} s"
                return f"{balancer.name}: {words}"
            await fleet.clock.sleep(0.25)
    return ""


async def _off(
    fleet: QueryContext, switch: MaintenanceSwitch, facts: tuple[HostFacts, ...], state: RunState, kept: Maintenance | None, tell: Tell
) -> tuple[StepResult, MaintenanceChanged | None]:
    note = Maintenance(SafeText(state.by.name), SafeText(said(fleet)), run=state.run)
    is_ours = kept is not None and kept.run == state.run
    if kept and is_ours and (why := await _unserved(fleet, frozenset(fact.host for fact in facts) | planned_hosts(state))):
        stays = SafeText(f"{why}: the maintenance page stays on")
        return StepResult("failed", detail=stays), MaintenanceChanged(by=state.by, now=kept, missed=(stays,))
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
