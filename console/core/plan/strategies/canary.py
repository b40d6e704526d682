"""The canary strategy: some hosts have the release first, and are judged against the others before more have it. Pure.

Within a step hosts change in batches of the rolling strategy's size: a step of half the fleet does not take half of it out of service at once.
"""

from itertools import accumulate, pairwise

from console.core.analysis.judged_metrics import judged_metrics
from console.core.host_selection import applies
from console.core.plan.marks import analysis_step
from console.core.plan.strategies.order import ChangeOfHosts, Order, Waves
from console.core.plan.strategies.rolling import in_waves
from console.model.fleet import Amount, Canary, Environment, Host
from console.model.plan import Step


def groups_of(canary: Canary, hosts: tuple[Host, ...]) -> Waves:
    """Cut the fleet into the hosts that each step adds: those with the canary's tags first, the rest of the fleet last. A step that adds none is left out."""
    tagged = tuple(host for host in hosts if canary.tags and applies(canary.tags, host))
    ordered = (*tagged, *(host for host in hosts if host not in tagged))
    upto = [min(len(hosts), amount.of(len(hosts))) for amount in canary.steps]
    bounds = [0, *accumulate(upto, max), len(hosts)]
    return tuple(ordered[begin:end] for begin, end in pairwise(bounds) if begin < end)


def batches_of(batch: tuple[Amount, ...], hosts: tuple[Host, ...], fleet: int) -> Waves:
    """Cut one step's hosts into batches; shares are of the whole fleet, and the last size repeats."""
    waves: list[tuple[Host, ...]] = []
    rest = hosts
    while rest:
        size = max(1, batch[min(len(waves), len(batch) - 1)].of(fleet))
        waves.append(rest[:size])
        rest = rest[size:]
    return tuple(waves)


def parts_of(environment: Environment, hosts: tuple[Host, ...]) -> tuple[Waves, ...]:
    """Return the waves of each step."""
    return tuple(batches_of(environment.rolling.batch, group, len(hosts)) for group in groups_of(environment.canary, hosts))


def canary(order: Order) -> ChangeOfHosts:
    """Change hosts step by step; after each but the last, new hosts are judged against old ones."""
    environment, total = order.environment, len(order.hosts)
    parts = parts_of(environment, order.hosts)
    ends = dict(zip(accumulate(len(part) for part in parts), accumulate(sum(map(len, part)) for part in parts), strict=True))
    watches = bool(environment.canary.analysis and judged_metrics(environment))

    def between(number: int, needs: tuple[str, ...]) -> Step | None:
        new = ends.get(number, total)
        return analysis_step(environment, number, new, total, needs) if watches and new < total else None

    return in_waves(order, tuple(wave for part in parts for wave in part), between)
