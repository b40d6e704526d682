"""The recreate strategy: every host stops, every host switches, every host starts, so that two versions never run at the same time. Pure.

The maintenance page before and after it is the planner's (`core/plan/maintenance_steps.py`). No host is drained: nothing serves meanwhile, and a balancer
finds each host well again by its own checks. One that was taken out as it failed, in this run or one before it, is put back behind its gate.
"""

from collections.abc import Iterable, Mapping

from console.core.maintenance_state import is_configured
from console.core.plan.lanes import Lane
from console.core.plan.marks import NAMED, wave_mark
from console.core.plan.stages import Staged, Stages, in_stages
from console.core.plan.strategies.order import ChangeOfHosts, Order
from console.core.traffic.serving import OutBefore
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.plan import Step
from console.model.values import changed
from console.safe_text import SafeText

STAGES = ("every host is stopped", "every host is switched")


def recreate(order: Order) -> ChangeOfHosts:
    """Change all hosts at once, in step with each other."""
    environment, hosts = order.environment, order.hosts
    mark = wave_mark(environment, 1, 1, hosts, (*order.prepared.values(), *order.before))
    mark = changed(mark, title=SafeText(f"{mark.title}{_cautions(environment, hosts)}"))
    lanes = [Lane(environment, host, "release", f"wave-1/{host.name}", order.release, 1, leads=host is hosts[0], out=order.out) for host in hosts]
    stages = [_stages(lane, order) for lane in lanes]
    staged = in_stages(stages, lambda place: (mark.name, order.prepared[hosts[place].name]), "release", STAGES)
    return ChangeOfHosts((hosts,), (mark, *staged.steps), (mark.name, *staged.ends))


def _cautions(environment: Environment, hosts: tuple[Host, ...]) -> str:
    """What is to be known before a GO: who cannot be stopped, and that users are shown nothing meanwhile."""
    unstopped = without_stop(environment, hosts)
    goes_on = f"; no command stop on {', '.join(unstopped[:NAMED])}{' and more' if len(unstopped) > NAMED else ''}: the old version goes on until the restart"
    return (goes_on if unstopped else "") + ("" if is_configured(environment) else "; no maintenance page is configured")


def _stages(lane: Lane, order: Order) -> Stages:
    first = lane.host.name in order.first
    return (
        (*lane.hooks("before host"), *(() if first else _stop(lane))),
        (*lane.hooks("before switch"), lane.switch(), *lane.hooks("after switch")),
        (*_start(lane), *lane.gate(), *lane.admit(drained=False), *lane.hooks("after host")),
    )


def recreate_back(environment: Environment, hosts: tuple[Host, ...], targets: Mapping[str, str], needs: tuple[str, ...], out: OutBefore) -> Staged:
    """Bring hosts back in step with each other: each to its target; one without goes out of service. What is stopped already may be stopped once more;
    where nothing is started behind it, it has to be known to be stopped.

    `out`: hosts that somebody else has taken out of the traffic.
    """
    stages = [_stages_back(Lane(environment, host, "rollback", f"back/{host.name}", targets[host.name], 1, out=out)) for host in hosts]
    return in_stages(stages, lambda _: needs, "rollback", STAGES)


def _stages_back(lane: Lane) -> Stages:
    if not lane.release:
        return _stop(lane), (lane.remove(),), ()
    return _not_fatal(_stop(lane)), (lane.switch(),), (*_start(lane), *lane.gate(), *lane.admit(drained=False), *lane.hooks("after rollback"))


def _not_fatal(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(changed(step, fatal=False) for step in steps)


def _stop(lane: Lane) -> tuple[Step, ...]:
    """Stop the application; where the file has no `stop`, it goes on until its restart."""
    return lane.run("stop", lane.environment.command(lane.host, "stop"))


def _start(lane: Lane) -> tuple[Step, ...]:
    """Start what was stopped; where the file has no `start`, or no `stop`, restart it."""
    start, restart, stop = (lane.environment.command(lane.host, name) for name in ("start", "restart", "stop"))
    return lane.run("restart", (start or restart) if stop else (restart or start))


def without_stop(environment: Environment, hosts: Iterable[Host]) -> tuple[str, ...]:
    """Return the hosts that cannot be stopped, so that their old version goes on until they restart."""
    return tuple(host.name for host in hosts if environment.command(host, "stop") is None)
