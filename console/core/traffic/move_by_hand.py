"""How the traffic of a blue/green environment moves without the console: what a person says to each balancer. Pure.

It speaks of the model alone: which side serves now is the balancers' to say. How hosts go back by hand is `core/host/by_hand`'s.
"""

from collections.abc import Collection, Iterable
from typing import Literal

from console.core.traffic.bluegreen_sides import TRAFFIC_BACK, hosts_of
from console.model.balancer import Balancer
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.plan import Plan

Verb = Literal["in", "out"]


def moved_by(plan: Plan) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the hosts that a way back gives the requests, and those that it takes out; None: it does not move the traffic alone."""
    if plan.strategy != TRAFFIC_BACK:
        return None
    serve = frozenset(step.about for step in plan.steps if step.kind == "admit")
    return serve, frozenset(step.about for step in plan.steps if step.kind == "drain") - serve


def switched_by(plan: Plan) -> frozenset[str]:
    """Return the hosts on which a way back makes another release live."""
    return frozenset(step.about for step in plan.steps if step.kind == "switch")


def moving_lines(environment: Environment, serve: Collection[str], rest: Collection[str]) -> tuple[str, ...]:
    """Return what to say to each balancer, so that the one side gets requests and the other one then gets none; hosts are named by who they are."""
    coming, leaving = (tuple(host for host in environment.hosts if host.name in names) for names in (serve, rest))
    return tuple(
        f"at {balancer.name}: {words}"
        for balancer in environment.balancers
        for words in (_said(balancer, "in", balancer.served(coming)), _said(balancer, "out", balancer.served(leaving)))
        if words
    )


def side_lines(environment: Environment) -> tuple[str, ...]:
    """Return the same for each side in turn, where it is not known here which one is to serve."""
    colors = tuple(dict.fromkeys(host.color for host in environment.hosts if host.color))
    sides = {color: [host.name for host in hosts_of(environment, color)] for color in colors}
    return tuple(
        f"to {color}, {line}"
        for color, names in sides.items()
        for line in moving_lines(environment, names, [name for other, them in sides.items() if other != color for name in them])
    )


def _said(balancer: Balancer, verb: Verb, hosts: Iterable[Host]) -> str:
    """What is said to it first, so that hosts come in, or then, so that hosts leave; empty: of none."""
    servers = [host.server or host.name for host in hosts]
    return f"{'first' if verb == 'in' else 'then'} {_command(balancer, verb, servers)}" if servers else ""


def _command(balancer: Balancer, verb: Verb, servers: list[str]) -> str:
    if balancer.kind == "haproxy":
        state = "ready" if verb == "in" else "drain"
        return "; ".join(f"set server {balancer.backend}/{name} state {state}" for name in servers) + f" (on its socket {balancer.socket})"
    if balancer.kind == "nginx":
        change = "no `down` in the lines" if verb == "in" else "`down` in the lines"
        return f"{change} of {', '.join(servers)} in {balancer.file}; {balancer.test}; {balancer.reload}"
    command = balancer.restore if verb == "in" else balancer.drain
    return f"{command.run if command else '?'} for {', '.join(servers)}"
