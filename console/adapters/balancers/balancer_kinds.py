"""The real balancers of an environment, by their kinds. The only place that knows them all."""

from console.adapters.balancers.command_balancer import CommandBalancer
from console.adapters.balancers.haproxy import HaproxyBalancer
from console.adapters.balancers.nginx import NginxBalancer
from console.model.balancer import Balancer
from console.model.configured_environment import Environment
from console.ports import balancer_port as port
from console.ports.hosts import Transport


def open_balancers(environment: Environment, transport: Transport) -> tuple[port.BalancerPort, ...]:
    """Return them in the file's order; nothing is contacted before it is asked for."""
    return tuple(_opened(balancer, environment, transport) for balancer in environment.balancers)


def _opened(balancer: Balancer, environment: Environment, transport: Transport) -> port.BalancerPort:
    if balancer.kind == "haproxy":
        return HaproxyBalancer(balancer, environment.hosts, transport)
    if balancer.kind == "nginx":
        return NginxBalancer(balancer, environment.hosts, transport)
    return CommandBalancer(balancer, environment.hosts, transport, environment.name)
