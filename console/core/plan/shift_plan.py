"""The way back of a blue/green release: the traffic moves back to the side that stands by, and nothing is restarted. Pure."""

from collections.abc import Callable, Collection
from typing import NamedTuple

from console.core.plan.lanes import Lane, chained
from console.core.plan.marks import shift_mark
from console.core.traffic.bluegreen_sides import TRAFFIC_BACK, is_bluegreen, served_before, standing_by
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.plan import Plan, ReturnTarget, Step, Steps
from console.model.state import RunState
from console.model.values import changed, sealed

Returning = Callable[[tuple[str, ...]], tuple[Step, ...]]


def nobody_returns(needs: tuple[str, ...]) -> tuple[Step, ...]:
    """Every host that is changed rests."""
    return ()


def shifts_back(state: RunState) -> bool:
    """Whether the run goes back by moving the traffic: the side that stands by has a release."""
    return is_bluegreen(state) and any(state.hosts[name].release for name in standing_by(state))


class WaysBack(NamedTuple):
    """What a way back does to the hosts of a run."""

    returning: tuple[ReturnTarget, ...]
    """Where hosts go back to; those that get the traffic back keep their release and are among them."""
    resting: tuple[str, ...] = ()
    """Hosts that it takes out of the traffic, and that keep what they have by then."""


def ways_back(state: RunState) -> WaysBack:
    """Return what a way back would do, as it is told before GO: a blue/green run's moves the traffic, and takes no release back. Hosts that such a run
    leaves alone have nothing to go back from, where there is no release on that side."""
    if not is_bluegreen(state) or state.plan is None:
        return WaysBack(state.way_back)
    planned = frozenset(name for wave in state.plan.waves for name in wave)
    if not shifts_back(state):
        return WaysBack(tuple(way for way in state.way_back if way.host in planned))
    resting = tuple(way.host for way in state.way_back if way.host in planned and way.possible and not served_before(state, way.host))
    return WaysBack(tuple(way for way in state.way_back if way.host not in resting), resting)


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
