"""Shares of the traffic as weights of a balancer's servers: which hosts can carry a share, and the weights that give it to them. Pure.

No host gets more than it would with everybody at full weight: hosts with the new release are given less, the others keep what they have. So a share
needs hosts enough to carry it. A weight is a whole number, and 1 where a balancer's configuration says nothing: there is no tenth of 1. So all weights
of a balancer are multiplied by the same number while one of them is smaller than its own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from console.core.host_selection import all_but, applies
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.plan import Step
from console.model.state import RunState
from console.model.strategy import Canary
from console.model.traffic import BalancerProblem, BalancerSeen, BalancerWeights, OwnWeight, ServerTraffic

FINEST = 100
"""Weights are multiplied by so much at most: finer than one percent is not asked for."""
ALL = 1.0
"""The share that means every server's own weight."""
STRANGER = "\x00"
"""Stands for the servers of a balancer that are no host of the fleet."""

Loads = Mapping[str, Mapping[str, int]]
"""By balancer: the weights of the hosts that it sends requests to; those of servers that are no host together, under `STRANGER`."""
OwnWeights = Mapping[str, Mapping[str, OwnWeight]]
"""By balancer, by server: weights that the console has changed and not put back."""


class TrafficStep(NamedTuple):
    """One step of a canary: the share of the traffic that hosts with the new release get, and those hosts."""

    share: float
    hosts: tuple[Host, ...]


def own_weight(server: ServerTraffic, own: Mapping[str, OwnWeight]) -> int:
    """The weight that a server has without the console: what it was before, unless somebody else has changed it since."""
    known, weight = own.get(server.server), server.weight if server.weight is not None else 1
    return known.before if known and known.is_ours(server.weight) else weight


def loads_of(environment: Environment, looks: Iterable[BalancerSeen | BalancerProblem], own: OwnWeights) -> Loads:
    """What each balancer's hosts carry. One that gave no answer is taken to treat its hosts alike, so that there is a plan to show."""
    seen = {one.balancer: one for one in looks if isinstance(one, BalancerSeen)}
    found: dict[str, dict[str, int]] = {}
    for spec in environment.balancers:
        look = seen.get(spec.name)
        if look is None:
            found[spec.name] = {host.name: 1 for host in spec.served(environment.hosts)}
            continue
        known = own.get(spec.name, {})
        found[spec.name] = {one.host: own_weight(one, known) for one in look.servers if one.serves}
        found[spec.name][STRANGER] = sum(own_weight(one, known) for one in look.others if one.serves)
    return found


def traffic_steps(canary: Canary, hosts: Sequence[Host], loads: Loads) -> tuple[TrafficStep, ...]:
    """The steps that leave hosts to compare with, each with the fewest hosts that can carry its share: those with the canary's tags first, then in the
    order of the fleet; all with the tags from the first step on. A step that would need every host is the last one's affair, and is left out."""
    serving = [host for host in hosts if any(host.name in weights for weights in loads.values())]
    tagged = [host for host in serving if canary.tags and applies(canary.tags, host)]
    ordered = [*tagged, *all_but(serving, tagged)]
    found: list[TrafficStep] = []
    chosen = list(tagged)
    for amount in canary.steps:
        chosen = _enough(amount.share, chosen, ordered, loads)
        if len(chosen) < len(ordered) and amount.share < ALL:
            found.append(TrafficStep(amount.share, tuple(chosen)))
    return tuple(found)


def _enough(share: float, chosen: list[Host], ordered: list[Host], loads: Loads) -> list[Host]:
    """The hosts that were chosen, and as many more of the others as it takes to carry that share at every balancer that sends requests to anybody."""
    totals = {name: total for name, weights in loads.items() if (total := sum(weights.values()))}
    carried = {name: sum(loads[name].get(host.name, 0) for host in chosen) for name in totals}
    found = list(chosen)
    for host in all_but(ordered, chosen):
        if found and min((carried[name] / total for name, total in totals.items()), default=0.0) >= share - 1e-9:
            break
        found.append(host)
        carried = {name: weight + loads[name].get(host.name, 0) for name, weight in carried.items()}
    return found


class Wanted(NamedTuple):
    """The share of the traffic that is in force, and whose it is."""

    share: float
    new: frozenset[str] = frozenset()
    """Hosts that have the new release, or are to get requests with it in a moment."""
    coming: frozenset[str] = frozenset()
    """Hosts that get it later in the same step: all of the step together carry the share."""


class Weighing(NamedTuple):
    """What the servers of one balancer are to weigh."""

    weights: dict[str, int]
    """By server: every one whose weight the console may change."""
    theirs: dict[str, int]
    """By server: weights that somebody else has set since the console did. They stay."""


def weighing(seen: BalancerSeen, known: BalancerWeights, want: Wanted, highest: int) -> Weighing:
    """The weights that give new hosts their part of the share, at one balancer. `known`: what the console did there before; `highest`: of a server's weight.

    Hosts of the step are counted on, drained or not; of the others those that get requests. What somebody else has set once is theirs until the run ends.
    """
    servers = {one.server: one for one in (*seen.servers, *seen.others) if one.weight is not None}
    theirs = {name: one.weight or 0 for name, one in servers.items() if name in known.theirs or (name in known.own and not known.own[name].is_ours(one.weight))}
    before = {name: own_weight(one, known.own) for name, one in servers.items() if name not in theirs}
    if want.share >= ALL:
        return Weighing({name: weight for name, weight in before.items() if name in known.own}, theirs)
    factor = max(1, min(FINEST, highest // max([1, *before.values()])))
    step = [name for name, one in servers.items() if name in before and one.host in want.new | want.coming]
    others = sum(before.get(name, theirs.get(name, 0) / factor) for name, one in servers.items() if one.serves and name not in step)
    part = _part(want.share, sum(before[name] for name in step), others)
    parts = {name: part for name in step if servers[name].host in want.new}
    factor = factor if part < 1.0 and parts else 1
    return Weighing({name: _weight(weight, factor, parts.get(name, 1.0), highest) for name, weight in before.items()}, theirs)


def wanted_weights(state: RunState, step: Step) -> Wanted:
    """What a run wants of its balancers' weights when it comes to that step: a host that is tried again late gets the share that the run has come to."""
    is_back = step.share >= ALL
    steps = [one for one in state.index.values() if one.kind == "weigh" and one.phase == "release"]
    reached = [one.share for one in steps if not one.about and state.step_state(one).status == "done"]
    if (is_back and not step.about) or ALL in reached:
        return Wanted(ALL)
    begun = [one.share for one in steps if one.about and state.step_state(one).attempt]
    share = max([*reached, *([] if is_back else [step.share])], default=max(begun, default=ALL))
    members = {one.about: one for one in steps if one.about and one.share <= share}
    new = frozenset(name for name, one in members.items() if _is_new(state, one))
    coming = frozenset(name for name in members if name not in new and state.hosts[name].condition in ("old", "updating"))
    return Wanted(share, new, coming)


def _is_new(state: RunState, step: Step) -> bool:
    condition = state.hosts[step.about].condition
    return condition == "new" or (condition == "updating" and state.step_state(step).status in ("running", "done", "held"))


def _part(share: float, step: float, others: float) -> float:
    """How much of its own weight each host of a step is given."""
    return min(1.0, share / (1.0 - share) * others / step) if step else 1.0


def _weight(weight: int, factor: int, part: float, highest: int) -> int:
    """A server that has a weight keeps one."""
    return min(highest, max(1, round(weight * factor * part))) if weight else 0


def share_of(seen: BalancerSeen, new: Collection[str]) -> float | None:
    """The part of the traffic that those hosts get by the weights of a look, once all of them are admitted; None: nobody gets any."""
    weights = [(one.host in new, one.weight or 0) for one in (*seen.servers, *seen.others) if one.serves or one.host in new]
    total = sum(weight for _, weight in weights)
    return sum(weight for is_new, weight in weights if is_new) / total if total else None


def share_words(share: float) -> str:
    """Return a share of the traffic (0 to 1) as people say it: `10 %`, `2.5 %`."""
    return f"{round(share * 100, 1):g} %"
