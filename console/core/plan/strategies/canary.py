"""The canary strategy: some hosts have the release first, and are judged against the others before more have it. Pure.

Steps are numbers of hosts, or shares of the traffic by the balancers' weights. Within a step hosts change in batches of the rolling strategy's size: a step
of half the fleet does not take half of it out of service at once.
"""

from itertools import accumulate, pairwise

from console.core.analysis.judged_metrics import judged_metrics
from console.core.host_selection import all_but, applies
from console.core.plan.critical_steps import behind_wave
from console.core.plan.marks import analysis_step, weigh_step
from console.core.plan.strategies.order import ChangeOfHosts, Order, Waves
from console.core.plan.strategies.rolling import in_waves, waves_of
from console.core.traffic.shares import ALL, Loads, TrafficStep, traffic_steps
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.plan import Step
from console.model.strategy import Canary


def groups_of(canary: Canary, hosts: tuple[Host, ...]) -> Waves:
    """Cut the fleet into the hosts that each step adds: those with the canary's tags first, the rest of the fleet last. A step that adds none is left out."""
    goes_first = {host.name: bool(canary.tags) and applies(canary.tags, host) for host in hosts}
    ordered = sorted(hosts, key=lambda host: not goes_first[host.name])
    upto = [min(len(hosts), amount.of_fleet(len(hosts))) for amount in canary.steps]
    bounds = [0, *accumulate(upto, max), len(hosts)]
    return tuple(tuple(ordered[begin:end]) for begin, end in pairwise(bounds) if begin < end)


def parts_of(environment: Environment, hosts: tuple[Host, ...], loads: Loads) -> tuple[Waves, ...]:
    """Return the waves of each step; by weight a step that adds no host has none, and the last part is the rest of the fleet."""
    by_weight = environment.canary.by == "weight"
    groups = _added(traffic_steps(environment.canary, hosts, loads), hosts) if by_weight else groups_of(environment.canary, hosts)
    return tuple(waves_of(environment.rolling.batch, group, len(hosts)) for group in groups)


def _added(steps: tuple[TrafficStep, ...], hosts: tuple[Host, ...]) -> Waves:
    """The hosts that each step adds, and those that are left for the end."""
    upto = [(), *(step.hosts for step in steps), hosts]
    return tuple(all_but(after, before) for before, after in pairwise(upto))


def canary(order: Order) -> ChangeOfHosts:
    """Change hosts step by step; after each but the last, new hosts are judged against old ones."""
    if order.environment.canary.by == "weight":
        return _by_weight(order)
    environment, total = order.environment, len(order.hosts)
    parts = parts_of(environment, order.hosts, order.loads)
    ends = dict(zip(accumulate(len(part) for part in parts), accumulate(sum(map(len, part)) for part in parts), strict=True))

    waves = tuple(wave for part in parts for wave in part)

    def between(number: int, needs: tuple[str, ...]) -> tuple[Step, ...]:
        new = ends.get(number, total)
        tried = behind_wave(environment, waves, number, needs, order.release, ends_canary_step=new < total)
        before = tuple(step.name for step in tried) or needs
        return (*tried, analysis_step(environment, number, new, total, before)) if _is_judged(environment) and new < total else tried

    return in_waves(order, waves, between)


def _is_judged(environment: Environment) -> bool:
    return bool(environment.canary.analysis and judged_metrics(environment))


def _by_weight(order: Order) -> ChangeOfHosts:
    """The hosts of a step are admitted at a weight that gives new hosts the step's share; steps that add no host raise it alone. Before the rest of the fleet
    changes, every server has its own weight again."""
    environment = order.environment
    steps = traffic_steps(environment.canary, order.hosts, order.loads)
    parts = parts_of(environment, order.hosts, order.loads)
    upto = list(accumulate(len(part) for part in parts))
    waves = tuple(wave for part in parts for wave in part)

    def between(number: int, needs: tuple[str, ...]) -> tuple[Step, ...]:
        ended = [(place, step) for place, step in enumerate(steps) if upto[place] == number]
        tried = behind_wave(environment, waves, number, needs, order.release, ends_canary_step=bool(ended))
        before = tuple(step.name for step in tried) or needs
        return (*tried, *_between(order, ended, number, before, is_last=bool(steps) and (len(steps) - 1, steps[-1]) in ended))

    def share_of(number: int) -> float:
        return next((step.share for place, step in enumerate(steps) if number <= upto[place]), 0.0)

    return in_waves(order, waves, between, share_of)


def _between(order: Order, ended: list[tuple[int, TrafficStep]], wave: int, needs: tuple[str, ...], *, is_last: bool) -> tuple[Step, ...]:
    """What follows a wave: for each step that has all of its hosts by then, its share, and the judgement; after the last one the weights go back."""
    environment, found = order.environment, list[Step]()
    for place, step in ended:
        found.append(weigh_step(environment, f"step-{place + 1}/weigh", step.share, needs if not found else (found[-1].name,), wave))
        if _is_judged(environment):
            judged = analysis_step(environment, wave, len(step.hosts), len(order.hosts), (found[-1].name,), f"step-{place + 1}/analysis")
            found.append(judged)
    if ended and is_last:
        found.append(weigh_step(environment, "weights/back", ALL, (found[-1].name,), wave))
    return tuple(found)
