"""The way back of a blue/green release: the traffic moves back to the side that stands by, and nothing is restarted. Pure."""

from collections.abc import Callable, Collection

from console.core.plan.lanes import Lane, chained
from console.core.plan.marks import shift_mark
from console.core.traffic.bluegreen_sides import TRAFFIC_BACK, is_bluegreen, served_before, standing_by
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.plan import Plan, Step, Steps
from console.model.state import RunState
from console.model.values import changed, sealed

Returning = Callable[[tuple[str, ...]], tuple[Step, ...]]


def nobody_returns(needs: tuple[str, ...]) -> tuple[Step, ...]:
    """Every host that is changed rests."""
    return ()


def shifts_back(state: RunState) -> bool:
    """Whether the run goes back by moving the traffic: the side that stands by has a release."""
    return is_bluegreen(state) and any(state.hosts[name].release for name in standing_by(state))


def plan_shift_back(
    environment: Environment, serve: Collection[str], rest: Collection[str], first: tuple[Step, ...] = (), *, gated: bool = False, restarts: bool = False,
    returning: Returning = nobody_returns,
) -> Plan:  # fmt: skip
    """Have those hosts `serve` again, then take those out that `rest`. `first`: what has to be done before; `gated`: health is asked before they serve;
    `restarts`: and they are restarted before that; `returning`: the steps of hosts that go back to how they served before, behind those names."""
    needs = tuple(step.name for step in first)
    serving, resting = frozenset(serve), frozenset(rest)
    coming = [host for host in environment.hosts if host.name in serving]
    leaving = [host for host in environment.hosts if host.name in resting]
    steps: list[Step] = list(first)
    for host in coming:
        lane = _lane(environment, host)
        steps += chained((*(lane.restart(first=False) if restarts else ()), *(lane.gate() if gated else ()), *lane.admit()), needs)
    if coming:
        needs = tuple(step.name for step in steps if step.kind == "admit") or needs
        steps.append(shift_mark("back/shifted", "the traffic is back", needs, "rollback"))
        needs = (steps[-1].name,)
    for host in leaving:
        steps += chained(rest_steps(environment, host), needs)
    back = returning(needs)
    steps += back
    returned = {step.about for step in back}
    leaving += [host for host in environment.hosts if host.name in returned]
    waves = tuple(tuple(host.name for host in part) for part in (coming, leaving) if part)
    return sealed(Plan(TRAFFIC_BACK, waves, Steps(steps)))


def shift_back(environment: Environment, state: RunState, touched: Collection[str], first: tuple[Step, ...], returning: Returning) -> Plan:
    """The way back of a run that goes on: the hosts that it took out of the traffic serve again, those that it changed rest, but those that served before
    the run: they go back to that."""
    begun = [name for name in standing_by(state) if any(step.kind == "drain" and state.step_state(step).attempt for step in state.lanes.get(name, ()))]
    return plan_shift_back(environment, begun, [name for name in touched if not served_before(state, name)], first, returning=returning)


def rest_steps(environment: Environment, host: Host) -> tuple[Step, ...]:
    """The steps that keep a host out of the traffic, or take it out. One that cannot be taken out is not back."""
    return tuple(changed(step, fatal=True) for step in _lane(environment, host).drain())


def _lane(environment: Environment, host: Host) -> Lane:
    return Lane(environment, host, "rollback", f"back/{host.name}", "", 1)
