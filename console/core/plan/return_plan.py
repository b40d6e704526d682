"""The way back: where each host would return to, and the plan that brings it there. Pure, made before the first host changes."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal

from console.core.host.shell import quote
from console.core.host_conditions import NO_SERVICE, STAYED_OLD
from console.core.plan.database_plan import revert_step
from console.core.plan.lanes import Lane, chained
from console.core.plan.maintenance_steps import has_shown, page_off
from console.core.plan.marks import half_mark, weights_back
from console.core.plan.shift_plan import rest_steps, shift_back, shifts_back
from console.core.plan.strategies.recreate import recreate_back
from console.core.traffic.bluegreen_sides import served_before
from console.core.traffic.serving import NOBODY_OUT, OutBefore
from console.core.traffic.shares import ALL
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_facts import HostFacts
from console.model.plan import Plan, ReturnTarget, Step, Steps
from console.model.state import HostState, RunState
from console.model.values import changed, sealed
from console.safe_text import SafeText

ONE_BY_ONE: Final = frozenset({"rolling", "canary"})
"""Strategies in which hosts serve whatever the others have."""


def way_back(facts: HostFacts) -> ReturnTarget:
    """Where one host would return to, and whether it can."""
    if facts.problem:
        return ReturnTarget(facts.host, possible=False, reason=facts.problem)
    if facts.current_broken:
        return ReturnTarget(facts.host, possible=False, reason=facts.current_broken, hint=facts.current_hint)
    if not facts.current:
        return ReturnTarget(facts.host, reason=SafeText("no release yet: stopped and removed"))
    return way_to(facts, facts.current)


def way_to(facts: HostFacts, target: str) -> ReturnTarget:
    """Whether a host can go to that release, by its name: it is on disk and whole, and a link can be switched."""
    if facts.current_hint:
        return ReturnTarget(facts.host, target, possible=False, reason=facts.current_broken, hint=facts.current_hint)
    release = facts.release(target)
    if release is None:
        return ReturnTarget(facts.host, target, possible=False, reason=SafeText(f"{target} is not on disk any more"))
    if not release.whole:
        return ReturnTarget(facts.host, target, release.version, possible=False, reason=release.damage)
    unchecked = SafeText("it has no manifest: its files cannot be checked" if release.bare else "")
    return ReturnTarget(facts.host, target, release.version, reason=unchecked, commit=release.commit)


def shipped_again(ways: Iterable[ReturnTarget], environment: str) -> str:
    """The commands that ship again what hosts cannot go back to, as it is not intact there; empty where no version of it is known."""
    hosts: dict[str, list[str]] = {}
    for way in ways:
        if not way.possible and way.version and not way.hint:
            hosts.setdefault(str(way.version), []).append(way.host)
    return "; ".join(
        f"deploy {environment} --version {quote(version)} --hosts {quote(','.join(names))} --override direction=REASON" for version, names in hosts.items()
    )


def can_return(state: RunState, name: str) -> bool:
    """Whether a host has somewhere to go back to. Where that is not known nothing is done: an unknown way back is never a first release."""
    way = state.way(name)
    return way is None or way.possible


def goes_back(state: RunState, name: str) -> bool:
    """Whether there is something to be done that takes a host back: it has somewhere to go, or was taken out of the traffic and nothing else."""
    return can_return(state, name) or (bool(state.hosts[name].before) and is_only_drained(state, name))


def stays_forward(state: RunState, host: HostState) -> bool:
    """Whether a host that is in the middle of its update, and cannot go back, is brought to its end while the others go back: else it were left half-way.

    Not where one version of the service would run beside the other that is not to, nor where the traffic is shared out between them.
    """
    if host.condition != "updating" or not host.touched or goes_back(state, host.name):
        return False
    is_alone = state.plan is not None and state.plan.strategy in ONE_BY_ONE
    return is_alone and not any(step.kind == "weigh" for step in state.lanes.get(host.name, ()))


def return_steps(
    environment: Environment, host: Host, target: str, needs: tuple[str, ...] = (), wave: int = 1, *, only_admit: bool = False,
    out: OutBefore = NOBODY_OUT, alone: bool = False,
) -> tuple[Step, ...]:  # fmt: skip
    """The steps that bring one host back to a release, or to none: then its application is stopped, `current` removed, and it gets no requests.

    `only_admit`: nothing was done to it but to take it out of the traffic; `alone`: weights are changed and stay so for the others.
    """
    lane = Lane(environment, host, "rollback", f"back/{host.name}", target, wave, out=out)
    if only_admit and target:
        return chained(lane.admit(), needs)
    if target:
        weigh = lane.weigh(ALL) if alone else ()
        back = (*lane.drain(), lane.switch(), *lane.restart(first=False), *lane.gate(), *weigh, *lane.admit(), *lane.hooks("after rollback"))
        return chained(back, needs)
    return chained((*lane.drain(), *lane.run("stop", environment.command(host, "stop")), lane.remove()), needs)


def touched_hosts(state: RunState) -> tuple[str, ...]:
    """Hosts that something in service was changed on and that are not back yet, in the order of the fleet."""
    return tuple(name for name, host in state.hosts.items() if host.touched and not is_back(state, host))


def is_left_old(state: RunState, name: str) -> bool:
    """Whether a host of the run is on its old release for good: it was skipped or taken back, and nothing of that is still to be done."""
    host = state.hosts[name]
    return host.condition in STAYED_OLD and (not host.touched or is_back(state, host))


def left_behind(state: RunState) -> dict[str, str]:
    """The hosts of a run that were to go back and are not, with the release that each was to go to."""
    goes_to = {way.host: way.release for way in state.way_back if way.possible and way.release}
    meant = state.hosts if state.kind == "rollback" else {name for name, host in state.hosts.items() if host.touched}
    there = {name for name, host in state.hosts.items() if is_back(state, host) or (host.condition == "old" and host.release == goes_to.get(name))}
    return {name: release for name, release in goes_to.items() if name in meant and name not in there and state.hosts[name].condition != "left-out"}


def is_back(state: RunState, host: HostState) -> bool:
    """A host that was skipped has still to go back, unless its way back is done."""
    if host.condition != "skipped":
        return host.condition == "back"
    way = [step for step in state.lanes.get(host.name, ()) if step.phase == "rollback"]
    return bool(way) and all(state.step_state(step).status == "done" or not step.fatal for step in way)


def plan_way_back(
    environment: Environment, targets: Mapping[str, str], how: str = "", first: tuple[Step, ...] = (), *, drained: Collection[str] = (),
    out: OutBefore = NOBODY_OUT, together: bool = False, page: bool = False, weights: bool = False, beside: tuple[str, ...] = (),
) -> Plan:  # fmt: skip
    """Each host to its target: all at once, or in halves. Empty target: stop and remove. `first`: what has to be done before; `drained`: hosts that nothing
    was done to but to take them out of the traffic; `together`: all stop before one starts, unless it goes in halves; `page`: users are shown the
    maintenance page, which is taken away behind it; `weights`: balancers' weights are changed, and go back behind it; `beside`: steps of other hosts that
    both wait for too."""
    hosts = tuple(host for host in environment.hosts if host.name in targets)
    half = (len(hosts) + 1) // 2
    parts = tuple(part for part in (hosts[:half], hosts[half:]) if part) if how == "halves" else (hosts,)
    steps: list[Step] = list(first)
    needs = tuple(step.name for step in first)
    mark: tuple[str, ...] = ()
    for number, part in enumerate(parts, start=1):
        if number > 1:
            steps.append(half_mark(number, needs))
            needs = mark = (steps[-1].name,)
        chains = [return_steps(environment, host, targets[host.name], needs, number, only_admit=host.name in drained, out=out) for host in part]
        steps.extend(step for chain in chains for step in chain)
        needs = (*mark, *(chain[-1].name for chain in chains))
    if together and how != "halves":
        needs = tuple(step.name for step in first)
        staged = recreate_back(environment, hosts, targets, needs, out)
        steps, needs = [*first, *staged.steps], staged.ends or needs
    needs = (*needs, *beside)
    if page:
        steps.append(page_off(environment, needs, back=True))
    if weights:
        steps.append(weights_back(environment, needs))
    return sealed(Plan(f"rollback {how or 'at-once'}", tuple(tuple(host.name for host in part) for part in parts), Steps(steps)))


def plan_rollback(environment: Environment, state: RunState, how: str = "") -> Plan:
    """Every touched host that can go back does so. A migration is taken back first, where that is declared; a blue/green run moves the traffic back.

    A host that goes back alone by now goes on with that: its steps are in the run already, and the plan has none for it but names it.
    """
    alone = tuple(name for name, host in state.hosts.items() if host.condition == "returning")
    plan = _plan_rollback(environment, state, how, tuple(name for name in touched_hosts(state) if name not in alone), alone)
    if not alone:
        return plan
    first, *others = plan.waves or ((),)
    return sealed(changed(plan, waves=(state.hosts.in_order((*first, *alone)), *others)))


def _plan_rollback(environment: Environment, state: RunState, how: str, touched: tuple[str, ...], alone: tuple[str, ...]) -> Plan:
    if shifts_back(state):

        def returning(needs: tuple[str, ...]) -> tuple[Step, ...]:
            return tuple(step for name in touched if served_before(state, name) for step in _to_before(environment, state, name, needs))

        return shift_back(environment, state, touched, revert_step(environment, state), returning)
    targets = {name: state.hosts[name].before for name in touched if goes_back(state, name)}
    beside = tuple(way[-1].name for name in alone if (way := [step for step in state.lanes[name] if step.phase == "rollback"]))
    drained = frozenset(name for name in targets if is_only_drained(state, name))
    together = state.plan is not None and state.plan.strategy == "recreate"
    how = how or ("at-once" if together else preferred_way(state, targets))
    first = revert_step(environment, state)
    return plan_way_back(
        environment, targets, how, first, drained=drained, out=out_before(state), together=together, page=has_shown(state),
        weights=state.has_weights, beside=beside,
    )  # fmt: skip


def plan_return(environment: Environment, state: RunState, name: str) -> tuple[Step, ...]:
    """One host back to what it had, alone."""
    host = environment.host(name)
    if host is None:
        return ()
    if shifts_back(state) and not served_before(state, name):
        return rest_steps(environment, host)
    return _to_before(environment, state, name)


def _to_before(environment: Environment, state: RunState, name: str, needs: tuple[str, ...] = ()) -> tuple[Step, ...]:
    host = environment.host(name)
    if host is None:
        return ()
    out, is_only = out_before(state, (name,)), is_only_drained(state, name)
    return return_steps(environment, host, state.hosts[name].before, needs, only_admit=is_only, out=out, alone=state.has_weights)


def plan_admission(environment: Environment, state: RunState, name: str) -> tuple[Step, ...]:
    """One host back to the traffic, and nothing else."""
    host = environment.host(name)
    if host is None:
        return ()
    return return_steps(environment, host, state.hosts[name].before or state.hosts[name].release, only_admit=True, out=out_before(state, (name,)))


def is_only_drained(state: RunState, name: str) -> bool:
    """Whether nothing was begun on a host that changes what is in service there, but to take it out of the traffic."""
    steps = state.hosts[name].steps
    begun = [step for known, ran in steps.items() if ran.attempt and (step := state.index.get(known)) and step.changes]
    return bool(begun) and all(step.kind == "drain" for step in begun)


def out_before(state: RunState, names: Iterable[str] = ()) -> OutBefore:
    """The hosts that were out of a balancer's traffic before the run, by the run's record. `names`: only these."""
    hosts = [state.hosts[name] for name in names] or state.hosts.values()
    return {host.name: out for host in hosts if (out := frozenset(name for name, seen in host.traffic.items() if seen.mark == "left"))}


def preferred_way(state: RunState, targets: Collection[str]) -> Literal["at-once", "halves"]:
    """How hosts go back where nobody says it: all at once, or in halves where they are more than half of those that serve and a balancer drains them."""
    return better_way(len(targets), len(serving_hosts(state, targets)), is_drained=is_drained(state, targets))


def serving_hosts(state: RunState, targets: Collection[str]) -> tuple[str, ...]:
    """The hosts that are counted on to serve; those that go back among them, though they are drained now."""
    return tuple(name for name, host in state.hosts.items() if host.condition not in NO_SERVICE and (name in targets or not host.is_out))


def is_drained(state: RunState, targets: Collection[str]) -> bool:
    """Whether a balancer drains any of those hosts."""
    return any(step.kind == "drain" for name in targets for step in state.lanes.get(name, ()))


def better_way(going: int, serving: int, *, is_drained: bool) -> Literal["at-once", "halves"]:
    """The way back for so many hosts of those that serve: all at once while half of them go on serving, or where no balancer drains; else in halves."""
    return "halves" if is_drained and going > 1 and 2 * going > serving else "at-once"
