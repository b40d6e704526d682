"""The blue/green strategy: the idle side gets the release and is verified in full; then the traffic moves, and the old side stands by. Pure."""

from console.core.plan.critical_steps import behind_wave
from console.core.plan.lanes import Lane, chained
from console.core.plan.marks import shift_mark
from console.core.plan.strategies.order import ChangeOfHosts, Order
from console.core.plan.strategies.rolling import release_steps, wave_by_wave
from console.core.traffic.bluegreen_sides import aside, hosts_of
from console.model.host import Host
from console.model.plan import Step
from console.model.values import changed


def bluegreen(order: Order) -> ChangeOfHosts:
    """Change the hosts of the order, all of one color, while they get no requests; then admit them all, and drain those of the other color."""
    environment, leader = order.environment, order.hosts[0]

    def steps_of(host: Host, number: int) -> tuple[Step, ...]:
        lane = Lane(environment, host, "release", f"wave-{number}/{host.name}", order.release, number, leads=host is leader, out=order.out)
        return release_steps(lane, first=host.name in order.first, returns=False)

    def between(number: int, needs: tuple[str, ...]) -> tuple[Step, ...]:
        return behind_wave(environment, (order.hosts,), number, needs, order.release, shifts=True)

    needs = (*order.prepared.values(), *order.before)
    leaving = (Lane(environment, host, "release", aside(host.name), order.release, 1, out=order.out) for host in order.hosts if host.name in order.aside)
    drains = [step for lane in leaving for step in chained(lane.drain(), needs)]
    prepared = {**order.prepared, **{step.about: step.name for step in drains}}
    change = wave_by_wave(environment, (order.hosts,), steps_of, prepared, (*needs, *(step.name for step in drains)), between)
    changes = {step.about: step.name for step in change.steps}
    verified = shift_mark("shift", f"every host of {leader.color} is verified", change.ends)
    coming = (Lane(environment, host, "release", f"shift/{host.name}", order.release, 1, out=order.out) for host in order.hosts)
    admits = [step for lane in coming for step in chained(lane.admit(), (verified.name, changes[lane.host.name]))]
    moved = shift_mark("shifted", f"the traffic is at {leader.color}", tuple(step.name for step in admits))
    others = (host for color in dict.fromkeys(host.color for host in environment.hosts) if color != leader.color for host in hosts_of(environment, color))
    resting = (Lane(environment, host, "verify", f"shift/{host.name}", "", 1) for host in others)
    rests = [changed(step, changes=False) for lane in resting for step in chained(lane.drain(), (moved.name,))]
    return ChangeOfHosts(change.waves, (*drains, *change.steps, verified, *admits, moved, *rests), (moved.name, *(step.name for step in rests)))
